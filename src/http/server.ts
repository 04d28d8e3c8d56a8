import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AwsError } from '../aws/errors.ts'
import type { CallContext, JsonService, RestRequest, RestResponse, RestService } from '../aws/service.ts'
import type { Log } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import { createAwsJsonHandler, MAX_JSON_BODY_BYTES } from './awsJson.ts'
import { readBody } from './body.ts'
import { type GraphqlRoute, graphqlRoute } from './graphqlRoute.ts'
import { type Listener, listen } from './listener.ts'
import { foreignRequest, hostNameOf } from './origin.ts'
import { createRestHandler } from './rest.ts'

export interface HttpServerOptions {
  host: string
  port: number
  /** Until then every request is answered with 503. @default always */
  isReady?: () => boolean
  tls: () => { key: string; cert: string }
  defaultApiId: () => string | undefined
  graphql: (request: IncomingMessage, response: ServerResponse, route: GraphqlRoute) => void
  /** GraphQL over SSE, when `isEventStream` says so; the body has been read. */
  eventStream: (request: IncomingMessage, response: ServerResponse, route: GraphqlRoute, body: Buffer) => Promise<void>
  isEventStream: (request: IncomingMessage) => boolean
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, route: GraphqlRoute) => void
  /** Told apart by `X-Amz-Target`. */
  jsonServices: readonly JsonService[]
  /** Targets that browsers may call from any page: operations that carry their own credentials (Cognito). */
  openTargets: ReadonlySet<string>
  management: RestService
  lambda: RestService
  /** The query protocol (`Action=…`), for STS. */
  query: RestService
  /** A refusal as the query protocol writes it. */
  queryError: (error: AwsError, requestId: string) => RestResponse
  /** Documents of the local issuers under `/…/.well-known/`. */
  wellKnown: (path: string) => Promise<RestResponse | undefined>
  /** Answers `POST /_sidestage/token`; throws `AwsError`. */
  control: (request: RestRequest) => Promise<RestResponse>
  console?: (request: IncomingMessage, response: ServerResponse, path: string) => boolean
  /** @param service The whole target of a JSON call; `appsync`, `lambda`, `sts` or `control` otherwise. */
  contextOf: (request: IncomingMessage, body: Buffer, service: string) => CallContext | Promise<CallContext>
  metrics: Metrics
  log: Log
}

export interface HttpServer extends Listener {
  /** Base URL, for example `http://127.0.0.1:4000`. */
  url: string
}

const CONTROL_PATH = '/_sidestage/token'
/** Documents of issuers: `/POOL_ID/.well-known/jwks.json`. */
const WELL_KNOWN = /^\/[\w-]+\/\.well-known\/[\w.-]+$/

/** What a browser may send to the paths that are open to every page. */
const OPEN_CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers':
    'content-type, authorization, x-amz-target, x-amz-user-agent, x-amz-date, x-amz-security-token, x-amz-content-sha256, amz-sdk-invocation-id, amz-sdk-request, cache-control',
  'access-control-expose-headers': 'x-amzn-RequestId, x-amzn-ErrorType, x-amzn-ErrorMessage, Date',
  'access-control-max-age': '172800',
}

/** Serves everything on one port; see the table of paths in the documentation. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { log, metrics } = options
  const answerJson = createAwsJsonHandler({ services: options.jsonServices, contextOf: options.contextOf, log })
  const answerRest = createRestHandler({ contextOf: options.contextOf, log })
  const counted = (kind: string): (() => void) =>
    metrics.counter('sidestage_requests_total', 'Requests by kind', { kind })
  const count = {
    graphql: counted('graphql'),
    aws: counted('aws'),
    management: counted('management'),
    lambda: counted('lambda'),
    realtime: counted('realtime'),
  }

  /** @returns a promise where something waits: a GraphQL request is handed on in the same turn. */
  const handle = (request: IncomingMessage, response: ServerResponse): void | Promise<void> => {
    if (options.isReady?.() === false) return refuse(response, 503, 'ServiceUnavailable', 'The server is starting.')
    const path = pathOf(request)
    const route = graphqlRoute(path, hostNameOf(request.headers.host ?? ''), options.defaultApiId)
    if (route?.kind !== 'graphql') return handleOther(request, response, path, route)
    count.graphql()
    if (!options.isEventStream(request)) return options.graphql(request, response, route)
    return readBody(request, MAX_JSON_BODY_BYTES).then((body) => options.eventStream(request, response, route, body))
  }

  const handleOther = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    route: GraphqlRoute | undefined,
  ): Promise<void> => {
    if (path === '/healthz') return plain(response, 200, 'ok\n')
    const target = request.headers['x-amz-target']
    const isJson = typeof target === 'string' && request.method === 'POST'
    const isDocument =
      WELL_KNOWN.test(path) && target === undefined && ['GET', 'HEAD', 'OPTIONS'].includes(request.method ?? '')
    const isOpen =
      isDocument || (isJson && options.openTargets.has(target)) || (request.method === 'OPTIONS' && path === '/')
    if (isOpen) {
      for (const [name, value] of Object.entries(OPEN_CORS)) response.setHeader(name, value)
      if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    } else {
      const foreign = foreignRequest(request, options.host)
      if (foreign !== undefined) return refuse(response, 403, 'AccessDeniedException', `Refused: ${foreign}.`)
    }
    if (isJson) {
      count.aws()
      return answerJson(request, response, target)
    }
    if (path.startsWith('/v1/') || path.startsWith('/v2/')) {
      count.management()
      return answerRest(request, response, options.management, 'appsync')
    }
    if (/^\/20\d\d-\d\d-\d\d\//.test(path)) {
      count.lambda()
      return answerRest(request, response, options.lambda, 'lambda')
    }
    if (isDocument) {
      const document = await options.wellKnown(path)
      if (document !== undefined) return send(response, document)
    }
    if (path === CONTROL_PATH && request.method === 'POST')
      return answerRest(request, response, { handle: options.control }, 'control')
    if (path === '/metrics') return plain(response, 200, metrics.text())
    if (path === '/' && request.method === 'POST')
      return answerRest(request, response, options.query, 'sts', options.queryError)
    if (options.console?.(request, response, path) === true) return
    if (path === '/graphql' || route !== undefined)
      return refuse(response, 426, 'BadRequestException', 'This path takes WebSocket connections only.')
    refuse(response, 404, 'NotFoundException', `Nothing is served at ${request.method} ${path.slice(0, 200)}.`)
  }

  const listener = await listen({
    host: options.host,
    port: options.port,
    tls: options.tls,
    onRequest(request, response) {
      const fail = (error: unknown): void => {
        log('error', 'a request failed unexpectedly', {
          path: pathOf(request),
          error: String((error as Error)?.stack ?? error),
        })
        if (!response.headersSent) refuse(response, 500, 'InternalFailureException', 'An internal error occurred.')
        else response.destroy()
      }
      try {
        handle(request, response)?.catch(fail)
      } catch (error) {
        fail(error)
      }
    },
    onError: (error) => log('error', 'a connection could not be taken', { error: error.message }),
    onUpgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      if (options.isReady?.() === false) return socket.end(emptyAnswer('503 Service Unavailable'))
      const path = pathOf(request)
      const route = graphqlRoute(path, hostNameOf(request.headers.host ?? ''), options.defaultApiId)
      if (route?.kind !== 'realtime') {
        socket.end(emptyAnswer('404 Not Found'))
        return
      }
      count.realtime()
      options.upgrade(request, socket, head, route)
    },
  })
  const host = options.host === '0.0.0.0' || options.host === '::' ? 'localhost' : options.host
  return { ...listener, url: `http://${host.includes(':') ? `[${host}]` : host}:${listener.port}` }
}

function emptyAnswer(status: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
}

function pathOf(request: IncomingMessage): string {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function send(response: ServerResponse, { status, headers, body }: RestResponse): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers })
  response.end(body)
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const body = JSON.stringify({ message })
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': code,
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
