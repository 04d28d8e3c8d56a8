import { createHash } from 'node:crypto'
import type { CompiledStep, Outcome, ResolverContext } from '../context.ts'
import { BudgetSpent } from '../emit/budget.ts'
import type { RunOptions } from '../emit/run.ts'
import { runSliced } from '../emit/runSliced.ts'
import { HANDLER_NAMES, type HandlerName } from './check.ts'
import { compileProgram, type Program } from './compileProgram.ts'
import { evaluate } from './evaluate.ts'
import type { Inspection } from './program/state.ts'

/**
 * The handlers that a program exports: `request` and `response` of a resolver or function, `onPublish` and `onSubscribe`
 * of an Events channel. A missing one is undefined: whoever needs it reports it.
 */
export type CompiledCode = Partial<Record<HandlerName, CompiledStep>>

export interface CompileOptions extends RunOptions {
  /** For the tests that watch the emitter. */
  inspection?: Inspection
}

/** Programs after compilation, by the digest of their text; the oldest goes when it is full. */
const cache = new Map<string, Program>()
const MAX_CACHED = 2_000

/**
 * Compiles the code of a resolver or function of runtime APPSYNC_JS 1.0.0 (one module: bundle relative imports first).
 * Compiled once per text.
 *
 * @throws {ResolverSyntaxError} when the service would refuse the code; every problem with its place.
 */
export function compileCode(code: string, options: CompileOptions = {}): CompiledCode {
  const program = programOf(code, options.inspection)
  const compiled: CompiledCode = {}
  for (const name of HANDLER_NAMES) if (program.handlers.has(name)) compiled[name] = step(program, name, options)
  return compiled
}

/** Runs one handler to its end on this thread: what the worker does, with the full number of steps. */
export function runHandler(code: string, handler: HandlerName, context: ResolverContext, steps: number): Outcome {
  try {
    return evaluate(programOf(code, undefined), handler, context, {}, steps)
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error
    return {
      type: 'error',
      error: { message: error.message, errorType: 'Code' },
      stash: context.stash,
      appendedErrors: [],
      logs: [],
      effects: {},
    }
  }
}

function step(program: Program, handler: HandlerName, options: RunOptions): CompiledStep {
  const unit = { language: 'js' as const, source: program.text.code, part: handler }
  return {
    run: (context) => runSliced(unit, context, (steps) => evaluate(program, handler, context, options, steps)),
  }
}

function programOf(code: string, inspection: Inspection | undefined): Program {
  if (inspection !== undefined) return compileProgram(code, inspection)
  const digest = createHash('sha256').update(code).digest('base64')
  const known = cache.get(digest)
  if (known !== undefined) return known
  const program = compileProgram(code, {})
  const oldest = cache.keys().next()
  if (cache.size >= MAX_CACHED && oldest.done !== true) cache.delete(oldest.value)
  cache.set(digest, program)
  return program
}
