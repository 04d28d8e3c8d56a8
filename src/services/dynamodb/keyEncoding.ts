import { hash } from 'node:crypto'
import { encodeNumber } from './number.ts'

/** Types that keys can have. */
export type KeyType = 'S' | 'N' | 'B'

/** A key attribute's content (text, canonical number, base64) as bytes in the order of the values. */
export function encodeKey(type: KeyType, content: string): Uint8Array {
  if (type === 'S') return Buffer.from(content, 'utf8')
  return type === 'N' ? encodeNumber(content) : Buffer.from(content, 'base64')
}

/** Bytes of the hash in front of a partition key: what scans and their segments go by. */
export const HASH_BYTES = 4

/** What DynamoDB mixes into the hash of a partition key; found by observation of its scan order. */
const HASH_SALT = Buffer.from('Outliers')

/** Where salted keys are put together; longer ones get memory of their own. */
const scratch = Buffer.alloc(256)
HASH_SALT.copy(scratch)

/** A partition key as stored: its hash, so that scans have DynamoDB's order, then its bytes. */
export function encodePartition(key: Uint8Array): Uint8Array {
  const length = HASH_SALT.length + key.length
  const salted = length <= scratch.length ? scratch.subarray(0, length) : Buffer.concat([HASH_SALT, key])
  salted.set(key, HASH_SALT.length)
  // The digest as text: as bytes it would cost memory outside of the heap, and twice the time.
  const digest = Number.parseInt(hash('md5', salted, 'hex').slice(0, HASH_BYTES * 2), 16)
  const bytes = new Uint8Array(HASH_BYTES + key.length)
  bytes[0] = digest >>> 24
  bytes[1] = digest >>> 16
  bytes[2] = digest >>> 8
  bytes[3] = digest
  bytes.set(key, HASH_BYTES)
  return bytes
}

/** The first partition of a segment of a parallel scan, or undefined behind the last one. */
export function segmentStart(segment: number, totalSegments: number): Uint8Array | undefined {
  if (segment >= totalSegments) return undefined
  const start = Buffer.alloc(HASH_BYTES)
  start.writeUInt32BE(Number((BigInt(segment) * 0x1_0000_0000n) / BigInt(totalSegments)))
  return start
}

/** The least bytes that are greater than `bytes`. */
export function after(bytes: Uint8Array): Uint8Array {
  const next = new Uint8Array(bytes.length + 1)
  next.set(bytes)
  return next
}

/** The least bytes that are greater than everything that starts with `prefix`; undefined when there are none. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let end = prefix.length
  while (end > 0 && prefix[end - 1] === 0xff) end--
  if (end === 0) return undefined
  // A copy: `slice` of a Buffer is none.
  const next = new Uint8Array(prefix.subarray(0, end))
  next[end - 1] = (next[end - 1] as number) + 1
  return next
}

/** Several keys as bytes in the order of the lists. */
export function joinKeys(keys: readonly Uint8Array[]): Uint8Array {
  const [only] = keys
  if (keys.length === 1 && only !== undefined) return only
  return Buffer.concat(keys.map((key) => joinedKey(key)))
}

/** One key as `joinKeys` writes it among others: 0x00 becomes 0x00 0xFF, and the key ends in 0x00 0x01. */
export function joinedKey(key: Uint8Array, ended = true): Uint8Array {
  const bytes: number[] = []
  for (const byte of key) {
    bytes.push(byte)
    if (byte === 0) bytes.push(0xff)
  }
  if (ended) bytes.push(0, 1)
  return Uint8Array.from(bytes)
}
