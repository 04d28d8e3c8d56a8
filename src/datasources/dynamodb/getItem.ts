import { plainItem, readItem } from './attributeValues.ts'
import { joinPlaceholders, readProjection } from './expressions.ts'
import { input, members, type Operation, result, whenAnswered } from './operation.ts'
import { at, checkMembers, optionalBoolean, ROOT, requiredObject } from './requestShape.ts'

const MEMBERS = members('key', 'consistentRead', 'projection')

export const getItem: Operation = (request, { tableName, send }) => {
  checkMembers(request, ROOT, MEMBERS)
  const projection = readProjection(request, ROOT)
  const call = input({
    TableName: tableName,
    Key: readItem(requiredObject(request, 'key', ROOT), at(ROOT, 'key')),
    ConsistentRead: optionalBoolean(request, 'consistentRead', ROOT),
    ProjectionExpression: projection?.expression,
    ...joinPlaceholders(projection),
  })
  return whenAnswered(send('GetItem', call), ({ Item }) => result(plainItem(Item)))
}
