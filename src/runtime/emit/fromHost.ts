import { BudgetSpent, MAX_NESTING } from './budget.ts'

/** Own members only; a map that a program may read and write. */
export type PlainMap = Record<string, unknown>

export function newMap(): PlainMap {
  return Object.create(null)
}

/**
 * A copy of host data for a program: maps without prototype, arrays, primitives; nothing else of the host gets in, and
 * what the program changes is its own. Members named `__proto__` are members like others.
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
        const list: unknown[] = new Array(value.length)
        for (let index = 0; index < value.length; index++) list[index] = fromHost(value[index], depth + 1)
        return list
      }
      if (value instanceof Date) return value.toISOString()
      const map = newMap()
      const source = value as PlainMap
      for (const key of Object.keys(source)) map[key] = fromHost(source[key], depth + 1)
      return map
    }
    default:
      return undefined
  }
}
