import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, type Scope } from '../../aws/arn.ts'
import { type Clock, systemClock } from '../../aws/clock.ts'
import { AwsError } from '../../aws/errors.ts'
import { createPageTokens, type PageTokens } from '../../aws/pagination.ts'
import type { JsonService } from '../../aws/service.ts'
import type { Collection } from '../../catalog.ts'
import { type Log, silentLog } from '../../observability/log.ts'
import type { Table } from '../../resources.ts'
import type { DataFolder } from '../../storage/dataFolder.ts'
import { createInputCheck } from './input.ts'
import type { Context, Operation } from './operations/context.ts'
import { deleteItem } from './operations/deleteItem.ts'
import { getItem } from './operations/getItem.ts'
import { putItem } from './operations/putItem.ts'
import { query } from './operations/query.ts'
import { scan } from './operations/scan.ts'
import { completeTable, createTable, deleteTable, describeTable, listTables } from './operations/tableOperations.ts'
import { updateItem } from './operations/updateItem.ts'
import { createStorage } from './storage.ts'
import { createTables } from './tables.ts'

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
  close(): void
}

const DEFAULT_SCOPE: Scope = { accountId: DEFAULT_ACCOUNT_ID, region: DEFAULT_REGION }

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['CreateTable', createTable],
  ['DescribeTable', describeTable],
  ['DeleteTable', deleteTable],
  ['ListTables', listTables],
  ['GetItem', getItem],
  ['PutItem', putItem],
  ['UpdateItem', updateItem],
  ['DeleteItem', deleteItem],
  ['Query', query],
  ['Scan', scan],
])

export function createDynamoDB(options: DynamoDBOptions): DynamoDBEngine {
  const clock = options.clock ?? systemClock
  const log = options.log ?? silentLog
  void log
  const database = options.folder.database('dynamodb', { synchronous: 'NORMAL' })
  const storage = createStorage(database)
  const tables = createTables({
    collection: options.tables,
    storage,
    clock,
    complete: completeTable,
    opened: () => {},
    closed: () => {},
  })
  const context: Context = {
    tables,
    storage,
    clock,
    pageTokens: options.pageTokens ?? createPageTokens(options.folder.secret('dynamodb')),
    listenerOf: () => undefined,
  }
  const check = createInputCheck('dynamodb')

  function send(operation: string, input: Record<string, unknown>, scope = DEFAULT_SCOPE): Record<string, unknown> {
    const run = OPERATIONS.get(operation)
    if (run === undefined) throw unknownOperation(operation)
    return run(context, check(operation, input), scope)
  }

  return {
    send,
    service: {
      targetPrefix: 'DynamoDB_20120810',
      jsonVersion: '1.0',
      call: (operation, input, { accountId, region }) =>
        send(operation, input as Record<string, unknown>, { accountId, region }),
    },
    close() {
      tables.close()
      if (database.isOpen) database.close()
    },
  }
}

function unknownOperation(operation: string): AwsError {
  void operation
  return new AwsError('UnknownOperationException', '')
}
