import { type Item, itemSize, setAttribute } from './attributeValue.ts'
import type { ItemTest } from './expressions/bindings.ts'
import { type Range, type StoredItem, storedIndexKey, storedKey } from './itemStore.ts'
import type { IndexSchema } from './tableSchema.ts'
import type { OpenTable } from './tables.ts'

/** Data that one Query or Scan reads: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-query */
export const MAX_PAGE_BYTES = 1_024 * 1_024

/** Rows that are read at once: few at first, since items can be large. */
const FIRST_CHUNK = 64
const MAX_CHUNK = 1_024

export interface Page {
  /** Those that the filter lets through, as the index has them. */
  items: Item[]
  scanned: number
  bytes: number
  /** The last item read when there may be more. */
  last: Item | undefined
}

/** What an index has of an item. */
export function projectToIndex(index: IndexSchema | undefined, item: Item): Item {
  if (index?.projected === undefined) return item
  const projected: Item = {}
  for (const name of index.projected)
    if (Object.hasOwn(item, name)) setAttribute(projected, name, item[name] as Item[string])
  return projected
}

/** Reads items in order until `limit` or the size of a page is reached. */
export function readPage(
  table: OpenTable,
  index: IndexSchema | undefined,
  range: Range,
  options: { limit: number | undefined; filter: ItemTest | undefined; wholeItems: boolean },
): Page {
  const { limit = Number.POSITIVE_INFINITY, filter } = options
  const page: Page = { items: [], scanned: 0, bytes: 0, last: undefined }
  const projects = index?.projected !== undefined
  let chunk = Math.min(limit, FIRST_CHUNK)
  let from = range
  for (;;) {
    const rows = table.storage.items.range(index?.name, from, chunk)
    const read = rows.map(table.storage.codec.decode)
    for (const [position, item] of read.entries()) {
      const indexed = projects ? projectToIndex(index, item) : item
      page.scanned++
      page.bytes += projects ? itemSize(indexed) : (rows[position] as StoredItem).size
      const seen = options.wholeItems ? item : indexed
      if (filter === undefined || filter(seen)) page.items.push(seen)
      if (page.scanned >= limit || page.bytes >= MAX_PAGE_BYTES) {
        page.last = item
        return page
      }
    }
    const last = read.at(-1)
    if (rows.length < chunk || last === undefined) return page
    from = { ...range, after: positionOf(table, index, last) }
    const average = Math.max(1, page.bytes / page.scanned)
    const fitting = Math.ceil((MAX_PAGE_BYTES - page.bytes) / average) + 1
    chunk = Math.max(1, Math.min(limit - page.scanned, fitting, MAX_CHUNK))
  }
}

/** Where an item is in the order of a table or index. */
export function positionOf(table: OpenTable, index: IndexSchema | undefined, item: Item) {
  const key = storedKey(table.schema, item)
  if (index === undefined) return key
  return storedIndexKey(index, key, item) ?? { h: new Uint8Array(), r: new Uint8Array(), bh: key.h, br: key.r }
}
