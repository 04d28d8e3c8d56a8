import { type Outcome, type ResolverContext, type ResolverError, ResolverSyntaxError } from './context.ts'
import type { RunOptions } from './emit/run.ts'
import { EvaluationContextError } from './evaluateMappingTemplate.ts'
import type { HandlerName } from './js/check.ts'
import { compileCode } from './js/compile.ts'

/** What `EvaluateCode` is asked. */
export interface EvaluateCodeRequest {
  /** Of runtime APPSYNC_JS 1.0.0. */
  code: string
  /** @default 'request' */
  function?: string
  /** `ctx`: a text of JSON, as the API has it, or the object. */
  context: string | Readonly<Record<string, unknown>>
}

/** What `EvaluateCode` answers; texts of JSON but for `error` and `logs`, as the API has them. */
export interface Evaluation {
  evaluationResult?: string
  error?: { message: string; codeErrors?: readonly CodeError[] }
  logs: string[]
  stash?: string
  outErrors?: string
}

export interface CodeError {
  errorType: string
  value: string
  location: { line: number; column: number; span: number }
}

/**
 * Runs one handler of a code on a context, as the API operation `EvaluateCode` does. What is wrong with the code is in
 * the answer.
 *
 * @throws {EvaluationContextError} when the context is no JSON object.
 */
export async function evaluateCode(request: EvaluateCodeRequest, options: RunOptions = {}): Promise<Evaluation> {
  const context = contextOf(request.context)
  const name = request.function ?? 'request'
  try {
    const steps = compileCode(request.code, options)
    const step = Object.hasOwn(steps, name) ? steps[name as HandlerName] : undefined
    if (step === undefined)
      return { error: { message: `The code has no exported function named '${name}'.` }, logs: [] }
    return evaluationOf(await step.run(context), context)
  } catch (error) {
    if (!(error instanceof ResolverSyntaxError)) throw error
    return { error: { message: error.message, codeErrors: error.problems }, logs: [] }
  }
}

/** A context with the members that handlers and templates find always. */
function contextOf(given: EvaluateCodeRequest['context']): ResolverContext {
  let parsed: unknown = given
  if (typeof given === 'string') {
    try {
      parsed = JSON.parse(given)
    } catch (cause) {
      throw new EvaluationContextError('The context is not valid JSON.', { cause })
    }
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new EvaluationContextError('The context must be a JSON object.')
  }
  const context = parsed as Record<string, unknown>
  const { args, ...rest } = context
  return {
    ...rest,
    arguments: rest['arguments'] ?? args ?? {},
    stash: rest['stash'] ?? {},
  } as unknown as ResolverContext
}

/** An outcome as the evaluate operations answer it. */
function evaluationOf(outcome: Outcome, context: ResolverContext): Evaluation {
  const errors = [...(context.outErrors ?? []), ...outcome.appendedErrors.map(outError)]
  const evaluation: Evaluation = {
    logs: outcome.logs,
    stash: JSON.stringify(outcome.stash),
    outErrors: JSON.stringify(errors),
  }
  if (outcome.type === 'error') evaluation.error = { message: outcome.error.message }
  else evaluation.evaluationResult = JSON.stringify(outcome.value ?? null)
  return evaluation
}

/** An appended error as `ctx.outErrors` has it. */
function outError({ message, errorType, data, errorInfo }: ResolverError): Record<string, unknown> {
  return {
    message,
    type: errorType,
    ...(data === undefined ? {} : { data }),
    ...(errorInfo === undefined ? {} : { errorInfo }),
  }
}
