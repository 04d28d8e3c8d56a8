import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller, RequestCredentials } from '../auth/caller.ts'
import { AuthenticationError } from '../auth/caller.ts'
import type { MaybePromise } from '../aws/service.ts'
import type { GraphqlAnswer, GraphqlEngine, GraphqlRequest, RequestInfo } from '../graphql/engine.ts'
import type { Log } from '../observability/log.ts'
import { silentLog } from '../observability/log.ts'
import type { GraphqlApi } from '../resources.ts'
import { createBodyReader, decompress, drain, GraphqlHttpError } from './graphqlBody.ts'
import { createGraphqlPage, type GraphqlPage } from './graphqlPage.ts'
import { requestOfBody, requestOfUrl } from './graphqlRequest.ts'

export interface GraphqlHttpOptions {
  engine: GraphqlEngine
  /** Finds out who is calling. Throws (or rejects with) `AuthenticationError`. */
  authenticate(api: GraphqlApi, credentials: RequestCredentials): MaybePromise<Caller>
  /** Answers a browser that asks for a page. @default GraphiQL */
  page?: GraphqlPage
  /** Custom domain of a request's host; null when the host is no custom domain. @default always null */
  domainNameOf?(host: string | undefined): string | null
  log?: Log
}

export interface GraphqlHttpHandler {
  (request: IncomingMessage, response: ServerResponse, apiId: string): void
  close(): void
}

const EXPOSED = 'x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date,x-amz-schema-version'
const ALLOWED_HEADERS =
  'content-type,x-api-key,authorization,x-amz-date,x-amz-security-token,x-amz-user-agent,x-amz-content-sha256,x-amz-target'
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/
const CONTENT_TYPE = 'application/json;charset=UTF-8'
const EMPTY = Buffer.alloc(0)

/**
 * GraphQL over HTTP in AppSync's answers: POST of JSON or `application/graphql`, and GET. Queries that wait for nothing are
 * answered in the same turn of the event loop.
 */
export function createGraphqlHttpHandler(options: GraphqlHttpOptions): GraphqlHttpHandler {
  const { engine } = options
  const log = options.log ?? silentLog
  const bodies = createBodyReader()
  const page = options.page ?? createGraphqlPage({ engine })

  function handle(request: IncomingMessage, response: ServerResponse, apiId: string): void {
    switch (request.method) {
      case 'POST':
        return bodies.read(request, (body) => {
          if (body instanceof GraphqlHttpError) return refuse(request, response, body)
          const plain = decompress(body, request.headers['content-encoding'])
          if (plain === undefined) return answer(request, response, apiId, body, body)
          plain
            .then((inflated) => answer(request, response, apiId, body, inflated))
            .catch((error: unknown) => fail(request, response, error))
        })
      case 'GET':
        if (wantsPage(request)) {
          page(request, response, apiId).catch((error: unknown) => fail(request, response, error))
          return
        }
        return answer(request, response, apiId, EMPTY, undefined)
      case 'OPTIONS':
        return preflight(request, response)
      default:
        response.setHeader('allow', 'GET, POST, OPTIONS')
        return refuse(
          request,
          response,
          new GraphqlHttpError(405, 'MethodNotAllowedException', 'The method must be POST or GET.'),
        )
    }
  }

  /**
   * @param signed The body as sent, which a signature covers.
   * @param body The body to read; undefined for GET.
   */
  function answer(
    request: IncomingMessage,
    response: ServerResponse,
    apiId: string,
    signed: Buffer,
    body: Buffer | undefined,
  ): void {
    const requestId = randomUUID()
    const api = engine.apiOf(apiId)
    if (api === undefined) {
      return send(
        response,
        requestId,
        failure(404, 'NotFoundException', `GraphQL API ${apiId.slice(0, 100)} not found.`),
      )
    }
    const parsed =
      body === undefined ? requestOfUrl(request.url ?? '') : requestOfBody(body, request.headers['content-type'])
    let caller: MaybePromise<Caller>
    try {
      caller = options.authenticate(api, credentialsOf(request, signed, parsed))
    } catch (error) {
      return fail(request, response, error, requestId)
    }
    if (caller instanceof Promise) {
      caller
        .then((settled) => run(request, response, apiId, parsed, settled, requestId))
        .catch((error: unknown) => fail(request, response, error, requestId))
    } else run(request, response, apiId, parsed, caller, requestId)
  }

  function run(
    request: IncomingMessage,
    response: ServerResponse,
    apiId: string,
    parsed: GraphqlRequest | GraphqlHttpError,
    caller: Caller,
    requestId: string,
  ): void {
    if (parsed instanceof GraphqlHttpError) return refuse(request, response, parsed, requestId)
    let aborted: AbortController | undefined
    const info: RequestInfo = {
      headers: request.headers as Record<string, string>,
      domainName: options.domainNameOf?.(request.headers.host) ?? null,
      requestId,
      // Made only when something waits: most requests are answered before anybody could go away.
      get signal() {
        if (aborted === undefined) {
          aborted = new AbortController()
          if (response.destroyed) aborted.abort()
          else response.once('close', () => aborted?.abort())
        }
        return aborted.signal
      },
    }
    const answered = engine.execute(apiId, parsed, caller, info)
    if (answered instanceof Promise) {
      answered.then(
        (settled) => send(response, requestId, settled),
        (error: unknown) => fail(request, response, error, requestId),
      )
    } else send(response, requestId, answered)
  }

  function fail(
    request: IncomingMessage,
    response: ServerResponse,
    error: unknown,
    requestId: string = randomUUID(),
  ): void {
    if (error instanceof AuthenticationError) {
      return send(response, requestId, failure(error.statusCode, error.errorType, error.message))
    }
    if (error instanceof GraphqlHttpError) return refuse(request, response, error, requestId)
    log('error', 'request failed unexpectedly', {
      requestId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    send(response, requestId, failure(500, 'InternalFailureException', 'Internal Failure'))
  }

  function refuse(
    request: IncomingMessage,
    response: ServerResponse,
    error: GraphqlHttpError,
    requestId: string = randomUUID(),
  ): void {
    if (!request.complete && !drain(request)) response.setHeader('connection', 'close')
    send(response, requestId, failure(error.status, error.errorType, error.message))
  }

  return Object.assign(handle, { close: () => bodies.close() })
}

function failure(status: number, errorType: string, message: string): GraphqlAnswer {
  return { status, errorType, body: { errors: [{ errorType, message }] } }
}

/** Headers that say how the message is framed or what it is; resolvers cannot set them. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

function isResolversHeader(name: string, value: string): boolean {
  return HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !OWN_HEADERS.has(name.toLowerCase())
}

/** Sends an answer. Never throws: a value that has no JSON is a failure of ours, told as one. */
function send(response: ServerResponse, requestId: string, answer: GraphqlAnswer): void {
  if (response.headersSent || response.destroyed) return
  let text: string
  try {
    text = JSON.stringify(answer.body)
  } catch {
    send(response, requestId, failure(500, 'InternalFailureException', 'Internal Failure'))
    return
  }
  const headers = [
    'Content-Type',
    CONTENT_TYPE,
    'Content-Length',
    String(Buffer.byteLength(text)),
    'x-amzn-RequestId',
    requestId,
    'access-control-allow-origin',
    '*',
    'access-control-expose-headers',
    EXPOSED,
  ]
  if (answer.errorType !== undefined) headers.push('x-amzn-ErrorType', answer.errorType)
  if (answer.headers !== undefined) {
    for (const [name, value] of Object.entries(answer.headers)) {
      if (isResolversHeader(name, String(value))) headers.push(name, String(value))
    }
  }
  if (response.hasHeader('connection')) headers.push('connection', 'close')
  if (response.hasHeader('allow')) headers.push('allow', 'GET, POST, OPTIONS')
  response.writeHead(answer.status, headers)
  response.end(text)
}

function preflight(request: IncomingMessage, response: ServerResponse): void {
  const asked = request.headers['access-control-request-headers']
  const isPlain = typeof asked === 'string' && asked.length <= 4_096 && HEADER_NAMES.test(asked)
  response.writeHead(200, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    // Resolvers see any header of a request, so any may be sent.
    'access-control-allow-headers': isPlain ? `${ALLOWED_HEADERS},${asked}` : ALLOWED_HEADERS,
    'access-control-expose-headers': EXPOSED,
    'access-control-max-age': '172800',
    'content-length': '0',
    'x-amzn-RequestId': randomUUID(),
  })
  response.end()
}

function wantsPage(request: IncomingMessage): boolean {
  const accept = request.headers.accept
  return accept?.includes('text/html') === true && !/[?&]query=/.test(request.url ?? '')
}

function credentialsOf(
  request: IncomingMessage,
  body: Buffer,
  parsed: GraphqlRequest | GraphqlHttpError,
): RequestCredentials {
  const raw = request.rawHeaders
  const headers: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2) headers.push([raw[index]!, raw[index + 1]!])
  const credentials: RequestCredentials = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers,
    body,
  }
  const address = request.socket.remoteAddress
  if (address !== undefined) credentials.remoteAddress = address
  if (!(parsed instanceof GraphqlHttpError)) {
    credentials.operation = { query: parsed.query, variables: parsed.variables }
    if (typeof parsed.operationName === 'string') credentials.operation.operationName = parsed.operationName
  }
  return credentials
}
