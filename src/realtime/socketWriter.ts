import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** Sends text frames on one socket: those of one tick in one system call, and never more than the client reads. */
export interface SocketWriter {
  send(text: string): void
  /** Sends what is queued, then the close frame. */
  close(code: number, reason?: string): void
}

/** A client that has this much waiting does not read: it is cut. */
export const MAX_BUFFERED_BYTES = 8 * 1024 * 1024

/**
 * Writes frames itself instead of through `ws`, which makes two writes of each: the frames of a tick become one buffer.
 * Safe because nothing here is compressed or fragmented: `ws` writes its own frames (pong, close) whole and at once, and
 * so does this, so that neither ever falls into one of the other's.
 * @param stream The raw connection under `socket`.
 * @param onOverflow Told once, before the connection is cut.
 */
export function createSocketWriter(socket: WebSocket, stream: Duplex, onOverflow: () => void): SocketWriter {
  let queued: string[] = []
  let queuedLength = 0
  let cut = false

  /** Cuts a client that takes nothing. (Of pongs that it does not take, `ws` keeps count.) */
  const overflows = (): boolean => {
    if (cut || stream.writableLength <= MAX_BUFFERED_BYTES) return cut
    cut = true
    queued = []
    onOverflow()
    socket.terminate()
    return true
  }
  const flush = (): void => {
    if (queued.length === 0) return
    const texts = queued
    queued = []
    queuedLength = 0
    if (socket.readyState !== socket.OPEN || overflows()) return
    stream.write(framesOf(texts))
  }

  return {
    send(text) {
      if (cut || socket.readyState !== socket.OPEN) return
      queuedLength += text.length
      if (queued.push(text) === 1) process.nextTick(flush)
      // A tick that has this much to say must not keep it all, above what the client has not read.
      else if (queuedLength > MAX_BUFFERED_BYTES) flush()
    },
    close(code, reason) {
      flush()
      socket.close(code, reason)
    },
  }
}

const FINAL_TEXT = 0x81
const LENGTH_16 = 126
const LENGTH_64 = 127
const MAX_HEADER_BYTES = 10

/** Unmasked text frames of a server (RFC 6455 5.2), one after the other. */
function framesOf(texts: readonly string[]): Buffer {
  // Not the most that they could need: slices of Node's pool of 8 KB must be small, a pool for every few frames costs more.
  const bytes = Buffer.allocUnsafe(sizeOf(texts))
  let at = 0
  for (const text of texts) {
    const length = Buffer.byteLength(text)
    bytes[at++] = FINAL_TEXT
    if (length < LENGTH_16) bytes[at++] = length
    else if (length < 65_536) {
      bytes[at++] = LENGTH_16
      at = bytes.writeUInt16BE(length, at)
    } else {
      bytes[at++] = LENGTH_64
      at = bytes.writeBigUInt64BE(BigInt(length), at)
    }
    at += bytes.write(text, at, 'utf8')
  }
  return bytes.subarray(0, at)
}

function sizeOf(texts: readonly string[]): number {
  let size = 0
  for (const text of texts) size += MAX_HEADER_BYTES + Buffer.byteLength(text)
  return size
}
