import type { Block, CompiledState, MapState, Program } from '../asl/program.ts'
import type { HistoryEvent } from '../history.ts'
import { parseTaskResource } from '../tasks/resource.ts'
import type { ItemOutcome, ParentTask, Started, TaskResult } from './entries.ts'
import { VariableScope } from './variables.ts'

/**
 * Where a flow stands. Runnable: `next` (a state is to be entered), `entered` (its fields are to be evaluated), `result`
 * (a task's result is to be handed on), `failed` (Retry and Catch are to be asked), `joined` (all branches have
 * ended), `forked` (a Map may start another iteration). Waiting: `waiting`, `backoff`, `scheduled` (a task is to be
 * called), `calling`, `submitted`, `mapRun`. Over: `done`, `gone`.
 */
export type Phase =
  | 'next'
  | 'entered'
  | 'waiting'
  | 'backoff'
  | 'scheduled'
  | 'calling'
  | 'submitted'
  | 'result'
  | 'failed'
  | 'forked'
  | 'joined'
  | 'mapRun'
  | 'done'
  | 'gone'

export interface Failure {
  error: string | undefined
  cause: string | undefined
  /** A missing heartbeat, which `States.HeartbeatTimeout` matches too. */
  heartbeat?: boolean
}

/** One attempt of a task. */
export interface TaskAttempt {
  /** Id of the event that scheduled it; tells attempts apart. */
  id: number
  parameters: unknown
  scheduledAt: number
  deadline: number | undefined
  /** Milliseconds between heartbeats. */
  heartbeat: number | undefined
  lastHeartbeat: number
  roleArn: string | undefined
  workerName: string | undefined
  /** The nested execution that it waits for. */
  child: string | undefined
  /** What its token came back with, before its call was answered. */
  returned: TaskResult | undefined
}

/** The branches of a Parallel state or the iterations of a Map state that run in this execution. */
export interface Fork {
  children: Set<Flow>
  results: unknown[]
  finished: number
  total: number
  items: readonly unknown[] | undefined
  maxConcurrency: number
  /** Iterations started so far. */
  started: number
  /** Event that the next iteration continues from. */
  iterationPrevious: number
  lastEvent: number
}

/** A Map Run as its parent execution keeps it. */
export interface MapRunState {
  arn: string
  row: number
  items: readonly unknown[]
  maxConcurrency: number
  toleratedFailureCount: number
  toleratedFailurePercentage: number
  /** Of EXPRESS children, which have no journal of their own. */
  outcomes: Map<number, ItemOutcome>
  startedEvent: number
  /** How often it has been redriven with its parent. */
  redrives: number
  redriveDate: number | undefined
}

/** One thread of an execution: the machine itself, a branch or an iteration. */
export interface Flow {
  id: number
  parent: Flow | undefined
  /** Number of the branch or iteration. */
  index: number
  block: Block
  variables: VariableScope
  phase: Phase
  state: CompiledState | undefined
  /** Name of the state to enter. */
  next: string | undefined
  /** Input of `state`, of the state to enter, or, when done, the output. */
  value: unknown
  /** Id of the event that the next one follows. */
  previous: number
  /** Id that an evaluation failure, an abort or a timeout follows. */
  anchor: number
  /** Id that the state's exit follows, where it is not `previous`. */
  exitPrevious: number | undefined
  enteredEvent: number
  enteredAt: number
  /** Retries used, by Retry rule. */
  retries: number[]
  retryCount: number
  until: number
  /** Its time has come. Not restored: the clock tells it again. */
  woken: boolean
  task: TaskAttempt | undefined
  result: unknown
  failure: Failure | undefined
  /** Whether the failure of a Parallel or Map has its event already. */
  failureTold: boolean
  /** Whether the failure was a task's, so that ending a branch with it aborts the state. */
  taskFailed: boolean
  fork: Fork | undefined
  /** What a failed Parallel or Map had reached, for a redrive. */
  failedFork: Fork | undefined
  mapRun: MapRunState | undefined
  /** `Map.Item` of the context object. */
  mapItem: { Index: number; Value: unknown } | undefined
}

export type ExecutionStatusName = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'

export interface ExecutionState {
  program: Program
  status: ExecutionStatusName
  started: Started | undefined
  startDate: number
  stopDate: number | undefined
  /** Parsed input. */
  input: unknown
  output: unknown
  error: string | undefined
  cause: string | undefined
  redriveCount: number
  redriveDate: number | undefined
  /** Id of the last event. */
  events: number
  root: Flow
  flows: Map<number, Flow>
  nextFlow: number
  /** Flows that have something to do, in order. Not part of what is restored: derived from the phases. */
  runnable: Flow[]
  parent: ParentTask | undefined
  /** Times that a task has been scheduled, by state: which mocked response is next. Kept with a test case only. */
  calls: Map<string, number> | undefined
  /** Told each event as it is derived; without one only ids are counted. */
  observer: ((event: HistoryEvent) => void) | undefined
  roleArn: string
  region: string
  eventContext: EventContext
}

/** What events say of the execution as a whole. */
export interface EventContext {
  stateMachineVersionArn?: string
  stateMachineAliasArn?: string
}

export interface ExecutionIdentity extends EventContext {
  roleArn: string
  region: string
}

export function createExecutionState(
  program: Program,
  identity: ExecutionIdentity,
  observer?: (event: HistoryEvent) => void,
): ExecutionState {
  const root = createFlow(0, undefined, 0, program, new VariableScope())
  return {
    program,
    status: 'RUNNING',
    started: undefined,
    startDate: 0,
    stopDate: undefined,
    input: undefined,
    output: undefined,
    error: undefined,
    cause: undefined,
    redriveCount: 0,
    redriveDate: undefined,
    events: 0,
    root,
    flows: new Map([[0, root]]),
    nextFlow: 1,
    runnable: [],
    parent: undefined,
    calls: undefined,
    observer,
    roleArn: identity.roleArn,
    region: identity.region,
    eventContext: identity,
  }
}

export function createFlow(
  id: number,
  parent: Flow | undefined,
  index: number,
  block: Block,
  variables: VariableScope,
): Flow {
  return {
    id,
    parent,
    index,
    block,
    variables,
    phase: 'next',
    state: undefined,
    next: block.startAt,
    value: undefined,
    previous: 0,
    anchor: 0,
    exitPrevious: undefined,
    enteredEvent: 0,
    enteredAt: 0,
    retries: [],
    retryCount: 0,
    until: 0,
    woken: false,
    task: undefined,
    result: undefined,
    failure: undefined,
    failureTold: false,
    taskFailed: false,
    fork: undefined,
    failedFork: undefined,
    mapRun: undefined,
    mapItem: parent?.mapItem,
  }
}

const RUNNABLE: ReadonlySet<Phase> = new Set(['next', 'entered', 'result', 'failed', 'joined'])

/** Whether a flow can go on without anything from outside. */
export function isRunnable(flow: Flow): boolean {
  if (RUNNABLE.has(flow.phase)) return true
  // The last state has been left: the execution is to be ended.
  if (flow.phase === 'done') return flow.parent === undefined
  return flow.phase === 'forked' ? canStartIteration(flow) : flow.woken
}

export function canStartIteration(flow: Flow): boolean {
  const { fork, state } = flow
  if (fork === undefined || state?.type !== 'Map' || fork.started >= fork.total) return false
  return fork.maxConcurrency === 0 || fork.children.size < fork.maxConcurrency
}

export function isDistributed(state: CompiledState | undefined): state is MapState {
  return state?.type === 'Map' && state.mode === 'DISTRIBUTED'
}

/** When a flow has something to do by itself: a wait or retry interval ends, an attempt times out. */
export function dueOf(flow: Flow): number | undefined {
  switch (flow.phase) {
    case 'waiting':
    case 'backoff':
      return flow.until
    case 'scheduled':
    case 'calling':
    case 'submitted':
      return taskDue(flow)
    default:
      return undefined
  }
}

/** The earliest of an attempt's time out and its missing heartbeat. */
export function taskDue(flow: Flow): number | undefined {
  const task = flow.task
  if (task === undefined || task.returned !== undefined) return undefined
  const heartbeat = heartbeatDue(flow)
  if (task.deadline === undefined) return heartbeat
  return heartbeat === undefined ? task.deadline : Math.min(task.deadline, heartbeat)
}

/** When a heartbeat is missing: only what reports from outside, and has begun, owes any. */
export function heartbeatDue(flow: Flow): number | undefined {
  const task = flow.task
  if (task?.heartbeat === undefined || flow.state?.type !== 'Task') return undefined
  const resource = parseTaskResource(flow.state.resource)
  const owes =
    resource.kind === 'activity'
      ? flow.phase === 'submitted'
      : resource.kind === 'service' && resource.pattern === 'waitForTaskToken' && flow.phase !== 'scheduled'
  return owes ? task.lastHeartbeat + task.heartbeat : undefined
}

/** When the execution has something to do by itself. */
export function nextDue(state: ExecutionState, executionDeadline: number | undefined): number | undefined {
  let due = executionDeadline
  for (const flow of state.flows.values()) {
    const own = dueOf(flow)
    if (own !== undefined && (due === undefined || own < due)) due = own
  }
  return due
}
