import type { MaybePromise } from '../../aws/service.ts'
import type { Exchange } from './exchange.ts'
import { runExchange } from './exchange.ts'
import type { FieldCall, FieldResolver, Resolved } from './resolver.ts'
import { andThen } from './resolver.ts'
import type { FieldRun, StepEnd } from './step.ts'
import { startRun } from './step.ts'

/** What a field's value and errors are, once its last step has ended. */
export function settle(run: FieldRun, end: StepEnd): Resolved {
  if (end.type === 'error') return { value: null, errors: [...run.errors, end.error] }
  return { value: end.value, errors: run.errors.length === 0 ? undefined : run.errors }
}

/** A resolver of kind UNIT: one exchange with one data source. */
export function createUnitResolver(exchange: Exchange): FieldResolver {
  return {
    kind: 'UNIT',
    resolve(call: FieldCall): MaybePromise<Resolved> {
      const run = startRun(call)
      return andThen(runExchange(exchange, run), (end) => settle(run, end))
    },
  }
}
