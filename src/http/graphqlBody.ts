import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'

/** A request that ends before it becomes an operation: the answer's status and error. */
export class GraphqlHttpError extends Error {
  override readonly name = 'GraphqlHttpError'
  readonly status: number
  readonly errorType: string

  constructor(status: number, errorType: string, message: string) {
    super(message)
    this.status = status
    this.errorType = errorType
  }
}

/** Largest body, before and after decompression, in bytes. AppSync names no bound; its payloads end at 5 MB. */
export const MAX_GRAPHQL_BODY_BYTES = 8 * 1024 * 1024
/** Time for a body to arrive, in milliseconds. */
export const MAX_BODY_ARRIVAL_MS = 30_000
const SWEEP_MS = 1_000

const tooLarge = (): GraphqlHttpError =>
  new GraphqlHttpError(413, 'PayloadTooLargeException', `The request body exceeds ${MAX_GRAPHQL_BODY_BYTES} bytes.`)

interface Reading {
  startedAt: number
  fail(error: GraphqlHttpError): void
}

/** Reads bodies, bounded in size while they arrive and in time, at the cost of one timer for all of them. */
export interface BodyReader {
  /** Calls back exactly once; at once when nothing but an empty body can come. */
  read(request: IncomingMessage, done: (body: Buffer | GraphqlHttpError) => void): void
  close(): void
}

export function createBodyReader(
  now: () => number = Date.now,
  maxBytes = MAX_GRAPHQL_BODY_BYTES,
  maxMs = MAX_BODY_ARRIVAL_MS,
): BodyReader {
  const readings = new Set<Reading>()
  let sweeper: NodeJS.Timeout | undefined

  const sweep = (): void => {
    const limit = now() - maxMs
    for (const reading of readings) {
      if (reading.startedAt > limit) break
      const message = 'The request body did not arrive in time.'
      reading.fail(new GraphqlHttpError(408, 'RequestTimeoutException', message))
    }
    if (readings.size === 0) stop()
  }
  const stop = (): void => {
    clearInterval(sweeper)
    sweeper = undefined
  }

  return {
    read(request, done) {
      const announced = request.headers['content-length']
      if (announced !== undefined && Number(announced) > maxBytes) return done(tooLarge())
      const chunks: Buffer[] = []
      let size = 0
      let isDone = false
      const finish = (result: Buffer | GraphqlHttpError): void => {
        if (isDone) return
        isDone = true
        readings.delete(reading)
        done(result)
      }
      const reading: Reading = {
        startedAt: now(),
        fail: finish,
      }
      readings.add(reading)
      sweeper ??= setInterval(sweep, SWEEP_MS).unref()
      request.on('data', (chunk: Buffer) => {
        if (isDone) return
        size += chunk.length
        if (size > maxBytes) finish(tooLarge())
        else chunks.push(chunk)
      })
      request.on('end', () => finish(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)))
      // Every request closes in the end; only one that closes early is told of.
      const gone = (): void => {
        if (isDone) return
        finish(new GraphqlHttpError(400, 'MalformedHttpRequestException', 'The request body ended early.'))
      }
      request.on('error', gone)
      request.on('close', gone)
    },
    close: stop,
  }
}

/** What of a refused body is still taken in, so that a client which is writing comes to read why it was refused. */
const MAX_DRAINED_BYTES = 32 * 1024 * 1024
const MAX_DRAIN_MS = 5_000

/**
 * Lets the rest of a refused body pass by; a client that sends too much of it or too slowly is cut off.
 * @returns false when so much is to come that the connection has to end at once.
 */
export function drain(request: IncomingMessage): boolean {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > MAX_DRAINED_BYTES) return false
  let left = MAX_DRAINED_BYTES
  const timer = setTimeout(() => request.destroy(), MAX_DRAIN_MS).unref()
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) request.destroy()
  })
  request.once('close', () => clearTimeout(timer))
  request.once('end', () => clearTimeout(timer))
  request.resume()
  return true
}

const inflaters = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) }

/** Undoes `Content-Encoding`; undefined when there is nothing to undo. `amz-1.0` is what AWS clients call none. */
export function decompress(
  body: Buffer,
  encoding: string | undefined,
  maxBytes = MAX_GRAPHQL_BODY_BYTES,
): Promise<Buffer> | undefined {
  const name = encoding?.trim().toLowerCase()
  if (name === undefined || name === '' || name === 'identity' || name === 'amz-1.0') return undefined
  if (!Object.hasOwn(inflaters, name)) {
    const message = `The content encoding '${name.slice(0, 40)}' is not supported.`
    return Promise.reject(new GraphqlHttpError(415, 'UnsupportedMediaTypeException', message))
  }
  return inflaters[name as keyof typeof inflaters](body, { maxOutputLength: maxBytes }).catch((error: unknown) => {
    const isTooLarge = error instanceof RangeError
    throw isTooLarge
      ? tooLarge()
      : new GraphqlHttpError(400, 'MalformedHttpRequestException', 'Unable to decompress the request body.')
  })
}
