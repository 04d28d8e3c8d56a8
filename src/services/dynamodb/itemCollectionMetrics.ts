import { attributeOf, type Item, setAttribute } from './attributeValue.ts'
import type { Write } from './writes.ts'

/** Estimates are a range of one gigabyte; a collection here is far smaller than one. */
const SIZE_ESTIMATE_RANGE_GB = [0, 1]

/** `ItemCollectionMetrics` of a write: only tables with local indexes have item collections. */
export function itemCollectionMetrics({ table, before, after }: Write): Record<string, unknown> | undefined {
  if (table.schema.indexes.every((index) => index.global)) return undefined
  const item = after ?? before?.item
  if (item === undefined) return undefined
  const key: Item = {}
  for (const { name } of table.schema.partition) {
    const value = attributeOf(item, name)
    if (value !== undefined) setAttribute(key, name, value)
  }
  return { ItemCollectionKey: key, SizeEstimateRangeGB: [...SIZE_ESTIMATE_RANGE_GB] }
}
