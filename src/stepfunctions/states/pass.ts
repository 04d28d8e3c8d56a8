import { andThen, isPromise } from '../asl/json.ts'
import type { PassState } from '../asl/program.ts'
import { environmentOf, exit } from '../interpreter.ts'
import type { StateHandler } from './index.ts'

export const pass: StateHandler<PassState> = {
  enter(execution, flow, state) {
    const environment = environmentOf(execution, flow)
    const departure = andThen(state.result(environment), (result) => state.leave(environment, result))
    return isPromise(departure)
      ? departure.then((known) => exit(execution, flow, known))
      : exit(execution, flow, departure)
  },
}
