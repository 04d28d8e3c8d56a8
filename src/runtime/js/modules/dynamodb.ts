import { attributeValues } from '../../util/dynamodb.ts'
import { type UtilEnvironment, UtilError, type UtilFunction } from '../../util/environment.ts'
import { dynamodbExpression } from '../../util/transform/dynamodbExpression.ts'
import { isMap, newMap, type PlainMap } from '../../util/values.ts'
import { exportsOf } from './table.ts'
import { updateExpression } from './updateExpression.ts'

/*
 * The module `@aws-appsync/utils/dynamodb`: request objects of the DynamoDB data source from plain values. What the
 * service was recorded to answer is kept: optional members that were not given, or given as null, are left out.
 */

function mapOf(value: unknown, what: string): PlainMap {
  if (isMap(value)) return value as PlainMap
  throw new UtilError({ message: `${what} is expected to be an object.`, errorType: null })
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new UtilError({ message: `${what} is expected to be a list.`, errorType: null })
}

/** A member; undefined when it is null or not there. */
function member(map: PlainMap, name: string): unknown {
  return Object.hasOwn(map, name) ? (map[name] ?? undefined) : undefined
}

/** A request object: the required members, and those optional ones that were given. */
function requestOf(required: PlainMap, optional: PlainMap = {}): PlainMap {
  const request = newMap()
  for (const part of [required, optional]) {
    for (const name of Object.keys(part)) {
      const value = part[name]
      if (value !== undefined && value !== null) request[name] = value
    }
  }
  return request
}

/** Some members as they are. */
function given(payload: PlainMap, ...names: string[]): PlainMap {
  const result = newMap()
  for (const name of names) result[name] = member(payload, name)
  return result
}

function keyOf(environment: UtilEnvironment, payload: PlainMap): unknown {
  return attributeValues(environment, mapOf(member(payload, 'key'), 'key'))
}

/** A condition, filter or key condition; one that binds no value has no `expressionValues`. */
function conditionOf(environment: UtilEnvironment, filter: unknown): PlainMap | undefined {
  if (filter === undefined) return undefined
  const rendered = dynamodbExpression(environment, filter)
  if (rendered === null) return undefined
  const condition = newMap()
  condition['expression'] = rendered.expression
  condition['expressionNames'] = rendered.expressionNames
  if (Object.keys(rendered.expressionValues).length > 0) condition['expressionValues'] = rendered.expressionValues
  return condition
}

/** A projection: every segment of every path has an alias, `nested.field` is `#expName_2.#expName_3`. */
function projectionOf(environment: UtilEnvironment, projection: unknown): PlainMap | undefined {
  if (!Array.isArray(projection) || projection.length === 0) return undefined
  const aliases = new Map<string, string>()
  const paths = projection.map((path) => {
    environment.charge(4)
    return String(path)
      .split('.')
      .map((segment) => {
        // A list index stays outside of the name: `tags[1]`.
        const [, name = segment, indexes = ''] = /^([^[\]]*)((?:\[\d+\])*)$/.exec(segment) ?? []
        let alias = aliases.get(name)
        if (alias === undefined) {
          alias = `#expName_${aliases.size + 1}`
          aliases.set(name, alias)
        }
        return alias + indexes
      })
      .join('.')
  })
  const names = newMap()
  for (const [name, alias] of aliases) names[alias] = name
  const result = newMap()
  result['expression'] = paths.join(', ')
  result['expressionNames'] = names
  return result
}

function conditionAndVersion(environment: UtilEnvironment, payload: PlainMap): PlainMap {
  return {
    condition: conditionOf(environment, member(payload, 'condition')),
    ...given(payload, '_version', 'customPartitionKey', 'populateIndexFields'),
  }
}

const get: UtilFunction = (environment, [argument]) => {
  const payload = mapOf(argument, 'The payload')
  return requestOf(
    { operation: 'GetItem', key: keyOf(environment, payload) },
    { ...given(payload, 'consistentRead'), projection: projectionOf(environment, member(payload, 'projection')) },
  )
}

const put: UtilFunction = (environment, [argument]) => {
  const payload = mapOf(argument, 'The payload')
  return requestOf(
    {
      operation: 'PutItem',
      key: keyOf(environment, payload),
      attributeValues: attributeValues(environment, mapOf(member(payload, 'item'), 'item')),
    },
    conditionAndVersion(environment, payload),
  )
}

const update: UtilFunction = (environment, [argument]) => {
  const payload = mapOf(argument, 'The payload')
  return requestOf(
    {
      operation: 'UpdateItem',
      key: keyOf(environment, payload),
      update: updateExpression(environment, mapOf(member(payload, 'update'), 'update')),
    },
    conditionAndVersion(environment, payload),
  )
}

const remove: UtilFunction = (environment, [argument]) => {
  const payload = mapOf(argument, 'The payload')
  return requestOf(
    { operation: 'DeleteItem', key: keyOf(environment, payload) },
    conditionAndVersion(environment, payload),
  )
}

function filtered(environment: UtilEnvironment, payload: PlainMap): PlainMap {
  return {
    ...given(payload, 'index', 'limit', 'nextToken', 'consistentRead'),
    filter: conditionOf(environment, member(payload, 'filter')),
    projection: projectionOf(environment, member(payload, 'projection')),
  }
}

const query: UtilFunction = (environment, [argument]) => {
  const payload = mapOf(argument, 'The payload')
  return requestOf(
    { operation: 'Query', query: conditionOf(environment, mapOf(member(payload, 'query'), 'query')) },
    { ...filtered(environment, payload), ...given(payload, 'scanIndexForward', 'select') },
  )
}

const scan: UtilFunction = (environment, [argument]) => {
  const payload = mapOf(argument ?? newMap(), 'The payload')
  return requestOf(
    { operation: 'Scan' },
    { ...filtered(environment, payload), ...given(payload, 'totalSegments', 'segment', 'select') },
  )
}

/** `tables` of a batch request, each entry made anew. */
function tablesOf(argument: unknown, convert: (entry: unknown) => unknown): PlainMap {
  const tables = newMap()
  const source = mapOf(member(mapOf(argument, 'The payload'), 'tables'), 'tables')
  for (const name of Object.keys(source)) tables[name] = convert(source[name])
  return tables
}

function valuesOf(environment: UtilEnvironment, list: unknown, what: string): unknown[] {
  return listOf(list, what).map((each) => attributeValues(environment, mapOf(each, what)))
}

const batchGet: UtilFunction = (environment, [argument]) =>
  requestOf({
    operation: 'BatchGetItem',
    tables: tablesOf(argument, (entry) => {
      const table = mapOf(entry, 'A table')
      return requestOf(
        { keys: valuesOf(environment, member(table, 'keys'), 'keys') },
        { ...given(table, 'consistentRead'), projection: projectionOf(environment, member(table, 'projection')) },
      )
    }),
  })

const batchPut: UtilFunction = (environment, [argument]) =>
  requestOf({
    operation: 'BatchPutItem',
    tables: tablesOf(argument, (items) => valuesOf(environment, items, 'A list of items')),
  })

const batchDelete: UtilFunction = (environment, [argument]) =>
  requestOf({
    operation: 'BatchDeleteItem',
    tables: tablesOf(argument, (keys) => valuesOf(environment, keys, 'A list of keys')),
  })

function itemsOf(argument: unknown): PlainMap[] {
  return listOf(member(mapOf(argument, 'The payload'), 'items'), 'items').map((item) => mapOf(item, 'An item'))
}

const transactGet: UtilFunction = (environment, [argument]) =>
  requestOf({
    operation: 'TransactGetItems',
    transactItems: itemsOf(argument).map((item) =>
      requestOf(
        { ...given(item, 'table'), key: keyOf(environment, item) },
        { projection: projectionOf(environment, member(item, 'projection')) },
      ),
    ),
  })

/** The members of a transaction's items, the operation that each means, and what it has besides table, key and condition. */
const writes: Readonly<
  Record<string, { operation: string; more: (environment: UtilEnvironment, item: PlainMap) => PlainMap }>
> = {
  putItem: {
    operation: 'PutItem',
    more: (environment, item) => ({
      attributeValues: attributeValues(environment, mapOf(member(item, 'item'), 'item')),
    }),
  },
  updateItem: {
    operation: 'UpdateItem',
    more: (environment, item) => ({
      update: updateExpression(environment, mapOf(member(item, 'update'), 'update')),
    }),
  },
  deleteItem: { operation: 'DeleteItem', more: () => ({}) },
  conditionCheck: { operation: 'ConditionCheck', more: () => ({}) },
}

const transactWrite: UtilFunction = (environment, [argument]) =>
  requestOf({
    operation: 'TransactWriteItems',
    transactItems: itemsOf(argument).map((entry) => {
      const kind = Object.keys(writes).find((name) => member(entry, name) !== undefined)
      const write = kind === undefined ? undefined : writes[kind]
      if (kind === undefined || write === undefined) {
        throw new UtilError({
          message: 'An item is expected to have putItem, updateItem, deleteItem or conditionCheck.',
          errorType: null,
        })
      }
      const item = mapOf(member(entry, kind), kind)
      return requestOf(
        {
          ...given(item, 'table'),
          operation: write.operation,
          key: keyOf(environment, item),
          ...write.more(environment, item),
        },
        { condition: conditionOf(environment, member(item, 'condition')) },
      )
    }),
  })

/** An operation on an attribute, as `update` reads it. */
function operation(type: string, memberName?: string): UtilFunction {
  return (_, [value]) => {
    const result = newMap()
    result['type'] = type
    if (memberName !== undefined && value !== undefined) result[memberName] = value
    return result
  }
}

/** A set as attribute value; unlike those of `util.dynamodb` these take no null. */
function setOf(type: 'SS' | 'NS' | 'BS'): UtilFunction {
  return (environment, [list]) => {
    const result = newMap()
    result[type] = listOf(list, 'A set')
    environment.charge((result[type] as unknown[]).length)
    return result
  }
}

/** What the deployed module has; `sync` and `operations.updateListItem` are only in the types of the package. */
export const dynamodb = exportsOf({
  get,
  put,
  update,
  remove,
  query,
  scan,
  batchGet,
  batchPut,
  batchDelete,
  transactGet,
  transactWrite,
  toStringSet: setOf('SS'),
  toNumberSet: setOf('NS'),
  toBinarySet: setOf('BS'),
  operations: exportsOf({
    add: operation('OPERATION_ADD', 'value'),
    append: operation('OPERATION_APPEND', 'items'),
    decrement: operation('OPERATION_DECREMENT', 'by'),
    increment: operation('OPERATION_INCREMENT', 'by'),
    prepend: operation('OPERATION_PREPEND', 'items'),
    remove: operation('OPERATION_REMOVE'),
    replace: operation('OPERATION_REPLACE', 'value'),
  }),
})
