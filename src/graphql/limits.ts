/**
 * Nesting of braces, brackets and parentheses in a document. AppSync names no bound; parsers and executors recurse, so
 * this one is counted before anything does. Real documents stay below 50.
 */
export const MAX_NESTING = 500

const QUOTE = 34
const BACKSLASH = 92
const HASH = 35
const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Counts nesting outside of strings and comments, in one pass. */
export function exceedsNesting(source: string, limit = MAX_NESTING): boolean {
  let depth = 0
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at)
    switch (code) {
      case 40:
      case 91:
      case 123:
        if (++depth > limit) return true
        break
      case 41:
      case 93:
      case 125:
        depth--
        break
      case HASH:
        while (at + 1 < source.length && !isLineEnd(source.charCodeAt(at + 1))) at++
        break
      case QUOTE:
        at = endOfString(source, at)
        break
      default:
        break
    }
  }
  return false
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
