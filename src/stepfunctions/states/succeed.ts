import { andThen } from '../asl/json.ts'
import type { SucceedState } from '../asl/program.ts'
import { environmentOf, leave } from '../interpreter.ts'
import type { StateHandler } from './index.ts'

export const succeed: StateHandler<SucceedState> = {
  enter(execution, flow, state) {
    return andThen(state.input(environmentOf(execution, flow)), (input) => leave(execution, flow, input))
  },
}
