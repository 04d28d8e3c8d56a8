import { BudgetSpent, MAX_NESTING } from '../emit/budget.ts'
import { newMap } from '../emit/fromHost.ts'
import type { UtilEnvironment } from './environment.ts'

/** Own members only, no prototype. */
export type PlainMap = Record<string, unknown>

interface RawJson {
  readonly rawJSON: string
}
declare global {
  interface JSON {
    /** A value that `JSON.stringify` prints as the given text (proposal "JSON.parse source text access", in Node 24). */
    rawJSON(text: string): RawJson
  }
}

/**
 * A floating-point number with an integral value, such as VTL's `3.0`. Java prints it with its point and divides it
 * without truncation, so VTL tells it apart from the integer 3. Made in VTL only; leaves it as a plain number.
 */
export class FloatNumber {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  toJSON(): RawJson {
    return JSON.rawJSON(decimalText(this.value))
  }
}

/** An integer beyond 2⁵³ (Java's Long and BigInteger), kept exact inside VTL. Leaves it as the nearest plain number. */
export class BigNumber {
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }

  toJSON(): RawJson {
    return JSON.rawJSON(this.value.toString())
  }
}

function decimalText(value: number): string {
  const text = String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

export { newMap }

/** Whether a value is a map of either language. */
export function isMap(value: unknown): value is Map<string, unknown> | PlainMap {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  return !(value instanceof FloatNumber || value instanceof BigNumber)
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

export function isNumber(value: unknown): value is number | FloatNumber | BigNumber {
  return typeof value === 'number' || value instanceof FloatNumber || value instanceof BigNumber
}

/** The plain number of any kind of number; undefined for everything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (value instanceof FloatNumber) return value.value
  if (value instanceof BigNumber) return Number(value.value)
  return undefined
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

/** A member of a map of either language; undefined where there is none. Never looks at a prototype. */
export function memberOf(map: Map<string, unknown> | PlainMap, key: string): unknown {
  if (map instanceof Map) return map.get(key)
  return Object.hasOwn(map, key) ? map[key] : undefined
}

export function keysOf(map: Map<string, unknown> | PlainMap): string[] {
  return map instanceof Map ? Array.from(map.keys(), textKey) : Object.keys(map)
}

export function entriesOf(map: Map<string, unknown> | PlainMap): [string, unknown][] {
  return map instanceof Map ? Array.from(map, ([key, value]) => [textKey(key), value]) : Object.entries(map)
}

/** Java's maps may have keys that are numbers, booleans or null. */
function textKey(key: unknown): string {
  return typeof key === 'string' ? key : String(key)
}

/** A copy as plain data, every visited part charged; undefined members are left out, undefined elements become null. */
export function plainCopy(environment: UtilEnvironment, value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? undefined : value
  if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
  if (Array.isArray(value)) {
    environment.charge(value.length + 1)
    environment.allocate(8 * value.length)
    const list: unknown[] = new Array(value.length)
    for (let index = 0; index < value.length; index++)
      list[index] = plainCopy(environment, value[index], depth + 1) ?? null
    return list
  }
  const number = numberOf(value)
  if (number !== undefined) return number
  const copy = newMap()
  const entries = entriesOf(value as PlainMap)
  environment.charge(entries.length + 1)
  environment.allocate(32 * entries.length)
  for (const [key, member] of entries) {
    const plain = plainCopy(environment, member, depth + 1)
    if (plain !== undefined) copy[key] = plain
  }
  return copy
}

/**
 * A value as JSON text. Maps print in their own order; big integers and VTL's floating-point numbers keep their digits.
 * The text is counted against the budget.
 */
export function jsonText(environment: UtilEnvironment, value: unknown): string {
  const text = print(environment, value, 0)
  environment.charge(text.length >> 3)
  environment.allocate(text.length)
  return text
}

function print(environment: UtilEnvironment, value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      break
    default:
      return 'null'
  }
  if (value === null) return 'null'
  if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
  if (Array.isArray(value)) {
    environment.charge(value.length + 1)
    let text = '['
    for (let index = 0; index < value.length; index++) {
      if (index > 0) text += ','
      text += print(environment, value[index], depth + 1)
      if (text.length > MAX_TEXT) throw new BudgetSpent('size')
    }
    return `${text}]`
  }
  if (value instanceof FloatNumber) return decimalText(value.value)
  if (value instanceof BigNumber) return value.value.toString()
  let text = ''
  if (value instanceof Map) {
    environment.charge(value.size + 1)
    for (const [key, member] of value) text = withMember(environment, text, String(key), member, depth)
  } else if (environment.language === 'VTL') {
    // A plain object of a template is data of the host, JSON through and through.
    return JSON.stringify(value)
  } else {
    const source = value as PlainMap
    const keys = Object.keys(source)
    environment.charge(keys.length + 1)
    for (const key of keys) text = withMember(environment, text, key, source[key], depth)
  }
  return text === '' ? '{}' : `${text}}`
}

function withMember(environment: UtilEnvironment, text: string, key: string, member: unknown, depth: number): string {
  if (member === undefined) return text
  if (text.length > MAX_TEXT) throw new BudgetSpent('size')
  return `${text === '' ? '{' : `${text},`}${quoted(key)}:${print(environment, member, depth + 1)}`
}

/** `JSON.stringify` of a text; short ones without anything to escape are faster without it. */
function quoted(text: string): string {
  if (text.length > 40) return JSON.stringify(text)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 32 || code === 34 || code === 92 || code >= 0xd800) return JSON.stringify(text)
  }
  return `"${text}"`
}

const MAX_TEXT = 16 * 1024 * 1024
