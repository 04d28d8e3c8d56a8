import type { PageTokens } from '../aws/pagination.ts'
import type { DataSource } from '../resources.ts'
import type { DynamoDBClient } from '../services/dynamodb/client.ts'
import type { LambdaInvoker } from '../services/lambda/invoker.ts'
import type { DataSourceClient } from './dataSource.ts'
import { createDynamoDBDataSource } from './dynamodb/index.ts'
import { noneDataSource } from './none.ts'
import { createUnsupportedDataSource } from './unsupported.ts'

export interface DataSourceOptions {
  dynamodb: DynamoDBClient
  lambda: LambdaInvoker
  pageTokens: PageTokens
}

/** Makes the function that makes the client of each data source, by its type. */
export function createDataSourceFactory(
  options: DataSourceOptions,
): (source: DataSource, owner: { arn: string; maxBatchSize?: number }) => DataSourceClient {
  return (source) => {
    switch (source.type) {
      case 'NONE':
        return noneDataSource
      case 'AMAZON_DYNAMODB':
        return createDynamoDBDataSource(source, options)
      default:
        return createUnsupportedDataSource(source.type, source.name)
    }
  }
}
