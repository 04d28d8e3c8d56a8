import type { MaybePromise } from '../../aws/service.ts'
import type { DataSourceOutcome } from '../../datasources/dataSource.ts'
import { memberOf } from '../../datasources/dataSource.ts'
import type { CompiledStep, ResolverError } from '../../runtime/context.ts'
import type { BoundDataSource } from './callDataSource.ts'
import { callDataSource } from './callDataSource.ts'
import { andThen } from './resolver.ts'
import type { FieldRun, StepEnd } from './step.ts'
import { runStep } from './step.ts'

/** One round to a data source: a unit resolver, or a function of a pipeline. */
export interface Exchange {
  language: 'VTL' | 'APPSYNC_JS'
  /** Undefined only for direct Lambda resolvers. */
  request: CompiledStep | undefined
  response: CompiledStep | undefined
  dataSource: BoundDataSource
  /** The request that a direct Lambda resolver makes in place of a request step. */
  directRequest: ((run: FieldRun) => unknown) | undefined
}

/** Versions of a mapping template's request (developer guide, "Resolver mapping template version"). */
const VERSIONS: ReadonlySet<unknown> = new Set(['2017-02-28', '2018-05-29'])

/** Runs request step, data source and response step. */
export function runExchange(exchange: Exchange, run: FieldRun): MaybePromise<StepEnd> {
  if (exchange.request === undefined) {
    return afterRequest(exchange, run, { type: 'value', value: exchange.directRequest?.(run) })
  }
  return andThen(runStep(exchange.request, run, undefined), (end) => afterRequest(exchange, run, end))
}

function afterRequest(exchange: Exchange, run: FieldRun, end: StepEnd): MaybePromise<StepEnd> {
  if (end.type !== 'value') return end
  const versionError = exchange.language === 'VTL' ? checkVersion(end.value, exchange.dataSource.isNone) : undefined
  if (versionError !== undefined) return { type: 'error', error: versionError }
  return andThen(callDataSource(exchange.dataSource, run.call, end.value), (outcome) =>
    afterDataSource(exchange, run, end.value, outcome),
  )
}

/** Requests to NONE may leave it out: Amplify's generated functions say no more than `{}`. */
function checkVersion(request: unknown, isNone: boolean): ResolverError | undefined {
  const version = memberOf(request, 'version')
  if (version === undefined && isNone) return undefined
  if (version === undefined) return { errorType: 'MappingTemplate', message: "Value for field '$[version]' not found." }
  if (VERSIONS.has(version)) return undefined
  return { errorType: 'MappingTemplate', message: `Unsupported version '${String(version)}'.` }
}

function afterDataSource(
  exchange: Exchange,
  run: FieldRun,
  request: unknown,
  outcome: DataSourceOutcome,
): MaybePromise<StepEnd> {
  if (outcome.type === 'invalidRequest') return { type: 'error', error: resolverError(outcome.error) }
  if (outcome.type === 'error') {
    const isOldVersion = exchange.language === 'VTL' && memberOf(request, 'version') === '2017-02-28'
    // The old version never shows errors to the response template; a resolver without one has nobody to show it to.
    if (isOldVersion || exchange.response === undefined) return { type: 'error', error: resolverError(outcome.error) }
    const { message, type } = outcome.error
    return runStep(exchange.response, run, { result: outcome.result, error: { message, type } })
  }
  if (exchange.response === undefined) return { type: 'value', value: outcome.result }
  return runStep(exchange.response, run, { result: outcome.result })
}

function resolverError(error: { message: string; type: string; data?: unknown; errorInfo?: unknown }): ResolverError {
  return { message: error.message, errorType: error.type, data: error.data, errorInfo: error.errorInfo }
}
