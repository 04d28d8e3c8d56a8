import { evaluateMappingTemplate } from '../../../src/runtime/evaluateMappingTemplate.ts'

/** The text that a template prints on a context with these arguments; throws its error. */
export async function renderOn(
  template: string,
  args: Record<string, unknown> = {},
  rest: object = {},
): Promise<string> {
  const { evaluationResult, error } = await evaluateMappingTemplate({ template, context: { arguments: args, ...rest } })
  if (error !== undefined) throw new Error(error.message)
  return evaluationResult ?? ''
}
