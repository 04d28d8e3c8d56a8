import type { JWK } from 'jose'
import { partitionOf } from '../aws/arn.ts'
import { type Clock, systemClock } from '../aws/clock.ts'
import { messageOf } from '../aws/errors.ts'
import type { MaybePromise } from '../aws/service.ts'
import { isSigned } from '../aws/sigv4.ts'
import type { Catalog } from '../catalog.ts'
import { type Log, silentLog } from '../observability/log.ts'
import type {
  AuthenticationType,
  GraphqlApi,
  LambdaAuthorizerConfig,
  OpenIDConnectConfig,
  UserPoolConfig,
} from '../resources.ts'
import { authenticateApiKey, createApiKeyIndex } from './apiKeys.ts'
import type { Caller, RequestCredentials } from './caller.ts'
import { modesOf } from './fieldRules.ts'
import { headerValues, sourceIpsOf } from './headers.ts'
import type { CredentialStore } from './iam/credentialStore.ts'
import { authenticateIam } from './iam.ts'
import {
  createRemoteKeys,
  discover,
  type FetchOptions,
  fetchKeySet,
  KeysUnavailableError,
  withoutSlash,
} from './jwt/remoteKeys.ts'
import { createTokenVerifier, type OpenedToken, unauthorized } from './jwt/tokenVerifier.ts'
import { type AuthorizerInvoker, createLambdaAuthorizer } from './lambdaAuthorizer.ts'
import { authenticateOpenIDConnect, type OpenIDConnectIssuer } from './openIDConnect.ts'
import { authenticateUserPool, type UserPoolIssuer } from './userPools.ts'

/** Finds out who sent a request to a GraphQL API. */
export interface Authenticator {
  /**
   * The caller, or `AuthenticationError`. Synchronous wherever nothing must be fetched or invoked. For real-time
   * messages, `requestOfAuthObject` makes the request.
   */
  authenticate(api: GraphqlApi, request: RequestCredentials): MaybePromise<Caller>
  /** Problems of an API's providers that can be seen before a request comes: issuers that name themselves differently, or do not answer. */
  checkProviders(api: GraphqlApi): Promise<ProviderProblem[]>
  close(): void
}

export interface ProviderProblem {
  /** `error`: no token can be right. `warning`: the issuer does not answer now. */
  severity: 'error' | 'warning'
  message: string
}

/** An issuer in this process: its name and its public keys. */
export interface LocalIssuer {
  issuer: string
  /** The same key objects each time. */
  keys(): MaybePromise<readonly JWK[]>
}

/** The issuers of this process. Asked for every request, so that pools may come and go. */
export interface LocalIssuers {
  userPool(userPoolId: string): LocalIssuer | undefined
  /** By its URL; a slash at the end makes no difference. */
  openIDConnect(issuer: string): LocalIssuer | undefined
}

const MISSING_HEADER = 'Valid authorization header not provided.'
const UNPARSABLE_TOKEN = 'Unable to parse JWT token.'

export function createAuthenticator(options: {
  catalog: Catalog
  credentials: CredentialStore
  lambda: AuthorizerInvoker
  /** @default none */
  localIssuers?: LocalIssuers
  /** `AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER`: where all user pools are. @default here those that are local, else AWS */
  cognitoEndpoint?: string
  clock?: Clock
  fetch?: typeof globalThis.fetch
  /** Milliseconds that an issuer has for one document. @default 5000 */
  issuerTimeout?: number
  log?: Log
}): Authenticator {
  const { catalog, credentials, clock = systemClock, log = silentLog } = options
  const fetchOptions: FetchOptions = {
    fetch: options.fetch ?? globalThis.fetch,
    clock,
    log,
    ...(options.issuerTimeout !== undefined && { timeout: options.issuerTimeout }),
  }
  const apiKeys = createApiKeyIndex(catalog)
  const verifier = createTokenVerifier()
  const authorizer = createLambdaAuthorizer({ lambda: options.lambda, clock, log })
  const now = (): number => clock.now()

  const userPools = new Map<string, UserPoolIssuer>()
  const userPoolIssuer = (config: UserPoolConfig): UserPoolIssuer => {
    const local = options.cognitoEndpoint === undefined ? options.localIssuers?.userPool(config.userPoolId) : undefined
    if (local !== undefined) return { issuer: () => local.issuer, keysFor: () => local.keys() }
    const url = userPoolUrl(config, options.cognitoEndpoint)
    let issuer = userPools.get(url)
    if (issuer === undefined) {
      const load = (): Promise<readonly JWK[]> => fetchKeySet(`${url}/.well-known/jwks.json`, fetchOptions)
      issuer = { issuer: () => url, ...createRemoteKeys(url, load, fetchOptions) }
      userPools.set(url, issuer)
    }
    return issuer
  }

  const providers = new Map<string, OpenIDConnectIssuer>()
  const openIDConnectIssuer = (config: OpenIDConnectConfig): OpenIDConnectIssuer => {
    const configured = withoutSlash(config.issuer)
    const local = options.localIssuers?.openIDConnect(configured)
    if (local !== undefined) return { issuer: () => local.issuer, keysFor: () => local.keys() }
    let issuer = providers.get(configured)
    if (issuer === undefined) {
      let name = config.issuer
      const load = async (): Promise<readonly JWK[]> => {
        const found = await discover(config.issuer, fetchOptions)
        const keys = await fetchKeySet(found.jwksUri, fetchOptions)
        name = found.issuer
        return keys
      }
      issuer = { issuer: () => name, ...createRemoteKeys(configured, load, fetchOptions) }
      providers.set(configured, issuer)
    }
    return issuer
  }

  /** The provider that issued a token, by `iss` alone: what the token says is verified afterwards. */
  const authenticateToken = (
    setup: Setup,
    token: OpenedToken,
    request: RequestCredentials,
  ): MaybePromise<Caller> | undefined => {
    const { iss } = token.claims
    if (typeof iss !== 'string') return undefined
    for (const config of setup.userPools) {
      const issuer = userPoolIssuer(config)
      if (issuer.issuer() === iss)
        return authenticateUserPool(token, config, { issuer, verifier, now, sourceIp: sourceIpsOf(request), log })
    }
    for (const config of setup.providers)
      if (withoutSlash(config.issuer) === withoutSlash(iss))
        return authenticateOpenIDConnect(token, config, { issuer: openIDConnectIssuer(config), verifier, now, log })
    return undefined
  }

  const setups = new WeakMap<GraphqlApi, Setup>()
  const setupOf = (api: GraphqlApi): Setup => {
    let setup = setups.get(api)
    if (setup === undefined) {
      setup = readSetup(api)
      setups.set(api, setup)
    }
    return setup
  }

  return {
    authenticate(api, request) {
      const setup = setupOf(api)
      const authorizations = headerValues(request, 'authorization')
      const keys = headerValues(request, 'x-api-key')
      if (authorizations.length > 1 || keys.length > 1) throw unauthorized()
      const [authorization] = authorizations
      const [apiKey] = keys

      // A signature beats an API key, which beats a token: the first that is there decides alone.
      if (isSigned(request) && setup.modes.has('AWS_IAM'))
        return authenticateIam(api, request, { credentials, now: now(), log })
      if (apiKey !== undefined && setup.modes.has('API_KEY')) return authenticateApiKey(api, apiKey, apiKeys, now())
      if (authorization === undefined || authorization === '')
        throw unauthorized(apiKey === undefined ? MISSING_HEADER : undefined)

      const token = setup.tokens ? verifier.open(authorization.replace(/^Bearer +/i, '')) : undefined
      const caller = token && refusing(() => authenticateToken(setup, token, request), log)
      if (caller !== undefined) return caller
      if (setup.lambda !== undefined) return authorizer.authenticate(api, setup.lambda, authorization, request)
      if (isSigned(request) || token !== undefined) throw unauthorized()
      throw unauthorized(setup.tokens ? UNPARSABLE_TOKEN : MISSING_HEADER)
    },
    async checkProviders(api) {
      const checks = readSetup(api).providers.map(async ({ issuer }): Promise<ProviderProblem[]> => {
        if (options.localIssuers?.openIDConnect(withoutSlash(issuer)) !== undefined) return []
        try {
          await discover(issuer, fetchOptions)
          return []
        } catch (error) {
          const mismatch = (error as { code?: unknown }).code === 'ISSUER_MISMATCH'
          return [{ severity: mismatch ? 'error' : 'warning', message: messageOf(error) }]
        }
      })
      return (await Promise.all(checks)).flat()
    },
    close: () => apiKeys.close(),
  }
}

/** The modes of an API with their configurations, sorted out once. */
interface Setup {
  modes: ReadonlySet<AuthenticationType>
  /** Whether an Authorization header may hold a token of an issuer. */
  tokens: boolean
  userPools: readonly UserPoolConfig[]
  providers: readonly OpenIDConnectConfig[]
  lambda: LambdaAuthorizerConfig | undefined
}

function readSetup(api: GraphqlApi): Setup {
  const all = [api, ...(api.additionalAuthenticationProviders ?? [])]
  const userPools = all.flatMap((provider) =>
    provider.authenticationType === 'AMAZON_COGNITO_USER_POOLS' ? (provider.userPoolConfig ?? []) : [],
  )
  const providers = all.flatMap((provider) =>
    provider.authenticationType === 'OPENID_CONNECT' ? (provider.openIDConnectConfig ?? []) : [],
  )
  const lambda = all.find(({ authenticationType }) => authenticationType === 'AWS_LAMBDA')?.lambdaAuthorizerConfig
  return { modes: modesOf(api), tokens: userPools.length + providers.length > 0, userPools, providers, lambda }
}

/** Keys that cannot be had are the issuer's failure; the caller learns only that it is not let in. */
function refusing(authenticate: () => MaybePromise<Caller> | undefined, log: Log): MaybePromise<Caller> | undefined {
  const refuse = (error: unknown): never => {
    if (!(error instanceof KeysUnavailableError)) throw error
    log('warn', 'a token was refused, for its issuer gave no keys', { problem: error.message })
    throw unauthorized()
  }
  try {
    const caller = authenticate()
    return caller instanceof Promise ? caller.catch(refuse) : caller
  } catch (error) {
    return refuse(error)
  }
}

/** The URL of a pool, which is its issuer. */
export function userPoolUrl(config: Pick<UserPoolConfig, 'userPoolId' | 'awsRegion'>, endpoint?: string): string {
  if (endpoint !== undefined) return `${withoutSlash(endpoint)}/${config.userPoolId}`
  const suffix = partitionOf(config.awsRegion) === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://cognito-idp.${config.awsRegion}.${suffix}/${config.userPoolId}`
}
