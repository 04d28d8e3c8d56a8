import { createHash } from 'node:crypto'
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { DataFolder } from '../storage/dataFolder.ts'
import { createGroupCommit, type GroupCommit, type Write } from '../storage/groupCommit.ts'
import type { ExecutionStatus, MachineRevision } from './engine.ts'
import { JournalError } from './journal/apply.ts'
import type { Entry } from './journal/entries.ts'

/** Statuses as the database numbers them. */
export const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'] as const

export function statusNumber(status: ExecutionStatus): number {
  return STATUSES.indexOf(status)
}

/**
 * `machine` holds the beginnings of execution ARNs, so that rows name a machine by a number. `wake` is when an execution
 * has something to do: 0 at once, a time, or NULL when it waits for somebody (or has ended). A journal row is what one
 * commit recorded of one execution: an array of entries.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS machine (id INTEGER PRIMARY KEY, prefix TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS revision (
  id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, version TEXT, alias TEXT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS execution (
  id INTEGER PRIMARY KEY, machine INTEGER NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL,
  status INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER, wake INTEGER, map_run INTEGER, items INTEGER,
  redrives INTEGER NOT NULL DEFAULT 0, redriven INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS execution_name ON execution (machine, name);
CREATE INDEX IF NOT EXISTS execution_status ON execution (machine, status);
CREATE INDEX IF NOT EXISTS execution_stop ON execution (stop) WHERE stop IS NOT NULL;
CREATE INDEX IF NOT EXISTS execution_wake ON execution (wake) WHERE wake IS NOT NULL;
CREATE INDEX IF NOT EXISTS execution_map_run ON execution (map_run, status) WHERE map_run IS NOT NULL;
CREATE TABLE IF NOT EXISTS journal (
  execution INTEGER NOT NULL, sequence INTEGER NOT NULL, checksum INTEGER NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS journal_sequence ON journal (execution, sequence);
CREATE TABLE IF NOT EXISTS activity_task (
  id INTEGER PRIMARY KEY AUTOINCREMENT, activity TEXT NOT NULL, execution INTEGER NOT NULL, flow INTEGER NOT NULL, attempt INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS activity_task_activity ON activity_task (activity);
CREATE INDEX IF NOT EXISTS activity_task_execution ON activity_task (execution);
CREATE TABLE IF NOT EXISTS map_run (
  id INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, execution INTEGER NOT NULL, flow INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS map_run_execution ON map_run (execution);
`

const STATEMENTS = {
  // Given again after a commit whose outcome is unknown.
  insertMachine: 'INSERT OR IGNORE INTO machine (id, prefix) VALUES (?, ?)',
  insertRevision: 'INSERT OR IGNORE INTO revision (id, hash, version, alias, body) VALUES (?, ?, ?, ?, ?)',
  insertExecution:
    'INSERT INTO execution (id, machine, name, revision, status, start, stop, wake, map_run, items) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  updateExecution: 'UPDATE execution SET status = ?, stop = ?, wake = ?, redrives = ?, redriven = ? WHERE id = ?',
  wakeExecution: 'UPDATE execution SET wake = 0 WHERE id = ? AND status = 0',
  insertJournal: 'INSERT INTO journal (execution, sequence, checksum, body) VALUES (?, ?, ?, ?)',
  insertActivityTask: 'INSERT INTO activity_task (activity, execution, flow, attempt) VALUES (?, ?, ?, ?)',
  deleteActivityTask: 'DELETE FROM activity_task WHERE execution = ? AND flow = ? AND attempt = ?',
  deleteActivityTasks: 'DELETE FROM activity_task WHERE execution = ?',
  deleteActivity: 'DELETE FROM activity_task WHERE activity = ?',
  insertMapRun: 'INSERT INTO map_run (id, arn, execution, flow, body) VALUES (?, ?, ?, ?, ?)',
  updateMapRun: 'UPDATE map_run SET body = ? WHERE id = ?',
  purgeJournal: 'DELETE FROM journal WHERE execution = ?',
  purgeMapRuns: 'DELETE FROM map_run WHERE execution = ?',
  purgeExecution: 'DELETE FROM execution WHERE id = ?',
} as const

/** Revisions kept parsed; others are read again. */
const MAX_REVISIONS_KEPT = 1000

export type StatementName = keyof typeof STATEMENTS

const NAMES = Object.keys(STATEMENTS) as StatementName[]
const INDEX = Object.fromEntries(NAMES.map((name, index) => [name, index])) as Record<StatementName, number>

export function write(name: StatementName, ...values: SQLInputValue[]): Write {
  return { statement: INDEX[name], values }
}

export interface ExecutionRow {
  id: number
  machine: number
  name: string
  revision: number
  status: number
  start: number
  stop: number | null
  wake: number | null
  map_run: number | null
  items: number | null
  redrives: number
  redriven: number | null
}

export interface MapRunRow {
  id: number
  arn: string
  execution: number
  flow: number
  body: string
}

/** A revision as executions keep it; children of a distributed Map run the processor of a state of theirs. */
export interface StoredRevision extends MachineRevision {
  /** Name of the Map state whose processor this is. */
  processorOf?: string
  /** Row of the revision that has the definition, which is not kept again. */
  definitionRow?: number
  mapRunArn?: string
  label?: string
}

export interface WorkflowStore {
  readonly commits: GroupCommit
  nextExecutionId(): number
  nextMapRunId(): number
  /** Number of the beginning of an execution's ARN; adds the row's write where it is new. */
  machine(prefix: string, writes: Write[]): number
  machinePrefix(id: number): string
  findMachine(prefix: string): number | undefined
  revision(revision: StoredRevision, writes: Write[]): number
  revisionOf(id: number): StoredRevision
  execution(id: number): ExecutionRow | undefined
  executionNamed(machine: number, name: string): ExecutionRow | undefined
  /** The newest first; those before `before`. */
  list(query: ListQuery): ExecutionRow[]
  /** Ids and times of those that have something to do after `after`, up to `until`, the earliest first. */
  due(after: number, until: number, limit: number): { id: number; wake: number }[]
  /** Everything that the journal has of an execution, in order. Throws `JournalError` on damage. */
  journal(execution: number): { entries: Entry[]; rows: number }
  firstEntry(execution: number): Entry | undefined
  activityTask(
    activity: string,
    after: number,
  ): { row: number; execution: number; flow: number; attempt: number } | undefined
  mapRun(arn: string): MapRunRow | undefined
  mapRunById(id: number): MapRunRow | undefined
  mapRunsOf(execution: number, before: number | undefined, limit: number): MapRunRow[]
  mapRunChildren(mapRun: number): { id: number; name: string; status: number }[]
  /** Ended before a time; the oldest ids first. */
  endedBefore(time: number, limit: number): number[]
  /** Removes executions with everything of theirs. */
  purge(ids: readonly number[]): void
  close(): Promise<void>
}

export interface ListQuery {
  machine?: number
  mapRun?: number
  status?: number
  version?: string
  alias?: string
  redriven?: boolean
  before?: number
  limit: number
}

export function journalWrite(execution: number, sequence: number, entries: readonly Entry[]): Write {
  const body = JSON.stringify(entries)
  return { statement: INDEX.insertJournal, values: [execution, sequence, crc32(body), body] }
}

type Row = Record<string, SQLOutputValue>

export function openWorkflowStore(folder: DataFolder): WorkflowStore {
  const database = folder.database('workflows', { synchronous: 'FULL' })
  database.exec(`BEGIN IMMEDIATE;${SCHEMA}COMMIT`)
  const commits = createGroupCommit({
    path: folder.databasePath('workflows'),
    database,
    statements: NAMES.map((name) => STATEMENTS[name]),
  })
  const queries = createQueries(database)
  const machines = new Map<string, number>()
  const prefixes = new Map<number, string>()
  for (const row of database.prepare('SELECT id, prefix FROM machine').all()) {
    machines.set(row['prefix'] as string, row['id'] as number)
    prefixes.set(row['id'] as number, row['prefix'] as string)
  }
  const hashes = new Map<string, number>()
  for (const row of database.prepare('SELECT id, hash FROM revision').all()) {
    hashes.set(row['hash'] as string, row['id'] as number)
  }
  const revisions = new Map<number, StoredRevision>()
  const known = new WeakMap<StoredRevision, number>()
  const keep = (id: number, revision: StoredRevision): void => {
    known.set(revision, id)
    revisions.set(id, revision)
    if (revisions.size <= MAX_REVISIONS_KEPT) return
    const oldest = revisions.keys().next().value
    if (oldest !== undefined) revisions.delete(oldest)
  }
  let executions = maximum(database, 'execution')
  let mapRuns = maximum(database, 'map_run')

  const store: WorkflowStore = {
    commits,
    ...queries,
    nextExecutionId: () => ++executions,
    nextMapRunId: () => ++mapRuns,
    machine(prefix, writes) {
      const found = machines.get(prefix)
      if (found !== undefined) return found
      const id = machines.size + 1
      machines.set(prefix, id)
      prefixes.set(id, prefix)
      writes.push(write('insertMachine', id, prefix))
      return id
    },
    machinePrefix: (id) => prefixes.get(id) ?? '',
    findMachine: (prefix) => machines.get(prefix),
    revision(revision, writes) {
      const same = known.get(revision)
      if (same !== undefined) return same
      const { definition, ...rest } = revision
      const body = JSON.stringify(revision.definitionRow === undefined ? { ...rest, definition } : rest)
      const hash = createHash('sha256').update(body).digest('base64')
      let id = hashes.get(hash)
      if (id === undefined) {
        id = hashes.size + 1
        hashes.set(hash, id)
        const { stateMachineVersionArn = null, stateMachineAliasArn = null } = revision
        writes.push(write('insertRevision', id, hash, stateMachineVersionArn, stateMachineAliasArn, body))
      }
      keep(id, revision)
      return id
    },
    revisionOf(id) {
      const found = revisions.get(id)
      if (found !== undefined) return found
      const row = queries.revisionRow(id)
      if (row === undefined) throw new JournalError(`revision ${id} is missing`)
      const revision = JSON.parse(row) as StoredRevision
      if (revision.definitionRow !== undefined) {
        revision.definition = store.revisionOf(revision.definitionRow).definition
      }
      keep(id, revision)
      return revision
    },
    purge(ids) {
      const writes: Write[] = []
      for (const id of ids) {
        for (const name of ['purgeJournal', 'deleteActivityTasks', 'purgeMapRuns', 'purgeExecution'] as const) {
          writes.push(write(name, id))
        }
      }
      // What could not be removed is found again the next time.
      commits.commit(writes, () => {})
    },
    close: () => commits.close(),
  }
  return store
}

function maximum(database: DatabaseSync, table: 'execution' | 'map_run'): number {
  return (database.prepare(`SELECT coalesce(max(id), 0) AS id FROM ${table}`).get()?.['id'] as number | undefined) ?? 0
}

const COLUMNS = 'id, machine, name, revision, status, start, stop, wake, map_run, items, redrives, redriven'

function createQueries(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql)
  const byId = prepare(`SELECT ${COLUMNS} FROM execution WHERE id = ?`)
  const byName = prepare(`SELECT ${COLUMNS} FROM execution WHERE machine = ? AND name = ?`)
  const due = prepare(
    'SELECT id, wake FROM execution WHERE wake IS NOT NULL AND wake > ? AND wake <= ? ORDER BY wake LIMIT ?',
  )
  const journal = prepare('SELECT checksum, body FROM journal WHERE execution = ? ORDER BY sequence')
  const first = prepare('SELECT checksum, body FROM journal WHERE execution = ? AND sequence = 0')
  const revision = prepare('SELECT body FROM revision WHERE id = ?')
  const activity = prepare(
    'SELECT id AS row, execution, flow, attempt FROM activity_task WHERE activity = ? AND id > ? ORDER BY id LIMIT 1',
  )
  const mapRun = prepare('SELECT id, arn, execution, flow, body FROM map_run WHERE arn = ?')
  const mapRunById = prepare('SELECT id, arn, execution, flow, body FROM map_run WHERE id = ?')
  const mapRuns = prepare(
    'SELECT id, arn, execution, flow, body FROM map_run WHERE execution = ? AND id < ? ORDER BY id DESC LIMIT ?',
  )
  const children = prepare('SELECT id, name, status FROM execution WHERE map_run = ? ORDER BY id')
  const ended = prepare('SELECT id FROM execution WHERE stop IS NOT NULL AND stop < ? ORDER BY stop LIMIT ?')
  const lists = new Map<string, StatementSync>()

  const parse = (row: Row | undefined, execution: number): Entry[] => {
    if (row === undefined) return []
    const body = row['body'] as string
    if (crc32(body) !== row['checksum']) {
      throw new JournalError(`the journal of execution ${execution} is damaged (checksum)`)
    }
    return JSON.parse(body) as Entry[]
  }
  const one = <T>(row: Row | undefined): T | undefined => row as T | undefined
  const many = <T>(rows: Row[]): T[] => rows as T[]

  return {
    revisionRow: (id: number) => revision.get(id)?.['body'] as string | undefined,
    execution: (id: number) => one<ExecutionRow>(byId.get(id)),
    executionNamed: (machine: number, name: string) => one<ExecutionRow>(byName.get(machine, name)),
    list(query: ListQuery): ExecutionRow[] {
      const conditions: string[] = []
      const values: SQLInputValue[] = []
      const add = (condition: string, value: SQLInputValue | undefined): void => {
        if (value === undefined) return
        conditions.push(condition)
        values.push(value)
      }
      add('map_run = ?', query.mapRun)
      add('machine = ?', query.machine)
      add('id < ?', query.before)
      add('revision IN (SELECT id FROM revision WHERE version = ?)', query.version)
      add('revision IN (SELECT id FROM revision WHERE alias = ?)', query.alias)
      if (query.redriven !== undefined) conditions.push(query.redriven ? 'redrives > 0' : 'redrives = 0')
      // One ordered read per status and a merge: an index on the status alone serves every filter.
      const statuses = query.status === undefined ? STATUSES.map((_, index) => index) : [query.status]
      const sql = `SELECT ${COLUMNS} FROM execution WHERE ${conditions.join(' AND ')} AND status = ? ORDER BY id DESC LIMIT ?`
      let statement = lists.get(sql)
      if (statement === undefined) {
        statement = prepare(sql)
        lists.set(sql, statement)
      }
      const rows: ExecutionRow[] = []
      for (const status of statuses) rows.push(...many<ExecutionRow>(statement.all(...values, status, query.limit)))
      return rows.sort((left, right) => right.id - left.id).slice(0, query.limit)
    },
    due: (after: number, until: number, limit: number) =>
      many<{ id: number; wake: number }>(due.all(after, until, limit)),
    journal(execution: number) {
      const entries: Entry[] = []
      const rows = journal.all(execution)
      for (const row of rows) for (const entry of parse(row, execution)) entries.push(entry)
      return { entries, rows: rows.length }
    },
    firstEntry: (execution: number) => parse(first.get(execution), execution)[0],
    activityTask: (name: string, after: number) =>
      one<{ row: number; execution: number; flow: number; attempt: number }>(activity.get(name, after)),
    mapRun: (arn: string) => one<MapRunRow>(mapRun.get(arn)),
    mapRunById: (id: number) => one<MapRunRow>(mapRunById.get(id)),
    mapRunsOf: (execution: number, before: number | undefined, limit: number) =>
      many<MapRunRow>(mapRuns.all(execution, before ?? Number.MAX_SAFE_INTEGER, limit)),
    mapRunChildren: (id: number) => many<{ id: number; name: string; status: number }>(children.all(id)),
    endedBefore: (time: number, limit: number) => ended.all(time, limit).map((row) => row['id'] as number),
  }
}
