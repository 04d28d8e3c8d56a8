import { andThen } from '../asl/json.ts'
import type { ParallelState } from '../asl/program.ts'
import { environmentOf, record } from '../interpreter.ts'
import type { StateHandler } from './index.ts'

export const parallel: StateHandler<ParallelState> = {
  enter(execution, flow, state) {
    return andThen(state.input(environmentOf(execution, flow)), (input) =>
      record(execution, { type: 'branched', at: execution.ports.now(), flow: flow.id, input }),
    )
  },
}
