import type { IncomingMessage } from 'node:http'

/** The body was larger than allowed; it was not read to its end. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
}

/** Reads a request's body, at most `limit` bytes, bounded while it arrives. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers['content-length'])
    if (announced > limit) return reject(new BodyTooLargeError(`more than ${limit} bytes`))
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        request.removeAllListeners('data')
        request.pause()
        reject(new BodyTooLargeError(`more than ${limit} bytes`))
        return
      }
      chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)))
    request.on('error', reject)
    request.on('aborted', () => reject(new Error('the client went away')))
  })
}
