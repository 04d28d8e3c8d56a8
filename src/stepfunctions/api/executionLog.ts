import type { ExecutionDescription, MachineRevision } from '../engine.ts'
import { type HistoryEvent, withoutData } from '../history.ts'

/** What CloudWatch Logs receives for an event, member by member. */
export interface ExecutionLogEntry {
  id: string
  type: string
  details: Readonly<Record<string, unknown>>
  redrive_count: string
  previous_event_id: string
  /** Milliseconds since the epoch. */
  event_timestamp: string
  execution_arn: string
}

export interface ExecutionLogMessage {
  /** ARN of the log group that the machine's configuration names, without the `:*` at its end. */
  logGroupArn: string | undefined
  entry: ExecutionLogEntry
}

const FATAL: ReadonlySet<string> = new Set(['ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted'])
const ERROR = /(?:Failed|TimedOut|Aborted)$|^FailStateEntered$/

/**
 * The execution log of an event, or undefined where the machine's level leaves it out. Of a log without execution
 * data, errors and causes stay: they are no payload.
 */
export function executionLogOf(
  execution: ExecutionDescription,
  event: HistoryEvent,
  machine: MachineRevision,
): ExecutionLogMessage | undefined {
  const configuration = machine.loggingConfiguration ?? {}
  if (!isLogged(event.type, configuration['level'])) return undefined
  const shown = configuration['includeExecutionData'] === true ? event : withoutData(event)
  const details = Object.entries(shown).find(([member]) => member.endsWith('EventDetails'))?.[1]
  return {
    logGroupArn: logGroupOf(configuration),
    entry: {
      id: String(event.id),
      type: event.type,
      details: details ?? {},
      redrive_count: String(execution.redriveCount),
      previous_event_id: String(event.previousEventId),
      event_timestamp: String(event.timestamp),
      execution_arn: execution.executionArn,
    },
  }
}

function isLogged(type: string, level: unknown): boolean {
  switch (level) {
    case 'ALL':
      return true
    case 'ERROR':
      return ERROR.test(type)
    case 'FATAL':
      return FATAL.has(type)
    default:
      return false
  }
}

function logGroupOf(configuration: Readonly<Record<string, unknown>>): string | undefined {
  const destinations = configuration['destinations'] as
    | readonly { cloudWatchLogsLogGroup?: { logGroupArn?: string } }[]
    | undefined
  return destinations?.[0]?.cloudWatchLogsLogGroup?.logGroupArn?.replace(/:\*$/, '')
}
