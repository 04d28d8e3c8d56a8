/**
 * Nesting of braces, brackets and parentheses in a document. AppSync names no bound; parsers and executors recurse, so
 * this one is counted before anything does. Real documents stay below 50.
 */
export const MAX_NESTING = 500

const QUOTE = 34
const BACKSLASH = 92
const HASH = 35
const SPACE = 32
const TAB = 9
const COMMA = 44
const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/**
 * Tokens of one document. AppSync names no bound; this one is above the ten thousand aliased fields with arguments that
 * its resolver quota lets through.
 */
export const MAX_DOCUMENT_TOKENS = 150_000

/** Whether a document would cost too much to parse: counted in one pass that makes nothing. */
export function exceedsDocumentBounds(source: string): boolean {
  return exceeds(source, MAX_NESTING, MAX_DOCUMENT_TOKENS)
}

/** Whether brackets outside of strings nest deeper than so. */
export function exceedsNesting(source: string, limit: number): boolean {
  return exceeds(source, limit, Number.POSITIVE_INFINITY)
}

function exceeds(source: string, maxNesting: number, maxTokens: number): boolean {
  let depth = 0
  let tokens = 0
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (isWordCharacter(code)) {
      while (isWordCharacter(source.charCodeAt(at + 1))) at++
      tokens++
    } else {
      switch (code) {
        case 40:
        case 91:
        case 123:
          if (++depth > maxNesting) return true
          tokens++
          break
        case 41:
        case 93:
        case 125:
          depth--
          tokens++
          break
        case HASH:
          while (at + 1 < source.length && !isLineEnd(source.charCodeAt(at + 1))) at++
          break
        case QUOTE:
          at = endOfString(source, at)
          tokens++
          break
        case SPACE:
        case TAB:
        case COMMA:
        case LINE_FEED:
        case CARRIAGE_RETURN:
          break
        default:
          tokens++
      }
    }
    if (tokens > maxTokens) return true
  }
  return false
}

/** Names, numbers and the dots of a spread; each run of them is a token. */
function isWordCharacter(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46 ||
    code === 43
  )
}

function isLineEnd(code: number): boolean {
  return code === LINE_FEED || code === CARRIAGE_RETURN
}

/** @returns where the closing quote is, or the end of the text. */
function endOfString(source: string, start: number): number {
  if (source.startsWith('"""', start)) {
    let end = source.indexOf('"""', start + 3)
    while (end !== -1 && source.charCodeAt(end - 1) === BACKSLASH) end = source.indexOf('"""', end + 3)
    return end === -1 ? source.length : end + 2
  }
  for (let at = start + 1; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE || isLineEnd(code)) return at
  }
  return source.length
}
