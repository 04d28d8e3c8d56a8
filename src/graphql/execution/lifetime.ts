import type { Clock } from '../../aws/clock.ts'

/** Time that AppSync gives a query, mutation or subscription (quota "request execution time"), in milliseconds. */
export const MAX_EXECUTION_MS = 30_000

/** How long a request may go on. Costs nothing until something waits. */
export interface Lifetime {
  /** Aborted at the end of the time or when the client goes away. */
  signal(): AbortSignal
  /** The promise, or undefined as soon as the lifetime ends before it settles. */
  within<T>(promise: Promise<T>): Promise<T | undefined>
  /** Lets go of timers and listeners. */
  end(): void
}

/** @param client Asked for its signal only when something waits. */
export function createLifetime(
  clock: Clock,
  client: { readonly signal?: AbortSignal | undefined },
  maxMs = MAX_EXECUTION_MS,
): Lifetime {
  const startedAt = clock.now()
  let controller: AbortController | undefined
  let cancelTimer: (() => void) | undefined
  let clientSignal: AbortSignal | undefined
  let onClientGone: (() => void) | undefined

  const signal = (): AbortSignal => {
    if (controller !== undefined) return controller.signal
    const made = new AbortController()
    controller = made
    clientSignal = client.signal
    const gone = clientSignal
    if (gone?.aborted === true) made.abort(gone.reason)
    else if (gone !== undefined) {
      onClientGone = () => made.abort(gone.reason)
      gone.addEventListener('abort', onClientGone, { once: true })
    }
    cancelTimer = clock.at(startedAt + maxMs, () => made.abort(new Error('Execution timed out.')))
    return made.signal
  }

  return {
    signal,
    within(promise) {
      const ending = signal()
      if (ending.aborted) {
        promise.catch(() => {})
        return Promise.resolve(undefined)
      }
      return new Promise((resolve, reject) => {
        const onEnd = (): void => resolve(undefined)
        ending.addEventListener('abort', onEnd, { once: true })
        promise.then(resolve, reject).finally(() => ending.removeEventListener('abort', onEnd))
      })
    },
    end() {
      cancelTimer?.()
      if (onClientGone !== undefined) clientSignal?.removeEventListener('abort', onClientGone)
      cancelTimer = undefined
      onClientGone = undefined
    },
  }
}
