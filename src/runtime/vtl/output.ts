import { type Budget, BudgetSpent, MAX_EVALUATED_SIZE, MAX_NESTING } from '../emit/budget.ts'
import { newMap, numberOf } from '../util/values.ts'

/** The text of a template is not what its side needs. The message is the service's. */
export class OutputError extends Error {}

/**
 * A request template's text as document. Read as the service reads it: JSON, where a comma may stand before a closing
 * bracket. Maps have no prototype.
 */
export function parseRequest(text: string): unknown {
  const value = parseStrict(text)
  if (value !== undefined) return value
  try {
    return parseLenient(text)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    if (isBlank(text)) throw new OutputError('Template transformation yielded an empty response.')
    if (error.isTrailing) throw new OutputError('Trailing characters at the end of the JSON string are not allowed.')
    throw new OutputError(
      `Unable to parse the JSON document: '${error.message}\n at [Source: (String)"${excerpt(text)}; ${place(text, error.at)}]'`,
    )
  }
}

/** A response template's text as value. */
export function parseResponse(text: string): unknown {
  const value = parseStrict(text)
  if (value !== undefined) return value
  try {
    return parseLenient(text)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    if (isBlank(text)) throw new OutputError('Template transformation yielded an empty response.')
    throw new OutputError(`Unable to convert ${text} to Object.`)
  }
}

/** The usual case, at the speed of the platform: JSON as it should be. Undefined for everything else. */
function parseStrict(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return bare(value, 0)
}

/** A copy in which no map has a prototype. */
function bare(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_NESTING) throw new BudgetSpent('nesting')
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = bare(value[index], depth + 1)
    return value
  }
  const copy = newMap()
  const source = value as Record<string, unknown>
  // What JSON.parse makes has no inherited members that are listed, so that there are none to skip.
  for (const key in source) if (Object.hasOwn(source, key)) copy[key] = bare(source[key], depth + 1)
  return copy
}

function isBlank(text: string): boolean {
  return text.length === 0 || text.trim() === ''
}

/** As Jackson shows the source: its first 500 characters. */
function excerpt(text: string): string {
  return text.length <= 500 ? `${text}"` : `${text.slice(0, 500)}"[truncated ${text.length - 500} chars]`
}

function place(text: string, at: number): string {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return `line: ${line}, column: ${at - before.lastIndexOf('\n')}`
}

/** A text that is not JSON. */
export class JsonError extends Error {
  readonly at: number
  readonly isTrailing: boolean

  constructor(message: string, at: number, isTrailing = false) {
    super(message)
    this.at = at
    this.isTrailing = isTrailing
  }
}

/**
 * A value as reading its JSON would give it: plain data, maps without prototype. Counted as JSON prints it, shared parts as
 * often as they are reached.
 */
export function jsonValue(value: unknown, budget: Budget): unknown {
  return walk(value, { budget, left: MAX_EVALUATED_SIZE }, 0)
}

interface Walk {
  budget: Budget
  /** Characters that the text may still have. */
  left: number
}

function walk(value: unknown, state: Walk, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      count(state, value.length + 2)
      return value
    case 'number':
      count(state, 8)
      // JSON has no negative zero.
      return Number.isFinite(value) ? value + 0 : String(value)
    case 'boolean':
      count(state, 5)
      return value
    case 'object':
      break
    default:
      count(state, 4)
      return null
  }
  if (value === null) {
    count(state, 4)
    return null
  }
  const number = numberOf(value)
  if (number !== undefined) return walk(number, state, depth)
  if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
  count(state, 2)
  if (Array.isArray(value)) {
    const list: unknown[] = []
    for (let index = 0; index < value.length; index++) {
      count(state, 1)
      list.push(walk(value[index], state, depth + 1))
    }
    return list
  }
  const map = newMap()
  if (value instanceof Map) {
    for (const [key, member] of value) addMember(map, String(key), member, state, depth)
  } else {
    const source = value as Record<string, unknown>
    for (const key of Object.keys(source)) addMember(map, key, source[key], state, depth)
  }
  return map
}

function addMember(map: Record<string, unknown>, key: string, member: unknown, state: Walk, depth: number): void {
  if (member === undefined) return
  count(state, key.length + 4)
  map[key] = walk(member, state, depth + 1)
}

function count(state: Walk, size: number): void {
  state.left -= size
  if (!(state.left >= 0)) throw new BudgetSpent('size')
  if (--state.budget.steps < 0) state.budget.stepsSpent()
}

/** JSON with commas before closing brackets. */
export function parseLenient(text: string): unknown {
  const reader = new JsonReader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

class JsonReader {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  private skipSpace(): number {
    const { text } = this
    for (;;) {
      const code = text.charCodeAt(this.at)
      if (code === 32 || code === 10 || code === 13 || code === 9) this.at++
      else return code
    }
  }

  private fail(message: string, at = this.at): never {
    throw new JsonError(message, at)
  }

  private unexpected(expected: string): never {
    if (this.at >= this.text.length) this.fail(`Unexpected end-of-input: ${expected}`)
    const character = this.text[this.at] as string
    this.fail(`Unexpected character ('${character}' (code ${character.charCodeAt(0)})): ${expected}`, this.at + 1)
  }

  end(): void {
    this.skipSpace()
    if (this.at < this.text.length) throw new JsonError('', this.at, true)
  }

  value(depth: number): unknown {
    if (depth > MAX_NESTING) this.fail(`Document nesting depth exceeds the maximum allowed (${MAX_NESTING})`)
    const code = this.skipSpace()
    // { [ "
    if (code === 123) return this.map(depth)
    if (code === 91) return this.list(depth)
    if (code === 34) return this.string()
    if (code === 45 || (code >= 48 && code <= 57)) return this.number()
    return this.word()
  }

  private map(depth: number): unknown {
    this.at++
    const map = newMap()
    for (;;) {
      let code = this.skipSpace()
      if (code === 125) {
        this.at++
        return map
      }
      if (code !== 34) this.unexpected('was expecting double-quote to start field name')
      const key = this.string()
      code = this.skipSpace()
      if (code !== 58) this.unexpected('was expecting a colon to separate field name and value')
      this.at++
      map[key] = this.value(depth + 1)
      code = this.skipSpace()
      if (code === 44) this.at++
      else if (code !== 125) this.unexpected('was expecting comma to separate Object entries')
    }
  }

  private list(depth: number): unknown {
    this.at++
    const list: unknown[] = []
    for (;;) {
      let code = this.skipSpace()
      if (code === 93) {
        this.at++
        return list
      }
      list.push(this.value(depth + 1))
      code = this.skipSpace()
      if (code === 44) this.at++
      else if (code !== 93) this.unexpected('was expecting comma to separate Array entries')
    }
  }

  private string(): string {
    const { text } = this
    const start = this.at + 1
    let end = text.indexOf('"', start)
    if (end < 0) this.fail('Unexpected end-of-input in a String value', text.length)
    const plain = text.slice(start, end)
    if (!plain.includes('\\')) {
      this.checkControls(plain, start)
      this.at = end + 1
      return plain
    }
    // An escaped quote does not close: the backslashes before it are counted.
    for (;;) {
      let backslashes = 0
      while (text.charCodeAt(end - 1 - backslashes) === 92 && end - 1 - backslashes >= start) backslashes++
      if (backslashes % 2 === 0) break
      end = text.indexOf('"', end + 1)
      if (end < 0) this.fail('Unexpected end-of-input in a String value', text.length)
    }
    this.checkControls(text.slice(start, end), start)
    try {
      const value = JSON.parse(text.slice(start - 1, end + 1)) as string
      this.at = end + 1
      return value
    } catch {
      const bad = /\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})(.?)/s.exec(text.slice(start, end).replace(/\\\\/g, '  '))
      const character = bad?.[1] ?? ''
      this.fail(
        `Unrecognized character escape '${character}' (code ${character.charCodeAt(0) || 0})`,
        start + (bad?.index ?? 0) + 2,
      )
    }
  }

  private checkControls(part: string, start: number): void {
    const at = part.search(/[\u0000-\u001f]/)
    if (at < 0) return
    this.fail(
      `Illegal unquoted character ((CTRL-CHAR, code ${part.charCodeAt(at)})): has to be escaped using backslash to be included in string value`,
      start + at + 1,
    )
  }

  private number(): number {
    NUMBER.lastIndex = this.at
    const found = NUMBER.exec(this.text)?.[0]
    if (found === undefined) {
      this.at++
      this.unexpected('was expecting a digit to follow minus sign')
    }
    const next = this.text.charCodeAt(this.at + found.length)
    if (/^-?0$/.test(found) && next >= 48 && next <= 57) {
      this.fail('Invalid numeric value: Leading zeroes not allowed', this.at + 1)
    }
    this.at += found.length
    return Number(found)
  }

  private word(): unknown {
    const found = /^[A-Za-z0-9_$]{1,50}/.exec(this.text.slice(this.at, this.at + 60))?.[0]
    if (found === 'true' || found === 'false' || found === 'null') {
      this.at += found.length
      return found === 'null' ? null : found === 'true'
    }
    if (found === undefined || !/^[A-Za-z_]/.test(found)) {
      this.unexpected("expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
    }
    this.fail(
      `Unrecognized token '${found}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`,
      this.at + found.length + 1,
    )
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
