import { randomUUID } from 'node:crypto'
import type { Scope } from '../../aws/arn.ts'
import { AwsError, messageOf } from '../../aws/errors.ts'
import type { LambdaInvoker } from '../../aws/lambdaInvoker.ts'
import { type SigningCredentials, signRequest } from '../../aws/sigv4.ts'

export interface RemoteLambdaOptions {
  /** Base URL of a Lambda API, for example the value of `AWS_ENDPOINT_URL_LAMBDA`. */
  endpoint: string
  credentials: SigningCredentials
  /** @default the global fetch */
  fetch?: typeof fetch
}

/** Longest that Lambda holds a synchronous invocation: 15 minutes, and the way there and back. */
const INVOKE_TIMEOUT_MS = 920_000

/** Invokes functions on another Lambda API. */
export function createRemoteLambda({
  endpoint,
  credentials,
  fetch = globalThis.fetch,
}: RemoteLambdaOptions): LambdaInvoker {
  return {
    async invoke(invocation, scope: Scope) {
      const url = new URL(
        `/2015-03-31/functions/${encodeURIComponent(invocation.functionName)}/invocations${
          invocation.qualifier === undefined ? '' : `?Qualifier=${encodeURIComponent(invocation.qualifier)}`
        }`,
        endpoint,
      )
      const { headers } = signRequest({
        method: 'POST',
        url: url.href,
        headers: [
          ['content-type', 'application/json'],
          ['x-amz-invocation-type', invocation.invocationType ?? 'RequestResponse'],
          ['x-amz-log-type', 'Tail'],
          ...(invocation.clientContext === undefined
            ? []
            : ([['x-amz-client-context', invocation.clientContext]] as [string, string][])),
        ],
        body: invocation.payload,
        credentials,
        region: scope.region,
        service: 'lambda',
      })
      const timeout = AbortSignal.timeout(INVOKE_TIMEOUT_MS)
      let response: Response
      let payload: string
      try {
        response = await fetch(url, {
          method: 'POST',
          headers: headers.filter(([name]) => name.toLowerCase() !== 'host'),
          body: invocation.payload,
          redirect: 'error',
          signal: invocation.signal === undefined ? timeout : AbortSignal.any([timeout, invocation.signal]),
        })
        payload = await response.text()
      } catch (cause) {
        throw new AwsError('SdkClientException', `Unable to execute HTTP request: ${messageOf(cause)}`, {
          statusCode: 502,
          cause,
        })
      }
      if (!response.ok) throw errorOf(response, payload)
      const functionError = response.headers.get('x-amz-function-error')
      const logResult = response.headers.get('x-amz-log-result')
      return {
        statusCode: response.status,
        payload,
        ...(functionError !== null && {
          functionError: functionError === 'Handled' ? ('Handled' as const) : ('Unhandled' as const),
        }),
        executedVersion: response.headers.get('x-amz-executed-version') ?? '$LATEST',
        ...(logResult !== null && { logResult }),
        requestId: response.headers.get('x-amzn-requestid') ?? randomUUID(),
      }
    },
  }
}

function errorOf(response: Response, body: string): AwsError {
  const code = response.headers
    .get('x-amzn-errortype')
    ?.replace(/^.*#/, '')
    .replace(/[:,].*$/, '')
  let message = ''
  try {
    const parsed = JSON.parse(body) as { Message?: unknown; message?: unknown }
    message = String(parsed.Message ?? parsed.message ?? '')
  } catch {
    message = body.slice(0, 1000)
  }
  return new AwsError(code ?? 'ServiceException', message, { statusCode: response.status })
}
