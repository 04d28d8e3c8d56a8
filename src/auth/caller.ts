import type { AuthenticationType } from '../resources.ts'

/** Who sent a request to a GraphQL API: the outcome of authentication, made once per request or subscription. */
export interface Caller {
  mode: AuthenticationType
  /** `ctx.identity` as AppSync shapes it for the mode; null for API keys. Plain data. */
  identity: Readonly<Record<string, unknown>> | null
  /** Issuer of the token, where there is one: tells several user pools and providers of one API apart. */
  issuer?: string
  /** Groups of a user pool's token (`cognito:groups`). */
  groups?: readonly string[]
  /** Fields that a Lambda authorizer denied: `Type.field` or a field's ARN. */
  deniedFields?: readonly string[]
  /** Whether IAM lets the caller use this field (`appsync:GraphQL`); only for AWS_IAM. */
  mayUse?: (typeName: string, fieldName: string) => boolean
  /** Whether IAM denies the caller this field explicitly, at whatever depth; only for AWS_IAM. */
  denies?: (typeName: string, fieldName: string) => boolean
  /** Milliseconds since the epoch when the credential ends; subscriptions end with it. */
  expiresAt?: number
}

/** What of a request carries credentials: also made from a WebSocket's auth object. */
export interface RequestCredentials {
  method: string
  /** Path and query as sent. */
  target: string
  /** In the order sent, repetition kept. */
  headers: readonly (readonly [name: string, value: string])[]
  body: Uint8Array
  remoteAddress?: string
  /** Whether the request came over TLS. */
  secure?: boolean
  /** For Lambda authorizers' requestContext. */
  requestId?: string
  /** For Lambda authorizers' requestContext. */
  operation?: { query?: string; operationName?: string; variables?: unknown }
}

/** A request that was refused before any field ran. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError'
  /** For example `UnauthorizedException`; also the value of `x-amzn-ErrorType`. */
  readonly errorType: string
  /** 401 or 403. */
  readonly statusCode: number

  constructor(errorType: string, message: string, statusCode = 401) {
    super(message)
    this.errorType = errorType
    this.statusCode = statusCode
  }
}
