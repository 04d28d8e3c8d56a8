import { type Item, itemDepth, MAX_NESTING, NESTING_MESSAGE, readItem } from '../attributeValue.ts'
import { INVALID_VALUES, RequestError, validationError } from '../errors.ts'
import { type Expressions, readExpressions } from '../expressionParameters.ts'
import { projector } from '../expressions/projection.ts'
import type { BoundUpdate } from '../expressions/update.ts'
import type { Input } from '../input.ts'
import { storedKey } from '../itemStore.ts'
import { checkKey, checkKeyPaths, checkUpdatedIndexKeys } from '../keys.ts'
import { keyAttributes, type TableSchema } from '../tableSchema.ts'
import type { OpenTable } from '../tables.ts'
import { type Before, readBefore, sizeOfItem, type Write } from '../writes.ts'
import type { Operation, Output } from './context.ts'
import { checkCondition, commitWrite, withMetrics } from './writeItem.ts'

/** An Update as requested, checked as far as it can be without the table. */
export interface UpdateRequest {
  key: Item
  expressions: Expressions
}

export function readUpdate(input: Input): UpdateRequest {
  const key = readItem(input['Key'])
  return { key, expressions: readExpressions(input, ['UpdateExpression', 'ConditionExpression']) }
}

/** Checks an Update against its table and finds the item that it changes. Its outcome comes from `applyUpdate`. */
export function prepareUpdate(table: OpenTable, { key, expressions }: UpdateRequest): Write {
  checkKey(table.schema, key)
  if (expressions.update !== undefined) checkUpdatedKeys(table.schema, expressions.update)
  checkKeyPaths(table.schema, expressions.update?.paths ?? [])
  checkKeyPaths(table.schema, expressions.condition?.paths ?? [])
  const stored = storedKey(table.schema, key)
  return { table, key: stored, before: readBefore(table, stored), after: undefined, afterSize: 0 }
}

/** Computes the item after an update, whose condition holds. */
export function applyUpdate(write: Write, { key, expressions }: UpdateRequest): Item {
  const { table, before } = write
  // Decoded anew: the update changes it, and the item as it was is still needed.
  const item = before === undefined ? key : table.storage.codec.decode(before.stored)
  const update = expressions.update
  if (update !== undefined) {
    computed(() => update.apply(item))
    if (table.schema.indexes.length > 0) checkUpdatedIndexKeys(table.schema, item)
    if (update.paths.some((path) => path.length > 1) && itemDepth(item) > MAX_NESTING)
      throw validationError(NESTING_MESSAGE)
  }
  write.after = item
  write.afterSize = sizeOfItem(item, 'Item size to update has exceeded the maximum allowed size')
  return item
}

/** What is wrong with a number that was computed is no fault of the request's values. */
function computed(compute: () => void): void {
  try {
    compute()
  } catch (error) {
    throw error instanceof RequestError ? validationError(error.message) : error
  }
}

function checkUpdatedKeys(schema: TableSchema, update: BoundUpdate): void {
  for (const { name } of keyAttributes(schema))
    if (update.paths.some((path) => path[0] === name && path.length === 1))
      throw validationError(`${INVALID_VALUES}Cannot update attribute ${name}. This attribute is part of the key`)
  for (const index of schema.indexes)
    for (const { name, type } of keyAttributes(index)) {
      const known = update.knownTypes.find((one) => one.name === name)
      if (known !== undefined && known.type !== type)
        throw validationError(
          `${INVALID_VALUES}Type mismatch for Index Key ${name} Expected: ${type} Actual: ${known.type} IndexName: ${index.name}`,
        )
    }
}

export const updateItem: Operation = (context, input, scope) => {
  const request = readUpdate(input)
  const write = prepareUpdate(context.tables.open(scope, input['TableName'] as string), request)
  checkCondition(request.expressions.condition, write.before, input['ReturnValuesOnConditionCheckFailure'])
  const after = applyUpdate(write, request)
  commitWrite(context, write)
  const attributes = returnedAttributes(input['ReturnValues'], write.before, after, request.expressions.update)
  return withMetrics(attributes, input, write)
}

function returnedAttributes(
  mode: unknown,
  before: Before | undefined,
  after: Item,
  update: BoundUpdate | undefined,
): Output {
  switch (mode) {
    case 'ALL_OLD':
      return before === undefined ? {} : { Attributes: before.item }
    case 'ALL_NEW':
      return { Attributes: after }
    case 'UPDATED_OLD':
      return changed(before?.item, update)
    case 'UPDATED_NEW':
      return changed(after, update)
    default:
      return {}
  }
}

function changed(item: Item | undefined, update: BoundUpdate | undefined): Output {
  if (item === undefined || update === undefined) return {}
  const attributes = projector(update.paths)(item)
  return Object.keys(attributes).length === 0 ? {} : { Attributes: attributes }
}
