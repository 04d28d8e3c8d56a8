import type { Scope } from './arn.ts'

export type MaybePromise<T> = T | Promise<T>

/** Who makes a call to an AWS API of this server, and where to. */
export interface CallContext extends Scope {
  /** ARN of the caller; the account's root where calls are open to the loopback. */
  principalArn: string
  /** `aws:userid` */
  userId?: string
  accessKeyId?: string
  /** Aborted when the client goes away or the server stops. */
  signal?: AbortSignal
  requestId?: string
}

/** A service of the AWS JSON protocols: requests are told apart by `X-Amz-Target: PREFIX.Operation`. */
export interface JsonService {
  /** For example `AWSStepFunctions`. */
  targetPrefix: string
  /** Version in the content type `application/x-amz-json-1.0`. */
  jsonVersion: '1.0' | '1.1'
  /** Answers one operation. Throws `AwsError`. The input is the parsed body, unchecked. */
  call(operation: string, input: unknown, context: CallContext): MaybePromise<unknown>
}

/** One HTTP request as the REST services (AppSync management, Lambda) see it; the body has been read and bounded. */
export interface RestRequest {
  method: string
  /** Path as sent, still percent-encoded, without the query. */
  path: string
  query: URLSearchParams
  /** Lower-case names. */
  headers: ReadonlyMap<string, string>
  body: Uint8Array
}

export interface RestResponse {
  status: number
  headers?: Record<string, string>
  body: string | Uint8Array
}

/** A service of the REST protocols. `undefined`: no route of this service. Throws `AwsError`. */
export interface RestService {
  handle(request: RestRequest, context: CallContext): MaybePromise<RestResponse | undefined>
}
