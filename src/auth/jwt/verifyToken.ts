import { type CryptoKey, compactVerify, importJWK, type JWK } from 'jose'
import { type CompactToken, readCompactToken } from './compactToken.ts'
import { selectKey } from './verificationKeys.ts'

/** Imported keys, by the JWK object that a key set holds; they go with the set. */
const imported = new WeakMap<JWK, Map<string, Promise<CryptoKey | Uint8Array>>>()

/**
 * Verifies the signature of a compact token with the fitting key of a set.
 * @returns the token taken apart; undefined when it is none, no key fits, or the signature is wrong.
 */
export async function verifyToken(text: string, keys: readonly JWK[]): Promise<CompactToken | undefined> {
  const token = readCompactToken(text)
  const key = token && selectKey(keys, token.header)
  return token !== undefined && key !== undefined && (await verifyWith(text, token.header.alg, key)) ? token : undefined
}

/** Whether the signature is right under this key, which has been found usable for the algorithm. */
export async function verifyWith(text: string, alg: string, key: JWK): Promise<boolean> {
  try {
    await compactVerify(text, await importKey(key, alg), { algorithms: [alg] })
    return true
  } catch {
    return false
  }
}

function importKey(key: JWK, alg: string): Promise<CryptoKey | Uint8Array> {
  let byAlgorithm = imported.get(key)
  if (byAlgorithm === undefined) {
    byAlgorithm = new Map()
    imported.set(key, byAlgorithm)
  }
  let promise = byAlgorithm.get(alg)
  if (promise === undefined) {
    promise = importJWK(key, alg)
    byAlgorithm.set(alg, promise)
  }
  return promise
}
