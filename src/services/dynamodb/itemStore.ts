import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Item } from './attributeValue.ts'
import type { EncodedItem } from './itemCodec.ts'
import { encodeKey, encodePartition, joinKeys } from './keyEncoding.ts'
import type { IndexSchema, KeyAttribute, KeySchema } from './tableSchema.ts'

/** The key of an item as stored. */
export interface StoredKey {
  /** Hash and bytes of the partition key. */
  h: Uint8Array
  /** Bytes of the sort key; `NO_SORT_KEY` without one. */
  r: Uint8Array
}

/** The key of an index's entry: the index's own key, then that of the item. */
export interface StoredIndexKey extends StoredKey {
  bh: Uint8Array
  br: Uint8Array
}

/** An item as stored. */
export interface StoredItem extends EncodedItem {
  /** Bytes as DynamoDB counts them. */
  size: number
}

const NO_SORT_KEY = Uint8Array.of(0)

/** The key under which an item is stored. The item has every key attribute. */
export function storedKey(schema: KeySchema, item: Item): StoredKey {
  const h = keyBytes(schema.partition, item)
  const r = keyBytes(schema.sort, item)
  if (h === undefined || r === undefined) throw new TypeError('an item has its key attributes')
  return { h: encodePartition(h), r }
}

/** Where an index has an item, or undefined: indexes have only the items with all their key attributes. */
export function storedIndexKey(index: IndexSchema, key: StoredKey, item: Item): StoredIndexKey | undefined {
  const h = keyBytes(index.partition, item)
  const r = keyBytes(index.sort, item)
  if (h === undefined || r === undefined) return undefined
  return { h: encodePartition(h), r, bh: key.h, br: key.r }
}

function keyBytes(attributes: readonly KeyAttribute[], item: Item): Uint8Array | undefined {
  const [first] = attributes
  if (first === undefined) return NO_SORT_KEY
  if (attributes.length === 1) return attributeBytes(first, item)
  const parts: Uint8Array[] = []
  for (const attribute of attributes) {
    const bytes = attributeBytes(attribute, item)
    if (bytes === undefined) return undefined
    parts.push(bytes)
  }
  return joinKeys(parts)
}

function attributeBytes({ name, type }: KeyAttribute, item: Item): Uint8Array | undefined {
  const value = Object.hasOwn(item, name) ? (item[name] as Record<string, unknown>) : undefined
  const content = value?.[type]
  return typeof content === 'string' ? encodeKey(type, content) : undefined
}

/** Entries between two keys of an order. Every bound is optional. */
export interface Range {
  /** One partition only; then `from` and `to` bound sort keys, otherwise partitions. */
  partition?: Uint8Array
  from?: Uint8Array
  /** Exclusive. */
  to?: Uint8Array
  /** Exclusive: where the page before ended. */
  after?: StoredKey | StoredIndexKey
  descending?: boolean
}

export interface Count {
  items: number
  bytes: number
}

/** The rows of one table and its indexes in SQLite. */
export interface ItemStore {
  get(key: StoredKey): StoredItem | undefined
  /** @param previous What the key had. */
  put(key: StoredKey, item: EncodedItem, size: number, expires: number | null, previous: StoredItem | undefined): void
  delete(key: StoredKey, previous: StoredItem): void
  addToIndex(index: string, key: StoredIndexKey): void
  removeFromIndex(index: string, key: StoredIndexKey): void
  /** In the order of the keys; of an index when one is named. */
  range(index: string | undefined, range: Range, limit: number): StoredItem[]
  /** Keys of items whose time to live has passed, the oldest first. */
  expired(now: number, since: number, limit: number): StoredKey[]
  /** When the next item's time to live passes, of those that expire after `since`; in seconds since the epoch. */
  nextExpiry(since: number): number | undefined
  /** Counted when first asked for, then kept up to date. */
  count(): Count
  /** Bytes are estimated from the table's average. */
  indexCount(index: string): Count
  /** Forgets what was counted: a transaction is gone. */
  recount(): void
  /** What was counted, to begin with after the next start. */
  knownCount(): Count | undefined
}

/**
 * @param tableId Of the SQLite table `items_ID`.
 * @param indexIds Of the SQLite tables `index_ID`, by the indexes' names; looked up at each use.
 * @param known What was counted before the last stop.
 */
export function createItemStore(
  database: DatabaseSync,
  tableId: number,
  indexIds: ReadonlyMap<string, number>,
  known?: Count,
): ItemStore {
  let counted = known === undefined ? undefined : { ...known }
  const indexCounts = new Map<string, number>()
  const addToIndexCount = (index: string, change: number): void => {
    const current = indexCounts.get(index)
    if (current !== undefined) indexCounts.set(index, current + change)
  }
  const items = `items_${tableId}`
  const statement = (sql: string): StatementSync => {
    const prepared = database.prepare(sql)
    prepared.setReturnArrays(true)
    return prepared
  }
  const lazily = (sql: string): (() => StatementSync) => {
    let prepared: StatementSync | undefined
    return () => {
      prepared ??= statement(sql)
      return prepared
    }
  }
  const get = lazily(`SELECT shape, item, size FROM ${items} WHERE h = ? AND r = ?`)
  const put = lazily(`INSERT OR REPLACE INTO ${items} (h, r, size, expires, shape, item) VALUES (?, ?, ?, ?, ?, ?)`)
  const remove = lazily(`DELETE FROM ${items} WHERE h = ? AND r = ?`)
  const count = lazily(`SELECT count(*), coalesce(sum(size), 0) FROM ${items}`)
  const expired = lazily(
    `SELECT h, r FROM ${items} WHERE expires IS NOT NULL AND expires <= ? AND expires > ? ORDER BY expires LIMIT ?`,
  )
  const nextExpiry = lazily(`SELECT min(expires) FROM ${items} WHERE expires IS NOT NULL AND expires > ?`)
  const prepared = new Map<string, StatementSync>()
  const cached = (sql: string): StatementSync => {
    let found = prepared.get(sql)
    if (found === undefined) {
      found = statement(sql)
      prepared.set(sql, found)
    }
    return found
  }
  const indexTable = (index: string): string => {
    const id = indexIds.get(index)
    if (id === undefined) throw new TypeError(`no storage for index ${index}`)
    return `index_${id}`
  }

  return {
    get(key) {
      const row = get().get(key.h, key.r) as unknown as [number, string, number] | undefined
      return row === undefined ? undefined : { shape: row[0], text: row[1], size: row[2] }
    },
    put(key, { shape, text }, size, expires, previous) {
      put().run(key.h, key.r, size, expires, shape, text)
      if (counted === undefined) return
      counted.bytes += size - (previous?.size ?? 0)
      if (previous === undefined) counted.items++
    },
    delete(key, previous) {
      remove().run(key.h, key.r)
      if (counted === undefined) return
      counted.bytes -= previous.size
      counted.items--
    },
    addToIndex(index, { h, r, bh, br }) {
      cached(`INSERT OR REPLACE INTO ${indexTable(index)} (h, r, bh, br) VALUES (?, ?, ?, ?)`).run(h, r, bh, br)
      addToIndexCount(index, 1)
    },
    removeFromIndex(index, { h, r, bh, br }) {
      cached(`DELETE FROM ${indexTable(index)} WHERE h = ? AND r = ? AND bh = ? AND br = ?`).run(h, r, bh, br)
      addToIndexCount(index, -1)
    },
    range(index, range, limit) {
      const { sql, values } = rangeQuery(items, index === undefined ? undefined : indexTable(index), range)
      const rows = cached(sql).all(...values, limit) as unknown as [number, string, number][]
      return rows.map(([shape, text, size]) => ({ shape, text, size }))
    },
    expired: (now, since, limit) =>
      (expired().all(now, since, limit) as unknown as [Uint8Array, Uint8Array][]).map(([h, r]) => ({ h, r })),
    nextExpiry(since) {
      const [at] = nextExpiry().get(since) as unknown as [number | null]
      return at ?? undefined
    },
    count() {
      if (counted === undefined) {
        const [items, bytes] = count().get() as unknown as [number, number]
        counted = { items, bytes }
      }
      return { ...counted }
    },
    indexCount(index) {
      const whole = this.count()
      let entries = indexCounts.get(index)
      if (entries === undefined) {
        const [found] = cached(`SELECT count(*) FROM ${indexTable(index)}`).get() as unknown as [number]
        entries = found
        indexCounts.set(index, entries)
      }
      return { items: entries, bytes: whole.items === 0 ? 0 : Math.round((whole.bytes / whole.items) * entries) }
    },
    recount() {
      counted = undefined
      indexCounts.clear()
    },
    knownCount: () => (counted === undefined ? undefined : { ...counted }),
  }
}

function rangeQuery(items: string, index: string | undefined, range: Range): { sql: string; values: Uint8Array[] } {
  const { partition, from, to, after, descending } = range
  const own = index === undefined ? '' : 'i.'
  const where: string[] = []
  const values: Uint8Array[] = []
  const bound = partition === undefined ? 'h' : 'r'
  if (partition !== undefined) {
    where.push(`${own}h = ?`)
    values.push(partition)
  }
  // Nothing comes before the empty key, which SQLite would take for NULL.
  if (from !== undefined && from.length > 0) {
    where.push(`${own}${bound} >= ?`)
    values.push(from)
  }
  if (to !== undefined) {
    where.push(`${own}${bound} < ?`)
    values.push(to)
  }
  const order = [...(partition === undefined ? ['h'] : []), 'r', ...(index === undefined ? [] : ['bh', 'br'])]
  if (after !== undefined) {
    const columns = order.map((column) => own + column).join(', ')
    where.push(`(${columns}) ${descending ? '<' : '>'} (${order.map(() => '?').join(', ')})`)
    for (const column of order) values.push((after as StoredIndexKey)[column as keyof StoredIndexKey])
  }
  const source = index === undefined ? items : `${index} i CROSS JOIN ${items} b ON b.h = i.bh AND b.r = i.br`
  const sorted = order.map((column) => `${own}${column}${descending ? ' DESC' : ''}`).join(', ')
  const condition = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`
  return { sql: `SELECT shape, item, size FROM ${source}${condition} ORDER BY ${sorted} LIMIT ?`, values }
}
