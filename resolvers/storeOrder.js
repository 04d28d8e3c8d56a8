import { util } from '@aws-appsync/utils'
import * as ddb from '@aws-appsync/utils/dynamodb'

export function request(ctx) {
  const { customer, lines } = ctx.args.input
  if (lines.length === 0) util.error('An order needs at least one line.', 'BadRequest')
  for (const line of lines) {
    if (line.quantity < 1) util.error(`The quantity of ${line.goodId} must be at least 1.`, 'BadRequest')
  }
  return ddb.put({
    key: { id: util.autoId() },
    item: { customer, lines, status: 'PLACED', placedAt: util.time.nowISO8601() },
  })
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  ctx.stash.order = ctx.result
  return ctx.result
}
