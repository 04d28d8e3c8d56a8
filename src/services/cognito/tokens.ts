import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from 'jose'
import { AwsError } from '../../aws/errors.ts'
import type { UserPool, UserPoolClient } from '../../resources.ts'
import type { Issuers } from './issuers.ts'
import type { PoolDirectory } from './poolDirectory.ts'
import type { User, UserStore } from './userStore.ts'

/** `AuthenticationResult` of InitiateAuth. */
export interface AuthenticationResult {
  AccessToken: string
  ExpiresIn: number
  TokenType: 'Bearer'
  RefreshToken?: string
  IdToken: string
}

/** Issues and reads the tokens of local pools. */
export interface PoolTokens {
  /** Tokens for a user who has just shown who they are. */
  issue(user: User, pool: UserPool, client: UserPoolClient): Promise<AuthenticationResult>
  /** New tokens for a refresh token. Throws `NotAuthorizedException`. */
  refresh(refreshToken: string, client: UserPoolClient): Promise<AuthenticationResult>
  revoke(refreshToken: string, client: UserPoolClient): void
  /** The user of an access token. Throws `NotAuthorizedException`. */
  userOfAccessToken(accessToken: string): Promise<{ user: User; pool: UserPool; clientId: string }>
  /** Claims of the ID token of a local pool, verified. Throws `NotAuthorizedException`. */
  verifyIdToken(poolId: string, idToken: string): Promise<Readonly<Record<string, unknown>>>
  /** One token for a user of the store or an invented one, signed by the pool. */
  mint(
    pool: UserPool,
    client: { clientId: string },
    subject: TokenSubject,
    options: { use: 'id' | 'access'; claims?: Readonly<Record<string, unknown>>; expiresIn?: number },
  ): Promise<string>
}

export interface TokenSubject {
  sub: string
  username: string
  groups: readonly { name: string; precedence?: number; roleArn?: string }[]
  attributes?: Readonly<Record<string, string>>
}

const HOUR = 3600
const DAY = 24 * HOUR
const UNIT_SECONDS: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, hours: HOUR, days: DAY }
/** Lives of tokens where the client's configuration says nothing (CreateUserPoolClient). */
const DEFAULT_SECONDS = { AccessToken: HOUR, IdToken: HOUR, RefreshToken: 30 * DAY }
const REFRESH_TOKEN_BYTES = 64
/** Scope of tokens that the API gives out; it opens the user's own operations. */
const SELF_SERVICE_SCOPE = 'aws.cognito.signin.user.admin'

export function createPoolTokens(options: {
  store: UserStore
  directory: PoolDirectory
  issuers: Issuers
  now: () => number
}): PoolTokens {
  const { store, directory, issuers, now } = options
  const issuerOf = (pool: UserPool) => {
    const issuer = issuers.userPool(pool.id)
    if (issuer === undefined) throw new AwsError('ResourceNotFoundException', `User pool ${pool.id} does not exist.`)
    return issuer
  }
  const subjectOf = (user: User): TokenSubject => ({
    sub: user.sub,
    username: user.username,
    groups: directory.groupsOfUser(user),
    attributes: user.attributes,
  })

  const tokensFor = async (
    user: User,
    pool: UserPool,
    client: UserPoolClient,
    session: { authTime: number; originJti: string },
  ): Promise<AuthenticationResult> => {
    const shared = { auth_time: session.authTime, origin_jti: session.originJti, event_id: randomUUID() }
    const expiresIn = lifeOf(client, 'AccessToken')
    const [AccessToken, IdToken] = await Promise.all([
      mint(pool, client, subjectOf(user), { use: 'access', claims: shared, expiresIn }),
      mint(pool, client, subjectOf(user), { use: 'id', claims: shared, expiresIn: lifeOf(client, 'IdToken') }),
    ])
    return { AccessToken, ExpiresIn: expiresIn, TokenType: 'Bearer', IdToken }
  }

  const mint: PoolTokens['mint'] = (pool, client, subject, { use, claims = {}, expiresIn = HOUR }) => {
    const seconds = Math.floor(now() / 1000)
    const groups = subject.groups.map(({ name }) => name)
    const roles = subject.groups.flatMap(({ roleArn }) => roleArn ?? [])
    const common = {
      sub: subject.sub,
      ...(groups.length > 0 && { 'cognito:groups': groups }),
      auth_time: seconds,
      iat: seconds,
      exp: seconds + expiresIn,
      jti: randomUUID(),
    }
    const own =
      use === 'access'
        ? {
            client_id: client.clientId,
            token_use: use,
            scope: SELF_SERVICE_SCOPE,
            username: subject.username,
          }
        : {
            aud: client.clientId,
            token_use: use,
            'cognito:username': subject.username,
            ...(roles.length > 0 && { 'cognito:roles': roles, 'cognito:preferred_role': roles[0] }),
            ...attributeClaims(subject.attributes ?? {}),
          }
    return issuerOf(pool).sign({ ...common, ...own, ...claims })
  }

  const findRefreshToken = (refreshToken: string, client: UserPoolClient) => {
    const digest = digestOf(refreshToken)
    const token = store.findRefreshToken(digest)
    if (token === undefined || token.clientId !== client.clientId) return undefined
    return { digest, token }
  }

  return {
    async issue(user, pool, client) {
      store.sweep(now())
      const session = { authTime: Math.floor(now() / 1000), originJti: randomUUID() }
      const result = await tokensFor(user, pool, client, session)
      const refreshToken = randomBytes(REFRESH_TOKEN_BYTES).toString('base64url')
      store.putRefreshToken(digestOf(refreshToken), {
        poolId: pool.id,
        username: user.username,
        clientId: client.clientId,
        ...session,
        expiresAt: now() + lifeOf(client, 'RefreshToken') * 1000,
      })
      return { ...result, RefreshToken: refreshToken }
    },
    async refresh(refreshToken, client) {
      const found = findRefreshToken(refreshToken, client)
      if (found === undefined) throw notAuthorized('Invalid Refresh Token')
      const { token } = found
      if (token.expiresAt <= now()) throw notAuthorized('Refresh Token has expired')
      const pool = directory.find(token.poolId)
      const user = pool && (await directory.findUser(pool, token.username))
      if (pool === undefined || user === undefined) throw notAuthorized('Invalid Refresh Token')
      if (!user.enabled) throw notAuthorized('User is disabled.')
      return tokensFor(user, pool, client, token)
    },
    revoke(refreshToken, client) {
      const found = findRefreshToken(refreshToken, client)
      if (found !== undefined) store.deleteRefreshToken(found.digest)
    },
    async userOfAccessToken(accessToken) {
      const poolId = poolIdOf(accessToken)
      const pool = poolId === undefined ? undefined : directory.find(poolId)
      if (pool === undefined) throw notAuthorized('Invalid Access Token')
      const claims = await verify(issuerOf(pool), accessToken, now(), 'Access Token')
      const { client_id: clientId, username, iat } = claims
      if (claims['token_use'] !== 'access' || typeof username !== 'string' || typeof clientId !== 'string')
        throw notAuthorized('Invalid Access Token')
      const user = await directory.findUser(pool, username)
      if (user === undefined) throw notAuthorized('Invalid Access Token')
      if (!user.enabled) throw notAuthorized('User is disabled.')
      if (typeof iat !== 'number' || iat * 1000 <= user.signedOutAt)
        throw notAuthorized('Access Token has been revoked')
      return { user, pool, clientId }
    },
    async verifyIdToken(poolId, idToken) {
      const pool = directory.find(poolId)
      if (pool === undefined) throw notAuthorized("Invalid login token. Issuer doesn't match providerName")
      const claims = await verify(issuerOf(pool), idToken, now(), 'login token')
      if (claims['token_use'] !== 'id')
        throw notAuthorized('Invalid login token. Not a valid OpenId Connect identity token.')
      return claims
    },
    mint,
  }
}

export function notAuthorized(message: string): AwsError {
  return new AwsError('NotAuthorizedException', message)
}

async function verify(
  issuer: { issuer: string; keys(): unknown },
  token: string,
  now: number,
  noun: 'Access Token' | 'login token',
): Promise<Readonly<Record<string, unknown>>> {
  const keys = (await issuer.keys()) as Parameters<typeof createLocalJWKSet>[0]['keys']
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...keys] }), {
      algorithms: ['RS256'],
      issuer: issuer.issuer,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'iat', 'sub'],
    })
    return payload
  } catch (error) {
    const expired = error instanceof errors.JWTExpired
    if (noun === 'Access Token') throw notAuthorized(expired ? 'Access Token has expired' : 'Invalid Access Token')
    throw notAuthorized(
      expired ? 'Invalid login token. Token expired' : 'Invalid login token. Token signature invalid.',
    )
  }
}

/** The pool that a token says it is of, which its signature must then show. */
function poolIdOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss?.split('/').at(-1)
  } catch {
    return undefined
  }
}

/** ID tokens hold booleans for what was verified, and texts for everything else. */
function attributeClaims(attributes: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, name.endsWith('_verified') ? value === 'true' : value]),
  )
}

function lifeOf(client: UserPoolClient, token: 'AccessToken' | 'IdToken' | 'RefreshToken'): number {
  const validity = Number(client.properties[`${token}Validity`] ?? 0)
  if (!Number.isInteger(validity) || validity <= 0) return DEFAULT_SECONDS[token]
  const units = client.properties['TokenValidityUnits']
  const unit =
    typeof units === 'object' && units !== null ? (units as Readonly<Record<string, unknown>>)[token] : undefined
  return validity * (UNIT_SECONDS[String(unit ?? (token === 'RefreshToken' ? 'days' : 'hours'))] ?? HOUR)
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
