import { stepProblem } from '../aws/appsyncRules.ts'
import { ResolverSyntaxError } from '../runtime/context.ts'
import { badRequest, codeErrors } from './errors.ts'
import type { Call } from './operation.ts'

/** Refuses code and templates that could not run, and combinations that AppSync does not take. */
export function checkSteps({ input, options }: Call): void {
  const problem = stepProblem(input)
  if (problem !== undefined) throw badRequest(problem)
  const { code, requestMappingTemplate, responseMappingTemplate } = input
  if (typeof code === 'string') {
    try {
      options.checkCode?.(code)
    } catch (error) {
      if (!(error instanceof ResolverSyntaxError)) throw error
      throw codeErrors(error.problems)
    }
  }
  for (const template of [requestMappingTemplate, responseMappingTemplate]) {
    if (typeof template !== 'string') continue
    try {
      options.checkTemplate?.(template)
    } catch (error) {
      if (!(error instanceof ResolverSyntaxError)) throw error
      throw badRequest(error.message)
    }
  }
}
