import { createHmac, timingSafeEqual } from 'node:crypto'

/** Makes and reads task tokens: which attempt of which execution's flow they end, sealed so that none can be guessed. */
export interface TaskTokens {
  make(execution: number, flow: number, attempt: number): string
  /** Undefined: not made here. */
  read(token: string): { execution: number; flow: number; attempt: number } | undefined
}

const VERSION = 1
const BODY_BYTES = 1 + 8 + 4 + 4
const MAC_BYTES = 32

export function createTaskTokens(secret: Uint8Array): TaskTokens {
  const mac = (body: Uint8Array): Buffer => createHmac('sha256', secret).update('task token').update(body).digest()
  return {
    make(execution, flow, attempt) {
      const body = Buffer.alloc(BODY_BYTES)
      body.writeUInt8(VERSION, 0)
      body.writeBigUInt64BE(BigInt(execution), 1)
      body.writeUInt32BE(flow, 9)
      body.writeUInt32BE(attempt, 13)
      return Buffer.concat([body, mac(body)]).toString('base64')
    },
    read(token) {
      const bytes = Buffer.from(token, 'base64')
      if (bytes.length !== BODY_BYTES + MAC_BYTES || bytes.toString('base64') !== token) return undefined
      const body = bytes.subarray(0, BODY_BYTES)
      if (body[0] !== VERSION || !timingSafeEqual(bytes.subarray(BODY_BYTES), mac(body))) return undefined
      return {
        execution: Number(body.readBigUInt64BE(1)),
        flow: body.readUInt32BE(9),
        attempt: body.readUInt32BE(13),
      }
    },
  }
}
