import type { Outcome, ResolverContext, ResolverError } from '../context.ts'
import { BudgetSpent } from '../emit/budget.ts'
import { fromHost, newMap } from '../emit/fromHost.ts'
import type { RunOptions } from '../emit/run.ts'
import { toPlain } from '../emit/toPlain.ts'
import { UtilError } from '../util/environment.ts'
import type { HandlerName } from './check.ts'
import type { Program } from './compileProgram.ts'
import { JsRun } from './jsRun.ts'
import { EarlyReturn, ProgramError } from './programError.ts'

type Ending =
  | { type: 'value'; value: unknown }
  | { type: 'earlyReturn'; value: unknown; skipTo: 'NEXT' | 'END' | undefined }
  | { type: 'error'; error: ResolverError }

/**
 * Runs a handler once, with so many steps. Whatever the program does ends in an Outcome.
 *
 * @throws {BudgetSpent} with reason `steps`, when they were not enough.
 */
export function evaluate(
  program: Program,
  handler: HandlerName,
  context: ResolverContext,
  options: RunOptions,
  steps: number,
): Outcome {
  const run = new JsRun(program.text, context, options, steps)
  let stash: unknown
  const finish = (ending: Ending): Outcome => ({
    ...ending,
    stash: context.stash,
    appendedErrors: run.appendedErrors,
    logs: run.logs,
    effects: run.effects,
  })
  try {
    const visible = programContext(context, program.handlers.get(handler))
    stash = visible['stash']
    const instance = program.instantiate(run)
    const value = toPlain(instance[handler]?.(visible), run) ?? null
    return withStash(finish({ type: 'value', value }), stash, run)
  } catch (error) {
    if (error instanceof EarlyReturn) {
      try {
        const value = toPlain(error.value, run) ?? null
        return withStash(finish({ type: 'earlyReturn', value, skipTo: error.skipTo }), stash, run)
      } catch (failure) {
        return finish({ type: 'error', error: failureOf(failure, run, program) })
      }
    }
    return finish({ type: 'error', error: failureOf(error, run, program) })
  }
}

/** The stash as the program left it; as it was given when the program cannot have seen it. */
function withStash(outcome: Outcome, stash: unknown, run: JsRun): Outcome {
  if (stash !== undefined) outcome.stash = toPlain(stash, run) as Record<string, unknown>
  return outcome
}

/** `ctx` as the program sees it: copies of its own, without anything of the host, of the members that it can reach. */
function programContext(context: ResolverContext, reached: readonly string[] | undefined): Record<string, unknown> {
  const visible = newMap()
  const source = context as unknown as Record<string, unknown>
  const keys = reached ?? Object.keys(source)
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string
    if (Object.hasOwn(source, key)) visible[key] = fromHost(source[key])
  }
  if (reached === undefined || reached.includes('args') || reached.includes('arguments')) {
    const args = visible['arguments'] ?? fromHost(context.arguments ?? {})
    visible['arguments'] = args
    visible['args'] = args
  }
  if (reached === undefined || reached.includes('stash')) visible['stash'] ??= newMap()
  if (reached === undefined || reached.includes('outErrors')) visible['outErrors'] ??= []
  return visible
}

/** What was thrown, as the field's error. A spent slice is not a failure: the run goes on in the worker. */
function failureOf(error: unknown, run: JsRun, program: Program): ResolverError {
  if (error instanceof BudgetSpent) {
    if (error.reason === 'steps') throw error
    return { message: `${run.place}: ${error.message}`, errorType: 'Code' }
  }
  if (error instanceof UtilError) {
    if (program.ownErrors.has(run.at)) return error.detail
    return { ...error.detail, message: `${run.place}: ${error.message}`, errorType: 'Code' }
  }
  if (error instanceof ProgramError) {
    return { message: `${run.place}: ${error.kind}: ${error.message}`, errorType: 'Code' }
  }
  if (error instanceof RangeError) {
    return { message: `${run.place}: RangeError: Maximum call stack size exceeded`, errorType: 'Code' }
  }
  if (error instanceof ReferenceError) {
    return { message: `${run.place}: ReferenceError: A variable is used before it is initialized`, errorType: 'Code' }
  }
  return { message: `${run.place}: The code could not be evaluated`, errorType: 'Code' }
}
