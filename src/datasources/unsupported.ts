import type { DataSourceType } from '../resources.ts'
import type { DataSourceClient } from './dataSource.ts'

/** A data source of a type that this server does not run yet: every call fails, naming the field. */
export function createUnsupportedDataSource(type: DataSourceType, name: string): DataSourceClient {
  return {
    invoke: ({ fieldName }) => ({
      type: 'invalidRequest',
      error: {
        type: 'UnsupportedOperation',
        message: `Data sources of type ${type} are not supported: field ${fieldName} uses the data source '${name}'.`,
      },
    }),
  }
}
