import { type Item, readItem } from '../attributeValue.ts'
import { RequestError } from '../errors.ts'
import { type Expressions, readExpressions } from '../expressionParameters.ts'
import type { Input } from '../input.ts'
import { storedKey } from '../itemStore.ts'
import { checkKey, checkKeyPaths } from '../keys.ts'
import type { OpenTable } from '../tables.ts'
import { readBefore, type Write } from '../writes.ts'
import type { Operation } from './context.ts'
import { checkCondition, commitWrite, withMetrics } from './writeItem.ts'

/** A Delete (or a bare condition) as requested, checked as far as it can be without the table. */
export interface KeyRequest {
  key: Item
  expressions: Expressions
}

export function readKeyRequest(input: Input): KeyRequest {
  const key = readItem(input['Key'])
  return { key, expressions: readExpressions(input, ['ConditionExpression']) }
}

/** Checks a Delete against its table and finds the item that it deletes. */
export function prepareDelete(table: OpenTable, { key, expressions }: KeyRequest): Write {
  checkKey(table.schema, key)
  checkKeyPaths(table.schema, expressions.condition?.paths ?? [])
  const stored = storedKey(table.schema, key)
  return { table, key: stored, before: readBefore(table, stored), after: undefined, afterSize: 0 }
}

export const deleteItem: Operation = (context, input, scope) => {
  const request = readKeyRequest(input)
  const returned = input['ReturnValues']
  if (returned !== undefined && returned !== null && returned !== 'ALL_OLD' && returned !== 'NONE')
    throw new RequestError('ReturnValues can only be ALL_OLD or NONE')
  const write = prepareDelete(context.tables.open(scope, input['TableName'] as string), request)
  checkCondition(request.expressions.condition, write.before, input['ReturnValuesOnConditionCheckFailure'])
  if (write.before !== undefined) commitWrite(context, write)
  return withMetrics(
    returned === 'ALL_OLD' && write.before !== undefined ? { Attributes: write.before.item } : {},
    input,
    write,
  )
}
