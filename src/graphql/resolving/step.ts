import type { MaybePromise } from '../../aws/service.ts'
import type { CompiledStep, Effects, Outcome, ResolverContext, ResolverError } from '../../runtime/context.ts'
import { unauthorizedMessage } from '../execution/fieldErrors.ts'
import { fieldInfoOf } from '../planning/fieldInfo.ts'
import type { FieldInfo, FieldPlan } from '../planning/plan.ts'
import type { FieldCall } from './resolver.ts'
import { andThen } from './resolver.ts'

/** What the steps of one field share while it is resolved. */
export interface FieldRun {
  call: FieldCall
  stash: Record<string, unknown>
  /** Appended so far. */
  errors: ResolverError[]
  /** `ctx.prev.result`; undefined outside pipelines. */
  previous: { result?: unknown } | undefined
  info: NonNullable<ResolverContext['info']>
}

export function startRun(call: FieldCall): FieldRun {
  return { call, stash: {}, errors: [], previous: undefined, info: contextInfo(call) }
}

function contextInfo({ request, field }: FieldCall): NonNullable<ResolverContext['info']> {
  const info: FieldInfo = fieldInfoOf(request, field)
  return {
    fieldName: field.name,
    parentTypeName: field.parentType.name,
    variables: request.variables as Record<string, unknown>,
    selectionSetList: info.selectionSetList,
    selectionSetGraphQL: info.selectionSetGraphQL,
  }
}

/** What a step sees beside what all steps of the field see. */
export interface StepInput {
  result?: unknown
  error?: { message: string; type: string } | undefined
}

export function contextOf(run: FieldRun, input: StepInput | undefined): ResolverContext {
  const { request, source, arguments: args } = run.call
  const context: ResolverContext = {
    arguments: args,
    identity: request.caller.identity,
    source: source ?? null,
    stash: run.stash,
    request: request.httpRequest,
    info: run.info,
    env: request.environment,
    outErrors: run.errors.length === 0 ? NONE : run.errors.map(outError),
  }
  if (input !== undefined) {
    context.result = input.result ?? null
    if (input.error !== undefined) context.error = input.error
  }
  if (run.previous !== undefined) context.prev = run.previous
  return context
}

const NONE: unknown[] = Object.freeze([]) as unknown as unknown[]

function outError(error: ResolverError): Record<string, unknown> {
  return {
    message: error.message,
    type: error.errorType,
    ...(error.data === undefined ? {} : { data: error.data }),
    ...(error.errorInfo === undefined ? {} : { errorInfo: error.errorInfo }),
  }
}

/** How a step went on, after its stash, errors and effects have been taken over. */
export type StepEnd =
  | { type: 'value'; value: unknown }
  | { type: 'earlyReturn'; value: unknown; skipTo: 'NEXT' | 'END' | undefined }
  | { type: 'error'; error: ResolverError }

export function runStep(step: CompiledStep, run: FieldRun, input: StepInput | undefined): MaybePromise<StepEnd> {
  return andThen(step.run(contextOf(run, input)), (outcome) => takeOver(outcome, run))
}

function takeOver(outcome: Outcome, run: FieldRun): StepEnd {
  const { request, field } = run.call
  run.stash = outcome.stash
  for (const error of outcome.appendedErrors) run.errors.push(named(error, field))
  if (hasEffects(outcome.effects)) request.onEffects(outcome.effects, request)
  return outcome.type === 'error' ? { type: 'error', error: named(outcome.error, field) } : outcome
}

function hasEffects(effects: Effects): boolean {
  for (const _ in effects) return true
  return false
}

/** `util.unauthorized()` says which field was refused. */
function named(error: ResolverError, field: FieldPlan): ResolverError {
  return error.isUnauthorized === true
    ? { ...error, message: unauthorizedMessage(field.parentType, field.name) }
    : error
}
