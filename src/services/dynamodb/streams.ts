import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../aws/clock.ts'
import { type Item, itemSize, setAttribute } from './attributeValue.ts'
import { keyNames } from './tableSchema.ts'
import type { OpenTable } from './tables.ts'
import type { ChangeListener, Write } from './writes.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html */
export const RECORD_LIFE_MS = 24 * 60 * 60 * 1_000
/** A shard takes records for about this long; then another follows it. */
const SHARD_LIFE_MS = 4 * 60 * 60 * 1_000
/** How often old records are looked for while new ones come. */
const TRIM_INTERVAL_MS = 60_000

export type StreamViewType = 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY'

export interface Stream {
  id: number
  arn: string
  tableArn: string
  tableName: string
  label: string
  viewType: StreamViewType
  /** JSON of the table's KeySchema. */
  keySchema: string
  /** Milliseconds since the epoch. */
  createdAt: number
  /** When it was switched off, or null. */
  disabledAt: number | null
}

export interface Shard {
  id: number
  shardId: string
  parent: string | null
  /** First sequence number. */
  start: number
  /** Last one, once it is closed. */
  end: number | null
}

export interface StoredRecord {
  sequence: number
  /** Milliseconds since the epoch. */
  at: number
  /** Record without what the stream knows, as JSON. */
  body: string
}

/** What happened to items of tables that have a stream, for 24 hours. */
export interface Streams {
  /** The table's stream as it should be: made, kept or switched off. */
  settle(
    table: { arn: string; tableName: string; keySchema: unknown },
    viewType: StreamViewType | undefined,
  ): Stream | undefined
  /** Writes records within the transaction of the changes. */
  listener(table: OpenTable, stream: Stream): ChangeListener
  list(prefix: string, tableName: string | undefined): Stream[]
  find(arn: string): Stream | undefined
  shards(stream: Stream): Shard[]
  shard(stream: Stream, shardId: string): Shard | undefined
  /** Records of a shard from a sequence number on. */
  records(shard: Shard, from: number, limit: number): StoredRecord[]
  /** The sequence number that the next record will have, at least. */
  nextSequence(): number
  /** Closes the stream of a table that is deleted. */
  close(tableArn: string): void
}

export function createStreams(database: DatabaseSync, clock: Clock): Streams {
  database.exec(`
    CREATE TABLE IF NOT EXISTS stream (
      id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE, table_arn TEXT NOT NULL, table_name TEXT NOT NULL,
      label TEXT NOT NULL, view_type TEXT NOT NULL, key_schema TEXT NOT NULL, created_at INTEGER NOT NULL,
      disabled_at INTEGER);
    CREATE TABLE IF NOT EXISTS shard (
      id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, shard_id TEXT NOT NULL, parent TEXT,
      start INTEGER NOT NULL, "end" INTEGER, created_at INTEGER NOT NULL, closed_at INTEGER);
    CREATE INDEX IF NOT EXISTS shard_of_stream ON shard (stream, id);
    CREATE TABLE IF NOT EXISTS stream_record (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, shard INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS record_of_shard ON stream_record (shard, sequence);
  `)
  const insert = database.prepare('INSERT INTO stream_record (shard, at, body) VALUES (?, ?, ?)')
  const oldest = database.prepare('SELECT at FROM stream_record ORDER BY sequence LIMIT 1')
  const trimRecords = database.prepare(
    'DELETE FROM stream_record WHERE sequence IN (SELECT sequence FROM stream_record WHERE at <= ? ORDER BY sequence LIMIT 1000)',
  )
  const openShards = new Map<number, { id: number; shardId: string; createdAt: number }>()
  let trimmedAt = 0

  const nextSequence = (): number => {
    const row = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'stream_record'").get()
    return Number(row?.['seq'] ?? 0) + 1
  }

  function addShard(stream: number, parent: string | null): { id: number; shardId: string; createdAt: number } {
    const createdAt = clock.now()
    const start = nextSequence()
    const result = database
      .prepare('INSERT INTO shard (stream, shard_id, parent, start, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(stream, '', parent, start, createdAt)
    const id = Number(result.lastInsertRowid)
    const shardId = `shardId-${String(createdAt).padStart(20, '0')}-${id.toString(16).padStart(8, '0')}`
    database.prepare('UPDATE shard SET shard_id = ? WHERE id = ?').run(shardId, id)
    return { id, shardId, createdAt }
  }

  function closeShard(id: number): void {
    database
      .prepare('UPDATE shard SET "end" = max(start, ?), closed_at = ? WHERE id = ?')
      .run(nextSequence() - 1, clock.now(), id)
  }

  /** The shard that takes the next record. Looked up anew after a rollback could have undone it. */
  function currentShard(stream: number): number {
    const now = clock.now()
    const known = openShards.get(stream)
    if (known !== undefined && known.createdAt + SHARD_LIFE_MS > now) return known.id
    const row = database
      .prepare('SELECT id, shard_id, created_at FROM shard WHERE stream = ? AND "end" IS NULL ORDER BY id DESC LIMIT 1')
      .get(stream)
    if (row !== undefined && Number(row['created_at']) + SHARD_LIFE_MS > now) {
      const found = { id: Number(row['id']), shardId: String(row['shard_id']), createdAt: Number(row['created_at']) }
      openShards.set(stream, found)
      return found.id
    }
    if (row !== undefined) closeShard(Number(row['id']))
    openShards.delete(stream)
    // Remembered only when it is read back, after the transaction that made it.
    return addShard(stream, row === undefined ? null : String(row['shard_id'])).id
  }

  function trim(): void {
    const now = clock.now()
    if (now - trimmedAt < TRIM_INTERVAL_MS) return
    trimmedAt = now
    const horizon = now - RECORD_LIFE_MS
    const first = oldest.get()
    if (first !== undefined && Number(first['at']) <= horizon) trimRecords.run(horizon)
    database.prepare('DELETE FROM shard WHERE closed_at <= ?').run(horizon)
    database.prepare('DELETE FROM stream WHERE disabled_at <= ?').run(horizon)
  }

  function read(row: Record<string, unknown> | undefined): Stream | undefined {
    if (row === undefined) return undefined
    return {
      id: Number(row['id']),
      arn: String(row['arn']),
      tableArn: String(row['table_arn']),
      tableName: String(row['table_name']),
      label: String(row['label']),
      viewType: String(row['view_type']) as StreamViewType,
      keySchema: String(row['key_schema']),
      createdAt: Number(row['created_at']),
      disabledAt: row['disabled_at'] === null ? null : Number(row['disabled_at']),
    }
  }

  function enabled(tableArn: string): Stream | undefined {
    return read(database.prepare('SELECT * FROM stream WHERE table_arn = ? AND disabled_at IS NULL').get(tableArn))
  }

  function disable(stream: Stream): void {
    for (const shard of database.prepare('SELECT id FROM shard WHERE stream = ? AND "end" IS NULL').all(stream.id))
      closeShard(Number(shard['id']))
    database.prepare('UPDATE stream SET disabled_at = ? WHERE id = ?').run(clock.now(), stream.id)
    openShards.delete(stream.id)
  }

  function readShard(row: Record<string, unknown>): Shard {
    return {
      id: Number(row['id']),
      shardId: String(row['shard_id']),
      parent: row['parent'] === null ? null : String(row['parent']),
      start: Number(row['start']),
      end: row['end'] === null ? null : Number(row['end']),
    }
  }

  return {
    nextSequence,
    settle(table, viewType) {
      const current = enabled(table.arn)
      if (current !== undefined && current.viewType === viewType) return current
      if (current !== undefined) disable(current)
      if (viewType === undefined) return undefined
      // Labels of one table differ, also when two streams are made within a millisecond.
      let createdAt = clock.now()
      let label: string
      do {
        label = new Date(createdAt++).toISOString().slice(0, -1)
      } while (database.prepare('SELECT 1 FROM stream WHERE arn = ?').get(`${table.arn}/stream/${label}`) !== undefined)
      database
        .prepare(
          'INSERT INTO stream (arn, table_arn, table_name, label, view_type, key_schema, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          `${table.arn}/stream/${label}`,
          table.arn,
          table.tableName,
          label,
          viewType,
          JSON.stringify(table.keySchema),
          clock.now(),
        )
      const made = enabled(table.arn)
      if (made !== undefined) addShard(made.id, null)
      return made
    },
    listener(table, stream) {
      const names = keyNames(table.schema)
      return (write) => {
        insert.run(currentShard(stream.id), clock.now(), JSON.stringify(recordOf(write, names, stream.viewType)))
        trim()
      }
    },
    list(prefix, tableName) {
      trim()
      const rows = database.prepare('SELECT * FROM stream ORDER BY id').all()
      return rows
        .map((row) => read(row) as Stream)
        .filter((stream) => stream.tableArn.startsWith(prefix))
        .filter((stream) => tableName === undefined || stream.tableName === tableName)
    },
    find: (arn) => read(database.prepare('SELECT * FROM stream WHERE arn = ?').get(arn)),
    shards: (stream) =>
      database.prepare('SELECT * FROM shard WHERE stream = ? ORDER BY id').all(stream.id).map(readShard),
    shard(stream, shardId) {
      const row = database.prepare('SELECT * FROM shard WHERE stream = ? AND shard_id = ?').get(stream.id, shardId)
      return row === undefined ? undefined : readShard(row)
    },
    records: (shard, from, limit) =>
      database
        .prepare(
          'SELECT sequence, at, body FROM stream_record WHERE shard = ? AND sequence >= ? AND at > ? ORDER BY sequence LIMIT ?',
        )
        .all(shard.id, from, clock.now() - RECORD_LIFE_MS, limit)
        .map((row) => ({ sequence: Number(row['sequence']), at: Number(row['at']), body: String(row['body']) })),
    close(tableArn) {
      const stream = enabled(tableArn)
      if (stream !== undefined) disable(stream)
    },
  }
}

/** What the stream tells of a change. */
function recordOf({ before, after, byTimeToLive }: Write, names: readonly string[], viewType: StreamViewType) {
  const old = before?.item
  const keys: Item = {}
  for (const name of names) {
    const value = (after ?? old)?.[name]
    if (value !== undefined) setAttribute(keys, name, value)
  }
  const newImage = viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES' ? after : undefined
  const oldImage = viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES' ? old : undefined
  return {
    eventName: old === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    dynamodb: {
      Keys: keys,
      ...(newImage === undefined ? {} : { NewImage: newImage }),
      ...(oldImage === undefined ? {} : { OldImage: oldImage }),
      SizeBytes:
        itemSize(keys) +
        (newImage === undefined ? 0 : itemSize(newImage)) +
        (oldImage === undefined ? 0 : itemSize(oldImage)),
    },
    ...(byTimeToLive === true ? { userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } } : {}),
  }
}
