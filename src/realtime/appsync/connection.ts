import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { AuthenticationError, type Caller } from '../../auth/caller.ts'
import type { RequestInfo } from '../../graphql/engine.ts'
import { type AuthObject, AuthObjectError, credentialsOf } from '../authObject.ts'
import { SubscriptionFilterError } from '../filter.ts'
import type { ProtocolOptions, Route } from '../options.ts'
import { createSocketWriter } from '../socketWriter.ts'
import type { EndReason, RegisteredSubscription } from '../subscriptions.ts'
import { BadMessageError, type ClientMessage, type ErrorEntry, parseClientMessage } from './messages.ts'

/** The client closes when nothing came for this long (value that AppSync sends). */
export const CONNECTION_TIMEOUT_MS = 300_000
/** Subscriptions per connection (AppSync quotas). */
export const MAX_SUBSCRIPTIONS = 100
/** Longest life of a connection. */
export const MAX_CONNECTION_MS = 24 * 60 * 60_000

const END_ERRORS: Record<Exclude<EndReason, 'invalidated'>, ErrorEntry> = {
  expired: { errorType: 'UnauthorizedException', message: 'Token has expired.' },
  revoked: { errorType: 'UnauthorizedException', message: 'You are not authorized to make this call.' },
  'api-deleted': { errorType: 'NotFoundException', message: 'The API is not there any more.' },
}

export interface AppSyncConnectionOptions extends ProtocolOptions {
  socket: WebSocket
  stream: Duplex
  route: Route
  /** Headers of the handshake request. */
  headers: Record<string, string>
  /** Reads the handshake's credentials; throws `AuthObjectError`. Asked when `connection_init` comes. */
  authObject: () => AuthObject
}

/** One client of AppSync's WebSocket protocol. */
export interface AppSyncConnection {
  /** Sends a keep-alive, or closes a connection that is too old. */
  tick(now: number): void
}

export function openAppSyncConnection(options: AppSyncConnectionOptions): AppSyncConnection {
  const { socket, route, engine, registry, log, clock } = options
  const openedAt = clock.now()
  /** By id; null while the subscription is starting. */
  const operations = new Map<string, RegisteredSubscription | null>()
  let initialised = false
  let connectionCaller: Caller | undefined
  const writer = createSocketWriter(socket, options.stream, () =>
    log('warn', 'a subscriber does not read and was disconnected', { apiId: route.apiId }),
  )

  const send = (message: object): void => writer.send(JSON.stringify(message))
  const fail = (entry: ErrorEntry | readonly unknown[], id?: string): void =>
    send({
      ...(id !== undefined && { id }),
      type: 'error',
      payload: { errors: Array.isArray(entry) ? entry : [entry] },
    })

  async function initialise(): Promise<void> {
    if (initialised) return
    initialised = true
    try {
      connectionCaller = await options.authenticate(
        route.apiId,
        credentialsOf(options.authObject(), `${route.endpointPath}/connect`, '{}'),
      )
    } catch (error) {
      send({ type: 'connection_error', payload: { errors: [connectionError(error)] } })
      setImmediate(() => socket.close(1000))
      return
    }
    send({ type: 'connection_ack', payload: { connectionTimeoutMs: CONNECTION_TIMEOUT_MS } })
    send({ type: 'ka' })
  }

  async function start(message: Extract<ClientMessage, { type: 'start' }>): Promise<void> {
    const { id } = message
    if (operations.has(id))
      return fail(
        { errorType: 'DuplicatedOperationError', message: `An operation with the id ${id} is under way.` },
        id,
      )
    if (operations.size >= MAX_SUBSCRIPTIONS) {
      // An object here, not a list: as the service sends it.
      return send({
        id,
        type: 'error',
        payload: {
          errors: {
            errorType: 'MaxSubscriptionsReachedError',
            message: `Max number of ${MAX_SUBSCRIPTIONS} subscriptions reached`,
          },
        },
      })
    }
    operations.set(id, null)
    try {
      const caller = await callerOf(message)
      const kind = engine.operationTypeOf(route.apiId, message.request)
      if (kind === 'query' || kind === 'mutation') {
        operations.delete(id)
        return fail(
          { errorType: 'UnsupportedOperation', message: `${kind} not supported through the realtime channel` },
          id,
        )
      }
      const outcome = await engine.prepareSubscription(route.apiId, message.request, caller, requestInfo(message))
      if (socket.readyState !== socket.OPEN || !operations.has(id)) return
      if (outcome.type === 'refused') {
        operations.delete(id)
        return fail(outcome.answer.body.errors ?? [], id)
      }
      const frame = `{"id":${JSON.stringify(id)},"type":"data","payload":`
      const registered = registry.add(outcome.subscription, caller, {
        deliver: (payload) => writer.send(`${frame}${payload}}`),
        end(reason) {
          operations.delete(id)
          if (reason === 'invalidated') send({ id, type: 'complete' })
          else fail(END_ERRORS[reason], id)
        },
      })
      operations.set(id, registered)
      if (!message.legacy) send({ id, type: 'start_ack' })
    } catch (error) {
      operations.delete(id)
      fail(startError(error, log), id)
    }
  }

  async function callerOf({
    authorization,
    data,
    request,
  }: Extract<ClientMessage, { type: 'start' }>): Promise<Caller> {
    if (authorization === undefined) {
      if (connectionCaller !== undefined) return connectionCaller
      throw new BadMessageError({
        errorType: 'BadRequestException',
        message: 'Required headers are missing.',
        errorCode: 400,
      })
    }
    return options.authenticate(
      route.apiId,
      credentialsOf(authorization, route.endpointPath, data, {
        query: request.query,
        ...(typeof request.operationName === 'string' && { operationName: request.operationName }),
        ...(request.variables != null && { variables: request.variables }),
      }),
    )
  }

  function requestInfo({ authorization }: Extract<ClientMessage, { type: 'start' }>): RequestInfo {
    const headers = { ...options.headers }
    for (const [name, value] of Object.entries(authorization ?? {})) headers[name.toLowerCase()] = value
    return { headers, domainName: route.domainName, requestId: randomUUID() }
  }

  function stop(id: string): void {
    if (!operations.has(id)) return
    operations.get(id)?.remove()
    operations.delete(id)
    send({ id, type: 'complete' })
  }

  socket.on('message', (data, isBinary) => {
    try {
      if (isBinary)
        throw new BadMessageError({ errorType: 'BadRequestException', message: 'Messages are text.', errorCode: 400 })
      const message = parseClientMessage(String(data))
      switch (message.type) {
        case 'connection_init':
          void initialise()
          return
        case 'start':
          void start(message)
          return
        case 'stop':
          stop(message.id)
          return
        default:
          message satisfies never
      }
    } catch (error) {
      if (error instanceof BadMessageError) fail(error.entry, error.id)
      else throw error
    }
  })
  socket.on('close', () => {
    for (const operation of operations.values()) operation?.remove()
    operations.clear()
  })
  socket.on('error', () => socket.terminate())

  return {
    tick(now) {
      if (now - openedAt >= MAX_CONNECTION_MS) socket.close(1000)
      else if (initialised || operations.size > 0) send({ type: 'ka' })
    },
  }
}

function connectionError(error: unknown): ErrorEntry {
  if (error instanceof AuthenticationError)
    return { errorType: error.errorType, message: error.message, errorCode: error.statusCode }
  if (error instanceof AuthObjectError)
    return { errorType: 'BadRequestException', message: error.message, errorCode: 400 }
  throw error
}

function startError(error: unknown, log: ProtocolOptions['log']): ErrorEntry {
  if (error instanceof AuthenticationError) return { errorType: error.errorType, message: error.message }
  if (error instanceof SubscriptionFilterError)
    return { errorType: 'BadRequestException', message: error.message, errorCode: 400 }
  if (error instanceof BadMessageError) return error.entry
  log('error', 'a subscription failed unexpectedly', { error: String((error as Error)?.stack ?? error) })
  return { errorType: 'InternalFailure', message: 'An internal error occurred.' }
}
