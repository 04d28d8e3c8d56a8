import type { MaybePromise } from '../../aws/service.ts'
import type { CompiledState, StateType } from '../asl/program.ts'
import type { Interpreted } from '../interpreter.ts'
import type { Flow } from '../journal/executionState.ts'
import { choice } from './choice.ts'
import { fail } from './fail.ts'
import { map } from './map.ts'
import { parallel } from './parallel.ts'
import { pass } from './pass.ts'
import { succeed } from './succeed.ts'
import { task } from './task.ts'
import { wait } from './wait.ts'

/** How a type of state is decided. Throws `StatesError` or `StateFailure`; records what it decides. */
export interface StateHandler<S extends CompiledState> {
  /** The state has been entered, or is tried again. */
  enter(execution: Interpreted, flow: Flow, state: S): MaybePromise<void>
  /** A Map may start another iteration. */
  iterate?(execution: Interpreted, flow: Flow, state: S): MaybePromise<void>
}

export const states: { [T in StateType]: StateHandler<Extract<CompiledState, { type: T }>> } = {
  Task: task,
  Pass: pass,
  Choice: choice,
  Wait: wait,
  Succeed: succeed,
  Fail: fail,
  Parallel: parallel,
  Map: map,
}
