import { type Authenticator, createAuthenticator, type LocalIssuers } from '../../src/auth/authenticator.ts'
import type { AuthenticationError, Caller, RequestCredentials } from '../../src/auth/caller.ts'
import {
  type CredentialSetting,
  type CredentialStore,
  createCredentialStore,
} from '../../src/auth/iam/credentialStore.ts'
import type { AuthorizerInvoker } from '../../src/auth/lambdaAuthorizer.ts'
import { type SigningCredentials, signRequest } from '../../src/aws/sigv4.ts'
import { type Catalog, createCatalog } from '../../src/catalog.ts'
import type { GraphqlApi } from '../../src/resources.ts'

export const NOW = Date.parse('2026-01-15T12:00:00Z')
export const API_ARN = 'arn:aws:appsync:us-east-1:000000000000:apis/a'

/** An API with its default provider and others. */
export function apiWith(
  provider: Omit<Partial<GraphqlApi>, 'arn'> & Pick<GraphqlApi, 'authenticationType'>,
  ...more: NonNullable<GraphqlApi['additionalAuthenticationProviders']>
): GraphqlApi {
  return { arn: API_ARN, apiId: 'a', name: 'a', uris: {}, ...provider, additionalAuthenticationProviders: more }
}

/** A clock that stands until it is moved; what is due runs when it passes. */
export function createManualClock(start = NOW) {
  let now = start
  const tasks = new Set<{ at: number; run: () => void }>()
  return {
    now: () => now,
    at(at: number, run: () => void) {
      const task = { at, run }
      tasks.add(task)
      return () => void tasks.delete(task)
    },
    advance(milliseconds: number) {
      now += milliseconds
      for (const task of [...tasks].filter(({ at }) => at <= now)) {
        tasks.delete(task)
        task.run()
      }
    },
    get waiting() {
      return tasks.size
    },
  }
}

export interface AuthFixture {
  catalog: Catalog
  clock: ReturnType<typeof createManualClock>
  credentials: CredentialStore
  authenticator: Authenticator
  /** Everything that was logged, as text. */
  logged: string[]
  putApiKey(id: string, expires?: number): void
}

/** An authenticator over an empty catalog, at a standing time. */
export function createAuthFixture(
  options: {
    configured?: readonly CredentialSetting[]
    lambda?: AuthorizerInvoker
    fetch?: typeof globalThis.fetch
    localIssuers?: LocalIssuers
    issuerTimeout?: number
    cognitoEndpoint?: string
  } = {},
): AuthFixture {
  const { configured, lambda, ...rest } = options
  const catalog = createCatalog()
  const clock = createManualClock()
  const logged: string[] = []
  const log = (level: string, message: string, data?: unknown): void =>
    void logged.push(`${level} ${message} ${JSON.stringify(data ?? {})}`)
  const credentials = createCredentialStore({
    catalog,
    clock,
    log,
    configured: configured ?? [{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-AKIDEXAMPLE' }],
  })
  const authenticator = createAuthenticator({
    catalog,
    credentials,
    clock,
    log,
    lambda: lambda ?? { invoke: () => Promise.reject(new Error('no function')) },
    fetch: () => Promise.reject(new Error('no network')),
    ...rest,
  })
  return {
    catalog,
    clock,
    credentials,
    authenticator,
    logged,
    putApiKey: (id, expires = NOW / 1000 + 3600) =>
      catalog.collection('AWS::AppSync::ApiKey').put({ arn: `${API_ARN}/apikeys/${id}`, apiId: 'a', id, expires }),
  }
}

export const BODY = Buffer.from('{"query":"{ ping }"}')

export function requestWith(
  headers: readonly (readonly [string, string])[],
  more: Partial<RequestCredentials> = {},
): RequestCredentials {
  return {
    method: 'POST',
    target: '/graphql',
    headers: [['host', '127.0.0.1:4000'], ...headers],
    body: BODY,
    remoteAddress: '127.0.0.1',
    ...more,
  }
}

export function signedRequest(
  credentials: SigningCredentials,
  more: Partial<RequestCredentials> = {},
  now = NOW,
): RequestCredentials {
  const request = requestWith([['content-type', 'application/json']], more)
  return {
    ...request,
    headers: signRequest({ ...request, credentials, region: 'us-east-1', service: 'appsync', now }).headers,
  }
}

/** The caller, or the refusal as clients see it. */
export async function outcomeOf(
  fixture: Pick<AuthFixture, 'authenticator'>,
  api: GraphqlApi,
  request: RequestCredentials,
): Promise<Caller | [status: number, errorType: string, message: string]> {
  try {
    return await fixture.authenticator.authenticate(api, request)
  } catch (error) {
    const { statusCode, errorType, message } = error as AuthenticationError
    return [statusCode, errorType, message]
  }
}

export const REFUSED = [401, 'UnauthorizedException', 'You are not authorized to make this call.'] as const
