import { compareInstants, parseTimestamp } from '../asl/timestamp.ts'

/** The types of values that comparison operators take. */
export type OperandType = 'string' | 'number' | 'boolean' | 'timestamp'

export interface Comparator {
  operand: OperandType
  holds(value: unknown, operand: unknown): boolean
}

type Relation = (sign: number) => boolean

const RELATIONS: readonly [string, Relation][] = [
  ['Equals', (sign) => sign === 0],
  ['LessThan', (sign) => sign < 0],
  ['GreaterThan', (sign) => sign > 0],
  ['LessThanEquals', (sign) => sign <= 0],
  ['GreaterThanEquals', (sign) => sign >= 0],
]

function textual(relation: Relation): Comparator['holds'] {
  return (value, operand) =>
    typeof value === 'string' && typeof operand === 'string' && relation(value < operand ? -1 : value > operand ? 1 : 0)
}

function numeric(relation: Relation): Comparator['holds'] {
  return (value, operand) => typeof value === 'number' && typeof operand === 'number' && relation(value - operand)
}

function temporal(relation: Relation): Comparator['holds'] {
  return (value, operand) => {
    if (typeof value !== 'string' || typeof operand !== 'string') return false
    const left = parseTimestamp(value)
    const right = parseTimestamp(operand)
    return left !== undefined && right !== undefined && relation(compareInstants(left, right))
  }
}

/** Operators with an operand; each also exists with `Path`, except StringMatches. */
export const COMPARATORS: ReadonlyMap<string, Comparator> = new Map<string, Comparator>([
  ...RELATIONS.map(([name, relation]): [string, Comparator] => [
    `String${name}`,
    { operand: 'string', holds: textual(relation) },
  ]),
  ...RELATIONS.map(([name, relation]): [string, Comparator] => [
    `Numeric${name}`,
    { operand: 'number', holds: numeric(relation) },
  ]),
  ...RELATIONS.map(([name, relation]): [string, Comparator] => [
    `Timestamp${name}`,
    { operand: 'timestamp', holds: temporal(relation) },
  ]),
  [
    'BooleanEquals',
    {
      operand: 'boolean',
      holds: (value, operand) => typeof value === 'boolean' && typeof operand === 'boolean' && value === operand,
    },
  ],
])

/** Tests of what a value is; their operand says whether it should be. IsPresent is not here: it needs the path. */
export const TYPE_TESTS: ReadonlyMap<string, (value: unknown) => boolean> = new Map<
  string,
  (value: unknown) => boolean
>([
  ['IsNull', (value) => value === null],
  ['IsString', (value) => typeof value === 'string'],
  ['IsNumeric', (value) => typeof value === 'number'],
  ['IsBoolean', (value) => typeof value === 'boolean'],
  ['IsTimestamp', (value) => typeof value === 'string' && parseTimestamp(value) !== undefined],
])

/** Compiles StringMatches' pattern: `*` stands for any text, `\*` and `\\` for the characters. Linear in the value. */
export function compileWildcard(pattern: string): (value: string) => boolean {
  const parts: string[] = []
  let part = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at]!
    if (character === '\\' && (pattern[at + 1] === '*' || pattern[at + 1] === '\\')) {
      at += 1
      part += pattern[at]
    } else if (character === '*') {
      parts.push(part)
      part = ''
    } else part += character
  }
  parts.push(part)
  const [first = '', ...rest] = parts
  const last = rest.pop()
  if (last === undefined) return (value) => value === first
  return (value) => {
    if (!value.startsWith(first) || value.length < first.length + last.length || !value.endsWith(last)) return false
    let from = first.length
    const end = value.length - last.length
    for (const part of rest) {
      const found = value.indexOf(part, from)
      if (found < 0 || found + part.length > end) return false
      from = found + part.length
    }
    return from <= end
  }
}
