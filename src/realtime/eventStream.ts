import type { Caller } from '../auth/caller.ts'
import type { PreparedSubscription } from '../graphql/engine.ts'
import { END_ERRORS } from './endErrors.ts'
import type { SubscriptionRegistry } from './subscriptions.ts'

/** The last payload that was read: one event is told to many streams, one after the other. */
let last: { payload: string; value: unknown } | undefined

function read(payload: string): unknown {
  if (last?.payload !== payload) last = { payload, value: JSON.parse(payload) }
  return last.value
}

/**
 * The events of one subscription as an async iterable of results, for protocols whose library asks for one. An end that
 * its client did not ask for is told by a last result with an error. Throws `SubscriptionFilterError`.
 */
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
      queue.push(read(payload))
      wake?.()
    },
    end(reason) {
      if (reason !== 'invalidated') queue.push({ data: null, errors: [END_ERRORS[reason]] })
      finish()
    },
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
      queue.length = 0
      finish()
      return { done: true, value: undefined }
    },
    async throw(error) {
      queue.length = 0
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
