import { isRecord } from '../dataSource.ts'
import type { Place } from './requestShape.ts'
import { at, kindOf, RequestShapeError } from './requestShape.ts'

/** DynamoDB's own form: numbers as text, binary as base64 text. */
export type AttributeValue = Record<string, unknown>
export type Item = Record<string, AttributeValue>

/** Deepest document that DynamoDB keeps is 32 levels; a little more, so that the refusal is DynamoDB's. */
const MAX_DEPTH = 64

/** A map of attribute values in a request: numbers may be JSON numbers, `NULL` may be null. */
export function readItem(value: Record<string, unknown>, place: Place, depth = 0): Item {
  const item: Item = Object.create(null)
  for (const [name, member] of Object.entries(value)) item[name] = readValue(member, at(place, name), depth)
  return item
}

export function readValue(value: unknown, place: Place, depth = 0): AttributeValue {
  if (!isRecord(value)) {
    const message = `Expected JSON object for attribute value '${place}' but got '${kindOf(value)}' instead.`
    throw new RequestShapeError(message)
  }
  if (depth > MAX_DEPTH) throw new RequestShapeError(`The attribute value '${place}' is nested too deeply.`)
  const types = Object.keys(value)
  const [type] = types
  if (type === undefined || types.length > 1) {
    throw new RequestShapeError(`Expected exactly one type for attribute value '${place}' but got ${types.length}.`)
  }
  return { [type]: readTyped(type, value[type], at(place, type), depth) }
}

function readTyped(type: string, value: unknown, place: Place, depth: number): unknown {
  const refused = (expected: string): never => {
    throw new RequestShapeError(
      `Expected JSON ${expected} for attribute value '${place}' but got '${kindOf(value)}' instead.`,
    )
  }
  switch (type) {
    case 'S':
    case 'B':
      if (typeof value === 'string') return value
      // Templates write `{"S": $value}` for numbers and booleans too; the service takes their text.
      return typeof value === 'number' || typeof value === 'boolean' ? String(value) : refused('string')
    case 'N':
      return typeof value === 'number' || typeof value === 'string' ? String(value) : refused('number')
    case 'BOOL':
      if (typeof value === 'boolean') return value
      return value === 'true' || value === 'false' ? value === 'true' : refused('boolean')
    case 'NULL':
      return true
    case 'SS':
    case 'BS':
    case 'NS':
      return Array.isArray(value) ? value.map(String) : refused('array')
    case 'L':
      return Array.isArray(value)
        ? value.map((item, index) => readValue(item, at(place, index), depth + 1))
        : refused('array')
    case 'M':
      return isRecord(value) ? readItem(value, place, depth + 1) : refused('object')
    default:
      throw new RequestShapeError(`Unsupported element '${place}'.`)
  }
}

/** An item as resolvers see it: plain JSON. */
export function plainItem(item: unknown): Record<string, unknown> | null {
  if (!isRecord(item)) return null
  const result: Record<string, unknown> = {}
  for (const name in item) {
    const value = plainValue(item[name])
    if (name === '__proto__') {
      Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true })
    } else result[name] = value
  }
  return result
}

function plainValue(value: unknown): unknown {
  if (!isRecord(value)) return null
  for (const type in value) {
    const content = value[type]
    switch (type) {
      case 'N':
        return plainNumber(String(content))
      case 'NULL':
        return null
      case 'L':
        return Array.isArray(content) ? content.map(plainValue) : null
      case 'M':
        return plainItem(content)
      case 'NS':
        return Array.isArray(content) ? content.map((item) => plainNumber(String(item))) : null
      default:
        return content
    }
  }
  return null
}

/** Digits that a double always keeps. */
const SAFE_DIGITS = 15

/** A number of DynamoDB has 38 digits. One that a double would alter stays text, which IDs and strings show unchanged. */
export function plainNumber(text: string): number | string {
  const number = Number(text)
  if (text.length <= SAFE_DIGITS) return number
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[-+.]/g, '')
    .replace(/^0+|0+$/g, '')
  if (digits.length <= SAFE_DIGITS || String(number) === text) return number
  return text.includes('.') || /[eE]/.test(text) ? number : text
}
