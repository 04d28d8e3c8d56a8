import { type Item, readItem } from '../attributeValue.ts'
import { consumedCapacity, emptyUsage, readUnits, type Usage, wantsCapacity } from '../capacity.ts'
import { validationError } from '../errors.ts'
import { type Expressions, readExpressions } from '../expressionParameters.ts'
import type { Input } from '../input.ts'
import { storedKey } from '../itemStore.ts'
import { checkKey, checkKeyPaths } from '../keys.ts'
import { MAX_BATCH_BYTES } from '../limits.ts'
import type { OpenTable } from '../tables.ts'
import type { Operation, Output } from './context.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100

interface TableRequest {
  tableName: string
  given: Input
  keys: Item[]
  expressions: Expressions
}

export const batchGetItem: Operation = ({ tables }, input, scope) => {
  const requests = readRequests(input['RequestItems'] as Record<string, Input>)
  const opened = requests.map((request) => {
    const table = tables.open(scope, request.tableName)
    checkKeys(table, request)
    return { table, request }
  })
  const responses: Record<string, Item[]> = Object.create(null)
  const unprocessed: Record<string, unknown> = Object.create(null)
  const usages = new Map<string, Usage>()
  let bytes = 0
  for (const { table, request } of opened) {
    const consistent = request.given['ConsistentRead'] === true
    const found: Item[] = []
    const left: unknown[] = []
    const usage = emptyUsage()
    for (const [position, key] of request.keys.entries()) {
      const stored = bytes > MAX_BATCH_BYTES ? undefined : table.storage.items.get(storedKey(table.schema, key))
      if (bytes > MAX_BATCH_BYTES || (stored !== undefined && bytes > 0 && bytes + stored.size > MAX_BATCH_BYTES)) {
        bytes = Number.POSITIVE_INFINITY
        left.push(structuredClone((request.given['Keys'] as unknown[])[position]))
        continue
      }
      usage.table += readUnits(stored?.size ?? 0, consistent)
      if (stored === undefined) continue
      bytes += stored.size
      const item = table.storage.codec.decode(stored)
      found.push(request.expressions.projection?.project(item) ?? item)
    }
    responses[request.tableName] = found
    if (left.length > 0) unprocessed[request.tableName] = { ...structuredClone(request.given), Keys: left }
    usages.set(request.tableName, usage)
  }
  const output: Output = { Responses: responses, UnprocessedKeys: unprocessed }
  if (wantsCapacity(input))
    output['ConsumedCapacity'] = [...usages].map(([name, usage]) =>
      consumedCapacity(name, usage, input['ReturnConsumedCapacity']),
    )
  return output
}

function readRequests(requestItems: Record<string, Input>): TableRequest[] {
  let count = 0
  return Object.entries(requestItems).map(([tableName, given]) => {
    const expressions = readExpressions(given, ['ProjectionExpression'])
    const keys = (given['Keys'] as unknown[]).map(readItem)
    count += keys.length
    if (count > MAX_KEYS) throw validationError('Too many items requested for the BatchGetItem call')
    return { tableName, given, keys, expressions }
  })
}

function checkKeys(table: OpenTable, { keys, expressions }: TableRequest): void {
  const seen = new Set<string>()
  for (const key of keys) {
    checkKey(table.schema, key)
    const { h, r } = storedKey(table.schema, key)
    seen.add(`${Buffer.from(h).toString('latin1')}\0${Buffer.from(r).toString('latin1')}`)
  }
  if (seen.size < keys.length) throw validationError('Provided list of item keys contains duplicates')
  if (expressions.projection !== undefined) checkKeyPaths(table.schema, expressions.projection.paths)
}
