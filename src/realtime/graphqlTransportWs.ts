import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { type ExecutionArgs, type GraphQLFormattedError, GraphQLSchema, parse } from 'graphql'
import { CloseCode, type Context, makeServer, type Server } from 'graphql-ws'
import type { WebSocket } from 'ws'
import { AuthenticationError, type Caller } from '../auth/caller.ts'
import type { GraphqlBody, GraphqlRequest, PreparedSubscription, RequestInfo } from '../graphql/engine.ts'
import type { GraphqlErrorObject } from '../graphql/errors.ts'
import { MAX_SUBSCRIPTIONS } from './appsync/connection.ts'
import { AuthObjectError, credentialsOf, toAuthObject } from './authObject.ts'
import {
  type Connection,
  type ConnectionCredential,
  createConnectionCredential,
  EndedCredentialError,
  MAX_CONNECTION_MS,
} from './connection.ts'
import { END_ERRORS } from './endErrors.ts'
import { SubscriptionFilterError } from './filter.ts'
import type { ProtocolOptions, Route } from './options.ts'
import { createSocketWriter, type SocketWriter } from './socketWriter.ts'

interface Extra extends Record<PropertyKey, unknown> {
  route: Route
  headers: Record<string, string>
  credential: ConnectionCredential
  writer: SocketWriter
  /** Ends of the subscriptions that are open. */
  ends: Set<() => void>
}

type TransportContext = Context<Record<string, unknown>, Extra>

/** What an operation came to before graphql-ws sends it on. */
type Outcome =
  | { type: 'answer'; body: GraphqlBody }
  | { type: 'refused'; errors: readonly AnsweredError[] }
  | { type: 'subscription'; id: string; caller: Caller; prepared: PreparedSubscription; context: TransportContext }

const INIT_TIMEOUT_MS = 30_000

/** The engine has its own documents; graphql-ws only reads from one whether the operation is a subscription. */
const NO_SCHEMA = new GraphQLSchema({})
const DOCUMENTS = { answer: parse('{ _ }'), stream: parse('subscription { _ }') }

type AnsweredError = Pick<GraphqlErrorObject, 'message' | 'errorType'>

/** Ends an operation with errors of ours, which are complete and go out as they are. */
class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly errors: readonly AnsweredError[]

  constructor(...errors: readonly AnsweredError[]) {
    super('refused')
    this.errors = errors
  }
}

/** Serves the graphql-transport-ws protocol (github.com/enisdenjo/graphql-ws, PROTOCOL.md): queries and mutations too. */
export function createGraphqlTransportWs(options: ProtocolOptions) {
  const { engine, log, registry } = options

  const server: Server<Extra> = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    async onConnect({ extra, connectionParams }) {
      const { apiId, endpointPath } = extra.route
      try {
        const auth = withParameters(extra.headers, connectionParams)
        extra.credential.set(await options.authenticate(apiId, credentialsOf(auth, `${endpointPath}/connect`, '{}')))
        return true
      } catch (error) {
        if (error instanceof AuthenticationError || error instanceof AuthObjectError) return false
        throw error
      }
    },
    async onSubscribe(context, id, { query, variables, operationName }) {
      const request = { query, variables: variables ?? null, operationName: operationName ?? null }
      const outcome = await perform(context, id, request)
      return {
        schema: NO_SCHEMA,
        document: outcome.type === 'answer' ? DOCUMENTS.answer : DOCUMENTS.stream,
        contextValue: outcome,
      }
    },
    execute(args) {
      const outcome = outcomeOf(args)
      if (outcome.type !== 'answer') throw new Error('a stream has no answer')
      return outcome.body as never
    },
    subscribe(args) {
      const outcome = outcomeOf(args)
      if (outcome.type === 'answer') throw new Error('an answer is no stream')
      const { over, end } =
        outcome.type === 'refused'
          ? { over: Promise.reject(new RefusedError(...outcome.errors)), end: () => {} }
          : listen(outcome)
      return emptyStream(over, end) as AsyncIterable<never>
    },
    onNext: (_context, _id, _payload, _args, result) => result as never,
    // graphql-ws wraps what ended a stream.
    onError: (_context, _id, _payload, errors) =>
      errors.flatMap((error) =>
        error.cause instanceof RefusedError ? (error.cause.errors as readonly GraphQLFormattedError[]) : error.toJSON(),
      ),
  })

  /** Runs or prepares one operation; one that cannot be run has an `error` message, not a result. */
  async function perform(context: TransportContext, id: string, request: GraphqlRequest): Promise<Outcome> {
    const { extra } = context
    if (Object.keys(context.subscriptions).length > MAX_SUBSCRIPTIONS)
      return refused({
        errorType: 'MaxSubscriptionsReachedError',
        message: `Max number of ${MAX_SUBSCRIPTIONS} subscriptions reached`,
      })
    const { apiId, domainName } = extra.route
    let caller: Caller | undefined
    try {
      caller = extra.credential.get()
    } catch (error) {
      if (error instanceof EndedCredentialError) return refused(error.entry)
      throw error
    }
    if (caller === undefined) throw new Error('an operation before the connection was acknowledged')
    const info: RequestInfo = { headers: extra.headers, domainName, requestId: randomUUID() }
    const kind = engine.operationTypeOf(apiId, request)
    if (kind === 'subscription') {
      const outcome = await engine.prepareSubscription(apiId, request, caller, info)
      if (outcome.type === 'refused') return refused(...(outcome.answer.body.errors ?? []))
      return { type: 'subscription', id, caller, prepared: outcome.subscription, context }
    }
    const { body } = await engine.execute(apiId, request, caller, info)
    return kind === undefined ? refused(...(body.errors ?? [])) : { type: 'answer', body }
  }

  /**
   * Listens for graphql-ws: events are framed and sent past it, each serialised once for all its subscribers; what it is
   * given yields nothing and ends when the subscription does.
   */
  function listen({ id, caller, prepared, context }: Extract<Outcome, { type: 'subscription' }>) {
    const { writer, ends } = context.extra
    const { promise: over, resolve, reject } = Promise.withResolvers<void>()
    const frame = `{"id":${JSON.stringify(id)},"type":"next","payload":`
    const end = (): void => {
      registered?.remove()
      ends.delete(end)
      resolve()
    }
    let registered: { remove(): void } | undefined
    // The client may have completed it while it was prepared.
    if (!(id in context.subscriptions)) end()
    else {
      try {
        registered = registry.add(prepared, caller, {
          deliver: (payload) => writer.send(`${frame}${payload}}`),
          end(reason) {
            if (reason !== 'invalidated') reject(new RefusedError(END_ERRORS[reason]))
            end()
          },
        })
        ends.add(end)
      } catch (error) {
        if (!(error instanceof SubscriptionFilterError)) throw error
        reject(new RefusedError({ errorType: 'BadRequestException', message: error.message }))
      }
    }
    return { over, end }
  }

  /** Takes over an accepted socket. */
  return (socket: WebSocket, stream: Duplex, route: Route, headers: Record<string, string>): Connection => {
    const openedAt = options.clock.now()
    const writer = createSocketWriter(socket, stream, () =>
      log('warn', 'a subscriber does not read and was disconnected', { apiId: route.apiId }),
    )
    const credential = createConnectionCredential(options.clock)
    const extra: Extra = { route, headers, credential, writer, ends: new Set() }
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (data) => writer.send(data),
        close: (code, reason) => writer.close(code ?? 1000, reason),
        onMessage: (listener) =>
          socket.on('message', async (data, isBinary) => {
            try {
              if (isBinary) writer.close(CloseCode.BadRequest, 'Messages are text')
              else await listener(String(data))
            } catch (error) {
              log('error', 'a graphql-transport-ws message failed unexpectedly', {
                apiId: route.apiId,
                error: String((error as Error)?.stack ?? error),
              })
              writer.close(CloseCode.InternalServerError, 'Internal server error')
            }
          }),
      },
      extra,
    )
    socket.on('error', () => socket.terminate())
    socket.once('close', (code, reason) => {
      // All of them: graphql-ws forgets one whose id was given again while it was starting.
      for (const end of extra.ends) end()
      void closed(code, String(reason))
    })
    return {
      apiId: route.apiId,
      tick(now) {
        if (now - openedAt >= MAX_CONNECTION_MS) writer.close(1000)
      },
      revoke: credential.revoke,
      close: writer.close,
    }
  }
}

/** The handshake's headers with the credentials of `connection_init`, which may be under `headers`, over them. */
function withParameters(headers: Record<string, string>, parameters: unknown): Record<string, string> {
  const nested = (parameters as { headers?: unknown } | undefined)?.headers
  const given = Object.entries(toAuthObject(nested ?? parameters ?? {}))
  const names = new Set(given.map(([name]) => name.toLowerCase()))
  return Object.fromEntries([...Object.entries(headers).filter(([name]) => !names.has(name)), ...given])
}

function refused(...errors: readonly AnsweredError[]): Outcome {
  return { type: 'refused', errors: errors.length > 0 ? errors : [{ message: 'The operation was refused.' }] }
}

/** A stream without events, which ends or fails as `over` does; `end` is called when nobody wants it any more. */
function emptyStream(over: Promise<void>, end: () => void) {
  // It may be given up before it is read.
  over.catch(() => {})
  const ended = { done: true as const, value: undefined }
  return {
    async next() {
      await over
      return ended
    },
    async return() {
      end()
      return ended
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

function outcomeOf(args: unknown): Outcome {
  return (args as ExecutionArgs).contextValue as Outcome
}
