import { randomUUID } from 'node:crypto'
import { systemClock } from '../aws/clock.ts'
import { AwsError, messageOf } from '../aws/errors.ts'
import { silentLog } from '../observability/log.ts'
import { createActivities } from './activities.ts'
import { isoDate } from './contextObject.ts'
import { exceedsDataLimit } from './dataLimit.ts'
import type {
  ChangeFilter,
  ExecutionListItem,
  HistoryOptions,
  MachineRevision,
  Page,
  StartExecutionOptions,
  SyncExecutionResult,
  WorkflowChange,
  WorkflowEngine,
  WorkflowEngineOptions,
} from './engine.ts'
import { MAX_EXECUTION_HISTORY_EVENTS } from './engine.ts'
import { createExecutions, type Executions, type NewExecution } from './executions.ts'
import { type HistoryEvent, textOf, withoutData } from './history.ts'
import { type DecisionPorts, end, record } from './interpreter.ts'
import type { Flow } from './journal/executionState.ts'
import { createMapRuns } from './mapRuns.ts'
import { REDRIVE_PERIOD_MS, type Run } from './run.ts'
import { type ExecutionRow, openWorkflowStore, STATUSES, statusNumber } from './store.ts'
import { createTaskRunner, isCurrent } from './taskRunner.ts'
import { hasTestCase } from './tasks/mocks.ts'
import type { TaskCall } from './tasks/outcome.ts'
import { createTaskTokens } from './taskTokens.ts'

/** How long a closed execution is kept, and its name not reused (Step Functions quotas). */
const RETENTION_MS = 90 * 86_400_000
/** Executions with histories that are kept derived, for the pages that follow. */
const HISTORIES_KEPT = 4
/** Machines whose latest revision is kept compiled. */
const REVISIONS_KEPT = 1000
const MEMORY_STEP_MB = 64
const BILLED_STEP_MS = 100

interface Subscription {
  filter: ChangeFilter
  listener: (change: WorkflowChange) => void
}

/** Opens the engine on a data folder; executions that were open go on. */
export function createWorkflowEngine(options: WorkflowEngineOptions): WorkflowEngine {
  const clock = options.clock ?? systemClock
  const log = options.log ?? silentLog
  const scale = options.timeScale ?? 1
  const integrations = options.integrations ?? {}
  const store = openWorkflowStore(options.folder)
  const tokens = createTaskTokens(options.folder.secret('workflows'))
  /** By the ARN of the execution, else of the machine, else under the empty name. */
  const subscriptions = new Map<string, Set<Subscription>>()
  const revisions = new Map<string, { given: MachineRevision; kept: MachineRevision }>()
  /** Ended ones that GetExecutionHistory pages through. */
  const histories = new Map<number, { redrives: number; events: HistoryEvent[] }>()
  const redriveTokens = new Map<string, { clientToken: string; redriveDate: number }>()
  let closed = false

  const ports: DecisionPorts = {
    now: () => clock.now(),
    random: options.random ?? Math.random,
    uuid: randomUUID,
    scaled: (milliseconds) => (scale === 1 ? milliseconds : milliseconds / scale),
    taskToken: tokens.make,
  }
  let executions: Executions
  const tasks = createTaskRunner({
    executions: () => executions,
    clock,
    mocks: options.mocks,
    activityScheduled: (arn) => activities.scheduled(arn),
    services: { integrations, startNested, stepFunctions },
  })
  const activities = createActivities(store, () => executions, tokens, clock)
  const mapRuns = createMapRuns({ store, executions: () => executions, clock, integrations })
  executions = createExecutions({
    paused: options.paused === true,
    store,
    clock,
    log,
    compile: options.compile,
    ports,
    schedule: tasks.schedule,
    startMapRun: mapRuns.start,
    resume(run) {
      tasks.resume(run)
      mapRuns.resume(run)
    },
    ended(run) {
      histories.delete(run.id)
      mapRuns.parentEnded(run)
      mapRuns.childEnded(run)
      tellParent(run)
    },
    observes: (run) => logs(run) || listenersOf(run).length > 0,
    tells,
  })
  const purging = schedulePurge()

  function logs(run: Run): boolean {
    const level = run.revision.loggingConfiguration?.['level']
    return options.onLogEvent !== undefined && typeof level === 'string' && level !== 'OFF'
  }

  function listenersOf(run: Run): Subscription['listener'][] {
    if (subscriptions.size === 0) return []
    const found: Subscription['listener'][] = []
    for (const key of [run.facts.executionArn, run.facts.stateMachineArn, '']) {
      for (const { filter, listener } of subscriptions.get(key) ?? []) if (concerns(filter, run)) found.push(listener)
    }
    return found
  }

  function concerns(filter: ChangeFilter, run: Run): boolean {
    if (filter.executionArn !== undefined && filter.executionArn !== run.facts.executionArn) return false
    return filter.stateMachineArn === undefined || filter.stateMachineArn === run.facts.stateMachineArn
  }

  function tells(run: Run, events: readonly HistoryEvent[], statusChanged: boolean): (() => void) | undefined {
    const listeners = listenersOf(run)
    const logged = logs(run)
    if (listeners.length === 0 && !logged) return undefined
    const change: WorkflowChange = { execution: executions.describe(run), events, statusChanged }
    return () => {
      try {
        if (logged) for (const event of events) options.onLogEvent?.(change.execution, event, run.revision)
      } catch (error) {
        log('error', 'an execution log could not be written', { error: messageOf(error) })
      }
      for (const listener of listeners) {
        try {
          listener(change)
        } catch (error) {
          log('error', 'a listener of workflow changes failed', { error: messageOf(error) })
        }
      }
    }
  }

  function tellParent(run: Run): void {
    const { parent } = run.state
    if (parent === undefined || closed) return
    const waiting = executions.running(parent.execution)
    if (waiting === undefined) return
    executions.post(waiting, () => {
      const flow = waiting.state.flows.get(parent.flow)
      if (flow !== undefined && isCurrent(waiting, flow, parent.attempt)) tasks.childEnded(waiting, flow)
    })
  }

  /** The revision as executions keep it: the same object for the same revision, so that it is compiled once. */
  function kept(given: MachineRevision): MachineRevision {
    const key = `${given.stateMachineArn} ${given.stateMachineVersionArn ?? ''} ${given.stateMachineAliasArn ?? ''}`
    const known = revisions.get(key)
    if (known !== undefined && sameRevision(known.given, given)) return known.kept
    const entry = { given, kept: { ...given } }
    revisions.delete(key)
    revisions.set(key, entry)
    if (revisions.size > REVISIONS_KEPT) {
      const oldest = revisions.keys().next().value
      if (oldest !== undefined) revisions.delete(oldest)
    }
    return entry.kept
  }

  function resolve(arn: string): { revision: MachineRevision; testCase: string | undefined } {
    const hash = arn.indexOf('#')
    const machineArn = hash < 0 ? arn : arn.slice(0, hash)
    const testCase = hash < 0 ? undefined : arn.slice(hash + 1)
    const revision = options.machines.resolve(machineArn)
    if (revision === undefined) {
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn}'`)
    }
    if (testCase !== undefined && !hasTestCase(options.mocks, revision.name, testCase)) {
      throw new AwsError(
        'ValidationException',
        `The mock configuration has no test case '${testCase}' for the state machine '${revision.name}'`,
      )
    }
    return { revision: kept(revision), testCase }
  }

  interface Begun {
    run: Run
    durable: Promise<void>
  }
  /** Starts that are not durable yet, by ARN: the same start again waits for the same answer. */
  const starting = new Map<string, Begun & { input: string }>()

  function begin(
    given: StartExecutionOptions & { parent?: NonNullable<NewExecution['started']['parent']>; testCase?: string },
    more: { synchronous?: boolean; onEnd?: (run: Run) => void } = {},
  ): Begun | { row: ExecutionRow } {
    if (closed) throw new AwsError('ServiceUnavailable', 'The server is stopping', { statusCode: 503 })
    const { revision, testCase = given.testCase } = resolve(given.stateMachineArn)
    const name = given.name ?? randomUUID()
    const input = given.input ?? '{}'
    const express = revision.type === 'EXPRESS'
    if (express && more.synchronous !== true && given.parent !== undefined) {
      throw new AwsError(
        'StateMachineTypeNotSupported',
        'This operation is not supported by this type of state machine',
      )
    }
    if (!express && given.name !== undefined) {
      const executionArn = executionArnOf(revision.stateMachineArn, name)
      const same = starting.get(executionArn)
      if (same !== undefined) {
        if (same.input === input) return same
        throw alreadyExists(executionArn)
      }
      const row = executions.rowOf(executionArn)
      if (row !== undefined) {
        const first = store.firstEntry(row.id)
        const idempotent = row.status === 0 && first?.type === 'started' && sameJson(first.input, input)
        // A nested start that is repeated after a crash finds its own execution, ended or not.
        const repeated = first?.type === 'started' && sameParent(first.parent, given.parent)
        if (!idempotent && !repeated) throw alreadyExists(executionArn)
        return { row }
      }
    }
    const begun = executions.start({
      revision,
      name,
      ...(express ? { expressId: randomUUID() } : {}),
      ...more,
      started: {
        input,
        ...(given.traceHeader === undefined ? {} : { traceHeader: given.traceHeader }),
        ...(testCase === undefined ? {} : { testCase }),
        ...(given.parent === undefined ? {} : { parent: given.parent }),
      },
    })
    if (!express && given.name !== undefined) {
      const { executionArn } = begun.run.facts
      starting.set(executionArn, { ...begun, input })
      const forget = (): void => void starting.delete(executionArn)
      begun.durable.then(forget, forget)
    }
    return begun
  }

  async function started(begun: ReturnType<typeof begin>): Promise<{ executionArn: string; startDate: number }> {
    if ('row' in begun) return { executionArn: executions.arnOf(begun.row), startDate: begun.row.start }
    await begun.durable
    return { executionArn: begun.run.facts.executionArn, startDate: begun.run.state.startDate }
  }

  function startNested(
    nested: { stateMachineArn: string; name?: string; input: string },
    call: TaskCall,
    reports: boolean,
  ): Promise<{ executionArn: string; startDate: number }> {
    const { execution, flow, attempt } = call.parent
    // Without a name of its own a repeated call must find the same execution again.
    const name = nested.name ?? nameOfNested(execution, flow, attempt)
    const run = executions.resident(execution)
    const testCase = run?.state.started?.testCase
    const { revision } = resolve(nested.stateMachineArn)
    const named = testCase !== undefined && hasTestCase(options.mocks, revision.name, testCase)
    return started(
      begin({
        ...nested,
        name,
        ...(reports ? { parent: call.parent } : {}),
        ...(named ? { testCase } : {}),
      }),
    )
  }

  function nameOfNested(execution: number, flow: number, attempt: number): string {
    const hex = Buffer.from(tokens.make(execution, flow, attempt), 'base64')
      .toString('hex')
      .slice(34)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-b${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  }

  /** `aws-sdk:sfn:…`: our own operations, with the members and dates that the SDK for Java shows. */
  function stepFunctions(action: string, input: Record<string, unknown>): Promise<Record<string, unknown>> | undefined {
    const text = (member: string): string | undefined => {
      const value = Object.hasOwn(input, member) ? input[member] : undefined
      return value === undefined || value === null ? undefined : typeof value === 'string' ? value : textOf(value)
    }
    const taskToken = text('TaskToken') ?? ''
    const named = <K extends string>(key: K, value: string | undefined) =>
      (value === undefined ? {} : { [key]: value }) as { [P in K]?: string }
    switch (action) {
      case 'startExecution':
        return started(
          begin({
            stateMachineArn: text('StateMachineArn') ?? '',
            ...named('name', text('Name')),
            ...named('input', text('Input')),
          }),
        ).then(({ executionArn, startDate }) => ({ ExecutionArn: executionArn, StartDate: isoDate(startDate) }))
      case 'startSyncExecution':
        return engine
          .startSyncExecution({
            stateMachineArn: text('StateMachineArn') ?? '',
            ...named('name', text('Name')),
            ...named('input', text('Input')),
          })
          .then(pascalCase)
      case 'describeExecution':
        return Promise.resolve(engine.describeExecution(text('ExecutionArn') ?? '')).then(pascalCase)
      case 'stopExecution':
        return engine
          .stopExecution({
            executionArn: text('ExecutionArn') ?? '',
            ...named('error', text('Error')),
            ...named('cause', text('Cause')),
          })
          .then(pascalCase)
      case 'sendTaskSuccess':
        return engine.sendTaskSuccess({ taskToken, output: text('Output') ?? 'null' }).then(() => ({}))
      case 'sendTaskFailure':
        return engine
          .sendTaskFailure({ taskToken, ...named('error', text('Error')), ...named('cause', text('Cause')) })
          .then(() => ({}))
      case 'sendTaskHeartbeat':
        return engine.sendTaskHeartbeat({ taskToken }).then(() => ({}))
      default:
        return undefined
    }
  }

  function existing(executionArn: string): ExecutionRow {
    const row = executions.rowOf(executionArn)
    if (row === undefined) {
      throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`)
    }
    return row
  }

  /** Lets something happen to an execution; resolves when it is durable. */
  function change<T>(run: Run, handle: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = (error: Error): void => reject(error)
      run.onLost.push(lost)
      executions.post(run, () => {
        try {
          const result = handle()
          run.effects.push(() => {
            run.onLost.splice(run.onLost.indexOf(lost), 1)
            resolve(result)
          })
        } catch (error) {
          run.onLost.splice(run.onLost.indexOf(lost), 1)
          reject(error)
          if (!(error instanceof AwsError)) throw error
        }
      })
    })
  }

  /** The attempt that a token ends, as long as it is waited for. */
  function withToken<T>(taskToken: string, handle: (run: Run, flow: Flow) => T): Promise<T> {
    const named = tokens.read(taskToken)
    if (named === undefined) throw invalidToken()
    const run = executions.running(named.execution)
    if (run === undefined) throw timedOut()
    return change(run, () => {
      const flow = run.state.flows.get(named.flow)
      if (flow === undefined || !isCurrent(run, flow, named.attempt)) throw timedOut()
      if (flow.phase !== 'submitted' && flow.phase !== 'calling') throw timedOut()
      if (flow.task?.returned !== undefined) throw timedOut()
      return handle(run, flow)
    })
  }

  const engine: WorkflowEngine = {
    async startExecution(given) {
      return started(begin(given))
    },

    async startSyncExecution(given) {
      const { revision } = resolve(given.stateMachineArn)
      if (revision.type !== 'EXPRESS') {
        throw new AwsError(
          'StateMachineTypeNotSupported',
          'This operation is not supported by this type of state machine',
        )
      }
      return new Promise<SyncExecutionResult>((resolveResult, reject) => {
        const { signal } = given
        const aborted = (): void => reject(signal?.reason)
        signal?.addEventListener('abort', aborted, { once: true })
        const begun = begin(given, {
          synchronous: true,
          onEnd(run) {
            signal?.removeEventListener('abort', aborted)
            const description = executions.describe(run)
            const status =
              description.status === 'SUCCEEDED' || description.status === 'TIMED_OUT' ? description.status : 'FAILED'
            const stopDate = description.stopDate ?? clock.now()
            const duration = Math.max(0, stopDate - description.startDate)
            resolveResult({
              ...description,
              status,
              stopDate,
              billingDetails: {
                billedMemoryUsedInMB: MEMORY_STEP_MB,
                billedDurationInMilliseconds: Math.max(1, Math.ceil(duration / BILLED_STEP_MS)) * BILLED_STEP_MS,
              },
            })
          },
        })
        if ('durable' in begun) begun.durable.catch(reject)
      })
    },

    describeExecution(executionArn) {
      const resident = executions.byArn(executionArn)
      // What runs shows nothing that a crash could take back; an end does, until it is on the disk.
      if (resident?.durable && resident.state.status === 'RUNNING') return executions.describe(resident)
      return executions.describe(executions.restore(existing(executionArn)))
    },

    machineOf(executionArn) {
      const row = existing(executionArn)
      const revision = store.revisionOf(row.revision)
      return revision
    },

    listExecutions(query) {
      const { maxResults = 100 } = query
      let machine: number | undefined
      let mapRun: number | undefined
      let version: string | undefined
      let alias: string | undefined
      if (query.mapRunArn !== undefined) {
        const row = store.mapRun(query.mapRunArn)
        if (row === undefined) throw new AwsError('ResourceNotFound', `Map Run Does Not Exist: '${query.mapRunArn}'`)
        mapRun = row.id
      } else {
        const arn = query.stateMachineArn ?? ''
        const revision = options.machines.resolve(arn)
        if (revision?.type === 'EXPRESS') {
          throw new AwsError(
            'StateMachineTypeNotSupported',
            'This operation is not supported by this type of state machine',
          )
        }
        const plain = revision?.stateMachineArn ?? arn
        if (arn !== plain) {
          if (revision?.stateMachineAliasArn === arn) alias = arn
          else version = arn
        }
        machine = store.findMachine(plain.replace(':stateMachine:', ':execution:'))
        if (machine === undefined) return { items: [] }
      }
      const rows = store.list({
        ...(machine === undefined ? {} : { machine }),
        ...(mapRun === undefined ? {} : { mapRun }),
        ...(version === undefined ? {} : { version }),
        ...(alias === undefined ? {} : { alias }),
        ...(query.statusFilter === undefined ? {} : { status: statusNumber(query.statusFilter) }),
        ...(query.redriveFilter === undefined ? {} : { redriven: query.redriveFilter === 'REDRIVEN' }),
        ...(query.after === undefined ? {} : { before: query.after }),
        limit: maxResults + 1,
      })
      const page: Page<ExecutionListItem> = { items: rows.slice(0, maxResults).map(listItem) }
      const last = rows[maxResults - 1]
      if (rows.length > maxResults && last !== undefined) page.next = last.id
      return page
    },

    async stopExecution({ executionArn, error, cause }) {
      const row = existing(executionArn)
      const run = row.status === 0 ? executions.running(row.id) : undefined
      if (run === undefined) {
        // Stopping what has ended changes nothing and answers when it did.
        return { stopDate: row.stop ?? existing(executionArn).stop ?? clock.now() }
      }
      return change(run, () => {
        if (run.state.status === 'RUNNING') end(run, 'ABORTED', { error, cause })
        return { stopDate: run.state.stopDate ?? clock.now() }
      })
    },

    async redriveExecution({ executionArn, clientToken }) {
      const row = existing(executionArn)
      const before = redriveTokens.get(executionArn)
      if (clientToken !== undefined && before?.clientToken === clientToken) return { redriveDate: before.redriveDate }
      const revision = store.revisionOf(row.revision)
      const status = STATUSES[row.status] ?? 'RUNNING'
      const refuse = (reason: string): AwsError => new AwsError('ExecutionNotRedrivable', `${reason}`)
      if (status === 'RUNNING' || status === 'SUCCEEDED' || status === 'PENDING_REDRIVE') {
        throw refuse(`Execution is ${status} and cannot be redriven`)
      }
      if (revision.mapRunArn !== undefined) throw refuse('A child workflow execution is redriven with its Map Run')
      if (row.stop !== null && clock.now() - row.stop > REDRIVE_PERIOD_MS) {
        throw refuse('Execution has exceeded the redrivable period of 14 days and cannot be redriven')
      }
      const run = executions.load(row)
      if (run.state.events >= MAX_EXECUTION_HISTORY_EVENTS - 1) {
        throw refuse(
          `Execution has reached the maximum number of history events (${MAX_EXECUTION_HISTORY_EVENTS}) and cannot be redriven`,
        )
      }
      const result = await change(run, () => {
        if (run.state.status === 'RUNNING') throw refuse('Execution is RUNNING and cannot be redriven')
        record(run, { type: 'redriven', at: clock.now() })
        mapRuns.resume(run)
        const redriveDate = run.state.redriveDate ?? clock.now()
        return { redriveDate }
      })
      if (clientToken !== undefined) {
        if (redriveTokens.size >= REVISIONS_KEPT) redriveTokens.clear()
        redriveTokens.set(executionArn, { clientToken, redriveDate: result.redriveDate })
      }
      return result
    },

    getExecutionHistory(query) {
      const row = existing(query.executionArn)
      return historyPage(row, query)
    },

    async sendTaskSuccess({ taskToken, output }) {
      if (tokens.read(taskToken) === undefined) throw invalidToken()
      let value: unknown
      try {
        value = JSON.parse(output)
      } catch (cause) {
        throw new AwsError('InvalidOutput', `Invalid Output: '${output}'`, { cause })
      }
      if (exceedsDataLimit(value)) throw new AwsError('InvalidOutput', 'Invalid Output: the output is too large')
      await withToken(taskToken, (run, flow) => tasks.returned(run, flow, { output: value }))
    },

    async sendTaskFailure({ taskToken, error, cause }) {
      await withToken(taskToken, (run, flow) =>
        tasks.returned(run, flow, {
          failed: true,
          ...(error === undefined ? {} : { error }),
          ...(cause === undefined ? {} : { cause }),
        }),
      )
    },

    async sendTaskHeartbeat({ taskToken }) {
      await withToken(taskToken, (run, flow) => record(run, { type: 'heartbeat', at: clock.now(), flow: flow.id }))
    },

    async getActivityTask(given) {
      if (!options.machines.hasActivity(given.activityArn)) {
        throw new AwsError('ActivityDoesNotExist', `Activity Does Not Exist: '${given.activityArn}'`)
      }
      return activities.poll(given)
    },

    forgetActivity(activityArn) {
      activities.forget(activityArn)
    },

    describeMapRun: (mapRunArn) => mapRuns.describe(mapRunArn),
    listMapRuns({ executionArn, maxResults = 100, after }) {
      return mapRuns.list(existing(executionArn).id, after, maxResults)
    },
    updateMapRun: async (given) => mapRuns.update(given),

    subscribe(filter, listener) {
      const subscription = { filter, listener }
      const key = filter.executionArn ?? filter.stateMachineArn ?? ''
      const together = subscriptions.get(key) ?? new Set()
      subscriptions.set(key, together.add(subscription))
      for (const run of executions.runs) {
        if (run.state.observer === undefined && concerns(filter, run)) {
          run.state.observer = (event) => run.events.push(event)
        }
      }
      return () => {
        together.delete(subscription)
        if (together.size === 0 && subscriptions.get(key) === together) subscriptions.delete(key)
      }
    },

    resume: () => executions.resume(),

    statistics() {
      const { commits, groups, busy } = store.commits.statistics
      return { resident: executions.size, commits, groups, writing: busy }
    },

    async idle() {
      await executions.idle()
      while (mapRuns.isBusy()) {
        await new Promise((resolveTurn) => setImmediate(resolveTurn))
        await executions.idle()
      }
      await store.commits.drained()
    },

    async close() {
      if (closed) return
      closed = true
      purging()
      activities.close()
      mapRuns.close()
      await executions.close()
      await store.close()
    },
  }

  function historyPage(row: ExecutionRow, query: HistoryOptions): Page<HistoryEvent> {
    const { maxResults = 100, after = 0, reverseOrder = false } = query
    const events = historyOf(row)
    const at = (index: number): HistoryEvent | undefined => events[reverseOrder ? events.length - 1 - index : index]
    const items: HistoryEvent[] = []
    for (let index = after; index < Math.min(after + maxResults, events.length); index++) {
      const event = at(index)
      if (event !== undefined) items.push(query.includeExecutionData === false ? withoutData(event) : event)
    }
    return after + maxResults < events.length ? { items, next: after + maxResults } : { items }
  }

  /** All events so far: the journal, applied with somebody looking. */
  function historyOf(row: ExecutionRow): HistoryEvent[] {
    const known = histories.get(row.id)
    if (known !== undefined && row.status !== 0 && known.redrives === row.redrives) return known.events
    const events: HistoryEvent[] = []
    executions.restore(row, (event) => events.push(event))
    if (row.status !== 0) {
      histories.set(row.id, { redrives: row.redrives, events })
      if (histories.size > HISTORIES_KEPT) {
        const oldest = histories.keys().next().value
        if (oldest !== undefined) histories.delete(oldest)
      }
    }
    return events
  }

  function listItem(row: ExecutionRow): ExecutionListItem {
    const revision = store.revisionOf(row.revision)
    const item: ExecutionListItem = {
      executionArn: executions.arnOf(row),
      stateMachineArn: revision.stateMachineArn,
      name: row.name,
      status: STATUSES[row.status] ?? 'RUNNING',
      startDate: row.start,
      redriveCount: row.redrives,
    }
    if (row.stop !== null) item.stopDate = row.stop
    if (row.redriven !== null) item.redriveDate = row.redriven
    if (row.items !== null) item.itemCount = row.items
    if (revision.mapRunArn !== undefined) item.mapRunArn = revision.mapRunArn
    if (revision.stateMachineVersionArn !== undefined) item.stateMachineVersionArn = revision.stateMachineVersionArn
    if (revision.stateMachineAliasArn !== undefined) item.stateMachineAliasArn = revision.stateMachineAliasArn
    return item
  }

  function executionArnOf(stateMachineArn: string, name: string): string {
    return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`
  }

  /** Removes what has been closed for longer than it is kept, a little at a time. */
  function schedulePurge(): () => void {
    const PERIOD_MS = 3_600_000
    const BATCH = 500
    let cancel = (): void => {}
    const purge = (): void => {
      const ids = store.endedBefore(clock.now() - RETENTION_MS, BATCH)
      if (ids.length > 0) store.purge(ids)
      cancel = clock.at(clock.now() + (ids.length === BATCH ? 1000 : PERIOD_MS), purge)
    }
    cancel = clock.at(clock.now() + PERIOD_MS, purge)
    return () => cancel()
  }

  return engine
}

function alreadyExists(executionArn: string): AwsError {
  return new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`)
}

function invalidToken(): AwsError {
  return new AwsError('InvalidToken', "Invalid Token: 'Invalid token'")
}

function timedOut(): AwsError {
  return new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'")
}

function sameRevision(left: MachineRevision, right: MachineRevision): boolean {
  return (
    left === right ||
    (left.definition === right.definition &&
      left.roleArn === right.roleArn &&
      left.type === right.type &&
      left.revisionId === right.revisionId &&
      JSON.stringify([
        left.loggingConfiguration,
        left.tracingConfiguration,
        left.encryptionConfiguration,
        left.updateDate,
      ]) ===
        JSON.stringify([
          right.loggingConfiguration,
          right.tracingConfiguration,
          right.encryptionConfiguration,
          right.updateDate,
        ]))
  )
}

function sameJson(left: string, right: string): boolean {
  return left === right || textOf(JSON.parse(left)) === textOf(JSON.parse(right))
}

function sameParent(
  left: { execution: number; flow: number; attempt: number } | undefined,
  right: { execution: number; flow: number; attempt: number } | undefined,
): boolean {
  return (
    left !== undefined &&
    right !== undefined &&
    left.execution === right.execution &&
    left.flow === right.flow &&
    left.attempt === right.attempt
  )
}

/** Members as the SDK for Java names them, dates as it writes them. */
function pascalCase(answer: object): Record<string, unknown> {
  const named: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(answer)) {
    named[key.slice(0, 1).toUpperCase() + key.slice(1)] =
      key.endsWith('Date') && typeof value === 'number' ? isoDate(value) : value
  }
  return named
}
