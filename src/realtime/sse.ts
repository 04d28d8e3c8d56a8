import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createHandler, type Handler, type Request, type Response } from 'graphql-sse'
import { AuthenticationError, type Caller } from '../auth/caller.ts'
import type { GraphqlBody, GraphqlRequest, RequestInfo } from '../graphql/engine.ts'
import { openEventStream } from './eventStream.ts'
import { SubscriptionFilterError } from './filter.ts'
import type { ProtocolOptions, Route } from './options.ts'
import { MAX_BUFFERED_BYTES } from './socketWriter.ts'

interface RequestState {
  route: Route
  headers: Record<string, string>
  body: Buffer
  caller?: Caller
}

const TOKEN_HEADER = 'x-graphql-event-stream-token'

/** Whether a request belongs to the GraphQL over SSE protocol. */
export function isEventStreamRequest(request: IncomingMessage): boolean {
  return (
    request.headers[TOKEN_HEADER] !== undefined ||
    prefersEventStream(request.headers.accept ?? '') ||
    request.method === 'PUT'
  )
}

/** What is open of GraphQL over SSE. */
export interface EventStreams {
  /** Answers a request whose body has been read. */
  handle(request: IncomingMessage, response: ServerResponse, route: Route, body: Buffer): Promise<void>
  /** Ends every stream. */
  close(): void
}

/** Streams of single connections that were asked for and not opened yet, of one API; more are refused. */
const MAX_RESERVED = 10_000
/** Such a stream that nobody opens is given up. */
const MAX_RESERVED_MS = 60_000
/** Tokens are made here: other texts are none. */
const TOKEN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** urql's fetch exchange lists it last, behind JSON: that is no wish for a stream. */
function prefersEventStream(accept: string): boolean {
  return accept.includes('text/event-stream') && !/application\/|\*\/\*/.test(accept)
}

/**
 * Serves GraphQL over server-sent events (github.com/enisdenjo/graphql-sse, PROTOCOL.md), distinct connections and single
 * ones. A single connection's token is given to an authenticated client and stands for its stream; each operation on it
 * brings credentials of its own.
 */
export function createEventStreams(options: ProtocolOptions): EventStreams {
  const apis = new Map<string, ApiStreams>()
  const open = new Set<ServerResponse>()

  const streamsOf = (apiId: string): ApiStreams => {
    let streams = apis.get(apiId)
    if (streams === undefined) {
      streams = { handler: makeHandler(options), reserved: new Map() }
      apis.set(apiId, streams)
    }
    return streams
  }

  /** Gives a reserved stream up, in the library's only way: it is opened and ended. */
  async function giveUp({ handler, reserved }: ApiStreams, token: string, route: Route): Promise<void> {
    reserved.delete(token)
    const headers = Object.assign(Object.create(null), { accept: 'text/event-stream', [TOKEN_HEADER]: token })
    const [content] = await handler(toRequest({ method: 'GET', url: '/' }, headers, route, Buffer.alloc(0)))
    if (content !== null && typeof content !== 'string') await content.return()
  }

  async function handle(request: IncomingMessage, response: ServerResponse, route: Route, body: Buffer): Promise<void> {
    const headers = Object.create(null) as Record<string, string>
    for (const [name, value] of Object.entries(request.headers))
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value
    const streams = streamsOf(route.apiId)
    const { reserved } = streams
    const [content, init] =
      request.method === 'PUT' && reserved.size >= MAX_RESERVED
        ? answer(429, 'Too Many Requests', 'Too many streams wait to be opened.')
        : await streams.handler(toRequest(request, headers, route, body))
    if (init.status === 201 && typeof content === 'string') {
      const cancel = options.clock.at(options.clock.now() + MAX_RESERVED_MS, () => void giveUp(streams, content, route))
      reserved.set(content, cancel)
    }
    response.writeHead(init.status, init.statusText, { 'access-control-allow-origin': '*', ...init.headers })
    if (content === null || typeof content === 'string') {
      response.end(content ?? undefined)
      return
    }
    const token = tokenOf(headers, request.url)
    reserved.get(token ?? '')?.()
    reserved.delete(token ?? '')
    open.add(response)
    response.once('close', () => {
      open.delete(response)
      void content.return()
    })
    for await (const chunk of content) {
      if (response.destroyed) break
      response.write(chunk)
      // Whatever comes is written at once: the library's queue is not bounded, what waits here is.
      if (response.writableLength > MAX_BUFFERED_BYTES) {
        options.log('warn', 'a subscriber does not read and was disconnected', { apiId: route.apiId })
        response.destroy()
        break
      }
    }
    response.end()
  }

  return {
    handle,
    close() {
      for (const { reserved } of apis.values()) for (const cancel of reserved.values()) cancel()
      for (const response of open) response.end()
    },
  }
}

interface ApiStreams {
  handler: Handler<IncomingMessage, RequestState>
  /** Tokens of streams that are not open yet, with what takes their end back. */
  reserved: Map<string, () => void>
}

function toRequest(
  request: Pick<IncomingMessage, 'method' | 'url'>,
  headers: Record<string, string>,
  route: Route,
  body: Buffer,
): Request<IncomingMessage, RequestState> {
  return {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', 'http://localhost').href,
    headers: { get: (name) => headers[name.toLowerCase()] ?? null },
    body: body.length === 0 ? null : body.toString('utf8'),
    raw: request as IncomingMessage,
    context: { route, headers, body },
  }
}

function tokenOf(headers: Record<string, string>, url = '/'): string | undefined {
  const token = headers[TOKEN_HEADER] ?? new URL(url, 'http://localhost').searchParams.get('token')
  return token !== null && TOKEN.test(token) ? token : undefined
}

function makeHandler({ engine, registry, authenticate }: ProtocolOptions): Handler<IncomingMessage, RequestState> {
  return createHandler<IncomingMessage, RequestState>({
    async authenticate(request) {
      const state = request.context
      const token = tokenOf(state.headers, request.url)
      if (token !== undefined && request.method === 'GET') return token
      try {
        state.caller = await authenticate(state.route.apiId, {
          method: request.method,
          target: request.raw.url ?? '/',
          headers: pairs(request.raw.rawHeaders),
          body: state.body,
        })
      } catch (error) {
        if (error instanceof AuthenticationError) return refused(error)
        throw error
      }
      // Clients that reconnect send the token of their last stream along: a new stream gets a new one.
      return request.method === 'PUT' ? randomUUID() : (token ?? randomUUID())
    },
    // Answers itself: the library would parse and validate without our limits and in other words than AppSync's.
    async onSubscribe(request, params) {
      const { caller, route, headers } = request.context
      if (caller === undefined) return answer(401, 'Unauthorized', 'An operation brings its own credentials.')
      const operation: GraphqlRequest = {
        query: String(params.query),
        variables: (params.variables as Record<string, unknown> | undefined) ?? null,
        operationName: params.operationName ?? null,
      }
      const info: RequestInfo = { headers, domainName: route.domainName, requestId: randomUUID() }
      if (engine.operationTypeOf(route.apiId, operation) !== 'subscription') {
        const { body } = await engine.execute(route.apiId, operation, caller, info)
        return resultOf(body)
      }
      const outcome = await engine.prepareSubscription(route.apiId, operation, caller, info)
      if (outcome.type === 'refused') return resultOf({ errors: outcome.answer.body.errors ?? [] })
      try {
        return openEventStream(registry, outcome.subscription, caller) as AsyncGenerator<never>
      } catch (error) {
        if (error instanceof SubscriptionFilterError)
          return resultOf({ errors: [{ errorType: 'BadRequestException', message: error.message }] })
        throw error
      }
    },
  })
}

/** Our results are complete: the library only sends them on. */
function resultOf(body: GraphqlBody): never {
  return body as never
}

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    list.push([rawHeaders[at] as string, rawHeaders[at + 1] as string])
  return list
}

function refused(error: AuthenticationError): Response {
  return [
    JSON.stringify({ errors: [{ errorType: error.errorType, message: error.message }] }),
    {
      status: error.statusCode,
      statusText: error.statusCode === 401 ? 'Unauthorized' : 'Forbidden',
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-amzn-errortype': error.errorType },
    },
  ]
}

function answer(status: number, statusText: string, message: string): Response {
  return [
    JSON.stringify({ errors: [{ message }] }),
    { status, statusText, headers: { 'content-type': 'application/json; charset=utf-8' } },
  ]
}
