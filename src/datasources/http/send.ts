import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { guardedLookup, isAllowedAddress, RefusedAddressError } from './addressGuard.ts'
import { HttpRequestError } from './request.ts'

/** Largest response, after decompression, in bytes (AppSync's bound of evaluated data). */
export const MAX_RESPONSE_BYTES = 5 * 1024 * 1024
/** Time without a byte after which a response is given up, in milliseconds. */
export const MAX_IDLE_MS = 25_000

/** Time that an unused connection is kept: less than the five seconds after which many servers close theirs. */
const KEPT_IDLE_MS = 4_000
/** Methods that may be sent twice (RFC 9110, section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'PUT', 'DELETE'])

export interface HttpSendOptions {
  /** Whether loopback and private networks may be reached. @default true */
  allowPrivate?: boolean
  /** @default the system's resolver */
  lookup?: LookupFunction
  /** @default MAX_IDLE_MS */
  idleMs?: number
}

export interface SignedHttpRequest {
  method: string
  url: URL
  headers: readonly (readonly [string, string])[]
  body: string | undefined
  signal: AbortSignal
}

export interface HttpAnswer {
  statusCode: number
  /** As received; repeated headers joined. */
  headers: Record<string, string>
  body: string
}

export interface HttpSender {
  send(request: SignedHttpRequest): Promise<HttpAnswer>
  close(): void
}

/** Sends requests over keep-alive connections. Never follows a redirect. */
export function createHttpSender(options: HttpSendOptions = {}): HttpSender {
  const allowPrivate = options.allowPrivate ?? true
  const lookup = guardedLookup(allowPrivate, options.lookup)
  const idleMs = options.idleMs ?? MAX_IDLE_MS
  const keep = { keepAlive: true, timeout: KEPT_IDLE_MS }
  const agents = { 'http:': new HttpAgent(keep), 'https:': new HttpsAgent(keep) }

  return {
    send({ method, url, headers, body, signal }) {
      const host = url.hostname.replace(/^\[|\]$/g, '')
      if (isIP(host) !== 0 && !isAllowedAddress(host, allowPrivate)) {
        return Promise.reject(new RefusedAddressError(`The address '${host}' is not allowed.`))
      }
      const length = body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))] as const]
      const requestOptions: RequestOptions = {
        method,
        host,
        port: url.port,
        path: `${url.pathname}${url.search}`,
        headers: flatten([
          ...headers,
          ...(headers.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', url.host] as const]),
          ['Accept-Encoding', 'gzip, deflate, br'],
          ...length,
        ]),
        agent: agents[url.protocol as 'http:' | 'https:'],
        lookup,
        signal,
        timeout: idleMs,
      }
      const start = url.protocol === 'https:' ? httpsRequest : httpRequest
      const attempt = (isRetry: boolean): Promise<HttpAnswer> =>
        new Promise((resolve, reject) => {
          const outgoing = start(isRetry ? { ...requestOptions, agent: false } : requestOptions, (incoming) =>
            readAnswer(incoming).then(resolve, reject),
          )
          outgoing.on('timeout', () => outgoing.destroy(new HttpRequestError('The endpoint did not answer in time.')))
          outgoing.on('error', (error: NodeJS.ErrnoException) => {
            // The endpoint closed a kept connection just as it was used again.
            const isStale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
            if (isStale && !isRetry && !signal.aborted && IDEMPOTENT.has(method)) attempt(true).then(resolve, reject)
            else reject(error)
          })
          outgoing.end(body)
        })
      return attempt(false)
    },
    close() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

function flatten(headers: readonly (readonly [string, string])[]): string[] {
  return headers.flatMap((header) => [...header])
}

function readAnswer(incoming: IncomingMessage): Promise<HttpAnswer> {
  const encoding = incoming.headers['content-encoding']?.trim().toLowerCase()
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const fail = (error: Error): void => {
      // First of all: destroying tells `aborted`, which would be taken for the reason.
      reject(error)
      incoming.destroy()
      decoder?.destroy()
    }
    const source = decoder === undefined ? incoming : incoming.pipe(decoder)
    source.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_RESPONSE_BYTES) fail(new HttpRequestError(`The response exceeds ${MAX_RESPONSE_BYTES} bytes.`))
      else chunks.push(chunk)
    })
    source.on('end', () => {
      if (!incoming.complete) return fail(new HttpRequestError('The response ended early.'))
      resolve({
        statusCode: incoming.statusCode ?? 0,
        headers: headersOf(incoming),
        body: Buffer.concat(chunks, size).toString('utf8'),
      })
    })
    source.on('error', (error) => fail(error))
    incoming.on('error', (error) => fail(error))
    incoming.on('aborted', () => fail(new HttpRequestError('The response ended early.')))
  })
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  const names = new Map<string, string>()
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index]!
    const value = incoming.rawHeaders[index + 1]!
    const known = names.get(name.toLowerCase())
    if (known === undefined) {
      names.set(name.toLowerCase(), name)
      headers[name] = value
    } else headers[known] = `${headers[known]}, ${value}`
  }
  return headers
}
