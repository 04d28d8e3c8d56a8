import type { StateType } from './asl/program.ts'
import type { Ended, Scheduled, TaskFailure } from './journal/entries.ts'
import type { TaskResource } from './tasks/resource.ts'

/** Whether a text in an event was cut. */
export interface DataDetails {
  truncated: boolean
}

export type EventDetails = { [details: `${string}EventDetails`]: Readonly<Record<string, unknown>> }

export interface HistoryEvent {
  /** Milliseconds since the epoch. */
  timestamp: number
  type: string
  id: number
  previousEventId: number
  /** The one `…EventDetails` member that belongs to `type`, by its name in the API. Absent where the type has none. */
  [details: `${string}EventDetails`]: Readonly<Record<string, unknown>>
}

const WHOLE: DataDetails = { truncated: false }

/** A value as events and outputs hold it: JSON text without spaces. */
export function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}

/** Without the members that are undefined. */
export function present(members: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(members)) if (members[key] === undefined) delete members[key]
  return members
}

export function executionStarted(
  input: string,
  roleArn: string,
  revision: { stateMachineAliasArn?: string; stateMachineVersionArn?: string },
): EventDetails {
  return {
    executionStartedEventDetails: present({
      input,
      inputDetails: WHOLE,
      roleArn,
      stateMachineAliasArn: revision.stateMachineAliasArn,
      stateMachineVersionArn: revision.stateMachineVersionArn,
    }),
  }
}

export function stateEntered(name: string, input: unknown): EventDetails {
  return { stateEnteredEventDetails: { name, input: textOf(input), inputDetails: WHOLE } }
}

export function stateExited(
  name: string,
  output: unknown,
  assigned: readonly [name: string, value: unknown][] | undefined,
): EventDetails {
  const details: Record<string, unknown> = { name, output: textOf(output), outputDetails: WHOLE }
  if (assigned !== undefined && assigned.length > 0) {
    const variables: Record<string, string> = Object.create(null)
    for (const [variable, value] of assigned) variables[variable] = textOf(value)
    details['assignedVariables'] = variables
    details['assignedVariablesDetails'] = WHOLE
  }
  return { stateExitedEventDetails: details }
}

const ENDED: Record<Ended['status'], string> = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
}

export function executionEnded(status: Ended['status']): string {
  return ENDED[status]
}

export function endedDetails(entry: Ended, output: unknown): EventDetails {
  const { error, cause } = entry
  switch (entry.status) {
    case 'SUCCEEDED':
      return { executionSucceededEventDetails: { output: textOf(output), outputDetails: WHOLE } }
    case 'FAILED':
      return { executionFailedEventDetails: present({ error, cause }) }
    case 'TIMED_OUT':
      return { executionTimedOutEventDetails: present({ error, cause }) }
    case 'ABORTED':
      return { executionAbortedEventDetails: present({ error, cause }) }
  }
}

/** Event of a state that is stopped with its branch; the other types are over at once and have none. */
export function aborted(type: StateType): string | undefined {
  return type === 'Task' || type === 'Wait' || type === 'Parallel' || type === 'Map' ? `${type}StateAborted` : undefined
}

export function iteration(
  what: 'Started' | 'Succeeded' | 'Failed' | 'Aborted',
  name: string,
  index: number,
): EventDetails {
  const details = { name, index }
  switch (what) {
    case 'Started':
      return { mapIterationStartedEventDetails: details }
    case 'Succeeded':
      return { mapIterationSucceededEventDetails: details }
    case 'Failed':
      return { mapIterationFailedEventDetails: details }
    case 'Aborted':
      return { mapIterationAbortedEventDetails: details }
  }
}

type TaskEvent = 'Scheduled' | 'Started' | 'Succeeded' | TaskFailure

const FAMILY = { lambda: 'LambdaFunction', activity: 'Activity', service: 'Task' } as const

/** For example `LambdaFunctionScheduled`: each form of resource has events of its own. */
export function taskEvent(resource: TaskResource, what: TaskEvent): string {
  return `${FAMILY[resource.kind]}${what}`
}

function details(
  resource: TaskResource,
  what: TaskEvent | 'Submitted',
  members: Record<string, unknown>,
): EventDetails {
  const family = FAMILY[resource.kind]
  return { [`${family[0]?.toLowerCase()}${family.slice(1)}${what}EventDetails`]: present(members) } as EventDetails
}

function named(resource: TaskResource): Record<string, unknown> {
  return resource.kind === 'service' ? { resourceType: resource.resourceType, resource: resource.resource } : {}
}

export function scheduledDetails(resource: TaskResource, entry: Scheduled, region: string): EventDetails {
  const limits = {
    timeoutInSeconds: entry.timeoutSeconds,
    heartbeatInSeconds: resource.kind === 'lambda' ? undefined : entry.heartbeatSeconds,
    taskCredentials: entry.roleArn === undefined ? undefined : { roleArn: entry.roleArn },
  }
  const parameters = textOf(entry.parameters)
  if (resource.kind !== 'service') {
    return details(resource, 'Scheduled', {
      resource: resource.arn,
      input: parameters,
      inputDetails: WHOLE,
      ...limits,
    })
  }
  return details(resource, 'Scheduled', { ...named(resource), region, parameters, ...limits })
}

export function startedDetails(resource: TaskResource, workerName: string | undefined): EventDetails {
  if (resource.kind === 'lambda') return {}
  return details(resource, 'Started', resource.kind === 'activity' ? { workerName } : named(resource))
}

export function outputDetails(resource: TaskResource, what: 'Submitted' | 'Succeeded', output: unknown): EventDetails {
  return details(resource, what, { ...named(resource), output: textOf(output), outputDetails: WHOLE })
}

export function failedDetails(
  resource: TaskResource,
  how: TaskFailure,
  error: string | undefined,
  cause: string | undefined,
): EventDetails {
  return details(resource, how, { ...named(resource), error, cause })
}

const DATA: ReadonlySet<string> = new Set([
  'input',
  'inputDetails',
  'output',
  'outputDetails',
  'parameters',
  'assignedVariables',
  'assignedVariablesDetails',
])

/** The event as `includeExecutionData: false` shows it: who and when, no payload. */
export function withoutData(event: HistoryEvent): HistoryEvent {
  const stripped: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(event)) {
    stripped[key] =
      typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).filter(([name]) => !DATA.has(name)))
        : value
  }
  return stripped as unknown as HistoryEvent
}
