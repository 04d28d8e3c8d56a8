import { UtilError, type UtilFunction, type UtilTable } from '../../util/environment.ts'
import { toJsonObject } from '../../util/rds.ts'
import { isMap, newMap, type PlainMap } from '../../util/values.ts'
import { printStatements } from './sqlText.ts'
import { exportsOf } from './table.ts'

/*
 * The module `@aws-appsync/utils/rds`. `select` and its like describe a statement; `createPgStatement` and
 * `createMySQLStatement` print what was described, with its variables.
 */

function described(type: string, properties: unknown): PlainMap {
  const statement = newMap()
  statement['type'] = type
  statement['properties'] = properties
  return statement
}

function statement(name: string, type: string): UtilFunction {
  return (_, [payload]) => {
    if (payload === undefined) {
      throw new UtilError({ message: `An argument is expected to be passed to ${name}`, errorType: null })
    }
    if (!isMap(payload)) throw new UtilError({ message: 'Expected payload to be an Object.', errorType: null })
    return described(type, payload)
  }
}

/** `` sql`…${value}…` ``: the text between the values, and the values. */
const sql: UtilFunction = (environment, [strings, ...values]) => {
  if (!Array.isArray(strings) || strings.length !== values.length + 1) {
    throw new UtilError({
      message: 'java.lang.IllegalArgumentException: Unexpected argument passed to sql tagged template',
      errorType: null,
    })
  }
  environment.charge(strings.length)
  const template = newMap()
  template['strings'] = strings
  template['keys'] = values
  return template
}

function hint(type: string): UtilFunction {
  return (_, [value]) => {
    const result = newMap()
    result['type'] = type
    result['value'] = value
    return result
  }
}

function table(names: readonly string[], make: (name: string) => UtilFunction): UtilTable {
  return exportsOf(Object.fromEntries(names.map((name) => [name, make(name)])))
}

const aggregates = {
  avg: 'AVG',
  avgDistinct: 'AVG DISTINCT',
  count: 'COUNT',
  countDistinct: 'COUNT DISTINCT',
  max: 'MAX',
  maxDistinct: 'MAX DISTINCT',
  min: 'MIN',
  minDistinct: 'MIN DISTINCT',
  sum: 'SUM',
  sumDistinct: 'SUM DISTINCT',
}

export const rds = exportsOf({
  select: statement('select', 'SELECT'),
  insert: statement('insert', 'INSERT'),
  update: statement('update', 'UPDATE'),
  remove: statement('remove', 'REMOVE'),
  sql,
  createPgStatement: (environment, args) => printStatements(environment, 'postgres', args),
  createMySQLStatement: (environment, args) => printStatements(environment, 'mysql', args),
  toJsonObject,
  typeHint: table(['DATE', 'DECIMAL', 'JSON', 'TIME', 'TIMESTAMP', 'UUID'], hint),
  agg: exportsOf(
    Object.fromEntries(
      Object.entries(aggregates).map(([name, type]): [string, UtilFunction] => [
        name,
        (_, [column]) => described('AGGREGATE', Object.assign(newMap(), { function: type, column })),
      ]),
    ),
  ),
})
