import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { localTls } from '../../src/http/certificate.ts'
import { createSocketWriter, MAX_BUFFERED_BYTES, type SocketWriter } from '../../src/realtime/socketWriter.ts'
import { closePayload, OPCODE, type RawClient, shakeHands } from '../support/rawSocket.ts'

const tls = localTls(undefined, ['localhost', '127.0.0.1'])

let server: Server
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** A writer and the client at its other end, over a plain or a TLS connection. */
async function pair(isTls: boolean) {
  server = isTls ? createTlsServer({ key: tls.key, cert: tls.cert }) : createServer()
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const accepted = new Promise<{ socket: WebSocket; stream: Duplex }>((done) =>
    server.once('upgrade', (request, stream, head) =>
      sockets.handleUpgrade(request, stream, head, (socket) => done({ socket, stream })),
    ),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connection = isTls
    ? connectTls({ port, host: '127.0.0.1', ca: tls.authority })
    : connect({ port, host: '127.0.0.1' })
  await once(connection, isTls ? 'secureConnect' : 'connect')
  const client = await shakeHands(connection)
  const { socket, stream } = await accepted
  let overflows = 0
  socket.on('error', () => {})
  const writer: SocketWriter = createSocketWriter(socket, stream, () => overflows++)
  return { client, writer, socket, stream, overflows: () => overflows }
}

async function texts(client: RawClient): Promise<string[]> {
  const got: string[] = []
  for (;;) {
    const frame = await client.next()
    if (frame === undefined) return got
    if (frame.opcode === OPCODE.close) got.push(`close:${frame.payload.readUInt16BE()}`)
    else if (frame.opcode === OPCODE.pong) got.push(`pong:${frame.payload}`)
    else got.push(String(frame.payload))
  }
}

describe.each([
  ['plain', false],
  ['TLS', true],
])('over %s', (_name, isTls) => {
  it('frames of every length of header arrive whole, among pongs and pings of the library', async () => {
    const { client, writer, socket } = await pair(isTls)
    const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000]
    const sent: string[] = []
    // Pings of the client are answered by the library, at whatever moment they come, between writes of ours.
    for (let n = 0; n < 200; n++) {
      client.write({ opcode: OPCODE.ping, payload: `p${n}` })
      for (const length of n % 20 === 0 ? lengths : [n]) {
        const text = `${n}:${(n % 40 < 20 ? 'ä' : 'a').repeat(length)}`
        sent.push(text)
        writer.send(text)
      }
      // The library's own frames in the same tick, before ours are written.
      socket.pong(`own${n}`)
      if (n % 10 === 0) await new Promise((next) => setImmediate(next))
    }
    // The client's close comes after all its pings: the library answers it after the last of them.
    client.write({ opcode: OPCODE.close, payload: closePayload(1000) })
    const got = await texts(client)
    expect(got.filter((text) => !/^(pong|close):/.test(text))).toEqual(sent)
    expect(got.filter((text) => text.startsWith('pong:p'))).toEqual(Array.from({ length: 200 }, (_, n) => `pong:p${n}`))
    expect(got.filter((text) => text.startsWith('pong:own'))).toHaveLength(200)
    expect(got.at(-1)).toBe('close:1000')
  })

  it('what was sent before a close of ours is there before it, nothing after it', async () => {
    const { client, writer } = await pair(isTls)
    writer.send('first')
    writer.send('second')
    writer.close(1001, 'The server is stopping')
    writer.send('late')
    const got = [await client.next(), await client.next(), await client.next()]
    expect(got.map((frame) => frame?.opcode)).toEqual([OPCODE.text, OPCODE.text, OPCODE.close])
    client.write({ opcode: OPCODE.close, payload: closePayload(1001) })
    expect(await client.next()).toBe(undefined)
  })

  it('nothing is written after a close of the client', async () => {
    const { client, writer, socket } = await pair(isTls)
    client.write({ opcode: OPCODE.close, payload: closePayload(1000) })
    await once(socket, 'close')
    writer.send('late')
    expect(await texts(client)).toEqual(['close:1000'])
  })

  it('a client that does not read is cut once, also within one tick', async () => {
    const { client, writer, socket, stream, overflows } = await pair(isTls)
    client.socket.pause()
    const closed = once(socket, 'close')
    const text = 'x'.repeat(240_000)
    for (let n = 0; n < (MAX_BUFFERED_BYTES / text.length) * 20; n++) writer.send(text)
    expect(stream.writableLength).toBeLessThan(3 * MAX_BUFFERED_BYTES)
    await closed
    expect(overflows()).toBe(1)
  })

  it('a client that pings and does not read is cut', async () => {
    const { client, socket, stream } = await pair(isTls)
    client.socket.pause()
    const closed = once(socket, 'close')
    let open = true
    void closed.then(() => {
      open = false
    })
    const pings = Array.from({ length: 1_000 }, () => ({ opcode: OPCODE.ping, payload: Buffer.alloc(125) }))
    while (open) {
      client.write(...pings)
      await new Promise((next) => setImmediate(next))
    }
    expect(stream.writableLength).toBeLessThan(MAX_BUFFERED_BYTES)
  })
})
