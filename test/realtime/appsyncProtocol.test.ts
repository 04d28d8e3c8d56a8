import { afterEach, describe, expect, it } from 'vitest'
import type { SubscriptionOutcome } from '../../src/graphql/engine.ts'
import { AUTH, connectClient, prepared, start, startRealtime, subscription } from '../support/realtimeFixture.ts'

const UNAUTHORIZED = { errorType: 'UnauthorizedException', message: 'You are not authorized to make this call.' }
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

let server: Awaited<ReturnType<typeof startRealtime>>
afterEach(() => server.close())

const open = async (search = `?header=${base64(AUTH)}&payload=e30=`) => connectClient(`${server.url}${search}`)

describe('the handshake', () => {
  it.each<[string, string, string[], Record<string, string>]>([
    ['in the query', `?header=${base64(AUTH)}&payload=e30=`, ['graphql-ws'], {}],
    [
      'in the query with other parameters around it',
      `?x=1&header=${encodeURIComponent(base64(AUTH))}&y=2`,
      ['graphql-ws'],
      {},
    ],
    ['as a subprotocol', '', ['graphql-ws', `header-${base64url(AUTH)}`], {}],
    ['as headers', '', ['graphql-ws'], { 'x-api-key': 'good' }],
  ])('takes credentials %s', async (_name, search, protocols, headers) => {
    server = await startRealtime()
    const client = await connectClient(`${server.url}${search}`, protocols, headers)
    expect(client.socket.protocol).toBe('graphql-ws')
    client.send({ type: 'connection_init' })
    expect(await client.next()).toEqual({ type: 'connection_ack', payload: { connectionTimeoutMs: 300_000 } })
    expect(server.asked[0]).toMatchObject({ method: 'POST', target: '/graphql/connect' })
    expect(String(server.asked[0]?.body)).toBe('{}')
  })

  it.each<[string, string]>([
    ['a wrong key', base64({ 'x-api-key': 'bad' })],
    ['no credential in it', base64({ host: 'x' })],
  ])('answers connection_init with an error for %s, then closes', async (_name, header) => {
    server = await startRealtime()
    const client = await open(`?header=${header}`)
    client.send({ type: 'connection_init' })
    expect(await client.next()).toEqual({
      type: 'connection_error',
      payload: { errors: [{ ...UNAUTHORIZED, errorCode: 401 }] },
    })
    expect(await client.closed).toBe(1000)
  })

  it.each<[string, string]>([
    ['that is not base64', '%'],
    ['that is base64 of no JSON', Buffer.from('nope').toString('base64')],
    ['that is a list', base64([1])],
  ])('answers connection_init with 400 for a header %s', async (_name, header) => {
    server = await startRealtime()
    const client = await open(`?header=${header}`)
    client.send({ type: 'connection_init' })
    expect(await client.next()).toMatchObject({
      type: 'connection_error',
      payload: { errors: [{ errorType: 'BadRequestException', errorCode: 400 }] },
    })
    await client.closed
  })

  it('larger than headers may be is refused before it is read', async () => {
    server = await startRealtime()
    await expect(open(`?header=${base64({ 'x-api-key': 'x'.repeat(60_000) })}`)).rejects.toThrow(
      'Unexpected server response: 431',
    )
  })

  it('without a subprotocol that is spoken here is refused', async () => {
    server = await startRealtime()
    await expect(connectClient(server.url, 'mqtt')).rejects.toThrow('Unexpected server response: 400')
  })
})

describe('a subscription', () => {
  it('starts, receives, stops and is complete', async () => {
    server = await startRealtime()
    const client = await open()
    client.send({ type: 'connection_init' })
    await client.next()
    client.send(start('a'))
    expect(await client.next()).toEqual({ id: 'a', type: 'start_ack' })
    server.publish({ id: '1' })
    expect(await client.next()).toEqual({ id: 'a', type: 'data', payload: { data: { onAdd: { id: '1' } } } })
    client.send({ id: 'a', type: 'stop' })
    expect(await client.next()).toEqual({ id: 'a', type: 'complete' })
    expect(server.realtime.subscriptions).toBe(0)
  })

  it('starts without connection_init, and signs its own text', async () => {
    server = await startRealtime()
    const client = await open('')
    client.send(start('a'))
    expect(await client.next()).toEqual({ id: 'a', type: 'start_ack' })
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]).toMatchObject({ method: 'POST', target: '/graphql' })
    expect(String(server.asked[0]?.body)).toBe('{"query":"subscription { onAdd { id } }","variables":{}}')
  })

  it('takes one header under two spellings, as Apollo’s links send it, when they agree', async () => {
    server = await startRealtime()
    const client = await open('')
    client.send(start('a', { 'x-api-key': 'good', 'X-Api-Key': 'good' }))
    expect(await client.next()).toEqual({ id: 'a', type: 'start_ack' })
    expect(server.asked[0]?.headers).toEqual([['x-api-key', 'good']])
    client.send(start('b', { 'x-api-key': 'good', 'X-Api-Key': 'other' }))
    await client.next()
    expect(server.asked[1]?.headers).toHaveLength(2)
  })

  it('is refused with its own credentials, and the connection stays', async () => {
    server = await startRealtime()
    const client = await open()
    client.send(start('a', { 'x-api-key': 'bad' }))
    expect(await client.next()).toEqual({ id: 'a', type: 'error', payload: { errors: [UNAUTHORIZED] } })
    client.send(start('a'))
    expect(await client.next()).toEqual({ id: 'a', type: 'start_ack' })
  })

  it('is refused with the errors of the operation', async () => {
    const errors = [{ message: "Variable 'flag' has coerced Null value for NonNull type 'Boolean!'" }]
    server = await startRealtime(
      () => ({ type: 'refused', answer: { status: 200, body: { errors } } }) as unknown as SubscriptionOutcome,
    )
    const client = await open()
    client.send(start('a'))
    expect(await client.next()).toEqual({ id: 'a', type: 'error', payload: { errors } })
  })

  it('with a filter that AppSync refuses is refused with its text', async () => {
    const filter = { filterGroup: [{ filters: [{ fieldName: 'a', operator: 'containsAny', value: [] }] }] }
    server = await startRealtime(() => ({ type: 'prepared', subscription: subscription({ filter }) }))
    const client = await open()
    client.send(start('a'))
    expect(await client.next()).toEqual({
      id: 'a',
      type: 'error',
      payload: {
        errors: [
          {
            errorType: 'BadRequestException',
            message: 'subscription filter has invalid filter value for operator `containsAny`.',
            errorCode: 400,
          },
        ],
      },
    })
  })

  it('of a query or mutation is not supported', async () => {
    server = await startRealtime()
    const client = await open()
    client.send(start('a', AUTH, 'mutation { add { id } }'))
    expect(await client.next()).toEqual({
      id: 'a',
      type: 'error',
      payload: {
        errors: [{ errorType: 'UnsupportedOperation', message: 'mutation not supported through the realtime channel' }],
      },
    })
  })

  it('whose id is in use is refused, also while the first is still starting', async () => {
    let release: (outcome: SubscriptionOutcome) => void = () => {}
    server = await startRealtime(() => new Promise((resolve) => (release = resolve)))
    const client = await open()
    client.send(start('a'))
    client.send(start('a'))
    expect(await client.next()).toMatchObject({
      id: 'a',
      payload: { errors: [{ errorType: 'DuplicatedOperationError' }] },
    })
    release(prepared())
    expect(await client.next()).toEqual({ id: 'a', type: 'start_ack' })
  })

  it('that is stopped while it starts never opens', async () => {
    let release: (outcome: SubscriptionOutcome) => void = () => {}
    server = await startRealtime(() => new Promise((resolve) => (release = resolve)))
    const client = await open()
    client.send(start('a'))
    client.send({ id: 'a', type: 'stop' })
    expect(await client.next()).toEqual({ id: 'a', type: 'complete' })
    release(prepared())
    client.send({ type: 'connection_init' })
    expect(await client.next()).toMatchObject({ type: 'connection_ack' })
    expect(server.realtime.subscriptions).toBe(0)
  })

  it('is one of 100 at the most', async () => {
    server = await startRealtime()
    const client = await open()
    for (let n = 0; n < 101; n++) client.send(start(`s${n}`))
    const answers: unknown[] = []
    for (let n = 0; n < 101; n++) answers.push(await client.next())
    expect(answers.filter((answer) => (answer as { type: string }).type === 'start_ack')).toHaveLength(100)
    expect(answers).toContainEqual({
      id: 's100',
      type: 'error',
      payload: {
        errors: { errorType: 'MaxSubscriptionsReachedError', message: 'Max number of 100 subscriptions reached' },
      },
    })
  })

  it('ends with its connection', async () => {
    server = await startRealtime()
    const client = await open()
    client.send(start('a'))
    await client.next()
    client.socket.terminate()
    await client.closed
    await expect.poll(() => server.realtime.subscriptions).toBe(0)
  })

  it('ends when its key is revoked, and says so', async () => {
    server = await startRealtime()
    const client = await open()
    client.send(start('a'))
    await client.next()
    server.realtime.endWhere('api', 'revoked', () => true)
    expect(await client.next()).toEqual({ id: 'a', type: 'error', payload: { errors: [UNAUTHORIZED] } })
  })
})

it('the older Apollo protocol of the same name gets no start_ack', async () => {
  server = await startRealtime()
  const client = await open('')
  client.send({
    id: '1',
    type: 'start',
    payload: { query: 'subscription { onAdd { id } }', extensions: { authorization: AUTH } },
  })
  await expect.poll(() => server.realtime.subscriptions).toBe(1)
  server.publish({ id: '1' })
  expect(await client.next()).toEqual({ id: '1', type: 'data', payload: { data: { onAdd: { id: '1' } } } })
})
