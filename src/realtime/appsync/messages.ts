import type { GraphqlRequest } from '../../graphql/engine.ts'
import { type AuthObject, toAuthObject } from '../authObject.ts'

/** Messages of AppSync's WebSocket protocol (developer guide, “Building a real-time WebSocket client”). */
export type ClientMessage =
  | { type: 'connection_init' }
  | {
      type: 'start'
      id: string
      /** The operation as sent: what an IAM signature covers. */
      data: string
      request: GraphqlRequest
      authorization: AuthObject | undefined
      /** `payload.query` in place of `payload.data`: the older Apollo protocol of the same name. */
      legacy: boolean
    }
  | { type: 'stop'; id: string }

/** An entry of `payload.errors`. */
export interface ErrorEntry {
  errorType?: string
  message?: string
  errorCode?: number
}

/** A message that is answered with an error; `id` when it can be told which operation it was. */
export class BadMessageError extends Error {
  override readonly name = 'BadMessageError'
  readonly entry: ErrorEntry
  readonly id: string | undefined

  constructor(entry: ErrorEntry, id?: string) {
    super(entry.message ?? entry.errorType ?? '')
    this.entry = entry
    this.id = id
  }
}

const MAX_ID_LENGTH = 1024

export function parseClientMessage(text: string): ClientMessage {
  const message = parseObject(text)
  const id = own(message, 'id')
  const type = own(message, 'type')
  const known = typeof id === 'string' && id.length <= MAX_ID_LENGTH ? id : undefined
  switch (type) {
    case 'connection_init':
      return { type }
    case 'start':
      if (known === undefined || known === '') throw new BadMessageError(bad('The message has no id.'))
      return { type, id: known, ...parseStart(own(message, 'payload'), known) }
    case 'stop':
    case 'unsubscribe':
      if (known === undefined) throw new BadMessageError(bad('The message has no id.'))
      return { type: 'stop', id: known }
    default:
      throw new BadMessageError(
        { errorType: 'UnsupportedOperation', message: 'unknown not supported through the realtime channel' },
        known,
      )
  }
}

function parseStart(payload: unknown, id: string): Omit<Extract<ClientMessage, { type: 'start' }>, 'type' | 'id'> {
  if (!isObject(payload)) throw new BadMessageError(bad('The message has no payload.'), id)
  const data = own(payload, 'data')
  if (typeof data === 'string') {
    let parsed: unknown
    try {
      parsed = JSON.parse(data)
    } catch {
      parsed = undefined
    }
    if (!isObject(parsed)) throw new BadMessageError(bad('payload.data is not the JSON text of an operation.'), id)
    return { data, request: toRequest(parsed, id), authorization: authorizationOf(payload, id), legacy: false }
  }
  if (typeof own(payload, 'query') === 'string')
    return {
      data: JSON.stringify(payload),
      request: toRequest(payload, id),
      authorization: authorizationOf(payload, id),
      legacy: true,
    }
  throw new BadMessageError(bad('payload.data is not a string.'), id)
}

function authorizationOf(payload: object, id: string): AuthObject | undefined {
  const extensions = own(payload, 'extensions')
  const authorization = isObject(extensions) ? own(extensions, 'authorization') : undefined
  if (authorization === undefined || authorization === null) return undefined
  try {
    return toAuthObject(authorization)
  } catch (error) {
    throw new BadMessageError(
      { errorType: 'BadRequestException', message: (error as Error).message, errorCode: 400 },
      id,
    )
  }
}

function toRequest(given: object, id: string): GraphqlRequest {
  const query = own(given, 'query')
  const variables = own(given, 'variables')
  const operationName = own(given, 'operationName')
  if (typeof query !== 'string') throw new BadMessageError(bad('The operation has no query.'), id)
  return {
    query,
    variables: isObject(variables) ? (variables as Record<string, unknown>) : null,
    operationName: typeof operationName === 'string' ? operationName : null,
  }
}

function parseObject(text: string): object {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new BadMessageError(bad('The message is not JSON.'))
  }
  if (!isObject(parsed)) throw new BadMessageError(bad('The message is not an object.'))
  return parsed
}

function bad(message: string): ErrorEntry {
  return { errorType: 'BadRequestException', message, errorCode: 400 }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(holder: object, name: string): unknown {
  return Object.hasOwn(holder, name) ? (holder as Record<string, unknown>)[name] : undefined
}
