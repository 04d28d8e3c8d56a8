import { afterEach, describe, expect, it } from 'vitest'
import { MAX_BUFFERED_BYTES } from '../../src/realtime/socketWriter.ts'
import { connectRaw, OPCODE } from '../support/rawSocket.ts'
import { connectClient, start, startRealtime, subscription } from '../support/realtimeFixture.ts'

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
  // A socket that never reads: it is paused after its subscription.
  const { socket: slow, write } = await connectRaw(server.port)
  write({ opcode: OPCODE.text, payload: JSON.stringify(start('slow')) })
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
    ['a list', ['[]'], 4400],
    ['the type __proto__', [{ type: '__proto__' }], 4400],
    ['credentials that are a list', [{ type: 'connection_init', payload: { headers: [] } }], 4403],
    [
      'an id that is in use',
      [
        { type: 'connection_init', payload: { 'x-api-key': 'good' } },
        { type: 'subscribe', id: '1', payload: { query: 'subscription { onAdd { id } }' } },
        { type: 'subscribe', id: '1', payload: { query: 'subscription { onAdd { id } }' } },
      ],
      4409,
    ],
    ['wrong credentials', [{ type: 'connection_init', payload: { 'x-api-key': 'bad' } }], 4403],
  ])('closes for %s', async (_name, messages, code) => {
    server = await startRealtime()
    const client = await connectClient(server.url, 'graphql-transport-ws')
    for (const [n, message] of messages.entries()) {
      client.send(message)
      if (n === 0 && messages.length === 3) await client.next()
    }
    expect(await client.closed).toBe(code)
    await expect.poll(() => server.realtime.subscriptions).toBe(0)
  })

  it('closes for a binary frame', async () => {
    server = await startRealtime()
    const client = await connectClient(server.url, 'graphql-transport-ws')
    client.socket.send(Buffer.from('{"type":"connection_init"}'))
    expect(await client.closed).toBe(4400)
  })

  it('forgets a subscription that is given up while it starts, and again under the same id', async () => {
    const releases: (() => void)[] = []
    server = await startRealtime(
      () => new Promise((resolve) => releases.push(() => resolve({ type: 'prepared', subscription: subscription() }))),
    )
    const client = await connectClient(server.url, 'graphql-transport-ws')
    client.send({ type: 'connection_init', payload: { 'x-api-key': 'good' } })
    await client.next()
    const subscribe = { type: 'subscribe', id: '1', payload: { query: 'subscription { onAdd { id } }' } }
    for (const message of [subscribe, { type: 'complete', id: '1' }, subscribe]) client.send(message)
    await expect.poll(() => releases.length).toBe(2)
    for (const release of releases) release()
    await expect.poll(() => server.realtime.subscriptions).toBeGreaterThan(0)
    client.socket.terminate()
    await expect.poll(() => server.realtime.subscriptions).toBe(0)
  })
})

describe('AppSync’s protocol', () => {
  it('keeps one subscription of an id that is stopped and started again while it starts', async () => {
    const releases: (() => void)[] = []
    server = await startRealtime(
      () => new Promise((resolve) => releases.push(() => resolve({ type: 'prepared', subscription: subscription() }))),
    )
    const client = await connectClient(server.url)
    client.send(start('a'))
    await expect.poll(() => releases.length).toBe(1)
    for (const message of [{ id: 'a', type: 'stop' }, start('a')]) client.send(message)
    expect(await client.next()).toEqual({ id: 'a', type: 'complete' })
    await expect.poll(() => releases.length).toBe(2)
    for (const release of releases) release()
    expect(await client.next()).toEqual({ id: 'a', type: 'start_ack' })
    expect(server.realtime.subscriptions).toBe(1)
    client.send({ id: 'a', type: 'stop' })
    expect(await client.next()).toEqual({ id: 'a', type: 'complete' })
    expect(server.realtime.subscriptions).toBe(0)
  })

  it('survives an authorizer and a resolver that fail unexpectedly, telling nothing of how', async () => {
    server = await startRealtime(
      () => {
        throw new TypeError('secret')
      },
      {
        caller() {
          throw new TypeError('secret')
        },
      },
    )
    const client = await connectClient(server.url)
    client.send(start('a'))
    const failure = { errorType: 'InternalFailure', message: 'An internal error occurred.' }
    expect(await client.next()).toEqual({ id: 'a', type: 'error', payload: { errors: [failure] } })
    const other = await connectClient(server.url, 'graphql-ws', { 'x-api-key': 'good' })
    other.send({ type: 'connection_init' })
    expect(await other.next()).toEqual({ type: 'connection_error', payload: { errors: [failure] } })
    await other.closed
  })
})

describe('memory is bounded by', () => {
  it('1 MB for a message whose last fragment never comes', async () => {
    server = await startRealtime()
    const { write, next, socket } = await connectRaw(server.port)
    write({ opcode: OPCODE.text, fin: false, payload: 'x'.repeat(60_000) })
    for (let n = 0; n < 20; n++) write({ opcode: OPCODE.continuation, fin: false, payload: 'x'.repeat(60_000) })
    const frame = await next()
    expect([frame?.opcode, frame?.payload.readUInt16BE()]).toEqual([OPCODE.close, 1009])
    socket.destroy()
  })

  it('what an event stream’s reader takes: one that does not read is cut', async () => {
    server = await startRealtime()
    const { connect } = await import('node:net')
    const slow = connect({ host: '127.0.0.1', port: server.port })
    const body = '{"query":"subscription { onAdd { id } }"}'
    slow.write(
      `POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nx-api-key: good\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    slow.on('error', () => {})
    await expect.poll(() => server.realtime.subscriptions).toBe(1)
    slow.pause()
    const text = 'x'.repeat(200_000)
    for (let n = 0; n < 500 && server.realtime.subscriptions > 0; n++) {
      server.publish({ id: String(n), text })
      await new Promise((next) => setImmediate(next))
    }
    await expect.poll(() => server.realtime.subscriptions).toBe(0)
    expect(server.logged).toEqual(['a subscriber does not read and was disconnected'])
    slow.destroy()
  })
})
