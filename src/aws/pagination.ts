import { createHmac, timingSafeEqual } from 'node:crypto'

/** Makes and reads the opaque `nextToken`s of one server; a token that another made, or that was altered, is refused. */
export interface PageTokens {
  seal(position: unknown, purpose: string): string
  /** @returns the position, or undefined when the token was not made here for this purpose. */
  open(token: string, purpose: string): unknown
}

const MAC_BYTES = 16

export function createPageTokens(secret: Uint8Array): PageTokens {
  const mac = (purpose: string, body: Uint8Array): Buffer =>
    createHmac('sha256', secret).update(purpose).update('\0').update(body).digest().subarray(0, MAC_BYTES)
  return {
    seal(position, purpose) {
      const body = Buffer.from(JSON.stringify(position))
      return Buffer.concat([mac(purpose, body), body]).toString('base64')
    },
    open(token, purpose) {
      const bytes = Buffer.from(token, 'base64')
      if (bytes.length <= MAC_BYTES || bytes.toString('base64') !== token) return undefined
      const body = bytes.subarray(MAC_BYTES)
      if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), mac(purpose, body))) return undefined
      return JSON.parse(body.toString('utf8'))
    },
  }
}
