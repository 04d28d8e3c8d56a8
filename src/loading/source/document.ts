import type { Position } from '../problem.ts'

export type Path = readonly (string | number)[]

/** A parsed YAML or JSON file that knows where each of its members stands. */
export interface SourceDocument {
  /** Relative to the project, with `/`; for messages. */
  file: string
  /** Absolute. */
  absolutePath: string
  /** Plain data: null-prototype objects, arrays, strings, numbers, booleans, null and `NumberText`s. */
  value: unknown
  /** Where the value at `path` begins; of the nearest member above it when it does not exist in the text. */
  locate(path: Path): Position
  /** Where the key of the member at `path` begins. */
  locateKey(path: Path): Position
}

/** A number that JavaScript would write differently: `1.0`, `012`, `1e3`. Where text is wanted, its source counts. */
export class NumberText {
  readonly value: number
  readonly source: string

  constructor(value: number, source: string) {
    this.value = value
    this.source = source
  }
}

/** A file that cannot be parsed. */
export class DocumentSyntaxError extends Error {
  override readonly name = 'DocumentSyntaxError'
  readonly position: Position

  constructor(message: string, position: Position) {
    super(message)
    this.position = position
  }
}

export type PlainObject = Record<string, unknown>

export function isObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
}

/** An own member, or undefined. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

export function emptyObject(): PlainObject {
  return Object.create(null) as PlainObject
}

/** Null-prototype object of these entries. */
export function objectOf(entries: Iterable<readonly [string, unknown]>): PlainObject {
  const made = emptyObject()
  for (const [key, value] of entries) made[key] = value
  return made
}

/** The value without `NumberText`s: what JSON can say. */
export function plain(value: unknown): unknown {
  if (value instanceof NumberText) return value.value
  if (Array.isArray(value)) return value.map(plain)
  if (!isObject(value)) return value
  return objectOf(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}
