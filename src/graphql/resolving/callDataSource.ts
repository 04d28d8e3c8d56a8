import type { Scope } from '../../aws/arn.ts'
import type { MaybePromise } from '../../aws/service.ts'
import type { DataSourceCall, DataSourceClient, DataSourceOutcome } from '../../datasources/dataSource.ts'
import type { FieldCall } from './resolver.ts'
import { andThen } from './resolver.ts'

/** A data source as a resolver uses it. */
export interface BoundDataSource {
  client: DataSourceClient
  isLambda: boolean
  isNone: boolean
  scope: Scope
}

const TIMED_OUT: DataSourceOutcome = {
  type: 'error',
  error: { type: 'ExecutionTimeout', message: 'Execution timed out.' },
  result: null,
}

/** Calls a data source within the request's lifetime. */
export function callDataSource(
  source: BoundDataSource,
  call: FieldCall,
  request: unknown,
): MaybePromise<DataSourceOutcome> {
  const { lifetime, info } = call.request
  const dataSourceCall: DataSourceCall = {
    request,
    scope: source.scope,
    requestId: info.requestId,
    signal: lifetime.signal,
    fieldName: `${call.field.parentType.name}.${call.field.name}`,
    headers: info.headers,
  }
  const outcome = source.client.invoke(dataSourceCall)
  if (!(outcome instanceof Promise)) return outcome
  return andThen(lifetime.within(outcome), (settled) => settled ?? TIMED_OUT)
}
