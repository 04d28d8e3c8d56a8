import { mismatch, type UtilEnvironment, type UtilFunction } from './environment.ts'
import { entriesOf, isAbsent, isMap, jsonText, newMap, type PlainMap } from './values.ts'

/** Not copied to data sources (AppSync, "HTTP helpers in $util.http"). */
const HOP_HEADERS = new Set([
  'transfer-encoding',
  'connection',
  'host',
  'expect',
  'keep-alive',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'content-length',
])

/** Not to be set on a response, besides the above and everything that starts with `x-amzn-` or `x-amz-`. */
const RESPONSE_HEADERS = new Set([
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'vary',
  'content-type',
])

/** Names and values of all custom response headers of an operation together. */
const MAX_RESPONSE_HEADERS_SIZE = 4 * 1024

/** A header name as HTTP has it (RFC 9110 token), and a value without line breaks or other controls. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VALUE = /^[\t\x20-\x7e\x80-\uffff]*$/

const copyHeaders: UtilFunction = (environment, args) => {
  const [headers] = args
  if (args.length !== 1 || !isMap(headers)) return mismatch(environment)
  const copy = new Map<string, unknown>()
  for (const [name, value] of entriesOf(headers)) if (!HOP_HEADERS.has(name.toLowerCase())) copy.set(name, value)
  environment.charge(copy.size)
  environment.allocate(copy.size * 32)
  return environment.language === 'VTL' ? copy : mapOf(copy)
}

function mapOf(members: ReadonlyMap<string, unknown>): PlainMap {
  const map = newMap()
  for (const [name, value] of members) map[name] = value
  return map
}

function add(environment: UtilEnvironment, name: string, value: unknown): void {
  const text = isAbsent(value) ? undefined : typeof value === 'string' ? value : jsonText(environment, value)
  const lower = name.toLowerCase()
  const headers = environment.effects.responseHeaders ?? {}
  let problem: string | undefined
  if (name === '') problem = 'The header name is empty.'
  else if (text === undefined) problem = `The value of the header '${name}' is null.`
  else if (!NAME.test(name)) problem = `The header name '${name}' is not valid.`
  else if (!VALUE.test(text)) problem = `The value of the header '${name}' is not valid.`
  else if (HOP_HEADERS.has(lower) || RESPONSE_HEADERS.has(lower) || /^x-amzn?-/.test(lower)) {
    problem = `The header '${name}' is restricted.`
  } else {
    let size = name.length + text.length
    for (const [other, otherText] of Object.entries(headers))
      if (other !== name) size += other.length + otherText.length
    if (size > MAX_RESPONSE_HEADERS_SIZE) problem = 'The custom response headers exceed 4 KB.'
  }
  if (problem !== undefined || text === undefined) {
    environment.appendedErrors.push({ message: problem ?? '', errorType: 'ResponseHeaderError' })
    return
  }
  const next: Record<string, string> = Object.create(null)
  environment.effects.responseHeaders = Object.assign(next, headers, { [name]: text })
}

/** Adds one header to the response. A header that is not allowed is left out and an error is appended. */
const addResponseHeader: UtilFunction = (environment, args) => {
  const [name, value] = args
  if (args.length !== 2 || (typeof name !== 'string' && !isAbsent(name))) return mismatch(environment)
  environment.charge(8)
  add(environment, name ?? '', value)
  return environment.language === 'VTL' ? '' : undefined
}

const addResponseHeaders: UtilFunction = (environment, args) => {
  const [headers] = args
  if (args.length !== 1 || !isMap(headers)) return mismatch(environment)
  for (const [name, value] of entriesOf(headers)) {
    environment.charge(8)
    add(environment, name, value)
  }
  return environment.language === 'VTL' ? '' : undefined
}

export const http = { copyHeaders, addResponseHeader, addResponseHeaders } satisfies Record<string, UtilFunction>
