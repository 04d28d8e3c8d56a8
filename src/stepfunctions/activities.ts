import type { Clock } from '../aws/clock.ts'
import { AwsError } from '../aws/errors.ts'
import type { ActivityTask } from './engine.ts'
import type { Executions } from './executions.ts'
import { textOf } from './history.ts'
import { record } from './interpreter.ts'
import { type WorkflowStore, write } from './store.ts'
import { isCurrent } from './taskRunner.ts'
import type { TaskTokens } from './taskTokens.ts'

/** How long GetActivityTask waits for work (API reference). */
const POLL_MS = 60_000
/** Pollers of one activity (Step Functions quotas). */
const MAX_POLLERS = 1000

export interface Activities {
  /** Work is on the disk: a waiting worker gets it. */
  scheduled(activityArn: string): void
  poll(options: PollOptions): Promise<ActivityTask | undefined>
  /** The activity has been deleted: its waiting tasks can no longer be taken, its workers go away empty. */
  forget(activityArn: string): void
  close(): void
}

export interface PollOptions {
  activityArn: string
  workerName?: string
  signal?: AbortSignal
  waitMilliseconds?: number
}

interface Poller {
  options: PollOptions
  resolve(task: ActivityTask | undefined): void
  reject(error: unknown): void
  /** Ends the wait; true the first time. */
  finish(): boolean
}

export function createActivities(
  store: WorkflowStore,
  executions: () => Executions,
  tokens: TaskTokens,
  clock: Clock,
): Activities {
  const pollers = new Map<string, Set<Poller>>()
  /** Last row handed out, by activity: those before it are on their way to workers. Rows only grow. */
  const reached = new Map<string, number>()

  function take(activityArn: string, workerName: string | undefined): Promise<ActivityTask> | undefined {
    for (;;) {
      const row = store.activityTask(activityArn, reached.get(activityArn) ?? 0)
      if (row === undefined) return undefined
      const { execution, flow: flowId, attempt } = row
      reached.set(activityArn, row.row)
      const run = executions().running(execution)
      const flow = run?.state.flows.get(flowId)
      if (run === undefined || flow === undefined || !isCurrent(run, flow, attempt) || flow.phase !== 'scheduled') {
        // The task is over, timed out for example: its row goes, the next one is looked at.
        store.commits.commit([write('deleteActivityTask', execution, flowId, attempt)], () => {})
        continue
      }
      return new Promise<ActivityTask>((resolve, reject) => {
        run.onLost.push((error) => {
          // Not handed out after all: looked at again from the start.
          reached.delete(activityArn)
          reject(error)
        })
        executions().post(run, () => {
          if (!isCurrent(run, flow, attempt) || flow.phase !== 'scheduled') {
            const again = take(activityArn, workerName)
            if (again === undefined) reject(new NothingLeft())
            else again.then(resolve, reject)
            return
          }
          const input = textOf(flow.task?.parameters)
          record(run, {
            type: 'taskStarted',
            at: clock.now(),
            flow: flow.id,
            ...(workerName === undefined ? {} : { workerName }),
          })
          run.writes.push(write('deleteActivityTask', execution, flowId, attempt))
          run.effects.push(() => {
            resolve({ taskToken: tokens.make(execution, flowId, attempt), input })
          })
        })
      })
    }
  }

  /** Gives a poller what there is; false when there is nothing. */
  function serve(poller: Poller): boolean {
    const { activityArn, workerName, signal } = poller.options
    if (signal?.aborted) return false
    const task = take(activityArn, workerName)
    if (task === undefined) return false
    if (!poller.finish()) return true
    task.then(poller.resolve, (error: unknown) =>
      error instanceof NothingLeft ? poller.resolve(undefined) : poller.reject(error),
    )
    return true
  }

  return {
    scheduled(activityArn) {
      const waiting = pollers.get(activityArn)
      const first = waiting?.values().next().value
      if (first !== undefined) serve(first)
    },
    poll(options) {
      const waiting = pollers.get(options.activityArn) ?? new Set<Poller>()
      if (waiting.size >= MAX_POLLERS) {
        throw new AwsError(
          'ActivityWorkerLimitExceeded',
          'The maximum number of workers concurrently polling for activity tasks has been reached.',
        )
      }
      return new Promise((resolve, reject) => {
        let done = false
        let cancel = (): void => {}
        const timeUp = (): void => {
          if (poller.finish()) resolve(undefined)
        }
        const poller: Poller = {
          options,
          resolve,
          reject,
          finish() {
            if (done) return false
            done = true
            cancel()
            options.signal?.removeEventListener('abort', timeUp)
            waiting.delete(poller)
            if (waiting.size === 0 && pollers.get(options.activityArn) === waiting) pollers.delete(options.activityArn)
            return true
          },
        }
        if (options.signal?.aborted || serve(poller)) {
          timeUp()
          return
        }
        pollers.set(options.activityArn, waiting)
        waiting.add(poller)
        cancel = clock.at(clock.now() + (options.waitMilliseconds ?? POLL_MS), timeUp)
        options.signal?.addEventListener('abort', timeUp, { once: true })
      })
    },
    forget(activityArn) {
      store.commits.commit([write('deleteActivity', activityArn)], () => {})
      for (const poller of [...(pollers.get(activityArn) ?? [])]) if (poller.finish()) poller.resolve(undefined)
    },
    close() {
      for (const waiting of [...pollers.values()]) {
        for (const poller of [...waiting]) if (poller.finish()) poller.resolve(undefined)
      }
    },
  }
}

class NothingLeft extends Error {
  override readonly name = 'NothingLeft'
}
