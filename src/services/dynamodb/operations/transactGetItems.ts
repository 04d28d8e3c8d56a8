import { AwsError } from '../../../aws/errors.ts'
import { type Item, readItem } from '../attributeValue.ts'
import { consumedCapacity, emptyUsage, readUnits, type Usage, wantsCapacity } from '../capacity.ts'
import { validationError } from '../errors.ts'
import { readExpressions } from '../expressionParameters.ts'
import type { Input } from '../input.ts'
import { storedKey } from '../itemStore.ts'
import { checkKey, checkKeyPaths } from '../keys.ts'
import { MAX_TRANSACTION_BYTES } from '../limits.ts'
import type { Operation, Output } from './context.ts'
import { type CancellationReason, canceled, NO_REASON, validationReason } from './transaction.ts'

/** Transactions read everything twice. */
const UNITS_FACTOR = 2

export const transactGetItems: Operation = ({ tables }, input, scope) => {
  const requests = (input['TransactItems'] as Input[]).map((action) => {
    const get = action['Get'] as Input
    return {
      tableName: get['TableName'] as string,
      key: readItem(get['Key']),
      projection: readExpressions(get, ['ProjectionExpression']).projection,
    }
  })
  const reads = requests.map((request) => ({ ...request, table: tables.open(scope, request.tableName) }))
  const reasons = reads.map(({ table, key, projection }): CancellationReason => {
    try {
      checkKey(table.schema, key)
      if (projection !== undefined) checkKeyPaths(table.schema, projection.paths)
      return NO_REASON
    } catch (error) {
      return validationReason(error)
    }
  })
  if (reasons.some((reason) => reason !== NO_REASON)) throw canceled(reasons)
  const seen = new Set<string>()
  for (const { table, key } of reads) {
    const { h, r } = storedKey(table.schema, key)
    seen.add(`${table.arn}\0${Buffer.from(h).toString('latin1')}\0${Buffer.from(r).toString('latin1')}`)
  }
  if (seen.size < reads.length)
    throw validationError('Transaction request cannot include multiple operations on one item')
  const usages = new Map<string, Usage>()
  let bytes = 0
  const responses = reads.map(({ table, key, projection }): { Item?: Item } => {
    const stored = table.storage.items.get(storedKey(table.schema, key))
    const usage = usages.get(table.tableName) ?? { ...emptyUsage(), kind: 'read' as const }
    usages.set(table.tableName, usage)
    usage.table += readUnits(stored?.size ?? 0, true) * UNITS_FACTOR
    if (stored === undefined) return {}
    bytes += stored.size
    if (bytes > MAX_TRANSACTION_BYTES)
      throw new AwsError('ValidationException', 'Aggregate size of the items in the transaction exceeds 4 MB')
    const item = table.storage.codec.decode(stored)
    return { Item: projection === undefined ? item : projection.project(item) }
  })
  const output: Output = { Responses: responses }
  if (wantsCapacity(input))
    output['ConsumedCapacity'] = [...usages].map(([name, usage]) =>
      consumedCapacity(name, usage, input['ReturnConsumedCapacity']),
    )
  return output
}
