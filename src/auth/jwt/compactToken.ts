/** A token in JWS compact serialization, taken apart strictly; the signature is not verified yet. */
export interface CompactToken {
  header: TokenHeader
  /** Decoded bytes of the payload. */
  payload: Uint8Array
  /** What the signature covers. */
  signingInput: string
  signature: Uint8Array
}

export interface TokenHeader {
  alg: string
  kid?: string
}

/** Longest token that is looked at; HTTP headers end earlier. */
export const MAX_TOKEN_LENGTH = 65_536
/** Headers name an algorithm and a key; a longer one is an attack on the JSON parser. */
const MAX_HEADER_LENGTH = 8192

/**
 * Takes a compact token apart. Padding, white space, the other alphabet and stray bits in base64url are refused, which
 * libraries let pass; so is a critical extension, of which none is known here.
 * @returns undefined when the text is no such token.
 */
export function readCompactToken(text: string): CompactToken | undefined {
  if (text.length > MAX_TOKEN_LENGTH) return undefined
  const parts = text.split('.', 4)
  const [header64, payload64, signature64] = parts
  if (parts.length !== 3 || header64 === undefined || payload64 === undefined || signature64 === undefined)
    return undefined
  if (header64 === '' || header64.length > MAX_HEADER_LENGTH || signature64 === '') return undefined
  const headerBytes = decodeBase64Url(header64)
  const payload = decodeBase64Url(payload64)
  const signature = decodeBase64Url(signature64)
  if (headerBytes === undefined || payload === undefined || signature === undefined) return undefined
  const header = readHeader(headerBytes)
  return header && { header, payload, signingInput: `${header64}.${payload64}`, signature }
}

/** @returns the claims of a payload; undefined unless it is a JSON object. */
export function readClaims(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  return readObject(payload)
}

/** Strict base64url (RFC 4648, section 5, without padding). */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function readHeader(bytes: Uint8Array): TokenHeader | undefined {
  const header = readObject(bytes)
  if (header === undefined || Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return undefined
  const { alg, kid } = header
  if (typeof alg !== 'string') return undefined
  if (kid === undefined) return { alg }
  return typeof kid === 'string' ? { alg, kid } : undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
