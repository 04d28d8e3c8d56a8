import { plainItem } from './attributeValues.ts'
import { joinPlaceholders, readExpression, readOptionalExpression, readProjection } from './expressions.ts'
import { input, members, type Operation, type OperationContext, result, whenAnswered } from './operation.ts'
import {
  at,
  checkMembers,
  optionalBoolean,
  optionalInteger,
  optionalString,
  RequestShapeError,
  ROOT,
  requiredObject,
} from './requestShape.ts'

const QUERY_MEMBERS = members(
  'query',
  'index',
  'nextToken',
  'limit',
  'scanIndexForward',
  'consistentRead',
  'select',
  'filter',
  'projection',
)
const SCAN_MEMBERS = members(
  'index',
  'limit',
  'consistentRead',
  'nextToken',
  'totalSegments',
  'segment',
  'filter',
  'projection',
  'select',
)

export const query: Operation = (request, context) => {
  checkMembers(request, ROOT, QUERY_MEMBERS)
  const condition = readExpression(requiredObject(request, 'query', ROOT), at(ROOT, 'query'))
  const filter = readOptionalExpression(request, 'filter', ROOT)
  const projection = readProjection(request, ROOT)
  const call = input({
    TableName: context.tableName,
    IndexName: optionalString(request, 'index', ROOT),
    KeyConditionExpression: condition.expression,
    FilterExpression: filter?.expression,
    ProjectionExpression: projection?.expression,
    ...joinPlaceholders(condition, filter, projection),
    Limit: optionalInteger(request, 'limit', ROOT),
    ScanIndexForward: optionalBoolean(request, 'scanIndexForward', ROOT),
    ConsistentRead: optionalBoolean(request, 'consistentRead', ROOT),
    Select: optionalString(request, 'select', ROOT),
    ExclusiveStartKey: startKey(request, context),
  })
  return whenAnswered(context.send('Query', call), (answer) => result(page(answer, context)))
}

export const scan: Operation = (request, context) => {
  checkMembers(request, ROOT, SCAN_MEMBERS)
  const filter = readOptionalExpression(request, 'filter', ROOT)
  const projection = readProjection(request, ROOT)
  const call = input({
    TableName: context.tableName,
    IndexName: optionalString(request, 'index', ROOT),
    FilterExpression: filter?.expression,
    ProjectionExpression: projection?.expression,
    ...joinPlaceholders(filter, projection),
    Limit: optionalInteger(request, 'limit', ROOT),
    ConsistentRead: optionalBoolean(request, 'consistentRead', ROOT),
    TotalSegments: optionalInteger(request, 'totalSegments', ROOT),
    Segment: optionalInteger(request, 'segment', ROOT),
    Select: optionalString(request, 'select', ROOT),
    ExclusiveStartKey: startKey(request, context),
  })
  return whenAnswered(context.send('Scan', call), (answer) => result(page(answer, context)))
}

function startKey(request: Record<string, unknown>, context: OperationContext): unknown {
  const token = optionalString(request, 'nextToken', ROOT)
  if (token === undefined) return undefined
  const key = context.openToken(token)
  if (key === undefined) throw new RequestShapeError('Invalid pagination token given.')
  return key
}

function page(answer: Record<string, unknown>, context: OperationContext): Record<string, unknown> {
  const { Items: items, LastEvaluatedKey: last, ScannedCount: scanned } = answer
  return {
    items: Array.isArray(items) ? items.map(plainItem) : [],
    nextToken: last === undefined || last === null ? null : context.sealToken(last),
    scannedCount: typeof scanned === 'number' ? scanned : 0,
  }
}
