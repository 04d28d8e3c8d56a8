import { ResolverSyntaxError } from '../runtime/context.ts'
import { badRequest, codeErrors } from './errors.ts'
import type { Call } from './operation.ts'

/** Refuses code and templates that could not run, and combinations that AppSync does not take. */
export function checkSteps({ input, options }: Call): void {
  const { code, runtime, requestMappingTemplate, responseMappingTemplate } = input
  if (code !== undefined && runtime === undefined) throw badRequest('Runtime must be specified when code is specified.')
  if (code === undefined && runtime !== undefined) throw badRequest('Code must be specified when runtime is specified.')
  if (code !== undefined && (requestMappingTemplate !== undefined || responseMappingTemplate !== undefined))
    throw badRequest('Mapping templates cannot be specified together with code.')
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
