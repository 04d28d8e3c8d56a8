import { NO_SUCH_METHOD, type UtilEnvironment, type UtilFunction } from './environment.ts'
import { isAbsent, isList, isMap, isNumber, jsonText, memberOf, numberOf } from './values.ts'

/** Longer lists are refused (AppSync, "List helpers in $util.list"). */
const MAX_SORTED = 1_000

/** Whether two elements are equal as Java's `equals` has it: maps and lists by content. */
function keyOf(environment: UtilEnvironment, value: unknown): string {
  return jsonText(environment, value)
}

function copyAnd(isRetained: boolean): UtilFunction {
  return (environment, args) => {
    const [list, others] = args
    if (args.length !== 2 || !isList(list) || !isList(others)) return NO_SUCH_METHOD
    const keys = new Set(others.map((value) => keyOf(environment, value)))
    return list.filter((value) => keys.has(keyOf(environment, value)) === isRetained)
  }
}

/**
 * `$util.list.sortList(list, descending, key)`: maps by the member named by the key, plain values by themselves. A list of
 * mixed classes comes back in its own order.
 */
const sortList: UtilFunction = (environment, args) => {
  const [list, isDescending, key] = args
  if (args.length !== 3 || !isList(list) || typeof isDescending !== 'boolean' || typeof key !== 'string')
    return NO_SUCH_METHOD
  if (list.length > MAX_SORTED) return [...list]
  environment.charge(list.length * 12)
  environment.allocate(list.length * 8)
  const sorted = list.map((value) => ({ value, by: isMap(value) ? memberOf(value, key) : value }))
  const kinds = new Set(sorted.map(({ value, by }) => `${isMap(value)} ${kindOf(by)}`))
  if (kinds.size > 1 || sorted.some(({ by }) => kindOf(by) === undefined)) return [...list]
  sorted.sort((a, b) => (isDescending ? compare(b.by, a.by) : compare(a.by, b.by)))
  return sorted.map(({ value }) => value)
}

function kindOf(value: unknown): string | undefined {
  if (isAbsent(value)) return undefined
  if (isNumber(value)) return 'number'
  return typeof value === 'string' || typeof value === 'boolean' ? typeof value : undefined
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return (numberOf(a) ?? Number(a)) - (numberOf(b) ?? Number(b))
}

/** Only in VTL. */
export const list = {
  copyAndRetainAll: copyAnd(true),
  copyAndRemoveAll: copyAnd(false),
  sortList,
} satisfies Record<string, UtilFunction>
