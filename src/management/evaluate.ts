import { badRequest } from './errors.ts'
import { type Operations, text } from './operation.ts'
import type { EvaluationAnswer } from './options.ts'

/** Members that the answer has; an evaluation that failed has no result. */
function show(answer: EvaluationAnswer): Record<string, unknown> {
  const { evaluationResult, error, logs = [], stash, outErrors } = answer
  return {
    ...(evaluationResult === undefined ? {} : { evaluationResult }),
    ...(error === undefined ? {} : { error }),
    logs,
    ...(stash === undefined ? {} : { stash }),
    ...(outErrors === undefined ? {} : { outErrors }),
  }
}

function requireJsonObject(context: string): void {
  let parsed: unknown
  try {
    parsed = JSON.parse(context)
  } catch {
    throw badRequest('Unable to parse the context: it is not valid JSON.')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw badRequest('Unable to parse the context: it must be a JSON object.')
}

export const evaluate: Operations = {
  async EvaluateCode({ input, options }) {
    const context = text(input, 'context')
    requireJsonObject(context)
    const name = input['function']
    return show(
      await options.evaluateCode({
        code: text(input, 'code'),
        context,
        ...(typeof name === 'string' ? { function: name } : {}),
      }),
    )
  },

  async EvaluateMappingTemplate({ input, options }) {
    const context = text(input, 'context')
    requireJsonObject(context)
    return show(await options.evaluateMappingTemplate({ template: text(input, 'template'), context }))
  },
}
