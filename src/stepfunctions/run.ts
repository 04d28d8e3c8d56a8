import type { Write } from '../storage/groupCommit.ts'
import type { ExecutionDescription } from './engine.ts'
import type { HistoryEvent } from './history.ts'
import type { Interpreted } from './interpreter.ts'
import { type ExecutionState, type Flow, isRunnable, nextDue } from './journal/executionState.ts'
import type { StoredRevision } from './store.ts'
import { parseTaskResource } from './tasks/resource.ts'

/** An execution in memory: what the interpreter sees, and how it is kept. */
export interface Run extends Interpreted {
  revision: StoredRevision
  revisionRow: number
  machineRow: number
  /** Next row of the journal. */
  sequence: number
  /** Whether the execution's row is in the store, or on its way. */
  inserted: boolean
  /** Whether its start is on the disk. */
  durable: boolean
  /** What the row has for `wake`. */
  wake: number | null
  status: ExecutionState['status']
  redrives: number
  /** What came from outside, to be handled in order between decisions. */
  mailbox: (() => void)[]
  /** Rows to be written with the next commit. */
  writes: Write[]
  /** Calls on their way, by attempt. */
  calls: Map<number, { controller: AbortController; flow: Flow }>
  /** Nested executions that tasks wait for, by ARN. */
  children: Map<string, Flow>
  committing: boolean
  /** A decision is waiting for an expression. */
  busy: boolean
  queued: boolean
  /** No longer in memory: whatever still arrives is dropped. */
  gone: boolean
  /** When the oldest entry that is not durable was recorded. */
  recordedAt: number
  /** When the whole execution times out. */
  deadline: number | undefined
  /** Events derived and not yet told. */
  events: HistoryEvent[]
  mapRunRow: number | undefined
  itemCount: number | undefined
  /** Told when the execution has ended and that is durable. */
  onEnd: ((run: Run) => void)[]
  /** Told when what was to be written could not be. */
  onLost: ((error: Error) => void)[]
}

/** The next flow that can go on. */
export function takeRunnable(state: ExecutionState): Flow | undefined {
  const { runnable } = state
  for (let flow = runnable.shift(); flow !== undefined; flow = runnable.shift()) {
    if (isRunnable(flow) && state.flows.get(flow.id) === flow) return flow
  }
  return undefined
}

/** Whether everything of the execution waits for a time or for somebody, so that it need not be in memory. */
export function isWaiting(run: Run): boolean {
  if (run.state.status !== 'RUNNING' || run.state.runnable.length > 0 || run.calls.size > 0) return false
  for (const flow of run.state.flows.values()) {
    switch (flow.phase) {
      case 'waiting':
      case 'backoff':
        if (flow.woken) return false
        break
      case 'forked':
      case 'submitted':
        break
      case 'scheduled':
      case 'calling':
        if (!waitsForSomebody(flow)) return false
        break
      default:
        return false
    }
  }
  return true
}

/** Whether a task that has been scheduled or called is only waited for: an activity, or a token that may come. */
export function waitsForSomebody(flow: Flow): boolean {
  if (flow.state?.type !== 'Task') return false
  const resource = parseTaskResource(flow.state.resource)
  if (resource.kind === 'activity') return true
  return flow.phase === 'calling' && resource.kind === 'service' && resource.pattern === 'waitForTaskToken'
}

/** What the row is to have for `wake`. */
export function wakeOf(run: Run): number | null {
  if (run.state.status !== 'RUNNING') return null
  return isWaiting(run) ? (nextDue(run.state, run.deadline) ?? null) : 0
}

/** Days in which an execution can be redriven (Step Functions quotas). */
export const REDRIVE_PERIOD_MS = 14 * 86_400_000

export function redriveStatus(
  status: ExecutionDescription['status'],
  stopDate: number | undefined,
  now: number,
  ofMapRun: boolean,
): Pick<ExecutionDescription, 'redriveStatus' | 'redriveStatusReason'> {
  if (status === 'RUNNING' || status === 'SUCCEEDED' || status === 'PENDING_REDRIVE') {
    return { redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: `Execution is ${status} and cannot be redriven` }
  }
  if (ofMapRun) return { redriveStatus: 'REDRIVABLE_BY_MAP_RUN' }
  if (stopDate !== undefined && now - stopDate > REDRIVE_PERIOD_MS) {
    return {
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution has exceeded the redrivable period of 14 days and cannot be redriven',
    }
  }
  return { redriveStatus: 'REDRIVABLE' }
}
