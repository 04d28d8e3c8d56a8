import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../dataSource.ts'
import { type Item, plainItem, readItem } from './attributeValues.ts'
import { joinPlaceholders, readProjection } from './expressions.ts'
import { input, members, type Operation, result, whenAnswered } from './operation.ts'
import type { Place } from './requestShape.ts'
import { at, checkMembers, optionalBoolean, ROOT, refuse, requiredList, requiredObject } from './requestShape.ts'

const MEMBERS = members('tables')
const TABLE_MEMBERS: ReadonlySet<string> = new Set(['keys', 'consistentRead', 'projection'])

function readItems(value: unknown, place: Place): Item[] {
  if (!Array.isArray(value)) return refuse(place, 'array', value)
  return value.map((item, index) => {
    const itemPlace = at(place, index)
    return isRecord(item) ? readItem(item, itemPlace) : refuse(itemPlace, 'object', item)
  })
}

function tablesOf(request: Record<string, unknown>): [table: string, value: unknown, place: Place][] {
  checkMembers(request, ROOT, MEMBERS)
  const tables = requiredObject(request, 'tables', ROOT)
  const place = at(ROOT, 'tables')
  return Object.entries(tables).map(([table, value]) => [table, value, at(place, table)])
}

/** Results come in the order of the keys; a key that has no item, or was not processed, gives null. */
export const batchGetItem: Operation = (request, { send }) => {
  const keysOf = new Map<string, Item[]>()
  const requestItems: Record<string, unknown> = Object.create(null)
  for (const [table, value, place] of tablesOf(request)) {
    if (!isRecord(value)) refuse(place, 'object', value)
    checkMembers(value, place, TABLE_MEMBERS)
    const keys = readItems(requiredList(value, 'keys', place), at(place, 'keys'))
    const projection = readProjection(value, place)
    keysOf.set(table, keys)
    requestItems[table] = input({
      Keys: keys,
      ConsistentRead: optionalBoolean(value, 'consistentRead', place),
      ProjectionExpression: projection?.expression,
      ...joinPlaceholders(projection),
    })
  }
  return whenAnswered(send('BatchGetItem', { RequestItems: requestItems }), ({ Responses, UnprocessedKeys }) => {
    const data: Record<string, unknown> = Object.create(null)
    const unprocessedKeys: Record<string, unknown> = Object.create(null)
    for (const [table, keys] of keysOf) {
      const found: unknown = isRecord(Responses) ? Responses[table] : undefined
      data[table] = inOrderOf(keys, Array.isArray(found) ? found : [])
      const left: unknown = isRecord(UnprocessedKeys) ? UnprocessedKeys[table] : undefined
      unprocessedKeys[table] = isRecord(left) && Array.isArray(left['Keys']) ? left['Keys'].map(plainItem) : []
    }
    return result({ data, unprocessedKeys })
  })
}

function inOrderOf(keys: readonly Item[], items: readonly unknown[]): unknown[] {
  const byKey = new Map<string, unknown>()
  const names = Object.keys(keys[0] ?? {}).sort()
  const identity = (item: Record<string, unknown>): string => JSON.stringify(names.map((name) => canonical(item[name])))
  let isKeyed = true
  for (const item of items) {
    // A projection may have left the key out: then the order of the answer is all there is.
    if (!isRecord(item) || names.some((name) => !Object.hasOwn(item, name))) isKeyed = false
    else byKey.set(identity(item), item)
  }
  if (!isKeyed) return items.map(plainItem)
  return keys.map((key) => plainItem(byKey.get(identity(key))))
}

/** A number may be written in several ways. */
function canonical(value: unknown): unknown {
  return isRecord(value) && Object.hasOwn(value, 'N') ? { N: Number(value['N']) } : value
}

export const batchPutItem: Operation = (request, { send }) => {
  const itemsOf = new Map<string, Item[]>()
  const requestItems: Record<string, unknown> = Object.create(null)
  for (const [table, value, place] of tablesOf(request)) {
    const items = readItems(value, place)
    itemsOf.set(table, items)
    requestItems[table] = items.map((Item) => ({ PutRequest: { Item } }))
  }
  return whenAnswered(send('BatchWriteItem', { RequestItems: requestItems }), ({ UnprocessedItems }) => {
    const { data, left } = written(itemsOf, UnprocessedItems, 'PutRequest', 'Item')
    return result({ data, unprocessedItems: left })
  })
}

export const batchDeleteItem: Operation = (request, { send }) => {
  const keysOf = new Map<string, Item[]>()
  const requestItems: Record<string, unknown> = Object.create(null)
  for (const [table, value, place] of tablesOf(request)) {
    const keys = readItems(value, place)
    keysOf.set(table, keys)
    requestItems[table] = keys.map((Key) => ({ DeleteRequest: { Key } }))
  }
  return whenAnswered(send('BatchWriteItem', { RequestItems: requestItems }), ({ UnprocessedItems }) => {
    const { data, left } = written(keysOf, UnprocessedItems, 'DeleteRequest', 'Key')
    return result({ data, unprocessedKeys: left })
  })
}

function written(
  asked: ReadonlyMap<string, Item[]>,
  unprocessed: unknown,
  kind: 'PutRequest' | 'DeleteRequest',
  member: 'Item' | 'Key',
): { data: Record<string, unknown>; left: Record<string, unknown> } {
  const data: Record<string, unknown> = Object.create(null)
  const left: Record<string, unknown> = Object.create(null)
  for (const [table, items] of asked) {
    const requests: unknown = isRecord(unprocessed) ? unprocessed[table] : undefined
    const missed = (Array.isArray(requests) ? requests : []).flatMap((entry: unknown) => {
      const request = isRecord(entry) ? entry[kind] : undefined
      return isRecord(request) ? [plainItem(request[member])] : []
    })
    left[table] = missed
    data[table] = items.map((item) => {
      const plain = plainItem(item)
      return missed.some((other) => isDeepStrictEqual(other, plain)) ? null : plain
    })
  }
  return { data, left }
}
