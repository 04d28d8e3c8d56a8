import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AwsError } from './errors.ts'

/** Header names and values in the order sent, repetition kept. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** A request as a signature covers it. */
export interface SignableRequest {
  method: string
  /** Path and query as sent. */
  target: string
  headers: HeaderList
  body: Uint8Array | string
}

/** An access key, long-term or temporary. */
export interface SigningCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

export interface SigningContext {
  credentials: SigningCredentials
  region: string
  /** The service's signing name, for example `appsync`, `states`, `execute-api`. */
  service: string
  /** Milliseconds since the epoch. @default the system's time */
  now?: number
  /** Removes `.`, `..` and empty segments of the path before signing: every service but S3. @default true, false for S3 */
  normalizePath?: boolean
  /** Sends and signs `x-amz-content-sha256`. @default false, true for S3 */
  signBody?: boolean
  /** Sends the session token without signing it (AWS IoT asks for that). @default false */
  omitSessionToken?: boolean
}

/** The two intermediate texts that the specification names, and the result. */
export interface SignatureSteps {
  canonicalRequest: string
  stringToSign: string
  signature: string
}

export interface SignedRequest extends SignatureSteps {
  /** The headers given, then those that the signature added. */
  headers: [name: string, value: string][]
}

export interface PresignedRequest extends SignatureSteps {
  /** Path and query with the signature. */
  target: string
}

export const ALGORITHM = 'AWS4-HMAC-SHA256'
const TERMINATOR = 'aws4_request'
/** Allowed difference between the clocks of signer and verifier (SigV4 documentation): five minutes either way. */
export const MAX_CLOCK_SKEW_MS = 5 * 60 * 1000
/** Longest life of a presigned request (SigV4 documentation): seven days. */
export const MAX_EXPIRES_SECONDS = 604_800

/** Headers that proxies and HTTP clients change on the way; a signer leaves them out. */
const UNSIGNABLE_HEADERS = new Set([
  'authorization',
  'connection',
  'expect',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amzn-trace-id',
])

/** Signs a request in its Authorization header. `host` is taken from `url` when no header gives it. */
export function signRequest(
  options: SigningContext & {
    method: string
    /** Path and query; or `url`. */
    target?: string
    url?: string | URL
    headers?: HeaderList | Readonly<Record<string, string>>
    body?: Uint8Array | string
  },
): SignedRequest {
  const url = options.url === undefined ? undefined : new URL(options.url)
  const target = options.target ?? (url === undefined ? '/' : `${url.pathname}${url.search}`)
  const body = options.body ?? ''
  const headers = toList(options.headers ?? [])
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  if (!given.has('host') && url !== undefined) headers.push(['Host', url.host])
  const { region, service, credentials } = options
  const date = formatAmzDate(options.now ?? Date.now())
  if (!given.has('x-amz-date')) headers.push(['X-Amz-Date', date])
  const payloadHash = sha256(body)
  if ((options.signBody ?? service === 's3') && !given.has('x-amz-content-sha256'))
    headers.push(['x-amz-content-sha256', payloadHash])
  const token: [string, string][] =
    credentials.sessionToken === undefined || given.has('x-amz-security-token')
      ? []
      : [['X-Amz-Security-Token', credentials.sessionToken]]
  if (options.omitSessionToken !== true) headers.push(...token)

  const signedHeaders = signableNames(headers)
  const scope = `${date.slice(0, 8)}/${region}/${service}/${TERMINATOR}`
  const steps = sign(
    { method: options.method, target, headers, body },
    { signedHeaders, payloadHash, pathRule: pathRuleOf(options), date, scope, secret: credentials.secretAccessKey },
  )
  if (options.omitSessionToken === true) headers.push(...token)
  headers.push([
    'Authorization',
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders.join(';')}, Signature=${steps.signature}`,
  ])
  return { ...steps, headers }
}

/** Signs a request in its query string; whoever has the result can send it until it expires. */
export function presign(
  request: SignableRequest,
  options: SigningContext & {
    /** Seconds, 1–604,800. */
    expiresIn: number
  },
): PresignedRequest {
  const { credentials, region, service } = options
  const date = formatAmzDate(options.now ?? Date.now())
  const scope = `${date.slice(0, 8)}/${region}/${service}/${TERMINATOR}`
  const signedHeaders = signableNames(request.headers)
  const parameters: [string, string][] = [
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scope}`],
    ['X-Amz-Date', date],
    ['X-Amz-SignedHeaders', signedHeaders.join(';')],
    ['X-Amz-Expires', String(options.expiresIn)],
  ]
  const token: [string, string][] =
    credentials.sessionToken === undefined ? [] : [['X-Amz-Security-Token', credentials.sessionToken]]
  if (options.omitSessionToken !== true) parameters.push(...token)
  const append = (target: string, pairs: readonly (readonly [string, string])[]): string =>
    pairs.reduce((text, [name, value]) => `${text}${text.includes('?') ? '&' : '?'}${name}=${uriEncode(value)}`, target)
  const target = append(request.target, parameters)
  const steps = sign(
    { ...request, target },
    {
      signedHeaders,
      payloadHash: service === 's3' ? 'UNSIGNED-PAYLOAD' : sha256(request.body),
      pathRule: pathRuleOf(options),
      date,
      scope,
      secret: credentials.secretAccessKey,
    },
  )
  const unsigned = options.omitSessionToken === true ? token : []
  return { ...steps, target: append(target, [...unsigned, ['X-Amz-Signature', steps.signature]]) }
}

/** What a signed request says of its signature. Nothing here is verified yet. */
export interface SignatureClaim {
  form: 'header' | 'query'
  accessKeyId: string
  /** `YYYYMMDD` of the credential scope. */
  scopeDate: string
  region: string
  service: string
  /** Lower case, sorted, without repetition. */
  signedHeaders: readonly string[]
  signature: string
  /** `YYYYMMDDTHHMMSSZ` as sent. */
  date: string
  /** Milliseconds since the epoch. */
  time: number
  /** Seconds; of the query form only. */
  expires?: number
  sessionToken?: string
}

/** Whether a request carries a Signature Version 4 in one of its forms, complete or not. */
export function isSigned(request: Pick<SignableRequest, 'target' | 'headers'>): boolean {
  return (
    request.headers.some(([name, value]) => name.toLowerCase() === 'authorization' && /^AWS\d-/.test(value)) ||
    (request.target.includes('X-Amz-') && queryParameters(request.target).has('X-Amz-Algorithm'))
  )
}

/**
 * Reads the signature of a request. Throws `AwsError`: `MissingAuthenticationTokenException` without one,
 * `IncompleteSignatureException` for one that is not well formed.
 */
export function readSignature(request: SignableRequest): SignatureClaim {
  const authorizations = valuesOf(request.headers, 'authorization')
  const query = request.target.includes('X-Amz-') ? queryParameters(request.target) : undefined
  const inQuery = query?.has('X-Amz-Algorithm') === true || query?.has('X-Amz-Signature') === true
  if (authorizations.length > 1) throw incomplete('Only one Authorization header is allowed.')
  if (authorizations[0] !== undefined) {
    if (inQuery)
      throw incomplete('A request is signed either in its Authorization header or in its query, not in both.')
    return readHeaderForm(request, authorizations[0])
  }
  if (inQuery && query !== undefined) return readQueryForm(query)
  throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', { statusCode: 403 })
}

export interface VerificationContext {
  /** Milliseconds since the epoch. */
  now: number
  secretAccessKey: string
  /** Regions that the credential scope may name; any when undefined. */
  region?: string
  /** Signing names that the credential scope may have; any when undefined. */
  services?: readonly string[]
  /** @default true */
  normalizePath?: boolean
}

/**
 * Checks a signature that `readSignature` has read: time, scope, and the signature itself, over the headers that it
 * names and the bytes of the body. Throws `AwsError` `InvalidSignatureException`. Session tokens are the caller's.
 */
export function verifySignature(request: SignableRequest, claim: SignatureClaim, context: VerificationContext): void {
  checkTime(claim, context.now)
  if (claim.scopeDate !== claim.date.slice(0, 8))
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.scopeDate}' != '${claim.date.slice(0, 8)}', from '${claim.date}'.`,
    )
  if (context.region !== undefined && claim.region !== context.region)
    throw invalid(`Credential should be scoped to a valid region, not '${claim.region}'. `)
  if (context.services !== undefined && !context.services.includes(claim.service))
    throw invalid(`Credential should be scoped to correct service: '${context.services[0] ?? ''}'. `)
  if (!claim.signedHeaders.includes('host') && !claim.signedHeaders.includes(':authority'))
    throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
  const sent = new Set(request.headers.map(([name]) => name.toLowerCase()))
  if (!claim.signedHeaders.every((name) => sent.has(name))) throw invalid(MISMATCH)

  const payloadHash = sha256(request.body)
  for (const [name, value] of request.headers)
    if (name.toLowerCase() === 'x-amz-content-sha256' && value.trim() !== payloadHash) throw invalid(MISMATCH)
  if (!signatureMatches(request, claim, context, payloadHash)) throw invalid(MISMATCH)
}

/** `YYYYMMDDTHHMMSSZ`. */
export function formatAmzDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

function invalid(message: string): AwsError {
  return new AwsError('InvalidSignatureException', message, { statusCode: 403 })
}

function incomplete(message: string): AwsError {
  return new AwsError('IncompleteSignatureException', message, { statusCode: 403 })
}

function readHeaderForm(request: SignableRequest, authorization: string): SignatureClaim {
  const space = authorization.indexOf(' ')
  const algorithm = space === -1 ? authorization : authorization.slice(0, space)
  if (algorithm !== ALGORITHM) throw incomplete(`Unsupported AWS 'algorithm'. Only '${ALGORITHM}' is supported.`)
  const parts = new Map<string, string>()
  for (const part of authorization.slice(space + 1).split(',')) {
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(equals, 0)).trim()
    if (equals === -1 || parts.has(name))
      throw incomplete('Authorization header is not a list of different key=value pairs.')
    parts.set(name, part.slice(equals + 1).trim())
  }
  const required = (name: string): string => {
    const value = parts.get(name)
    if (value === undefined || value === '') throw incomplete(`Authorization header requires '${name}' parameter.`)
    return value
  }
  const credential = required('Credential')
  const signedHeaders = required('SignedHeaders')
  const signature = required('Signature')
  const dates = valuesOf(request.headers, 'x-amz-date')
  const fallback = dates.length === 0 ? valuesOf(request.headers, 'date') : []
  const sent = dates.length === 0 ? fallback : dates
  if (sent.length !== 1)
    throw incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
  const tokens = valuesOf(request.headers, 'x-amz-security-token')
  if (tokens.length > 1) throw incomplete('Only one X-Amz-Security-Token header is allowed.')
  return {
    form: 'header',
    ...readCredential(credential),
    signedHeaders: readSignedHeaders(signedHeaders),
    signature,
    ...readDate((sent[0] ?? '').trim(), dates.length === 0),
    ...(tokens[0] !== undefined && { sessionToken: tokens[0].trim() }),
  }
}

function readQueryForm(query: ReadonlyMap<string, readonly string[]>): SignatureClaim {
  const one = (name: string): string | undefined => {
    const values = query.get(name)
    if (values !== undefined && values.length > 1) throw incomplete(`AWS query-string parameter '${name}' is repeated.`)
    return values?.[0]
  }
  const required = (name: string): string => {
    const value = one(name)
    if (value === undefined || value === '') throw incomplete(`AWS query-string parameters must include '${name}'.`)
    return value
  }
  if (required('X-Amz-Algorithm') !== ALGORITHM)
    throw incomplete(`Unsupported AWS 'algorithm'. Only '${ALGORITHM}' is supported.`)
  const credential = required('X-Amz-Credential')
  const signature = required('X-Amz-Signature')
  const signedHeaders = required('X-Amz-SignedHeaders')
  const date = required('X-Amz-Date')
  const expires = one('X-Amz-Expires')
  if (expires !== undefined && (!/^\d{1,7}$/.test(expires) || Number(expires) > MAX_EXPIRES_SECONDS))
    throw incomplete(`X-Amz-Expires must be between 0 and ${MAX_EXPIRES_SECONDS} seconds.`)
  const sessionToken = one('X-Amz-Security-Token')
  return {
    form: 'query',
    ...readCredential(credential),
    signedHeaders: readSignedHeaders(signedHeaders),
    signature,
    ...readDate(date, false),
    ...(expires !== undefined && { expires: Number(expires) }),
    ...(sessionToken !== undefined && { sessionToken }),
  }
}

function readCredential(credential: string): Pick<SignatureClaim, 'accessKeyId' | 'scopeDate' | 'region' | 'service'> {
  const [accessKeyId, scopeDate, region, service, terminator, ...more] = credential.split('/')
  if (
    accessKeyId === undefined ||
    scopeDate === undefined ||
    region === undefined ||
    service === undefined ||
    terminator === undefined ||
    more.length > 0
  )
    throw incomplete('Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.')
  if (terminator !== TERMINATOR)
    throw incomplete(`Credential should be scoped with a valid terminator: '${TERMINATOR}'.`)
  return { accessKeyId, scopeDate, region, service }
}

function readSignedHeaders(list: string): string[] {
  const names = list.split(';').map((name) => name.toLowerCase())
  if (names.includes('') || new Set(names).size !== names.length)
    throw incomplete('SignedHeaders must be a list of different header names.')
  return names.sort()
}

/** @param alsoHttp Whether the form of the `Date` header is allowed. */
function readDate(text: string, alsoHttp: boolean): Pick<SignatureClaim, 'date' | 'time'> {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text)
  if (match !== null) {
    const [, year, month, day, hour, minute, second] = match
    const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
    if (!Number.isNaN(time) && formatAmzDate(time) === text) return { date: text, time }
  }
  if (alsoHttp && /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) {
    const time = Date.parse(text)
    if (!Number.isNaN(time)) return { date: formatAmzDate(time), time }
  }
  throw incomplete("Date must be in ISO-8601 'basic format'. See http://en.wikipedia.org/wiki/ISO_8601.")
}

function checkTime(claim: SignatureClaim, now: number): void {
  const at = formatAmzDate
  if (claim.time > now + MAX_CLOCK_SKEW_MS)
    throw invalid(
      `Signature not yet current: ${claim.date} is still later than ${at(now + MAX_CLOCK_SKEW_MS)} (${at(now)} + 5 min.)`,
    )
  if (claim.form === 'query' && claim.expires !== undefined) {
    const end = claim.time + claim.expires * 1000
    if (now >= end) throw invalid(`Signature expired: ${at(end)} is now earlier than ${at(now)}`)
    return
  }
  if (claim.time < now - MAX_CLOCK_SKEW_MS)
    throw invalid(
      `Signature expired: ${claim.date} is now earlier than ${at(now - MAX_CLOCK_SKEW_MS)} (${at(now)} - 5 min.)`,
    )
}

/**
 * Node hands header bytes on as Latin-1, auth objects of sockets hold Unicode: where a request has characters outside
 * ASCII, the signature may cover either encoding. A session token in the query may have been added after signing.
 */
function signatureMatches(
  request: SignableRequest,
  claim: SignatureClaim,
  context: VerificationContext,
  payloadHash: string,
): boolean {
  const scope = `${claim.scopeDate}/${claim.region}/${claim.service}/${TERMINATOR}`
  const pathRule = pathRuleOf({
    service: claim.service,
    ...(context.normalizePath !== undefined && { normalizePath: context.normalizePath }),
  })
  const matches = (encoding: TextEncoding, leftOut: ReadonlySet<string>): boolean => {
    const { signature } = sign(request, {
      signedHeaders: claim.signedHeaders,
      payloadHash,
      pathRule,
      date: claim.date,
      scope,
      secret: context.secretAccessKey,
      encoding,
      leftOut,
    })
    return sameText(signature, claim.signature)
  }
  const encodings: TextEncoding[] = isAscii(request) ? ['utf8'] : ['utf8', 'latin1']
  const leftOuts =
    claim.form === 'query' && claim.sessionToken !== undefined
      ? [SIGNATURE_PARAMETER, SIGNATURE_AND_TOKEN_PARAMETERS]
      : [claim.form === 'query' ? SIGNATURE_PARAMETER : NO_PARAMETERS]
  return leftOuts.some((leftOut) => encodings.some((encoding) => matches(encoding, leftOut)))
}

const NO_PARAMETERS: ReadonlySet<string> = new Set()
const SIGNATURE_PARAMETER: ReadonlySet<string> = new Set(['X-Amz-Signature'])
const SIGNATURE_AND_TOKEN_PARAMETERS: ReadonlySet<string> = new Set(['X-Amz-Signature', 'X-Amz-Security-Token'])

/** Compares in a time that depends on the lengths only. */
function sameText(expected: string, given: string): boolean {
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}

type TextEncoding = 'utf8' | 'latin1'
/** How a path becomes canonical: S3 signs it as it is, encoded once; the others normalise and encode what was sent again. */
interface PathRule {
  normalize: boolean
  encodeTwice: boolean
}

function pathRuleOf(context: { service: string; normalizePath?: boolean }): PathRule {
  const isS3 = context.service === 's3'
  return { normalize: context.normalizePath ?? !isS3, encodeTwice: !isS3 }
}

interface SignatureInputs {
  /** Lower case, sorted. */
  signedHeaders: readonly string[]
  payloadHash: string
  pathRule: PathRule
  date: string
  scope: string
  secret: string
  encoding?: TextEncoding
  /** Query parameters that the signature does not cover. */
  leftOut?: ReadonlySet<string>
}

function sign(request: SignableRequest, inputs: SignatureInputs): SignatureSteps {
  const encoding = inputs.encoding ?? 'utf8'
  const canonicalRequest = [
    request.method,
    canonicalPath(request.target, inputs.pathRule, encoding),
    canonicalQuery(request.target, encoding, inputs.leftOut ?? NO_PARAMETERS),
    canonicalHeaders(request.headers, inputs.signedHeaders),
    inputs.signedHeaders.join(';'),
    inputs.payloadHash,
  ].join('\n')
  const stringToSign = `${ALGORITHM}\n${inputs.date}\n${inputs.scope}\n${sha256(Buffer.from(canonicalRequest, encoding))}`
  const signature = createHmac('sha256', signingKey(inputs.secret, inputs.scope)).update(stringToSign).digest('hex')
  return { canonicalRequest, stringToSign, signature }
}

/** Keys live as long as the scope's day; the bound keeps a stream of made-up scopes from growing the map. */
const MAX_SIGNING_KEYS = 1000
const signingKeys = new Map<string, Buffer>()

function signingKey(secret: string, scope: string): Buffer {
  const id = `${scope}\n${secret}`
  let key = signingKeys.get(id)
  if (key === undefined) {
    key = scope
      .split('/')
      .reduce<Buffer>((last, part) => createHmac('sha256', last).update(part).digest(), Buffer.from(`AWS4${secret}`))
    if (signingKeys.size >= MAX_SIGNING_KEYS) signingKeys.delete(signingKeys.keys().next().value ?? '')
    signingKeys.set(id, key)
  }
  return key
}

function canonicalPath(target: string, rule: PathRule, encoding: TextEncoding): string {
  const question = target.indexOf('?')
  let path = question === -1 ? target : target.slice(0, question)
  if (rule.normalize) path = normalizePath(path)
  if (path === '') return '/'
  if (/^[\w\-.~/]*$/.test(path)) return path
  return rule.encodeTwice ? uriEncode(path, encoding, true) : uriEncode(percentDecode(path, encoding), 'latin1', true)
}

/** Removes empty, `.` and `..` segments (RFC 3986, section 5.2.4, as SigV4 applies it); a trailing slash stays. */
function normalizePath(path: string): string {
  if (!path.includes('//') && !path.includes('/.')) return path
  const out: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') out.pop()
    else out.push(segment)
  }
  return out.length === 0 ? '/' : `/${out.join('/')}${path.endsWith('/') ? '/' : ''}`
}

function canonicalQuery(target: string, encoding: TextEncoding, leftOut: ReadonlySet<string>): string {
  const question = target.indexOf('?')
  if (question === -1 || question === target.length - 1) return ''
  const pairs: [name: string, value: string][] = []
  for (const part of target.slice(question + 1).split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = canonicalParameter(equals === -1 ? part : part.slice(0, equals), encoding)
    if (leftOut.has(name)) continue
    pairs.push([name, equals === -1 ? '' : canonicalParameter(part.slice(equals + 1), encoding)])
  }
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

function canonicalParameter(text: string, encoding: TextEncoding): string {
  return /^[\w\-.~]*$/.test(text) ? text : uriEncode(percentDecode(text, encoding), 'latin1')
}

function canonicalHeaders(headers: HeaderList, signedHeaders: readonly string[]): string {
  const values = new Map<string, string>()
  for (const name of signedHeaders) values.set(name, '')
  const seen = new Set<string>()
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    const before = values.get(lower)
    if (before === undefined) continue
    const trimmed = value.replace(/[ \t\r\n\f\v]+/g, ' ').trim()
    values.set(lower, seen.has(lower) ? `${before},${trimmed}` : trimmed)
    seen.add(lower)
  }
  let text = ''
  for (const [name, value] of values) text += `${name}:${value}\n`
  return text
}

function signableNames(headers: HeaderList): string[] {
  const names = new Set(headers.map(([name]) => name.toLowerCase()))
  return [...names].filter((name) => !UNSIGNABLE_HEADERS.has(name)).sort()
}

function valuesOf(headers: HeaderList, name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
}

/** Decoded, by name; repeated ones keep all values. */
function queryParameters(target: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const question = target.indexOf('?')
  if (question === -1) return found
  const decode = (text: string): string => Buffer.from(percentDecode(text, 'utf8'), 'latin1').toString('utf8')
  for (const part of target.slice(question + 1).split('&')) {
    const equals = part.indexOf('=')
    const name = decode(equals === -1 ? part : part.slice(0, equals))
    const values = found.get(name) ?? []
    values.push(equals === -1 ? '' : decode(part.slice(equals + 1)))
    found.set(name, values)
  }
  return found
}

const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  return /[\w\-.~]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})

/** Percent-encodes every byte but the unreserved ones (RFC 3986), as SigV4 asks. */
function uriEncode(text: string, encoding: TextEncoding = 'utf8', keepSlash = false): string {
  let encoded = ''
  for (const byte of Buffer.from(text, encoding)) encoded += keepSlash && byte === 0x2f ? '/' : ENCODED[byte]
  return encoded
}

/** @returns one character per byte (Latin-1). A percent sign that starts no escape stays. */
function percentDecode(text: string, encoding: TextEncoding): string {
  const bytes = Buffer.from(text, encoding).toString('latin1')
  return bytes.includes('%')
    ? bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : bytes
}

function isAscii(request: SignableRequest): boolean {
  const ascii = /^[\x00-\x7f]*$/
  return ascii.test(request.target) && request.headers.every(([, value]) => ascii.test(value))
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex')
}

function toList(headers: HeaderList | Readonly<Record<string, string>>): [string, string][] {
  return isHeaderList(headers) ? headers.map(([name, value]) => [name, value]) : Object.entries(headers)
}

function isHeaderList(headers: HeaderList | Readonly<Record<string, string>>): headers is HeaderList {
  return Array.isArray(headers)
}
