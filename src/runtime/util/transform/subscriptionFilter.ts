import { failure, type UtilEnvironment } from '../environment.ts'
import { entriesOf, isList, isMap, newMap, type PlainMap, plainCopy } from '../values.ts'

interface Condition {
  fieldName: string
  operator: string
  value: unknown
}

/** Conditions that must all hold; a filter is a list of these, of which one must hold. */
type Conjunction = readonly Condition[]

const MAX_DEPTH = 20
/** Far above what a subscription takes (10 filters in a group), but an end to multiplying out. */
const MAX_GROUPS = 1_000

/**
 * `util.transform.toSubscriptionFilter(filter, ignoredFields, rules)`: several conditions of one field are alternatives,
 * members of the filter must all hold, `and` and `or` take lists and nest. The fields named in `ignoredFields` are left out
 * of the filter; of the `rules` at least one must hold in addition.
 */
export function subscriptionFilter(
  environment: UtilEnvironment,
  filter: Map<string, unknown> | PlainMap,
  ignoredFields: ReadonlySet<string>,
  rules: Map<string, unknown> | PlainMap | undefined,
): PlainMap {
  let groups = allOf(environment, filter, ignoredFields, 0)
  if (rules !== undefined && entriesOf(rules).length > 0) {
    const alternatives = entriesOf(rules).flatMap(([name, operand]) => field(environment, name, operand))
    groups = product(environment, groups, alternatives)
  }
  const result = newMap()
  result['filterGroup'] = groups
    .filter((conditions) => conditions.length > 0)
    .map((conditions) => bare({ filters: conditions.map((condition) => bare(condition)) }))
  return result
}

function allOf(
  environment: UtilEnvironment,
  filter: Map<string, unknown> | PlainMap,
  ignored: ReadonlySet<string>,
  depth: number,
): Conjunction[] {
  if (depth > MAX_DEPTH) throw failure('The filter is nested too deeply.')
  let groups: Conjunction[] = [[]]
  for (const [name, operand] of entriesOf(filter)) {
    environment.charge(4)
    if (name === 'and' && isList(operand)) {
      for (const part of operand) groups = product(environment, groups, inner(environment, part, ignored, depth))
    } else if (name === 'or' && isList(operand)) {
      const options = operand.flatMap((part) =>
        inner(environment, part, ignored, depth).filter((one) => one.length > 0),
      )
      if (options.length > 0) groups = product(environment, groups, options)
    } else if (!ignored.has(name)) groups = product(environment, groups, field(environment, name, operand))
  }
  return groups
}

function inner(
  environment: UtilEnvironment,
  part: unknown,
  ignored: ReadonlySet<string>,
  depth: number,
): Conjunction[] {
  if (!isMap(part)) throw failure('A filter must be an object.')
  return allOf(environment, part, ignored, depth + 1)
}

function field(environment: UtilEnvironment, fieldName: string, operand: unknown): Conjunction[] {
  if (!isMap(operand)) throw failure(`Invalid condition for '${fieldName}': an object of operators is required.`)
  return entriesOf(operand).map(([operator, value]) => [{ fieldName, operator, value: plainCopy(environment, value) }])
}

function product(environment: UtilEnvironment, groups: Conjunction[], options: Conjunction[]): Conjunction[] {
  if (groups.length * options.length > MAX_GROUPS) throw failure('The filter has too many groups.')
  environment.charge(8 * groups.length * options.length)
  return groups.flatMap((group) => options.map((option) => [...group, ...option]))
}

/** The members of an object without its prototype. */
function bare(members: object): PlainMap {
  return Object.assign(newMap(), members)
}
