import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A frame as bytes on the wire, right or wrong (RFC 6455 5.2). */
export interface RawFrame {
  fin?: boolean
  /** The three reserved bits, 0 to 7. */
  reserved?: number
  opcode: number
  masked?: boolean
  payload?: string | Buffer
  /** What the header says, when it lies. */
  declaredLength?: number
  /** Writes the length in a longer form than it needs. */
  lengthBytes?: 1 | 3 | 9
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export function encodeFrame(frame: RawFrame): Buffer {
  const { fin = true, reserved = 0, opcode, masked = true } = frame
  const payload = Buffer.from(frame.payload ?? '')
  const length = frame.declaredLength ?? payload.length
  const form = frame.lengthBytes ?? (length < 126 ? 1 : length < 65_536 ? 3 : 9)
  const head = Buffer.alloc(1 + form)
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode
  head[1] = form === 1 ? length : form === 3 ? 126 : 127
  if (form === 3) head.writeUInt16BE(length, 2)
  if (form === 9) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, payload])
  head[1] |= 0x80
  const key = randomBytes(4)
  const scrambled = Buffer.from(payload)
  for (let at = 0; at < scrambled.length; at++) scrambled[at] = (scrambled[at] ?? 0) ^ (key[at % 4] ?? 0)
  return Buffer.concat([head, key, scrambled])
}

/** Close frame's payload. */
export function closePayload(code: number, reason: string | Buffer = ''): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, Buffer.from(reason)])
}

/** A frame that the server sent. */
export interface ReceivedFrame {
  opcode: number
  payload: Buffer
}

/** Splits what a server sent into frames; throws for what no server may send. */
export function createFrameReader(onFrame: (frame: ReceivedFrame) => void): (chunk: Buffer) => void {
  let buffered = Buffer.alloc(0)
  return (chunk) => {
    buffered = Buffer.concat([buffered, chunk])
    for (;;) {
      if (buffered.length < 2) return
      const [first = 0, second = 0] = buffered
      if ((first & 0xf0) !== 0x80 || ![1, 8, 9, 10].includes(first & 0x0f) || (second & 0x80) !== 0)
        throw new Error(`no frame of a server: ${buffered.subarray(0, 20).toString('hex')}`)
      let length = second & 0x7f
      let at = 2
      if (length === 126) {
        if (buffered.length < 4) return
        length = buffered.readUInt16BE(2)
        at = 4
      } else if (length === 127) {
        if (buffered.length < 10) return
        length = Number(buffered.readBigUInt64BE(2))
        at = 10
      }
      if (buffered.length < at + length) return
      const frame = { opcode: first & 0x0f, payload: Buffer.from(buffered.subarray(at, at + length)) }
      buffered = buffered.subarray(at + length)
      onFrame(frame)
    }
  }
}

export interface RawClient {
  socket: Duplex
  write(...frames: (RawFrame | Buffer)[]): void
  /** The next frame; undefined when the connection ended. */
  next(): Promise<ReceivedFrame | undefined>
  /** The answer to the handshake. */
  head: string
}

/** Shakes hands over a connection as it is given. */
export async function shakeHands(socket: Duplex, protocol = 'graphql-ws', host = '127.0.0.1'): Promise<RawClient> {
  const frames: ReceivedFrame[] = []
  let ended = false
  let failed: unknown
  let wake = (): void => {}
  const read = createFrameReader((frame) => frames.push(frame))
  socket.on('error', () => {})
  socket.write(
    `GET /graphql/realtime HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  )
  let buffered = Buffer.alloc(0)
  let end = -1
  while (end < 0) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    buffered = Buffer.concat([buffered, chunk])
    end = buffered.indexOf('\r\n\r\n')
  }
  const take = (chunk: Buffer): void => {
    try {
      read(chunk)
    } catch (error) {
      failed = error
    }
    wake()
  }
  take(buffered.subarray(end + 4))
  socket.on('data', take)
  socket.on('close', () => {
    ended = true
    wake()
  })
  return {
    socket,
    head: buffered.subarray(0, end).toString('latin1'),
    write: (...given) =>
      void socket.write(Buffer.concat(given.map((frame) => (Buffer.isBuffer(frame) ? frame : encodeFrame(frame))))),
    async next() {
      while (frames.length === 0) {
        if (failed !== undefined) throw failed
        if (ended) return undefined
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return frames.shift()
    },
  }
}

export async function connectRaw(port: number, protocol?: string): Promise<RawClient & { socket: Socket }> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  return { ...(await shakeHands(socket, protocol)), socket }
}
