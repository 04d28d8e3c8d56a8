import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

/** Makes opaque texts that only this server can read back, and nobody can alter: what a client keeps for the server. */
export interface Sealer {
  seal(value: unknown): string
  /** @returns the value; undefined when the text was not sealed here for this purpose. */
  open(text: string): unknown
}

const IV_BYTES = 12
const TAG_BYTES = 16

/** @param purpose Texts that were sealed for one purpose cannot be opened for another. */
export function createSealer(secret: Uint8Array, purpose: string): Sealer {
  const key = createHmac('sha256', secret).update(purpose).digest()
  return {
    seal(value) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64')
    },
    open(text) {
      const bytes = Buffer.from(text, 'base64')
      if (bytes.length <= IV_BYTES + TAG_BYTES || bytes.toString('base64') !== text) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
      try {
        const body = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
        return JSON.parse(body.toString('utf8'))
      } catch {
        return undefined
      }
    },
  }
}
