import { mismatch, type UtilFunction } from './environment.ts'
import { dynamodbExpression } from './transform/dynamodbExpression.ts'
import { openSearchQuery } from './transform/openSearchQuery.ts'
import { subscriptionFilter } from './transform/subscriptionFilter.ts'
import { isAbsent, isList, isMap, jsonText } from './values.ts'

const expression: UtilFunction = (environment, args) => {
  if (args.length > 1) return mismatch(environment)
  const rendered = dynamodbExpression(environment, args[0])
  return rendered === null ? null : jsonText(environment, rendered)
}

const toElasticsearchQueryDSL: UtilFunction = (environment, args) => {
  const [filter] = args
  if (args.length !== 1 || !isMap(filter)) return mismatch(environment)
  return jsonText(environment, openSearchQuery(environment, filter))
}

const toSubscriptionFilter: UtilFunction = (environment, args) => {
  const [filter, ignored, rules] = args
  const isValid = isMap(filter) && (isAbsent(ignored) || isList(ignored)) && (isAbsent(rules) || isMap(rules))
  if (!isValid || args.length > 3) return mismatch(environment)
  const names = new Set(isList(ignored) ? ignored.filter((name) => typeof name === 'string') : [])
  return subscriptionFilter(environment, filter, names, isMap(rules) ? rules : undefined)
}

/** Texts of JSON, but for the subscription filter, which is an object. */
export const transform = {
  toDynamoDBFilterExpression: expression,
  toDynamoDBConditionExpression: expression,
  toElasticsearchQueryDSL,
  toSubscriptionFilter,
} satisfies Record<string, UtilFunction>
