import { util } from '@aws-appsync/utils'

export function request(ctx) {
  const { approved, reason } = ctx.args
  return {
    method: 'POST',
    resourcePath: '/',
    params: {
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AWSStepFunctions.SendTaskSuccess',
      },
      body: {
        taskToken: ctx.stash.order.taskToken,
        output: JSON.stringify({ approved, reason: reason ?? (approved ? 'approved' : 'rejected') }),
      },
    },
  }
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  if (ctx.result.statusCode !== 200) util.error(ctx.result.body, 'StepFunctions')
  return ctx.stash.order
}
