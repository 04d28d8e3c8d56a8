import type { UtilEnvironment } from './environment.ts'
import { randomBytes } from './random.ts'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** `util.autoId()`: a random UUID (version 4). */
export function autoId(environment: UtilEnvironment): string {
  const bytes = randomBytes(environment, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  let text = ''
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-'
    text += HEX[bytes[index] as number]
  }
  return text
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `util.autoUlid()`: 48 bits of time and 80 of chance in 26 characters that sort by time (github.com/ulid/spec). */
export function autoUlid(environment: UtilEnvironment): string {
  let time = environment.now()
  let text = ''
  for (let index = 0; index < 10; index++) {
    text = CROCKFORD[time % 32] + text
    time = Math.floor(time / 32)
  }
  for (const byte of randomBytes(environment, 16)) text += CROCKFORD[byte & 31]
  return text
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Seconds between the Unix epoch and that of KSUIDs (2014-05-13T16:53:20Z). */
const KSUID_EPOCH = 1_400_000_000

/** `util.autoKsuid()`: 32 bits of time and 128 of chance, base 62 in 27 characters (github.com/segmentio/ksuid). */
export function autoKsuid(environment: UtilEnvironment): string {
  environment.charge(80)
  let value = BigInt(Math.floor(environment.now() / 1000) - KSUID_EPOCH)
  for (const byte of randomBytes(environment, 16)) value = (value << 8n) | BigInt(byte)
  let text = ''
  for (let index = 0; index < 27; index++) {
    text = BASE62[Number(value % 62n)] + text
    value /= 62n
  }
  return text
}
