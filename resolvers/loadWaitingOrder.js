import { util } from '@aws-appsync/utils'
import * as ddb from '@aws-appsync/utils/dynamodb'

export function request(ctx) {
  return ddb.get({ key: { id: ctx.args.id }, consistentRead: true })
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  if (!ctx.result) util.error(`There is no order ${ctx.args.id}.`, 'NotFound')
  if (!ctx.result.taskToken) util.error(`Order ${ctx.args.id} does not wait for an approval.`, 'NotWaiting')
  ctx.stash.order = ctx.result
  return ctx.result
}
