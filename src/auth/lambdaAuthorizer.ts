import { createHash, randomUUID } from 'node:crypto'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, parseArn, type Scope } from '../aws/arn.ts'
import type { Clock } from '../aws/clock.ts'
import { AwsError } from '../aws/errors.ts'
import type { Log } from '../observability/log.ts'
import type { GraphqlApi, LambdaAuthorizerConfig } from '../resources.ts'
import { AuthenticationError, type Caller, type RequestCredentials } from './caller.ts'
import { unauthorized } from './jwt/tokenVerifier.ts'
import { matchesWhole } from './jwt/wholeMatch.ts'

/** What an authorizer needs of the Lambda service. */
export interface AuthorizerInvoker {
  invoke(
    invocation: { functionName: string; payload: string; signal?: AbortSignal },
    scope: Scope,
  ): Promise<{ payload: string; functionError?: string }>
}

/** Longest time that an authorizer has to answer (AppSync developer guide, AWS_LAMBDA authorization). */
export const AUTHORIZER_TIMEOUT_MS = 10_000
/** Largest `resolverContext`, in bytes of JSON (same place). */
const MAX_CONTEXT_BYTES = 5 * 1024 * 1024
/** Seconds that an answer is kept where neither the API nor the answer says otherwise. */
const DEFAULT_RESULT_TTL_SECONDS = 300
const MAX_RESULT_TTL_SECONDS = 3600
/** Answers are forgotten, the oldest first, beyond this many. */
const MAX_CACHED_RESULTS = 5000

type Answer =
  | { isAuthorized: false }
  | { isAuthorized: true; resolverContext: Readonly<Record<string, unknown>>; deniedFields: readonly string[] }

export interface LambdaAuthorizer {
  authenticate(
    api: GraphqlApi,
    config: LambdaAuthorizerConfig,
    token: string,
    request: RequestCredentials,
  ): Promise<Caller> | Caller
}

/** Asks Lambda authorizers, and keeps their answers by API and token for as long as they say. */
export function createLambdaAuthorizer(options: {
  lambda: AuthorizerInvoker
  clock: Clock
  log: Log
}): LambdaAuthorizer {
  const { lambda, clock, log } = options
  const cache = new Map<string, { answer: Answer; expiresAt: number }>()

  const remember = (key: string, answer: Answer, ttlSeconds: number): void => {
    if (ttlSeconds <= 0) return
    cache.delete(key)
    if (cache.size >= MAX_CACHED_RESULTS) cache.delete(cache.keys().next().value ?? '')
    cache.set(key, { answer, expiresAt: clock.now() + ttlSeconds * 1000 })
  }

  async function ask(
    api: GraphqlApi,
    config: LambdaAuthorizerConfig,
    token: string,
    request: RequestCredentials,
  ): Promise<{ answer: Answer; ttlSeconds: number }> {
    const scope = parseArn(api.arn) ?? { accountId: DEFAULT_ACCOUNT_ID, region: DEFAULT_REGION }
    const payload = await invokeInTime(lambda, clock, config.authorizerUri, eventOf(api, scope, token, request), scope)
    return readAnswer(payload, config)
  }

  return {
    authenticate(api, config, token, request) {
      const { identityValidationExpression: expression } = config
      if (expression !== undefined && expression !== '' && !matchesWhole(expression, token, log)) throw unauthorized()
      const key = createHash('sha256').update(`${api.arn}\n${config.authorizerUri}\n${token}`).digest('base64')
      const known = cache.get(key)
      if (known !== undefined && known.expiresAt > clock.now()) return callerOf(known.answer)
      return ask(api, config, token, request).then(
        ({ answer, ttlSeconds }) => {
          remember(key, answer, ttlSeconds)
          return callerOf(answer)
        },
        (error: unknown) => {
          log('warn', 'a Lambda authorizer failed; the request was refused', {
            api: api.arn,
            authorizer: config.authorizerUri,
            problem:
              error instanceof AuthorizerError ? error.message : error instanceof AwsError ? error.code : 'failed',
          })
          // A function that cannot be invoked is the API's mistake, not the caller's (aws-cdk issue 19239).
          throw error instanceof AwsError ? new AuthenticationError('BadRequestException', '', 400) : unauthorized()
        },
      )
    },
  }
}

/** An authorizer that answered wrong or not at all; its message holds nothing of the token or the answer. */
class AuthorizerError extends Error {
  override readonly name = 'AuthorizerError'
}

function callerOf(answer: Answer): Caller {
  if (!answer.isAuthorized) throw unauthorized()
  return {
    mode: 'AWS_LAMBDA',
    identity: { resolverContext: answer.resolverContext },
    deniedFields: answer.deniedFields,
  }
}

async function invokeInTime(
  lambda: AuthorizerInvoker,
  clock: Clock,
  functionName: string,
  event: unknown,
  scope: Scope,
): Promise<string> {
  const abort = new AbortController()
  let cancel = (): void => {}
  const late = new Promise<never>((_, reject) => {
    cancel = clock.at(clock.now() + AUTHORIZER_TIMEOUT_MS, () => {
      reject(new AuthorizerError(`no answer within ${AUTHORIZER_TIMEOUT_MS / 1000} seconds`))
      abort.abort()
    })
  })
  try {
    const result = await Promise.race([
      lambda.invoke({ functionName, payload: JSON.stringify(event), signal: abort.signal }, scope),
      late,
    ])
    if (result.functionError !== undefined) throw new AuthorizerError('the function ended with an error')
    return result.payload
  } finally {
    cancel()
  }
}

function eventOf(api: GraphqlApi, scope: Scope, token: string, request: RequestCredentials): unknown {
  const { operation } = request
  return {
    authorizationToken: token,
    requestContext: {
      apiId: api.apiId,
      accountId: scope.accountId,
      requestId: request.requestId ?? randomUUID(),
      queryString: operation?.query ?? '',
      operationName: operation?.operationName ?? null,
      variables: operation?.variables ?? {},
    },
    requestHeaders: Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value])),
  }
}

function readAnswer(payload: string, config: LambdaAuthorizerConfig): { answer: Answer; ttlSeconds: number } {
  let value: unknown
  try {
    value = JSON.parse(payload)
  } catch {
    throw new AuthorizerError('the answer is no JSON')
  }
  if (!isObject(value)) throw new AuthorizerError('the answer is no object')
  const isAuthorized = member(value, 'isAuthorized')
  if (typeof isAuthorized !== 'boolean') throw new AuthorizerError('isAuthorized is no boolean')
  const ttlSeconds = readTtl(member(value, 'ttlOverride'), config)
  if (!isAuthorized) return { answer: { isAuthorized }, ttlSeconds }
  const resolverContext = member(value, 'resolverContext') ?? {}
  if (!isObject(resolverContext)) throw new AuthorizerError('resolverContext is no object')
  if (Buffer.byteLength(JSON.stringify(resolverContext)) > MAX_CONTEXT_BYTES)
    throw new AuthorizerError('resolverContext is larger than 5 MB')
  const deniedFields = member(value, 'deniedFields') ?? []
  if (!Array.isArray(deniedFields) || !deniedFields.every((field) => typeof field === 'string'))
    throw new AuthorizerError('deniedFields is no list of strings')
  return { answer: { isAuthorized, resolverContext, deniedFields: deniedFields as string[] }, ttlSeconds }
}

function readTtl(override: unknown, config: LambdaAuthorizerConfig): number {
  if (override === undefined || override === null)
    return config.authorizerResultTtlInSeconds ?? DEFAULT_RESULT_TTL_SECONDS
  if (typeof override !== 'number' || !(override >= 0)) throw new AuthorizerError('ttlOverride is no number of seconds')
  return Math.min(override, MAX_RESULT_TTL_SECONDS)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function member(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined
}
