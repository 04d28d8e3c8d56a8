import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AwsError } from '../aws/errors.ts'
import type { CallContext, RestRequest, RestResponse, RestService } from '../aws/service.ts'
import type { Log } from '../observability/log.ts'
import { MAX_JSON_BODY_BYTES } from './awsJson.ts'
import { BodyTooLargeError, readBody } from './body.ts'
import { drain } from './graphqlBody.ts'

/** Largest request of Lambda's API: a function's code, 50 MB zipped, as base64 text. */
const MAX_LAMBDA_BODY_BYTES = 70_167_211

export interface RestOptions {
  contextOf: (request: IncomingMessage, body: Buffer, service: string) => CallContext | Promise<CallContext>
  log: Log
}

/** Answers requests of the AWS REST protocols. */
export function createRestHandler({ contextOf, log }: RestOptions) {
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    service: RestService,
    name: string,
    errorResponse?: (error: AwsError, requestId: string) => RestResponse,
  ): Promise<void> => {
    const requestId = randomUUID()
    const send = (status: number, headers: Record<string, string>, body: string | Uint8Array): void => {
      if (response.destroyed) return
      response.writeHead(status, {
        'x-amzn-requestid': requestId,
        'content-length': Buffer.byteLength(body),
        ...headers,
      })
      response.end(body)
    }
    const refuse = (status: number, code: string, body: Record<string, unknown>): void =>
      send(status, { 'content-type': 'application/json', 'x-amzn-errortype': code }, JSON.stringify(body))
    const abort = new AbortController()
    response.on('close', () => {
      if (!response.writableFinished) abort.abort()
    })
    try {
      const body = await readBody(request, name === 'lambda' ? MAX_LAMBDA_BODY_BYTES : MAX_JSON_BODY_BYTES)
      const context = await contextOf(request, body, name)
      context.signal = abort.signal
      context.requestId = requestId
      const answer = await service.handle(toRestRequest(request, body), context)
      if (answer === undefined)
        throw new AwsError(
          'UnknownOperationException',
          `${request.method} ${request.url} is no operation of this API.`,
          { statusCode: 404 },
        )
      send(answer.status, answer.headers ?? {}, answer.body)
    } catch (error) {
      if (error instanceof AwsError && errorResponse !== undefined) {
        const refusal = errorResponse(error, requestId)
        send(refusal.status, refusal.headers ?? {}, refusal.body)
      } else if (error instanceof AwsError) {
        // Lambda says "Message", the others "message".
        const member = name === 'lambda' ? 'Message' : 'message'
        refuse(error.statusCode, error.code, { [member]: error.message, ...error.details })
      } else if (error instanceof BodyTooLargeError) {
        if (!drain(request)) response.setHeader('connection', 'close')
        refuse(413, 'RequestEntityTooLargeException', { message: 'Request body is too large.' })
      } else if (!abort.signal.aborted) {
        log('error', 'an AWS API call failed unexpectedly', {
          path: request.url,
          requestId,
          error: String((error as Error)?.stack ?? error),
        })
        refuse(500, 'InternalFailureException', { message: 'An internal error occurred.' })
      }
    }
  }
}

export function toRestRequest(request: IncomingMessage, body: Uint8Array): RestRequest {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers,
    body,
  }
}
