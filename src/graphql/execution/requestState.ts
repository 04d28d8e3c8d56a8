import type { Caller } from '../../auth/caller.ts'
import type { Clock } from '../../aws/clock.ts'
import type { Effects } from '../../runtime/context.ts'
import type { FieldRules, RequestInfo } from '../engine.ts'
import type { GraphqlErrorObject } from '../errors.ts'
import type { VariableValues } from '../planning/inputValues.ts'
import type { FieldPlan, SelectionPlan } from '../planning/plan.ts'
import type { OperationPlan } from '../planning/planOperation.ts'
import type { Lifetime } from './lifetime.ts'

/** What is the same for all fields of one request. */
export interface RequestState {
  apiId: string
  plan: OperationPlan
  variables: VariableValues
  /** As sent. */
  rawVariables: Readonly<Record<string, unknown>> | null | undefined
  caller: Caller
  rules: FieldRules | undefined
  info: RequestInfo
  /** `ctx.request`. */
  httpRequest: { headers: Record<string, string>; domainName: string | null }
  environment: Record<string, string>
  clock: Clock
  lifetime: Lifetime
  errors: GraphqlErrorObject[]
  /** Resolvers that may still run. */
  resolversLeft: number
  resolverLimit: number
  /** Deepest field level that runs; fields below fail. */
  depthLimit: number
  /** Per selection (by its index): undefined while not asked, null when all of it is allowed. */
  denied: (ReadonlySet<FieldPlan> | null | undefined)[]
  /** Whether resolvers run; a delivery to subscribers only reads what was published. */
  runsResolvers: boolean
  /** Whether answers of resolvers may come from the cache and go to it: queries only. */
  mayCache: boolean
  /** Where completed objects say how they were made, when a mutation's result will be published. */
  madeBy: WeakMap<object, SelectionPlan> | undefined
  /** What resolvers asked for beside their values. */
  effects: Effects
  onEffects(effects: Effects, request: RequestState): void
  /** Told of anything that was thrown and is no answer; the client sees a masked error. */
  onInternalError(error: unknown, field: FieldPlan): void
}
