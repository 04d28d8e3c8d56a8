import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** Sends text frames on one socket: those of one tick in one system call, and never more than the client reads. */
export interface SocketWriter {
  send(text: string): void
}

/** A client that has this much waiting does not read: it is cut. */
export const MAX_BUFFERED_BYTES = 8 * 1024 * 1024

/**
 * Writes frames itself instead of through `ws`, which makes a write of each: the frames of a tick become one buffer.
 * Safe because nothing here is compressed or fragmented, so that a frame of ours never falls into one of `ws`'s.
 * @param stream The raw connection under `socket`.
 * @param onOverflow Told once, before the connection is cut.
 */
export function createSocketWriter(socket: WebSocket, stream: Duplex, onOverflow: () => void): SocketWriter {
  let queued: string[] = []
  let cut = false
  const flush = (): void => {
    const texts = queued
    queued = []
    if (cut || socket.readyState !== socket.OPEN) return
    if (stream.writableLength > MAX_BUFFERED_BYTES) {
      cut = true
      onOverflow()
      socket.terminate()
      return
    }
    stream.write(framesOf(texts))
  }
  return {
    send(text) {
      if (queued.push(text) === 1) process.nextTick(flush)
    },
  }
}

const FINAL_TEXT = 0x81
const LENGTH_16 = 126
const LENGTH_64 = 127
const MAX_HEADER_BYTES = 10

/** Unmasked text frames of a server (RFC 6455 5.2), one after the other. */
function framesOf(texts: readonly string[]): Buffer {
  // Three bytes are the most that UTF-8 needs for one unit of UTF-16.
  let most = 0
  for (const text of texts) most += MAX_HEADER_BYTES + text.length * 3
  const bytes = Buffer.allocUnsafe(most <= 4096 ? most : sizeOf(texts))
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
