import { util } from '@aws-appsync/utils'
import * as ddb from '@aws-appsync/utils/dynamodb'

export function request(ctx) {
  const { customer, limit, nextToken } = ctx.args
  return ddb.query({
    index: 'byCustomer',
    query: { customer: { eq: customer } },
    scanIndexForward: false,
    limit: limit ?? 20,
    nextToken: nextToken ?? null,
  })
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  return { items: ctx.result.items, nextToken: ctx.result.nextToken }
}
