import type { Clock } from '../aws/clock.ts'
import type { MockConfiguration } from './engine.ts'
import type { Executions } from './executions.ts'
import { textOf } from './history.ts'
import { record } from './interpreter.ts'
import type { Entry, TaskResult } from './journal/entries.ts'
import type { Flow } from './journal/executionState.ts'
import type { Run } from './run.ts'
import { write } from './store.ts'
import { mockedResponse } from './tasks/mocks.ts'
import type { TaskCall, TaskOutcome } from './tasks/outcome.ts'
import { perform, type TaskServices } from './tasks/perform.ts'
import { parseTaskResource } from './tasks/resource.ts'

export interface TaskRunner {
  /** A task has been scheduled: once that is durable it is started, and once that is durable it is called. */
  schedule(run: Run, flow: Flow): void
  /** An execution is back in memory: what became of its tasks? */
  resume(run: Run): void
  /** The nested execution of a task has ended. */
  childEnded(run: Run, flow: Flow): void
  /** A task's token came back. */
  returned(run: Run, flow: Flow, result: TaskResult): void
}

export interface TaskRunnerOptions {
  executions: () => Executions
  services: TaskServices
  clock: Clock
  mocks: MockConfiguration | undefined
  /** Work for an activity is on the disk. */
  activityScheduled: (activityArn: string) => void
}

export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  const now = (): number => options.clock.now()

  function schedule(run: Run, flow: Flow): void {
    const attempt = flow.task?.id
    if (attempt === undefined || flow.state?.type !== 'Task') return
    const resource = parseTaskResource(flow.state.resource)
    if (resource.kind === 'activity' && mockFor(run, flow) === undefined) {
      run.writes.push(write('insertActivityTask', resource.arn, run.id, flow.id, attempt))
      run.effects.push(() => options.activityScheduled(resource.arn))
      return
    }
    run.effects.push(() => begin(run, flow, attempt))
  }

  function mockFor(run: Run, flow: Flow) {
    const testCase = run.state.started?.testCase
    if (testCase === undefined || options.mocks === undefined || flow.state === undefined) return undefined
    const count = run.state.calls?.get(flow.state.name) ?? 1
    const machine = run.revision.name.split('/')[0] ?? run.revision.name
    return mockedResponse(options.mocks, machine, testCase, flow.state.name, count - 1)
  }

  /** Records that the call begins, then makes it. */
  function begin(run: Run, flow: Flow, attempt: number): void {
    options.executions().post(run, () => {
      if (!isCurrent(run, flow, attempt) || flow.phase !== 'scheduled') return
      record(run, { type: 'taskStarted', at: now(), flow: flow.id })
      run.effects.push(() => call(run, flow, attempt))
    })
  }

  function call(run: Run, flow: Flow, attempt: number): void {
    if (run.gone || !isCurrent(run, flow, attempt) || flow.state?.type !== 'Task' || flow.task === undefined) return
    const controller = new AbortController()
    run.calls.set(attempt, { controller, flow })
    const taskCall: TaskCall = {
      resource: parseTaskResource(flow.state.resource),
      parameters: flow.task.parameters,
      scope: { accountId: run.facts.accountId, region: run.facts.region },
      roleArn: flow.task.roleArn ?? run.facts.roleArn,
      executionArn: run.facts.executionArn,
      parent: { execution: run.id, flow: flow.id, attempt },
      signal: controller.signal,
    }
    void perform(options.services, taskCall, mockFor(run, flow)).then((outcome) => {
      if (run.gone) return
      options.executions().post(run, () => {
        run.calls.delete(attempt)
        if (isCurrent(run, flow, attempt)) settleTask(run, flow, outcome)
      })
    })
  }

  function settleTask(run: Run, flow: Flow, outcome: TaskOutcome): void {
    const at = now()
    const returned = flow.task?.returned
    if (returned !== undefined) {
      if (outcome.type === 'submitted') {
        record(run, { type: 'submitted', at, flow: flow.id, output: outcome.output ?? null })
      }
      endTask(run, flow, returned)
      return
    }
    switch (outcome.type) {
      case 'succeeded':
        record(run, { type: 'taskSucceeded', at, flow: flow.id, output: outcome.output ?? null })
        return
      case 'submitted': {
        const entry: Entry = { type: 'submitted', at, flow: flow.id, output: outcome.output ?? null }
        if (outcome.child !== undefined) entry.child = outcome.child
        record(run, entry)
        if (outcome.child !== undefined) awaitChild(run, flow)
        return
      }
      case 'failed': {
        const entry: Entry = {
          type: 'taskFailed',
          at,
          flow: flow.id,
          how: outcome.how ?? 'Failed',
          error: outcome.error,
        }
        if (outcome.cause !== undefined) entry.cause = outcome.cause
        record(run, entry)
      }
    }
  }

  function returned(run: Run, flow: Flow, result: TaskResult): void {
    // Whoever hands the token out has not been answered yet, which comes first in the history.
    if (flow.phase === 'calling' && flow.task !== undefined && run.calls.has(flow.task.id)) {
      record(run, { type: 'returned', at: now(), flow: flow.id, result })
    } else {
      endTask(run, flow, result)
    }
  }

  function endTask(run: Run, flow: Flow, result: TaskResult): void {
    const at = now()
    if ('output' in result) {
      record(run, { type: 'taskSucceeded', at, flow: flow.id, output: result.output })
      return
    }
    const { failed: _, ...failure } = result
    record(run, { type: 'taskFailed', at, flow: flow.id, how: 'Failed', ...failure })
  }

  /** The nested execution may have ended before this one knew its name. */
  function awaitChild(run: Run, flow: Flow): void {
    const child = flow.task?.child
    if (child === undefined) return
    run.children.set(child, flow)
    run.effects.push(() => options.executions().post(run, () => childEnded(run, flow)))
  }

  function childEnded(run: Run, flow: Flow): void {
    const executions = options.executions()
    const child = flow.task?.child
    if (child === undefined || flow.phase !== 'submitted' || flow.state?.type !== 'Task') return
    const nested = executions.byArn(child)
    if (nested?.status === 'RUNNING') return
    const row = executions.rowOf(child)
    if (nested === undefined && (row === undefined || row.status === 0)) return
    const description = executions.describe(nested ?? executions.restore(row as NonNullable<typeof row>))
    const resource = parseTaskResource(flow.state.resource)
    const parsed = resource.kind === 'service' && resource.pattern === 'sync:2'
    run.children.delete(child)
    const result: Record<string, unknown> = {
      ExecutionArn: description.executionArn,
      Input: parsed ? JSON.parse(description.input) : description.input,
      InputDetails: { Included: true },
      Name: description.name,
      StartDate: description.startDate,
      StateMachineArn: description.stateMachineArn,
      Status: description.status,
      StopDate: description.stopDate,
      RedriveCount: description.redriveCount,
      RedriveStatus: description.redriveStatus,
    }
    if (description.redriveStatusReason !== undefined) result['RedriveStatusReason'] = description.redriveStatusReason
    if (description.status === 'SUCCEEDED') {
      result['Output'] = parsed ? JSON.parse(description.output ?? 'null') : description.output
      result['OutputDetails'] = { Included: true }
      record(run, { type: 'taskSucceeded', at: now(), flow: flow.id, output: result })
      return
    }
    if (description.error !== undefined) result['Error'] = description.error
    if (description.cause !== undefined) result['Cause'] = description.cause
    record(run, {
      type: 'taskFailed',
      at: now(),
      flow: flow.id,
      how: 'Failed',
      error: 'States.TaskFailed',
      cause: textOf(result),
    })
  }

  function resume(run: Run): void {
    for (const flow of run.state.flows.values()) {
      const { task, state } = flow
      if (task === undefined || state?.type !== 'Task') continue
      const resource = parseTaskResource(state.resource)
      switch (flow.phase) {
        case 'scheduled':
          // Recorded and never called: called now.
          if (resource.kind !== 'activity') begin(run, flow, task.id)
          break
        case 'calling':
          if (task.returned !== undefined) {
            const { returned: result } = task
            options.executions().post(run, () => isCurrent(run, flow, task.id) && endTask(run, flow, result))
            break
          }
          if (resource.kind === 'service' && resource.pattern === 'waitForTaskToken') break
          if (isNestedStart(resource)) {
            // Its name makes the call one that can be repeated.
            options.executions().post(run, () => call(run, flow, task.id))
            break
          }
          options.executions().post(run, () => {
            if (!isCurrent(run, flow, task.id) || flow.phase !== 'calling') return
            record(run, {
              type: 'taskFailed',
              at: now(),
              flow: flow.id,
              how: 'Failed',
              error: isLambda(resource) ? 'Lambda.Unknown' : 'States.TaskFailed',
              cause: 'The server stopped while the task ran. Whether it did its work is not known.',
            })
          })
          break
        case 'submitted':
          if (task.child !== undefined) {
            run.children.set(task.child, flow)
            options.executions().post(run, () => childEnded(run, flow))
          }
          break
        default:
      }
    }
  }

  return { schedule, resume, childEnded, returned }
}

/** Whether a task's attempt is still waited for. */
export function isCurrent(run: Run, flow: Flow, attempt: number): boolean {
  return run.state.status === 'RUNNING' && run.state.flows.get(flow.id) === flow && flow.task?.id === attempt
}

function isLambda(resource: ReturnType<typeof parseTaskResource>): boolean {
  return resource.kind === 'lambda' || (resource.kind === 'service' && resource.service === 'lambda')
}

function isNestedStart(resource: ReturnType<typeof parseTaskResource>): boolean {
  return (
    resource.kind === 'service' &&
    !resource.sdk &&
    resource.service === 'states' &&
    resource.action === 'startExecution'
  )
}
