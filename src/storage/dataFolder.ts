import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
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
/** Files up to this size are read through when they are opened (some 50 ms); damage in larger ones shows when it is met. */
const MAX_CHECKED_BYTES = 67_108_864
/** Primary result code of SQLite: somebody else holds the lock. */
const SQLITE_BUSY = 5

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
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(path, error)
      }
      const made = randomBytes(bytes)
      try {
        writeFileSync(file, made, { mode: 0o600, flag: 'wx' })
      } catch (error) {
        throw unusable(path, error)
      }
      return made
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
    checkFile(file)
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

/** Reads a file through without changing it, its write-ahead log neither. Throws what is wrong with it. */
function checkFile(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0 || size > MAX_CHECKED_BYTES) return
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
    if (found !== 'ok') throw new Error(String(found))
  } finally {
    database.close()
  }
}

function takeOwnership(path: string): DatabaseSync {
  const note = join(path, 'owner.json')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(join(path, 'owner.sqlite'))
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    writeFileSync(note, `${JSON.stringify({ pid: process.pid, since: new Date().toISOString() })}\n`)
    return database
  } catch (cause) {
    if (database?.isOpen) database.close()
    if (((cause as { errcode?: number }).errcode ?? 0) % 256 !== SQLITE_BUSY)
      throw unusable(path, cause, 'owner.sqlite')
    throw new DataFolderError(`the data folder ${path} is in use by another process${ownerOf(note)}`, { cause })
  }
}

function unusable(path: string, cause: unknown, file?: string): DataFolderError {
  const { code, message } = cause as NodeJS.ErrnoException
  const where = file === undefined || code !== 'ERR_SQLITE_ERROR' ? '' : `${file}: `
  return new DataFolderError(`cannot use the data folder ${path}: ${where}${message}`, { cause })
}

function ownerOf(note: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(note, 'utf8')) as { pid?: unknown; since?: unknown }
    return ` (process ${String(pid)}, since ${String(since)})`
  } catch {
    return ''
  }
}
