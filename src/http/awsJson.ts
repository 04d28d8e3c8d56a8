import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AwsError } from '../aws/errors.ts'
import type { CallContext, JsonService } from '../aws/service.ts'
import type { Log } from '../observability/log.ts'
import { BodyTooLargeError, readBody } from './body.ts'
import { drain } from './graphqlBody.ts'

/** Namespaces of `__type` in errors, as the services send them. */
const ERROR_NAMESPACES: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'com.amazonaws.dynamodb.v20120810#',
  DynamoDBStreams_20120810: 'com.amazonaws.dynamodb.v20120810#',
  AWSStepFunctions: 'com.amazonaws.swf.service.v2.model#',
}
/** Errors of the protocol itself have the framework's namespace in every service. */
const CORAL_ERRORS: ReadonlySet<string> = new Set(['SerializationException', 'UnknownOperationException'])

/** Larger than the largest request of any service (DynamoDB's batches: 16 MB). */
export const MAX_JSON_BODY_BYTES = 17 * 1024 * 1024

export interface AwsJsonOptions {
  services: readonly JsonService[]
  /** Checks the signature where that is asked for, and says who calls. Throws `AwsError`. */
  contextOf: (request: IncomingMessage, body: Buffer, service: string) => CallContext | Promise<CallContext>
  log: Log
}

/** Answers requests of the AWS JSON protocols, told apart by `X-Amz-Target`. */
export function createAwsJsonHandler({ services, contextOf, log }: AwsJsonOptions) {
  const byPrefix = new Map(services.map((service) => [service.targetPrefix, service]))
  return async (request: IncomingMessage, response: ServerResponse, target: string): Promise<void> => {
    const dot = target.indexOf('.')
    const prefix = target.slice(0, dot)
    const service = byPrefix.get(prefix)
    const requestId = randomUUID()
    const version = service?.jsonVersion ?? '1.0'
    const send = (status: number, body: string): void => {
      if (response.destroyed) return
      response.writeHead(status, {
        'content-type': `application/x-amz-json-${version}`,
        'x-amzn-requestid': requestId,
        'content-length': Buffer.byteLength(body),
      })
      response.end(body)
    }
    const abort = new AbortController()
    response.on('close', () => {
      if (!response.writableFinished) abort.abort()
    })
    try {
      if (service === undefined) {
        throw new AwsError(
          'UnknownOperationException',
          `The target ${JSON.stringify(target.slice(0, 200))} names no service that is answered here (${[...byPrefix.keys()].join(', ')}). Point AWS_ENDPOINT_URL_<SERVICE> at one that answers it.`,
        )
      }
      const body = await readBody(request, MAX_JSON_BODY_BYTES)
      const context = await contextOf(request, body, target)
      context.signal = abort.signal
      context.requestId = requestId
      const output = await service.call(target.slice(dot + 1), parse(body), context)
      send(200, output === undefined ? '{}' : JSON.stringify(output))
    } catch (error) {
      if (error instanceof AwsError) {
        const namespace = namespaceOf(error.code, prefix)
        const capital = prefix.startsWith('Dynamo') && error.code === 'SerializationException'
        send(
          error.statusCode,
          JSON.stringify({
            __type: `${namespace}${error.code}`,
            [capital ? 'Message' : 'message']: error.message,
            ...error.details,
          }),
        )
        return
      }
      if (error instanceof BodyTooLargeError) {
        if (!drain(request)) response.setHeader('connection', 'close')
        send(413, JSON.stringify({ __type: 'RequestEntityTooLargeException', message: 'Request body is too large.' }))
        return
      }
      if (abort.signal.aborted) return
      log('error', 'an AWS API call failed unexpectedly', {
        target,
        requestId,
        error: String((error as Error)?.stack ?? error),
      })
      send(500, JSON.stringify({ __type: 'InternalFailure', message: 'An internal error occurred.' }))
    }
  }
}

function namespaceOf(code: string, prefix: string): string {
  if (CORAL_ERRORS.has(code)) return 'com.amazon.coral.service#'
  if (code === 'ValidationException') return 'com.amazon.coral.validate#'
  return ERROR_NAMESPACES[prefix] ?? ''
}

function parse(body: Buffer): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new AwsError('SerializationException', 'Could not parse the request body as JSON.')
  }
}
