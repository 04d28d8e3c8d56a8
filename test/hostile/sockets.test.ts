import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { MAX_BUFFERED_BYTES } from '../../src/realtime/socketWriter.ts'
import { connectClient, start, startRealtime } from '../support/realtimeFixture.ts'

let server: Awaited<ReturnType<typeof startRealtime>>
afterEach(() => server.close())

describe('a message that is none', () => {
  it.each<[string, string | Buffer]>([
    ['not JSON', 'hello'],
    ['a list', '[]'],
    ['null', 'null'],
    ['an unknown type', '{"type":"nope"}'],
    ['the type __proto__', '{"type":"__proto__"}'],
    ['a start without id', '{"type":"start","payload":{"data":"{}"}}'],
    ['a start without payload', '{"type":"start","id":"1"}'],
    ['a start whose data is no text', '{"type":"start","id":"1","payload":{"data":{}}}'],
    ['a start whose data is no JSON', '{"type":"start","id":"1","payload":{"data":"{"}}'],
    [
      'a start whose authorization is a list',
      '{"type":"start","id":"1","payload":{"data":"{\\"query\\":\\"{a}\\"}","extensions":{"authorization":[]}}}',
    ],
    ['a binary frame', Buffer.from('{"type":"connection_init"}')],
  ])('%s is answered with an error, and the connection lives', async (_name, message) => {
    server = await startRealtime()
    const client = await connectClient(server.url)
    client.socket.send(message)
    expect(await client.next()).toMatchObject({
      type: 'error',
      payload: { errors: [{ errorType: expect.any(String) }] },
    })
    client.send(start('good'))
    expect(await client.next()).toEqual({ id: 'good', type: 'start_ack' })
    expect(({} as Record<string, unknown>)['x']).toBe(undefined)
  })
})

it('a frame larger than 1 MB closes the connection with 1009, and no other', async () => {
  server = await startRealtime()
  const [bad, good] = await Promise.all([connectClient(server.url), connectClient(server.url)])
  bad.send('x'.repeat(1024 * 1024 + 1))
  expect(await bad.closed).toBe(1009)
  good.send(start('a'))
  expect(await good.next()).toEqual({ id: 'a', type: 'start_ack' })
})

it('20,000 tiny frames are answered one by one and harm nobody', async () => {
  server = await startRealtime()
  const [noisy, good] = await Promise.all([connectClient(server.url), connectClient(server.url)])
  for (let n = 0; n < 20_000; n++) noisy.socket.send('{}')
  good.send(start('a'))
  expect(await good.next()).toEqual({ id: 'a', type: 'start_ack' })
  noisy.socket.terminate()
})

it('a reader that does not read is cut, logged, and slows nobody', async () => {
  server = await startRealtime()
  const good = await connectClient(server.url)
  good.send(start('a'))
  await good.next()
  // A socket that never reads: a raw connection that is paused after its subscription.
  const slow = connect({ host: '127.0.0.1', port: server.port })
  slow.write(
    'GET /graphql/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-ws\r\n\r\n',
  )
  await new Promise((resolve) => slow.once('data', resolve))
  const payload = Buffer.from(JSON.stringify(start('slow')))
  const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0])
  slow.write(Buffer.concat([head, payload]))
  await expect.poll(() => server.realtime.subscriptions).toBe(2)
  slow.pause()
  const text = 'x'.repeat(100_000)
  for (let n = 0; n < (MAX_BUFFERED_BYTES / text.length) * 4 && server.realtime.connections > 1; n++) {
    server.publish({ id: String(n), text })
    expect(await good.next()).toMatchObject({ id: 'a', type: 'data' })
  }
  expect(server.realtime.connections).toBe(1)
  expect(server.logged).toEqual(['a subscriber does not read and was disconnected'])
  slow.destroy()
})

describe('graphql-transport-ws', () => {
  it.each<[string, unknown[], number]>([
    ['a subscription before the acknowledgement', [{ type: 'subscribe', id: '1', payload: { query: '{ a }' } }], 4401],
    [
      'two initialisations',
      [{ type: 'connection_init', payload: { 'x-api-key': 'good' } }, { type: 'connection_init' }],
      4429,
    ],
    ['an unknown message', [{ type: 'nope' }], 4400],
    ['no JSON', ['hello'], 4400],
    ['wrong credentials', [{ type: 'connection_init', payload: { 'x-api-key': 'bad' } }], 4403],
  ])('closes for %s', async (_name, messages, code) => {
    server = await startRealtime()
    const client = await connectClient(server.url, 'graphql-transport-ws')
    for (const message of messages) client.send(message)
    expect(await client.closed).toBe(code)
  })
})
