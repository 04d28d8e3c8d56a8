import { RequestError, serializationError } from './errors.ts'
import { canonicalNumber, compareNumbers, decimalOf } from './number.ts'

/** A value as DynamoDB's API writes it: exactly one member; numbers as text, binary as base64 text. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] }
  | { L: AttributeValue[] }
  | { M: Item }

/** Attributes by name. Names come from outside: read with `attributeOf`, write with `setAttribute`. */
export type Item = { [name: string]: AttributeValue }

export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'SS' | 'NS' | 'BS' | 'L' | 'M'

/**
 * Levels of an attribute, itself included:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes-nested-depth
 */
export const MAX_NESTING = 32

export const NESTING_MESSAGE =
  'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit'

const SETS_EMPTY: Record<'SS' | 'NS' | 'BS', string> = {
  SS: 'One or more parameter values were invalid: An string set  may not be empty',
  NS: 'One or more parameter values were invalid: An number set  may not be empty',
  BS: 'One or more parameter values were invalid: Binary sets should not be empty',
}

export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined
}

export function setAttribute<V>(target: { [name: string]: V }, name: string, value: V): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true })
  else target[name] = value
}

/** The type of a value that `readValue` made. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType
  throw new TypeError('an attribute value has a type')
}

/** Asks for a value's content by type: `contentOf(value, 'S')`. */
export function stringOf(value: AttributeValue | undefined): string | undefined {
  return value !== undefined && 'S' in value ? value.S : undefined
}

export function numberOf(value: AttributeValue | undefined): string | undefined {
  return value !== undefined && 'N' in value ? value.N : undefined
}

/**
 * Copies attributes from outside into canonical, independent data: numbers in plain notation, binary in padded base64.
 * Throws DynamoDB's ValidationException or SerializationException.
 */
export function readItem(input: unknown): Item {
  return readMap(input, 0)
}

function readMap(input: unknown, depth: number): Item {
  const given = objectOf(input)
  const item: Item = {}
  for (const name in given) {
    if (!Object.hasOwn(given, name)) continue
    if (name === '') throw new RequestError('Empty attribute name')
    const value = given[name]
    if (value === undefined || value === null) {
      if (value === null)
        throw new RequestError('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
      continue
    }
    const read = readValue(value, depth)
    if (name === '__proto__') setAttribute(item, name, read)
    else item[name] = read
  }
  return item
}

function objectOf(input: unknown): Record<string, unknown> {
  if (typeof input === 'object' && input !== null) {
    if (Array.isArray(input))
      throw serializationError(
        'Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>',
      )
    return input as Record<string, unknown>
  }
  throw serializationError('Unexpected field type')
}

/** Copies one value from outside; see `readItem`. */
export function readValue(input: unknown, depth = 0): AttributeValue {
  if (typeof input !== 'object' || input === null) throw serializationError('Unexpected value type in payload')
  if (Array.isArray(input))
    throw serializationError('Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue')
  if (depth >= MAX_NESTING) throw new RequestError(NESTING_MESSAGE)
  const given = input as Record<string, unknown>
  let found: AttributeValue | undefined
  for (const type in given) {
    if (!Object.hasOwn(given, type)) continue
    const content = given[type]
    if (content === undefined || content === null) continue
    const value = readContent(type, content, depth)
    if (value === undefined) continue
    if (found !== undefined)
      throw new RequestError(
        'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
      )
    found = value
  }
  if (found === undefined)
    throw new RequestError('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
  return found
}

function readContent(type: string, content: unknown, depth: number): AttributeValue | undefined {
  switch (type) {
    case 'S':
      return { S: textOf(content) }
    case 'N':
      return { N: canonicalNumber(textOf(content)) }
    case 'B':
      return { B: binaryOf(content) }
    case 'BOOL':
      return { BOOL: booleanOf(content) }
    case 'NULL':
      if (!booleanOf(content))
        throw new RequestError(
          'One or more parameter values were invalid: Null attribute value types must have the value of true',
        )
      return { NULL: true }
    case 'SS': {
      const values = listOf(content).map(textOf)
      if (values.length === 0) throw new RequestError(SETS_EMPTY.SS)
      if (new Set(values).size < values.length)
        throw new RequestError(
          `One or more parameter values were invalid: Input collection [${untilRepeat(values).map(quoted).join(', ')}] contains duplicates.`,
          `One or more parameter values were invalid: Input collection [${values.join(', ')}] contains duplicates.`,
        )
      return { SS: sortSet('SS', values) }
    }
    case 'NS': {
      const values = listOf(content).map((value) => canonicalNumber(textOf(value)))
      if (values.length === 0) throw new RequestError(SETS_EMPTY.NS)
      if (new Set(values).size < values.length)
        throw new RequestError(
          'One or more parameter values were invalid: Input collection contains duplicates.',
          'Input collection contains duplicates',
        )
      return { NS: sortSet('NS', values) }
    }
    case 'BS': {
      const values = listOf(content).map(binaryOf)
      if (values.length === 0) throw new RequestError(SETS_EMPTY.BS)
      if (new Set(values).size < values.length)
        throw new RequestError(
          `One or more parameter values were invalid: Input collection [${untilRepeat(values, 'base64').map(quoted).join(',')}]of type BS contains duplicates.`,
          `One or more parameter values were invalid: Input collection [${values.join(', ')}]of type BS contains duplicates.`,
        )
      return { BS: sortSet('BS', values) }
    }
    case 'L': {
      const list = listOf(content)
      const values = new Array<AttributeValue>(list.length)
      for (let index = 0; index < list.length; index++) values[index] = readValue(list[index], depth + 1)
      return { L: values }
    }
    case 'M':
      return { M: readMap(content, depth + 1) }
    default:
      return undefined
  }
}

/** Puts a set's members in the order in which DynamoDB answers them: numbers by value, others by their bytes. */
export function sortSet(type: 'SS' | 'NS' | 'BS', members: string[]): string[] {
  if (members.length < 2) return members
  switch (type) {
    case 'NS':
      return members.sort(compareNumbers)
    case 'SS':
      return members.sort(compareText)
    case 'BS':
      return members.sort((one, two) => Buffer.compare(Buffer.from(one, 'base64'), Buffer.from(two, 'base64')))
    default:
      return type satisfies never
  }
}

/** A set with a repeated member as the newer checks show it: in order up to the first repeat, then as it was sent. */
function untilRepeat(members: readonly string[], encoding: BufferEncoding = 'utf8'): string[] {
  const repeat = members.findIndex((member, index) => members.indexOf(member) < index)
  const ordered = members
    .slice(0, repeat)
    .sort((one, two) => Buffer.compare(Buffer.from(one, encoding), Buffer.from(two, encoding)))
  return [...ordered, ...members.slice(repeat)]
}

function quoted(text: string): string {
  return `"${text}"`
}

function textOf(content: unknown): string {
  switch (typeof content) {
    case 'string':
      return content
    case 'boolean':
      throw serializationError(`${content ? 'TRUE_VALUE' : 'FALSE_VALUE'} cannot be converted to String`)
    case 'number':
      throw serializationError(
        `${Number.isInteger(content) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE'} cannot be converted to String`,
      )
    default:
      if (Array.isArray(content)) throw serializationError('Unrecognized collection type class java.lang.String')
      throw serializationError('Start of structure or map found where not expected')
  }
}

function booleanOf(content: unknown): boolean {
  switch (typeof content) {
    case 'boolean':
      return content
    case 'string': {
      const text = content.toUpperCase()
      if (text === 'TRUE' || text === '1' || text === 'YES') return true
      if (text === 'FALSE' || text === '0' || text === 'NO') return false
      throw serializationError('Unexpected token received from parser')
    }
    case 'number':
      throw serializationError(
        `${Number.isInteger(content) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE'} cannot be converted to Boolean`,
      )
    default:
      if (Array.isArray(content)) throw serializationError('Unrecognized collection type class java.lang.Boolean')
      throw serializationError('Start of structure or map found where not expected')
  }
}

function listOf(content: unknown): unknown[] {
  if (Array.isArray(content)) return content
  if (typeof content === 'object') throw serializationError('Start of structure or map found where not expected')
  throw serializationError('Unexpected field type')
}

function binaryOf(content: unknown): string {
  if (content instanceof Uint8Array) return Buffer.from(content).toString('base64')
  if (typeof content !== 'string') {
    if (typeof content !== 'object') throw serializationError('only base-64-encoded strings are convertible to bytes')
    if (Array.isArray(content)) throw serializationError('Unrecognized collection type class java.nio.ByteBuffer')
    throw serializationError('Start of structure or map found where not expected')
  }
  if (content.length % 4 !== 0)
    throw serializationError(`Base64 encoded length is expected a multiple of 4 bytes but found: ${content.length}`)
  if (Buffer.from(content, 'base64').toString('base64') !== content)
    throw serializationError('Invalid last non-pad Base64 character dectected')
  return content
}

/** Levels of an item's deepest attribute, itself included. */
export function itemDepth(item: Item): number {
  return Object.values(item).reduce((depth, value) => Math.max(depth, valueDepth(value)), 0)
}

function valueDepth(value: AttributeValue): number {
  if ('M' in value) return 1 + itemDepth(value.M)
  if ('L' in value) return 1 + value.L.reduce((depth, member) => Math.max(depth, valueDepth(member)), 0)
  return 1
}

/** An independent copy. */
export function cloneValue(value: AttributeValue): AttributeValue {
  if ('M' in value) return { M: cloneItem(value.M) }
  if ('L' in value) return { L: value.L.map(cloneValue) }
  if ('SS' in value) return { SS: [...value.SS] }
  if ('NS' in value) return { NS: [...value.NS] }
  if ('BS' in value) return { BS: [...value.BS] }
  return { ...value }
}

/** An independent copy. */
export function cloneItem(item: Item): Item {
  const copy: Item = {}
  for (const name in item) setAttribute(copy, name, cloneValue(item[name] as AttributeValue))
  return copy
}

/**
 * Bytes that attributes count for: names and values, as
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html describes.
 */
export function itemSize(item: Item): number {
  let size = 0
  for (const name in item) size += utf8Length(name) + valueSize(item[name] as AttributeValue)
  return size
}

function valueSize(value: AttributeValue): number {
  if ('S' in value) return utf8Length(value.S)
  if ('N' in value) return numberSize(value.N)
  if ('BOOL' in value || 'NULL' in value) return 1
  if ('M' in value) {
    let size = 3
    for (const name in value.M) size += 1 + utf8Length(name) + valueSize(value.M[name] as AttributeValue)
    return size
  }
  if ('L' in value) return value.L.reduce((size, member) => size + 1 + valueSize(member), 3)
  if ('B' in value) return base64Length(value.B)
  if ('SS' in value) return value.SS.reduce((size, member) => size + utf8Length(member), 0)
  if ('NS' in value) return value.NS.reduce((size, member) => size + numberSize(member), 0)
  return value.BS.reduce((size, member) => size + base64Length(member), 0)
}

function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

function base64Length(text: string): number {
  return Buffer.byteLength(text, 'base64')
}

/** A byte, and one for each two significant digits before and behind the decimal point; the sign is another. */
function numberSize(canonical: string): number {
  const { negative, digits, exponent } = decimalOf(canonical)
  const whole = Math.max(0, Math.min(digits.length, exponent + 1))
  return 1 + ((whole + 1) >> 1) + ((digits.length - whole + 1) >> 1) + (negative ? 1 : 0)
}

/** Whether two values are the same; sets without regard to order. */
export function equalValues(left: AttributeValue, right: AttributeValue): boolean {
  if ('S' in left) return 'S' in right && left.S === right.S
  if ('N' in left) return 'N' in right && left.N === right.N
  if ('B' in left) return 'B' in right && left.B === right.B
  if ('BOOL' in left) return 'BOOL' in right && left.BOOL === right.BOOL
  if ('NULL' in left) return 'NULL' in right
  if ('SS' in left) return 'SS' in right && equalSets(left.SS, right.SS)
  if ('NS' in left) return 'NS' in right && equalSets(left.NS, right.NS)
  if ('BS' in left) return 'BS' in right && equalSets(left.BS, right.BS)
  if ('L' in left)
    return (
      'L' in right &&
      left.L.length === right.L.length &&
      left.L.every((member, index) => equalValues(member, right.L[index] as AttributeValue))
    )
  return 'M' in right && equalItems(left.M, right.M)
}

function equalSets(left: string[], right: string[]): boolean {
  if (left.length !== right.length) return false
  const members = new Set(left)
  return right.every((member) => members.has(member))
}

/** Whether two items have the same attributes. */
export function equalItems(left: Item, right: Item): boolean {
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => {
      const other = attributeOf(right, name)
      return other !== undefined && equalValues(left[name] as AttributeValue, other)
    })
  )
}

/** Orders two values of one ordered type (S by UTF-8 bytes, N, B); undefined when they cannot be ordered. */
export function compareValues(left: AttributeValue, right: AttributeValue): number | undefined {
  if ('S' in left) return 'S' in right ? compareText(left.S, right.S) : undefined
  if ('N' in left) return 'N' in right ? compareNumbers(left.N, right.N) : undefined
  if ('B' in left)
    return 'B' in right ? Buffer.compare(Buffer.from(left.B, 'base64'), Buffer.from(right.B, 'base64')) : undefined
  return undefined
}

const ASCII = /^[\x00-\x7f]*$/

function compareText(left: string, right: string): number {
  if (left === right) return 0
  // UTF-16 and UTF-8 order code points differently only beyond the basic plane.
  if (ASCII.test(left) && ASCII.test(right)) return left < right ? -1 : 1
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
