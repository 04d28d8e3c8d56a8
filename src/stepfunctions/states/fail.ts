import { andThen } from '../asl/json.ts'
import type { FailState } from '../asl/program.ts'
import { environmentOf, propagate } from '../interpreter.ts'
import type { StateHandler } from './index.ts'

export const fail: StateHandler<FailState> = {
  enter(execution, flow, state) {
    return andThen(state.failure(environmentOf(execution, flow)), ({ error, cause }) =>
      propagate(execution, flow, { error, cause }, false),
    )
  },
}
