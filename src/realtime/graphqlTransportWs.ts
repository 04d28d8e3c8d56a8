import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ExecutionArgs, GraphQLError, parse } from 'graphql'
import { CloseCode, makeServer, type Server } from 'graphql-ws'
import type { WebSocket } from 'ws'
import { AuthenticationError, type Caller } from '../auth/caller.ts'
import type { GraphqlBody, GraphqlRequest, RequestInfo } from '../graphql/engine.ts'
import { credentialsOf, toAuthObject } from './authObject.ts'
import { openEventStream } from './eventStream.ts'
import type { ProtocolOptions, Route } from './options.ts'
import { createSocketWriter } from './socketWriter.ts'

interface Extra {
  route: Route
  headers: Record<string, string>
  caller?: Caller
}

/** What one operation runs with: put on the execution arguments, which graphql-ws hands back to `execute` and `subscribe`. */
interface OperationContext {
  request: GraphqlRequest
  extra: Extra
}

const INIT_TIMEOUT_MS = 30_000

/** Serves the graphql-transport-ws protocol (github.com/enisdenjo/graphql-ws, PROTOCOL.md): queries and mutations too. */
export function createGraphqlTransportWs(options: ProtocolOptions) {
  const { engine, log } = options
  const infoOf = ({ headers, route }: Extra): RequestInfo => ({
    headers,
    domainName: route.domainName,
    requestId: randomUUID(),
  })

  const server: Server<Extra> = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    async onConnect(context) {
      const { extra, connectionParams } = context
      const given = (connectionParams as { headers?: unknown } | undefined)?.headers ?? connectionParams ?? {}
      const auth = { ...extra.headers, ...toAuthObject(given) }
      try {
        extra.caller = await options.authenticate(
          extra.route.apiId,
          credentialsOf(auth, `${extra.route.endpointPath}/connect`, '{}'),
        )
        return true
      } catch (error) {
        if (error instanceof AuthenticationError) return false
        throw error
      }
    },
    onSubscribe(context, _id, payload) {
      const request: GraphqlRequest = {
        query: payload.query,
        variables: payload.variables ?? null,
        operationName: payload.operationName ?? null,
      }
      let document: ExecutionArgs['document']
      try {
        document = parse(payload.query)
      } catch (error) {
        return [error as GraphQLError]
      }
      const schema = engine.schemaOf(context.extra.route.apiId)
      if (schema === undefined) return [new GraphQLError('No schema definition exists.')]
      const contextValue: OperationContext = { request, extra: context.extra }
      return { schema, document, operationName: payload.operationName ?? null, contextValue }
    },
    async execute(args) {
      const { request, extra } = (args as ExecutionArgs).contextValue as OperationContext
      const answer = await engine.execute(extra.route.apiId, request, callerOf(extra), infoOf(extra))
      return asResult(answer.body)
    },
    async subscribe(args) {
      const { request, extra } = (args as ExecutionArgs).contextValue as OperationContext
      const caller = callerOf(extra)
      const outcome = await engine.prepareSubscription(extra.route.apiId, request, caller, infoOf(extra))
      if (outcome.type === 'refused') return asErrors(outcome.answer.body)
      return openEventStream(options.registry, outcome.subscription, caller) as AsyncIterable<never>
    },
  })

  /** Takes over an accepted socket. */
  return (
    socket: WebSocket,
    stream: Duplex,
    request: IncomingMessage,
    route: Route,
    headers: Record<string, string>,
  ): void => {
    const writer = createSocketWriter(socket, stream, () =>
      log('warn', 'a subscriber does not read and was disconnected', { apiId: route.apiId }),
    )
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (data) => writer.send(data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (listener) =>
          socket.on('message', async (data, isBinary) => {
            try {
              if (isBinary) socket.close(CloseCode.BadRequest, 'Messages are text')
              else await listener(String(data))
            } catch (error) {
              log('error', 'a graphql-transport-ws message failed unexpectedly', {
                apiId: route.apiId,
                error: String((error as Error)?.stack ?? error),
              })
              socket.close(CloseCode.InternalServerError, 'Internal server error')
            }
          }),
      },
      { route, headers, request } as Extra & { request: IncomingMessage },
    )
    socket.on('error', () => socket.terminate())
    socket.once('close', (code, reason) => void closed(code, String(reason)))
  }
}

function callerOf({ caller }: Extra): Caller {
  if (caller === undefined) throw new Error('an operation before the connection was acknowledged')
  return caller
}

/** Our answers are complete results already; graphql-ws only sends them on. */
function asResult(body: GraphqlBody): never {
  return body as never
}

function asErrors(body: GraphqlBody): never {
  return { errors: body.errors ?? [] } as never
}
