import { type Budget, BudgetSpent, MAX_EVALUATED_SIZE, MAX_NESTING } from './budget.ts'
import { inheritsNothing, newMap } from './fromHost.ts'

/**
 * The result of a run as plain data: maps that inherit nothing, arrays, strings, finite numbers, booleans and null, as
 * JSON would carry it (members that are undefined or functions are left out, such elements and NaN become null).
 *
 * Walks the value once and counts it as JSON would print it, shared parts as often as they are reached, so that no
 * result can explode in whoever prints it. A value that is plain already is returned as it is, not copied.
 */
export function toPlain(value: unknown, budget: Budget, limit: number = MAX_EVALUATED_SIZE): unknown {
  const state: Walk = { budget, left: limit }
  return walk(value, state, 0)
}

interface Walk {
  budget: Budget
  /** Characters that the result may still have. */
  left: number
}

function walk(value: unknown, state: Walk, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      count(state, value.length + 2)
      return value
    case 'number':
      count(state, 8)
      return Number.isFinite(value) ? value : null
    case 'boolean':
      count(state, 5)
      return value
    case 'object':
      if (value === null) {
        count(state, 4)
        return null
      }
      if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
      count(state, 2)
      return Array.isArray(value) ? walkList(value, state, depth) : walkMap(value, state, depth)
    default:
      return undefined
  }
}

function walkList(list: unknown[], state: Walk, depth: number): unknown[] {
  let result = list
  for (let index = 0; index < list.length; index++) {
    const element = list[index]
    let plain = walk(element, state, depth + 1)
    if (plain === undefined) {
      count(state, 4)
      plain = null
    }
    count(state, 1)
    if (plain !== element || (plain === null && !Object.hasOwn(list, index))) {
      if (result === list) result = list.slice()
      result[index] = plain
    }
  }
  return result
}

function walkMap(map: object, state: Walk, depth: number): object {
  const source = map as Record<string, unknown>
  const isOurs = inheritsNothing(map)
  let result: Record<string, unknown> | undefined = isOurs ? undefined : newMap()
  // Our maps inherit nothing, so that `for…in` visits own members only, and fast.
  for (const key in source) {
    if (!isOurs && !Object.hasOwn(source, key)) continue
    const member = source[key]
    const plain = walk(member, state, depth + 1)
    if (plain !== undefined) count(state, key.length + 4)
    if (result === undefined) {
      if (plain === member && plain !== undefined) continue
      // The first member that has to change: those before it stay as they are.
      result = newMap()
      for (const before in source) {
        if (before === key) break
        result[before] = source[before]
      }
    }
    if (plain !== undefined) result[key] = plain
  }
  return result ?? map
}

function count(state: Walk, size: number): void {
  state.left -= size
  if (!(state.left >= 0)) throw new BudgetSpent('size')
  if (--state.budget.steps < 0) state.budget.stepsSpent()
}
