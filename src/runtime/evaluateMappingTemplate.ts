import { type Outcome, type ResolverContext, type ResolverError, ResolverSyntaxError } from './context.ts'
import type { RunOptions } from './emit/run.ts'
import { runSliced } from './emit/runSliced.ts'
import { renderOf, TEMPLATE_NAME } from './vtl/compile.ts'
import { textOutcome } from './vtl/unit.ts'

/** What EvaluateMappingTemplate is asked. */
export interface EvaluateMappingTemplateInput {
  template: string
  /** The context, as object or as its JSON. */
  context: unknown
  run?: RunOptions
}

/** What EvaluateMappingTemplate answers: all but `error` and `logs` are JSON, as texts. */
export interface EvaluateMappingTemplateOutput {
  /** The text that the template printed, or the JSON of what it returned. */
  evaluationResult?: string
  error?: { message: string }
  logs: string[]
  stash: string
  outErrors: string
}

/** The context is no JSON object: a BadRequestException. */
export class EvaluationContextError extends Error {
  override readonly name = 'EvaluationContextError'
}

/** Renders a mapping template on a context, without a resolver around it. */
export async function evaluateMappingTemplate(
  input: EvaluateMappingTemplateInput,
): Promise<EvaluateMappingTemplateOutput> {
  const context = contextOf(input.context)
  let outcome: Outcome
  try {
    const render = renderOf(input.template, TEMPLATE_NAME)
    const unit = { language: 'vtl' as const, source: input.template, part: 'text' }
    outcome = await runSliced(unit, context, (steps) => textOutcome(render, context, steps, input.run))
  } catch (error) {
    if (!(error instanceof ResolverSyntaxError)) throw error
    return { error: { message: error.message }, logs: [], stash: JSON.stringify(context.stash), outErrors: '[]' }
  }
  return {
    ...result(outcome),
    logs: outcome.logs,
    stash: JSON.stringify(outcome.stash),
    outErrors: JSON.stringify([...(context.outErrors ?? []), ...outcome.appendedErrors.map(outError)]),
  }
}

function result(outcome: Outcome): Pick<EvaluateMappingTemplateOutput, 'evaluationResult' | 'error'> {
  if (outcome.type === 'error') return { error: { message: outcome.error.message } }
  if (outcome.type === 'earlyReturn') return { evaluationResult: JSON.stringify(outcome.value ?? null) }
  return { evaluationResult: String(outcome.value) }
}

/** An entry of `outErrors`: data and errorInfo only when they were given. */
function outError({ message, errorType, data, errorInfo }: ResolverError): unknown {
  return {
    message,
    type: errorType,
    ...(data === undefined ? {} : { data }),
    ...(errorInfo === undefined ? {} : { errorInfo }),
  }
}

function contextOf(given: unknown): ResolverContext {
  let value = given
  if (typeof given === 'string') {
    try {
      value = JSON.parse(given)
    } catch (cause) {
      throw new EvaluationContextError('The context is not valid JSON.', { cause })
    }
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new EvaluationContextError('The context must be a JSON object.')
  }
  const source = value as Partial<ResolverContext> & { args?: Record<string, unknown> }
  return { ...source, arguments: source.arguments ?? source.args ?? {}, stash: source.stash ?? {} }
}
