import { attributeValue } from '../dynamodb.ts'
import { failure, type UtilEnvironment } from '../environment.ts'
import { entriesOf, isList, isMap, newMap, type PlainMap } from '../values.ts'

/** What `toDynamoDBFilterExpression` and `toDynamoDBConditionExpression` give as JSON. */
export interface DynamoDBExpression {
  expression: string
  expressionNames: Record<string, string>
  expressionValues: PlainMap
}

const MAX_DEPTH = 50

const COMPARISONS = new Map([
  ['eq', '='],
  ['ne', '<>'],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
])

const FUNCTIONS = new Map([
  ['contains', 'contains'],
  ['notContains', 'NOT contains'],
  ['beginsWith', 'begins_with'],
])

const ATTRIBUTE_TYPES = new Map([
  ['_null', 'NULL'],
  ['string', 'S'],
  ['stringSet', 'SS'],
  ['number', 'N'],
  ['numberSet', 'NS'],
  ['binary', 'B'],
  ['binarySet', 'BS'],
  ['boolean', 'BOOL'],
  ['list', 'L'],
  ['map', 'M'],
])

/**
 * The DynamoDB expression of a filter object: `{"title": {"contains": "x"}}` is `(contains(#title,:title_contains))`.
 * Conditions are in parentheses and joined with AND; `and` and `or` take a list, `not` one filter. Value names carry
 * where they stand: `:or_0_title_contains`. A filter that has another form gives null, no error. All of it, the joiners
 * that empty parts leave behind too, is as the service was recorded.
 */
export function dynamodbExpression(environment: UtilEnvironment, filter: unknown): DynamoDBExpression | null {
  if (!isMap(filter)) return null
  const builder: Builder = { environment, names: newMap(), values: newMap() }
  const clauses = clausesOf(builder, filter, '', 0)
  if (clauses === undefined) return null
  return {
    expression: clauses.join(' AND '),
    expressionNames: builder.names as Record<string, string>,
    expressionValues: builder.values,
  }
}

interface Builder {
  readonly environment: UtilEnvironment
  readonly names: PlainMap
  readonly values: PlainMap
}

type Filter = Map<string, unknown> | PlainMap

/** One clause for each member of a filter; undefined when one of them cannot be rendered. */
function clausesOf(builder: Builder, filter: Filter, prefix: string, depth: number): string[] | undefined {
  if (depth > MAX_DEPTH) throw failure('The filter is nested too deeply.')
  const clauses: string[] = []
  for (const [name, operand] of entriesOf(filter)) {
    builder.environment.charge(4)
    if (operand === undefined) continue
    const clause =
      name === 'and' || name === 'or'
        ? group(builder, name, operand, prefix, depth)
        : name === 'not'
          ? negation(builder, operand, prefix, depth)
          : field(builder, name, operand, prefix)
    if (clause === undefined) return undefined
    clauses.push(clause)
  }
  return clauses
}

function group(
  builder: Builder,
  name: 'and' | 'or',
  operand: unknown,
  prefix: string,
  depth: number,
): string | undefined {
  if (!isList(operand)) return undefined
  const parts: string[] = []
  for (const [index, part] of operand.entries()) {
    const clauses = isMap(part) ? clausesOf(builder, part, `${prefix}${name}_${index}_`, depth + 1) : undefined
    if (clauses === undefined) return undefined
    parts.push(wrapped(clauses, ' AND '))
  }
  return wrapped(parts, name === 'and' ? ' AND ' : ' OR ')
}

function negation(builder: Builder, operand: unknown, prefix: string, depth: number): string | undefined {
  const clauses = isMap(operand) ? clausesOf(builder, operand, `${prefix}not_`, depth + 1) : undefined
  return clauses === undefined ? undefined : `(NOT ${wrapped(clauses, ' AND ')})`
}

function field(builder: Builder, name: string, operand: unknown, prefix: string): string | undefined {
  if (!isMap(operand)) return undefined
  builder.names[`#${name}`] = name
  return operators(builder, `#${name}`, `:${prefix}${name}`, operand, 0)
}

/** The conditions on one attribute (or its size), wrapped when there are several. */
function operators(builder: Builder, path: string, value: string, operand: Filter, depth: number): string | undefined {
  if (depth > MAX_DEPTH) throw failure('The filter is nested too deeply.')
  const conditions: string[] = []
  for (const [operator, right] of entriesOf(operand)) {
    builder.environment.charge(4)
    if (right === undefined) continue
    let rendered: string | undefined
    if (operator === 'size') {
      if (!isMap(right)) return undefined
      const size = path.startsWith('size(') ? path : `size(${path})`
      rendered = operators(builder, size, `${value}_size`, right, depth + 1)
      if (rendered === '') continue
    } else {
      const plain = condition(builder, path, operator, right, `${value}_${operator}`)
      rendered = plain === undefined ? undefined : `(${plain})`
    }
    if (rendered === undefined) return undefined
    conditions.push(rendered)
  }
  return wrapped(conditions, ' AND ')
}

function condition(
  builder: Builder,
  path: string,
  operator: string,
  operand: unknown,
  value: string,
): string | undefined {
  const comparison = COMPARISONS.get(operator)
  if (comparison !== undefined) return `${path} ${comparison} ${bind(builder, value, operand)}`
  const call = FUNCTIONS.get(operator)
  if (call !== undefined) return `${call}(${path},${bind(builder, value, operand)})`
  switch (operator) {
    case 'between': {
      if (!isList(operand) || operand.length < 2) return undefined
      const start = bind(builder, `${value}_start`, operand[0])
      return `${path} BETWEEN ${start} AND ${bind(builder, `${value}_end`, operand[1])}`
    }
    case 'in': {
      if (!isList(operand)) return undefined
      // Nothing to compare with prints as Java's null.
      if (operand.length === 0) return 'null'
      return `${path} IN (${operand.map((one, index) => bind(builder, `${value}_${index}`, one)).join(', ')})`
    }
    case 'attributeExists':
      if (typeof operand !== 'boolean') return undefined
      return `${operand ? 'attribute_exists' : 'attribute_not_exists'}(${path})`
    case 'attributeType': {
      const type = typeof operand === 'string' ? ATTRIBUTE_TYPES.get(operand) : undefined
      return type === undefined ? undefined : `attribute_type(${path},${bind(builder, value, type)})`
    }
    default:
      return undefined
  }
}

function bind(builder: Builder, name: string, operand: unknown): string {
  builder.values[name] = attributeValue(builder.environment, operand, false)
  return name
}

function wrapped(parts: readonly string[], joiner: string): string {
  return parts.length > 1 ? `(${parts.join(joiner)})` : (parts[0] ?? '')
}
