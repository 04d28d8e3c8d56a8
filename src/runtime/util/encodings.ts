import { failure } from './environment.ts'

const UNRESERVED = /[A-Za-z0-9.\-*_]/

/** `util.urlEncode`: application/x-www-form-urlencoded as java.net.URLEncoder does it (a space is `+`, `*` stays). */
export function urlEncode(text: string): string {
  let result = ''
  for (const character of text) {
    if (UNRESERVED.test(character)) result += character
    else if (character === ' ') result += '+'
    // A lone half of a surrogate pair has no UTF-8; Java writes a question mark.
    else if (/^[\ud800-\udfff]$/.test(character)) result += '%3F'
    else
      for (const byte of new TextEncoder().encode(character))
        result += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return result
}

/** `util.urlDecode`: the reverse, with java.net.URLDecoder's errors. */
export function urlDecode(text: string): string {
  const bytes: number[] = []
  let result = ''
  const flush = () => {
    if (bytes.length > 0) result += new TextDecoder().decode(new Uint8Array(bytes))
    bytes.length = 0
  }
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string
    if (character !== '%') {
      flush()
      result += character === '+' ? ' ' : character
      continue
    }
    const digits = text.slice(index + 1, index + 3)
    if (digits.length < 2) throw failure('URLDecoder: Incomplete trailing escape (%) pattern')
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
      throw failure(`URLDecoder: Illegal hex characters in escape (%) pattern - For input string: "${digits}"`)
    }
    bytes.push(Number.parseInt(digits, 16))
    index += 2
  }
  flush()
  return result
}

export function base64Encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

export function base64Decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8')
}

const SCRIPT_ESCAPES = new Map([
  ["'", "\\'"],
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['/', '\\/'],
  ['\b', '\\b'],
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\f', '\\f'],
  ['\r', '\\r'],
])

/** `util.escapeJavaScript`: as Apache Commons' `escapeEcmaScript` (quotes, backslash, slash, everything outside ASCII). */
export function escapeJavaScript(text: string): string {
  let result = ''
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string
    const escaped = SCRIPT_ESCAPES.get(character)
    const code = text.charCodeAt(index)
    if (escaped !== undefined) result += escaped
    else if (code < 32 || code > 0x7f) result += `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
    else result += character
  }
  return result
}
