import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** Sends text frames on one socket: those of one tick in one system call, and never more than the client reads. */
export interface SocketWriter {
  send(text: string): void
}

/** A client that has this much waiting does not read: it is cut. */
export const MAX_BUFFERED_BYTES = 8 * 1024 * 1024

/**
 * @param stream The raw connection under `socket`, held back until the tick ends so that its frames leave together.
 * @param onOverflow Told once, before the connection is cut.
 */
export function createSocketWriter(socket: WebSocket, stream: Duplex, onOverflow: () => void): SocketWriter {
  let held = false
  let cut = false
  const release = (): void => {
    held = false
    stream.uncork()
  }
  return {
    send(text) {
      if (cut || socket.readyState !== socket.OPEN) return
      if (stream.writableLength > MAX_BUFFERED_BYTES) {
        cut = true
        onOverflow()
        socket.terminate()
        return
      }
      if (!held) {
        held = true
        stream.cork()
        process.nextTick(release)
      }
      socket.send(text)
    },
  }
}
