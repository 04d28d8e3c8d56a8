import { randomUUID } from 'node:crypto'
import { formatArn, parseArn, type Scope } from '../../aws/arn.ts'
import type { Clock } from '../../aws/clock.ts'
import type { Collection, Origin } from '../../catalog.ts'
import type { Table } from '../../resources.ts'
import { namedTableNotFound, tableNotFound } from './errors.ts'
import type { Storage, TableStorage } from './storage.ts'
import { type TableDefinition, type TableSchema, tableSchema } from './tableSchema.ts'
import type { ChangeListener } from './writes.ts'

/** A table that is there: what it is and where its items are. */
export interface OpenTable {
  arn: string
  tableName: string
  scope: Scope
  schema: TableSchema
  storage: TableStorage
  /** Attribute that says when an item expires; undefined while TTL is off. */
  timeToLive: string | undefined
  /** Told of each item that is written and will expire, in seconds since the epoch. */
  onExpiring?: (expires: number) => void
  /** Hears of every change within the transaction. */
  listener?: ChangeListener | undefined
}

export interface Tables {
  /** For operations on items. Throws ResourceNotFoundException. */
  open(scope: Scope, tableName: string): OpenTable
  /** For operations on tables. Throws ResourceNotFoundException. */
  describe(scope: Scope, tableName: string): Table
  all(scope: Scope): Table[]
  get(arn: string): OpenTable | undefined
  /** Adds or replaces a definition, keeping where it came from. */
  put(table: Table): OpenTable
  delete(table: Table): void
  has(arn: string): boolean
  close(): void
}

/** @param tableName A name, or an ARN, which only the tables of the scope have. */
export function tableArn(scope: Scope, tableName: string): string {
  if (tableName.startsWith('arn:')) return ownArn(scope, tableName)
  return formatArn({
    service: 'dynamodb',
    region: scope.region,
    accountId: scope.accountId,
    resource: `table/${tableName}`,
  })
}

function ownArn({ accountId, region }: Scope, arn: string): string {
  const parsed = parseArn(arn)
  return parsed?.accountId === accountId && parsed.region === region ? arn : ''
}

/** Keeps the engine's tables in step with the catalog's definitions: whoever puts one there gets its storage made. */
export function createTables(options: {
  collection: Collection<Table>
  storage: Storage
  clock: Clock
  /** Refuses a definition that did not come through CreateTable. Throws ValidationException. */
  check(table: Table): void
  /** Writes what the engine knows of a table into its description. */
  complete(resource: Table, table: OpenTable, identity: { tableId: string; createdAt: number }): Table
  /** Told when a table is there or has changed. */
  opened(table: OpenTable): void
  closed(table: OpenTable): void
  /** Told when a table is deleted for good. */
  dropped(arn: string): void
}): Tables {
  const { collection, storage, clock } = options
  const open = new Map<string, OpenTable>()
  let applying = false

  const quietly = (change: () => void): void => {
    const before = applying
    applying = true
    try {
      change()
    } finally {
      applying = before
    }
  }

  function settle(resource: Table, origin: Origin): OpenTable {
    const parsed = parseArn(resource.arn)
    const scope = { accountId: parsed?.accountId ?? '', region: parsed?.region ?? '' }
    const schema = tableSchema(resource.description as unknown as TableDefinition)
    const previous = open.get(resource.arn)
    const made = storage.open(resource.arn, schema, { tableId: randomUUID(), createdAt: clock.now() })
    const table: OpenTable = {
      arn: resource.arn,
      tableName: resource.tableName,
      scope,
      schema,
      storage: made,
      timeToLive: resource.timeToLive?.Enabled === true ? resource.timeToLive.AttributeName : undefined,
    }
    made.setTimeToLive(table.timeToLive)
    if (previous !== undefined) options.closed(previous)
    open.set(resource.arn, table)
    const complete = options.complete(resource, table, { tableId: made.tableId, createdAt: made.createdAt })
    // At a start nothing has changed, and what is in the catalog is synced when it is put there.
    if (
      collection.originOf(resource.arn) !== origin ||
      JSON.stringify(complete) !== JSON.stringify(collection.get(resource.arn))
    )
      quietly(() => collection.put(complete, origin))
    options.opened(table)
    return table
  }

  function forget(arn: string): void {
    const table = open.get(arn)
    if (table === undefined) return
    open.delete(arn)
    options.closed(table)
  }

  function drop(arn: string): void {
    options.dropped(arn)
    storage.drop(arn)
  }

  const unsubscribe = collection.subscribe((change) => {
    if (applying) return
    if (change.type === 'put') {
      if (change.resource.description['TableId'] === undefined) options.check(change.resource)
      settle(change.resource, change.origin)
    } else {
      forget(change.resource.arn)
      // A project's table may come back with the next version of its files; its items stay until then.
      if (change.origin === 'api') drop(change.resource.arn)
    }
  })
  for (const resource of collection.list()) settle(resource, collection.originOf(resource.arn) ?? 'api')

  return {
    open(scope, tableName) {
      const table = open.get(tableArn(scope, tableName))
      if (table === undefined) throw tableNotFound()
      return table
    },
    describe(scope, tableName) {
      const resource = collection.get(tableArn(scope, tableName))
      if (resource === undefined) throw namedTableNotFound(tableName)
      return resource
    },
    get: (arn) => open.get(arn),
    all: (scope) => collection.list(tableArn(scope, '')),
    put: (resource) => settle(resource, collection.originOf(resource.arn) ?? 'api'),
    delete(resource) {
      quietly(() => collection.delete(resource.arn))
      forget(resource.arn)
      drop(resource.arn)
    },
    has: (arn) => collection.has(arn),
    close() {
      unsubscribe()
      for (const arn of [...open.keys()]) forget(arn)
    },
  }
}
