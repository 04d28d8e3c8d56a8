import { attributeValue } from '../dynamodb.ts'
import { failure, type UtilEnvironment } from '../environment.ts'
import { entriesOf, isAbsent, isList, isMap, newMap, type PlainMap } from '../values.ts'

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
 * Conditions are in parentheses and joined with AND; `and` and `or` take a list (or one filter), `not` one filter.
 */
export function dynamodbExpression(environment: UtilEnvironment, filter: unknown): DynamoDBExpression {
  const builder = new ExpressionBuilder(environment)
  const conditions = isMap(filter) ? builder.conditions(filter, '', 0) : []
  return {
    expression: conditions.join(' AND '),
    expressionNames: builder.names as Record<string, string>,
    expressionValues: builder.values,
  }
}

class ExpressionBuilder {
  readonly names: PlainMap = newMap()
  readonly values: PlainMap = newMap()
  private readonly environment: UtilEnvironment

  constructor(environment: UtilEnvironment) {
    this.environment = environment
  }

  conditions(filter: Map<string, unknown> | PlainMap, prefix: string, depth: number): string[] {
    if (depth > MAX_DEPTH) throw failure('The filter is nested too deeply.')
    const conditions: string[] = []
    for (const [name, operand] of entriesOf(filter)) {
      this.environment.charge(4)
      if (isAbsent(operand)) continue
      if ((name === 'and' || name === 'or') && (isList(operand) || isMap(operand))) {
        const joined = this.group(name, operand, prefix, depth)
        if (joined !== undefined) conditions.push(joined)
      } else if (name === 'not' && isMap(operand)) {
        const inner = this.conditions(operand, `${prefix}not_`, depth + 1)
        if (inner.length > 0) conditions.push(`(NOT ${all(inner)})`)
      } else if (isMap(operand)) conditions.push(...this.field(name, operand, prefix))
      else throw failure(`Invalid condition for '${name}': an object of operators is required.`)
    }
    return conditions
  }

  private group(name: 'and' | 'or', operand: unknown, prefix: string, depth: number): string | undefined {
    const parts: string[] = []
    const list = isList(operand) ? operand : [operand]
    list.forEach((part, index) => {
      if (!isMap(part)) return
      const inner = this.conditions(part, `${prefix}${name}_${index}_`, depth + 1)
      if (inner.length > 0) parts.push(all(inner))
    })
    if (parts.length <= 1) return parts[0]
    return `(${parts.join(name === 'and' ? ' AND ' : ' OR ')})`
  }

  private field(name: string, operators: Map<string, unknown> | PlainMap, prefix: string): string[] {
    let label = placeholder(name)
    // Two names that differ only in characters which placeholders do not have.
    while (Object.hasOwn(this.names, `#${label}`) && this.names[`#${label}`] !== name) label += '_'
    const path = `#${label}`
    const conditions: string[] = []
    for (const [operator, operand] of entriesOf(operators)) {
      this.environment.charge(4)
      if (isAbsent(operand)) continue
      conditions.push(`(${this.condition(path, operator, operand, `:${prefix}${label}_${operator}`)})`)
    }
    if (conditions.length > 0) this.names[path] = name
    return conditions
  }

  private condition(path: string, operator: string, operand: unknown, value: string): string {
    const comparison = COMPARISONS.get(operator)
    if (comparison !== undefined) return `${path} ${comparison} ${this.value(value, operand)}`
    switch (operator) {
      case 'contains':
        return `contains(${path},${this.value(value, operand)})`
      case 'notContains':
        return `NOT contains(${path},${this.value(value, operand)})`
      case 'beginsWith':
        return `begins_with(${path},${this.value(value, operand)})`
      case 'between': {
        if (!isList(operand) || operand.length !== 2)
          throw failure("The operator 'between' requires a list of two values.")
        return `${path} BETWEEN ${this.value(`${value}_1`, operand[0])} AND ${this.value(`${value}_2`, operand[1])}`
      }
      case 'in': {
        if (!isList(operand) || operand.length === 0) throw failure("The operator 'in' requires a list of values.")
        return `${path} IN (${operand.map((one, index) => this.value(`${value}_${index + 1}`, one)).join(',')})`
      }
      case 'attributeExists':
        return `${operand === false ? 'attribute_not_exists' : 'attribute_exists'}(${path})`
      case 'attributeType': {
        const type = typeof operand === 'string' ? (ATTRIBUTE_TYPES.get(operand) ?? operand) : operand
        return `attribute_type(${path},${this.value(value, type)})`
      }
      case 'size':
        return this.size(path, operand, value)
      default:
        throw failure(`Unsupported operator '${operator}'.`)
    }
  }

  private size(path: string, operand: unknown, value: string): string {
    if (!isMap(operand)) return `size(${path}) = ${this.value(value, operand)}`
    const parts = entriesOf(operand).map(([operator, limit]) => {
      const comparison = COMPARISONS.get(operator)
      if (comparison !== undefined) return `size(${path}) ${comparison} ${this.value(`${value}_${operator}`, limit)}`
      if (operator !== 'between' || !isList(limit) || limit.length !== 2)
        throw failure(`Unsupported operator '${operator}'.`)
      const low = this.value(`${value}_between_1`, limit[0])
      return `size(${path}) BETWEEN ${low} AND ${this.value(`${value}_between_2`, limit[1])}`
    })
    return parts.join(' AND ')
  }

  private value(name: string, operand: unknown): string {
    this.values[name] = attributeValue(this.environment, operand)
    return name
  }
}

/** Placeholders are letters, digits and underscores. */
function placeholder(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_')
}

function all(conditions: string[]): string {
  return conditions.length === 1 ? (conditions[0] as string) : `(${conditions.join(' AND ')})`
}
