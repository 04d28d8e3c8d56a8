import { createHash, createHmac, randomBytes } from 'node:crypto'

/**
 * The client's half of Cognito's SRP, written from the protocol (as amazon-cognito-identity-js speaks it) and apart from
 * the server's, for tests that need to send something wrong.
 */
const N_HEX =
  'FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF'
export const N = BigInt(`0x${N_HEX}`)
const g = 2n

export interface SrpClient {
  SRP_A: string
  /** The responses to a PASSWORD_VERIFIER challenge. */
  answer(
    challenge: Readonly<Record<string, string>>,
    poolName: string,
    password: string,
  ): { USERNAME: string; PASSWORD_CLAIM_SECRET_BLOCK: string; TIMESTAMP: string; PASSWORD_CLAIM_SIGNATURE: string }
}

export function createSrpClient(): SrpClient {
  const a = BigInt(`0x${randomBytes(128).toString('hex')}`) % N
  const A = power(g, a)
  return {
    SRP_A: A.toString(16),
    answer(challenge, poolName, password) {
      const username = challenge['USER_ID_FOR_SRP'] ?? ''
      const B = BigInt(`0x${challenge['SRP_B']}`)
      const u = hash(signed(A) + signed(B))
      const identity = createHash('sha256').update(`${poolName}${username}:${password}`).digest('hex')
      const x = hash(signed(BigInt(`0x${challenge['SALT']}`)) + identity)
      const k = hash(signed(N) + signed(g))
      const base = (((B - k * power(g, x)) % N) + N) % N
      const S = power(base, a + u * x)
      const prk = createHmac('sha256', Buffer.from(signed(u), 'hex'))
        .update(Buffer.from(signed(S), 'hex'))
        .digest()
      const key = createHmac('sha256', prk).update('Caldera Derived Key\u0001').digest().subarray(0, 16)
      const TIMESTAMP = 'Thu Jan 15 12:00:00 UTC 2026'
      const signature = createHmac('sha256', key)
        .update(poolName + username)
        .update(Buffer.from(challenge['SECRET_BLOCK'] ?? '', 'base64'))
        .update(TIMESTAMP)
        .digest('base64')
      return {
        USERNAME: username,
        PASSWORD_CLAIM_SECRET_BLOCK: challenge['SECRET_BLOCK'] ?? '',
        TIMESTAMP,
        PASSWORD_CLAIM_SIGNATURE: signature,
      }
    },
  }
}

function signed(value: bigint): string {
  let hex = value.toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  return Number.parseInt(hex.charAt(0), 16) >= 8 ? `00${hex}` : hex
}

function hash(hex: string): bigint {
  return BigInt(`0x${createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex')}`)
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let b = base % N, e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * b) % N
    b = (b * b) % N
  }
  return result
}
