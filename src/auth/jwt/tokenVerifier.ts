import { createHash } from 'node:crypto'
import type { JWK } from 'jose'
import type { MaybePromise } from '../../aws/service.ts'
import { AuthenticationError } from '../caller.ts'
import { readClaims, readCompactToken, type TokenHeader } from './compactToken.ts'
import type { IssuerKeys } from './remoteKeys.ts'
import { selectKey } from './verificationKeys.ts'
import { verifyWith } from './verifyToken.ts'

export type Claims = Readonly<Record<string, unknown>>

/** A token that can be read. What it says is not to be believed before `verify`. */
export interface OpenedToken {
  text: string
  header: TokenHeader
  claims: Claims
}

/** Verifies signatures of tokens, and remembers those that were right. */
export interface TokenVerifier {
  /** @returns undefined when the text is no token. */
  open(text: string): OpenedToken | undefined
  /**
   * Resolves when the signature is right under a key of the issuer and an allowed algorithm; claims are not judged.
   * Throws `AuthenticationError`.
   */
  verify(token: OpenedToken, keys: IssuerKeys, algorithms: ReadonlySet<string>): MaybePromise<void>
}

export const NOT_AUTHORIZED = 'You are not authorized to make this call.'

export function unauthorized(message: string = NOT_AUTHORIZED): AuthenticationError {
  return new AuthenticationError('UnauthorizedException', message)
}

/** A token of which its signature was found right under a key. */
interface VerifiedToken extends OpenedToken {
  verifiedBy: JWK
}

/** Tokens whose signature was right are remembered by their digest; how long they are valid is judged every time. */
const MAX_REMEMBERED = 2000
/** Longer ones are verified each time, so that what is remembered stays small. */
const MAX_REMEMBERED_LENGTH = 8192

/**
 * A token that was verified once need not be verified again while its issuer still publishes the key: only the
 * signature is remembered, so that no claim outlives itself.
 */
export function createTokenVerifier(): TokenVerifier {
  const remembered = new Map<string, Omit<VerifiedToken, 'text'>>()
  const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64')
  const isVerified = (token: OpenedToken): token is VerifiedToken => 'verifiedBy' in token

  const check = (token: OpenedToken, keys: readonly JWK[]): MaybePromise<void> => {
    if (isVerified(token) && keys.includes(token.verifiedBy)) return
    const key = selectKey(keys, token.header)
    if (key === undefined) throw unauthorized()
    return verifyWith(token.text, token.header.alg, key).then((right) => {
      if (!right) throw unauthorized()
      if (token.text.length > MAX_REMEMBERED_LENGTH) return
      if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '')
      const { header, claims } = token
      remembered.set(digestOf(token.text), { header, claims, verifiedBy: key })
    })
  }

  return {
    open(text) {
      const known = text.length > MAX_REMEMBERED_LENGTH ? undefined : remembered.get(digestOf(text))
      if (known !== undefined) return { ...known, text }
      const parsed = readCompactToken(text)
      const claims = parsed && readClaims(parsed.payload)
      return parsed && claims && { text, header: parsed.header, claims }
    },
    verify(token, issuerKeys, algorithms) {
      if (!algorithms.has(token.header.alg)) throw unauthorized()
      const keys = issuerKeys.keysFor(token.header)
      return keys instanceof Promise ? keys.then((loaded) => check(token, loaded)) : check(token, keys)
    },
  }
}
