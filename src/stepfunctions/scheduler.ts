import type { Clock } from '../aws/clock.ts'

/** Wakes executions. What is near is in memory; what is far stays a row until it comes near. */
export interface Scheduler {
  /** One that is in memory: remembered however far it is. Replaces what was set for it before. */
  set(id: number, due: number): void
  clear(id: number): void
  /** One that is a row only: remembered if it is near, else found again in the store. */
  parked(id: number, due: number): void
  /** Begins to wake, where it was made paused. */
  resume(): void
  /** How many are remembered. */
  readonly size: number
  close(): void
}

export interface SchedulerOptions {
  clock: Clock
  /** Nothing is woken before `resume`. @default false */
  paused?: boolean
  /** Rows due after one time and up to another, the earliest first. */
  due(after: number, until: number, limit: number): { id: number; wake: number }[]
  wake(id: number): void
}

/** How far ahead rows are read, in milliseconds. */
const HORIZON_MS = 60_000
/** Rows read at one time. */
const PAGE = 1000
/** Executions woken before others have their turn. */
const WOKEN_PER_TURN = 64
/** Stale timers that may stay in the heap before it is made anew. */
const SLACK = 10_000

/** A binary heap of (due, id). */
class Heap {
  readonly #dues: number[] = []
  readonly #ids: number[] = []

  get size(): number {
    return this.#ids.length
  }

  first(): { due: number; id: number } | undefined {
    const due = this.#dues[0]
    return due === undefined ? undefined : { due, id: this.#ids[0] as number }
  }

  push(due: number, id: number): void {
    let at = this.#ids.length
    this.#dues.push(due)
    this.#ids.push(id)
    while (at > 0) {
      const up = (at - 1) >> 1
      if ((this.#dues[up] as number) <= due) break
      this.#swap(at, up)
      at = up
    }
  }

  pop(): void {
    const due = this.#dues.pop()
    const id = this.#ids.pop()
    if (due === undefined || id === undefined || this.#ids.length === 0) return
    this.#dues[0] = due
    this.#ids[0] = id
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#ids.length && (this.#dues[child] as number) < (this.#dues[least] as number)) least = child
      }
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(left: number, right: number): void {
    const due = this.#dues[left] as number
    const id = this.#ids[left] as number
    this.#dues[left] = this.#dues[right] as number
    this.#ids[left] = this.#ids[right] as number
    this.#dues[right] = due
    this.#ids[right] = id
  }
}

export function createScheduler({ clock, due, wake, paused = false }: SchedulerOptions): Scheduler {
  let heap = new Heap()
  /** What counts for an id; other entries of the heap are stale. */
  const current = new Map<number, number>()
  /** Rows due up to here are in the heap. */
  let horizon = Number.NEGATIVE_INFINITY
  let armed: { at: number; cancel: () => void } | undefined
  let closed = false
  let waking = !paused

  const remember = (id: number, at: number): void => {
    const before = current.get(id)
    if (before === at) return
    current.set(id, at)
    heap.push(at, id)
    if (heap.size > 2 * current.size + SLACK) {
      heap = new Heap()
      for (const [known, due] of current) heap.push(due, known)
    }
    arm()
  }
  const nextRow = (): number => {
    const [row] = due(horizon, Number.MAX_SAFE_INTEGER, 1)
    return row === undefined ? Number.POSITIVE_INFINITY : row.wake
  }
  /** When to look for rows again: when the next one beyond the horizon comes near. */
  let lookAt = Number.NEGATIVE_INFINITY
  const look = (now: number): void => {
    while (now >= lookAt && !closed) {
      const until = now + HORIZON_MS
      const rows = until > horizon ? due(horizon, until, PAGE) : []
      const last = rows.at(-1)
      // Rows of the same instant may go on beyond the page: they are read with it.
      const reached = rows.length < PAGE || last === undefined ? Math.max(horizon, until) : last.wake
      const rest =
        rows.length < PAGE || last === undefined ? [] : due(last.wake - 1, last.wake, Number.MAX_SAFE_INTEGER)
      horizon = reached
      for (const row of rows) if (!current.has(row.id)) remember(row.id, row.wake)
      for (const row of rest) if (!current.has(row.id)) remember(row.id, row.wake)
      if (rows.length >= PAGE) {
        // Take what is due first; the rest when the heap has been worked off.
        lookAt = Math.max(now + 1, horizon - HORIZON_MS)
        return
      }
      const next = nextRow()
      lookAt = next === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(now + 1, next - HORIZON_MS / 2)
    }
  }
  const fire = (): void => {
    armed = undefined
    if (closed) return
    const now = clock.now()
    look(now)
    let woken = 0
    for (let first = heap.first(); first !== undefined && first.due <= now; first = heap.first()) {
      if (woken === WOKEN_PER_TURN) break
      heap.pop()
      if (current.get(first.id) !== first.due) continue
      current.delete(first.id)
      woken++
      wake(first.id)
    }
    arm()
  }
  const arm = (): void => {
    if (closed || !waking) return
    const at = Math.min(heap.first()?.due ?? Number.POSITIVE_INFINITY, lookAt)
    if (at === Number.POSITIVE_INFINITY || (armed !== undefined && armed.at <= at)) return
    armed?.cancel()
    armed = { at, cancel: clock.at(at, fire) }
  }
  arm()

  return {
    set: remember,
    clear(id) {
      current.delete(id)
    },
    parked(id, at) {
      if (at <= horizon) {
        remember(id, at)
        return
      }
      current.delete(id)
      const near = at - HORIZON_MS / 2
      if (near < lookAt) {
        lookAt = Math.max(clock.now() + 1, near)
        arm()
      }
    },
    resume() {
      waking = true
      arm()
    },
    get size() {
      return current.size
    },
    close() {
      closed = true
      armed?.cancel()
    },
  }
}
