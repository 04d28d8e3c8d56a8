import type { MaybePromise } from '../../aws/service.ts'
import type { ResolverError } from '../../runtime/context.ts'
import type { RequestState } from '../execution/requestState.ts'
import type { FieldPlan } from '../planning/plan.ts'

/** One field of one object that is to be resolved. */
export interface FieldCall {
  request: RequestState
  field: FieldPlan
  source: unknown
  arguments: Record<string, unknown>
}

/** How a field's resolver ended. */
export interface Resolved {
  value: unknown
  /** Appended errors in order, then the one that ended the field, if any. */
  errors: readonly ResolverError[] | undefined
}

/** A field's resolver with everything that does not depend on the request: compiled steps and data sources. */
export interface FieldResolver {
  /** Never throws; a rejection is a bug and is masked by the executor. */
  resolve(call: FieldCall): MaybePromise<Resolved>
  /** For messages and traces: `UNIT` or `PIPELINE`. */
  kind: 'UNIT' | 'PIPELINE'
}

/** Ends a field with one error. */
export function failed(error: ResolverError): Resolved {
  return { value: null, errors: [error] }
}

/** Goes on with a value at once when it is there, and when it comes otherwise. */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
