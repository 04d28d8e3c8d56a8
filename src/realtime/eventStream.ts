import type { Caller } from '../auth/caller.ts'
import type { PreparedSubscription } from '../graphql/engine.ts'
import type { SubscriptionRegistry } from './subscriptions.ts'

/** Events that a reader has not taken yet; a slower one loses its stream. */
const MAX_QUEUED = 1_000

/** The events of one subscription as an async iterable of results, for protocols whose library asks for one. */
export function openEventStream(
  registry: SubscriptionRegistry,
  prepared: PreparedSubscription,
  caller: Caller,
): AsyncGenerator<unknown, void, void> {
  const queue: unknown[] = []
  let done = false
  let wake: (() => void) | undefined
  const finish = (): void => {
    done = true
    registered.remove()
    wake?.()
  }
  const registered = registry.add(prepared, caller, {
    deliver(payload) {
      if (queue.length >= MAX_QUEUED) return finish()
      queue.push(JSON.parse(payload))
      wake?.()
    },
    end: finish,
  })
  const next = async (): Promise<IteratorResult<unknown, void>> => {
    while (queue.length === 0) {
      if (done) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return { done: false, value: queue.shift() }
  }
  return {
    next,
    async return() {
      finish()
      return { done: true, value: undefined }
    },
    async throw(error) {
      finish()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      finish()
    },
  }
}
