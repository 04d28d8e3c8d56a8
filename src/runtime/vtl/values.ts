import {
  type Budget,
  BudgetSpent,
  ELEMENT_SIZE,
  MAX_EVALUATED_SIZE,
  MAX_NESTING,
  PROPERTY_SIZE,
} from '../emit/budget.ts'
import type { UtilTable } from '../util/environment.ts'
import { BigNumber, FloatNumber, isNumber, numberOf } from '../util/values.ts'

/**
 * The values of a template. Strings, booleans and most numbers are JavaScript's; null is null or undefined. Integers are
 * exact of any size (`BigNumber` beyond 2⁵³) and floating-point numbers without a fraction are `FloatNumber`s, so that
 * `7 / 2` is 3 and `7.0 / 2` is 3.5 as in Java.
 *
 * Maps are `Map`s and lists are `VtlList`s, which belong to the run. Everything else that is an object is data of the host
 * (the context, a utility's result): it is never changed, and becomes a `Map` or a `VtlList` of the run, one level at a
 * time, when a template reaches it. Data that is only passed on or printed is not copied.
 */
export type VtlValue = unknown

/** A java.util.ArrayList. Filled by index: V8 does that several times faster than `push` on a class of its own. */
export class VtlList extends Array<VtlValue> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }
}

/** The keys of a map; removing keys here removes them from the map, as Java's view does. */
export class KeyList extends VtlList {
  backing: Map<unknown, VtlValue> | undefined
}

/** Everything that is the run's own, besides maps, lists and numbers. */
abstract class Own {}

/** One of `entrySet()`. */
export class MapEntry extends Own {
  readonly key: unknown
  readonly map: Map<unknown, VtlValue>
  private readonly budget: Budget

  constructor(key: unknown, map: Map<unknown, VtlValue>, budget: Budget) {
    super()
    this.key = key
    this.map = map
    this.budget = budget
  }

  get value(): VtlValue {
    return member(this.map, this.key, this.budget)
  }
}

/** `$util` and its namespaces, `$extensions`. */
export class Namespace extends Own {
  readonly table: UtilTable

  constructor(table: UtilTable) {
    super()
    this.table = table
  }
}

/** `$foreach`. */
export class Loop extends Own {
  index = 0
  readonly length: number
  readonly parent: Loop | undefined

  constructor(length: number, parent: Loop | undefined) {
    super()
    this.length = length
    this.parent = parent
  }
}

/** A java.util.Iterator over the elements that a list has. */
export class ListIterator extends Own {
  readonly list: VtlList
  next = 0

  constructor(list: VtlList) {
    super()
    this.list = list
  }
}

/** What `#define` makes: rendered whenever it is printed. */
export class Definition extends Own {
  readonly render: () => string

  constructor(render: () => string) {
    super()
    this.render = render
  }
}

/** A Java exception in a method; ends the template. */
export class VtlError extends Error {}

export function listOf(elements: readonly VtlValue[], budget: Budget): VtlList {
  budget.allocate(ELEMENT_SIZE * elements.length)
  budget.charge(elements.length >> 3)
  const list = new VtlList()
  for (let index = 0; index < elements.length; index++) list[index] = elements[index]
  return list
}

/** The value as one of the run: data of the host becomes a map or a list, one level deep. */
export function owned(value: VtlValue, budget: Budget): VtlValue {
  if (typeof value !== 'object' || value === null) return value
  if (isOwnKind(value)) return value
  if (Array.isArray(value)) return value instanceof VtlList ? value : listOf(value, budget)
  const map = new Map<unknown, VtlValue>()
  const source = value as Record<string, unknown>
  const keys = Object.keys(source)
  budget.allocate(PROPERTY_SIZE * keys.length)
  budget.charge(keys.length >> 2)
  for (const key of keys) {
    const member = source[key]
    if (member !== undefined) map.set(key, member)
  }
  return map
}

function isOwnKind(value: object): boolean {
  return value instanceof Map || value instanceof Own || value instanceof FloatNumber || value instanceof BigNumber
}

/** A member of a map, taken over into the run. */
export function member(map: Map<unknown, VtlValue>, key: unknown, budget: Budget): VtlValue {
  const value = map.get(key)
  if (typeof value !== 'object' || value === null || value instanceof Map || value instanceof Own) return value
  const own = owned(value, budget)
  if (own !== value) map.set(key, own)
  return own
}

/** An element of a list, taken over into the run. */
export function element(list: VtlList, index: number, budget: Budget): VtlValue {
  const value = list[index]
  if (typeof value !== 'object' || value === null || value instanceof Map || value instanceof Own) return value
  const own = owned(value, budget)
  if (own !== value) list[index] = own
  return own
}

/** A number as Java prints it: doubles with a point, and with an exponent from 10⁷ and below 10⁻³. */
export function numberText(value: number | FloatNumber | BigNumber): string {
  if (value instanceof BigNumber) return value.value.toString()
  if (value instanceof FloatNumber) return doubleText(value.value)
  if (Number.isInteger(value)) return Math.abs(value) < 1e21 ? String(value) : BigInt(value).toString()
  return doubleText(value)
}

function doubleText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const absolute = Math.abs(value)
  if (absolute !== 0 && (absolute >= 1e7 || absolute < 1e-3)) {
    const [digits, exponent] = value.toExponential().split('e') as [string, string]
    return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
  }
  const text = Object.is(value, -0) ? '-0' : String(value)
  return text.includes('.') ? text : `${text}.0`
}

/** A value as `toString()` of Java prints it; null inside a map or list is `null`. */
export function textOf(value: VtlValue, budget: Budget): string {
  if (typeof value === 'string') return value
  const text = print(value, budget, 0)
  budget.allocate(text.length)
  return text
}

function print(value: VtlValue, budget: Budget, depth: number): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (isNumber(value)) return numberText(value)
  if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
  if (Array.isArray(value)) return printAll(value, (one) => print(one, budget, depth + 1), '[', ']', budget)
  if (value instanceof Map) {
    return printAll(
      [...value],
      ([key, one]) => `${print(key, budget, depth + 1)}=${print(one, budget, depth + 1)}`,
      '{',
      '}',
      budget,
    )
  }
  if (value instanceof MapEntry)
    return `${print(value.key, budget, depth + 1)}=${print(value.value, budget, depth + 1)}`
  if (value instanceof Definition) return value.render()
  if (value instanceof Namespace || value instanceof Loop || value instanceof ListIterator) return ''
  return printAll(Object.entries(value), ([key, one]) => `${key}=${print(one, budget, depth + 1)}`, '{', '}', budget)
}

function printAll<T>(
  parts: readonly T[],
  show: (part: T) => string,
  open: string,
  close: string,
  budget: Budget,
): string {
  budget.charge(parts.length + 1)
  let text = open
  for (let index = 0; index < parts.length; index++) {
    text += index === 0 ? show(parts[index] as T) : `, ${show(parts[index] as T)}`
    if (text.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  }
  return text + close
}

/** Whether two values are equal as `==` has it: numbers by value, maps and lists by content, unlike classes by their text. */
export function areEqual(a: VtlValue, b: VtlValue, budget: Budget, depth = 0): boolean {
  const isNullA = a === null || a === undefined
  const isNullB = b === null || b === undefined
  if (isNullA || isNullB) return isNullA && isNullB
  if (a === b) return true
  if (typeof a === 'string' && typeof b === 'string') return false
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0
  if (typeof a === 'object' && typeof b === 'object') {
    if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
    const left = owned(a, budget)
    const right = owned(b, budget)
    if (left instanceof Map && right instanceof Map) return haveEqualMembers(left, right, budget, depth)
    if (left instanceof VtlList && right instanceof VtlList) {
      budget.charge(left.length)
      return left.length === right.length && left.every((one, index) => areEqual(one, right[index], budget, depth + 1))
    }
  }
  return textOf(a, budget) === textOf(b, budget)
}

function haveEqualMembers(
  a: Map<unknown, VtlValue>,
  b: Map<unknown, VtlValue>,
  budget: Budget,
  depth: number,
): boolean {
  if (a.size !== b.size) return false
  budget.charge(a.size)
  for (const [key, value] of a) if (!b.has(key) || !areEqual(value, b.get(key), budget, depth + 1)) return false
  return true
}

/** Java's `equals`: as `==`, but values of unlike classes are never equal. */
export function javaEquals(a: VtlValue, b: VtlValue, budget: Budget): boolean {
  if (typeof a !== typeof b && !(isNumber(a) && isNumber(b))) return false
  return areEqual(a, b, budget)
}

export function compareNumbers(a: unknown, b: unknown): number {
  if (a instanceof BigNumber || b instanceof BigNumber) {
    const [left, right] = [bigOf(a), bigOf(b)]
    if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0
  }
  const [left, right] = [numberOf(a) as number, numberOf(b) as number]
  return left < right ? -1 : left > right ? 1 : 0
}

/** The exact integer of a number without a fraction. */
export function bigOf(value: unknown): bigint | undefined {
  if (value instanceof BigNumber) return value.value
  const number = numberOf(value)
  return number !== undefined && Number.isInteger(number) ? BigInt(number) : undefined
}

/** An exact integer as value: a plain number where that holds it. */
export function integerOf(value: bigint): number | BigNumber {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : new BigNumber(value)
}

/** A floating-point result as value. */
export function floatOf(value: number): number | FloatNumber {
  return Number.isInteger(value) ? new FloatNumber(value) : value
}
