import { andThen } from '../asl/json.ts'
import type { ChoiceState } from '../asl/program.ts'
import { environmentOf, exit } from '../interpreter.ts'
import type { StateHandler } from './index.ts'

export const choice: StateHandler<ChoiceState> = {
  enter(execution, flow, state) {
    return andThen(state.choose(environmentOf(execution, flow)), (chosen) => exit(execution, flow, chosen, chosen.next))
  },
}
