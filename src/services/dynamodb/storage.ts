import type { DatabaseSync } from 'node:sqlite'
import { type Log, silentLog } from '../../observability/log.ts'
import { createItemCodec, type ItemCodec } from './itemCodec.ts'
import { type Count, createItemStore, type ItemStore, storedIndexKey, storedKey } from './itemStore.ts'
import type { IndexSchema, TableSchema } from './tableSchema.ts'
import { expiryOf } from './timeToLive.ts'

/** What SQLite keeps of one DynamoDB table, whoever defined it: its rows and what must outlive a restart. */
export interface TableStorage {
  items: ItemStore
  codec: ItemCodec
  /** Number of the storage, stable as long as the table is there. */
  id: number
  tableId: string
  /** Milliseconds since the epoch. */
  createdAt: number
  /** Makes the indexes' storage as the schema has it: new ones are filled, others go. */
  setIndexes(schema: TableSchema): void
  /** Says which attribute items expire by; the column that has the times is filled when it was another before. */
  setTimeToLive(attribute: string | undefined): void
}

/** The SQLite file of all tables. */
export interface Storage {
  /** Finds or makes the storage of a table. Items of a table with the same ARN but other keys are kept apart. */
  open(arn: string, schema: TableSchema, made: { tableId: string; createdAt: number }): TableStorage
  /** Drops everything that was stored under this ARN. */
  drop(arn: string): void
  /** Writes down what was counted, for the next start. */
  close(): void
  /** Runs `work` so that all or nothing of what it writes is there, now and after a crash. */
  transaction<T>(work: () => T): T
  database: DatabaseSync
}

/** Items that are read at once while an index is filled. */
const BACKFILL_CHUNK = 500
/** Items after which the progress of filling an index is told. */
const BACKFILL_REPORT = 100_000

/** How this file lays out tables and items, as `user_version` of the file; another is refused. */
const LAYOUT = 2

/** The file was written by a version that lays items out in another way. */
export class LayoutError extends Error {
  readonly code = 'TABLES_LAYOUT'
  override readonly name = 'LayoutError'
}

/** Opens what is stored. Throws `LayoutError`, before anything is written, when this version cannot read it. */
export function createStorage(database: DatabaseSync, log: Log = silentLog): Storage {
  const isNew = checkLayout(database)
  // The folder has one owner, so the file needs no locking: reading saves a third. With a large table, three
  // times the cache makes reads 3 % faster and pages of 8 KB make all slower, since the system caches the file too;
  // mapping the file would make them 20 % faster, and count all of it as this process's memory. Long write-ahead logs
  // are written back less often.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000')
  // In one transaction, so that a process killed here leaves no file of no layout.
  database.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS storage (
      id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL, keys TEXT NOT NULL, table_id TEXT NOT NULL,
      created_at INTEGER NOT NULL, time_to_live TEXT, items INTEGER, bytes INTEGER, UNIQUE (arn, keys));
    CREATE TABLE IF NOT EXISTS storage_index (
      id INTEGER PRIMARY KEY AUTOINCREMENT, storage INTEGER NOT NULL, name TEXT NOT NULL, keys TEXT NOT NULL,
      UNIQUE (storage, name));
    CREATE TABLE IF NOT EXISTS shape (
      id INTEGER PRIMARY KEY AUTOINCREMENT, storage INTEGER NOT NULL, definition TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS shape_of_storage ON shape (storage);
    ${isNew ? `PRAGMA user_version = ${LAYOUT};` : ''}
    COMMIT;
  `)
  checkReadable(database)
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const rollback = database.prepare('ROLLBACK')
  const addShape = database.prepare('INSERT INTO shape (storage, definition) VALUES (?, ?)')
  const stores = new Map<number, ItemStore>()
  const setCount = database.prepare('UPDATE storage SET items = ?, bytes = ? WHERE id = ?')
  let inTransaction = false
  /** Shapes that go if the transaction goes. */
  let addedShapes: { codec: ItemCodec; shape: number }[] = []

  function transaction<T>(work: () => T): T {
    if (inTransaction) return work()
    begin.run()
    inTransaction = true
    try {
      const result = work()
      commit.run()
      inTransaction = false
      addedShapes = []
      return result
    } catch (error) {
      inTransaction = false
      for (const { codec, shape } of addedShapes) codec.forget(shape)
      for (const items of stores.values()) items.recount()
      addedShapes = []
      // A full disk may have ended the transaction already.
      if (database.isTransaction) rollback.run()
      throw error
    }
  }

  function open(arn: string, schema: TableSchema, made: { tableId: string; createdAt: number }): TableStorage {
    const keys = JSON.stringify([schema.partition, schema.sort])
    const row = transaction(() => {
      const select = database.prepare(
        'SELECT id, table_id, created_at, items, bytes FROM storage WHERE arn = ? AND keys = ?',
      )
      const found = select.get(arn, keys)
      if (found !== undefined) return found
      database
        .prepare('INSERT INTO storage (arn, keys, table_id, created_at) VALUES (?, ?, ?, ?)')
        .run(arn, keys, made.tableId, made.createdAt)
      const inserted = select.get(arn, keys) as NonNullable<ReturnType<typeof select.get>>
      database.exec(
        `CREATE TABLE items_${Number(inserted['id'])} (h BLOB NOT NULL, r BLOB NOT NULL, size INTEGER NOT NULL,
           expires INTEGER, shape INTEGER NOT NULL, item TEXT NOT NULL, PRIMARY KEY (h, r)) WITHOUT ROWID`,
      )
      return inserted
    })
    const id = Number(row['id'])
    const indexIds = new Map<string, number>()
    const known = stores.get(id)?.knownCount() ?? takeCount(row)
    const items = createItemStore(database, id, indexIds, known)
    stores.set(id, items)
    const codec = openCodec(id)
    const storage: TableStorage = {
      id,
      items,
      codec,
      tableId: String(row['table_id']),
      createdAt: Number(row['created_at']),
      setIndexes: (wanted) => transaction(() => setIndexes(id, indexIds, items, codec, wanted)),
      setTimeToLive: (attribute) => transaction(() => setTimeToLive(id, codec, attribute)),
    }
    storage.setIndexes(schema)
    return storage
  }

  /** A count from before the last stop. It is taken once: a killed process does not write a new one. */
  function takeCount(row: Record<string, unknown>): Count | undefined {
    if (row['items'] === null || row['bytes'] === null) return undefined
    setCount.run(null, null, Number(row['id']))
    return { items: Number(row['items']), bytes: Number(row['bytes']) }
  }

  function openCodec(id: number): ItemCodec {
    const known = database
      .prepare('SELECT id, definition FROM shape WHERE storage = ?')
      .all(id)
      .map((row): [number, string] => [Number(row['id']), String(row['definition'])])
    const codec = createItemCodec(known, {
      add(definition) {
        const shape = Number(addShape.run(id, definition).lastInsertRowid)
        if (inTransaction) addedShapes.push({ codec, shape })
        return shape
      },
    })
    return codec
  }

  function setIndexes(
    id: number,
    indexIds: Map<string, number>,
    items: ItemStore,
    codec: ItemCodec,
    schema: TableSchema,
  ): void {
    const known = new Map(
      database
        .prepare('SELECT name, id, keys FROM storage_index WHERE storage = ?')
        .all(id)
        .map((row) => [String(row['name']), { id: Number(row['id']), keys: String(row['keys']) }]),
    )
    indexIds.clear()
    const added: IndexSchema[] = []
    for (const index of schema.indexes) {
      const keys = JSON.stringify([index.partition, index.sort])
      const existing = known.get(index.name)
      if (existing?.keys === keys) {
        indexIds.set(index.name, existing.id)
        known.delete(index.name)
        continue
      }
      if (existing !== undefined) {
        dropIndex(existing.id)
        known.delete(index.name)
      }
      database.prepare('INSERT INTO storage_index (storage, name, keys) VALUES (?, ?, ?)').run(id, index.name, keys)
      const made = database.prepare('SELECT id FROM storage_index WHERE storage = ? AND name = ?').get(id, index.name)
      const indexId = Number(made?.['id'])
      database.exec(
        `CREATE TABLE index_${indexId} (h BLOB NOT NULL, r BLOB NOT NULL, bh BLOB NOT NULL, br BLOB NOT NULL,
           PRIMARY KEY (h, r, bh, br)) WITHOUT ROWID`,
      )
      indexIds.set(index.name, indexId)
      added.push(index)
    }
    for (const { id: unused } of known.values()) dropIndex(unused)
    if (added.length > 0) fillIndexes(items, codec, schema, added, log)
  }

  function dropIndex(indexId: number): void {
    database.exec(`DROP TABLE IF EXISTS index_${indexId}`)
    database.prepare('DELETE FROM storage_index WHERE id = ?').run(indexId)
  }

  function setTimeToLive(id: number, codec: ItemCodec, attribute: string | undefined): void {
    const current = database.prepare('SELECT time_to_live FROM storage WHERE id = ?').get(id)?.['time_to_live']
    if ((current ?? undefined) === attribute) return
    database.prepare('UPDATE storage SET time_to_live = ? WHERE id = ?').run(attribute ?? null, id)
    database.exec(`DROP INDEX IF EXISTS expires_${id}`)
    database.exec(`UPDATE items_${id} SET expires = NULL WHERE expires IS NOT NULL`)
    if (attribute === undefined) return
    database.function(`expires_at_${id}`, (shape, text) =>
      expiryOf(codec.decode({ shape: Number(shape), text: String(text) }), attribute),
    )
    database.exec(`UPDATE items_${id} SET expires = expires_at_${id}(shape, item)`)
    database.exec(`CREATE INDEX expires_${id} ON items_${id} (expires) WHERE expires IS NOT NULL`)
  }

  return {
    database,
    close() {
      for (const [id, items] of stores) {
        const count = items.knownCount()
        if (count !== undefined) setCount.run(count.items, count.bytes, id)
      }
    },
    transaction,
    open,
    drop(arn) {
      transaction(() => {
        for (const row of database.prepare('SELECT id FROM storage WHERE arn = ?').all(arn)) {
          const id = Number(row['id'])
          for (const index of database.prepare('SELECT id FROM storage_index WHERE storage = ?').all(id))
            dropIndex(Number(index['id']))
          database.exec(`DROP TABLE IF EXISTS items_${id}`)
          database.prepare('DELETE FROM shape WHERE storage = ?').run(id)
          database.prepare('DELETE FROM storage WHERE id = ?').run(id)
          stores.delete(id)
        }
      })
    },
  }
}

/** Answers whether the file is empty. */
function checkLayout(database: DatabaseSync): boolean {
  const layout = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'])
  if (layout === 0 && tables === 0) return true
  if (layout === LAYOUT) return false
  throw new LayoutError(`it has layout ${layout} of tables, and this version reads layout ${LAYOUT}`)
}

/** Reads what says how items are kept, and the root of each table, so that a damaged file is found at the start. */
function checkReadable(database: DatabaseSync): void {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  for (const { name } of tables) {
    const bulk = /^(?:items|index)_[0-9]+$/.test(String(name)) || name === 'stream_record'
    database.prepare(bulk ? `SELECT 1 FROM ${String(name)} LIMIT 1` : `SELECT count(*) FROM ${String(name)}`).get()
  }
}

function fillIndexes(
  items: ItemStore,
  codec: ItemCodec,
  schema: TableSchema,
  added: readonly IndexSchema[],
  log: Log,
): void {
  const indexes = added.map((index) => index.name)
  let after: ReturnType<typeof storedKey> | undefined
  let read = 0
  for (;;) {
    const rows = items.range(undefined, after === undefined ? {} : { after }, BACKFILL_CHUNK)
    for (const row of rows) {
      const item = codec.decode(row)
      const key = storedKey(schema, item)
      after = key
      for (const index of added) {
        const entry = storedIndexKey(index, key, item)
        if (entry !== undefined) items.addToIndex(index.name, entry)
      }
    }
    read += rows.length
    if (rows.length < BACKFILL_CHUNK) return
    if (read % BACKFILL_REPORT === 0) log('info', 'filling secondary indexes', { indexes, items: read })
  }
}
