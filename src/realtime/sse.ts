import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type DocumentNode, type GraphQLError, type GraphQLSchema, parse } from 'graphql'
import { createHandler, type Handler, type Response } from 'graphql-sse'
import { AuthenticationError, type Caller } from '../auth/caller.ts'
import type { GraphqlRequest, RequestInfo } from '../graphql/engine.ts'
import { openEventStream } from './eventStream.ts'
import type { ProtocolOptions, Route } from './options.ts'

interface RequestState {
  route: Route
  headers: Record<string, string>
  body: Buffer
  caller?: Caller
}

interface OperationState extends Record<PropertyKey, unknown> {
  request: GraphqlRequest
  caller: Caller
  state: RequestState
}

/** Whether a request belongs to the GraphQL over SSE protocol. */
export function isEventStreamRequest(request: IncomingMessage): boolean {
  return (
    request.headers['x-graphql-event-stream-token'] !== undefined ||
    request.headers.accept?.includes('text/event-stream') === true ||
    request.method === 'PUT'
  )
}

/**
 * Serves GraphQL over server-sent events (github.com/enisdenjo/graphql-sse, PROTOCOL.md), distinct connections and single
 * ones. A single connection's token is given to an authenticated client and stands for its stream; each operation on it
 * brings credentials of its own.
 */
export function createEventStreamHandler(options: ProtocolOptions) {
  const handlers = new Map<string, Handler<IncomingMessage, RequestState>>()

  const handlerOf = (apiId: string): Handler<IncomingMessage, RequestState> => {
    let handler = handlers.get(apiId)
    if (handler === undefined) {
      handler = makeHandler(options)
      handlers.set(apiId, handler)
    }
    return handler
  }

  return async (request: IncomingMessage, response: ServerResponse, route: Route, body: Buffer): Promise<void> => {
    const headers = Object.create(null) as Record<string, string>
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value
    }
    const [content, init] = await handlerOf(route.apiId)({
      method: request.method ?? 'GET',
      url: new URL(request.url ?? '/', 'http://localhost').href,
      headers: { get: (name) => headers[name.toLowerCase()] ?? null },
      body: () => (body.length === 0 ? null : (JSON.parse(body.toString('utf8')) as Record<string, unknown>)),
      raw: request,
      context: { route, headers, body },
    })
    response.writeHead(init.status, init.statusText, { 'access-control-allow-origin': '*', ...init.headers })
    if (content === null || typeof content === 'string') {
      response.end(content ?? undefined)
      return
    }
    response.once('close', () => void content.return())
    for await (const chunk of content) {
      if (response.destroyed) break
      // A reader that does not keep up holds back its own stream only; its queue is bounded.
      if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  }
}

function makeHandler({ engine, registry, authenticate }: ProtocolOptions): Handler<IncomingMessage, RequestState> {
  return createHandler<IncomingMessage, RequestState, OperationState>({
    async authenticate(request) {
      const state = request.context
      const token = state.headers['x-graphql-event-stream-token'] ?? new URL(request.url).searchParams.get('token')
      if (token !== null && token !== undefined && request.method === 'GET') return token
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
    onSubscribe(request, params) {
      const { caller, route } = request.context
      const schema = engine.schemaOf(route.apiId)
      if (caller === undefined || schema === undefined) return answer(502, 'No schema definition exists.')
      const operation: GraphqlRequest = {
        query: String(params.query),
        variables: (params.variables as Record<string, unknown> | undefined) ?? null,
        operationName: params.operationName ?? null,
      }
      let document: DocumentNode
      try {
        document = parse(operation.query)
      } catch (error) {
        return { errors: [error as GraphQLError] }
      }
      return {
        schema: schema as GraphQLSchema,
        document,
        operationName: operation.operationName ?? null,
        contextValue: { request: operation, caller, state: request.context },
      }
    },
    async execute({ contextValue: { request, caller, state } }) {
      return (await engine.execute(state.route.apiId, request, caller, infoOf(state))).body as never
    },
    async subscribe({ contextValue: { request, caller, state } }) {
      const outcome = await engine.prepareSubscription(state.route.apiId, request, caller, infoOf(state))
      if (outcome.type === 'refused') return { errors: outcome.answer.body.errors ?? [] } as never
      return openEventStream(registry, outcome.subscription, caller) as never
    },
  })
}

function infoOf({ headers, route }: RequestState): RequestInfo {
  return { headers, domainName: route.domainName, requestId: randomUUID() }
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

function answer(status: number, message: string): Response {
  return [
    JSON.stringify({ errors: [{ message }] }),
    { status, statusText: 'Bad Gateway', headers: { 'content-type': 'application/json; charset=utf-8' } },
  ]
}
