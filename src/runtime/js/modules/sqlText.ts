import { BudgetSpent, MAX_EVALUATED_SIZE } from '../../emit/budget.ts'
import { type UtilEnvironment, UtilError } from '../../util/environment.ts'
import { isMap, newMap, type PlainMap } from '../../util/values.ts'

/*
 * Prints the statements that the rds module describes, as the service was recorded to print them: variables `:P0`,
 * `:P1`, … count over all clauses and statements; parts without text leave their joiners behind; the end is trimmed.
 * The messages are the service's.
 */

type Dialect = 'postgres' | 'mysql'

interface Printer {
  readonly environment: UtilEnvironment
  readonly dialect: Dialect
  readonly variables: PlainMap
  readonly hints: PlainMap
  count: number
  depth: number
}

/** Statements within statements, and groups within groups. */
const MAX_DEPTH = 100

const TYPE_HINTS = new Set(['DATE', 'DECIMAL', 'JSON', 'TIME', 'TIMESTAMP', 'UUID'])
const STATEMENT_TYPES = new Set(['SELECT', 'INSERT', 'UPDATE', 'REMOVE'])

export function printStatements(environment: UtilEnvironment, dialect: Dialect, args: readonly unknown[]): PlainMap {
  const printer: Printer = { environment, dialect, variables: newMap(), hints: newMap(), count: 0, depth: 0 }
  const name = dialect === 'postgres' ? 'createPgStatement' : 'createMySQLStatement'
  if (args.length === 0) throw refuse(`An argument is expected to be passed to ${name}`)
  const statements = args
    .filter((arg, index) => index === 0 || !isAbsent(arg))
    .map((arg) => {
      if (!isStatement(arg)) throw refuse(`Unsupported type is passed as argument to ${name}`)
      return statementText(printer, arg)
    })
  const request = newMap()
  request['statements'] = statements
  request['variableMap'] = printer.variables
  request['variableTypeHintMap'] = printer.hints
  return request
}

function refuse(message: string): UtilError {
  return new UtilError({ message, errorType: null })
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function member(map: PlainMap, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

/** A statement that `select` and its like made; undefined for anything else. */
function described(value: unknown): { type: string; properties: PlainMap } | undefined {
  if (!isMap(value)) return undefined
  const type = member(value as PlainMap, 'type')
  const properties = member(value as PlainMap, 'properties')
  if (typeof type !== 'string' || !isMap(properties)) return undefined
  return { type, properties: properties as PlainMap }
}

/** What the `sql` tagged template made. */
function isTemplate(value: unknown): boolean {
  if (!isMap(value)) return false
  return Array.isArray(member(value as PlainMap, 'strings')) && Array.isArray(member(value as PlainMap, 'keys'))
}

function isStatement(value: unknown): boolean {
  return typeof value === 'string' || isTemplate(value) || STATEMENT_TYPES.has(described(value)?.type ?? '')
}

function statementText(printer: Printer, value: unknown): string {
  if (typeof value === 'string') return value
  if (++printer.depth > MAX_DEPTH) throw refuse('The statement is nested too deeply.')
  const statement = described(value)
  let text = ''
  if (isTemplate(value)) text = template(printer, value as PlainMap)
  else if (statement !== undefined) text = printed(printer, statement.type, statement.properties).trimEnd()
  printer.depth--
  if (text.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  printer.environment.allocate(text.length)
  printer.environment.charge(text.length / 16)
  return text
}

function printed(printer: Printer, type: string, payload: PlainMap): string {
  switch (type) {
    case 'SELECT':
      return select(printer, payload)
    case 'INSERT':
      return insert(printer, payload)
    case 'UPDATE':
      return update(printer, payload)
    default:
      return remove(printer, payload)
  }
}

/** Parts side by side; those without text are left out. */
function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ')
}

function select(printer: Printer, payload: PlainMap): string {
  const columns = columnList(printer, member(payload, 'columns'), '*')
  return joined(
    'SELECT',
    columns,
    'FROM',
    source(printer, payload),
    joins(printer, payload),
    clause('WHERE', where(printer, payload)),
    groupBy(printer, member(payload, 'groupBy')),
    clause('HAVING', having(printer, payload)),
    orderBy(printer, member(payload, 'orderBy')),
    amount(printer, payload, 'limit', 'LIMIT'),
    amount(printer, payload, 'offset', 'OFFSET'),
  )
}

function insert(printer: Printer, payload: PlainMap): string {
  const table = tableName(printer, payload)
  const values = valuesOf(payload, 'insert')
  const names = Object.keys(values)
  const columns = names.map((name) => quoted(printer, name)).join(', ')
  const variables = names.map((name) => variableOrNull(printer, values[name])).join(', ')
  return joined(`INSERT INTO ${table} (${columns}) VALUES (${variables})`, returning(printer, payload))
}

function update(printer: Printer, payload: PlainMap): string {
  const table = tableName(printer, payload)
  const values = valuesOf(payload, 'update')
  const assignments = Object.keys(values).map(
    (name) => `${quoted(printer, name)} = ${variableOrNull(printer, values[name])}`,
  )
  return joined(
    `UPDATE ${table} SET`,
    assignments.join(', '),
    clause('WHERE', where(printer, payload)),
    returning(printer, payload),
  )
}

function remove(printer: Printer, payload: PlainMap): string {
  return joined(
    `DELETE FROM ${tableName(printer, payload)}`,
    clause('WHERE', where(printer, payload)),
    returning(printer, payload),
  )
}

/** The `sql` tagged template. */
function template(printer: Printer, payload: PlainMap): string {
  const strings = member(payload, 'strings') as readonly unknown[]
  const values = member(payload, 'keys') as readonly unknown[]
  let text = String(strings[0])
  for (const [index, value] of values.entries()) {
    const isNested = typeof value !== 'string' && isStatement(value)
    text += (isNested ? statementText(printer, value) : variableOrNull(printer, value)) + String(strings[index + 1])
    if (text.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  }
  return text
}

function clause(keyword: string, text: string): string {
  return text === '' ? '' : `${keyword} ${text}`
}

// --- names and values ------------------------------------------------------------------------------------------------

/** `private.persons` as `"private"."persons"`. */
function quoted(printer: Printer, name: string): string {
  const quote = printer.dialect === 'postgres' ? '"' : '`'
  printer.environment.charge(1 + name.length / 16)
  return name
    .split('.')
    .map((part) => `${quote}${part.replaceAll(quote, quote + quote)}${quote}`)
    .join('.')
}

function variable(printer: Printer, value: unknown): string {
  const name = `:P${printer.count++}`
  printer.environment.charge(1)
  printer.environment.allocate(48)
  const map = isMap(value) ? (value as PlainMap) : undefined
  const type = map === undefined ? undefined : member(map, 'type')
  if (map !== undefined && typeof type === 'string' && TYPE_HINTS.has(type) && Object.hasOwn(map, 'value')) {
    printer.variables[name] = map['value']
    printer.hints[name] = type
  } else printer.variables[name] = value
  return name
}

function variableOrNull(printer: Printer, value: unknown): string {
  return isAbsent(value) ? 'NULL' : variable(printer, value)
}

function valuesOf(payload: PlainMap, statement: string): PlainMap {
  const values = member(payload, 'values')
  if (isAbsent(values)) throw refuse(`values are expected to be passed to ${statement}`)
  if (!isMap(values)) throw refuse('Expected values to an Object.')
  return values as PlainMap
}

// --- tables, columns -------------------------------------------------------------------------------------------------

/** What a `SELECT` reads: `table`, or `from`, which may be a statement. */
function source(printer: Printer, payload: PlainMap): string {
  const from = member(payload, 'from')
  if (!isAbsent(member(payload, 'table'))) {
    if (!isAbsent(from)) throw refuse("'from' and 'table' keys cannot be used together")
    return tableName(printer, payload)
  }
  if (isAbsent(from)) throw refuse("'table' or 'from' key is required.")
  if (typeof from === 'string') return quoted(printer, from)
  if (!isMap(from)) throw refuse("'from' value is expected to be string or object.")
  if (isStatement(from)) return `(${statementText(printer, from)})`
  return alias(printer, from as PlainMap)
}

function tableName(printer: Printer, payload: PlainMap): string {
  const table = member(payload, 'table')
  if (isAbsent(table)) throw refuse("'table' or 'from' key is required.")
  if (typeof table === 'string') return quoted(printer, table)
  if (!isMap(table)) throw refuse('table name is expected to be a string or alias.')
  return alias(printer, table as PlainMap)
}

/** `{persons: "p"}` is `"p" as "persons"`: the key is the alias. */
function alias(printer: Printer, object: PlainMap): string {
  const [name, ...others] = Object.keys(object)
  if (others.length > 0) throw refuse('table alias is allowed only one key-value pair.')
  if (name === undefined) throw refuse('java.util.NoSuchElementException')
  return `${aliased(printer, object[name])} as ${quoted(printer, name)}`
}

function aliased(printer: Printer, value: unknown): string {
  if (typeof value === 'string') return quoted(printer, value)
  const statement = described(value)
  if (statement?.type === 'AGGREGATE') return aggregate(printer, statement.properties)
  if (isStatement(value)) return `(${statementText(printer, value)})`
  throw refuse('Table alias value is expected to be a string.')
}

function aggregate(printer: Printer, properties: PlainMap): string {
  const [name, distinct] = String(properties['function']).split(' ')
  const column = properties['column']
  const what = column === '*' ? '*' : quoted(printer, String(column))
  return `${name} (${distinct === undefined ? '' : `${distinct} `}${what})`
}

function columnList(printer: Printer, columns: unknown, missing: string): string {
  if (isAbsent(columns)) return missing
  if (columns === '*') return '*'
  if (!Array.isArray(columns)) throw refuse('Expected column to be * or an array.')
  return columns
    .map((column) => {
      if (typeof column === 'string') return column === '*' ? '*' : quoted(printer, column)
      if (!isMap(column)) throw refuse('Invalid type in column array.')
      const statement = described(column)
      if (statement?.type === 'AGGREGATE') return aggregate(printer, statement.properties)
      return alias(printer, column as PlainMap)
    })
    .join(', ')
}

function returning(printer: Printer, payload: PlainMap): string {
  const columns = columnList(printer, member(payload, 'returning'), '')
  if (isAbsent(member(payload, 'returning'))) return ''
  if (printer.dialect === 'mysql') throw refuse('returning is not supported in MySQL.')
  return `RETURNING ${columns}`
}

/** The kinds of joins, by the payload's member. */
const JOINS: readonly [name: string, keyword: string][] = [
  ['join', 'JOIN'],
  ['innerJoin', 'INNER JOIN'],
  ['leftJoin', 'LEFT JOIN'],
  ['leftOuterJoin', 'LEFT OUTER JOIN'],
  ['rightJoin', 'RIGHT JOIN'],
  ['rightOuterJoin', 'RIGHT OUTER JOIN'],
  ['fullOuterJoin', 'FULL OUTER JOIN'],
  ['crossJoin', 'CROSS JOIN'],
  ['joinNatural', 'NATURAL JOIN'],
  ['innerJoinNatural', 'NATURAL INNER JOIN'],
  ['leftJoinNatural', 'NATURAL LEFT JOIN'],
  ['leftOuterJoinNatural', 'NATURAL LEFT OUTER JOIN'],
  ['rightJoinNatural', 'NATURAL RIGHT JOIN'],
  ['rightOuterJoinNatural', 'NATURAL RIGHT OUTER JOIN'],
  ['fullOuterJoinNatural', 'NATURAL FULL OUTER JOIN'],
]

function joins(printer: Printer, payload: PlainMap): string {
  return joined(
    ...JOINS.flatMap(([name, keyword]) => {
      const list = member(payload, name)
      if (isAbsent(list)) return []
      if (!Array.isArray(list)) throw refuse(`${name} expects an array.`)
      return list.map((entry) => join(printer, name, keyword, entry))
    }),
  )
}

function join(printer: Printer, name: string, keyword: string, entry: unknown): string {
  if (!isMap(entry)) throw refuse(`${name} item is expected to be an object.`)
  const payload = entry as PlainMap
  const table = source(printer, payload)
  const using = member(payload, 'using')
  if (!isAbsent(using)) {
    if (!Array.isArray(using)) throw refuse('using expects an array.')
    return `${keyword} ${table} USING (${columnList(printer, using, '')})`
  }
  const on = member(payload, 'on')
  return joined(keyword, table, isAbsent(on) ? '' : clause('ON', conditionsOrTemplate(printer, on)))
}

// --- order and amounts -----------------------------------------------------------------------------------------------

function groupBy(printer: Printer, columns: unknown): string {
  if (isAbsent(columns)) return ''
  if (!Array.isArray(columns)) throw refuse('groupBy expects an array.')
  const texts = columns.map((column) => {
    if (typeof column === 'string') return quoted(printer, column)
    if (typeof column === 'number' && Number.isInteger(column)) return String(column)
    throw refuse('groupBy expects column names or positions.')
  })
  return clause('GROUP BY', texts.join(', '))
}

function orderBy(printer: Printer, order: unknown): string {
  if (isAbsent(order)) return ''
  if (!Array.isArray(order)) throw refuse('orderBy expects an array.')
  const texts = order.map((item) => {
    if (!isMap(item)) throw refuse('orderBy item expected to be an object.')
    const column = member(item as PlainMap, 'column')
    if (typeof column !== 'string') throw refuse('orderBy item expected to have property column.')
    const dir = member(item as PlainMap, 'dir')
    if (typeof dir !== 'string') return `${quoted(printer, column)} ASC`
    const direction = dir.toUpperCase()
    if (direction !== 'ASC' && direction !== 'DESC') {
      throw refuse(`orderBy dir can have either ASC or DESC found ${dir}.`)
    }
    return `${quoted(printer, column)} ${direction}`
  })
  return clause('ORDER BY', texts.join(', '))
}

function amount(printer: Printer, payload: PlainMap, name: string, keyword: string): string {
  const value = member(payload, name)
  if (isAbsent(value)) return ''
  const number = value === '' || typeof value === 'object' ? Number.NaN : Number(value)
  if (Number.isNaN(number)) throw refuse(`${name} expects a number.`)
  return `${keyword} ${variable(printer, number)}`
}

// --- conditions ------------------------------------------------------------------------------------------------------

function where(printer: Printer, payload: PlainMap): string {
  const condition = member(payload, 'where')
  return isAbsent(condition) ? '' : conditionsOrTemplate(printer, condition)
}

function having(printer: Printer, payload: PlainMap): string {
  const condition = member(payload, 'having')
  return isAbsent(condition) ? '' : conditionsOrTemplate(printer, condition)
}

function conditionsOrTemplate(printer: Printer, condition: unknown): string {
  if (isTemplate(condition)) return statementText(printer, condition)
  if (!isMap(condition)) {
    throw refuse('WHERE values are expected to be SQL templates or a condition object.')
  }
  return conditions(printer, condition as PlainMap)
}

/**
 * The members of a condition object. At the top they are joined by AND and stand without parentheses; in a group each is
 * in parentheses and they are joined by what the group is joined by.
 */
function conditions(printer: Printer, object: PlainMap, operator: 'AND' | 'OR' = 'AND', isGrouped = false): string {
  if (++printer.depth > MAX_DEPTH) throw refuse('The statement is nested too deeply.')
  const parts: string[] = []
  for (const name of Object.keys(object)) {
    printer.environment.charge(2)
    const operand = object[name]
    if (name === 'and' || name === 'or') {
      const text = group(printer, name, operand)
      if (text !== '') parts.push(isGrouped ? `(${text})` : text)
      continue
    }
    const isNegation = name === 'not' && (Array.isArray(operand) || isMap(operand))
    const text = isNegation ? negation(printer, operand) : columnConditions(printer, name, operand)
    parts.push(isGrouped && text !== '' ? `(${text})` : text)
  }
  printer.depth--
  return parts.join(` ${operator} `)
}

function group(printer: Printer, name: 'and' | 'or', operand: unknown): string {
  if (!Array.isArray(operand)) throw refuse(`${name} expects conditions to be an array`)
  const operator = name === 'and' ? 'AND' : 'OR'
  return operand
    .map((part) => {
      if (!isMap(part) || isTemplate(part)) throw refuse(`Expected ${name} to be an Object.`)
      return conditions(printer, part as PlainMap, operator, true)
    })
    .join(` ${operator} `)
}

function negation(printer: Printer, operand: unknown): string {
  const parts = Array.isArray(operand) ? operand : [operand]
  return parts
    .map((part) => {
      if (!isMap(part)) throw refuse('Expected not to be an Object.')
      return `NOT (${conditions(printer, part as PlainMap)})`
    })
    .join(' AND ')
}

const COMPARISONS = new Map([
  ['eq', '='],
  ['ne', '!='],
  ['gt', '>'],
  ['ge', '>='],
  ['lt', '<'],
  ['le', '<='],
])

/** What stands around a column in a condition on something of it. */
const DERIVED = new Map([
  ['size', 'LENGTH'],
  ['avg', 'AVG'],
  ['avgDistinct', 'AVG DISTINCT'],
  ['count', 'COUNT'],
  ['countDistinct', 'COUNT DISTINCT'],
  ['max', 'MAX'],
  ['maxDistinct', 'MAX DISTINCT'],
  ['min', 'MIN'],
  ['minDistinct', 'MIN DISTINCT'],
  ['sum', 'SUM'],
  ['sumDistinct', 'SUM DISTINCT'],
])

function columnConditions(printer: Printer, column: string, operators: unknown): string {
  if (!isMap(operators)) throw refuse('Expected condition to be an Object.')
  const object = operators as PlainMap
  const name = quoted(printer, column)
  return Object.keys(object)
    .map((operator) => columnCondition(printer, column, name, operator, object[operator]))
    .filter((text) => text !== '')
    .join(' AND ')
}

function columnCondition(printer: Printer, column: string, name: string, operator: string, operand: unknown): string {
  const label = `${column}.${operator}`
  const comparison = COMPARISONS.get(operator)
  const derived = DERIVED.get(operator)
  const isKnown =
    comparison !== undefined ||
    derived !== undefined ||
    ['between', 'beginsWith', 'contains', 'notContains', 'attributeExists'].includes(operator)
  if (!isKnown) throw refuse(`Unsupported condition ${label}.`)
  if (derived !== undefined) return derivedConditions(printer, label, derived, name, operator, operand)
  if (operator === 'between') return between(printer, label, name, operand)
  if (isAbsent(operand)) throw refuse(`Value for ${label} can't be null.`)
  if (comparison !== undefined) return `${name} ${comparison} ${variable(printer, operand)}`
  switch (operator) {
    case 'attributeExists':
      if (typeof operand !== 'boolean') throw refuse(`${label} expects a boolean value to be passed.`)
      return `${name} IS ${operand ? 'NOT ' : ''}NULL`
    default: {
      if (typeof operand !== 'string') throw refuse(`${label} expects a string value to be passed.`)
      printer.environment.allocate(operand.length)
      // The service puts no wildcards around what is not contained.
      if (operator === 'notContains') return `${name} NOT LIKE ${variable(printer, operand)}`
      return `${name} LIKE ${variable(printer, operator === 'beginsWith' ? `${operand}%` : `%${operand}%`)}`
    }
  }
}

function between(printer: Printer, label: string, name: string, operand: unknown): string {
  if (!Array.isArray(operand)) throw refuse(`${label} condition expects an array with length of 2.`)
  if (operand.length !== 2) {
    throw refuse(
      `${label} condition expects an array with 2 values but received an array with length ${operand.length}.`,
    )
  }
  const first = variableOrNull(printer, operand[0])
  return `${name} BETWEEN ${first} AND ${variableOrNull(printer, operand[1])}`
}

function derivedConditions(
  printer: Printer,
  label: string,
  derived: string,
  name: string,
  operator: string,
  operand: unknown,
): string {
  if (!isMap(operand)) throw refuse(`Expected ${label} to be an Object.`)
  const [call, distinct] = derived.split(' ')
  const text = `${call} (${distinct === undefined ? '' : `${distinct} `}${name})`
  const object = operand as PlainMap
  return Object.keys(object)
    .map((inner) => {
      const comparison = COMPARISONS.get(inner)
      const right = object[inner]
      if (comparison === undefined && inner !== 'between') throw refuse(`${label} has invalid ${operator} operator.`)
      if (comparison === undefined) return between(printer, label, text, right)
      return `${text} ${comparison} ${variableOrNull(printer, right)}`
    })
    .join(' AND ')
}
