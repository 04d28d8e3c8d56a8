import type { Clock } from '../../src/aws/clock.ts'

/** A clock that goes when it is told to. */
export interface VirtualClock extends Clock {
  /** Moves on by milliseconds; every timer on the way runs at its time, and `settle` is awaited after each. */
  advance(milliseconds: number, settle?: () => Promise<unknown>): Promise<void>
  /** Jumps, forwards or back, without running anything: as a machine's clock that somebody sets. */
  jump(milliseconds: number): void
  readonly timers: number
}

export function virtualClock(start = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = start
  let timers: { at: number; task: () => void }[] = []
  return {
    now: () => now,
    at(at, task) {
      const timer = { at, task }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    async advance(milliseconds, settle = () => new Promise((resolve) => setImmediate(resolve))) {
      const target = now + milliseconds
      await settle()
      for (;;) {
        const next = timers.reduce<(typeof timers)[number] | undefined>(
          (first, timer) => (timer.at <= target && (first === undefined || timer.at < first.at) ? timer : first),
          undefined,
        )
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = Math.max(now, next.at)
        next.task()
        await settle()
      }
      now = target
      await settle()
    },
    jump(milliseconds) {
      now += milliseconds
    },
    get timers() {
      return timers.length
    },
  }
}
