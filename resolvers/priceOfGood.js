import { util } from '@aws-appsync/utils'

export function request(ctx) {
  return {
    method: 'GET',
    resourcePath: `/prices/${util.urlEncode(ctx.source.id)}`,
    params: { headers: { accept: 'application/json' } },
  }
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  if (ctx.result.statusCode === 404) return null
  if (ctx.result.statusCode !== 200) util.error(`The price service answered ${ctx.result.statusCode}`, 'PriceService')
  return JSON.parse(ctx.result.body)
}
