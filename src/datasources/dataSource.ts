import type { Scope } from '../aws/arn.ts'
import type { MaybePromise } from '../aws/service.ts'

/** One call of a resolver or function to its data source. */
export interface DataSourceCall {
  /** What the request step evaluated to: plain data, unchecked. */
  request: unknown
  /** Account and region that the API lives in. */
  scope: Scope
  /** Id of the GraphQL request, for messages. */
  requestId: string
  /** Aborted when the time for the request is over or the client has gone away. */
  signal: () => AbortSignal
  /** `Type.field`, for messages. */
  fieldName: string
  /** Headers of the GraphQL request, for data sources that forward some of them. Lower-case names. */
  headers: Readonly<Record<string, string>>
}

export interface DataSourceError {
  message: string
  /** GraphQL `errorType`, for example `DynamoDB:ConditionalCheckFailedException`. */
  type: string
  data?: unknown
  errorInfo?: unknown
}

export type DataSourceOutcome =
  | { type: 'result'; result: unknown }
  /** The data source failed: 2018-05-29 shows it to the response step as `ctx.error`, beside `ctx.result`. */
  | { type: 'error'; error: DataSourceError; result: unknown }
  /** The request fits no operation of the data source: ends the field, in every version. */
  | { type: 'invalidRequest'; error: DataSourceError }

export interface DataSourceClient {
  invoke(call: DataSourceCall): MaybePromise<DataSourceOutcome>
}

/** The outcome of a request that does not fit, as AppSync types it. */
export function invalidRequest(message: string): DataSourceOutcome {
  return { type: 'invalidRequest', error: { message, type: 'MappingTemplate' } }
}

/** Plain objects of the runtimes: string keys, own properties. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member of a plain object; undefined where it is missing. */
export function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
}
