import type { MaybePromise } from '../../aws/service.ts'
import type { CompiledStep } from '../../runtime/context.ts'
import type { Exchange } from './exchange.ts'
import { runExchange } from './exchange.ts'
import type { FieldCall, FieldResolver, Resolved } from './resolver.ts'
import { andThen } from './resolver.ts'
import type { FieldRun, StepEnd } from './step.ts'
import { runStep, startRun } from './step.ts'
import { settle } from './unitResolver.ts'

/** Functions in one pipeline (AppSync quotas). */
export const MAX_PIPELINE_FUNCTIONS = 10

export interface Pipeline {
  before: CompiledStep | undefined
  functions: readonly Exchange[]
  after: CompiledStep | undefined
}

/** A resolver of kind PIPELINE: a step before, functions that hand on their results, a step after. */
export function createPipelineResolver(pipeline: Pipeline): FieldResolver {
  return {
    kind: 'PIPELINE',
    resolve(call: FieldCall): MaybePromise<Resolved> {
      const run = startRun(call)
      const begun: MaybePromise<StepEnd> =
        pipeline.before === undefined ? { type: 'value', value: {} } : runStep(pipeline.before, run, undefined)
      const ended = andThen(begun, (end) => {
        if (end.type === 'error') return end
        run.previous = { result: end.value }
        // An early return before the pipeline skips all of it.
        return end.type === 'earlyReturn' ? runAfter(pipeline, run) : runFunctions(pipeline, run, 0)
      })
      return andThen(ended, (end) => settle(run, end))
    },
  }
}

function runFunctions(pipeline: Pipeline, run: FieldRun, index: number): MaybePromise<StepEnd> {
  const exchange = pipeline.functions[index]
  if (exchange === undefined) return runAfter(pipeline, run)
  return andThen(runExchange(exchange, run), (end) => {
    if (end.type === 'error') return end
    run.previous = { result: end.value }
    if (end.type === 'earlyReturn' && end.skipTo === 'END') return runAfter(pipeline, run)
    return runFunctions(pipeline, run, index + 1)
  })
}

function runAfter(pipeline: Pipeline, run: FieldRun): MaybePromise<StepEnd> {
  const result = run.previous?.result
  if (pipeline.after === undefined) return { type: 'value', value: result }
  return runStep(pipeline.after, run, { result })
}
