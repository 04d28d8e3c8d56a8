import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { type CommitRequest, runTransaction } from './groupCommit.ts'

/** The thread that waits for the disk, so that nobody else does. */
const { path, statements } = workerData as { path: string; statements: string[] }
const database = new DatabaseSync(path)
// A reader never blocks a writer under WAL; the timeout is for a checkpoint of another connection.
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000')
database.exec('PRAGMA wal_autocheckpoint = 2000')
const prepared = statements.map((statement) => database.prepare(statement))

parentPort?.on('message', (message: CommitRequest | 'close') => {
  if (message === 'close') {
    database.close()
    parentPort?.close()
    return
  }
  parentPort?.postMessage(runTransaction(database, prepared, message))
})
