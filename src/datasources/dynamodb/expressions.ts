import type { Item } from './attributeValues.ts'
import { readItem } from './attributeValues.ts'
import type { Place } from './requestShape.ts'
import { at, checkMembers, optionalObject, requiredString, stringMap } from './requestShape.ts'

export interface Expression {
  expression: string
  names: Record<string, string> | undefined
  values: Item | undefined
}

const MEMBERS: ReadonlySet<string> = new Set(['expression', 'expressionNames', 'expressionValues'])
const PROJECTION_MEMBERS: ReadonlySet<string> = new Set(['expression', 'expressionNames'])

/** `{ expression, expressionNames, expressionValues }` and the further members that the place allows. */
export function readExpression(value: Record<string, unknown>, place: Place, members = MEMBERS): Expression {
  checkMembers(value, place, members)
  const names = optionalObject(value, 'expressionNames', place)
  const values = optionalObject(value, 'expressionValues', place)
  return {
    expression: requiredString(value, 'expression', place),
    names: names && stringMap(names, at(place, 'expressionNames')),
    values: values && readItem(values, at(place, 'expressionValues')),
  }
}

export function readOptionalExpression(
  request: Record<string, unknown>,
  member: string,
  place: Place,
): Expression | undefined {
  const value = optionalObject(request, member, place)
  return value && readExpression(value, at(place, member))
}

export function readProjection(request: Record<string, unknown>, place: Place): Expression | undefined {
  const value = optionalObject(request, 'projection', place)
  return value && readExpression(value, at(place, 'projection'), PROJECTION_MEMBERS)
}

/** The one map of names and the one of values that DynamoDB takes for all expressions of a call. */
export function joinPlaceholders(...expressions: (Expression | undefined)[]): {
  ExpressionAttributeNames?: Record<string, string>
  ExpressionAttributeValues?: Item
} {
  let names: Record<string, string> | undefined
  let values: Item | undefined
  for (const expression of expressions) {
    if (expression?.names !== undefined) names = Object.assign(names ?? Object.create(null), expression.names)
    if (expression?.values !== undefined) values = Object.assign(values ?? Object.create(null), expression.values)
  }
  return {
    ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
  }
}
