import { equalItems, type Item, itemSize } from './attributeValue.ts'
import { addUnits, type Usage, writeUnits } from './capacity.ts'
import { validationError } from './errors.ts'
import { type StoredIndexKey, type StoredItem, type StoredKey, storedIndexKey } from './itemStore.ts'
import { projectToIndex } from './pages.ts'
import type { IndexSchema } from './tableSchema.ts'
import type { OpenTable } from './tables.ts'
import { expiryOf } from './timeToLive.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items */
export const MAX_ITEM_BYTES = 400 * 1_024

/** An item before a write: as stored, and parsed when somebody asks. */
export interface Before {
  stored: StoredItem
  readonly item: Item
}

export function readBefore(table: OpenTable, key: StoredKey): Before | undefined {
  const stored = table.storage.items.get(key)
  if (stored === undefined) return undefined
  let item: Item | undefined
  return {
    stored,
    get item() {
      item ??= table.storage.codec.decode(stored)
      return item
    },
  }
}

/** One item's change, checked and ready to be written. */
export interface Write {
  table: OpenTable
  key: StoredKey
  before: Before | undefined
  /** Undefined: deleted. */
  after: Item | undefined
  afterSize: number
  /** Set when DynamoDB itself deletes, by time to live. */
  byTimeToLive?: boolean
}

/** Refuses items that are too large. */
export function sizeOfItem(item: Item, message: string): number {
  const size = itemSize(item)
  if (size > MAX_ITEM_BYTES) throw validationError(message)
  return size
}

/** Told of every change as it is written, within the transaction. */
export type ChangeListener = (write: Write) => void

/** Writes a change with its index entries; the caller holds a transaction if there is more than the item to write. */
export function applyWrite(write: Write, onChange: ChangeListener | undefined): void {
  const { table, key, before, after } = write
  const items = table.storage.items
  if (after !== undefined) {
    const expires = table.timeToLive === undefined ? null : expiryOf(after, table.timeToLive)
    if (expires !== null) table.onExpiring?.(expires)
    items.put(key, table.storage.codec.encode(after), write.afterSize, expires, before?.stored)
  } else if (before !== undefined) items.delete(key, before.stored)
  for (const index of table.schema.indexes) {
    const { removed, added } = indexChange(write, index)
    if (removed !== undefined) items.removeFromIndex(index.name, removed)
    if (added !== undefined) items.addToIndex(index.name, added)
  }
  if (onChange !== undefined && changes(write)) onChange(write)
}

/** Whether anything is different afterwards: a write that changes nothing makes no stream record. */
function changes({ before, after }: Write): boolean {
  if (before === undefined) return after !== undefined
  return after === undefined || !equalItems(before.item, after)
}

function indexChange(
  { key, before, after }: Write,
  index: IndexSchema,
): { removed: StoredIndexKey | undefined; added: StoredIndexKey | undefined } {
  const removed = before === undefined ? undefined : storedIndexKey(index, key, before.item)
  const added = after === undefined ? undefined : storedIndexKey(index, key, after)
  if (removed !== undefined && added !== undefined && sameBytes(removed.h, added.h) && sameBytes(removed.r, added.r))
    return { removed: undefined, added: undefined }
  return { removed, added }
}

function sameBytes(one: Uint8Array, two: Uint8Array): boolean {
  return Buffer.compare(one, two) === 0
}

/** What a write uses, indexes included. */
export function addWriteUsage(usage: Usage, write: Write, factor = 1): void {
  const { table, key, before, after } = write
  usage.table += writeUnits(Math.max(before?.stored.size ?? 0, after === undefined ? 0 : write.afterSize)) * factor
  for (const index of table.schema.indexes) {
    const old =
      before === undefined || storedIndexKey(index, key, before.item) === undefined
        ? undefined
        : projectToIndex(index, before.item)
    const next =
      after === undefined || storedIndexKey(index, key, after) === undefined ? undefined : projectToIndex(index, after)
    const { removed, added } = indexChange(write, index)
    let units = 0
    if (removed !== undefined || added !== undefined) {
      if (removed !== undefined && old !== undefined) units += writeUnits(itemSize(old))
      if (added !== undefined && next !== undefined) units += writeUnits(itemSize(next))
    } else if (old !== undefined && next !== undefined && !equalItems(old, next))
      units = writeUnits(Math.max(itemSize(old), itemSize(next)))
    addUnits(index.global ? usage.global : usage.local, index.name, units * factor)
  }
}
