import { AwsError } from '../../aws/errors.ts'
import type { MaybePromise } from '../../aws/service.ts'
import type { DataSourceOutcome } from '../dataSource.ts'
import { isRecord } from '../dataSource.ts'
import { plainItem, readItem } from './attributeValues.ts'
import { dynamoDBError } from './dynamodbError.ts'
import { type Expression, joinPlaceholders, readExpression, readProjection } from './expressions.ts'
import { input, members, type Operation, result } from './operation.ts'
import type { Place } from './requestShape.ts'
import {
  at,
  checkMembers,
  optionalBoolean,
  optionalObject,
  RequestShapeError,
  ROOT,
  refuse,
  requiredList,
  requiredObject,
  requiredString,
} from './requestShape.ts'

const MEMBERS = members('transactItems')
const GET_MEMBERS: ReadonlySet<string> = new Set(['table', 'key', 'projection'])
const WRITE_MEMBERS: Readonly<Record<string, ReadonlySet<string>>> = {
  PutItem: new Set(['table', 'operation', 'key', 'attributeValues', 'condition']),
  UpdateItem: new Set(['table', 'operation', 'key', 'update', 'condition']),
  DeleteItem: new Set(['table', 'operation', 'key', 'condition']),
  ConditionCheck: new Set(['table', 'operation', 'key', 'condition']),
}
const CONDITION_MEMBERS: ReadonlySet<string> = new Set([
  'expression',
  'expressionNames',
  'expressionValues',
  'returnValuesOnConditionCheckFailure',
])

function entriesOf(request: Record<string, unknown>): [entry: Record<string, unknown>, place: Place][] {
  checkMembers(request, ROOT, MEMBERS)
  const place = at(ROOT, 'transactItems')
  return requiredList(request, 'transactItems', ROOT).map((entry, index) =>
    isRecord(entry) ? [entry, at(place, index)] : refuse(at(place, index), 'object', entry),
  )
}

export const transactGetItems: Operation = (request, { send }) => {
  const items = entriesOf(request).map(([entry, place]) => {
    checkMembers(entry, place, GET_MEMBERS)
    const projection = readProjection(entry, place)
    return {
      Get: input({
        TableName: requiredString(entry, 'table', place),
        Key: readItem(requiredObject(entry, 'key', place), at(place, 'key')),
        ProjectionExpression: projection?.expression,
        ...joinPlaceholders(projection),
      }),
    }
  })
  return transact(
    () => send('TransactGetItems', { TransactItems: items }),
    ({ Responses }) => ({
      items: (Array.isArray(Responses) ? Responses : []).map((response: unknown) =>
        plainItem(isRecord(response) ? response['Item'] : undefined),
      ),
      cancellationReasons: null,
    }),
    'items',
  )
}

export const transactWriteItems: Operation = (request, { send }) => {
  const keys: unknown[] = []
  const items = entriesOf(request).map(([entry, place]) => {
    const operation = requiredString(entry, 'operation', place)
    const known = Object.hasOwn(WRITE_MEMBERS, operation) ? WRITE_MEMBERS[operation] : undefined
    if (known === undefined) throw new RequestShapeError(`Unsupported operation '${operation}'.`)
    checkMembers(entry, place, known)
    const key = readItem(requiredObject(entry, 'key', place), at(place, 'key'))
    keys.push(plainItem(key))
    return writeEntry(operation, entry, place, key)
  })
  return transact(
    () => send('TransactWriteItems', { TransactItems: items }),
    () => ({ keys, cancellationReasons: null }),
    'keys',
  )
}

function writeEntry(
  operation: string,
  entry: Record<string, unknown>,
  place: Place,
  key: Record<string, unknown>,
): Record<string, unknown> {
  const conditionValue = optionalObject(entry, 'condition', place)
  const conditionPlace = at(place, 'condition')
  const condition: Expression | undefined =
    conditionValue && readExpression(conditionValue, conditionPlace, CONDITION_MEMBERS)
  const returnsItem =
    conditionValue === undefined
      ? false
      : (optionalBoolean(conditionValue, 'returnValuesOnConditionCheckFailure', conditionPlace) ?? true)
  const common = {
    TableName: requiredString(entry, 'table', place),
    ConditionExpression: condition?.expression,
    ReturnValuesOnConditionCheckFailure: returnsItem ? 'ALL_OLD' : undefined,
  }
  switch (operation) {
    case 'PutItem': {
      const values = optionalObject(entry, 'attributeValues', place)
      const item = Object.assign(
        Object.create(null),
        values === undefined ? undefined : readItem(values, at(place, 'attributeValues')),
        key,
      )
      return { Put: input({ ...common, Item: item, ...joinPlaceholders(condition) }) }
    }
    case 'UpdateItem': {
      const update = readExpression(requiredObject(entry, 'update', place), at(place, 'update'))
      return {
        Update: input({
          ...common,
          Key: key,
          UpdateExpression: update.expression,
          ...joinPlaceholders(update, condition),
        }),
      }
    }
    case 'DeleteItem':
      return { Delete: input({ ...common, Key: key, ...joinPlaceholders(condition) }) }
    default:
      if (condition === undefined) requiredObject(entry, 'condition', place)
      return { ConditionCheck: input({ ...common, Key: key, ...joinPlaceholders(condition) }) }
  }
}

/** A cancelled transaction is an error whose reasons the response step sees as `ctx.result.cancellationReasons`. */
function transact(
  send: () => MaybePromise<Record<string, unknown>>,
  shape: (answer: Record<string, unknown>) => unknown,
  empty: 'items' | 'keys',
): MaybePromise<DataSourceOutcome> {
  const onError = (error: unknown): DataSourceOutcome => {
    if (!(error instanceof AwsError) || error.code !== 'TransactionCanceledException') throw error
    const reasons = error.details['CancellationReasons']
    const cancellationReasons = (Array.isArray(reasons) ? reasons : []).map((reason: unknown) => {
      const { Code, Message, Item } = isRecord(reason) ? reason : {}
      return {
        type: Code ?? 'None',
        message: Message ?? 'None',
        ...(Item === undefined || Item === null ? {} : { item: plainItem(Item) }),
      }
    })
    return { type: 'error', error: dynamoDBError(error), result: { [empty]: null, cancellationReasons } }
  }
  try {
    const answer = send()
    return answer instanceof Promise ? answer.then((settled) => result(shape(settled)), onError) : result(shape(answer))
  } catch (error) {
    return onError(error)
  }
}
