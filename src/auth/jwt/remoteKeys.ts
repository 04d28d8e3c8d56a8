import type { JWK } from 'jose'
import type { Clock } from '../../aws/clock.ts'
import { messageOf } from '../../aws/errors.ts'
import type { Log } from '../../observability/log.ts'
import { MAX_KEYS, selectKey } from './verificationKeys.ts'

/** The public keys that an issuer publishes. */
export interface IssuerKeys {
  /**
   * The keys to verify a token with. Synchronous while they are known; a promise when they must be fetched first, or
   * when none fits the header and the issuer may have rotated. Throws `KeysUnavailableError`.
   */
  keysFor(header: { alg: string; kid?: string }): readonly JWK[] | Promise<readonly JWK[]>
}

/** No keys are known, and the issuer gave none. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError'
  readonly code = 'KEYS_UNAVAILABLE'
}

/** Time between two fetches from one issuer, however many tokens with unknown keys arrive. */
export const FETCH_COOLDOWN_MS = 30_000
/** The same while none of its keys are known: an issuer that starts after this server is soon found. */
export const FIRST_FETCH_COOLDOWN_MS = 3000
/** Age at which known keys are fetched anew, beside the requests that still use them. */
export const REFRESH_AFTER_MS = 10 * 60 * 1000
/** Longest time that an issuer has to answer. */
const FETCH_TIMEOUT_MS = 5000
/** Largest document that is read from an issuer. */
const MAX_DOCUMENT_BYTES = 512 * 1024

export interface FetchOptions {
  fetch: typeof globalThis.fetch
  clock: Pick<Clock, 'now'>
  log: Log
  /** Milliseconds that an issuer has for one document. @default 5000 */
  timeout?: number
}

/**
 * Keys of an issuer elsewhere: fetched once and kept, in one request at a time and at most one a cool-down. Keys that
 * are known go on working while the issuer is down.
 * @param load Gets the key set; called again to refresh.
 */
export function createRemoteKeys(
  issuer: string,
  load: () => Promise<readonly JWK[]>,
  options: FetchOptions,
): IssuerKeys {
  const { clock, log } = options
  let keys: readonly JWK[] | undefined
  let fetchedAt = Number.NEGATIVE_INFINITY
  let attemptedAt = Number.NEGATIVE_INFINITY
  let pending: Promise<void> | undefined
  let problem = 'not fetched yet'

  const refresh = (): Promise<void> => {
    pending ??= load()
      .then(
        (loaded) => {
          keys = keepKnown(keys, loaded)
          fetchedAt = clock.now()
        },
        (error: unknown) => {
          problem = messageOf(error)
          log('warn', 'the keys of an issuer cannot be fetched', { issuer, problem, known: keys?.length ?? 0 })
        },
      )
      .finally(() => {
        pending = undefined
        attemptedAt = clock.now()
      })
    return pending
  }
  const mayFetch = (): boolean =>
    pending !== undefined ||
    clock.now() - attemptedAt >= (keys === undefined ? FIRST_FETCH_COOLDOWN_MS : FETCH_COOLDOWN_MS)

  return {
    keysFor(header) {
      if (keys !== undefined && selectKey(keys, header) !== undefined) {
        if (clock.now() - fetchedAt >= REFRESH_AFTER_MS && mayFetch()) void refresh()
        return keys
      }
      if (!mayFetch()) {
        if (keys !== undefined) return keys
        throw new KeysUnavailableError(`no keys of ${issuer}: ${problem}`)
      }
      return refresh().then(() => {
        if (keys === undefined) throw new KeysUnavailableError(`no keys of ${issuer}: ${problem}`)
        return keys
      })
    },
  }
}

/** A key that is published again stays the same object, so that what was imported from it and verified by it stays. */
function keepKnown(known: readonly JWK[] | undefined, loaded: readonly JWK[]): readonly JWK[] {
  const texts = new Map(known?.map((key) => [JSON.stringify(key), key]))
  return loaded.map((key) => texts.get(JSON.stringify(key)) ?? key)
}

/** Fetches a key set (RFC 7517, section 5). */
export async function fetchKeySet(url: string, options: FetchOptions): Promise<readonly JWK[]> {
  const document = await fetchJson(url, options)
  const keys = document['keys']
  if (!Array.isArray(keys)) throw new Error(`${url} is no key set`)
  if (keys.length > MAX_KEYS) throw new Error(`${url} has more than ${MAX_KEYS} keys`)
  return keys.filter((key): key is JWK => typeof key === 'object' && key !== null && typeof key.kty === 'string')
}

/** The issuer's own description (OpenID Connect Discovery 1.0, section 4). */
export interface Discovery {
  /** As the issuer writes it, with or without a slash at the end. */
  issuer: string
  jwksUri: string
}

/** An issuer describes itself under another name than it was configured with. */
export class IssuerMismatchError extends Error {
  override readonly name = 'IssuerMismatchError'
  readonly code = 'ISSUER_MISMATCH'
}

/** Fetches `/.well-known/openid-configuration`. Throws `IssuerMismatchError` naming both issuers. */
export async function discover(issuer: string, options: FetchOptions): Promise<Discovery> {
  const url = `${withoutSlash(issuer)}/.well-known/openid-configuration`
  const document = await fetchJson(url, options)
  const found = document['issuer']
  const jwksUri = document['jwks_uri']
  if (typeof found !== 'string' || withoutSlash(found) !== withoutSlash(issuer))
    throw new IssuerMismatchError(
      `the issuer is configured as "${issuer}", but ${url} names "${typeof found === 'string' ? found.slice(0, 200) : typeof found}"`,
    )
  if (typeof jwksUri !== 'string' || !/^https?:\/\//.test(jwksUri)) throw new Error(`${url} has no jwks_uri`)
  return { issuer: found, jwksUri }
}

export function withoutSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url
}

/** Reads a JSON object: without redirects, bounded in time and in bytes while they arrive. */
async function fetchJson(
  url: string,
  { fetch, timeout = FETCH_TIMEOUT_MS }: FetchOptions,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeout),
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`${url} answers ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_DOCUMENT_BYTES) throw new Error(`${url} is larger than ${MAX_DOCUMENT_BYTES} bytes`)
    chunks.push(chunk)
  }
  let value: unknown
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Error(`${url} is no JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${url} is no JSON object`)
  return value as Record<string, unknown>
}
