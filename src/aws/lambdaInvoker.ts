import type { Scope } from './arn.ts'

export interface LambdaInvocation {
  /** Name, `name:qualifier`, partial or full ARN. */
  functionName: string
  qualifier?: string
  /** JSON text of the event. */
  payload: string
  /** @default 'RequestResponse' */
  invocationType?: 'RequestResponse' | 'Event' | 'DryRun'
  /** Base64 JSON, as in `X-Amz-Client-Context`. */
  clientContext?: string
  /** ARN of the caller, for the function's logs. */
  principalArn?: string
  signal?: AbortSignal
}

export interface LambdaResult {
  /** 200, or 202 for `Event`, 204 for `DryRun`. */
  statusCode: number
  /** JSON text of the answer; of `{errorMessage, errorType, trace…}` after a function error; empty for `Event`. */
  payload: string
  /** Set when the function failed. */
  functionError?: 'Handled' | 'Unhandled'
  executedVersion: string
  /** Last 4 KB of the log, base64. */
  logResult?: string
  requestId: string
}

/**
 * Runs functions: the embedded service, or a client of `AWS_ENDPOINT_URL_LAMBDA`.
 * Throws `AwsError` (`ResourceNotFoundException`, `TooManyRequestsException`, `RequestTooLargeException`, …).
 */
export interface LambdaInvoker {
  invoke(invocation: LambdaInvocation, scope: Scope): Promise<LambdaResult>
}
