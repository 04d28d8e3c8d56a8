import type { DataSourceClient, DataSourceOutcome } from './dataSource.ts'
import { memberOf } from './dataSource.ts'

/** NONE: the request's `payload` is the result. */
export const noneDataSource: DataSourceClient = {
  invoke: ({ request }): DataSourceOutcome => ({ type: 'result', result: memberOf(request, 'payload') ?? null }),
}
