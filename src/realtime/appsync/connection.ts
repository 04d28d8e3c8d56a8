import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { AuthenticationError, type Caller } from '../../auth/caller.ts'
import type { RequestInfo } from '../../graphql/engine.ts'
import { AuthObjectError, authObjectOfHandshake, credentialsOf, type Handshake } from '../authObject.ts'
import { type Connection, createConnectionCredential, EndedCredentialError, MAX_CONNECTION_MS } from '../connection.ts'
import { END_ERRORS } from '../endErrors.ts'
import { SubscriptionFilterError } from '../filter.ts'
import type { ProtocolOptions, Route } from '../options.ts'
import { createSocketWriter } from '../socketWriter.ts'
import type { RegisteredSubscription } from '../subscriptions.ts'
import { BadMessageError, type ClientMessage, type ErrorEntry, parseClientMessage } from './messages.ts'

/** The client closes when nothing came for this long (value that AppSync sends). */
export const CONNECTION_TIMEOUT_MS = 300_000
/** Subscriptions per connection (AppSync quotas). */
export const MAX_SUBSCRIPTIONS = 100
/** A connection that shows no credential is closed after this long; clients give up after 15 s. */
const MAX_UNKNOWN_MS = 30_000
/** The code of graphql-transport-ws for the same; AppSync documents none. */
const INITIALISATION_TIMEOUT = 4408

export interface AppSyncConnectionOptions extends ProtocolOptions {
  socket: WebSocket
  stream: Duplex
  route: Route
  /** Headers of the handshake request. */
  headers: Record<string, string>
  handshake: Handshake
}

/** An operation of a client: its place is taken before its subscription is there. */
interface Operation {
  registered?: RegisteredSubscription
}

/** Serves one client of AppSync's WebSocket protocol. */
export function openAppSyncConnection(options: AppSyncConnectionOptions): Connection {
  const { socket, route, engine, registry, log, clock } = options
  /** Read when `connection_init` comes, so that its mistakes are told in answer to it; not kept longer. */
  let handshake: Handshake | undefined = options.handshake
  const openedAt = clock.now()
  const operations = new Map<string, Operation>()
  const credential = createConnectionCredential(clock)
  /** Whether a credential was accepted, for the connection or for a subscription. */
  let known = false
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
    if (handshake === undefined) return
    const given = handshake
    handshake = undefined
    try {
      credential.set(
        await options.authenticate(
          route.apiId,
          credentialsOf(authObjectOfHandshake(given), `${route.endpointPath}/connect`, '{}'),
        ),
      )
    } catch (error) {
      send({ type: 'connection_error', payload: { errors: [connectionError(error, log)] } })
      writer.close(1000)
      return
    }
    known = true
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
    const operation: Operation = {}
    /** Stopped, or the connection is gone; another operation may have the id by now. */
    const isGone = (): boolean => operations.get(id) !== operation
    operations.set(id, operation)
    try {
      const caller = await callerOf(message)
      if (isGone()) return
      known = true
      const kind = engine.operationTypeOf(route.apiId, message.request)
      if (kind === 'query' || kind === 'mutation') {
        operations.delete(id)
        return fail(
          { errorType: 'UnsupportedOperation', message: `${kind} not supported through the realtime channel` },
          id,
        )
      }
      const outcome = await engine.prepareSubscription(route.apiId, message.request, caller, requestInfo(message))
      if (isGone() || socket.readyState !== socket.OPEN) return
      if (outcome.type === 'refused') {
        operations.delete(id)
        return fail(outcome.answer.body.errors ?? [], id)
      }
      const frame = `{"id":${JSON.stringify(id)},"type":"data","payload":`
      operation.registered = registry.add(outcome.subscription, caller, {
        deliver: (payload) => writer.send(`${frame}${payload}}`),
        end(reason) {
          operations.delete(id)
          if (reason === 'invalidated') send({ id, type: 'complete' })
          else fail(END_ERRORS[reason], id)
        },
      })
      if (!message.legacy) send({ id, type: 'start_ack' })
    } catch (error) {
      if (isGone()) return
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
      const caller = credential.get()
      if (caller !== undefined) return caller
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
    const headers: Record<string, string> = Object.assign(Object.create(null), options.headers)
    for (const [name, value] of Object.entries(authorization ?? {})) headers[name.toLowerCase()] = value
    return { headers, domainName: route.domainName, requestId: randomUUID() }
  }

  function stop(id: string): void {
    const operation = operations.get(id)
    if (operation === undefined) return
    operation.registered?.remove()
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
      fail(startError(error, log), error instanceof BadMessageError ? error.id : undefined)
    }
  })
  socket.on('close', () => {
    for (const { registered } of operations.values()) registered?.remove()
    operations.clear()
  })
  socket.on('error', () => socket.terminate())

  return {
    apiId: route.apiId,
    tick(now) {
      if (now - openedAt >= MAX_CONNECTION_MS) writer.close(1000)
      else if (!known && now - openedAt >= MAX_UNKNOWN_MS)
        writer.close(INITIALISATION_TIMEOUT, 'Connection initialisation timeout')
      else if (known) send({ type: 'ka' })
    },
    revoke: credential.revoke,
    close: writer.close,
  }
}

function connectionError(error: unknown, log: ProtocolOptions['log']): ErrorEntry {
  if (error instanceof AuthenticationError)
    return { errorType: error.errorType, message: error.message, errorCode: error.statusCode }
  if (error instanceof AuthObjectError)
    return { errorType: 'BadRequestException', message: error.message, errorCode: 400 }
  return unexpected(error, log)
}

function startError(error: unknown, log: ProtocolOptions['log']): ErrorEntry {
  if (error instanceof AuthenticationError) return { errorType: error.errorType, message: error.message }
  if (error instanceof SubscriptionFilterError)
    return { errorType: 'BadRequestException', message: error.message, errorCode: 400 }
  if (error instanceof BadMessageError || error instanceof EndedCredentialError) return error.entry
  return unexpected(error, log)
}

function unexpected(error: unknown, log: ProtocolOptions['log']): ErrorEntry {
  log('error', 'a message on a socket failed unexpectedly', { error: String((error as Error)?.stack ?? error) })
  return { errorType: 'InternalFailure', message: 'An internal error occurred.' }
}
