/** Time as the rooms see it; tests give their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `task` once `now()` has reached `at`. A delay of any length is right; returns a function that cancels it. */
  at(at: number, task: () => void): () => void
}

/**
 * Longest delay that is left to `setTimeout`, which counts on when the machine's clock is set (and keeps 2³¹−1 ms at
 * most): a clock set forwards is noticed within this time.
 */
const MAX_TIMEOUT_MS = 60_000

export const systemClock: Clock = {
  now: () => Date.now(),
  at(at, task) {
    let timer: NodeJS.Timeout | undefined
    const arm = (): void => {
      const left = at - Date.now()
      if (left <= 0) {
        timer = setTimeout(task, 0)
        return
      }
      timer = setTimeout(() => (Date.now() >= at ? task() : arm()), Math.min(left, MAX_TIMEOUT_MS))
    }
    arm()
    return () => clearTimeout(timer)
  },
}
