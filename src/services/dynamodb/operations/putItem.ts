import { type Item, readItem } from '../attributeValue.ts'
import { RequestError } from '../errors.ts'
import { type Expressions, readExpressions } from '../expressionParameters.ts'
import type { Input } from '../input.ts'
import { storedKey } from '../itemStore.ts'
import { checkItemKeys, checkKeyPaths } from '../keys.ts'
import type { OpenTable } from '../tables.ts'
import { readBefore, sizeOfItem, type Write } from '../writes.ts'
import type { Operation } from './context.ts'
import { checkCondition, commitWrite, withMetrics } from './writeItem.ts'

/** A Put as requested, checked as far as it can be without the table. */
export interface PutRequest {
  item: Item
  size: number
  expressions: Expressions
}

export function readPut(input: Input): PutRequest {
  const item = readItem(input['Item'])
  const expressions = readExpressions(input, ['ConditionExpression'])
  return { item, size: sizeOfItem(item, 'Item size has exceeded the maximum allowed size'), expressions }
}

/** Checks a Put against its table and finds the item that it replaces. */
export function preparePut(table: OpenTable, { item, size, expressions }: PutRequest): Write {
  checkItemKeys(table.schema, item)
  checkKeyPaths(table.schema, expressions.condition?.paths ?? [])
  const key = storedKey(table.schema, item)
  return { table, key, before: readBefore(table, key), after: item, afterSize: size }
}

export const putItem: Operation = (context, input, scope) => {
  const request = readPut(input)
  const returned = input['ReturnValues']
  if (returned !== undefined && returned !== null && returned !== 'ALL_OLD' && returned !== 'NONE')
    throw new RequestError('ReturnValues can only be ALL_OLD or NONE')
  const write = preparePut(context.tables.open(scope, input['TableName'] as string), request)
  checkCondition(request.expressions.condition, write.before, input['ReturnValuesOnConditionCheckFailure'])
  commitWrite(context, write)
  return withMetrics(
    returned === 'ALL_OLD' && write.before !== undefined ? { Attributes: write.before.item } : {},
    input,
    write,
  )
}
