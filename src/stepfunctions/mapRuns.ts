import { createHash, randomUUID } from 'node:crypto'
import { formatArn } from '../aws/arn.ts'
import type { Clock } from '../aws/clock.ts'
import { AwsError } from '../aws/errors.ts'
import { andThen } from './asl/json.ts'
import type { ErrorOutput, EvaluationEnvironment, MapItem, MapState } from './asl/program.ts'
import { StatesError } from './asl/statesError.ts'
import { exceedsDataLimit } from './dataLimit.ts'
import type { MapRunCounts, MapRunDescription, Page, WorkflowIntegrations } from './engine.ts'
import type { Executions } from './executions.ts'
import { textOf } from './history.ts'
import { end, environmentOf, record, StateFailure } from './interpreter.ts'
import type { Entry, ItemOutcome } from './journal/entries.ts'
import type { Flow, MapRunState } from './journal/executionState.ts'
import type { Run } from './run.ts'
import {
  type ExecutionRow,
  type MapRunRow,
  type StoredRevision,
  statusNumber,
  type WorkflowStore,
  write,
} from './store.ts'

/** Child executions that run at one time here; AWS allows 10,000 a Map Run. */
const MAX_CHILDREN_AT_ONCE = 1000
/** EXPRESS children live in memory, and most of them end at once. */
const MAX_EXPRESS_CHILDREN_AT_ONCE = 256
const SUCCEEDED = statusNumber('SUCCEEDED')
/** Outcomes of EXPRESS children that share an entry of the journal. */
const OUTCOMES_PER_ENTRY = 500
/** Longest time that an outcome waits for others to share its entry. */
const RECORD_OUTCOMES_MS = 250
/** Children whose input is made before others have their turn. */
const CHILDREN_PER_TURN = 100

export interface MapRuns {
  /** Begins, or after a crash goes on with, the Map Run of a distributed Map. */
  start(run: Run, flow: Flow, environment: EvaluationEnvironment): Promise<void>
  resume(run: Run): void
  /** A child execution has ended. */
  childEnded(child: Run): void
  /** The parent execution has ended: so do the children. */
  parentEnded(run: Run): void
  describe(mapRunArn: string): MapRunDescription
  /** Of an execution, by its row. */
  list(execution: number, after: number | undefined, maxResults: number): Page<MapRunDescription>
  update(options: {
    mapRunArn: string
    maxConcurrency?: number
    toleratedFailureCount?: number
    toleratedFailurePercentage?: number
  }): Promise<void>
  /** Whether children are about to be started. */
  isBusy(): boolean
  /** Nothing more is started. */
  close(): void
}

export interface MapRunsOptions {
  store: WorkflowStore
  executions: () => Executions
  clock: Clock
  integrations: WorkflowIntegrations
}

/** One child execution: an item, or a batch of them. */
interface Child {
  /** First item. */
  from: number
  /** Items that it has. */
  count: number
}

interface Active {
  run: Run
  flow: Flow
  /** What the journal has of it; outlives the state. */
  mapRun: MapRunState
  state: MapState
  row: number
  arn: string
  label: string
  startDate: number
  revision: StoredRevision
  environment: EvaluationEnvironment
  items: readonly unknown[]
  children: Child[]
  batchInput: unknown
  next: number
  /** Numbers of the children that run, by the row of the execution (which need not be in memory). */
  running: Map<number, number>
  results: unknown[]
  succeeded: boolean[]
  counts: { items: MapRunCounts; executions: MapRunCounts }
  buffer: ItemOutcome[]
  starting: boolean
  ended: boolean
}

export function createMapRuns({ store, executions, clock, integrations }: MapRunsOptions): MapRuns {
  const active = new Map<number, Active>()
  let closed = false

  async function start(run: Run, flow: Flow, environment: EvaluationEnvironment): Promise<void> {
    const state = flow.state as MapState
    let items = flow.mapRun?.items
    if (items === undefined) {
      const reader = state.itemReader
      items = reader === undefined ? await state.items(environment) : []
      const entry: Entry = { type: 'mapStarted', at: clock.now(), flow: flow.id, items, maxConcurrency: 0 }
      record(run, entry)
    }
    const maxConcurrency = await state.maxConcurrency(environment)
    const toleratedFailureCount = (await state.toleratedFailureCount?.(environment)) ?? 0
    const toleratedFailurePercentage = (await state.toleratedFailurePercentage?.(environment)) ?? 0
    const label = state.label ?? randomUUID()
    const mapRunArn = formatArn({
      service: 'states',
      region: run.facts.region,
      accountId: run.facts.accountId,
      resource: `mapRun:${run.facts.stateMachineName}/${label}:${randomUUID()}`,
    })
    const row = store.nextMapRunId()
    record(run, {
      type: 'mapRunStarted',
      at: clock.now(),
      flow: flow.id,
      mapRunArn,
      mapRun: row,
      maxConcurrency,
      toleratedFailureCount,
      toleratedFailurePercentage,
    })
    const map = activate(run, flow, environment)
    run.writes.push(
      write('insertMapRun', row, mapRunArn, run.id, flow.id, JSON.stringify(describeActive(map, 'RUNNING'))),
    )
    map.starting = true
    run.effects.push(() => void proceed(map))
  }

  function activate(run: Run, flow: Flow, environment: EvaluationEnvironment): Active {
    const state = flow.state as MapState
    const mapRun = flow.mapRun
    if (mapRun === undefined) throw new Error('a Map Run that was not started')
    const label = /:mapRun:[^:]*\/([^:/]*):[^:]*$/.exec(mapRun.arn)?.[1] ?? ''
    const { revision } = run
    const map: Active = {
      run,
      flow,
      mapRun,
      state,
      row: mapRun.row,
      arn: mapRun.arn,
      label,
      startDate: clock.now(),
      revision: {
        ...revision,
        stateMachineArn: `${revision.stateMachineArn}/${label}`,
        name: `${revision.name}/${label}`,
        type: state.executionType,
        processorOf: state.name,
        definitionRow: run.revisionRow,
        mapRunArn: mapRun.arn,
        label,
      },
      environment,
      items: mapRun.items,
      children: [],
      batchInput: undefined,
      next: 0,
      running: new Map(),
      results: [],
      succeeded: [],
      counts: { items: noCounts(), executions: noCounts() },
      buffer: [],
      starting: false,
      ended: false,
    }
    active.set(mapRun.row, map)
    return map
  }

  /** Reads the items where a reader has them, makes the batches, then keeps children running. */
  async function proceed(map: Active): Promise<void> {
    map.starting = true
    try {
      await prepare(map)
    } catch (error) {
      if (isCurrent(map)) fail(map, error)
      return
    } finally {
      map.starting = false
    }
    fill(map)
  }

  async function prepare(map: Active): Promise<void> {
    const { state, environment } = map
    const reader = state.itemReader
    if (reader !== undefined) {
      if (integrations.readItems === undefined) {
        throw new StatesError('States.ItemReaderFailed', `There is nothing here that reads ${reader.resource}.`)
      }
      map.items = await integrations.readItems({
        resource: reader.resource,
        arguments: await reader.arguments(environment),
        readerConfig: await reader.readerConfig(environment),
        scope: { accountId: map.run.facts.accountId, region: map.run.facts.region },
      })
    }
    const writer = state.resultWriter
    if (writer?.resource !== undefined) {
      throw new StatesError('States.ResultWriterFailed', `There is nothing here that writes to ${writer.resource}.`)
    }
    if (writer?.writerConfig['Transformation'] === 'NONE') {
      throw new StatesError(
        'States.ResultWriterFailed',
        'The Transformation NONE of a WriterConfig is not available here.',
      )
    }
    const batcher = state.itemBatcher
    map.children = []
    if (batcher === undefined) {
      for (let from = 0; from < map.items.length; from++) map.children.push({ from, count: 1 })
    } else {
      const most = (await batcher.maxItemsPerBatch?.(environment)) ?? Number.POSITIVE_INFINITY
      const bytes = (await batcher.maxInputBytesPerBatch?.(environment)) ?? Number.POSITIVE_INFINITY
      map.batchInput = await batcher.batchInput?.(environment)
      map.children = makeBatches(map.items, most, bytes, map.batchInput)
    }
    const { items, executions: runs } = map.counts
    items.total = map.items.length
    items.pending = map.items.length
    runs.total = map.children.length
    runs.pending = map.children.length
  }

  /** Starts children as long as there are any and the concurrency allows. */
  function fill(map: Active): void {
    if (map.starting || map.ended || closed || !isCurrent(map)) return
    map.starting = true
    const wanted = map.flow.mapRun?.maxConcurrency ?? 0
    const most = map.state.executionType === 'EXPRESS' ? MAX_EXPRESS_CHILDREN_AT_ONCE : MAX_CHILDREN_AT_ONCE
    const allowed = wanted === 0 ? most : Math.min(wanted, most)
    const step = async (): Promise<void> => {
      let started = 0
      while (map.next < map.children.length && map.running.size < allowed && isCurrent(map) && !map.ended) {
        const index = map.next++
        const known = map.flow.mapRun?.outcomes.get(index)
        if (known !== undefined) {
          count(map, map.children[index] as Child, 'pending', 'running')
          settleChild(map, index, known)
          continue
        }
        const input = inputOf(map, index)
        startChild(map, index, textOf(input instanceof Promise ? await input : input))
        if (++started >= CHILDREN_PER_TURN) break
      }
    }
    step().then(
      () => {
        if (map.next < map.children.length && map.running.size < allowed && !map.ended) {
          setImmediate(() => {
            map.starting = false
            fill(map)
          })
          return
        }
        map.starting = false
        finishIfDone(map)
      },
      (error: unknown) => {
        map.starting = false
        if (isCurrent(map)) fail(map, error)
      },
    )
  }

  function inputOf(map: Active, index: number): unknown {
    const child = map.children[index] as Child
    const { state } = map
    const one = (at: number): unknown => {
      const item: MapItem = { index: at, value: map.items[at] }
      if (!state.hasItemSelector) return item.value
      return state.itemInput(environmentOf(map.run, map.flow, { mapItem: { Index: at, Value: item.value } }), item)
    }
    if (state.itemBatcher === undefined) return one(child.from)
    const items: unknown[] = []
    for (let at = child.from; at < child.from + child.count; at++) items.push(one(at))
    const batch = (known: unknown[]): unknown => ({
      Items: known,
      ...(map.batchInput === undefined ? {} : { BatchInput: map.batchInput }),
    })
    return items.some((item) => item instanceof Promise) ? andThen(Promise.all(items), batch) : batch(items)
  }

  function startChild(map: Active, index: number, input: string): void {
    const child = map.children[index] as Child
    const express = map.state.executionType === 'EXPRESS'
    const name = childName(map.arn, index)
    if (!express) {
      // After a crash: started before?
      const row = executions().rowOf(`${childPrefix(map)}:${name}`)
      if (row !== undefined) {
        if (row.status === 0) {
          count(map, child, 'pending', 'running')
          map.running.set(row.id, index)
          // Due already? Else it waits as a row.
          if (row.wake === 0) executions().running(row.id)
          return
        }
        count(map, child, 'pending', 'running')
        if (row.status !== SUCCEEDED && row.redrives < (map.flow.mapRun?.redrives ?? 0)) {
          redriveChild(map, index, row)
          return
        }
        settleChild(map, index, outcomeOf(index, executions().restore(row)))
        return
      }
    }
    count(map, child, 'pending', 'running')
    const started = map.run.state.started
    const { run, durable } = executions().start({
      revision: map.revision,
      name,
      mapRunRow: map.row,
      ...(express ? { expressId: randomUUID() } : {}),
      started: {
        input,
        ...(map.state.itemBatcher === undefined ? {} : { itemCount: child.count }),
        ...(started?.testCase === undefined ? {} : { testCase: started.testCase }),
      },
    })
    map.running.set(run.id, index)
    durable.catch((error: unknown) => {
      map.running.delete(run.id)
      if (isCurrent(map)) fail(map, error)
    })
  }

  /** A child that failed, or was aborted, before the redrive goes on from where it stood. */
  function redriveChild(map: Active, index: number, row: ExecutionRow): void {
    const run = executions().load(row)
    map.running.set(run.id, index)
    executions().post(run, () => {
      if (run.state.status === 'RUNNING') return
      while (run.state.redriveCount < (map.flow.mapRun?.redrives ?? 0)) {
        record(run, { type: 'redriven', at: clock.now() })
      }
    })
  }

  function childPrefix(map: Active): string {
    return formatArn({
      service: 'states',
      region: map.run.facts.region,
      accountId: map.run.facts.accountId,
      resource: `execution:${map.revision.name}`,
    })
  }

  function childDone(map: Active, index: number, child: Run): void {
    map.running.delete(child.id)
    if (map.ended) return
    const outcome = outcomeOf(index, child)
    if (map.state.executionType === 'EXPRESS' && isCurrent(map)) {
      map.buffer.push(outcome)
      if (map.buffer.length >= OUTCOMES_PER_ENTRY) flush(map)
      else if (map.buffer.length === 1) clock.at(clock.now() + RECORD_OUTCOMES_MS, () => flush(map))
    }
    settleChild(map, index, outcome)
    fill(map)
  }

  function flush(map: Active): void {
    const outcomes = map.buffer
    if (outcomes.length === 0 || closed) return
    map.buffer = []
    executions().post(map.run, () => {
      if (isCurrent(map)) record(map.run, { type: 'mapRunItems', at: clock.now(), flow: map.flow.id, outcomes })
    })
  }

  function settleChild(map: Active, index: number, outcome: ItemOutcome): void {
    const child = map.children[index] as Child
    if (outcome[1] === 'S') {
      map.results[index] = outcome[2]
      map.succeeded[index] = true
      count(map, child, 'running', 'succeeded')
      map.counts.items.resultsWritten += child.count
      map.counts.executions.resultsWritten += 1
      return
    }
    count(map, child, 'running', outcome[1] === 'T' ? 'timedOut' : outcome[1] === 'A' ? 'aborted' : 'failed')
    if (!tolerates(map)) {
      fail(
        map,
        new StatesError(
          'States.ExceedToleratedFailureThreshold',
          'The specified tolerated failure threshold was exceeded',
        ),
      )
    }
  }

  function tolerates(map: Active): boolean {
    const { items } = map.counts
    const failed = items.failed + items.timedOut + items.aborted
    const mapRun = map.flow.mapRun
    if (mapRun === undefined || failed === 0) return true
    if (failed <= mapRun.toleratedFailureCount) return true
    return (
      mapRun.toleratedFailurePercentage > 0 &&
      (failed * 100) / Math.max(1, items.total) <= mapRun.toleratedFailurePercentage
    )
  }

  function finishIfDone(map: Active): void {
    if (map.ended || map.starting || map.next < map.children.length || map.running.size > 0 || !isCurrent(map)) return
    map.ended = true
    flush(map)
    const flatten = map.state.resultWriter?.writerConfig['Transformation'] === 'FLATTEN'
    const result: unknown[] = []
    for (let index = 0; index < map.children.length; index++) {
      if (!map.succeeded[index]) continue
      const output = map.results[index]
      if (flatten && Array.isArray(output)) for (const item of output) result.push(item)
      else result.push(output)
    }
    const { run, flow } = map
    executions().post(run, () => {
      if (!isCurrent(map)) return
      if (exceedsDataLimit(result)) {
        finish(map, 'FAILED', {
          error: 'States.DataLimitExceeded',
          cause: `The state/task '${map.state.name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
        })
        return
      }
      record(run, { type: 'mapRunEnded', at: clock.now(), flow: flow.id, status: 'SUCCEEDED', result })
      save(map, 'SUCCEEDED')
    })
  }

  /** The Map Run fails: the children that still run are aborted. */
  function fail(map: Active, error: unknown): void {
    if (map.ended) return
    map.ended = true
    const failure =
      error instanceof StatesError
        ? { error: error.error, cause: error.cause }
        : error instanceof StateFailure
          ? error.failure
          : { error: 'States.Runtime', cause: error instanceof Error ? error.message : String(error) }
    abortChildren(map)
    flush(map)
    executions().post(map.run, () => {
      if (isCurrent(map)) finish(map, 'FAILED', failure)
    })
  }

  function finish(
    map: Active,
    status: 'FAILED',
    failure: { error: string | undefined; cause: string | undefined },
  ): void {
    const entry: Entry = { type: 'mapRunEnded', at: clock.now(), flow: map.flow.id, status }
    if (failure.error !== undefined) entry.error = failure.error
    if (failure.cause !== undefined) entry.cause = failure.cause
    record(map.run, entry)
    save(map, status)
  }

  function save(map: Active, status: MapRunDescription['status']): void {
    map.run.writes.push(write('updateMapRun', JSON.stringify(describeActive(map, status)), map.row))
    active.delete(map.row)
  }

  function abortChildren(map: Active): void {
    const running = [...map.running.keys()]
    map.running.clear()
    for (const id of running) {
      map.counts.executions.running--
      map.counts.executions.aborted++
      const child = executions().running(id)
      if (child === undefined) continue
      executions().post(child, () => {
        if (child.state.status === 'RUNNING') end(child, 'ABORTED')
      })
    }
    const { items, executions: runs } = map.counts
    items.aborted += items.running + items.pending
    items.running = 0
    items.pending = 0
    runs.aborted += runs.pending
    runs.pending = 0
  }

  function isCurrent(map: Active): boolean {
    const { run, flow } = map
    return (
      !run.gone &&
      run.state.status === 'RUNNING' &&
      run.state.flows.get(flow.id) === flow &&
      flow.mapRun?.row === map.row
    )
  }

  function describeActive(map: Active, status: MapRunDescription['status']): MapRunDescription {
    const { mapRun } = map
    const description: MapRunDescription = {
      mapRunArn: map.arn,
      executionArn: map.run.facts.executionArn,
      stateMachineArn: map.revision.stateMachineArn,
      status,
      startDate: map.startDate,
      maxConcurrency: mapRun.maxConcurrency,
      toleratedFailurePercentage: mapRun.toleratedFailurePercentage,
      toleratedFailureCount: mapRun.toleratedFailureCount,
      itemCounts: { ...map.counts.items },
      executionCounts: { ...map.counts.executions },
      redriveCount: mapRun.redrives,
    }
    if (mapRun.redriveDate !== undefined) description.redriveDate = mapRun.redriveDate
    if (status !== 'RUNNING') description.stopDate = clock.now()
    return description
  }

  function describeRow(row: MapRunRow): MapRunDescription {
    const known = active.get(row.id)
    return known === undefined ? (JSON.parse(row.body) as MapRunDescription) : describeActive(known, 'RUNNING')
  }

  function rowOf(mapRunArn: string): MapRunRow {
    const row = store.mapRun(mapRunArn)
    if (row === undefined) throw new AwsError('ResourceNotFound', `Map Run Does Not Exist: '${mapRunArn}'`)
    return row
  }

  return {
    start,
    resume(run) {
      for (const flow of run.state.flows.values()) {
        if (flow.phase !== 'mapRun' || flow.mapRun === undefined) continue
        if (active.get(flow.mapRun.row)?.run === run) continue
        const map = activate(run, flow, environmentOf(run, flow))
        const row = store.mapRunById(map.row)
        if (row !== undefined) map.startDate = (JSON.parse(row.body) as MapRunDescription).startDate
        map.starting = true
        setImmediate(() => void proceed(map))
      }
    },
    childEnded(child) {
      const map = child.mapRunRow === undefined ? undefined : active.get(child.mapRunRow)
      const index = map?.running.get(child.id)
      if (map !== undefined && index !== undefined) childDone(map, index, child)
    },
    parentEnded(run) {
      for (const map of [...active.values()]) {
        if (map.run !== run) continue
        if (!map.ended) {
          map.ended = true
          abortChildren(map)
        }
        active.delete(map.row)
        const body = JSON.stringify(describeActive(map, run.state.status === 'ABORTED' ? 'ABORTED' : 'FAILED'))
        store.commits.commit([write('updateMapRun', body, map.row)], () => {})
      }
    },
    describe: (mapRunArn) => describeRow(rowOf(mapRunArn)),
    list(execution, after, maxResults) {
      const rows = store.mapRunsOf(execution, after, maxResults + 1)
      const page: Page<MapRunDescription> = { items: rows.slice(0, maxResults).map(describeRow) }
      const last = rows[maxResults - 1]
      if (rows.length > maxResults && last !== undefined) page.next = last.id
      return page
    },
    update({ mapRunArn, ...changes }) {
      const row = rowOf(mapRunArn)
      const map = active.get(row.id)
      if (map === undefined || map.ended) {
        throw new AwsError('ValidationException', 'Map Run can only be updated while it is running')
      }
      return new Promise((resolve, reject) => {
        map.run.onLost.push(reject)
        executions().post(map.run, () => {
          if (isCurrent(map)) {
            record(map.run, { type: 'mapRunUpdated', at: clock.now(), flow: map.flow.id, ...changes })
            map.run.writes.push(write('updateMapRun', JSON.stringify(describeActive(map, 'RUNNING')), map.row))
          }
          map.run.effects.push(() => {
            resolve()
            fill(map)
          })
        })
      })
    },
    isBusy: () => !closed && [...active.values()].some((map) => map.starting && isCurrent(map)),
    close() {
      closed = true
    },
  }
}

function noCounts(): MapRunCounts {
  return { pending: 0, running: 0, succeeded: 0, failed: 0, timedOut: 0, aborted: 0, total: 0, resultsWritten: 0 }
}

type Counted = 'pending' | 'running' | 'succeeded' | 'failed' | 'timedOut' | 'aborted'

function count(map: Active, child: Child, from: Counted, to: Counted): void {
  map.counts.items[from] -= child.count
  map.counts.items[to] += child.count
  map.counts.executions[from] -= 1
  map.counts.executions[to] += 1
}

function outcomeOf(index: number, child: Run): ItemOutcome {
  const { state } = child
  if (state.status === 'SUCCEEDED') return [index, 'S', state.output ?? null]
  const failure: ErrorOutput = {
    Error: state.error ?? '',
    ...(state.cause === undefined ? {} : { Cause: state.cause }),
  }
  return [index, state.status === 'TIMED_OUT' ? 'T' : state.status === 'ABORTED' ? 'A' : 'F', failure]
}

/** A child's name follows from its Map Run and its number, so that it is found again after a crash. */
function childName(mapRunArn: string, index: number): string {
  const hash = createHash('sha256').update(`${mapRunArn}\0${index}`).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

/** Items in their order, as many as fit the limits. */
function makeBatches(items: readonly unknown[], most: number, bytes: number, batchInput: unknown): Child[] {
  const overhead = batchInput === undefined ? 12 : 26 + textOf(batchInput).length
  const batches: Child[] = []
  let batch: Child | undefined
  let size = 0
  for (const [at, item] of items.entries()) {
    const added = bytes === Number.POSITIVE_INFINITY ? 0 : Buffer.byteLength(textOf(item)) + 1
    if (batch === undefined || batch.count >= most || size + added > bytes) {
      batch = { from: at, count: 0 }
      size = overhead
      batches.push(batch)
    }
    batch.count++
    size += added
  }
  return batches
}
