import { DatabaseSync } from 'node:sqlite'
import type { DataFolder } from '../../src/storage/dataFolder.ts'

/** A data folder over a database that the test holds: written on this thread, as a folder in memory. */
export function folderOver(database: DatabaseSync, secret: Uint8Array = Buffer.alloc(32, 7)): DataFolder {
  return {
    path: undefined,
    database: () => database,
    databasePath: () => undefined,
    secret: () => secret,
    close: () => database.close(),
  }
}

export function memoryDatabase(): DatabaseSync {
  return new DatabaseSync(':memory:')
}

/** Entries of an execution's journal, in order. */
export function journalOf(database: DatabaseSync, execution: number): unknown[] {
  return database
    .prepare('SELECT body FROM journal WHERE execution = ? ORDER BY sequence')
    .all(execution)
    .flatMap((row) => JSON.parse(row['body'] as string) as unknown[])
}
