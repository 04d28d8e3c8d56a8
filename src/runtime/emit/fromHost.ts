import { BudgetSpent, MAX_NESTING } from './budget.ts'

/** Own members only; a map that a program may read and write. */
export type PlainMap = Record<string, unknown>

/**
 * What every map is made of: an empty, frozen prototype that has none itself. Nothing can be inherited from it or put
 * into it, and `__proto__` is a member like others; V8 keeps such objects several times faster than those of
 * `Object.create(null)`.
 */
export const MAP_PROTOTYPE: object = Object.freeze(Object.create(null))

export const EmptyMap = (() => {
  // A function, because the prototype of a class cannot be replaced.
  function EmptyMap() {}
  EmptyMap.prototype = MAP_PROTOTYPE
  return EmptyMap as unknown as new () => PlainMap
})()

export function newMap(): PlainMap {
  return new EmptyMap()
}

/** Whether an object inherits nothing. */
export function inheritsNothing(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === MAP_PROTOTYPE || prototype === null
}

/**
 * A copy of host data for a program: maps that inherit nothing, arrays, primitives; nothing else of the host gets in,
 * and what the program changes is its own.
 */
export function fromHost(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value
    case 'bigint':
      return Number(value)
    case 'object': {
      if (value === null) return null
      if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
      if (Array.isArray(value)) {
        const list: unknown[] = []
        for (let index = 0; index < value.length; index++) list.push(fromHost(value[index], depth + 1))
        return list
      }
      if (value instanceof Date) return value.toISOString()
      const map = new EmptyMap()
      const source = value as PlainMap
      // Inherited members come last in `for…in`; hosts give plain objects, so that there are none to skip.
      for (const key in source) if (Object.hasOwn(source, key)) map[key] = fromHost(source[key], depth + 1)
      return map
    }
    default:
      return undefined
  }
}
