import type { MaybePromise } from '../aws/service.ts'
import { isPromise } from './asl/json.ts'
import type { Departure, EvaluationEnvironment } from './asl/program.ts'
import { executionCause, StatesError } from './asl/statesError.ts'
import { contextOf } from './contextObject.ts'
import { exceedsDataLimit } from './dataLimit.ts'
import { MAX_EXECUTION_HISTORY_EVENTS } from './engine.ts'
import { apply } from './journal/apply.ts'
import type { Entry } from './journal/entries.ts'
import { type ExecutionState, type Failure, type Flow, isRunnable } from './journal/executionState.ts'
import { decideRetry, matches } from './retry.ts'
import { states } from './states/index.ts'
import { endWait } from './states/wait.ts'

/** Who an execution is; the same for its whole life. */
export interface ExecutionIdentityFacts {
  executionArn: string
  name: string
  stateMachineArn: string
  stateMachineName: string
  roleArn: string
  accountId: string
  region: string
  express: boolean
  /** StartSyncExecution, whose context object knows no redrives. */
  synchronous: boolean
}

/** What deciding needs from outside: time and chance, which tests own. */
export interface DecisionPorts {
  now(): number
  random(): number
  uuid(): string
  /** Milliseconds as the engine's time scale makes them. */
  scaled(milliseconds: number): number
  taskToken(execution: number, flow: number, attempt: number): string
}

/** One execution as the interpreter sees it. */
export interface Interpreted {
  /** Row of the execution. */
  id: number
  facts: ExecutionIdentityFacts
  state: ExecutionState
  ports: DecisionPorts
  /** Entries that have been applied but not been made durable. */
  recorded: Entry[]
  /** To be done once everything recorded so far is durable. */
  effects: (() => void)[]
  /** Calls the task that has been scheduled; given by the engine. */
  schedule(flow: Flow): void
  /** Starts the Map Run of a distributed Map; given by the engine. */
  startMapRun(flow: Flow, environment: EvaluationEnvironment): MaybePromise<void>
}

/** Unwinds a decision whose execution has just ended because its history is full. */
class HistoryFull extends Error {
  override readonly name = 'HistoryFull'
}

/** A failure that Retry and Catch may handle, thrown by a state instead of a `StatesError` of its fields. */
export class StateFailure extends Error {
  override readonly name = 'StateFailure'
  readonly failure: Failure

  constructor(error: string | undefined, cause: string | undefined) {
    super(cause)
    this.failure = { error, cause }
  }
}

/** Records a decision and applies it. */
export function record(execution: Interpreted, entry: Entry): void {
  const { state } = execution
  if (
    !execution.facts.express &&
    entry.type !== 'ended' &&
    state.events + eventsOf(state, entry) >= MAX_EXECUTION_HISTORY_EVENTS
  ) {
    end(execution, 'FAILED', {
      error: 'States.Runtime',
      cause: `The execution reached the maximum number of history events (${MAX_EXECUTION_HISTORY_EVENTS}).`,
    })
    throw new HistoryFull()
  }
  apply(state, entry)
  execution.recorded.push(entry)
}

/** Most events that an entry can add; the last event must stay free for the execution's end. */
function eventsOf(state: ExecutionState, entry: Entry): number {
  switch (entry.type) {
    case 'exited':
      // With it, an iteration and the state around it can end.
      return state.flows.get(entry.flow)?.parent === undefined ? 1 : 3
    case 'branchFailed':
    case 'forkAborted':
      return state.flows.size + 2
    case 'mapRunEnded':
      return 2
    case 'heartbeat':
    case 'returned':
    case 'waiting':
    case 'retried':
    case 'mapRunItems':
    case 'mapRunUpdated':
      return 0
    default:
      return 1
  }
}

/** Ends the execution; `flow` is the branch in which it did. */
export function end(
  execution: Interpreted,
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED',
  failure: { error?: string | undefined; cause?: string | undefined } = {},
  flow?: Flow,
): void {
  const entry: Entry = { type: 'ended', at: execution.ports.now(), status }
  if (failure.error !== undefined) entry.error = failure.error
  if (failure.cause !== undefined) entry.cause = failure.cause
  if (flow?.parent !== undefined) entry.flow = flow.id
  execution.recorded.push(entry)
  apply(execution.state, entry)
}

/** Lets one flow do one thing: enter and decide a state, hand on a result, handle a failure. */
export function step(execution: Interpreted, flow: Flow): MaybePromise<void> {
  if (execution.state.status !== 'RUNNING' || !isRunnable(flow)) return
  try {
    const done = decide(execution, flow)
    return isPromise(done) ? done.catch((error: unknown) => failed(execution, flow, error)) : done
  } catch (error) {
    return failed(execution, flow, error)
  }
}

function decide(execution: Interpreted, flow: Flow): MaybePromise<void> {
  switch (flow.phase) {
    case 'next':
      record(execution, {
        type: 'entered',
        at: execution.ports.now(),
        flow: flow.id,
        state: flow.next ?? '',
      })
      return enter(execution, flow)
    case 'entered':
      return enter(execution, flow)
    case 'backoff':
      flow.woken = false
      return enter(execution, flow)
    case 'waiting':
      flow.woken = false
      return flow.state?.type === 'Wait' ? endWait(execution, flow, flow.state) : undefined
    case 'result':
    case 'joined':
      return leave(execution, flow, flow.result)
    case 'forked':
      return flow.state?.type === 'Map' ? states.Map.iterate?.(execution, flow, flow.state) : undefined
    case 'done':
      return end(execution, 'SUCCEEDED')
    case 'failed':
      return handle(execution, flow, flow.failure ?? { error: undefined, cause: undefined }, false)
    default:
      return
  }
}

function enter(execution: Interpreted, flow: Flow): MaybePromise<void> {
  const { state } = flow
  switch (state?.type) {
    case 'Pass':
      return states.Pass.enter(execution, flow, state)
    case 'Task':
      return states.Task.enter(execution, flow, state)
    case 'Choice':
      return states.Choice.enter(execution, flow, state)
    case 'Wait':
      return states.Wait.enter(execution, flow, state)
    case 'Succeed':
      return states.Succeed.enter(execution, flow, state)
    case 'Fail':
      return states.Fail.enter(execution, flow, state)
    case 'Parallel':
      return states.Parallel.enter(execution, flow, state)
    case 'Map':
      return states.Map.enter(execution, flow, state)
    default:
      return
  }
}

/** The way out of a state that has its result. */
export function leave(execution: Interpreted, flow: Flow, result: unknown): MaybePromise<void> {
  const { state } = flow
  if (state === undefined || !('leave' in state)) return
  const departure = state.leave(environmentOf(execution, flow), result)
  return isPromise(departure)
    ? departure.then((known) => exit(execution, flow, known))
    : exit(execution, flow, departure)
}

/** Records that a state has been left, and the end of the execution where it was the last. */
export function exit(execution: Interpreted, flow: Flow, departure: Departure, next?: string): void {
  const { output, assigned } = departure
  if (exceedsDataLimit(output)) {
    throw new StateFailure(
      'States.DataLimitExceeded',
      `The state/task '${flow.state?.name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    )
  }
  const entry: Entry = { type: 'exited', at: execution.ports.now(), flow: flow.id }
  if (output !== flow.value) entry.output = output
  if (assigned !== undefined && assigned.size > 0) entry.assigned = [...assigned]
  if (next !== undefined) entry.next = next
  record(execution, entry)
  if (flow.phase === 'done' && flow.parent === undefined) end(execution, 'SUCCEEDED')
}

/** Turns what was thrown while deciding into a failure of the state. */
function failed(execution: Interpreted, flow: Flow, thrown: unknown): MaybePromise<void> {
  if (thrown instanceof HistoryFull || execution.state.status !== 'RUNNING') return
  try {
    const done = handleThrown(execution, flow, thrown)
    return isPromise(done) ? done.catch((error: unknown) => failedAgain(execution, flow, error)) : done
  } catch (error) {
    return failedAgain(execution, flow, error)
  }
}

/** A Catch rule that itself failed to evaluate: the state fails with that, unhandled. */
function failedAgain(execution: Interpreted, flow: Flow, thrown: unknown): void {
  if (thrown instanceof HistoryFull || execution.state.status !== 'RUNNING') return
  const { failure, runtime } = failureOf(execution, flow, thrown)
  try {
    if (!runtime && isFork(flow)) record(execution, { type: 'stateFailed', at: execution.ports.now(), flow: flow.id })
    propagate(execution, flow, failure, runtime)
  } catch (error) {
    if (!(error instanceof HistoryFull)) throw error
  }
}

function handleThrown(execution: Interpreted, flow: Flow, thrown: unknown): MaybePromise<void> {
  if (flow.phase === 'failed') throw thrown
  const { failure, runtime, recorded } = failureOf(execution, flow, thrown)
  if (flow.fork !== undefined && flow.fork.children.size > 0 && !runtime) {
    const entry: Entry = { type: 'forkAborted', at: execution.ports.now(), flow: flow.id }
    if (failure.error !== undefined) entry.error = failure.error
    if (failure.cause !== undefined) entry.cause = failure.cause
    record(execution, entry)
    return
  }
  // With an event of its own the failure is part of the state, which goes on from there.
  if (recorded) return
  return handle(execution, flow, failure, runtime)
}

function failureOf(
  execution: Interpreted,
  flow: Flow,
  thrown: unknown,
): { failure: Failure; runtime: boolean; recorded: boolean } {
  if (thrown instanceof StateFailure) return { failure: thrown.failure, runtime: false, recorded: false }
  if (!(thrown instanceof StatesError)) throw thrown
  const { error, location } = thrown
  const cause = executionCause(thrown, flow.state?.name ?? '', flow.enteredEvent)
  if (location === undefined) {
    return { failure: { error, cause }, runtime: error === 'States.Runtime', recorded: false }
  }
  record(execution, {
    type: 'evaluationFailed',
    at: execution.ports.now(),
    flow: flow.id,
    error,
    cause,
    location,
  })
  return { failure: { error, cause }, runtime: false, recorded: true }
}

function isFork(flow: Flow): boolean {
  return flow.state?.type === 'Parallel' || flow.state?.type === 'Map'
}

/** Asks Retry, then Catch; without either the failure goes outwards. */
function handle(execution: Interpreted, flow: Flow, failure: Failure, runtime: boolean): MaybePromise<void> {
  const { state } = flow
  if (!runtime && (state?.type === 'Task' || state?.type === 'Parallel' || state?.type === 'Map')) {
    const retry = decideRetry(state.retry, flow.retries, failure, execution.ports)
    if (retry !== undefined) {
      record(execution, { type: 'retried', at: execution.ports.now(), flow: flow.id, ...retry })
      return
    }
    if (isFork(flow) && !flow.failureTold) {
      record(execution, { type: 'stateFailed', at: execution.ports.now(), flow: flow.id })
    }
    const catcher = state.catch.find((rule) => matches(rule.errorEquals, failure))
    if (catcher !== undefined) {
      const departure = catcher.leave(environmentOf(execution, flow), {
        Error: failure.error ?? '',
        ...(failure.cause === undefined ? {} : { Cause: failure.cause }),
      })
      return isPromise(departure)
        ? departure.then((known) => exit(execution, flow, known, catcher.next))
        : exit(execution, flow, departure, catcher.next)
    }
  }
  propagate(execution, flow, failure, runtime)
}

/** A failure that nobody handles: it ends the branch, or the execution. */
export function propagate(execution: Interpreted, flow: Flow, failure: Failure, runtime: boolean): void {
  if (runtime || flow.parent === undefined) {
    end(execution, 'FAILED', failure, flow)
    return
  }
  const entry: Entry = { type: 'branchFailed', at: execution.ports.now(), flow: flow.id }
  if (failure.error !== undefined) entry.error = failure.error
  if (failure.cause !== undefined) entry.cause = failure.cause
  record(execution, entry)
}

/** What a flow's state is evaluated against now. */
export function environmentOf(
  execution: Interpreted,
  flow: Flow,
  extra?: { token?: string; mapItem?: { Index: number; Value: unknown } },
): EvaluationEnvironment {
  const { ports } = execution
  let context: Record<string, unknown> | undefined
  return {
    input: flow.value,
    variables: flow.variables,
    now: ports.now,
    random: ports.random,
    uuid: ports.uuid,
    get context() {
      context ??= contextOf(execution, flow, extra)
      return context
    },
  }
}
