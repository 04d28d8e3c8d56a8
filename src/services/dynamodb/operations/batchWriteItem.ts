import { readItem } from '../attributeValue.ts'
import { consumedCapacity, emptyUsage, type Usage, wantsCapacity } from '../capacity.ts'
import { validationError } from '../errors.ts'
import type { Input } from '../input.ts'
import { itemCollectionMetrics } from '../itemCollectionMetrics.ts'
import { storedKey } from '../itemStore.ts'
import { checkBatchItemKeys, checkKey } from '../keys.ts'
import type { OpenTable } from '../tables.ts'
import { addWriteUsage, applyWrite, readBefore, sizeOfItem, type Write } from '../writes.ts'
import type { Operation, Output } from './context.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_REQUESTS = 25

interface Request {
  tableName: string
  prepare(table: OpenTable): Write
}

export const batchWriteItem: Operation = ({ tables, storage, listenerOf }, input, scope) => {
  const requests = readRequests(input['RequestItems'] as Record<string, Input[]>)
  const writes = requests.map((request) => request.prepare(tables.open(scope, request.tableName)))
  checkDistinct(writes)
  // A batch need not be atomic, but one commit for all of it is the fastest way to write it.
  storage.transaction(() => {
    for (const write of writes)
      if (write.after !== undefined || write.before !== undefined) applyWrite(write, listenerOf(write.table))
  })
  const output: Output = { UnprocessedItems: {} }
  if (wantsCapacity(input)) {
    const usages = new Map<string, Usage>()
    for (const write of writes) {
      const usage = usages.get(write.table.tableName) ?? emptyUsage()
      usages.set(write.table.tableName, usage)
      addWriteUsage(usage, write)
    }
    output['ConsumedCapacity'] = [...usages].map(([name, usage]) =>
      consumedCapacity(name, usage, input['ReturnConsumedCapacity']),
    )
  }
  if (input['ReturnItemCollectionMetrics'] === 'SIZE') output['ItemCollectionMetrics'] = collectionMetrics(writes)
  return output
}

/** `ItemCollectionMetrics` of several writes, by table. */
export function collectionMetrics(writes: readonly Write[]): Record<string, unknown[]> {
  const byTable: Record<string, unknown[]> = Object.create(null)
  for (const write of writes) {
    const metrics = itemCollectionMetrics(write)
    if (metrics === undefined) continue
    byTable[write.table.tableName] ??= []
    byTable[write.table.tableName]?.push(metrics)
  }
  return byTable
}

function readRequests(requestItems: Record<string, Input[]>): Request[] {
  const requests = Object.entries(requestItems).flatMap(([tableName, list]) =>
    list.map((given) => readRequest(tableName, given)),
  )
  if (requests.length > MAX_REQUESTS) throw validationError('Too many items requested for the BatchWriteItem call')
  return requests
}

function readRequest(tableName: string, given: Input): Request {
  const put = given['PutRequest'] as Input | undefined | null
  const deletion = given['DeleteRequest'] as Input | undefined | null
  if ((put ?? undefined) !== undefined && (deletion ?? undefined) !== undefined)
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  if (put !== undefined && put !== null) {
    const item = readItem(put['Item'])
    const size = sizeOfItem(item, 'Item size has exceeded the maximum allowed size')
    return {
      tableName,
      prepare(table) {
        checkBatchItemKeys(table.schema, item)
        const key = storedKey(table.schema, item)
        return { table, key, before: readBefore(table, key), after: item, afterSize: size }
      },
    }
  }
  if (deletion === undefined || deletion === null)
    throw validationError('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
  const key = readItem(deletion['Key'])
  return {
    tableName,
    prepare(table) {
      checkKey(table.schema, key)
      const stored = storedKey(table.schema, key)
      return { table, key: stored, before: readBefore(table, stored), after: undefined, afterSize: 0 }
    },
  }
}

function checkDistinct(writes: readonly Write[]): void {
  const seen = new Set(writes.map(identityOf))
  if (seen.size < writes.length) throw validationError('Provided list of item keys contains duplicates')
}

/** What tells the item of one write from those of others. */
export function identityOf({ table, key }: Write): string {
  return `${table.arn}\0${Buffer.from(key.h).toString('latin1')}\0${Buffer.from(key.r).toString('latin1')}`
}
