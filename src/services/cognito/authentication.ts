import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { AwsError } from '../../aws/errors.ts'
import type { Sealer } from '../../aws/sealedToken.ts'
import type { UserPool, UserPoolClient } from '../../resources.ts'
import { checkPasswordPolicy, hashPassword, passwordPolicyOf, verifyPassword } from './passwords.ts'
import { type PoolDirectory, poolNameOf } from './poolDirectory.ts'
import { createServerEphemeral, createVerifier, isPublicNumber, verifyClaim } from './srp.ts'
import { notAuthorized, type PoolTokens } from './tokens.ts'
import type { User, UserStore } from './userStore.ts'

/** The outcome of one step of signing in: tokens, or the next challenge. */
export type AuthenticationStep =
  | { AuthenticationResult: unknown; ChallengeParameters: Record<string, string> }
  | { ChallengeName: string; ChallengeParameters: Record<string, string>; Session?: string }

export type Parameters = Readonly<Record<string, string>>

/** Signing in to local pools: InitiateAuth and RespondToAuthChallenge. */
export interface Authentication {
  initiate(
    clientId: string,
    flow: string,
    parameters: Parameters,
    admin?: { poolId: string },
  ): Promise<AuthenticationStep>
  respond(
    clientId: string,
    challenge: string,
    responses: Parameters,
    session: string | undefined,
  ): Promise<AuthenticationStep>
  /** Throws `NotAuthorizedException` when it is wrong; wrong ones count. */
  checkPassword(pool: UserPool, user: User, password: string): Promise<void>
}

/** Time that a client has for one challenge (`AuthSessionValidity`). */
const SESSION_MS = 3 * 60 * 1000
/** Wrong passwords in a row before a user must wait. */
const FREE_ATTEMPTS = 5
const MAX_LOCK_MS = 15 * 60 * 1000
/** Users whose wrong passwords are counted, and used sessions that are remembered. */
const MAX_REMEMBERED = 10_000
const WRONG_PASSWORD = 'Incorrect username or password.'

/** What a challenge keeps for its answer, sealed, so that an unanswered one costs nothing. */
interface Exchange {
  kind: 'PASSWORD_VERIFIER' | 'NEW_PASSWORD_REQUIRED'
  id: string
  poolId: string
  clientId: string
  username: string
  until: number
  /** Of PASSWORD_VERIFIER. */
  srp?: { A: string; b: string; B: string }
}

export function createAuthentication(options: {
  store: UserStore
  directory: PoolDirectory
  tokens: PoolTokens
  sealer: Sealer
  secret: Uint8Array
  now: () => number
}): Authentication {
  const { store, directory, tokens, sealer, now } = options
  const usedExchanges = new Map<string, number>()
  const attempts = new Map<string, { failed: number; until: number }>()

  const requireClient = (clientId: string, admin?: { poolId: string }) => {
    const found = directory.findClient(clientId)
    if (found === undefined || (admin !== undefined && found.pool.id !== admin.poolId))
      throw new AwsError('ResourceNotFoundException', `User pool client ${clientId} does not exist.`)
    return found
  }

  const lockKey = (pool: UserPool, username: string): string => `${pool.id}\n${username}`
  const checkLock = (pool: UserPool, username: string): void => {
    const known = attempts.get(lockKey(pool, username))
    if (known !== undefined && known.until > now()) throw notAuthorized('Password attempts exceeded')
  }
  const countFailure = (pool: UserPool, username: string): void => {
    const key = lockKey(pool, username)
    const failed = (attempts.get(key)?.failed ?? 0) + 1
    attempts.delete(key)
    if (attempts.size >= MAX_REMEMBERED) attempts.delete(attempts.keys().next().value ?? '')
    const lock = failed < FREE_ATTEMPTS ? 0 : Math.min(1000 * 2 ** Math.min(failed - FREE_ATTEMPTS, 20), MAX_LOCK_MS)
    attempts.set(key, { failed, until: now() + lock })
  }

  const checkPassword = async (pool: UserPool, user: User, password: string): Promise<void> => {
    checkLock(pool, user.username)
    if (user.password !== undefined && (await verifyPassword(password, user.password.hash))) return
    countFailure(pool, user.username)
    throw notAuthorized(WRONG_PASSWORD)
  }

  /** After the password was right: the tokens, or the demand of a new password. */
  const complete = async (user: User, pool: UserPool, client: UserPoolClient): Promise<AuthenticationStep> => {
    attempts.delete(lockKey(pool, user.username))
    if (!user.enabled) throw notAuthorized('User is disabled.')
    if (user.status === 'RESET_REQUIRED')
      throw new AwsError('PasswordResetRequiredException', 'Password reset required for the user')
    if (user.status === 'UNCONFIRMED') throw new AwsError('UserNotConfirmedException', 'User is not confirmed.')
    if (user.status === 'FORCE_CHANGE_PASSWORD')
      return {
        ChallengeName: 'NEW_PASSWORD_REQUIRED',
        Session: sealer.seal(exchangeFor('NEW_PASSWORD_REQUIRED', user, pool, client)),
        ChallengeParameters: {
          USER_ID_FOR_SRP: user.username,
          requiredAttributes: JSON.stringify(missingAttributes(pool, user)),
          userAttributes: JSON.stringify(user.attributes),
        },
      }
    return { AuthenticationResult: await tokens.issue(user, pool, client), ChallengeParameters: {} }
  }

  const exchangeFor = (
    kind: Exchange['kind'],
    user: { username: string },
    pool: UserPool,
    client: UserPoolClient,
  ): Exchange => ({
    kind,
    id: randomUUID(),
    poolId: pool.id,
    clientId: client.clientId,
    username: user.username,
    until: now() + SESSION_MS,
  })
  const openExchange = (text: string | undefined, kind: Exchange['kind'], client: UserPoolClient): Exchange => {
    const exchange = text === undefined ? undefined : (sealer.open(text) as Exchange | undefined)
    if (exchange === undefined || exchange.kind !== kind || exchange.clientId !== client.clientId)
      throw notAuthorized('Invalid session for the user.')
    if (exchange.until <= now()) throw notAuthorized('Invalid session for the user, session is expired.')
    if (usedExchanges.has(exchange.id))
      throw notAuthorized('Invalid session for the user, session can only be used once.')
    for (const [id, until] of usedExchanges) {
      if (until > now() && usedExchanges.size < MAX_REMEMBERED) break
      usedExchanges.delete(id)
    }
    usedExchanges.set(exchange.id, exchange.until)
    return exchange
  }

  const withPassword = async (
    pool: UserPool,
    client: UserPoolClient,
    parameters: Parameters,
  ): Promise<AuthenticationStep> => {
    const username = required(parameters, 'USERNAME')
    const password = required(parameters, 'PASSWORD')
    checkSecretHash(client, username, parameters)
    const user = await directory.findUser(pool, username)
    if (user?.password === undefined) {
      // As long as for a user who exists.
      await hashPassword(password)
      throw unknownUser(client, user)
    }
    await checkPassword(pool, user, password)
    return complete(user, pool, client)
  }

  const withSrp = async (
    pool: UserPool,
    client: UserPoolClient,
    parameters: Parameters,
  ): Promise<AuthenticationStep> => {
    const name = required(parameters, 'USERNAME')
    const A = required(parameters, 'SRP_A')
    checkSecretHash(client, name, parameters)
    if (!isPublicNumber(A)) throw new AwsError('InvalidParameterException', 'SRP_A is not a valid public value.')
    checkLock(pool, name)
    const user = await directory.findUser(pool, name)
    if (user?.password === undefined && !hidesUsers(client)) throw unknownUser(client, user)
    const username = user?.username ?? name
    const { salt, verifier } = user?.password?.srp ?? inventedVerifier(options.secret, pool, username)
    const ephemeral = createServerEphemeral(verifier)
    return {
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeParameters: {
        SALT: salt,
        SECRET_BLOCK: sealer.seal({
          ...exchangeFor('PASSWORD_VERIFIER', { username }, pool, client),
          srp: { A, ...ephemeral },
        }),
        SRP_B: ephemeral.B,
        USERNAME: username,
        USER_ID_FOR_SRP: username,
      },
    }
  }

  const passwordVerifier = async (
    pool: UserPool,
    client: UserPoolClient,
    responses: Parameters,
  ): Promise<AuthenticationStep> => {
    const username = required(responses, 'USERNAME')
    const secretBlock = required(responses, 'PASSWORD_CLAIM_SECRET_BLOCK')
    const signature = required(responses, 'PASSWORD_CLAIM_SIGNATURE')
    const timestamp = required(responses, 'TIMESTAMP')
    checkSecretHash(client, username, responses)
    const exchange = openExchange(secretBlock, 'PASSWORD_VERIFIER', client)
    checkLock(pool, exchange.username)
    const user = await directory.findUser(pool, exchange.username)
    const srp = user?.password?.srp
    const right =
      exchange.srp !== undefined &&
      verifyClaim({
        poolName: poolNameOf(pool.id),
        username: exchange.username,
        verifier: srp?.verifier ?? inventedVerifier(options.secret, pool, exchange.username).verifier,
        A: exchange.srp.A,
        ephemeral: exchange.srp,
        secretBlock,
        timestamp,
        signature,
      })
    if (user === undefined || srp === undefined || !right) {
      countFailure(pool, exchange.username)
      throw notAuthorized(WRONG_PASSWORD)
    }
    return complete(user, pool, client)
  }

  const newPassword = async (
    pool: UserPool,
    client: UserPoolClient,
    responses: Parameters,
    session: string | undefined,
  ): Promise<AuthenticationStep> => {
    const username = required(responses, 'USERNAME')
    const password = required(responses, 'NEW_PASSWORD')
    checkSecretHash(client, username, responses)
    checkPasswordPolicy(password, passwordPolicyOf(pool.properties))
    const exchange = openExchange(session, 'NEW_PASSWORD_REQUIRED', client)
    const user = await directory.findUser(pool, exchange.username)
    if (user === undefined || user.status !== 'FORCE_CHANGE_PASSWORD')
      throw notAuthorized('Invalid session for the user.')
    const given = Object.entries(responses).flatMap(([name, value]): [string, string][] =>
      name.startsWith('userAttributes.') ? [[name.slice('userAttributes.'.length), value]] : [],
    )
    // What only Cognito itself may say of a user.
    const forbidden = given.find(([name]) => name === 'sub' || name.endsWith('_verified'))
    if (forbidden !== undefined) throw notAuthorized(`Cannot modify the non-mutable attribute ${forbidden[0]}`)
    const changed: User = {
      ...user,
      attributes: { ...user.attributes, ...Object.fromEntries(given) },
      status: 'CONFIRMED',
      password: await passwordOf(pool, user.username, password),
      modified: now(),
    }
    const missing = missingAttributes(pool, changed)
    if (missing.length > 0)
      throw new AwsError(
        'InvalidParameterException',
        `Missing required attribute ${missing[0]?.slice('userAttributes.'.length)}`,
      )
    store.putUser(changed)
    return complete(changed, pool, client)
  }

  return {
    checkPassword,
    async initiate(clientId, flow, parameters, admin) {
      const { pool, client } = requireClient(clientId, admin)
      requireFlow(client, flow)
      switch (flow) {
        case 'USER_PASSWORD_AUTH':
        case 'ADMIN_USER_PASSWORD_AUTH':
        case 'ADMIN_NO_SRP_AUTH':
          return withPassword(pool, client, parameters)
        case 'USER_SRP_AUTH':
          return withSrp(pool, client, parameters)
        case 'REFRESH_TOKEN_AUTH':
        case 'REFRESH_TOKEN':
          return {
            AuthenticationResult: await tokens.refresh(required(parameters, 'REFRESH_TOKEN'), client),
            ChallengeParameters: {},
          }
        default:
          throw new AwsError('InvalidParameterException', `The authentication flow ${flow} is not supported here.`)
      }
    },
    async respond(clientId, challenge, responses, session) {
      const { pool, client } = requireClient(clientId)
      switch (challenge) {
        case 'PASSWORD_VERIFIER':
          return passwordVerifier(pool, client, responses)
        case 'NEW_PASSWORD_REQUIRED':
          return newPassword(pool, client, responses, session)
        default:
          throw new AwsError('InvalidParameterException', `The challenge ${challenge} is not supported here.`)
      }
    },
  }
}

/** Hash and verifier of a password. */
export async function passwordOf(
  pool: UserPool,
  username: string,
  password: string,
): Promise<NonNullable<User['password']>> {
  return { hash: await hashPassword(password), srp: createVerifier(poolNameOf(pool.id), username, password) }
}

/** Throws `NotAuthorizedException` where a client with a secret does not show it. */
export function checkSecretHash(client: UserPoolClient, username: string, parameters: Parameters): void {
  if (client.clientSecret === undefined) return
  const given = parameters['SECRET_HASH']
  if (given === undefined)
    throw notAuthorized(`Client ${client.clientId} is configured with secret but SECRET_HASH was not received`)
  const expected = createHmac('sha256', client.clientSecret).update(`${username}${client.clientId}`).digest()
  const bytes = Buffer.from(given, 'base64')
  if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected))
    throw notAuthorized(`Unable to verify secret hash for client ${client.clientId}`)
}

/** The flows of a client that names none (CreateUserPoolClient, ExplicitAuthFlows). */
const DEFAULT_FLOWS = ['ALLOW_REFRESH_TOKEN_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_CUSTOM_AUTH']

function requireFlow(client: UserPoolClient, flow: string): void {
  const flows = client.explicitAuthFlows ?? DEFAULT_FLOWS
  const modern = flows.length === 0 || flows.some((name) => name.startsWith('ALLOW_'))
  const name = flow === 'REFRESH_TOKEN' ? 'REFRESH_TOKEN_AUTH' : flow
  // Clients of the older kind list what they add; SRP and refreshing are always theirs.
  const always = !modern && (name === 'USER_SRP_AUTH' || name === 'REFRESH_TOKEN_AUTH')
  const adminAlias = name === 'ADMIN_USER_PASSWORD_AUTH' ? 'ADMIN_NO_SRP_AUTH' : 'ADMIN_USER_PASSWORD_AUTH'
  const names = name.startsWith('ADMIN_') ? [name, adminAlias] : [name]
  if (always || names.some((wanted) => flows.includes(`ALLOW_${wanted}`) || flows.includes(wanted))) return
  throw new AwsError(
    'InvalidParameterException',
    name === 'USER_SRP_AUTH'
      ? 'USER_SRP_AUTH is not enabled for the client.'
      : `${name} flow not enabled for this client`,
  )
}

function required(parameters: Parameters, name: string): string {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  if (value === undefined) throw new AwsError('InvalidParameterException', `Missing required parameter ${name}`)
  return value
}

/** Whether a client learns nothing of who exists (`PreventUserExistenceErrors`). */
function hidesUsers(client: UserPoolClient): boolean {
  return client.properties['PreventUserExistenceErrors'] === 'ENABLED'
}

function unknownUser(client: UserPoolClient, user: User | undefined): AwsError {
  return user === undefined && !hidesUsers(client)
    ? new AwsError('UserNotFoundException', 'User does not exist.')
    : notAuthorized(WRONG_PASSWORD)
}

/** Salt and verifier for a user who does not exist, the same each time, that no password fits. */
function inventedVerifier(secret: Uint8Array, pool: UserPool, username: string): { salt: string; verifier: string } {
  const salt = createHmac('sha256', secret).update(`salt of ${pool.id} ${username}`).digest('hex').slice(0, 32)
  return createVerifier(poolNameOf(pool.id), username, randomBytes(32).toString('hex'), salt)
}

function missingAttributes(pool: UserPool, user: User): string[] {
  const schema = pool.properties['Schema']
  if (!Array.isArray(schema)) return []
  return (schema as unknown[]).flatMap((entry) => {
    const { Name, Required } = (entry ?? {}) as { Name?: unknown; Required?: unknown }
    return typeof Name === 'string' && String(Required) === 'true' && !Object.hasOwn(user.attributes, Name)
      ? [`userAttributes.${Name}`]
      : []
  })
}
