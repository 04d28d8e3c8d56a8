import { readItem } from '../attributeValue.ts'
import { consumedCapacity, emptyUsage, readUnits, wantsCapacity } from '../capacity.ts'
import { readExpressions } from '../expressionParameters.ts'
import { storedKey } from '../itemStore.ts'
import { checkKey, checkKeyPaths } from '../keys.ts'
import type { Operation } from './context.ts'

export const getItem: Operation = ({ tables }, input, scope) => {
  const key = readItem(input['Key'])
  const { projection } = readExpressions(input, ['ProjectionExpression'])
  const tableName = input['TableName'] as string
  const table = tables.open(scope, tableName)
  checkKey(table.schema, key)
  if (projection !== undefined) checkKeyPaths(table.schema, projection.paths)
  const stored = table.storage.items.get(storedKey(table.schema, key))
  const found = stored === undefined ? undefined : table.storage.codec.decode(stored)
  const item = found === undefined || projection === undefined ? found : projection.project(found)
  const output: Record<string, unknown> = item === undefined ? {} : { Item: item }
  if (wantsCapacity(input)) {
    const usage = { ...emptyUsage(), table: readUnits(stored?.size ?? 0, input['ConsistentRead'] === true) }
    output['ConsumedCapacity'] = consumedCapacity(table.tableName, usage, input['ReturnConsumedCapacity'])
  }
  return output
}
