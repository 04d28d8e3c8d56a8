import { PathSyntaxError } from '../jsonpath/path.ts'
import { compileStatePath, type StatePath } from '../jsonpath/statePath.ts'

/** An argument of an intrinsic function. */
export type Argument =
  | { type: 'path'; path: StatePath }
  | { type: 'literal'; value: string | number | boolean | null; raw?: string }
  | { type: 'call'; call: IntrinsicCall }

export interface IntrinsicCall {
  /** Without `States.`. */
  name: string
  arguments: readonly Argument[]
}

/** Calls that may be nested in one field. */
export const MAX_NESTED_INTRINSICS = 10

/** Whether a text means to be a call of an intrinsic function. */
export function looksLikeIntrinsic(text: string): boolean {
  return /^\s*States\.[A-Za-z0-9]+\s*\(/.test(text)
}

/** Parses a call such as `States.Format('{}', $.name)`. Throws `PathSyntaxError`. */
export function parseIntrinsic(text: string): IntrinsicCall {
  const cursor = { text, at: 0 }
  const call = readCall(cursor, 1)
  blanks(cursor)
  if (cursor.at < text.length) throw new PathSyntaxError(`Unexpected text behind the call: ${text}`)
  return call
}

interface Cursor {
  text: string
  at: number
}

function readCall(cursor: Cursor, depth: number): IntrinsicCall {
  if (depth > MAX_NESTED_INTRINSICS) throw new PathSyntaxError('Too many nested intrinsic functions')
  blanks(cursor)
  const name = /^States\.([A-Za-z0-9]+)/.exec(cursor.text.slice(cursor.at, cursor.at + 80))
  if (!name) throw new PathSyntaxError(`Expected an intrinsic function: ${cursor.text}`)
  cursor.at += name[0].length
  blanks(cursor)
  expect(cursor, '(')
  const args: Argument[] = []
  blanks(cursor)
  if (cursor.text[cursor.at] === ')') cursor.at += 1
  else {
    for (;;) {
      args.push(readArgument(cursor, depth))
      blanks(cursor)
      if (cursor.text[cursor.at] === ',') {
        cursor.at += 1
        continue
      }
      expect(cursor, ')')
      break
    }
  }
  return { name: name[1] ?? '', arguments: args }
}

function readArgument(cursor: Cursor, depth: number): Argument {
  blanks(cursor)
  const { text } = cursor
  const character = text[cursor.at]
  if (character === "'") return readString(cursor)
  if (character === '$') return { type: 'path', path: compileStatePath(readPathText(cursor)) }
  if (text.startsWith('States.', cursor.at)) return { type: 'call', call: readCall(cursor, depth + 1) }
  const word = /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?=[\s,)])/.exec(
    text.slice(cursor.at, cursor.at + 60),
  )
  if (!word) throw new PathSyntaxError(`Unexpected argument at position ${cursor.at}: ${text}`)
  cursor.at += word[0].length
  return { type: 'literal', value: JSON.parse(word[0]) as number | boolean | null }
}

/** A path argument ends at a comma or parenthesis outside of brackets and quotes. */
function readPathText(cursor: Cursor): string {
  const { text } = cursor
  const start = cursor.at
  let depth = 0
  let quote = ''
  for (; cursor.at < text.length; cursor.at += 1) {
    const character = text[cursor.at]!
    if (quote !== '') {
      if (character === '\\') cursor.at += 1
      else if (character === quote) quote = ''
    } else if (depth > 0 && (character === "'" || character === '"')) quote = character
    else if (character === '[' || character === '(') depth += 1
    else if (depth > 0 && (character === ']' || character === ')')) depth -= 1
    else if (depth === 0 && (character === ',' || character === ')')) break
  }
  return text.slice(start, cursor.at).trimEnd()
}

/** Escapes that the language knows in a quoted argument: `\'`, `\{`, `\}` and `\\`. */
function readString(cursor: Cursor): Argument {
  const { text } = cursor
  const start = cursor.at + 1
  let value = ''
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]!
    if (character === "'") {
      cursor.at = at + 1
      return { type: 'literal', value, raw: text.slice(start, at) }
    }
    if (character === '\\') {
      at += 1
      const escaped = text[at] ?? ''
      if (!"'{}\\".includes(escaped) || escaped === '') throw new PathSyntaxError(`Illegal escape in ${text}`)
      value += escaped
    } else {
      value += character
    }
  }
  throw new PathSyntaxError(`Quote is not closed: ${text}`)
}

function expect(cursor: Cursor, character: string): void {
  if (cursor.text[cursor.at] !== character) {
    throw new PathSyntaxError(`Expected '${character}' at position ${cursor.at}: ${cursor.text}`)
  }
  cursor.at += 1
}

function blanks(cursor: Cursor): void {
  while (/\s/.test(cursor.text[cursor.at] ?? '')) cursor.at += 1
}
