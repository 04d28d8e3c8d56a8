import { andThen } from '../asl/json.ts'
import type { MapState } from '../asl/program.ts'
import { environmentOf, type Interpreted, record } from '../interpreter.ts'
import type { Flow } from '../journal/executionState.ts'
import type { StateHandler } from './index.ts'

/** Iterations of an INLINE Map that run at one time (Step Functions quotas). */
const MAX_INLINE_CONCURRENCY = 40

export const map: StateHandler<MapState> = {
  enter(execution, flow, state) {
    const environment = environmentOf(execution, flow)
    if (state.mode === 'DISTRIBUTED') return execution.startMapRun(flow, environment)
    return andThen(state.items(environment), (items) => {
      // The state counts as started before its concurrency is known: recorded.
      let concurrency: number | Promise<number> = 0
      let thrown: { error: unknown } | undefined
      try {
        concurrency = state.maxConcurrency(environment)
      } catch (error) {
        thrown = { error }
      }
      if (concurrency instanceof Promise) {
        return concurrency.then(
          (known) => start(execution, flow, items, known),
          (error: unknown) => start(execution, flow, items, 0, { error }),
        )
      }
      return start(execution, flow, items, concurrency, thrown)
    })
  },
  iterate(execution, flow, state) {
    const { fork } = flow
    if (fork?.items === undefined) return
    const index = fork.started
    const item = { index, value: fork.items[index] }
    const environment = environmentOf(execution, flow, { mapItem: { Index: index, Value: item.value } })
    return andThen(state.itemInput(environment, item), (input) =>
      record(execution, { type: 'iterationStarted', at: execution.ports.now(), flow: flow.id, index, input }),
    )
  },
}

function start(
  execution: Interpreted,
  flow: Flow,
  items: readonly unknown[],
  maxConcurrency: number,
  thrown?: { error: unknown },
): void {
  const allowed = maxConcurrency === 0 ? MAX_INLINE_CONCURRENCY : Math.min(maxConcurrency, MAX_INLINE_CONCURRENCY)
  record(execution, { type: 'mapStarted', at: execution.ports.now(), flow: flow.id, items, maxConcurrency: allowed })
  if (thrown !== undefined) throw thrown.error
}
