// Raw WebSocket clients that only count frames: `node subscribers.ts PORT COUNT`, driven by messages of its parent.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

const port = Number(process.argv[2])
const count = Number(process.argv[3])
let expected = 0
let received = 0

function masked(text: string): Buffer {
  const payload = Buffer.from(text)
  const key = randomBytes(4)
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (key[at % 4] ?? 0)
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([head, key, payload])
}

function subscriber(n: number): Promise<void> {
  return new Promise((ready, failed) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let buffered = Buffer.alloc(0)
    let upgraded = false
    socket.on('error', failed)
    socket.on('connect', () =>
      socket.write(
        `GET /graphql/realtime HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: graphql-ws\r\n\r\n`,
      ),
    )
    socket.on('data', (chunk) => {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      if (!upgraded) {
        const end = buffered.indexOf('\r\n\r\n')
        if (end < 0) return
        buffered = buffered.subarray(end + 4)
        upgraded = true
        const start = {
          id: `s${n}`,
          type: 'start',
          payload: {
            data: '{"query":"subscription { onTell { id } }"}',
            extensions: { authorization: { 'x-api-key': 'k' } },
          },
        }
        socket.write(masked(JSON.stringify(start)))
      }
      for (;;) {
        if (buffered.length < 2) return
        let length = (buffered[1] ?? 0) & 0x7f
        let at = 2
        if (length === 126) {
          if (buffered.length < 4) return
          length = buffered.readUInt16BE(2)
          at = 4
        }
        if (buffered.length < at + length) return
        const isAck = buffered.includes('start_ack', at) && buffered.indexOf('start_ack', at) < at + length
        buffered = buffered.subarray(at + length)
        if (isAck) ready()
        else if (++received === expected) process.send?.({ type: 'received' })
      }
    })
  })
}

for (let n = 0; n < count; n += 50) await Promise.all(Array.from({ length: 50 }, (_, m) => subscriber(n + m)))
process.on('message', (message: { type: string; deliveries: number }) => {
  received = 0
  expected = message.deliveries
  process.send?.({ type: 'expecting' })
})
process.send?.({ type: 'connected' })
