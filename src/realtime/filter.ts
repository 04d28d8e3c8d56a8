import type { PublishedValue } from '../graphql/engine.ts'

/** Filters of a group are joined by and, groups by or (developer guide, “Defining enhanced subscriptions filters”). */
export type FilterOperator =
  | 'eq'
  | 'ne'
  | 'le'
  | 'lt'
  | 'ge'
  | 'gt'
  | 'contains'
  | 'notContains'
  | 'beginsWith'
  | 'in'
  | 'notIn'
  | 'between'
  | 'containsAny'

export interface FieldFilter {
  /** Names from the published object down. */
  path: readonly string[]
  operator: FilterOperator
  value: unknown
}

export type SubscriptionFilter = readonly (readonly FieldFilter[])[]

/** A filter that AppSync refuses; the subscription is refused with it. */
export class SubscriptionFilterError extends Error {
  override readonly name = 'SubscriptionFilterError'
}

/** Groups in a filter (developer guide, “Additional restrictions”). */
const MAX_GROUPS = 10
/** Fields with different names in one group. */
const MAX_FIELDS_PER_GROUP = 5
const MAX_IN_VALUES = 5
const MAX_CONTAINS_ANY_VALUES = 20
const MAX_STRING_LENGTH = 256
const MAX_NESTING = 5

type Scalar = string | number | boolean

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
const isScalarOrNull = (value: unknown): boolean => value === null || isScalar(value)
const isOrdered = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number'
const listOf =
  (check: (value: unknown) => boolean, most: number) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.length > 0 && value.length <= most && value.every(check)

const VALUE_CHECKS: Record<FilterOperator, (value: unknown) => boolean> = {
  eq: isScalarOrNull,
  ne: isScalarOrNull,
  le: isOrdered,
  lt: isOrdered,
  ge: isOrdered,
  gt: isOrdered,
  contains: isScalar,
  notContains: isScalar,
  beginsWith: (value) => typeof value === 'string',
  in: listOf(isScalarOrNull, MAX_IN_VALUES),
  notIn: listOf(isScalarOrNull, MAX_IN_VALUES),
  between: (value) => Array.isArray(value) && value.length === 2 && value.every(isOrdered),
  containsAny: listOf(isScalar, MAX_CONTAINS_ANY_VALUES),
}

/**
 * Checks what was given to `extensions.setSubscriptionFilter` (or `setSubscriptionInvalidationFilter`).
 * @returns undefined when nothing was given: everything passes. Throws `SubscriptionFilterError`.
 */
export function parseSubscriptionFilter(given: unknown): SubscriptionFilter | undefined {
  if (given === undefined || given === null) return undefined
  const groups = member(given, 'filterGroup')
  if (!Array.isArray(groups)) throw new SubscriptionFilterError('subscription filter must have a list `filterGroup`.')
  if (groups.length === 0) return undefined
  const parsed = groups.map(parseGroup)
  if (parsed.reduce((sum, group) => sum + combinations(group), 0) > MAX_GROUPS)
    throw new SubscriptionFilterError(
      `subscription filter has more than ${MAX_GROUPS} filter groups; each value of \`in\` and \`notIn\` counts as one.`,
    )
  return parsed
}

/** `in` is expanded by or, and counted so. */
function combinations(group: readonly FieldFilter[]): number {
  return group.reduce(
    (count, { operator, value }) => (operator === 'in' ? count * (value as unknown[]).length : count),
    1,
  )
}

function parseGroup(group: unknown): FieldFilter[] {
  const filters = member(group, 'filters')
  if (!Array.isArray(filters) || filters.length === 0)
    throw new SubscriptionFilterError('subscription filter group must have a list `filters` that is not empty.')
  const parsed = filters.map(parseFieldFilter)
  if (new Set(parsed.map(({ path }) => path.join('.'))).size > MAX_FIELDS_PER_GROUP)
    throw new SubscriptionFilterError(`subscription filter group has more than ${MAX_FIELDS_PER_GROUP} fields.`)
  return parsed
}

function parseFieldFilter(given: unknown): FieldFilter {
  const fieldName = member(given, 'fieldName')
  const operator = member(given, 'operator')
  const value = member(given, 'value')
  if (typeof fieldName !== 'string' || fieldName === '')
    throw new SubscriptionFilterError('subscription filter has no `fieldName`.')
  const path = fieldName.split('.')
  if (path.length > MAX_NESTING)
    throw new SubscriptionFilterError(
      `subscription filter field \`${fieldName}\` is nested deeper than ${MAX_NESTING} levels.`,
    )
  if (typeof operator !== 'string' || !Object.hasOwn(VALUE_CHECKS, operator))
    throw new SubscriptionFilterError(`subscription filter has invalid operator \`${String(operator).slice(0, 100)}\`.`)
  const known = operator as FilterOperator
  if (!VALUE_CHECKS[known](value) || tooLong(value))
    throw new SubscriptionFilterError(`subscription filter has invalid filter value for operator \`${known}\`.`)
  return { path, operator: known, value }
}

function tooLong(value: unknown): boolean {
  return Array.isArray(value) ? value.some(tooLong) : typeof value === 'string' && value.length > MAX_STRING_LENGTH
}

function member(holder: unknown, name: string): unknown {
  if (holder instanceof Map) return holder.get(name)
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined
  return (holder as Record<string, unknown>)[name]
}

/** Whether a published object passes. */
export function matchesFilter(filter: SubscriptionFilter, value: PublishedValue): boolean {
  return filter.some((group) => group.every((filter) => matchesField(filter, at(value, filter.path))))
}

/** The value at a path; undefined where the mutation did not select it. */
function at(value: PublishedValue, path: readonly string[]): unknown {
  let current: unknown = value
  for (const name of path) {
    if (Array.isArray(current)) {
      current = current.flatMap((item) => {
        const found = member(item, name)
        return found === undefined ? [] : [found]
      })
    } else {
      current = member(current, name)
    }
    if (current === undefined) return undefined
  }
  return current
}

const compare = (left: unknown, right: unknown): number | undefined => {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  return undefined
}

const contains = (actual: unknown, wanted: unknown): boolean =>
  Array.isArray(actual)
    ? actual.includes(wanted)
    : typeof actual === 'string' && typeof wanted === 'string' && actual.includes(wanted)

function matchesField({ operator, value }: FieldFilter, actual: unknown): boolean {
  switch (operator) {
    case 'eq':
      return (actual ?? null) === value
    case 'ne':
      return (actual ?? null) !== value
    case 'lt':
      return (compare(actual, value) ?? 0) < 0
    case 'le':
      return (compare(actual, value) ?? 1) <= 0
    case 'gt':
      return (compare(actual, value) ?? 0) > 0
    case 'ge':
      return (compare(actual, value) ?? -1) >= 0
    case 'contains':
      return contains(actual, value)
    case 'notContains':
      return !contains(actual, value)
    case 'beginsWith':
      return typeof actual === 'string' && actual.startsWith(value as string)
    case 'in':
      return (value as unknown[]).includes(actual ?? null)
    case 'notIn':
      return !(value as unknown[]).includes(actual ?? null)
    case 'between': {
      const [low, high] = value as [unknown, unknown]
      return (compare(actual, low) ?? -1) >= 0 && (compare(actual, high) ?? 1) <= 0
    }
    case 'containsAny':
      return (value as unknown[]).some((wanted) => contains(actual, wanted))
    default:
      return operator satisfies never
  }
}
