import type { Scope } from '../../aws/arn.ts'
import type { TaskFailure } from '../journal/entries.ts'
import type { TaskResource } from './resource.ts'

/** How a call ended. */
export type TaskOutcome =
  | { type: 'succeeded'; output: unknown }
  /** The work goes on elsewhere: a token or the nested execution's end will tell. */
  | { type: 'submitted'; output: unknown; child?: string }
  | { type: 'failed'; error: string; cause?: string; how?: TaskFailure }

/** One attempt of a task, to be called. */
export interface TaskCall {
  resource: TaskResource
  parameters: unknown
  scope: Scope
  /** Of the task's credentials, else the machine's. */
  roleArn: string
  executionArn: string
  /** Row of the execution, flow and attempt: who hears of a nested execution's end. */
  parent: { execution: number; flow: number; attempt: number }
  signal: AbortSignal
}

/** The result of an integration that shows how AWS's SDK was answered. */
export function withTransport(output: Record<string, unknown>, requestId: string): Record<string, unknown> {
  const length = String(Buffer.byteLength(JSON.stringify(output)))
  const single: Record<string, string> = {
    Connection: 'keep-alive',
    'Content-Length': length,
    'Content-Type': 'application/x-amz-json-1.0',
    Date: new Date().toUTCString(),
    'x-amzn-RequestId': requestId,
  }
  const all = Object.fromEntries(Object.entries(single).map(([name, value]) => [name, [value]]))
  return {
    ...output,
    SdkHttpMetadata: { AllHttpHeaders: all, HttpHeaders: single, HttpStatusCode: 200 },
    SdkResponseMetadata: { RequestId: requestId },
  }
}
