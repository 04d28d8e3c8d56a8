import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/aws/clock.ts'
import { createMemoryBus } from '../../src/realtime/bus.ts'
import { createRealtime } from '../../src/realtime/realtime.ts'
import { apiKeyCaller, createGraphqlFixture } from '../support/graphqlFixture.ts'
import { connectClient, start } from '../support/realtimeFixture.ts'

const SCHEMA = `
  type Place { city: String tags: [String] }
  type Told { id: ID! owner: String text: String place: Place }
  input PlaceInput { city: String tags: [String] }
  type Query { none: ID }
  type Mutation { tell(id: ID!, owner: String, text: String, place: PlaceInput): Told  end(user: String): ID }
  type Subscription {
    onTell(owner: String): Told @aws_subscribe(mutations: ["tell"])
    onFiltered(city: String, user: String): Told @aws_subscribe(mutations: ["tell"])
  }
`
const ECHO = {
  request: '{ "version": "2018-05-29", "payload": $util.toJson($ctx.args) }',
  response: '$util.toJson($ctx.result)',
}
const CODE = (response: string): string => `
  import { extensions, util } from '@aws-appsync/utils'
  export function request(ctx) { return { payload: null } }
  export function response(ctx) {
    ${response}
    return null
  }
`

let stop = (): void => {}
afterEach(() => stop())

/** Sockets over a real engine whose mutations come back over the bus. */
async function setUp() {
  const bus = createMemoryBus()
  const logged: string[] = []
  const { engine, run } = createGraphqlFixture({
    schema: SCHEMA,
    resolvers: {
      'Mutation.tell': ECHO,
      'Mutation.end': {
        code: CODE(
          "extensions.invalidateSubscriptions({ subscriptionField: 'onFiltered', payload: { user: ctx.args.user } })",
        ),
      },
      'Subscription.onFiltered': {
        code: CODE(`
          if (ctx.args.user === 'nobody') { util.error('Nobody may listen.', 'Refused') }
          extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter({
            'place.city': { eq: ctx.args.city }, 'place.tags': { contains: 'new' },
          }))
          extensions.setSubscriptionInvalidationFilter(util.transform.toSubscriptionFilter({ user: { eq: ctx.args.user } }))
        `),
      },
    },
    onMutation: (event) => bus.publish({ type: 'mutation', event }),
    onInvalidation: (event) => bus.publish({ type: 'invalidation', event }),
  })
  const realtime = createRealtime({
    engine,
    bus,
    authenticate: () => apiKeyCaller,
    clock: systemClock,
    log: (_level, message) => logged.push(message),
  })
  const route = { apiId: 'test', endpointPath: '/graphql', domainName: null }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    await realtime.eventStream(request, response, route, Buffer.concat(chunks))
  })
  server.on('upgrade', (request, socket, head) => realtime.upgrade(request, socket, head, route))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stop = () => {
    realtime.close()
    server.closeAllConnections()
    server.close()
  }
  const { port } = server.address() as AddressInfo
  const url = `ws://127.0.0.1:${port}/graphql/realtime`
  return {
    run,
    realtime,
    logged,
    async listen(query: string, variables: Record<string, unknown> = {}) {
      const client = await connectClient(url)
      client.send({
        id: 'a',
        type: 'start',
        payload: { ...start('a').payload, data: JSON.stringify({ query, variables }) },
      })
      return client
    },
    async transport() {
      const client = await connectClient(url, 'graphql-transport-ws')
      client.send({ type: 'connection_init', payload: {} })
      await client.next()
      return (id: string, query: string) => {
        client.send({ type: 'subscribe', id, payload: { query } })
        return client
      }
    },
    stream: (body: unknown, headers: Record<string, string> = {}, search = '', method = 'POST') =>
      fetch(`http://127.0.0.1:${port}/graphql${search}`, {
        method,
        headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
        ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  }
}

const ACK = { id: 'a', type: 'start_ack' }
const TOLD = 'subscription { onTell { id owner text } }'
const data = (value: unknown) => ({ id: 'a', type: 'data', payload: { data: value } })

describe('a mutation is told to subscribers, wherever it comes from:', () => {
  it('graphql-transport-ws', async () => {
    const { listen, transport } = await setUp()
    const listener = await listen(TOLD)
    expect(await listener.next()).toEqual(ACK)
    const client = (await transport())('m', 'mutation { tell(id: "1", owner: "me") { id owner } }')
    expect(await client.next()).toEqual({
      type: 'next',
      id: 'm',
      payload: { data: { tell: { id: '1', owner: 'me' } } },
    })
    expect(await listener.next()).toEqual(data({ onTell: { id: '1', owner: 'me', text: null } }))
  })

  it('server-sent events', async () => {
    const { listen, stream } = await setUp()
    const listener = await listen(TOLD)
    expect(await listener.next()).toEqual(ACK)
    const response = await stream({ query: 'mutation { tell(id: "2") { id } }' })
    expect(await response.text()).toContain('event: next\ndata: {"data":{"tell":{"id":"2"}}}\n\nevent: complete\n')
    expect(await listener.next()).toEqual(data({ onTell: { id: '2', owner: null, text: null } }))
  })

  it('the engine itself, as workflows and functions use it', async () => {
    const { listen, run } = await setUp()
    const listener = await listen(TOLD)
    expect(await listener.next()).toEqual(ACK)
    await run('mutation { told: tell(id: "3", text: "t") { key: id, text } }')
    expect(await listener.next()).toEqual(data({ onTell: { id: '3', owner: null, text: 't' } }))
  })
})

describe('a subscription', () => {
  it('with a filter hears what passes it, by nested fields and values of lists', async () => {
    const { listen, run } = await setUp()
    const listener = await listen('subscription ($city: String) { onFiltered(city: $city, user: "me") { id } }', {
      city: 'Bern',
    })
    expect(await listener.next()).toEqual(ACK)
    const tell = (id: string, city: string, tags: string[]) =>
      run('mutation ($id: ID!, $place: PlaceInput) { tell(id: $id, place: $place) { id place { city tags } } }', {
        id,
        place: { city, tags },
      })
    await tell('other city', 'Basel', ['new'])
    await tell('other tag', 'Bern', ['old'])
    await tell('right', 'Bern', ['old', 'new'])
    expect(await listener.next()).toEqual(data({ onFiltered: { id: 'right' } }))
  })

  it('ends when it is invalidated, and only the one that is meant', async () => {
    const { listen, run, realtime } = await setUp()
    const query = 'subscription ($user: String) { onFiltered(city: "x", user: $user) { id } }'
    const [mine, theirs] = [await listen(query, { user: 'me' }), await listen(query, { user: 'them' })]
    expect([await mine.next(), await theirs.next()]).toEqual([ACK, ACK])
    await run('mutation { end(user: "me") }')
    expect(await mine.next()).toEqual({ id: 'a', type: 'complete' })
    expect(realtime.subscriptions).toBe(1)
  })

  it('is refused by its resolver', async () => {
    const { listen } = await setUp()
    const client = await listen('subscription { onFiltered(city: "x", user: "nobody") { id } }')
    expect(await client.next()).toMatchObject({
      id: 'a',
      type: 'error',
      payload: { errors: [{ errorType: 'Refused', message: 'Nobody may listen.' }] },
    })
  })

  it('has one root field', async () => {
    const { listen, realtime } = await setUp()
    const client = await listen('subscription { a: onTell { id } b: onTell { id } }')
    expect(await client.next()).toMatchObject({ id: 'a', type: 'error' })
    expect(realtime.subscriptions).toBe(0)
  })

  it('of which an event is larger than 240 KB misses that one, with a line in the log, and lives', async () => {
    const { listen, run, logged } = await setUp()
    const listener = await listen(TOLD)
    await listener.next()
    await run('mutation ($text: String) { tell(id: "large", text: $text) { id text } }', {
      text: 'x'.repeat(240 * 1024 + 1),
    })
    await run('mutation { tell(id: "small") { id } }')
    expect(await listener.next()).toMatchObject(data({ onTell: { id: 'small' } }))
    expect(logged).toEqual(['an event is larger than 240 KB and was dropped'])
  })
})

describe('graphql-transport-ws', () => {
  it.each([
    ['not GraphQL', '{', 'query'],
    ['an unknown field', '{ nothing }', 'query'],
    ['an unknown field of a subscription', 'subscription { onTell { nothing } }', 'subscription'],
    ['deep nesting', `{ none ${'{ a '.repeat(20_000)}`, 'query'],
  ])('answers %s with an error in the words of the HTTP endpoint, and lives', async (_name, query) => {
    const { transport, run } = await setUp()
    const perform = await transport()
    const client = perform('q', query)
    const { body } = await run(query)
    expect(await client.next()).toEqual({ type: 'error', id: 'q', payload: body.errors })
    perform('again', '{ none }')
    expect(await client.next()).toEqual({ type: 'next', id: 'again', payload: { data: { none: null } } })
  })

  it('serves subscriptions, completes them, and frees their ids', async () => {
    const { transport, run, realtime } = await setUp()
    const perform = await transport()
    const client = perform('s', TOLD)
    await expect.poll(() => realtime.subscriptions).toBe(1)
    await run('mutation { tell(id: "1") { id } }')
    expect(await client.next()).toEqual({
      id: 's',
      type: 'next',
      payload: { data: { onTell: { id: '1', owner: null, text: null } } },
    })
    client.send({ type: 'complete', id: 's' })
    await expect.poll(() => realtime.subscriptions).toBe(0)
    perform('s', TOLD)
    await expect.poll(() => realtime.subscriptions).toBe(1)
    client.socket.terminate()
    await expect.poll(() => realtime.subscriptions).toBe(0)
  })

  it('has 100 operations under way at the most', async () => {
    const { transport, realtime } = await setUp()
    const perform = await transport()
    for (let n = 0; n < 100; n++) perform(`s${n}`, TOLD)
    await expect.poll(() => realtime.subscriptions).toBe(100)
    expect(await perform('more', TOLD).next()).toEqual({
      type: 'error',
      id: 'more',
      payload: [{ errorType: 'MaxSubscriptionsReachedError', message: 'Max number of 100 subscriptions reached' }],
    })
  })
})

describe('server-sent events', () => {
  it('answer a wrong operation with an error in the words of the HTTP endpoint', async () => {
    const { stream, run } = await setUp()
    const query = 'subscription { onTell { nothing } }'
    const text = await (await stream({ query })).text()
    const { body } = await run(query)
    expect(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '')).toEqual(body)
  })

  it.each([
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no query', '{}'],
    ['variables that are a list', '{"query":"{ none }","variables":[]}'],
  ])('refuse a body that is %s', async (_name, body) => {
    const { stream } = await setUp()
    expect((await stream(body)).status).toBe(400)
  })

  it.each(['__proto__', 'constructor', 'x'.repeat(1_000), '00000000-0000-4000-8000-000000000000'])(
    'know no stream %s',
    async (token) => {
      const { stream } = await setUp()
      const posted = await stream(
        { query: '{ none }', extensions: { operationId: '1' } },
        { accept: '*/*', 'x-graphql-event-stream-token': token },
      )
      expect(posted.status).toBe(404)
      const opened = await stream('', { accept: 'text/event-stream' }, `?token=${token}`, 'GET')
      expect(opened.status).toBeGreaterThanOrEqual(400)
    },
  )
})
