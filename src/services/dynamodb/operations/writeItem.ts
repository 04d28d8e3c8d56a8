import type { Item } from '../attributeValue.ts'
import { consumedCapacity, emptyUsage, wantsCapacity } from '../capacity.ts'
import { conditionalCheckFailed } from '../errors.ts'
import type { BoundCondition } from '../expressions/condition.ts'
import type { Input } from '../input.ts'
import { itemCollectionMetrics } from '../itemCollectionMetrics.ts'
import { addWriteUsage, applyWrite, type Before, type Write } from '../writes.ts'
import type { Context, Output } from './context.ts'

const NOTHING: Item = {}

/** Refuses the write when its condition does not hold of the item as it is. */
export function checkCondition(
  condition: BoundCondition | undefined,
  before: Before | undefined,
  returnItem: unknown,
): void {
  if (condition === undefined || condition.test(before?.item ?? NOTHING)) return
  throw conditionalCheckFailed(returnItem === 'ALL_OLD' && before !== undefined ? before.item : undefined)
}

/** Writes one item, indexes and stream record included, all or nothing. */
export function commitWrite({ storage, listenerOf }: Context, write: Write): void {
  const listener = listenerOf(write.table)
  if (listener === undefined && write.table.schema.indexes.length === 0) applyWrite(write, undefined)
  else storage.transaction(() => applyWrite(write, listener))
}

/** Adds what the request wants to know besides attributes. */
export function withMetrics(output: Output, input: Input, write: Write): Output {
  if (wantsCapacity(input)) {
    const usage = emptyUsage()
    addWriteUsage(usage, write)
    output['ConsumedCapacity'] = consumedCapacity(write.table.tableName, usage, input['ReturnConsumedCapacity'])
  }
  if (input['ReturnItemCollectionMetrics'] === 'SIZE') {
    const metrics = itemCollectionMetrics(write)
    if (metrics !== undefined) output['ItemCollectionMetrics'] = metrics
  }
  return output
}
