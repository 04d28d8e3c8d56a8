import type { MaybePromise } from '../../aws/service.ts'
import type { DataSourceOutcome } from '../dataSource.ts'

/** What an operation of the data source works with. */
export interface OperationContext {
  tableName: string
  send(operation: string, input: Record<string, unknown>): MaybePromise<Record<string, unknown>>
  sealToken(position: unknown): string
  /** Undefined when the token was not made here. */
  openToken(token: string): unknown
  /** Asks the Lambda function of a `Custom` conflict handler. */
  invokeHandler(functionArn: string, payload: unknown): Promise<unknown>
}

/** The request has an `operation` and only members that its operation knows. */
export type Operation = (request: Record<string, unknown>, context: OperationContext) => MaybePromise<DataSourceOutcome>

export function result(value: unknown): DataSourceOutcome {
  return { type: 'result', result: value }
}

/** Members that every request may have. */
export function members(...names: string[]): ReadonlySet<string> {
  return new Set(['version', 'operation', ...names])
}

/** Leaves out what is undefined: DynamoDB takes a member or none. */
export function input(members: Record<string, unknown>): Record<string, unknown> {
  const present: Record<string, unknown> = {}
  for (const name in members) if (members[name] !== undefined) present[name] = members[name]
  return present
}

export function whenAnswered<T>(
  value: MaybePromise<T>,
  next: (value: T) => DataSourceOutcome,
): MaybePromise<DataSourceOutcome> {
  return value instanceof Promise ? value.then(next) : next(value)
}
