import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { matchesWildcard } from './wildcard.ts'

/** Values of the condition keys of one request, by lower-case key; a key that is absent was not part of the request. */
export type ConditionContext = ReadonlyMap<string, string | readonly string[]>

/** `Condition` of a policy statement, checked: operator, key, values. */
export interface Condition {
  operator: Operator
  /** Of multivalued keys: whether all or any of the request's values must match. */
  quantifier?: 'ForAllValues' | 'ForAnyValue'
  ifExists: boolean
  /** Lower case. */
  key: string
  values: readonly string[]
}

interface Operator {
  name: string
  /** Whether the operator is true where the comparison is false, and where the key is absent. */
  negated: boolean
  compare: (given: string, wanted: string) => boolean
}

const text = (name: string, compare: Operator['compare'], negated = false): Operator => ({ name, compare, negated })
const number = (compare: (a: number, b: number) => boolean): Operator['compare'] => {
  return (given, wanted) => {
    const [a, b] = [Number(given), Number(wanted)]
    return given.trim() !== '' && wanted.trim() !== '' && Number.isFinite(a) && Number.isFinite(b) && compare(a, b)
  }
}
const date = (compare: (a: number, b: number) => boolean): Operator['compare'] => {
  return (given, wanted) => {
    const [a, b] = [readDate(given), readDate(wanted)]
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b)
  }
}
const equal = (a: number, b: number): boolean => a === b
const sameText = (a: string, b: string): boolean => a === b
const sameTextIgnoringCase = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
const likeText = (given: string, wanted: string): boolean => matchesWildcard(wanted, given)
/** ARNs are compared part by part: a wildcard stays within its part, but for the last. */
const likeArn = (given: string, wanted: string): boolean => {
  const parts = arnParts(given)
  const patterns = arnParts(wanted)
  return (
    parts.length === 6 &&
    patterns.length === 6 &&
    patterns.every((pattern, index) => matchesWildcard(pattern, parts[index] ?? ''))
  )
}

/** The operators of the IAM policy language (IAM JSON policy elements: Condition operators). */
const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [
    text('StringEquals', sameText),
    text('StringNotEquals', sameText, true),
    text('StringEqualsIgnoreCase', sameTextIgnoringCase),
    text('StringNotEqualsIgnoreCase', sameTextIgnoringCase, true),
    text('StringLike', likeText),
    text('StringNotLike', likeText, true),
    text('NumericEquals', number(equal)),
    text('NumericNotEquals', number(equal), true),
    text(
      'NumericLessThan',
      number((a, b) => a < b),
    ),
    text(
      'NumericLessThanEquals',
      number((a, b) => a <= b),
    ),
    text(
      'NumericGreaterThan',
      number((a, b) => a > b),
    ),
    text(
      'NumericGreaterThanEquals',
      number((a, b) => a >= b),
    ),
    text('DateEquals', date(equal)),
    text('DateNotEquals', date(equal), true),
    text(
      'DateLessThan',
      date((a, b) => a < b),
    ),
    text(
      'DateLessThanEquals',
      date((a, b) => a <= b),
    ),
    text(
      'DateGreaterThan',
      date((a, b) => a > b),
    ),
    text(
      'DateGreaterThanEquals',
      date((a, b) => a >= b),
    ),
    text('Bool', sameTextIgnoringCase),
    text('BinaryEquals', sameText),
    text('IpAddress', inNetwork),
    text('NotIpAddress', inNetwork, true),
    text('ArnEquals', likeArn),
    text('ArnNotEquals', likeArn, true),
    text('ArnLike', likeArn),
    text('ArnNotLike', likeArn, true),
    text('Null', sameText),
  ].map((operator) => [operator.name.toLowerCase(), operator]),
)

/** Condition keys that requests to this server can have. Another key never matches. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  'aws:currenttime',
  'aws:epochtime',
  'aws:multifactorauthage',
  'aws:multifactorauthpresent',
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principaltype',
  'aws:referer',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourceip',
  'aws:tokenissuetime',
  'aws:useragent',
  'aws:userid',
  'aws:username',
  'aws:viaawsservice',
  'cognito-identity.amazonaws.com:amr',
  'cognito-identity.amazonaws.com:aud',
  'cognito-identity.amazonaws.com:sub',
])

/** Whether requests to this server can have the key at all. */
export function isKnownKey(key: string): boolean {
  return KNOWN_KEYS.has(key) || /^aws:(?:principal|request|resource)tag\//.test(key)
}

/** @returns the parsed operator with its prefix and suffix; undefined when there is no such. */
export function readOperator(text: string): Pick<Condition, 'operator' | 'quantifier' | 'ifExists'> | undefined {
  const match = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/i.exec(text)
  const operator = OPERATORS.get(match?.[2]?.toLowerCase() ?? '')
  if (match === null || operator === undefined) return undefined
  const quantifier = match[1]?.toLowerCase()
  return {
    operator,
    ifExists: match[3] !== undefined,
    ...(quantifier === 'forallvalues' && { quantifier: 'ForAllValues' as const }),
    ...(quantifier === 'foranyvalue' && { quantifier: 'ForAnyValue' as const }),
  }
}

/** @param values The condition's values with policy variables already replaced. */
export function conditionHolds(condition: Condition, values: readonly string[], context: ConditionContext): boolean {
  const { operator, quantifier, ifExists, key } = condition
  const found = context.get(key)
  if (operator.name === 'Null')
    return values.some((value) => (value.toLowerCase() === 'true') === (found === undefined))
  if (!isKnownKey(key)) return false
  if (found === undefined)
    return ifExists || quantifier === 'ForAllValues' || (operator.negated && quantifier === undefined)
  const given = typeof found === 'string' ? [found] : found
  const matches = (value: string): boolean =>
    values.some((wanted) => operator.compare(value, wanted)) !== operator.negated
  if (quantifier === 'ForAllValues') return given.every(matches)
  if (quantifier === 'ForAnyValue') return given.some(matches)
  return operator.negated ? given.every(matches) : given.some(matches)
}

function readDate(text: string): number {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':')
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')]
}

function inNetwork(given: string, wanted: string): boolean {
  const [address = '', prefix] = wanted.split('/')
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
  const bits = prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix)
  if (family === undefined || !Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv4' ? 32 : 128)) return false
  if (!(family === 'ipv4' ? isIPv4(given) : isIPv6(given))) return false
  const list = new BlockList()
  list.addSubnet(address, bits, family)
  return list.check(given, family)
}
