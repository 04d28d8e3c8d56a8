import { performance } from 'node:perf_hooks'
import { formatArn, parseArn } from '../aws/arn.ts'
import type { Clock } from '../aws/clock.ts'
import { AwsError, messageOf } from '../aws/errors.ts'
import type { MaybePromise } from '../aws/service.ts'
import type { Log } from '../observability/log.ts'
import type { Write } from '../storage/groupCommit.ts'
import { isPromise } from './asl/json.ts'
import type { CompiledState, EvaluationEnvironment, MapState, Program } from './asl/program.ts'
import type { ExecutionDescription } from './engine.ts'
import type { HistoryEvent } from './history.ts'
import { type DecisionPorts, type ExecutionIdentityFacts, end, record, step } from './interpreter.ts'
import { apply, JournalError } from './journal/apply.ts'
import type { Started } from './journal/entries.ts'
import { createExecutionState, type Flow, isRunnable, nextDue, taskDue } from './journal/executionState.ts'
import { isWaiting, type Run, redriveStatus, takeRunnable, wakeOf } from './run.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'
import {
  type ExecutionRow,
  journalWrite,
  type StoredRevision,
  statusNumber,
  type WorkflowStore,
  write,
} from './store.ts'

/** An EXPRESS execution lasts this long at most (Step Functions quotas). */
const EXPRESS_TIMEOUT_MS = 5 * 60_000
/** Decisions of one execution before others have their turn. */
const STEPS_PER_TURN = 64
/** Milliseconds of decisions before input and output have theirs. */
const TURN_MS = 8
/** An execution with decisions to come is made durable after this many entries or milliseconds. */
const ENTRIES_PER_COMMIT = 1024
const COMMIT_AFTER_MS = 10
/** An execution whose next work is nearer than this stays in memory. */
const PARK_BEYOND_MS = 50
/** When a store that refused is asked again. */
const RETRY_STORE_MS = 1000

export interface ExecutionsOptions {
  /** Whether what is open waits for `resume`. */
  paused: boolean
  store: WorkflowStore
  clock: Clock
  log: Log
  compile: (definition: string, type: 'STANDARD' | 'EXPRESS') => Program
  ports: DecisionPorts
  /** Calls a task that has been scheduled. */
  schedule: (run: Run, flow: Flow) => void
  startMapRun: (run: Run, flow: Flow, environment: EvaluationEnvironment) => MaybePromise<void>
  /** An execution is back in memory: tasks whose outcome is unknown, nested executions that ended meanwhile. */
  resume: (run: Run) => void
  /** Ended, durable, and about to leave memory. */
  ended: (run: Run) => void
  /** Whether anybody wants an execution's events. */
  observes: (run: Run) => boolean
  /**
   * What is to be told of a commit once it is durable, taken before the execution goes on; undefined where nobody
   * listens.
   */
  tells: (run: Run, events: readonly HistoryEvent[], statusChanged: boolean) => (() => void) | undefined
}

export interface NewExecution {
  revision: StoredRevision
  name: string
  /** Of EXPRESS. */
  expressId?: string
  synchronous?: boolean
  started: Omit<Started, 'type' | 'at'>
  mapRunRow?: number
  onEnd?: (run: Run) => void
}

/** Executions in memory: they take turns deciding, become durable together, and leave memory while they wait. */
export interface Executions {
  /** Begins one; `durable` resolves once its start is on the disk. */
  start(options: NewExecution): { run: Run; durable: Promise<void> }
  /** By row; read from the store where it is not in memory. Undefined when it is not running, or not there. */
  running(id: number): Run | undefined
  /** Also one that has ended, for a redrive. */
  load(row: ExecutionRow): Run
  byArn(executionArn: string): Run | undefined
  resident(id: number): Run | undefined
  /** Lets `handle` record something between decisions of a run. */
  post(run: Run, handle: () => void): void
  /** Row of an execution, by its ARN. */
  rowOf(executionArn: string): ExecutionRow | undefined
  arnOf(row: ExecutionRow): string
  describe(run: Run): ExecutionDescription
  /** State of an execution that is not in memory, read from its journal. */
  restore(row: ExecutionRow, observer?: (event: HistoryEvent) => void): Run
  programOf(revision: StoredRevision): Program
  readonly size: number
  readonly runs: Iterable<Run>
  idle(): Promise<void>
  resume(): void
  close(): Promise<void>
}

export function createExecutions(options: ExecutionsOptions): Executions {
  const { store, clock, log, ports } = options
  const runs = new Map<number, Run>()
  const arns = new Map<string, Run>()
  const ready: Run[] = []
  const programs = new WeakMap<StoredRevision, Program>()
  let expressIds = 0
  let pumping = false
  let closed = false
  /** Rows of machines and revisions whose commit failed: to be written with the next. */
  let carried: Write[] = []
  let idleWaiters: (() => void)[] = []

  const scheduler: Scheduler = createScheduler({
    clock,
    paused: options.paused,
    due: store.due,
    wake(id) {
      try {
        const run = running(id)
        if (run !== undefined) post(run, () => timesUp(run))
      } catch (error) {
        log('error', 'an execution cannot be read', { execution: id, error: messageOf(error) })
      }
    },
  })

  function programOf(revision: StoredRevision): Program {
    let program = programs.get(revision)
    if (program === undefined) {
      // A processor is part of its machine's definition, which is a STANDARD one whatever its children are.
      const type = revision.processorOf === undefined ? revision.type : 'STANDARD'
      program = options.compile(revision.definition, type)
      if (revision.processorOf !== undefined) program = processorProgram(program, revision.processorOf)
      programs.set(revision, program)
    }
    return program
  }

  function create(
    id: number,
    revision: StoredRevision,
    name: string,
    identity: { expressId?: string; synchronous?: boolean },
  ): Run {
    const arn = parseArn(revision.stateMachineArn)
    const accountId = arn?.accountId ?? ''
    const region = arn?.region ?? ''
    const express = revision.type === 'EXPRESS'
    const machine = arn?.resource.slice('stateMachine:'.length) ?? revision.name
    const resource = express ? `express:${machine}:${name}:${identity.expressId ?? ''}` : `execution:${machine}:${name}`
    const facts: ExecutionIdentityFacts = {
      executionArn: formatArn({ service: 'states', region, accountId, resource }),
      name,
      stateMachineArn: revision.stateMachineArn,
      stateMachineName: revision.name,
      roleArn: revision.roleArn,
      accountId,
      region,
      express,
      synchronous: identity.synchronous === true,
    }
    const run: Run = {
      id,
      facts,
      state: createExecutionState(programOf(revision), {
        roleArn: revision.roleArn,
        region,
        ...(revision.stateMachineVersionArn === undefined
          ? {}
          : { stateMachineVersionArn: revision.stateMachineVersionArn }),
        ...(revision.stateMachineAliasArn === undefined ? {} : { stateMachineAliasArn: revision.stateMachineAliasArn }),
      }),
      ports,
      recorded: [],
      effects: [],
      schedule: (flow) => options.schedule(run, flow),
      startMapRun: (flow, environment) => options.startMapRun(run, flow, environment),
      revision,
      revisionRow: 0,
      machineRow: 0,
      sequence: 0,
      inserted: false,
      durable: false,
      wake: null,
      status: 'RUNNING',
      redrives: 0,
      mailbox: [],
      writes: [],
      calls: new Map(),
      children: new Map(),
      committing: false,
      busy: false,
      queued: false,
      gone: false,
      recordedAt: 0,
      deadline: undefined,
      events: [],
      mapRunRow: undefined,
      itemCount: undefined,
      onEnd: [],
      onLost: [],
    }
    return run
  }

  function observe(run: Run): void {
    run.state.observer = options.observes(run) ? (event) => run.events.push(event) : undefined
  }

  function start(given: NewExecution): { run: Run; durable: Promise<void> } {
    const { revision, name } = given
    const express = revision.type === 'EXPRESS'
    const id = express ? --expressIds : store.nextExecutionId()
    const run = create(id, revision, name, given)
    run.mapRunRow = given.mapRunRow
    run.itemCount = given.started.itemCount
    if (given.onEnd !== undefined) run.onEnd.push(given.onEnd)
    if (!express) {
      run.machineRow = store.machine(prefixOf(run.facts.executionArn), run.writes)
      run.revisionRow = store.revision(revision, run.writes)
    }
    observe(run)
    runs.set(id, run)
    arns.set(run.facts.executionArn, run)
    const durable = new Promise<void>((resolve, reject) => {
      run.effects.push(resolve)
      run.onLost.push(reject)
    })
    try {
      record(run, { type: 'started', at: ports.now(), ...given.started })
    } catch (error) {
      forget(run)
      throw error
    }
    setDeadline(run)
    // One that never rests must time out too.
    if (run.deadline !== undefined) scheduler.set(run.id, run.deadline)
    queue(run)
    return { run, durable }
  }

  function setDeadline(run: Run): void {
    const { state, facts } = run
    const limits: number[] = []
    if (state.program.timeoutSeconds !== undefined) limits.push(ports.scaled(state.program.timeoutSeconds * 1000))
    if (facts.express) limits.push(EXPRESS_TIMEOUT_MS)
    run.deadline = limits.length === 0 ? undefined : (state.redriveDate ?? state.startDate) + Math.min(...limits)
  }

  function running(id: number): Run | undefined {
    const resident = runs.get(id)
    if (resident !== undefined) return resident
    if (id < 0) return undefined
    const row = store.execution(id)
    return row === undefined || row.status !== 0 ? undefined : load(row)
  }

  function restore(row: ExecutionRow, observer?: (event: HistoryEvent) => void): Run {
    const revision = store.revisionOf(row.revision)
    const run = create(row.id, revision, row.name, {})
    run.state.observer = observer
    const { entries, rows } = store.journal(row.id)
    if (entries.length === 0) throw new JournalError(`the journal of execution ${row.id} is missing`)
    for (const entry of entries) apply(run.state, entry)
    run.state.observer = undefined
    run.sequence = rows
    run.inserted = true
    run.durable = true
    run.wake = row.wake
    run.status = run.state.status
    run.redrives = run.state.redriveCount
    run.revisionRow = row.revision
    run.machineRow = row.machine
    run.mapRunRow = row.map_run ?? undefined
    run.itemCount = row.items ?? undefined
    setDeadline(run)
    return run
  }

  function load(row: ExecutionRow): Run {
    const resident = runs.get(row.id)
    if (resident !== undefined) return resident
    const run = restore(row)
    run.state.runnable = [...run.state.flows.values()].filter(isRunnable)
    observe(run)
    runs.set(run.id, run)
    arns.set(run.facts.executionArn, run)
    if (run.state.status === 'RUNNING') {
      options.resume(run)
      if (run.deadline !== undefined) scheduler.set(run.id, run.deadline)
    }
    queue(run)
    return run
  }

  function forget(run: Run): void {
    run.gone = true
    runs.delete(run.id)
    if (arns.get(run.facts.executionArn) === run) arns.delete(run.facts.executionArn)
  }

  function post(run: Run, handle: () => void): void {
    if (run.gone) return
    run.mailbox.push(handle)
    queue(run)
  }

  function queue(run: Run): void {
    if (run.queued || run.gone || closed) return
    run.queued = true
    ready.push(run)
    if (pumping) return
    pumping = true
    setImmediate(pump)
  }

  function pump(): void {
    const until = performance.now() + TURN_MS
    let next = 0
    while (next < ready.length) {
      const run = ready[next++] as Run
      run.queued = false
      if (!run.gone) turn(run)
      if (performance.now() > until) break
    }
    ready.splice(0, next)
    if (ready.length > 0) {
      setImmediate(pump)
      return
    }
    pumping = false
    if (idleWaiters.length > 0) checkIdle()
  }

  function turn(run: Run): void {
    if (run.busy) return
    run.busy = true
    try {
      const waiting = decideSome(run)
      if (!isPromise(waiting)) {
        turnEnded(run)
        return
      }
      waiting.then(
        () => turnEnded(run),
        (error: unknown) => broke(run, error),
      )
    } catch (error) {
      broke(run, error)
    }
  }

  function decideSome(run: Run): MaybePromise<void> {
    for (let steps = 0; steps < STEPS_PER_TURN; steps++) {
      handleMail(run)
      const flow = takeRunnable(run.state)
      if (flow === undefined) break
      const done = step(run, flow)
      if (isPromise(done)) return done
    }
  }

  function handleMail(run: Run): void {
    while (run.mailbox.length > 0) {
      const mail = run.mailbox
      run.mailbox = []
      for (const handle of mail) {
        try {
          handle()
        } catch (error) {
          // A full history has ended the execution; that is all there is to do.
          if (run.state.status === 'RUNNING') throw error
        }
      }
    }
  }

  /** A defect of ours, or a journal that does not fit: the execution ends, the others go on. */
  function broke(run: Run, error: unknown): void {
    log('error', 'an execution failed unexpectedly', { execution: run.facts.executionArn, error: messageOf(error) })
    if (run.state.status === 'RUNNING') {
      end(run, 'FAILED', {
        error: 'States.Runtime',
        cause: `An unexpected error ended the execution: ${messageOf(error)}`,
      })
    }
    turnEnded(run)
  }

  function turnEnded(run: Run): void {
    run.busy = false
    if (run.gone) return
    const more = run.mailbox.length > 0 || run.state.runnable.length > 0
    if (run.recordedAt === 0 && run.recorded.length > 0) run.recordedAt = performance.now()
    if (run.calls.size > 0 || run.children.size > 0) dropStale(run)
    if (
      !more ||
      run.effects.length > 0 ||
      run.recorded.length >= ENTRIES_PER_COMMIT ||
      (run.recorded.length > 0 && performance.now() - run.recordedAt > COMMIT_AFTER_MS)
    ) {
      commit(run)
    }
    if (run.gone) return
    if (run.mailbox.length > 0 || run.state.runnable.length > 0) queue(run)
    else settle(run)
  }

  /** Calls and nested executions of tasks that are no longer waited for. */
  function dropStale(run: Run): void {
    for (const [attempt, { controller, flow }] of run.calls) {
      if (run.state.status === 'RUNNING' && run.state.flows.get(flow.id) === flow && flow.task?.id === attempt) continue
      run.calls.delete(attempt)
      controller.abort()
    }
    for (const [child, flow] of run.children) {
      if (run.state.status === 'RUNNING' && run.state.flows.get(flow.id) === flow && flow.task?.child === child)
        continue
      run.children.delete(child)
      const row = rowOf(child)
      const nested = row === undefined ? undefined : running(row.id)
      if (nested !== undefined) post(nested, () => stop(nested))
    }
  }

  function stop(run: Run): void {
    if (run.state.status === 'RUNNING') end(run, 'ABORTED')
  }

  function commit(run: Run): void {
    if (run.committing) return
    if (run.facts.express) {
      commitInMemory(run)
      return
    }
    const { state } = run
    const wake = wakeOf(run)
    const endedNow = state.status !== 'RUNNING' && run.status === 'RUNNING'
    const statusChanged = !run.inserted || state.status !== run.status || state.redriveCount !== run.redrives
    if (endedNow) {
      if (state.parent !== undefined) run.writes.push(write('wakeExecution', state.parent.execution))
      if (run.inserted) run.writes.push(write('deleteActivityTasks', run.id))
    }
    if (
      run.recorded.length === 0 &&
      run.writes.length === 0 &&
      run.effects.length === 0 &&
      wake === run.wake &&
      !statusChanged
    ) {
      return
    }
    const writes = carried.length === 0 ? run.writes : [...carried, ...run.writes]
    carried = []
    run.writes = []
    if (!run.inserted) {
      writes.push(
        write(
          'insertExecution',
          run.id,
          run.machineRow,
          run.facts.name,
          run.revisionRow,
          statusNumber(state.status),
          state.startDate,
          state.stopDate ?? null,
          wake,
          run.mapRunRow ?? null,
          run.itemCount ?? null,
        ),
      )
    } else if (statusChanged || wake !== run.wake) {
      writes.push(
        write(
          'updateExecution',
          statusNumber(state.status),
          state.stopDate ?? null,
          wake,
          state.redriveCount,
          state.redriveDate ?? null,
          run.id,
        ),
      )
    }
    if (run.recorded.length > 0) writes.push(journalWrite(run.id, run.sequence++, run.recorded))
    const { effects, events } = run
    run.recorded = []
    run.recordedAt = 0
    run.effects = []
    run.events = []
    run.inserted = true
    run.wake = wake
    run.status = state.status
    run.redrives = state.redriveCount
    run.committing = true
    const tell = events.length > 0 || statusChanged ? options.tells(run, events, statusChanged) : undefined
    const hasEnded = state.status !== 'RUNNING'
    store.commits.commit(writes, (error) => {
      run.committing = false
      if (error !== undefined) {
        lost(run, writes, error)
        return
      }
      run.durable = true
      for (const effect of effects) effect()
      tell?.()
      if (run.gone) return
      if (hasEnded && run.state.status !== 'RUNNING') finish(run)
      else if (run.recorded.length > 0 || run.effects.length > 0 || run.writes.length > 0) queue(run)
      else settle(run)
    })
  }

  function commitInMemory(run: Run): void {
    const statusChanged = !run.inserted || run.state.status !== run.status
    run.inserted = true
    run.status = run.state.status
    run.recorded.length = 0
    const { effects, events } = run
    run.effects = []
    run.events = []
    for (const effect of effects) effect()
    if (events.length > 0 || statusChanged) options.tells(run, events, statusChanged)?.()
    if (run.state.status !== 'RUNNING') finish(run)
  }

  function finish(run: Run): void {
    if (run.gone) return
    // Who came too late hears it from the execution itself; a redrive brings it back.
    handleMail(run)
    if (run.state.status === 'RUNNING' || run.recorded.length > 0) {
      queue(run)
      return
    }
    const { effects } = run
    run.effects = []
    for (const effect of effects) effect()
    dropStale(run)
    forget(run)
    scheduler.clear(run.id)
    for (const listener of run.onEnd) listener(run)
    options.ended(run)
    if (idleWaiters.length > 0) checkIdle()
  }

  /** The store refused: what was not durable has not happened. */
  function lost(run: Run, writes: readonly Write[], error: Error): void {
    const shared = writes.filter((one) => one.statement <= write('insertRevision').statement)
    carried.push(...shared)
    log('error', 'the workflow store refused a write', { execution: run.facts.executionArn, error: error.message })
    for (const { controller } of run.calls.values()) controller.abort()
    forget(run)
    scheduler.clear(run.id)
    for (const listener of run.onLost) {
      listener(
        new AwsError('ServiceUnavailable', `The execution could not be stored: ${error.message}`, {
          statusCode: 503,
          cause: error,
        }),
      )
    }
    if (closed) return
    clock.at(clock.now() + RETRY_STORE_MS, () => {
      if (closed) return
      try {
        running(run.id)
      } catch (cause) {
        log('error', 'an execution cannot be read', { execution: run.id, error: messageOf(cause) })
      }
    })
  }

  /** Sets the timer; lets an execution leave memory that only waits. */
  function settle(run: Run): void {
    if (run.gone || run.committing || run.busy || run.queued || run.state.status !== 'RUNNING') return
    const due = nextDue(run.state, run.deadline)
    if (!run.facts.express && run.recorded.length === 0 && run.effects.length === 0 && isWaiting(run)) {
      if (wakeOf(run) !== run.wake) {
        commit(run)
        return
      }
      if (due === undefined || due > clock.now() + PARK_BEYOND_MS) {
        forget(run)
        if (due === undefined) scheduler.clear(run.id)
        else scheduler.parked(run.id, due)
        if (idleWaiters.length > 0) checkIdle()
        return
      }
    }
    if (due === undefined) scheduler.clear(run.id)
    else scheduler.set(run.id, due)
    if (idleWaiters.length > 0) checkIdle()
  }

  /** What has become due: waits and retry intervals end, attempts and executions time out. */
  function timesUp(run: Run): void {
    const { state } = run
    if (state.status !== 'RUNNING') return
    const now = ports.now()
    if (run.deadline !== undefined && run.deadline <= now) {
      end(run, 'TIMED_OUT', { error: 'States.Timeout' })
      return
    }
    for (const flow of [...state.flows.values()]) {
      if (state.flows.get(flow.id) !== flow) continue
      if ((flow.phase === 'waiting' || flow.phase === 'backoff') && flow.until <= now) {
        if (!flow.woken) {
          flow.woken = true
          state.runnable.push(flow)
        }
        continue
      }
      const due = taskDue(flow)
      if (due === undefined || due > now || flow.task === undefined) continue
      if (flow.phase !== 'scheduled' && flow.phase !== 'calling' && flow.phase !== 'submitted') continue
      const byHeartbeat = flow.task.deadline === undefined || flow.task.deadline > now
      record(run, {
        type: 'taskFailed',
        at: now,
        flow: flow.id,
        how: 'TimedOut',
        error: 'States.Timeout',
        ...(byHeartbeat ? { heartbeat: true as const } : {}),
      })
    }
  }

  function rowOf(executionArn: string): ExecutionRow | undefined {
    const at = executionArn.lastIndexOf(':')
    const machine = store.findMachine(executionArn.slice(0, at))
    return machine === undefined ? undefined : store.executionNamed(machine, executionArn.slice(at + 1))
  }

  function describe(run: Run): ExecutionDescription {
    const { state, facts, revision } = run
    const description: ExecutionDescription = {
      executionArn: facts.executionArn,
      stateMachineArn: facts.stateMachineArn,
      name: facts.name,
      status: state.status,
      startDate: state.startDate,
      input: state.started?.input ?? '{}',
      redriveCount: state.redriveCount,
    }
    if (state.stopDate !== undefined) description.stopDate = state.stopDate
    if (state.status === 'SUCCEEDED') description.output = JSON.stringify(state.output) ?? 'null'
    if (state.error !== undefined) description.error = state.error
    if (state.cause !== undefined) description.cause = state.cause
    if (state.started?.traceHeader !== undefined) description.traceHeader = state.started.traceHeader
    if (revision.mapRunArn !== undefined) description.mapRunArn = revision.mapRunArn
    if (revision.stateMachineVersionArn !== undefined) {
      description.stateMachineVersionArn = revision.stateMachineVersionArn
    }
    if (revision.stateMachineAliasArn !== undefined) description.stateMachineAliasArn = revision.stateMachineAliasArn
    if (state.redriveDate !== undefined) description.redriveDate = state.redriveDate
    if (!facts.express) {
      Object.assign(
        description,
        redriveStatus(state.status, state.stopDate, clock.now(), revision.mapRunArn !== undefined),
      )
    }
    return description
  }

  function isIdle(): boolean {
    if (pumping) return false
    for (const run of runs.values()) if (run.committing || run.busy || run.queued || run.calls.size > 0) return false
    return true
  }

  function checkIdle(): void {
    if (!isIdle()) return
    const waiters = idleWaiters
    idleWaiters = []
    for (const resolve of waiters) resolve()
  }

  return {
    start,
    running,
    load,
    restore,
    post,
    rowOf,
    describe,
    programOf,
    resume: () => scheduler.resume(),
    byArn: (arn) => arns.get(arn),
    resident: (id) => runs.get(id),
    arnOf: (row) => `${store.machinePrefix(row.machine)}:${row.name}`,
    get size() {
      return runs.size
    },
    get runs() {
      return runs.values()
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve))),
    async close() {
      closed = true
      scheduler.close()
      // Decided and not yet on its way: made durable now, so that a clean stop loses nothing that was decided.
      for (const run of runs.values()) if (!run.busy && !run.facts.express) commit(run)
      await store.commits.drained()
      for (const run of [...runs.values()]) {
        for (const { controller } of run.calls.values()) controller.abort()
        forget(run)
        for (const listener of run.onLost)
          listener(new AwsError('ServiceUnavailable', 'The server is stopping', { statusCode: 503 }))
      }
    },
  }
}

/** Everything of an execution's ARN before its name. */
export function prefixOf(executionArn: string): string {
  return executionArn.slice(0, executionArn.lastIndexOf(':'))
}

/** The processor of a Map state as a machine of its own: what children of a distributed Map run. */
function processorProgram(program: Program, name: string): Program {
  const state = findMap(program.states.values(), name)
  if (state === undefined) throw new JournalError(`the definition has no Map state ${name}`)
  const { timeoutSeconds: _, ...rest } = program
  return { ...rest, startAt: state.processor.startAt, states: state.processor.states }
}

function findMap(states: Iterable<CompiledState>, name: string): MapState | undefined {
  for (const state of states) {
    if (state.type === 'Map') {
      if (state.name === name) return state
      const inner = findMap(state.processor.states.values(), name)
      if (inner !== undefined) return inner
    }
    if (state.type === 'Parallel') {
      for (const branch of state.branches) {
        const inner = findMap(branch.states.values(), name)
        if (inner !== undefined) return inner
      }
    }
  }
  return undefined
}
