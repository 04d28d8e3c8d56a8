import { andThen } from '../asl/json.ts'
import type { WaitState } from '../asl/program.ts'
import { environmentOf, type Interpreted, leave, record } from '../interpreter.ts'
import type { Flow } from '../journal/executionState.ts'
import type { StateHandler } from './index.ts'

export const wait: StateHandler<WaitState> = {
  enter(execution, flow, state) {
    const { ports } = execution
    return andThen(state.until(environmentOf(execution, flow)), (until) => {
      const now = ports.now()
      if (until <= now) return endWait(execution, flow, state)
      record(execution, { type: 'waiting', at: now, flow: flow.id, until: now + ports.scaled(until - now) })
    })
  },
}

/** The time has come. */
export function endWait(execution: Interpreted, flow: Flow, state: WaitState): void | Promise<void> {
  return andThen(state.input(environmentOf(execution, flow)), (input) => leave(execution, flow, input))
}
