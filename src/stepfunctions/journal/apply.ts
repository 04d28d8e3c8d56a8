import type { CompiledState } from '../asl/program.ts'
import {
  aborted,
  type EventDetails,
  endedDetails,
  executionEnded,
  executionStarted,
  failedDetails,
  iteration,
  outputDetails,
  present,
  scheduledDetails,
  startedDetails,
  stateEntered,
  stateExited,
  taskEvent,
} from '../history.ts'
import { parseTaskResource } from '../tasks/resource.ts'
import type { BranchFailed, Ended, Entry, Exited, Redriven, Started } from './entries.ts'
import {
  createFlow,
  type ExecutionState,
  type Flow,
  type Fork,
  isRunnable,
  type MapRunState,
} from './executionState.ts'
import { VariableScope } from './variables.ts'

/** Applies one entry of the journal: changes the state and derives the events of AWS's history from it. Pure. */
export function apply(state: ExecutionState, entry: Entry): void {
  switch (entry.type) {
    case 'started':
      return applyStarted(state, entry)
    case 'ended':
      return applyEnded(state, entry)
    case 'redriven':
      return applyRedriven(state, entry)
    default: {
      const flow = state.flows.get(entry.flow)
      if (flow === undefined) throw new JournalError(`the journal names flow ${entry.flow}, which does not exist`)
      applyToFlow(state, flow, entry)
    }
  }
}

/** A journal that does not fit its definition, or was damaged. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
  readonly code = 'JOURNAL'
}

function applyToFlow(
  state: ExecutionState,
  flow: Flow,
  entry: Exclude<Entry, { type: 'started' | 'ended' | 'redriven' }>,
): void {
  switch (entry.type) {
    case 'entered': {
      const compiled = flow.block.states.get(entry.state)
      if (compiled === undefined) throw new JournalError(`the definition has no state ${entry.state}`)
      flow.state = compiled
      flow.next = undefined
      flow.retries = []
      flow.retryCount = 0
      flow.enteredAt = entry.at
      flow.failure = undefined
      const before = flow.previous
      const id = emit(state, entry.at, flow, `${compiled.type}StateEntered`, () =>
        stateEntered(compiled.name, flow.value),
      )
      flow.enteredEvent = id
      // Recorded: an expression that fails at once, and a stop, follow what came before the state.
      flow.anchor = before
      move(state, flow, 'entered')
      return
    }
    case 'exited':
      return applyExited(state, flow, entry)
    case 'waiting':
      flow.until = entry.until
      flow.phase = 'waiting'
      return
    case 'scheduled': {
      const resource = parseTaskResource(taskOf(flow).resource)
      const id = emit(state, entry.at, flow, taskEvent(resource, 'Scheduled'), () =>
        scheduledDetails(resource, entry, state.region),
      )
      flow.task = {
        id,
        parameters: entry.parameters,
        scheduledAt: entry.at,
        deadline: entry.deadline,
        heartbeat: entry.heartbeat,
        lastHeartbeat: entry.at,
        roleArn: entry.roleArn,
        workerName: undefined,
        child: undefined,
        returned: undefined,
      }
      const { calls } = state
      if (calls !== undefined && flow.state !== undefined)
        calls.set(flow.state.name, (calls.get(flow.state.name) ?? 0) + 1)
      flow.phase = 'scheduled'
      return
    }
    case 'taskStarted': {
      const resource = parseTaskResource(taskOf(flow).resource)
      emit(state, entry.at, flow, taskEvent(resource, 'Started'), () => startedDetails(resource, entry.workerName))
      if (flow.task !== undefined) {
        flow.task.workerName = entry.workerName
        flow.task.lastHeartbeat = entry.at
      }
      flow.phase = resource.kind === 'activity' ? 'submitted' : 'calling'
      return
    }
    case 'submitted': {
      const resource = parseTaskResource(taskOf(flow).resource)
      emit(state, entry.at, flow, 'TaskSubmitted', () => outputDetails(resource, 'Submitted', entry.output))
      if (flow.task !== undefined) flow.task.child = entry.child
      flow.phase = 'submitted'
      return
    }
    case 'heartbeat':
      if (flow.task !== undefined) flow.task.lastHeartbeat = entry.at
      return
    case 'returned':
      if (flow.task !== undefined) flow.task.returned = entry.result
      return
    case 'taskSucceeded': {
      const resource = parseTaskResource(taskOf(flow).resource)
      emit(state, entry.at, flow, taskEvent(resource, 'Succeeded'), () =>
        outputDetails(resource, 'Succeeded', entry.output),
      )
      flow.task = undefined
      flow.result = entry.output
      move(state, flow, 'result')
      return
    }
    case 'taskFailed': {
      const resource = parseTaskResource(taskOf(flow).resource)
      emit(state, entry.at, flow, taskEvent(resource, entry.how), () =>
        failedDetails(resource, entry.how, entry.error, entry.cause),
      )
      flow.task = undefined
      flow.failure = { error: entry.error, cause: entry.cause }
      if (entry.heartbeat) flow.failure.heartbeat = true
      flow.taskFailed = true
      move(state, flow, 'failed')
      return
    }
    case 'evaluationFailed': {
      const { error, cause, location } = entry
      if (flow.state?.type !== 'Wait') flow.previous = flow.anchor
      emit(state, entry.at, flow, 'EvaluationFailed', () => ({
        evaluationFailedEventDetails: { error, cause, location, state: flow.state?.name },
      }))
      flow.failure = { error, cause }
      flow.exitPrevious = undefined
      flow.taskFailed = false
      move(state, flow, 'failed')
      return
    }
    case 'retried':
      flow.retries[entry.retrier] = (flow.retries[entry.retrier] ?? 0) + 1
      flow.retryCount++
      flow.until = entry.due
      flow.failure = undefined
      flow.failedFork = undefined
      flow.mapRun = undefined
      flow.exitPrevious = undefined
      flow.failureTold = false
      flow.taskFailed = false
      flow.phase = 'backoff'
      return
    case 'branched': {
      if (flow.state?.type !== 'Parallel') throw new JournalError('branches of a state that is no Parallel')
      const id = emit(state, entry.at, flow, 'ParallelStateStarted')
      flow.fork = createFork(flow.state.branches.length, undefined, 0, id)
      for (const [index, block] of flow.state.branches.entries()) {
        const child = createFlow(state.nextFlow++, flow, index, block, new VariableScope(flow.variables))
        child.value = entry.input
        startChild(state, flow, flow.fork, child, id)
      }
      flow.phase = 'forked'
      return
    }
    case 'mapStarted': {
      const { items } = entry
      const length = entry.length ?? items.length
      const id = emit(
        state,
        entry.at,
        flow,
        'MapStateStarted',
        // The length of what an ItemReader reads is not known yet.
        () => ({ mapStateStartedEventDetails: { length } }),
      )
      if (flow.state?.type === 'Map' && flow.state.mode === 'DISTRIBUTED') {
        flow.mapRun = {
          arn: '',
          row: 0,
          items,
          maxConcurrency: entry.maxConcurrency,
          toleratedFailureCount: 0,
          toleratedFailurePercentage: 0,
          outcomes: new Map(),
          startedEvent: 0,
          redrives: 0,
          redriveDate: undefined,
        }
        flow.phase = 'entered'
        return
      }
      flow.fork = createFork(items.length, items, entry.maxConcurrency, id)
      if (items.length === 0) join(state, entry.at, flow, flow.fork)
      else move(state, flow, 'forked')
      return
    }
    case 'iterationStarted': {
      const { fork } = flow
      if (fork === undefined || flow.state?.type !== 'Map') throw new JournalError('an iteration of no Map')
      const { index } = entry
      const child = createFlow(state.nextFlow++, flow, index, flow.state.processor, new VariableScope(flow.variables))
      child.value = entry.input
      child.mapItem = { Index: index, Value: fork.items?.[index] }
      child.previous = fork.iterationPrevious
      emit(state, entry.at, child, 'MapIterationStarted', () => iteration('Started', nameOf(flow), index))
      fork.started++
      startChild(state, flow, fork, child, child.previous)
      if (isRunnable(flow)) state.runnable.push(flow)
      return
    }
    case 'branchFailed':
      return applyBranchFailed(state, flow, entry)
    case 'forkAborted': {
      const { fork, previous } = flow
      if (fork === undefined) throw new JournalError('an abort of no branches')
      for (const child of fork.children) abort(state, entry.at, child)
      for (const child of fork.children) forget(state, child)
      flow.previous = previous
      flow.fork = undefined
      flow.failedFork = fork
      flow.failure = { error: entry.error, cause: entry.cause }
      flow.taskFailed = false
      move(state, flow, 'failed')
      return
    }
    case 'stateFailed': {
      const { anchor } = flow
      emit(state, entry.at, flow, `${flow.state?.type ?? ''}StateFailed`)
      flow.failureTold = true
      flow.exitPrevious = undefined
      // A Catch rule that fails to evaluate follows what came before this event.
      flow.anchor = anchor
      return
    }
    case 'mapRunStarted': {
      const run = flow.mapRun
      if (run === undefined) throw new JournalError('a Map Run of no Map')
      run.arn = entry.mapRunArn
      run.row = entry.mapRun
      run.maxConcurrency = entry.maxConcurrency
      run.toleratedFailureCount = entry.toleratedFailureCount
      run.toleratedFailurePercentage = entry.toleratedFailurePercentage
      run.startedEvent = emit(state, entry.at, flow, 'MapRunStarted', () => ({
        mapRunStartedEventDetails: { mapRunArn: entry.mapRunArn },
      }))
      flow.phase = 'mapRun'
      return
    }
    case 'mapRunItems':
      for (const outcome of entry.outcomes) flow.mapRun?.outcomes.set(outcome[0], outcome)
      return
    case 'mapRunUpdated': {
      const run = flow.mapRun
      if (run === undefined) return
      run.maxConcurrency = entry.maxConcurrency ?? run.maxConcurrency
      run.toleratedFailureCount = entry.toleratedFailureCount ?? run.toleratedFailureCount
      run.toleratedFailurePercentage = entry.toleratedFailurePercentage ?? run.toleratedFailurePercentage
      return
    }
    case 'mapRunEnded': {
      const run = flow.mapRun
      if (entry.status === 'SUCCEEDED') {
        const succeeded = emit(state, entry.at, flow, 'MapRunSucceeded')
        emit(state, entry.at, flow, 'MapStateSucceeded')
        // AWS's recordings disagree: the exit follows the Map Run's end where the Map is the first state, and
        // its start (as in every recording since November 2024) where another state came before.
        flow.exitPrevious = flow.enteredEvent <= 2 ? succeeded : (run?.startedEvent ?? succeeded)
        flow.result = entry.result
        flow.mapRun = undefined
        move(state, flow, 'result')
        return
      }
      emit(state, entry.at, flow, 'MapRunFailed', () => ({
        mapRunFailedEventDetails: present({ error: entry.error, cause: entry.cause }),
      }))
      flow.failure = { error: entry.error, cause: entry.cause }
      flow.taskFailed = false
      move(state, flow, 'failed')
      return
    }
    default:
      entry satisfies never
      throw new JournalError(`unknown entry ${(entry as { type: string }).type}`)
  }
}

function applyStarted(state: ExecutionState, entry: Started): void {
  state.started = entry
  state.startDate = entry.at
  state.input = JSON.parse(entry.input)
  state.parent = entry.parent
  if (entry.testCase !== undefined) state.calls = new Map()
  const { root } = state
  root.value = state.input
  emit(state, entry.at, root, 'ExecutionStarted', () =>
    executionStarted(entry.input, state.roleArn, state.eventContext),
  )
  // The first state follows nothing, not the start of the execution.
  root.previous = 0
  move(state, root, 'next')
}

function applyExited(state: ExecutionState, flow: Flow, entry: Exited): void {
  const compiled = flow.state
  if (compiled === undefined) throw new JournalError('a state left that was not entered')
  if (Object.hasOwn(entry, 'output')) flow.value = entry.output
  if (entry.assigned !== undefined) {
    for (const [name, value] of entry.assigned) flow.variables.assign(name, value)
  }
  if (flow.exitPrevious !== undefined) {
    flow.previous = flow.exitPrevious
    flow.exitPrevious = undefined
  }
  emit(state, entry.at, flow, `${compiled.type}StateExited`, () =>
    stateExited(compiled.name, flow.value, entry.assigned),
  )
  flow.state = undefined
  flow.result = undefined
  flow.failure = undefined
  flow.failedFork = undefined
  flow.fork = undefined
  flow.mapRun = undefined
  flow.taskFailed = false
  flow.next = entry.next ?? nextOf(compiled)
  if (flow.next !== undefined) {
    move(state, flow, 'next')
    return
  }
  flow.phase = 'done'
  const { parent } = flow
  if (parent?.fork === undefined) return
  const { fork } = parent
  fork.results[flow.index] = flow.value
  fork.finished++
  fork.children.delete(flow)
  state.flows.delete(flow.id)
  if (parent.state?.type === 'Map') {
    fork.iterationPrevious = flow.previous
    fork.lastEvent = emit(state, entry.at, flow, 'MapIterationSucceeded', () =>
      iteration('Succeeded', nameOf(parent), flow.index),
    )
  } else {
    fork.lastEvent = flow.previous
  }
  if (fork.finished === fork.total) join(state, entry.at, parent, fork)
  else if (isRunnable(parent)) state.runnable.push(parent)
}

/** All branches have ended: the state has succeeded, whatever its ResultSelector makes of it. */
function join(state: ExecutionState, at: number, flow: Flow, fork: Fork): void {
  flow.previous = fork.lastEvent
  flow.exitPrevious = fork.lastEvent
  emit(state, at, flow, `${flow.state?.type ?? ''}StateSucceeded`)
  flow.result = fork.results
  flow.fork = undefined
  move(state, flow, 'joined')
}

function applyBranchFailed(state: ExecutionState, failed: Flow, entry: BranchFailed): void {
  const flow = failed.parent
  const fork = flow?.fork
  if (flow === undefined || fork === undefined) throw new JournalError('a branch of nothing failed')
  const { previous } = failed
  if (failed.taskFailed) emit(state, entry.at, failed, 'TaskStateAborted')
  failed.previous = previous
  if (flow.state?.type === 'Map') {
    emit(state, entry.at, failed, 'MapIterationFailed', () => iteration('Failed', nameOf(flow), failed.index))
  }
  for (const sibling of fork.children) if (sibling !== failed) abort(state, entry.at, sibling)
  for (const child of fork.children) forget(state, child)
  flow.previous = previous
  flow.anchor = previous
  flow.fork = undefined
  flow.failedFork = fork
  flow.failure = { error: entry.error, cause: entry.cause }
  flow.taskFailed = false
  move(state, flow, 'failed')
}

/** The events of a branch that is stopped because another failed: innermost first. */
function abort(state: ExecutionState, at: number, flow: Flow): void {
  for (const child of flow.fork?.children ?? []) abort(state, at, child)
  const { previous } = flow
  if (flow.state !== undefined && flow.phase !== 'next') {
    const type = aborted(flow.state.type)
    if (type !== undefined) emit(state, at, flow, type)
  }
  flow.previous = previous
  const { parent } = flow
  if (parent?.state?.type === 'Map') {
    emit(state, at, flow, 'MapIterationAborted', () => iteration('Aborted', nameOf(parent), flow.index))
    flow.previous = previous
  }
}

/** Takes a flow and those inside it out of the execution; they stay reachable for a redrive. */
function forget(state: ExecutionState, flow: Flow): void {
  for (const child of flow.fork?.children ?? []) forget(state, child)
  state.flows.delete(flow.id)
  if (flow.phase !== 'done') flow.phase = 'gone'
}

function applyEnded(state: ExecutionState, entry: Ended): void {
  state.status = entry.status
  state.stopDate = entry.at
  state.output = entry.status === 'SUCCEEDED' ? state.root.value : undefined
  state.error = entry.error
  state.cause = entry.cause
  const flow = (entry.flow === undefined ? undefined : state.flows.get(entry.flow)) ?? state.root
  const { previous } = flow
  if (entry.status === 'ABORTED' || entry.status === 'TIMED_OUT') {
    if (flow.enteredEvent === flow.previous) flow.previous = flow.anchor
  }
  emit(state, entry.at, flow, executionEnded(entry.status), () => endedDetails(entry, state.output))
  flow.previous = previous
  state.runnable.length = 0
}

function applyRedriven(state: ExecutionState, entry: Redriven): void {
  state.status = 'RUNNING'
  state.stopDate = undefined
  state.output = undefined
  state.error = undefined
  state.cause = undefined
  state.redriveCount++
  state.redriveDate = entry.at
  const previous = state.events
  const { root } = state
  root.previous = previous
  emit(state, entry.at, root, 'ExecutionRedriven', () => ({
    executionRedrivenEventDetails: { redriveCount: state.redriveCount },
  }))
  const follow = root.previous
  state.runnable.length = 0
  const revive = (flow: Flow): void => {
    if (flow.phase === 'done') return
    state.flows.set(flow.id, flow)
    if (flow.failedFork !== undefined) {
      flow.fork = flow.failedFork
      flow.failedFork = undefined
    }
    flow.failure = undefined
    flow.taskFailed = false
    flow.task = undefined
    if (flow.fork !== undefined) {
      flow.phase = 'forked'
      for (const child of flow.fork.children) revive(child)
      if (isRunnable(flow)) state.runnable.push(flow)
      return
    }
    flow.retries = []
    flow.retryCount = 0
    flow.previous = follow
    flow.anchor = follow
    if (flow.mapRun !== undefined && flow.mapRun.row !== 0) {
      redriveMapRun(state, entry.at, flow, flow.mapRun)
      return
    }
    flow.mapRun = undefined
    move(state, flow, flow.state === undefined ? 'next' : 'entered')
  }
  revive(root)
}

/** A Map Run goes on with the items that have not succeeded. */
function redriveMapRun(state: ExecutionState, at: number, flow: Flow, run: MapRunState): void {
  run.redrives++
  run.redriveDate = at
  for (const [index, [, status]] of run.outcomes) if (status !== 'S') run.outcomes.delete(index)
  run.startedEvent = emit(state, at, flow, 'MapRunRedriven', () => ({
    mapRunRedrivenEventDetails: { mapRunArn: run.arn, redriveCount: run.redrives },
  }))
  flow.phase = 'mapRun'
}

function createFork(
  total: number,
  items: readonly unknown[] | undefined,
  maxConcurrency: number,
  startedEvent: number,
): Fork {
  return {
    children: new Set(),
    results: new Array(total).fill(null),
    finished: 0,
    total,
    items,
    maxConcurrency,
    started: 0,
    iterationPrevious: startedEvent,
    lastEvent: startedEvent,
  }
}

function startChild(state: ExecutionState, flow: Flow, fork: Fork, child: Flow, previous: number): void {
  child.previous = previous
  child.anchor = previous
  child.parent = flow
  fork.children.add(child)
  state.flows.set(child.id, child)
  state.runnable.push(child)
}

function move(state: ExecutionState, flow: Flow, phase: Flow['phase']): void {
  flow.phase = phase
  if (phase !== 'failed') flow.failureTold = false
  if (isRunnable(flow)) state.runnable.push(flow)
}

function nameOf(flow: Flow): string {
  return flow.state?.name ?? ''
}

function nextOf(state: CompiledState): string | undefined {
  return 'transition' in state && 'next' in state.transition ? state.transition.next : undefined
}

function taskOf(flow: Flow): Extract<CompiledState, { type: 'Task' }> {
  if (flow.state?.type !== 'Task') throw new JournalError('a task of a state that is no Task')
  return flow.state
}

/** Counts an event and, where somebody wants it, derives it. The flow goes on from it. */
function emit(state: ExecutionState, at: number, flow: Flow, type: string, details?: () => EventDetails): number {
  const id = ++state.events
  if (state.observer !== undefined) {
    state.observer({ timestamp: at, type, id, previousEventId: flow.previous, ...details?.() })
  }
  flow.previous = id
  flow.anchor = id
  return id
}
