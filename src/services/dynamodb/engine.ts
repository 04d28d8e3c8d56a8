import type { DatabaseSync } from 'node:sqlite'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, type Scope } from '../../aws/arn.ts'
import { type Clock, systemClock } from '../../aws/clock.ts'
import { AwsError, messageOf } from '../../aws/errors.ts'
import { serviceModel } from '../../aws/model.ts'
import { createPageTokens, type PageTokens } from '../../aws/pagination.ts'
import type { JsonService } from '../../aws/service.ts'
import type { Collection } from '../../catalog.ts'
import { type Log, silentLog } from '../../observability/log.ts'
import type { Table } from '../../resources.ts'
import { type DataFolder, DataFolderError } from '../../storage/dataFolder.ts'
import { checkDefinition } from './definition.ts'
import { describeTable as describe, streamSpecification } from './description.ts'
import { createInputCheck } from './input.ts'
import { batchGetItem } from './operations/batchGetItem.ts'
import { batchWriteItem } from './operations/batchWriteItem.ts'
import type { Context, Operation } from './operations/context.ts'
import { deleteItem } from './operations/deleteItem.ts'
import { getItem } from './operations/getItem.ts'
import { putItem } from './operations/putItem.ts'
import { query } from './operations/query.ts'
import { scan } from './operations/scan.ts'
import { describeStream, getRecords, getShardIterator, listStreams } from './operations/streamOperations.ts'
import {
  createTable,
  deleteTable,
  describeContinuousBackups,
  describeLimits,
  describeTable,
  listTables,
} from './operations/tableOperations.ts'
import { listTagsOfResource, tagResource, untagResource } from './operations/tagOperations.ts'
import { describeTimeToLive, updateTimeToLive } from './operations/timeToLiveOperations.ts'
import { transactGetItems } from './operations/transactGetItems.ts'
import { transactWriteItems } from './operations/transactWriteItems.ts'
import { updateItem } from './operations/updateItem.ts'
import { updateTable } from './operations/updateTable.ts'
import { createRequestTokens } from './requestTokens.ts'
import { createStorage, LayoutError } from './storage.ts'
import { createStreams, type StreamViewType } from './streams.ts'
import { createTables, type OpenTable } from './tables.ts'
import { createTimeToLiveSweeper } from './timeToLiveSweeper.ts'
import { worded } from './wording.ts'
import type { ChangeListener } from './writes.ts'

export interface DynamoDBOptions {
  /** Where items are kept, in `dynamodb.sqlite`. */
  folder: DataFolder
  /** The catalog's tables: CreateTable puts there, and what others put there becomes a table. */
  tables: Collection<Table>
  /** @default systemClock */
  clock?: Clock
  /** @default silentLog */
  log?: Log
  /** Makes shard iterators and the like. @default with a secret of the folder */
  pageTokens?: PageTokens
}

/** DynamoDB in this process. */
export interface DynamoDBEngine {
  /**
   * Answers one operation. Throws `AwsError`. The input is not changed or kept, the output is nobody else's.
   * @param scope The tables' account and region. @default the default account and region
   */
  send(operation: string, input: Record<string, unknown>, scope?: Scope): Record<string, unknown>
  /** `DynamoDB_20120810` on the wire. */
  service: JsonService
  /** `DynamoDBStreams_20120810` on the wire. */
  streamsService: JsonService
  close(): void
}

const DEFAULT_SCOPE: Scope = { accountId: DEFAULT_ACCOUNT_ID, region: DEFAULT_REGION }

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['CreateTable', createTable],
  ['DescribeTable', describeTable],
  ['DeleteTable', deleteTable],
  ['ListTables', listTables],
  ['UpdateTable', updateTable],
  ['UpdateTimeToLive', updateTimeToLive],
  ['DescribeTimeToLive', describeTimeToLive],
  ['TagResource', tagResource],
  ['UntagResource', untagResource],
  ['ListTagsOfResource', listTagsOfResource],
  ['DescribeLimits', describeLimits],
  ['DescribeContinuousBackups', describeContinuousBackups],
  ['GetItem', getItem],
  ['PutItem', putItem],
  ['UpdateItem', updateItem],
  ['DeleteItem', deleteItem],
  ['Query', query],
  ['Scan', scan],
  ['BatchGetItem', batchGetItem],
  ['BatchWriteItem', batchWriteItem],
  ['TransactGetItems', transactGetItems],
  ['TransactWriteItems', transactWriteItems],
])

const STREAM_OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['ListStreams', listStreams],
  ['DescribeStream', describeStream],
  ['GetShardIterator', getShardIterator],
  ['GetRecords', getRecords],
])

/** Opens the tables. Throws `DataFolderError`, naming the file, when what is stored cannot be read. */
export function createDynamoDB(options: DynamoDBOptions): DynamoDBEngine {
  const database = options.folder.database('dynamodb', { synchronous: 'NORMAL' })
  try {
    return openEngine(options, database)
  } catch (cause) {
    database.close()
    if (!(cause instanceof LayoutError) && (cause as { code?: unknown }).code !== 'ERR_SQLITE_ERROR') throw cause
    throw new DataFolderError(
      `cannot read ${options.folder.databasePath('dynamodb') ?? 'the tables'}: ${messageOf(cause)}. It is left untouched; move it away or restore it to start.`,
      { cause },
    )
  }
}

function openEngine(options: DynamoDBOptions, database: DatabaseSync): DynamoDBEngine {
  const clock = options.clock ?? systemClock
  const log = options.log ?? silentLog
  const storage = createStorage(database, log)
  const streams = createStreams(database, clock)
  const tokens = createRequestTokens(database, clock)
  const listenerOf = (table: OpenTable): ChangeListener | undefined => table.listener
  const sweeper = createTimeToLiveSweeper({ storage, clock, log, listenerOf })

  const check = createInputCheck('dynamodb')

  const tables = createTables({
    collection: options.tables,
    storage,
    clock,
    check({ tableName: TableName, description }) {
      const stream = streamSpecification(description['StreamSpecification'])
      const definition = { ...description, ...(stream === undefined ? {} : { StreamSpecification: stream }), TableName }
      checkDefinition(check('CreateTable', definition))
    },
    complete(resource, table, identity) {
      const description = describe(resource.arn, resource.tableName, resource.description, identity)
      const viewType = streamSpecification(description['StreamSpecification'])?.StreamViewType
      const stream = storage.transaction(() =>
        streams.settle(
          { arn: resource.arn, tableName: resource.tableName, keySchema: description['KeySchema'] },
          viewType as StreamViewType | undefined,
        ),
      )
      if (stream !== undefined) {
        table.listener = streams.listener(table, stream)
        description['LatestStreamArn'] = stream.arn
        description['LatestStreamLabel'] = stream.label
      }
      return { ...resource, description }
    },
    opened(table) {
      table.onExpiring = (expires) => sweeper.noticed(table, expires)
      sweeper.watch(table)
    },
    closed: (table) => sweeper.unwatch(table),
    dropped: (arn) => storage.transaction(() => streams.close(arn)),
  })
  const context: Context = {
    tables,
    storage,
    streams,
    clock,
    tokens,
    listenerOf,
    pageTokens: options.pageTokens ?? createPageTokens(options.folder.secret('dynamodb')),
  }
  const checkStreamInput = createInputCheck('dynamodbstreams')

  function send(operation: string, input: Record<string, unknown>, scope = DEFAULT_SCOPE): Record<string, unknown> {
    const run = OPERATIONS.get(operation)
    if (run === undefined) return sendToStream(operation, input, scope)
    const checked = check(operation, input)
    try {
      return run(context, checked, scope)
    } catch (error) {
      throw worded(operation, error)
    }
  }

  function sendToStream(operation: string, input: unknown, scope: Scope): Record<string, unknown> {
    const run = STREAM_OPERATIONS.get(operation)
    if (run === undefined) throw unknownOperation(operation)
    return run(context, checkStreamInput(operation, input), scope)
  }

  return {
    send,
    service: {
      targetPrefix: 'DynamoDB_20120810',
      jsonVersion: '1.0',
      call(operation, input, { accountId, region }) {
        if (STREAM_OPERATIONS.has(operation)) throw unknownOperation(operation)
        return send(operation, input as Record<string, unknown>, { accountId, region })
      },
    },
    streamsService: {
      targetPrefix: 'DynamoDBStreams_20120810',
      jsonVersion: '1.0',
      call: (operation, input, { accountId, region }) => sendToStream(operation, input, { accountId, region }),
    },
    close() {
      tables.close()
      sweeper.close()
      if (database.isOpen) storage.close()
      if (database.isOpen) database.close()
    },
  }
}

/** Operations that DynamoDB has and this server has not are refused by name, others as AWS refuses them. */
function unknownOperation(operation: string): AwsError {
  const known =
    Object.hasOwn(serviceModel('dynamodb').operations, operation) ||
    Object.hasOwn(serviceModel('dynamodbstreams').operations, operation)
  return known
    ? new AwsError('ValidationException', `The operation ${operation} is not supported by this server`)
    : new AwsError('UnknownOperationException', '')
}
