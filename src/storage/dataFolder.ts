import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Where a server keeps what it is told: a folder with one owner, or memory. */
export interface DataFolder {
  /** Absolute path; undefined in memory. */
  readonly path: string | undefined
  /** Opens (or makes) `NAME.sqlite` with WAL. `FULL` syncs every commit, `NORMAL` survives a killed process but not a power cut. */
  database(name: string, options?: { synchronous?: 'FULL' | 'NORMAL' }): DatabaseSync
  /** Path of `NAME.sqlite` for a worker that opens it itself; undefined in memory. */
  databasePath(name: string): string | undefined
  /** A secret of this folder, made once (mode 0600). */
  secret(name: string, bytes?: number): Uint8Array
  close(): void
}

/** Another process already owns the folder, or it cannot be used. */
export class DataFolderError extends Error {
  readonly code = 'DATA_FOLDER'
  override readonly name = 'DataFolderError'
}

const SECRET_BYTES = 32

/**
 * Opens a data folder and takes its lock: an exclusive SQLite transaction on `owner.sqlite`, which the operating
 * system ends with the process, so that a killed owner leaves no stale lock.
 */
export function openDataFolder(path: string): DataFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new DataFolderError(`cannot make the data folder ${path}: ${(cause as Error).message}`, { cause })
  }
  const owner = takeOwnership(path)
  const open = new Set<DatabaseSync>()
  return {
    path,
    databasePath: (name) => join(path, `${name}.sqlite`),
    database(name, options = {}) {
      const file = join(path, `${name}.sqlite`)
      const database = openDatabase(file, options.synchronous ?? 'NORMAL')
      open.add(database)
      return database
    },
    secret(name, bytes = SECRET_BYTES) {
      const file = join(path, `${name}.key`)
      try {
        return readFileSync(file)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        const made = randomBytes(bytes)
        writeFileSync(file, made, { mode: 0o600, flag: 'wx' })
        return made
      }
    },
    close() {
      for (const database of open) if (database.isOpen) database.close()
      owner.close()
    },
  }
}

/** The same in memory, gone with the process. */
export function openMemoryFolder(): DataFolder {
  const open = new Set<DatabaseSync>()
  const secrets = new Map<string, Uint8Array>()
  return {
    path: undefined,
    databasePath: () => undefined,
    database() {
      const database = new DatabaseSync(':memory:')
      open.add(database)
      return database
    },
    secret(name, bytes = SECRET_BYTES) {
      const secret = secrets.get(name) ?? randomBytes(bytes)
      secrets.set(name, secret)
      return secret
    },
    close() {
      for (const database of open) if (database.isOpen) database.close()
    },
  }
}

function openDatabase(file: string, synchronous: 'FULL' | 'NORMAL'): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file)
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON`)
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return database
  } catch (cause) {
    if (database?.isOpen) database.close()
    throw new DataFolderError(
      `cannot read ${file}: ${(cause as Error).message}. It is left untouched; move it away or restore it to start.`,
      { cause },
    )
  }
}

function takeOwnership(path: string): DatabaseSync {
  const file = join(path, 'owner.sqlite')
  const note = join(path, 'owner.json')
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    writeFileSync(note, `${JSON.stringify({ pid: process.pid, since: new Date().toISOString() })}\n`)
    return database
  } catch (cause) {
    database.close()
    throw new DataFolderError(`the data folder ${path} is in use by another process${ownerOf(note)}`, { cause })
  }
}

function ownerOf(note: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(note, 'utf8')) as { pid?: unknown; since?: unknown }
    return ` (process ${String(pid)}, since ${String(since)})`
  } catch {
    return ''
  }
}
