import { type FilterExpression, parseFilter } from './filter.ts'
import { type Path, type PathFunction, PathSyntaxError, type Segment } from './path.ts'

const FUNCTIONS: ReadonlySet<string> = new Set<PathFunction>(['length', 'min', 'max', 'avg', 'sum', 'keys'])

/** A position in a text; parsers of filters and intrinsic functions share it. */
export interface Cursor {
  readonly text: string
  at: number
}

/** Parses the segments that follow a root, to the end of the text. */
export function parseSegments(text: string, from: number): Path {
  const cursor: Cursor = { text, at: from }
  const path = readSegments(cursor, () => false)
  if (cursor.at < text.length) throw new PathSyntaxError(`Unexpected character at position ${cursor.at}: ${text}`)
  return path
}

/**
 * Reads segments until something follows that is none. `stops` says which characters end a name written with a dot
 * (in a filter an operator or a closing parenthesis does).
 */
export function readSegments(cursor: Cursor, stops: (character: string) => boolean): Path {
  const segments: Segment[] = []
  const { text } = cursor
  while (cursor.at < text.length) {
    const character = text[cursor.at]
    if (character === '.') {
      if (text[cursor.at + 1] === '.') {
        cursor.at += 2
        const of = text[cursor.at] === '[' ? readBracket(cursor) : readDotted(cursor, stops)
        segments.push({ type: 'scan', of })
      } else {
        cursor.at += 1
        segments.push(readDotted(cursor, stops))
      }
    } else if (character === '[') {
      segments.push(readBracket(cursor))
    } else {
      break
    }
  }
  const functionAt = segments.findIndex((segment) => segment.type === 'function')
  if (functionAt >= 0 && functionAt < segments.length - 1) throw new PathSyntaxError(`A function ends a path: ${text}`)
  return {
    segments,
    definite: segments.every((segment, at) => isDefinite(segment, at === segments.length - 1)),
    reference: segments.every(
      (segment) => segment.type === 'property' || (segment.type === 'index' && segment.index >= 0),
    ),
  }
}

function isDefinite(segment: Segment, last: boolean): boolean {
  switch (segment.type) {
    case 'property':
    case 'index':
    case 'function':
      return true
    case 'properties':
      return last
    default:
      return false
  }
}

function readDotted(cursor: Cursor, stops: (character: string) => boolean): Segment {
  const { text } = cursor
  if (text[cursor.at] === '*') {
    cursor.at += 1
    return { type: 'wildcard' }
  }
  const start = cursor.at
  while (cursor.at < text.length) {
    const character = text[cursor.at] ?? ''
    if (character === '.' || character === '[' || character === '(' || isBlank(character) || stops(character)) break
    if (character === ']' || character === ')' || character === "'" || character === '"' || character === '*') break
    cursor.at += 1
  }
  const name = text.slice(start, cursor.at)
  if (name === '') throw new PathSyntaxError(`Path must not end with a '.' or '..': ${text}`)
  if (text[cursor.at] === '(') {
    if (text[cursor.at + 1] !== ')' || !FUNCTIONS.has(name)) {
      throw new PathSyntaxError(`Function of name: ${name} cannot be created`)
    }
    cursor.at += 2
    return { type: 'function', name: name as PathFunction }
  }
  return { type: 'property', name }
}

function readBracket(cursor: Cursor): Segment {
  const { text } = cursor
  cursor.at += 1
  skipBlanks(cursor)
  const character = text[cursor.at]
  if (character === '*') {
    cursor.at += 1
    close(cursor)
    return { type: 'wildcard' }
  }
  if (character === '?') {
    cursor.at += 1
    skipBlanks(cursor)
    if (text[cursor.at] !== '(') throw new PathSyntaxError(`Expected '(' after '?': ${text}`)
    cursor.at += 1
    const expression: FilterExpression = parseFilter(cursor)
    skipBlanks(cursor)
    if (text[cursor.at] !== ')') throw new PathSyntaxError(`Filter is not closed: ${text}`)
    cursor.at += 1
    close(cursor)
    return { type: 'filter', expression }
  }
  if (character === "'" || character === '"') return readNames(cursor)
  return readIndexes(cursor)
}

function readNames(cursor: Cursor): Segment {
  const names: string[] = []
  for (;;) {
    names.push(readQuoted(cursor))
    skipBlanks(cursor)
    if (cursor.text[cursor.at] !== ',') break
    cursor.at += 1
    skipBlanks(cursor)
  }
  close(cursor)
  return names.length === 1 ? { type: 'property', name: names[0]! } : { type: 'properties', names }
}

function readIndexes(cursor: Cursor): Segment {
  const { text } = cursor
  const end = text.indexOf(']', cursor.at)
  if (end < 0) throw new PathSyntaxError(`Bracket is not closed: ${text}`)
  const inside = text.slice(cursor.at, end).trim()
  cursor.at = end + 1
  const slice = /^(-?\d{1,9})?\s*:\s*(-?\d{1,9})?$/.exec(inside)
  if (slice) {
    const [, start, stop] = slice
    if (start === undefined && stop === undefined) throw new PathSyntaxError(`Slice without bounds: ${text}`)
    return {
      type: 'slice',
      start: start === undefined ? undefined : Number(start),
      end: stop === undefined ? undefined : Number(stop),
    }
  }
  const indexes = inside.split(',').map((part) => part.trim())
  if (!indexes.every((part) => /^-?\d{1,9}$/.test(part))) throw new PathSyntaxError(`Not an index: ${text}`)
  return indexes.length === 1
    ? { type: 'index', index: Number(indexes[0]) }
    : { type: 'indexes', indexes: indexes.map(Number) }
}

/** Reads a quoted text; a backslash takes the next character as it is. */
export function readQuoted(cursor: Cursor): string {
  const { text } = cursor
  const quote = text[cursor.at]
  if (quote !== "'" && quote !== '"') throw new PathSyntaxError(`Expected a quoted name: ${text}`)
  let value = ''
  for (let at = cursor.at + 1; at < text.length; at += 1) {
    const character = text[at]!
    if (character === quote) {
      cursor.at = at + 1
      return value
    }
    if (character === '\\' && at + 1 < text.length) {
      at += 1
      value += text[at]
    } else {
      value += character
    }
  }
  throw new PathSyntaxError(`Quote is not closed: ${text}`)
}

function close(cursor: Cursor): void {
  skipBlanks(cursor)
  if (cursor.text[cursor.at] !== ']') throw new PathSyntaxError(`Bracket is not closed: ${cursor.text}`)
  cursor.at += 1
}

export function skipBlanks(cursor: Cursor): void {
  while (isBlank(cursor.text[cursor.at] ?? '')) cursor.at += 1
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r'
}
