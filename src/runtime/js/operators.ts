import { type Budget, BudgetSpent, ELEMENT_SIZE, MAX_EVALUATED_SIZE, PROPERTY_SIZE } from '../emit/budget.ts'
import { MAP_PROTOTYPE, newMap } from '../emit/fromHost.ts'
import {
  CHARACTERS_PER_STEP,
  type Closure,
  describe,
  isMap,
  madeList,
  type ProgramMap,
  toKey,
  toNumber,
  toPrimitive,
  toText,
} from './coerce.ts'
import { typeError } from './programError.ts'

/*
 * The operations that emitted programs are made of. Everything that could reach the host (properties, calls, implicit
 * conversions) or grow without bound (texts, lists, maps) goes through here; `site` is the offset of the expression in
 * the source, kept for the error message.
 */

/** `object.name`, `object[key]`: own members of maps, elements and length of lists and texts; nothing is inherited. */
export function get(budget: Budget, object: unknown, rawKey: unknown, site: number): unknown {
  if (typeof object === 'object' && object !== null) {
    const key = typeof rawKey === 'string' || typeof rawKey === 'number' ? rawKey : toKey(budget, rawKey)
    if (Array.isArray(object)) {
      if (typeof key === 'number') return Object.hasOwn(object, key) ? object[key] : undefined
      if (key === 'length') return object.length
      return isIndex(key) && Object.hasOwn(object, key) ? object[key as unknown as number] : undefined
    }
    return Object.hasOwn(object, key) ? (object as ProgramMap)[key] : undefined
  }
  if (typeof object === 'string') {
    const key = toKey(budget, rawKey)
    if (key === 'length') return object.length
    if (typeof key !== 'number' && !isIndex(key)) return undefined
    budget.charge(object.length / CHARACTERS_PER_STEP / 16)
    const index = Number(key)
    return Number.isInteger(index) && index >= 0 && index < object.length ? object.charAt(index) : undefined
  }
  if (object === null || object === undefined) {
    budget.at = site
    throw typeError(`Cannot read properties of ${object} (reading '${toText(budget, rawKey)}')`)
  }
  return undefined
}

/** An array index or another key made of digits; anything else on a list is no member of it. */
function isIndex(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 48 && first <= 57 && String(Number(key)) === key
}

export function set(budget: Budget, object: unknown, rawKey: unknown, value: unknown, site: number): unknown {
  budget.at = site
  if (typeof object === 'object' && object !== null) {
    const key = toKey(budget, rawKey)
    if (Array.isArray(object)) setElement(budget, object, key, value)
    else setMember(budget, object as ProgramMap, key, value)
    return value
  }
  if (object === null || object === undefined) {
    throw typeError(`Cannot set properties of ${object} (setting '${toText(budget, rawKey)}')`)
  }
  throw typeError(`Cannot create property '${toText(budget, rawKey)}' on ${typeof object}`)
}

/** Maps have no prototype, so that every key is a member like others, `__proto__` too. */
export function setMember(budget: Budget, map: ProgramMap, key: string | number, value: unknown): void {
  if (map[key] === undefined) budget.allocate(PROPERTY_SIZE)
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
  } else map[key] = value
}

function setElement(budget: Budget, list: unknown[], key: string | number, value: unknown): void {
  if (key === 'length') {
    const length = toNumber(budget, value)
    // Lists only shrink: a list is never longer than what was put into it.
    if (!(Number.isInteger(length) && length >= 0 && length <= list.length)) {
      throw typeError('The length of an array can only be made smaller')
    }
    list.length = length
    return
  }
  const index = Number(key)
  if (!Number.isInteger(index) || index < 0 || String(index) !== String(key)) {
    throw typeError(`Cannot add property ${key} to an array`)
  }
  if (index > list.length) throw typeError('An array can only be extended at its end')
  if (index === list.length) budget.allocate(ELEMENT_SIZE)
  list[index] = value
}

export function remove(budget: Budget, object: unknown, rawKey: unknown, site: number): boolean {
  budget.at = site
  if (object === null || object === undefined) throw typeError('Cannot convert undefined or null to object')
  if (typeof object !== 'object') return true
  const key = toKey(budget, rawKey)
  if (Array.isArray(object)) {
    if (key === 'length') throw typeError("Cannot delete property 'length' of [object Array]")
    if (Object.hasOwn(object, key)) object[Number(key)] = undefined
    return true
  }
  return delete (object as ProgramMap)[key]
}

/** A constructor of maps that inherit nothing. */
export function shape<T extends { prototype: unknown }>(make: T): T {
  make.prototype = MAP_PROTOTYPE
  return make
}

/** Counts an object or array literal, and hands it on. */
export function made<T>(budget: Budget, value: T, size: number): T {
  budget.allocate(size)
  return value
}

export function add(budget: Budget, left: unknown, right: unknown): string | number {
  if (typeof left === 'number' && typeof right === 'number') return left + right
  if (typeof left === 'string' && typeof right === 'string') return joined(budget, left, right)
  const a = toPrimitive(budget, left)
  const b = toPrimitive(budget, right)
  if (typeof a !== 'string' && typeof b !== 'string') return Number(a) + Number(b)
  return joined(budget, String(a), String(b))
}

/** A concatenation costs its shorter part now, and a copy of the whole later, if it is looked into. */
function joined(budget: Budget, first: string, second: string): string {
  const length = first.length + second.length
  if (length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  budget.allocate(Math.min(first.length, second.length) + 16)
  if (length > CHARACTERS_PER_STEP) budget.charge(length / (CHARACTERS_PER_STEP * 2))
  return first + second
}

export function number(budget: Budget, value: unknown): number {
  return typeof value === 'number' ? value : toNumber(budget, value)
}

export function less(budget: Budget, left: unknown, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right
  const [a, b] = comparable(budget, left, right)
  return (a as number) < (b as number)
}

export function lessOrEqual(budget: Budget, left: unknown, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left <= right
  const [a, b] = comparable(budget, left, right)
  return (a as number) <= (b as number)
}

function comparable(budget: Budget, left: unknown, right: unknown): [unknown, unknown] {
  const a = toPrimitive(budget, left)
  const b = toPrimitive(budget, right)
  chargeComparison(budget, a, b)
  return [a, b]
}

export function same(budget: Budget, left: unknown, right: unknown): boolean {
  chargeComparison(budget, left, right)
  return left === right
}

export function equal(budget: Budget, left: unknown, right: unknown): boolean {
  const isLeftObject = (typeof left === 'object' && left !== null) || typeof left === 'function'
  const isRightObject = (typeof right === 'object' && right !== null) || typeof right === 'function'
  if (isLeftObject === isRightObject) {
    chargeComparison(budget, left, right)
    // biome-ignore lint/suspicious/noDoubleEquals: this is the operator
    return left == right
  }
  if (left === null || left === undefined || right === null || right === undefined) return false
  const [a, b] = comparable(budget, left, right)
  // biome-ignore lint/suspicious/noDoubleEquals: this is the operator
  return a == b
}

function chargeComparison(budget: Budget, left: unknown, right: unknown): void {
  if (typeof left === 'string' && typeof right === 'string' && left.length > CHARACTERS_PER_STEP) {
    budget.charge(Math.min(left.length, right.length) / CHARACTERS_PER_STEP)
  }
}

/** What a loop or spread walks: the list itself, or a text's characters. */
export function iterate(budget: Budget, value: unknown, site: number): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'string') {
    budget.charge(value.length)
    return madeList(budget, Array.from(value))
  }
  budget.at = site
  throw typeError(`${describe(value)} is not iterable`)
}

/** What `...` takes of a list that a later part of the same literal may change. */
export function snapshot(budget: Budget, value: unknown, site: number): readonly unknown[] {
  const list = iterate(budget, value, site)
  if (list !== value) return list
  budget.charge(list.length / 8)
  return madeList(budget, list.slice())
}

/** `[...parts]`: the list of all elements of the given lists. */
export function concatenate(budget: Budget, parts: readonly (readonly unknown[])[]): unknown[] {
  let length = 0
  for (const part of parts) length += part.length
  budget.charge(length)
  budget.allocate(length * ELEMENT_SIZE)
  const result: unknown[] = []
  for (const part of parts) for (let index = 0; index < part.length; index++) result.push(part[index])
  return result
}

/** `{...source}`. */
export function spread(budget: Budget, target: ProgramMap, source: unknown): ProgramMap {
  if (typeof source === 'string' || Array.isArray(source)) {
    budget.charge(source.length)
    for (let index = 0; index < source.length; index++) setMember(budget, target, index, source[index])
  } else if (isMap(source)) {
    const keys = Object.keys(source)
    budget.charge(keys.length)
    for (const key of keys) setMember(budget, target, key, source[key])
  }
  return target
}

/** Adds a member to a literal that has spreads or computed keys. */
export function define(budget: Budget, target: ProgramMap, key: unknown, value: unknown): ProgramMap {
  setMember(budget, target, toKey(budget, key), value)
  return target
}

/** `const {a, ...rest} = source`. */
export function rest(budget: Budget, source: unknown, taken: readonly (string | number)[]): ProgramMap {
  const result = newMap()
  if (typeof source === 'string' || Array.isArray(source)) {
    spread(budget, result, source)
    for (const key of taken) delete result[key]
  } else if (isMap(source)) {
    const names = Object.keys(source)
    budget.charge(names.length * (1 + taken.length / 8))
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string
      if (!taken.includes(name)) setMember(budget, result, name, source[name])
    }
  }
  return result
}

/** A value that a pattern `{…}` may take apart. */
export function destructurable(budget: Budget, value: unknown, site: number): unknown {
  if (value === null || value === undefined) {
    budget.at = site
    throw typeError(`Cannot destructure '${value}' as it is ${value}.`)
  }
  return value
}

/** The keys that `for…in` visits. */
export function keys(budget: Budget, value: unknown): string[] {
  if (value === null || value === undefined) return []
  if (typeof value === 'string') {
    budget.charge(value.length)
    return madeList(
      budget,
      Array.from({ length: value.length }, (_, index) => String(index)),
    )
  }
  if (typeof value !== 'object') return []
  const names = Object.keys(value)
  budget.charge(names.length)
  return madeList(budget, names)
}

/** Calls a value of the program. Host functions are never values, so that a function is one of the program's. */
export function call(budget: Budget, callee: unknown, args: unknown[], site: number, name: string): unknown {
  if (typeof callee !== 'function') {
    budget.at = site
    throw typeError(`${name} is not a function`)
  }
  return (callee as Closure)(...args)
}

/** Calls a utility or built-in function. */
export function host<T>(
  budget: T & Budget,
  site: number,
  callee: (budget: T & Budget, args: readonly unknown[]) => unknown,
  args: readonly unknown[],
): unknown {
  budget.at = site
  if (--budget.steps < 0) budget.stepsSpent()
  return callee(budget, args)
}
