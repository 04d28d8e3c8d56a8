import type { DynamoDBClient } from '../../aws/dynamodbClient.ts'
import { AwsError } from '../../aws/errors.ts'
import type { LambdaInvoker } from '../../aws/lambdaInvoker.ts'
import type { PageTokens } from '../../aws/pagination.ts'
import type { DataSource } from '../../resources.ts'
import type { DataSourceClient, DataSourceOutcome } from '../dataSource.ts'
import { invalidRequest, isRecord } from '../dataSource.ts'
import { batchDeleteItem, batchGetItem, batchPutItem } from './batches.ts'
import { dynamoDBError } from './dynamodbError.ts'
import { getItem } from './getItem.ts'
import type { Operation } from './operation.ts'
import { query, scan } from './query.ts'
import { RequestShapeError } from './requestShape.ts'
import { transactGetItems, transactWriteItems } from './transactions.ts'
import { deleteItem, putItem, updateItem } from './writes.ts'

/** The operations of an AMAZON_DYNAMODB data source, by the name that requests use. */
const operations: ReadonlyMap<string, Operation> = new Map([
  ['GetItem', getItem],
  ['PutItem', putItem],
  ['UpdateItem', updateItem],
  ['DeleteItem', deleteItem],
  ['Query', query],
  ['Scan', scan],
  ['BatchGetItem', batchGetItem],
  ['BatchPutItem', batchPutItem],
  ['BatchDeleteItem', batchDeleteItem],
  ['TransactGetItems', transactGetItems],
  ['TransactWriteItems', transactWriteItems],
])

/** What a versioned data source would have to keep versions of. */
const VERSIONED_OPERATIONS: ReadonlySet<string> = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchPutItem',
  'BatchDeleteItem',
  'TransactWriteItems',
])

export interface DynamoDBDataSourceOptions {
  dynamodb: DynamoDBClient
  lambda: LambdaInvoker
  pageTokens: PageTokens
}

export function createDynamoDBDataSource(source: DataSource, options: DynamoDBDataSourceOptions): DataSourceClient {
  const { dynamodb, lambda, pageTokens } = options
  const config = source.dynamodbConfig
  const purpose = `dynamodb\n${source.arn}`
  return {
    invoke(call) {
      const { request } = call
      if (config === undefined) return invalidRequest(`The data source '${source.name}' has no DynamoDB table.`)
      if (!isRecord(request)) return invalidRequest("Value for field '$[operation]' not found.")
      const name = Object.hasOwn(request, 'operation') ? request['operation'] : undefined
      if (name === undefined || name === null) return invalidRequest("Value for field '$[operation]' not found.")
      const operation = typeof name === 'string' ? operations.get(name) : undefined
      const isUnversioned = config.versioned === true && VERSIONED_OPERATIONS.has(String(name))
      if (name === 'Sync' || isUnversioned) {
        return {
          type: 'invalidRequest',
          error: {
            type: 'UnsupportedOperation',
            message: `${name} on versioned data sources is not supported: field ${call.fieldName} uses the data source '${source.name}'.`,
          },
        }
      }
      if (operation === undefined) return invalidRequest(`Unsupported operation '${String(name)}'.`)
      const scope = { accountId: call.scope.accountId, region: config.awsRegion }
      try {
        const outcome = operation(request, {
          tableName: config.tableName,
          send: (api, input) => dynamodb.send(api, input, scope),
          sealToken: (position) => pageTokens.seal(position, purpose),
          openToken: (token) => pageTokens.open(token, purpose),
          async invokeHandler(functionArn, payload) {
            const answer = await lambda.invoke(
              { functionName: functionArn, payload: JSON.stringify(payload), signal: call.signal() },
              scope,
            )
            return answer.functionError === undefined ? JSON.parse(answer.payload) : undefined
          },
        })
        return outcome instanceof Promise ? outcome.catch(failure) : outcome
      } catch (error) {
        return failure(error)
      }
    },
  }
}

function failure(error: unknown): DataSourceOutcome {
  if (error instanceof RequestShapeError) return invalidRequest(error.message)
  if (error instanceof AwsError) return { type: 'error', error: dynamoDBError(error), result: null }
  throw error
}
