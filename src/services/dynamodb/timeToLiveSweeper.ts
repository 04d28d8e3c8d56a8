import type { Clock } from '../../aws/clock.ts'
import type { Log } from '../../observability/log.ts'
import type { Storage } from './storage.ts'
import type { OpenTable } from './tables.ts'
import { MAX_AGE_SECONDS } from './timeToLive.ts'
import { applyWrite, type ChangeListener, readBefore } from './writes.ts'

/** Items that are deleted at once; others get their turn between. */
const BATCH = 100
/** After a failure, for example of a full disk. */
const RETRY_SECONDS = 60

/** Deletes items whose time to live has passed, as DynamoDB itself does in the background. */
export interface TimeToLiveSweeper {
  watch(table: OpenTable): void
  unwatch(table: OpenTable): void
  /** An item was written that expires then, in seconds since the epoch. */
  noticed(table: OpenTable, expires: number): void
  close(): void
}

export function createTimeToLiveSweeper(options: {
  storage: Storage
  clock: Clock
  log: Log
  listenerOf(table: OpenTable): ChangeListener | undefined
}): TimeToLiveSweeper {
  const { storage, clock, log, listenerOf } = options
  const timers = new Map<OpenTable, { at: number; cancel: () => void }>()
  const seconds = (): number => Math.floor(clock.now() / 1_000)

  function schedule(table: OpenTable, at: number): void {
    const timer = timers.get(table)
    if (timer !== undefined && timer.at <= at) return
    timer?.cancel()
    const cancel = clock.at(Math.max(at * 1_000, clock.now()), () => {
      timers.delete(table)
      try {
        sweep(table)
      } catch (error) {
        log('error', 'items whose time to live has passed could not be deleted', {
          table: table.tableName,
          error: String(error),
        })
        schedule(table, seconds() + RETRY_SECONDS)
      }
    })
    timers.set(table, { at, cancel })
  }

  function scheduleNext(table: OpenTable): void {
    const next = table.storage.items.nextExpiry(seconds() - MAX_AGE_SECONDS)
    if (next !== undefined) schedule(table, next)
  }

  function sweep(table: OpenTable): void {
    const now = seconds()
    const keys = table.storage.items.expired(now, now - MAX_AGE_SECONDS, BATCH)
    if (keys.length > 0) {
      const listener = listenerOf(table)
      storage.transaction(() => {
        for (const key of keys)
          applyWrite(
            { table, key, before: readBefore(table, key), after: undefined, afterSize: 0, byTimeToLive: true },
            listener,
          )
      })
    }
    scheduleNext(table)
  }

  function unwatch(table: OpenTable): void {
    timers.get(table)?.cancel()
    timers.delete(table)
  }

  return {
    watch(table) {
      if (table.timeToLive !== undefined) scheduleNext(table)
    },
    unwatch,
    noticed(table, expires) {
      if (expires > seconds() - MAX_AGE_SECONDS) schedule(table, expires)
    },
    close() {
      for (const table of [...timers.keys()]) unwatch(table)
    },
  }
}
