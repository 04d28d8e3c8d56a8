import type { Budget } from '../../emit/budget.ts'
import { type Closure, isMap, type ProgramMap, toKey } from '../coerce.ts'
import { typeError } from '../programError.ts'
import { arrayMethods } from './array.ts'
import { booleanMethods, numberMethods } from './number.ts'
import { stringMethods } from './string.ts'

/**
 * `object.name(...args)`: a method from the table of the value's type, or a closure that the program itself put into a
 * map. A method is never a value: it can only be called.
 */
export function callMethod(
  budget: Budget,
  object: unknown,
  name: string,
  args: readonly unknown[],
  site: number,
): unknown {
  budget.at = site
  if (--budget.steps < 0) budget.stepsSpent()
  if (typeof object === 'string') {
    const method = stringMethods[name]
    if (method !== undefined) return method(budget, object, args)
  } else if (Array.isArray(object)) {
    const method = arrayMethods[name]
    if (method !== undefined) return method(budget, object, args)
  } else if (isMap(object)) {
    const member = Object.hasOwn(object, name) ? (object as ProgramMap)[name] : undefined
    if (typeof member === 'function') return (member as Closure)(...args)
    if (name === 'toString') return '[object Object]'
    if (name === 'hasOwnProperty') return Object.hasOwn(object, toKey(budget, args[0]))
  } else if (typeof object === 'number') {
    const method = numberMethods[name]
    if (method !== undefined) return method(budget, object, args)
  } else if (typeof object === 'boolean') {
    const method = booleanMethods[name]
    if (method !== undefined) return method(budget, object)
  } else if (object === null || object === undefined) {
    throw typeError(`Cannot read properties of ${object} (reading '${name}')`)
  }
  throw typeError(`${name} is not a function`)
}

/** `object[key](...args)`. */
export function callComputed(
  budget: Budget,
  object: unknown,
  key: unknown,
  args: readonly unknown[],
  site: number,
): unknown {
  if (Array.isArray(object) && typeof key === 'number') {
    const element = Object.hasOwn(object, key) ? object[key] : undefined
    if (typeof element === 'function') return (element as Closure)(...args)
  }
  return callMethod(budget, object, String(toKey(budget, key)), args, site)
}

/** Whether `object.name?.()` calls anything. */
export function hasMethod(object: unknown, name: string): boolean {
  if (typeof object === 'string') return name in stringMethods
  if (Array.isArray(object)) return name in arrayMethods
  if (typeof object === 'number') return name in numberMethods
  if (typeof object === 'boolean') return name in booleanMethods
  return isMap(object) && Object.hasOwn(object, name) && object[name] !== undefined && object[name] !== null
}
