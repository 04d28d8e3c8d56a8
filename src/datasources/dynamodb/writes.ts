import { isDeepStrictEqual } from 'node:util'
import { AwsError } from '../../aws/errors.ts'
import type { MaybePromise } from '../../aws/service.ts'
import type { DataSourceOutcome } from '../dataSource.ts'
import { isRecord, memberOf } from '../dataSource.ts'
import { type Item, plainItem, readItem } from './attributeValues.ts'
import { type Expression, joinPlaceholders, readExpression } from './expressions.ts'
import { input, members, type Operation, type OperationContext, result } from './operation.ts'
import {
  at,
  checkMembers,
  optionalBoolean,
  optionalObject,
  optionalString,
  RequestShapeError,
  ROOT,
  requiredObject,
  requiredString,
} from './requestShape.ts'

const CONDITION_MEMBERS: ReadonlySet<string> = new Set([
  'expression',
  'expressionNames',
  'expressionValues',
  'equalsIgnore',
  'consistentRead',
  'conditionalCheckFailedHandler',
])
const EXPRESSION_MEMBERS: ReadonlySet<string> = new Set(['expression', 'expressionNames', 'expressionValues'])

interface Condition extends Expression {
  equalsIgnore: readonly string[]
  consistentRead: boolean
  /** ARN of the function of the `Custom` strategy. */
  handler: string | undefined
}

const PUT_MEMBERS = members('key', 'attributeValues', 'condition', 'customPartitionKey', 'populateIndexFields')
const UPDATE_MEMBERS = members('key', 'update', 'condition', 'customPartitionKey', 'populateIndexFields')
const DELETE_MEMBERS = members('key', 'condition', 'customPartitionKey', 'populateIndexFields')

/** Rounds of `retry` that a conflict handler may ask for. */
const MAX_HANDLER_RETRIES = 5

export const putItem: Operation = (request, context) => {
  checkMembers(request, ROOT, PUT_MEMBERS)
  const key = readKey(request)
  const values = optionalObject(request, 'attributeValues', ROOT)
  const item: Item = Object.assign(
    Object.create(null),
    values === undefined ? undefined : readItem(values, at(ROOT, 'attributeValues')),
    key,
  )
  const condition = readCondition(request)
  const call = input({
    TableName: context.tableName,
    Item: item,
    ConditionExpression: condition?.expression,
    ...joinPlaceholders(condition),
  })
  return write('PutItem', call, { request, context, key, condition, expected: item }, () => plainItem(item))
}

export const updateItem: Operation = (request, context) => {
  checkMembers(request, ROOT, UPDATE_MEMBERS)
  const key = readKey(request)
  const value = requiredObject(request, 'update', ROOT)
  // `update: {}` creates the item with its key alone, as DynamoDB does without an expression.
  const update =
    Object.keys(value).length === 0 ? undefined : readExpression(value, at(ROOT, 'update'), EXPRESSION_MEMBERS)
  const condition = readCondition(request)
  const call = input({
    TableName: context.tableName,
    Key: key,
    UpdateExpression: update?.expression,
    ConditionExpression: condition?.expression,
    ...joinPlaceholders(update, condition),
    ReturnValues: 'ALL_NEW',
  })
  return write('UpdateItem', call, { request, context, key, condition, expected: 'unknown' }, ({ Attributes }) =>
    plainItem(Attributes),
  )
}

export const deleteItem: Operation = (request, context) => {
  checkMembers(request, ROOT, DELETE_MEMBERS)
  const key = readKey(request)
  const condition = readCondition(request)
  const call = input({
    TableName: context.tableName,
    Key: key,
    ConditionExpression: condition?.expression,
    ...joinPlaceholders(condition),
    ReturnValues: 'ALL_OLD',
  })
  return write('DeleteItem', call, { request, context, key, condition, expected: 'nothing' }, ({ Attributes }) =>
    plainItem(Attributes),
  )
}

function readKey(request: Record<string, unknown>): Item {
  return readItem(requiredObject(request, 'key', ROOT), at(ROOT, 'key'))
}

function readCondition(request: Record<string, unknown>): Condition | undefined {
  const value = optionalObject(request, 'condition', ROOT)
  if (value === undefined) return undefined
  const place = at(ROOT, 'condition')
  const expression = readExpression(value, place, CONDITION_MEMBERS)
  const ignored = memberOf(value, 'equalsIgnore')
  if (ignored !== undefined && ignored !== null && !Array.isArray(ignored)) {
    throw new RequestShapeError(`Expected JSON array for field '${at(place, 'equalsIgnore')}'.`)
  }
  return {
    ...expression,
    equalsIgnore: Array.isArray(ignored) ? ignored.map(String) : [],
    consistentRead: optionalBoolean(value, 'consistentRead', place) ?? true,
    handler: readHandler(value, place),
  }
}

function readHandler(condition: Record<string, unknown>, place: string): string | undefined {
  const handler = optionalObject(condition, 'conditionalCheckFailedHandler', place)
  if (handler === undefined) return undefined
  const handlerPlace = at(place, 'conditionalCheckFailedHandler')
  checkMembers(handler, handlerPlace, new Set(['strategy', 'lambdaArn']))
  const strategy = optionalString(handler, 'strategy', handlerPlace)
  if (strategy === undefined || strategy === 'Reject') return undefined
  if (strategy !== 'Custom') throw new RequestShapeError(`Unsupported strategy '${strategy}'.`)
  return requiredString(handler, 'lambdaArn', handlerPlace)
}

interface Write {
  request: Record<string, unknown>
  context: OperationContext
  key: Item
  condition: Condition | undefined
  /** The item as a successful write leaves it; `unknown` for updates, whose outcome cannot be told from the request. */
  expected: Item | 'nothing' | 'unknown'
  retries?: number
}

type Shape = (answer: Record<string, unknown>) => unknown

function write(
  operation: string,
  call: Record<string, unknown>,
  attempt: Write,
  shape: Shape,
): MaybePromise<DataSourceOutcome> {
  const onError = (error: unknown): MaybePromise<DataSourceOutcome> => {
    if (attempt.condition === undefined || !isConditionalCheckFailure(error)) throw error
    return afterFailedCondition(attempt, attempt.condition, error)
  }
  let answer: MaybePromise<Record<string, unknown>>
  try {
    answer = attempt.context.send(operation, call)
  } catch (error) {
    return onError(error)
  }
  if (!(answer instanceof Promise)) return result(shape(answer))
  return answer.then((settled) => result(shape(settled)), onError)
}

function isConditionalCheckFailure(error: unknown): error is AwsError {
  return error instanceof AwsError && error.code === 'ConditionalCheckFailedException'
}

/**
 * What AppSync does when a condition fails ("Handling a condition check failure" of its DynamoDB reference): it reads the
 * item; one that is already as the write would have left it counts as written. Otherwise the write is rejected, or a
 * function decides.
 */
function afterFailedCondition(attempt: Write, condition: Condition, error: AwsError): MaybePromise<DataSourceOutcome> {
  const { context, key, expected } = attempt
  if (expected === 'unknown' && condition.handler === undefined) throw error
  const decide = (answer: Record<string, unknown>): MaybePromise<DataSourceOutcome> => {
    const current = isRecord(answer['Item']) ? (answer['Item'] as Item) : undefined
    if (isAsExpected(current, expected, condition.equalsIgnore)) return result(plainItem(current))
    if (condition.handler === undefined) throw error
    return askHandler(attempt, condition.handler, plainItem(current), error)
  }
  let read: MaybePromise<Record<string, unknown>>
  try {
    read = context.send('GetItem', {
      TableName: context.tableName,
      Key: key,
      ...(condition.consistentRead ? { ConsistentRead: true } : {}),
    })
  } catch {
    throw error
  }
  return read instanceof Promise
    ? read.then(decide, () => {
        throw error
      })
    : decide(read)
}

function isAsExpected(current: Item | undefined, expected: Write['expected'], ignored: readonly string[]): boolean {
  if (expected === 'unknown') return false
  if (expected === 'nothing') return current === undefined
  if (current === undefined) return false
  const without = (item: Item): Record<string, unknown> => {
    const plain = { ...plainItem(item) }
    for (const name of ignored) delete plain[name]
    return plain
  }
  return isDeepStrictEqual(without(current), without(expected))
}

async function askHandler(
  attempt: Write,
  handler: string,
  currentValue: unknown,
  error: AwsError,
): Promise<DataSourceOutcome> {
  const { context, request } = attempt
  const answer = await context.invokeHandler(handler, { arguments: { requestMapping: request, currentValue } })
  switch (memberOf(answer, 'action')) {
    case 'discard':
      return result(currentValue)
    case 'retry': {
      const retryMapping = memberOf(answer, 'retryMapping')
      const retries = (attempt.retries ?? 0) + 1
      if (!isRecord(retryMapping) || retries > MAX_HANDLER_RETRIES) throw error
      return retry({ ...request, ...retryMapping }, context, retries)
    }
    default:
      throw error
  }
}

async function retry(
  request: Record<string, unknown>,
  context: OperationContext,
  retries: number,
): Promise<DataSourceOutcome> {
  const operation = { PutItem: putItem, UpdateItem: updateItem, DeleteItem: deleteItem }[
    String(request['operation']) as 'PutItem' | 'UpdateItem' | 'DeleteItem'
  ]
  if (operation === undefined) throw new RequestShapeError(`Unsupported operation '${String(request['operation'])}'.`)
  let left = MAX_HANDLER_RETRIES - retries
  return operation(request, {
    ...context,
    async invokeHandler(functionArn, payload) {
      return left-- > 0 ? context.invokeHandler(functionArn, payload) : { action: 'reject' }
    },
  })
}
