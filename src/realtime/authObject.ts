import type { IncomingHttpHeaders } from 'node:http'
import type { RequestCredentials } from '../auth/caller.ts'

/** Headers as AppSync's clients pass them for a socket: an object of header names and values. */
export type AuthObject = Readonly<Record<string, string>>

/** What of a handshake may carry credentials. */
export interface Handshake {
  headers: IncomingHttpHeaders
  /** Query string, without its question mark. */
  search: string
  /** Subprotocols that were offered. */
  protocols: readonly string[]
}

/** The credentials of a connection cannot be read. */
export class AuthObjectError extends Error {
  override readonly name = 'AuthObjectError'
}

/** Larger than any token that a client may send in a request's headers. */
const MAX_ENCODED_LENGTH = 65_536

/**
 * The credentials given with a handshake: in the query (`header=` base64), as a second subprotocol
 * (`header-` base64url), or as the request's own headers (developer guide, “Handshake details”).
 */
export function authObjectOfHandshake({ headers, search, protocols }: Handshake): AuthObject {
  const subprotocol = protocols.find((protocol) => protocol.startsWith('header-'))
  if (subprotocol !== undefined) return decode(subprotocol.slice('header-'.length), 'base64url')
  const header = /(?:^|&)header=([^&]*)/.exec(search)?.[1]
  if (header !== undefined) return decode(percentDecode(header).replaceAll(' ', '+'), 'base64')
  const own = Object.create(null) as Record<string, string>
  for (const name of [
    'authorization',
    'x-api-key',
    'host',
    'x-amz-date',
    'x-amz-security-token',
    'x-amz-content-sha256',
  ]) {
    const value = headers[name]
    if (typeof value === 'string') own[name] = value
  }
  return own
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new AuthObjectError('The header parameter is not percent-encoded UTF-8.')
  }
}

function decode(text: string, encoding: 'base64' | 'base64url'): AuthObject {
  if (text.length > MAX_ENCODED_LENGTH) throw new AuthObjectError('The header parameter is too long.')
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(text, encoding).toString('utf8'))
  } catch {
    throw new AuthObjectError('The header parameter is not base64 of JSON.')
  }
  return toAuthObject(parsed)
}

/** Checks that a parsed value is an object of strings; other members are left out. */
export function toAuthObject(value: unknown): AuthObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AuthObjectError('The authorization is not an object of headers.')
  const headers = Object.create(null) as Record<string, string>
  for (const [name, item] of Object.entries(value)) if (typeof item === 'string') headers[name] = item
  return headers
}

/**
 * The request that an auth object stands for: AppSync's clients sign a POST of `{}` to the endpoint's path with
 * `/connect` for the connection, and a POST of the operation's text to the endpoint for each subscription.
 */
export function credentialsOf(
  auth: AuthObject,
  path: string,
  body: string,
  operation?: RequestCredentials['operation'],
): RequestCredentials {
  return {
    method: 'POST',
    target: path,
    headers: withoutRepetition(auth),
    body: Buffer.from(body),
    ...(operation !== undefined && { operation }),
  }
}

/**
 * Apollo's links send one header under two spellings (`x-api-key` and `X-Api-Key`): the same value twice is one header,
 * different values stay two, which authentication refuses.
 */
function withoutRepetition(auth: AuthObject): [string, string][] {
  const seen = new Set<string>()
  return Object.entries(auth).filter(([name, value]) => {
    const key = `${name.toLowerCase()}\n${value}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
