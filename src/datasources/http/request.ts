import { isRecord, memberOf } from '../dataSource.ts'

/** Longest path and query that are sent. */
const MAX_TARGET = 32_768
/** Methods of an HTTP data source (HTTP resolver reference). */
const METHODS: ReadonlySet<unknown> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
/** Headers that a resolver cannot set (HTTP resolver reference) and those that would change where or how the message ends. */
const REFUSED_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'user-agent',
  'expect',
  'expectation',
  'transfer-encoding',
  'transfer_encoding',
  'content-length',
  'content_length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
])
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/

/** A request of a resolver that cannot be sent as it is. */
export class HttpRequestError extends Error {
  override readonly name = 'HttpRequestError'
}

export interface OutgoingRequest {
  method: string
  url: URL
  headers: [name: string, value: string][]
  body: string | undefined
}

/** Turns what a request step evaluated to into an HTTP request that stays on the data source's origin. */
export function readHttpRequest(request: unknown, endpoint: string): OutgoingRequest {
  const method = memberOf(request, 'method')
  if (method === undefined || method === null) throw new HttpRequestError("Value for field '$[method]' not found.")
  if (!METHODS.has(method)) throw new HttpRequestError(`Unsupported method '${String(method)}'.`)
  const path = memberOf(request, 'resourcePath')
  if (typeof path !== 'string') throw new HttpRequestError("Value for field '$[resourcePath]' not found.")
  const params = memberOf(request, 'params')
  if (params !== undefined && params !== null && !isRecord(params)) {
    throw new HttpRequestError("Expected JSON object for field '$[params]'.")
  }
  const url = resolveTarget(endpoint, path, memberOf(params, 'query'))
  const body = bodyOf(memberOf(params, 'body'))
  const headers = headersOf(memberOf(params, 'headers'))
  if (body !== undefined && !headers.some(([name]) => name.toLowerCase() === 'content-type')) {
    headers.push(['Content-Type', 'application/json'])
  }
  return { method: String(method), url, headers, body }
}

function resolveTarget(endpoint: string, path: string, query: unknown): URL {
  const base = new URL(endpoint)
  if (base.protocol !== 'http:' && base.protocol !== 'https:') {
    throw new HttpRequestError('The endpoint of the data source must be an http or https URL.')
  }
  const isPlain = path.startsWith('/') && path.length <= MAX_TARGET && !/[\x00-\x20\x7f\\]/.test(path)
  if (!isPlain)
    throw new HttpRequestError('The resource path must start with / and have no spaces or control characters.')
  // Behind the origin a path that starts with // is a path; alone it would name another host.
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}${path}`)
  if (url.origin !== base.origin)
    throw new HttpRequestError('The resource path leaves the endpoint of the data source.')
  url.hash = ''
  if (query !== undefined && query !== null) {
    if (!isRecord(query)) throw new HttpRequestError("Expected JSON object for field '$[params][query]'.")
    for (const [name, value] of Object.entries(query)) {
      for (const item of Array.isArray(value) ? value : [value]) {
        url.searchParams.append(name, typeof item === 'string' ? item : JSON.stringify(item ?? ''))
      }
    }
  }
  if (url.href.length > MAX_TARGET) throw new HttpRequestError('The path and query of the request are too long.')
  return url
}

function bodyOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined
  return typeof body === 'string' ? body : JSON.stringify(body)
}

function headersOf(headers: unknown): [string, string][] {
  if (headers === undefined || headers === null) return []
  if (!isRecord(headers)) throw new HttpRequestError("Expected JSON object for field '$[params][headers]'.")
  return Object.entries(headers).map(([name, value]): [string, string] => {
    if (REFUSED_HEADERS.has(name.toLowerCase())) throw new HttpRequestError(`The header '${name}' cannot be set.`)
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? '')
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(text)) {
      throw new HttpRequestError(`The header '${name.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')}' is not valid.`)
    }
    return [name, text]
  })
}
