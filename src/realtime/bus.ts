import type { InvalidationEvent, MutationEvent } from '../graphql/engine.ts'

/** What travels between the servers of one deployment: plain data that survives JSON. */
export type BusMessage =
  | { type: 'mutation'; event: Pick<MutationEvent, 'apiId' | 'fieldName' | 'result'> }
  | { type: 'invalidation'; event: InvalidationEvent }

/** Carries what happened to every server that has subscribers. The engine behind it can be shared. */
export interface Bus {
  publish(message: BusMessage): void
  /** @returns a function that ends it. */
  subscribe(listener: (message: BusMessage) => void): () => void
}

/** The bus of one process: listeners are told at once, in order. */
export function createMemoryBus(): Bus {
  const listeners = new Set<(message: BusMessage) => void>()
  return {
    publish(message) {
      for (const listener of listeners) listener(message)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
