import type { JWK } from 'jose'
import { decodeBase64Url, type TokenHeader } from './compactToken.ts'

/** Signature algorithms of JOSE, and the key that each takes. */
const ALGORITHMS: ReadonlyMap<string, { kty: 'RSA' | 'EC' | 'OKP' | 'oct'; crv?: string; minSecretBytes?: number }> =
  new Map([
    ['RS256', { kty: 'RSA' }],
    ['RS384', { kty: 'RSA' }],
    ['RS512', { kty: 'RSA' }],
    ['PS256', { kty: 'RSA' }],
    ['PS384', { kty: 'RSA' }],
    ['PS512', { kty: 'RSA' }],
    ['ES256', { kty: 'EC', crv: 'P-256' }],
    ['ES384', { kty: 'EC', crv: 'P-384' }],
    ['ES512', { kty: 'EC', crv: 'P-521' }],
    ['EdDSA', { kty: 'OKP', crv: 'Ed25519' }],
    ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }],
    ['HS256', { kty: 'oct', minSecretBytes: 32 }],
    ['HS384', { kty: 'oct', minSecretBytes: 48 }],
    ['HS512', { kty: 'oct', minSecretBytes: 64 }],
  ])

/** Smallest RSA modulus (RFC 7518, section 3.3). */
const MIN_RSA_BITS = 2048
/** A larger modulus makes a verification an attack on the processor. */
const MAX_RSA_BITS = 8192

/** A set that holds more keys than this is no key set of an issuer. */
export const MAX_KEYS = 100

/**
 * The key of a set that a token's header asks for: by its id, or the only one that fits where the header names none.
 * A set that mixes secrets with public keys is refused whole: the one could be taken for the other.
 */
export function selectKey(keys: readonly JWK[], header: TokenHeader): JWK | undefined {
  if (keys.length > MAX_KEYS) return undefined
  const secrets = keys.filter(({ kty }) => kty === 'oct').length
  if (secrets !== 0 && secrets !== keys.length) return undefined
  const fitting = keys.filter(
    (key) => (header.kid === undefined || key.kid === header.kid) && isUsable(key, header.alg),
  )
  return fitting.length === 1 ? fitting[0] : undefined
}

/** Whether a key may verify signatures of an algorithm: kind, declared use and algorithm, strength. */
export function isUsable(key: JWK, alg: string): boolean {
  const algorithm = ALGORITHMS.get(alg)
  if (algorithm === undefined || key.kty !== algorithm.kty) return false
  if (key.alg !== undefined && key.alg !== alg) return false
  if (key.use !== undefined && key.use !== 'sig') return false
  if (key.key_ops !== undefined && !(Array.isArray(key.key_ops) && key.key_ops.includes('verify'))) return false
  switch (algorithm.kty) {
    case 'RSA':
      return isSound(key)
    case 'EC':
    case 'OKP':
      return key.crv === algorithm.crv
    case 'oct':
      return typeof key.k === 'string' && (decodeBase64Url(key.k)?.length ?? 0) >= (algorithm.minSecretBytes ?? 0)
    default:
      return algorithm.kty satisfies never
  }
}

/** The arithmetic is done once for each key of a set. */
const soundness = new WeakMap<JWK, boolean>()

function isSound(key: JWK): boolean {
  let sound = soundness.get(key)
  if (sound === undefined) {
    sound = isSoundRsaKey(key)
    soundness.set(key, sound)
  }
  return sound
}

function isSoundRsaKey({ n, e }: JWK): boolean {
  const modulusBytes = typeof n === 'string' ? decodeBase64Url(n) : undefined
  const exponentBytes = typeof e === 'string' ? decodeBase64Url(e) : undefined
  if (modulusBytes === undefined || exponentBytes === undefined || exponentBytes.length > 8) return false
  if (modulusBytes.length > MAX_RSA_BITS / 8 + 1) return false
  const modulus = toBigInt(modulusBytes)
  const exponent = toBigInt(exponentBytes)
  const bits = modulus.toString(2).length
  return (
    bits >= MIN_RSA_BITS &&
    bits <= MAX_RSA_BITS &&
    modulus % 2n === 1n &&
    exponent >= 3n &&
    exponent % 2n === 1n &&
    !hasRocaFingerprint(modulus)
  )
}

function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** Odd primes up to 167: the product that the flawed generator built its primes on. */
const SMALL_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
]

/**
 * Whether a modulus came from the flawed generator of CVE-2017-15361 (ROCA), whose keys can be factored: modulo every
 * small prime it is a power of 65537.
 */
function hasRocaFingerprint(modulus: bigint): boolean {
  return SMALL_PRIMES.every((prime) => {
    const remainder = Number(modulus % BigInt(prime))
    let power = 1
    do {
      if (power === remainder) return true
      power = (power * 65537) % prime
    } while (power !== 1)
    return false
  })
}
