import type { IncomingMessage } from 'node:http'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface ListenerOptions {
  host: string
  /** 0 picks a free port. */
  port: number
  onRequest: RequestListener
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Asked when the first TLS client comes. */
  tls: () => { key: string; cert: string }
  /** Told when a connection cannot be taken, for want of file descriptors for example; the next ones are. */
  onError?: (error: Error) => void
}

export interface Listener {
  host: string
  port: number
  /** Stops accepting, lets requests under way end (at most `graceMs`), then closes what is left. */
  close(graceMs: number): Promise<void>
}

/** First byte of a TLS record with a ClientHello. */
const TLS_HANDSHAKE = 0x16
/** A connection that says nothing is closed after this time. */
const FIRST_BYTE_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const MAX_HEADER_BYTES = 65_536

/** Listens on one port for plain HTTP and TLS alike: the first byte tells. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const settings = {
    noDelay: true,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  }
  const plain = createHttpServer(settings, options.onRequest)
  plain.on('upgrade', options.onUpgrade)
  // A server that never listens does not watch for slow requests until it is told that it does.
  plain.emit('listening')
  let secure: HttpsServer | undefined
  const secureServer = (): HttpsServer => {
    if (secure === undefined) {
      secure = createHttpsServer({ ...settings, ...options.tls(), ALPNProtocols: ['http/1.1'] }, options.onRequest)
      secure.on('upgrade', options.onUpgrade)
      secure.on('tlsClientError', (_error, socket) => socket.destroy())
      secure.emit('listening')
    }
    return secure
  }

  const sockets = new Set<Socket>()
  /** Connected, and nothing asked yet. */
  const silent = new Set<Socket>()
  const front = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    silent.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      silent.delete(socket)
    })
    socket.on('error', () => socket.destroy())
    socket.setTimeout(FIRST_BYTE_TIMEOUT_MS, () => socket.destroy())
    socket.once('readable', () => {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) return socket.destroy()
      silent.delete(socket)
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      socket.unshift(chunk)
      ;(chunk[0] === TLS_HANDSHAKE ? secureServer() : plain).emit('connection', socket)
    })
  })
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject)
    front.listen(options.port, options.host, () => {
      front.off('error', reject)
      resolve()
    })
  })
  front.on('error', (error) => options.onError?.(error))
  const { port } = front.address() as AddressInfo

  return {
    host: options.host,
    port,
    async close(graceMs) {
      const stopped = new Promise<void>((resolve) => front.close(() => resolve()))
      for (const socket of silent) socket.destroy()
      plain.closeIdleConnections()
      secure?.closeIdleConnections()
      const idle = setInterval(() => {
        plain.closeIdleConnections()
        secure?.closeIdleConnections()
      }, 50)
      const cut = setTimeout(() => {
        plain.closeAllConnections()
        secure?.closeAllConnections()
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      await stopped
      clearInterval(idle)
      clearTimeout(cut)
      plain.close()
      secure?.close()
    },
  }
}
