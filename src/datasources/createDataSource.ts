import type { DynamoDBClient } from '../aws/dynamodbClient.ts'
import type { LambdaInvoker } from '../aws/lambdaInvoker.ts'
import type { PageTokens } from '../aws/pagination.ts'
import type { DataSource } from '../resources.ts'
import type { DataSourceClient } from './dataSource.ts'
import { createDynamoDBDataSource } from './dynamodb/index.ts'
import { createHttpDataSource, type HttpDataSourceOptions } from './http/index.ts'
import { createHttpSender } from './http/send.ts'
import { createLambdaDataSource } from './lambda.ts'
import { noneDataSource } from './none.ts'
import { createUnsupportedDataSource } from './unsupported.ts'

export interface DataSourceOptions {
  dynamodb: DynamoDBClient
  lambda: LambdaInvoker
  pageTokens: PageTokens
  /** How HTTP data sources reach their endpoints. @default over the network, without credentials */
  http?: Partial<HttpDataSourceOptions>
}

/** Makes the function that makes the client of each data source, by its type. */
export function createDataSourceFactory(
  options: DataSourceOptions,
): (source: DataSource, owner: { arn: string; maxBatchSize?: number }) => DataSourceClient {
  const http: HttpDataSourceOptions = { ...options.http, sender: options.http?.sender ?? createHttpSender() }
  return (source, owner) => {
    switch (source.type) {
      case 'NONE':
        return noneDataSource
      case 'AMAZON_DYNAMODB':
        return createDynamoDBDataSource(source, options)
      case 'AWS_LAMBDA':
        return createLambdaDataSource(source, options.lambda, owner.maxBatchSize ?? 0)
      case 'HTTP':
        return createHttpDataSource(source, http)
      case 'RELATIONAL_DATABASE':
      case 'AMAZON_ELASTICSEARCH':
      case 'AMAZON_OPENSEARCH_SERVICE':
      case 'AMAZON_EVENTBRIDGE':
      case 'AMAZON_BEDROCK_RUNTIME':
        return createUnsupportedDataSource(source.type, source.name)
    }
  }
}
