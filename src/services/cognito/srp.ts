import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * The server's half of the Secure Remote Password protocol (RFC 5054) as Amazon Cognito speaks it: SHA-256, the 3072-bit
 * group, and numbers written in hexadecimal as two's complement, that is with a leading zero byte where the first bit is set.
 */

/** The 3072-bit group of RFC 5054, appendix A. */
const N = BigInt(
  `0x${[
    'FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74',
    '020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437',
    '4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED',
    'EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05',
    '98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB',
    '9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B',
    'E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718',
    '3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33',
    'A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7',
    'ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864',
    'D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2',
    '08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF',
  ].join('')}`,
)
const G = 2n
const K = hashOf(`${padded(N)}${padded(G)}`)
const SALT_BYTES = 16
const EPHEMERAL_BYTES = 32
const KEY_BYTES = 16
const INFO = `Caldera Derived Key${String.fromCharCode(1)}`

/** What is kept of a password for SRP: it proves a password without holding it. */
export interface SrpVerifier {
  /** Hexadecimal. */
  salt: string
  /** Hexadecimal. */
  verifier: string
}

/** @param poolName What follows the underscore in a pool's id. */
export function createVerifier(
  poolName: string,
  username: string,
  password: string,
  salt = randomBytes(SALT_BYTES).toString('hex'),
): SrpVerifier {
  const identity = createHash('sha256').update(`${poolName}${username}:${password}`).digest('hex')
  const x = hashOf(`${padded(toNumber(salt))}${identity}`)
  return { salt: toNumber(salt).toString(16), verifier: modPow(G, x).toString(16) }
}

/** A server's secret and public numbers for one exchange, hexadecimal. */
export interface ServerEphemeral {
  b: string
  B: string
}

export function createServerEphemeral(verifier: string): ServerEphemeral {
  const b = toNumber(randomBytes(EPHEMERAL_BYTES).toString('hex'))
  const B = (K * toNumber(verifier) + modPow(G, b)) % N
  return { b: b.toString(16), B: B.toString(16) }
}

/** Whether a client's public number may be used at all: hexadecimal, and no multiple of N, which would fix the key. */
export function isPublicNumber(A: string): boolean {
  return /^[0-9a-fA-F]{1,770}$/.test(A) && toNumber(A) % N !== 0n
}

/** Whether a claim of PASSWORD_VERIFIER was made by somebody who knows the password. */
export function verifyClaim(exchange: {
  poolName: string
  /** `USER_ID_FOR_SRP` */
  username: string
  verifier: string
  /** The client's public number. */
  A: string
  ephemeral: ServerEphemeral
  /** As sent, base64. */
  secretBlock: string
  timestamp: string
  /** Base64. */
  signature: string
}): boolean {
  const { ephemeral } = exchange
  const A = toNumber(exchange.A)
  const u = hashOf(`${padded(A)}${padded(toNumber(ephemeral.B))}`)
  if (u === 0n) return false
  const S = modPow((A * modPow(toNumber(exchange.verifier), u)) % N, toNumber(ephemeral.b))
  const pseudoRandomKey = createHmac('sha256', Buffer.from(padded(u), 'hex'))
    .update(Buffer.from(padded(S), 'hex'))
    .digest()
  const key = createHmac('sha256', pseudoRandomKey).update(INFO).digest().subarray(0, KEY_BYTES)
  const expected = createHmac('sha256', key)
    .update(exchange.poolName)
    .update(exchange.username)
    .update(Buffer.from(exchange.secretBlock, 'base64'))
    .update(exchange.timestamp)
    .digest()
  const given = Buffer.from(exchange.signature, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function toNumber(hex: string): bigint {
  return BigInt(`0x${hex}`)
}

/** Hexadecimal of whole bytes, positive in two's complement. */
function padded(value: bigint): string {
  const hex = value.toString(16)
  const even = hex.length % 2 === 1 ? `0${hex}` : hex
  return /^[89a-f]/.test(even) ? `00${even}` : even
}

function hashOf(hex: string): bigint {
  return toNumber(createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex'))
}

function modPow(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let power = base % N
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * power) % N
    power = (power * power) % N
  }
  return result
}
