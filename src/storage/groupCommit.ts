import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'

/** One row to write: which of the prepared statements, and its values in order. */
export interface Write {
  statement: number
  values: SQLInputValue[]
}

export interface GroupCommitOptions {
  /** The file, for a worker that opens it itself. Undefined: `database` is written on this thread, at the end of the turn. */
  path: string | undefined
  /** The database of a folder in memory; also where `schema` has been made. */
  database: DatabaseSync
  /** The statements that writes name by their index. */
  statements: readonly string[]
  /** Transactions on their way to the disk at one time. @default 2 */
  inFlight?: number
}

export interface GroupCommitStatistics {
  /** Transactions made durable, each with one fsync. */
  commits: number
  /** Calls of `commit` that shared them. */
  groups: number
  /** Milliseconds that the writer spent, fsync included. */
  busy: number
}

/** Makes many small writes durable together: what queued while the disk was busy shares the next transaction. */
export interface GroupCommit {
  /**
   * Writes all or nothing, after everything that was given before. `done` hears when it is on the disk, or why not;
   * then everything of that transaction was left out.
   */
  commit(writes: readonly Write[], done: (error?: Error) => void): void
  /** Resolves when nothing is queued any more. */
  drained(): Promise<void>
  readonly statistics: Readonly<GroupCommitStatistics>
  /** Writes what is queued, then ends the worker. */
  close(): Promise<void>
}

/** Writes of one transaction; more wait for the next, so that one burst does not hold everybody up. */
const MAX_WRITES_PER_TRANSACTION = 1024
/** Characters of text in one transaction, so that large payloads do not pile up in the writer. */
const MAX_TEXT_PER_TRANSACTION = 8_000_000
/** Megabytes of the writer's young generation: rows only pass through. */
const WRITER_YOUNG_MB = 8

interface Group {
  writes: readonly Write[]
  done: (error?: Error) => void
}

export interface CommitRequest {
  batch: number
  statements: number[]
  values: SQLInputValue[][]
}

export interface CommitReply {
  batch: number
  error?: string
  code?: string
  milliseconds: number
}

/** A transaction that was not made durable. */
export class CommitError extends Error {
  override readonly name = 'CommitError'
  /** SQLite's or the system's code, for example `ERR_SQLITE_ERROR`. */
  readonly code: string

  constructor(message: string, code = 'COMMIT') {
    super(message)
    this.code = code
  }
}

export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const writer = options.path === undefined ? createLocalWriter(options) : createWorkerWriter(options, options.path)
  const inFlight = options.path === undefined ? 1 : (options.inFlight ?? 2)
  const statistics: GroupCommitStatistics = { commits: 0, groups: 0, busy: 0 }
  const sent = new Map<number, Group[]>()
  let queue: Group[] = []
  let next = 0
  let scheduled = false
  let batch = 0
  let closed = false
  let waiting: (() => void)[] = []

  const flush = (): void => {
    scheduled = false
    while (next < queue.length && sent.size < inFlight) {
      const groups: Group[] = []
      let text = 0
      const request: CommitRequest = { batch: ++batch, statements: [], values: [] }
      while (
        next < queue.length &&
        request.statements.length < MAX_WRITES_PER_TRANSACTION &&
        text < MAX_TEXT_PER_TRANSACTION
      ) {
        const group = queue[next++] as Group
        groups.push(group)
        for (const write of group.writes) {
          request.statements.push(write.statement)
          request.values.push(write.values)
          for (const value of write.values) if (typeof value === 'string') text += value.length
        }
      }
      sent.set(request.batch, groups)
      writer.write(request)
    }
    if (next === queue.length) {
      queue = []
      next = 0
    }
  }
  const schedule = (): void => {
    if (scheduled || sent.size >= inFlight) return
    scheduled = true
    setImmediate(flush)
  }

  writer.onReply((reply) => {
    const groups = sent.get(reply.batch)
    if (groups === undefined) return
    sent.delete(reply.batch)
    if (next < queue.length) flush()
    statistics.busy += reply.milliseconds
    const error = reply.error === undefined ? undefined : new CommitError(reply.error, reply.code)
    if (error === undefined) {
      statistics.commits++
      statistics.groups += groups.length
    }
    for (const group of groups) group.done(error)
    if (sent.size === 0 && next >= queue.length) {
      const resolved = waiting
      waiting = []
      for (const resolve of resolved) resolve()
    }
  })

  const drained = (): Promise<void> =>
    sent.size === 0 && next >= queue.length ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))

  return {
    statistics,
    drained,
    commit(writes, done) {
      if (closed) {
        done(new CommitError('the store is closed', 'CLOSED'))
        return
      }
      queue.push({ writes, done })
      schedule()
    },
    async close() {
      closed = true
      await drained()
      await writer.close()
    },
  }
}

interface Writer {
  write(request: CommitRequest): void
  onReply(listener: (reply: CommitReply) => void): void
  close(): Promise<void>
}

/** Runs the writes of one transaction; used by the worker and, in memory, by this thread. */
export function runTransaction(
  database: DatabaseSync,
  statements: readonly StatementSync[],
  request: CommitRequest,
): CommitReply {
  const before = performance.now()
  try {
    database.exec('BEGIN IMMEDIATE')
    const { values } = request
    for (let index = 0; index < values.length; index++) {
      statements[request.statements[index] as number]?.run(...(values[index] as SQLInputValue[]))
    }
    database.exec('COMMIT')
    return { batch: request.batch, milliseconds: performance.now() - before }
  } catch (cause) {
    const error = cause as Error & { code?: string }
    try {
      if (database.isTransaction) database.exec('ROLLBACK')
    } catch {
      // The transaction is gone already; what failed first is what counts.
    }
    return {
      batch: request.batch,
      error: error.message,
      code: error.code ?? 'COMMIT',
      milliseconds: performance.now() - before,
    }
  }
}

function createLocalWriter({ database, statements }: GroupCommitOptions): Writer {
  const prepared = statements.map((statement) => database.prepare(statement))
  let listener: (reply: CommitReply) => void = () => {}
  return {
    write(request) {
      const reply = runTransaction(database, prepared, request)
      // Told later, as the worker would: callers rely on hearing after their own turn.
      setImmediate(() => listener(reply))
    },
    onReply(given) {
      listener = given
    },
    close: async () => {},
  }
}

/** The thread is started by the first write: a server that keeps no workflows does not pay for it. */
function createWorkerWriter({ statements }: GroupCommitOptions, path: string): Writer {
  let worker: Worker | undefined
  let listener: (reply: CommitReply) => void = () => {}
  const outstanding = new Set<number>()
  /** What was on its way may or may not be on the disk; whoever asked looks there. The next write starts a new thread. */
  const broke = (ended: Worker, error: Error): void => {
    if (worker !== ended) return
    worker = undefined
    for (const batch of [...outstanding]) {
      outstanding.delete(batch)
      listener({ batch, error: error.message, code: 'WRITER', milliseconds: 0 })
    }
  }
  const start = (): Worker => {
    const file = import.meta.url.endsWith('.ts') ? './groupCommitWorker.ts' : './groupCommitWorker.js'
    const started = new Worker(new URL(file, import.meta.url), {
      workerData: { path, statements },
      resourceLimits: { maxYoungGenerationSizeMb: WRITER_YOUNG_MB },
    })
    started.on('message', (reply: CommitReply) => {
      outstanding.delete(reply.batch)
      if (outstanding.size === 0) started.unref()
      listener(reply)
    })
    started.on('error', (error) => broke(started, error as Error))
    started.on('exit', () => broke(started, new Error('the writer ended')))
    return started
  }
  return {
    write(request) {
      outstanding.add(request.batch)
      worker ??= start()
      worker.ref()
      worker.postMessage(request)
    },
    onReply(given) {
      listener = given
    },
    async close() {
      const last = worker
      if (last === undefined) return
      last.ref()
      const ended = new Promise<void>((resolve) => last.once('exit', () => resolve()))
      last.postMessage('close')
      await ended
    },
  }
}
