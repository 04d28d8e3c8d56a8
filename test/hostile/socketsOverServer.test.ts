import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { SidestageServer } from '../../src/server/options.ts'
import { startServer } from '../../src/server.ts'
import { connectClient } from '../support/realtimeFixture.ts'
import { virtualClock } from '../support/virtualClock.ts'

const KEY = 'da2-todos'
const clock = virtualClock(Date.now())
let server: SidestageServer
beforeAll(async () => {
  server = await startServer({
    project: resolve(import.meta.dirname, '../fixtures/projects/todos'),
    port: 0,
    memory: true,
    clock,
    onLogLine: () => {},
  })
})
afterAll(() => server.close())

const url = (): string => `${server.url.replace('http', 'ws')}/graphql/realtime`
const auth = { host: 'localhost', 'x-api-key': KEY }
const start = (id: string, authorization: Record<string, string> | undefined = auth) => ({
  id,
  type: 'start',
  payload: {
    data: JSON.stringify({ query: 'subscription { onAddTodo { id } }' }),
    extensions: { authorization },
  },
})

describe('credentials of a handshake', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  it.each([
    ['no base64', '%25%25', 'BadRequestException', 400],
    ['no JSON', base64('hello'), 'BadRequestException', 400],
    ['a list', base64('[1]'), 'BadRequestException', 400],
    ['empty', base64('{}'), 'UnauthorizedException', 401],
    ['a key that is not there', base64('{"x-api-key":"da2-other"}'), 'UnauthorizedException', 401],
    [
      'a signature for another path',
      base64(
        '{"authorization":"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/appsync/aws4_request, SignedHeaders=host, Signature=00","host":"x"}',
      ),
      'UnauthorizedException',
      401,
    ],
  ])('that are %s are refused with connection_error, then closed', async (_name, header, errorType, errorCode) => {
    const client = await connectClient(`${url()}?header=${header}&payload=e30=`)
    client.send({ type: 'connection_init' })
    expect(await client.next()).toMatchObject({
      type: 'connection_error',
      payload: { errors: [{ errorType, errorCode }] },
    })
    await client.closed
  })
})

describe('a page from elsewhere', () => {
  it.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a name that was made to point here', { host: 'evil.example' }],
  ])('with %s has nothing without credentials of its own', async (_name, headers) => {
    const socket = new WebSocket(url(), 'graphql-ws', { headers })
    const answer = await new Promise<unknown>((done) => {
      socket.on('error', (error) => done(error.message))
      socket.on('open', () => socket.send('{"type":"connection_init"}'))
      socket.on('message', (data) => done(JSON.parse(String(data)).type))
    })
    expect(['connection_error', 'Unexpected server response: 403', 'Unexpected server response: 404']).toContain(answer)
    socket.terminate()
  })
})

it('a key that is deleted ends what was opened with it, on every transport, and nothing more', async () => {
  const [api] = server.apis()
  const made = await fetch(`${server.url}/v1/apis/${api?.apiId}/apikeys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  const { apiKey } = (await made.json()) as { apiKey: { id: string } }
  const doomed = await connectClient(url(), 'graphql-ws', { 'x-api-key': apiKey.id })
  doomed.send({ type: 'connection_init' })
  await doomed.next()
  doomed.send(start('1', { host: 'localhost', 'x-api-key': apiKey.id }))
  doomed.send(start('2'))
  const acknowledged = [await doomed.next(), await doomed.next()]
  expect(acknowledged).toHaveLength(2)
  const transport = await connectClient(url(), 'graphql-transport-ws')
  transport.send({ type: 'connection_init', payload: { 'x-api-key': apiKey.id } })
  await transport.next()
  const subscribe = { type: 'subscribe', id: 't', payload: { query: 'subscription { onAddTodo { id } }' } }
  transport.send(subscribe)
  const stream = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', 'x-api-key': apiKey.id },
    body: JSON.stringify(subscribe.payload),
  })
  await expect
    .poll(async () => /^sidestage_subscriptions (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1])
    .toBe('4')

  await fetch(`${server.url}/v1/apis/${api?.apiId}/apikeys/${encodeURIComponent(apiKey.id)}`, { method: 'DELETE' })
  const revoked = { errorType: 'UnauthorizedException', message: 'You are not authorized to make this call.' }
  expect(await doomed.next()).toEqual({ id: '1', type: 'error', payload: { errors: [revoked] } })
  expect(await transport.next()).toEqual({ type: 'error', id: 't', payload: [revoked] })
  expect(await stream.text()).toContain('"errorType":"UnauthorizedException"')
  await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': KEY },
    body: JSON.stringify({ query: 'mutation { addTodo(id: "7") { id } }' }),
  })
  expect(await doomed.next()).toEqual({ id: '2', type: 'data', payload: { data: { onAddTodo: { id: '7' } } } })
  transport.send({ ...subscribe, id: 'again' })
  expect(await transport.next()).toEqual({ type: 'error', id: 'again', payload: [revoked] })
  doomed.socket.terminate()
  transport.socket.terminate()
})
