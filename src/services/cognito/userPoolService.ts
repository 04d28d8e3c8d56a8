import { createHash, randomInt, randomUUID, timingSafeEqual } from 'node:crypto'
import { formatArn } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'
import { serviceModel } from '../../aws/model.ts'
import type { CallContext, JsonService, MaybePromise } from '../../aws/service.ts'
import { constraintMessage, validateShape } from '../../aws/validateShape.ts'
import type { Catalog } from '../../catalog.ts'
import type { UserPool, UserPoolClient } from '../../resources.ts'
import { type Authentication, type Parameters, passwordOf } from './authentication.ts'
import { checkPasswordPolicy, type PasswordPolicy, passwordPolicyOf } from './passwords.ts'
import { foldOf, isAlias, type PoolDirectory, requirePool, unsupportedFeatures } from './poolDirectory.ts'
import type { PoolTokens } from './tokens.ts'
import type { User, UserStore } from './userStore.ts'

/** Operations that browsers and apps call without a signature; all others are the account's own. */
export const PUBLIC_USER_POOL_OPERATIONS: ReadonlySet<string> = new Set([
  'GetTokensFromRefreshToken',
  'GetUser',
  'GlobalSignOut',
  'ChangePassword',
  'InitiateAuth',
  'RespondToAuthChallenge',
  'RevokeToken',
])

interface Attribute {
  Name: string
  Value?: string
}

/** Members of the inputs below; their presence and types have been checked against the model. */
interface Input {
  AccessToken: string
  AuthFlow: string
  AuthParameters?: Parameters
  ChallengeName: string
  ChallengeResponses?: Parameters
  ClientId: string
  ClientName: string
  ClientSecret?: string
  ExplicitAuthFlows?: string[]
  GenerateSecret?: boolean
  PoolName: string
  GroupName: string
  Limit?: number
  MaxResults?: number
  NextToken?: string
  PaginationToken?: string
  Password: string
  Permanent?: boolean
  Precedence?: number
  PreviousPassword?: string
  ProposedPassword: string
  RefreshToken: string
  RoleArn?: string
  Session?: string
  TemporaryPassword?: string
  Token: string
  UserAttributes?: Attribute[]
  UserPoolId: string
  Username: string
}

const DEFAULT_PAGE = 60

/** The part of Amazon Cognito's user pools API that signs users in and manages them, over local pools. */
export function createUserPoolService(options: {
  catalog: Catalog
  store: UserStore
  directory: PoolDirectory
  tokens: PoolTokens
  authentication: Authentication
  now: () => number
}): JsonService {
  const { catalog, store, directory, tokens, authentication, now } = options
  const model = serviceModel('cognito-idp')

  const requireUser = async (input: Input): Promise<{ pool: UserPool; user: User }> => {
    const pool = requirePool(directory, input.UserPoolId)
    const user = await directory.findUser(pool, input.Username)
    if (user === undefined) throw new AwsError('UserNotFoundException', 'User does not exist.')
    return { pool, user }
  }
  const requireGroup = (pool: UserPool, name: string) => {
    const group = directory.groupsOf(pool).find((candidate) => candidate.name === name)
    if (group === undefined) throw new AwsError('ResourceNotFoundException', 'Group not found.')
    return group
  }
  const signOut = (user: User): void => {
    store.deleteRefreshTokensOf(user.poolId, user.username)
    // Whole seconds, as `iat` has them: tokens of this second are revoked too.
    store.putUser({ ...user, signedOutAt: Math.floor(now() / 1000) * 1000 })
  }
  const setPassword = async (pool: UserPool, user: User, password: string, status: User['status']): Promise<void> => {
    checkPasswordPolicy(password, passwordPolicyOf(pool.properties))
    store.putUser({ ...user, status, password: await passwordOf(pool, user.username, password), modified: now() })
  }
  const userType = (user: User): Record<string, unknown> => ({
    Username: user.username,
    Attributes: attributesOf(user),
    UserCreateDate: user.created / 1000,
    UserLastModifiedDate: user.modified / 1000,
    Enabled: user.enabled,
    UserStatus: user.status,
  })
  const groupType = (pool: UserPool, group: { name: string; precedence?: number; roleArn?: string }) => ({
    GroupName: group.name,
    UserPoolId: pool.id,
    ...(group.precedence !== undefined && { Precedence: group.precedence }),
    ...(group.roleArn !== undefined && { RoleArn: group.roleArn }),
  })

  const createUser = async (input: Input): Promise<unknown> => {
    const pool = requirePool(directory, input.UserPoolId)
    const given = Object.fromEntries((input.UserAttributes ?? []).map(({ Name, Value }) => [Name, Value ?? '']))
    const name = foldOf(pool)(input.Username)
    if ((await directory.findUser(pool, name)) !== undefined)
      throw new AwsError('UsernameExistsException', 'User account already exists')
    if (Object.hasOwn(given, 'sub'))
      throw new AwsError('InvalidParameterException', 'Cannot modify an already provided sub')
    const policy = passwordPolicyOf(pool.properties)
    const password = input.TemporaryPassword ?? randomPassword(policy)
    checkPasswordPolicy(password, policy)
    const sub = randomUUID()
    // Where an attribute stands for the username, Cognito makes up the username itself.
    const byAttribute = ['email', 'phone_number'].find(
      (attribute) => isAlias(pool, attribute) && Array.isArray(pool.properties['UsernameAttributes']),
    )
    const username = byAttribute === undefined ? name : sub
    const user: User = {
      poolId: pool.id,
      username,
      sub,
      status: 'FORCE_CHANGE_PASSWORD',
      enabled: true,
      attributes: {
        ...(byAttribute !== undefined && { [name.includes('@') ? 'email' : 'phone_number']: name }),
        ...given,
      },
      password: await passwordOf(pool, username, password),
      created: now(),
      modified: now(),
      signedOutAt: 0,
    }
    store.putUser(user)
    return { User: userType(user) }
  }

  const operations: Readonly<Record<string, (input: Input, context: CallContext) => MaybePromise<unknown>>> = {
    InitiateAuth: (input) => authentication.initiate(input.ClientId, input.AuthFlow, input.AuthParameters ?? {}),
    AdminInitiateAuth(input) {
      requirePool(directory, input.UserPoolId)
      return authentication.initiate(input.ClientId, input.AuthFlow, input.AuthParameters ?? {}, {
        poolId: input.UserPoolId,
      })
    },
    RespondToAuthChallenge: (input) =>
      authentication.respond(input.ClientId, input.ChallengeName, input.ChallengeResponses ?? {}, input.Session),
    AdminRespondToAuthChallenge(input) {
      requirePool(directory, input.UserPoolId)
      return authentication.respond(input.ClientId, input.ChallengeName, input.ChallengeResponses ?? {}, input.Session)
    },
    async GetTokensFromRefreshToken(input) {
      const client = requireClient(input.ClientId)
      checkClientSecret(client.clientSecret, input.ClientSecret)
      return { AuthenticationResult: await tokens.refresh(input.RefreshToken, client) }
    },
    RevokeToken(input) {
      const client = requireClient(input.ClientId)
      checkClientSecret(client.clientSecret, input.ClientSecret)
      tokens.revoke(input.Token, client)
      return {}
    },
    async GetUser(input) {
      const { user } = await tokens.userOfAccessToken(input.AccessToken)
      return { Username: user.username, UserAttributes: attributesOf(user) }
    },
    async GlobalSignOut(input) {
      signOut((await tokens.userOfAccessToken(input.AccessToken)).user)
      return {}
    },
    async ChangePassword(input) {
      const { user, pool } = await tokens.userOfAccessToken(input.AccessToken)
      await authentication.checkPassword(pool, user, input.PreviousPassword ?? '')
      await setPassword(pool, user, input.ProposedPassword, 'CONFIRMED')
      return {}
    },
    AdminCreateUser: createUser,
    async AdminGetUser(input) {
      const { user } = await requireUser(input)
      const { Attributes, ...rest } = userType(user)
      return { ...rest, UserAttributes: Attributes }
    },
    async AdminDeleteUser(input) {
      const { user } = await requireUser(input)
      store.deleteUser(user.poolId, user.username)
      return {}
    },
    async AdminSetUserPassword(input) {
      const { pool, user } = await requireUser(input)
      await setPassword(pool, user, input.Password, input.Permanent === true ? 'CONFIRMED' : 'FORCE_CHANGE_PASSWORD')
      return {}
    },
    async AdminUpdateUserAttributes(input) {
      const { user } = await requireUser(input)
      const given = Object.fromEntries((input.UserAttributes ?? []).map(({ Name, Value }) => [Name, Value ?? '']))
      if (Object.hasOwn(given, 'sub'))
        throw new AwsError('InvalidParameterException', 'Cannot modify an already provided sub')
      store.putUser({ ...user, attributes: { ...user.attributes, ...given }, modified: now() })
      return {}
    },
    async AdminEnableUser(input) {
      store.putUser({ ...(await requireUser(input)).user, enabled: true, modified: now() })
      return {}
    },
    async AdminDisableUser(input) {
      const { user } = await requireUser(input)
      store.deleteRefreshTokensOf(user.poolId, user.username)
      store.putUser({ ...user, enabled: false, modified: now() })
      return {}
    },
    async AdminUserGlobalSignOut(input) {
      signOut((await requireUser(input)).user)
      return {}
    },
    async AdminAddUserToGroup(input) {
      const { pool, user } = await requireUser(input)
      requireGroup(pool, input.GroupName)
      store.addToGroup(pool.id, user.username, input.GroupName)
      return {}
    },
    async AdminRemoveUserFromGroup(input) {
      const { pool, user } = await requireUser(input)
      requireGroup(pool, input.GroupName)
      store.removeFromGroup(pool.id, user.username, input.GroupName)
      return {}
    },
    async AdminListGroupsForUser(input) {
      const { pool, user } = await requireUser(input)
      return { Groups: directory.groupsOfUser(user).map((group) => groupType(pool, group)) }
    },
    CreateUserPool(input, { accountId, region }) {
      const { PoolName, ...properties } = input
      const [unsupported] = unsupportedFeatures(properties)
      if (unsupported !== undefined)
        throw new AwsError('InvalidParameterException', `${unsupported} is not supported by local user pools.`)
      const id = `${region}_${randomText(9, ID_CHARACTERS)}`
      const pool: UserPool = {
        arn: formatArn({ service: 'cognito-idp', region, accountId, resource: `userpool/${id}` }),
        id,
        name: PoolName,
        properties,
        local: true,
      }
      catalog.collection('AWS::Cognito::UserPool').put(pool)
      return { UserPool: describePool(pool) }
    },
    DeleteUserPool(input) {
      const pool = requirePool(directory, input.UserPoolId)
      catalog.transaction(() => {
        for (const client of directory.clientsOf(pool))
          catalog.collection('AWS::Cognito::UserPoolClient').delete(client.arn)
        for (const { arn } of catalog.collection('AWS::Cognito::UserPoolGroup').list(`${pool.arn}/group/`))
          catalog.collection('AWS::Cognito::UserPoolGroup').delete(arn)
        catalog.collection('AWS::Cognito::UserPool').delete(pool.arn)
      })
      store.deletePool(pool.id)
      return {}
    },
    CreateUserPoolClient(input) {
      const pool = requirePool(directory, input.UserPoolId)
      const { UserPoolId: _, ClientName, ExplicitAuthFlows, GenerateSecret, ...properties } = input
      const clientId = randomText(26, CLIENT_ID_CHARACTERS)
      const client: UserPoolClient = {
        arn: `${pool.arn}/client/${clientId}`,
        userPoolId: pool.id,
        clientId,
        clientName: ClientName,
        ...(GenerateSecret === true && { clientSecret: randomText(51, CLIENT_ID_CHARACTERS) }),
        ...(ExplicitAuthFlows !== undefined && { explicitAuthFlows: ExplicitAuthFlows }),
        properties,
      }
      catalog.collection('AWS::Cognito::UserPoolClient').put(client)
      return { UserPoolClient: describeClient(client) }
    },
    DeleteUserPoolClient(input) {
      const client = requireClient(input.ClientId)
      if (client.userPoolId !== input.UserPoolId)
        throw new AwsError('ResourceNotFoundException', `User pool client ${input.ClientId} does not exist.`)
      catalog.collection('AWS::Cognito::UserPoolClient').delete(client.arn)
      return {}
    },
    DeleteGroup(input) {
      const pool = requirePool(directory, input.UserPoolId)
      requireGroup(pool, input.GroupName)
      if (!catalog.collection('AWS::Cognito::UserPoolGroup').delete(`${pool.arn}/group/${input.GroupName}`))
        throw new AwsError('InvalidParameterException', `The group ${input.GroupName} is one of sidestage.yaml.`)
      return {}
    },
    ListUserPools(input) {
      const page = pageOf(directory.list(), ({ id }) => id, input)
      return {
        UserPools: page.items.map(({ id, name }) => ({ Id: id, Name: name })),
        ...(page.next !== undefined && { NextToken: page.next }),
      }
    },
    DescribeUserPool: (input) => ({ UserPool: describePool(requirePool(directory, input.UserPoolId)) }),
    ListUserPoolClients(input) {
      const pool = requirePool(directory, input.UserPoolId)
      const page = pageOf(directory.clientsOf(pool), ({ clientId }) => clientId, input)
      return {
        UserPoolClients: page.items.map(({ clientId, clientName }) => ({
          ClientId: clientId,
          UserPoolId: pool.id,
          ClientName: clientName,
        })),
        ...(page.next !== undefined && { NextToken: page.next }),
      }
    },
    DescribeUserPoolClient(input) {
      const client = requireClient(input.ClientId)
      if (client.userPoolId !== input.UserPoolId)
        throw new AwsError('ResourceNotFoundException', `User pool client ${input.ClientId} does not exist.`)
      return { UserPoolClient: describeClient(client) }
    },
    ListGroups(input) {
      const pool = requirePool(directory, input.UserPoolId)
      return { Groups: directory.groupsOf(pool).map((group) => groupType(pool, group)) }
    },
    CreateGroup(input) {
      const pool = requirePool(directory, input.UserPoolId)
      if (directory.groupsOf(pool).some(({ name }) => name === input.GroupName))
        throw new AwsError('GroupExistsException', 'A group with the name already exists.')
      catalog.collection('AWS::Cognito::UserPoolGroup').put({
        arn: `${pool.arn}/group/${input.GroupName}`,
        userPoolId: pool.id,
        groupName: input.GroupName,
        ...(input.Precedence !== undefined && { precedence: input.Precedence }),
        ...(input.RoleArn !== undefined && { roleArn: input.RoleArn }),
      })
      return { Group: groupType(pool, requireGroup(pool, input.GroupName)) }
    },
    async ListUsers(input) {
      const pool = requirePool(directory, input.UserPoolId)
      await directory.storeSettings(pool)
      const limit = input.Limit ?? DEFAULT_PAGE
      const users = store.listUsers(pool.id, limit + 1, input.PaginationToken)
      const page = users.slice(0, limit)
      const last = page.at(-1)
      return {
        Users: page.map(userType),
        ...(users.length > limit && last !== undefined && { PaginationToken: last.username }),
      }
    },
  }

  function requireClient(clientId: string) {
    const found = directory.findClient(clientId)
    if (found === undefined)
      throw new AwsError('ResourceNotFoundException', `User pool client ${clientId} does not exist.`)
    return found.client
  }

  return {
    targetPrefix: 'AWSCognitoIdentityProviderService',
    jsonVersion: '1.1',
    call(operation, input, context) {
      const handle = Object.hasOwn(operations, operation) ? operations[operation] : undefined
      if (handle === undefined) {
        if (!Object.hasOwn(model.operations, operation))
          throw new AwsError('UnknownOperationException', `Unknown operation ${operation}.`)
        throw new AwsError(
          'UnsupportedOperationException',
          `The operation ${operation} is not supported by local user pools.`,
        )
      }
      checkInput(operation, input)
      return handle(input as Input, context)
    },
  }

  function checkInput(operation: string, input: unknown): void {
    const shape = model.operations[operation]?.input?.shape
    if (shape === undefined) return
    const violations = validateShape(model, shape, input)
    const wrongType = violations.find(({ kind }) => kind === 'type')
    if (wrongType !== undefined)
      throw new AwsError('SerializationException', `${wrongType.path || 'The input'} has the wrong type.`)
    const constraints = violations.filter((violation) => violation.kind === 'constraint')
    // Values are left out: they may be passwords and tokens.
    if (constraints.length > 0)
      throw new AwsError(
        'InvalidParameterException',
        constraintMessage(constraints.map((violation) => ({ ...violation, value: hidden(violation.value) }))),
      )
  }
}

function describePool(pool: UserPool): Record<string, unknown> {
  const policy = passwordPolicyOf(pool.properties)
  const declared = (name: string) => pool.properties[name] !== undefined && { [name]: pool.properties[name] }
  return {
    Id: pool.id,
    Name: pool.name,
    Arn: pool.arn,
    Policies: {
      PasswordPolicy: {
        MinimumLength: policy.minimumLength,
        RequireUppercase: policy.requireUppercase,
        RequireLowercase: policy.requireLowercase,
        RequireNumbers: policy.requireNumbers,
        RequireSymbols: policy.requireSymbols,
      },
    },
    ...declared('UsernameAttributes'),
    ...declared('AliasAttributes'),
    MfaConfiguration: 'OFF',
  }
}

function describeClient(client: UserPoolClient): Record<string, unknown> {
  return {
    UserPoolId: client.userPoolId,
    ClientName: client.clientName,
    ClientId: client.clientId,
    ...(client.clientSecret !== undefined && { ClientSecret: client.clientSecret }),
    ...(client.explicitAuthFlows !== undefined && { ExplicitAuthFlows: client.explicitAuthFlows }),
  }
}

/** A page in the order of ids; the token is the last id that was given. */
function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  input: { MaxResults?: number; NextToken?: string },
): { items: T[]; next: string | undefined } {
  const limit = input.MaxResults ?? DEFAULT_PAGE
  const sorted = [...items].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const rest = sorted.filter((item) => input.NextToken === undefined || idOf(item) > input.NextToken)
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return { items: page, next: rest.length > limit && last !== undefined ? idOf(last) : undefined }
}

function hidden(value: unknown): unknown {
  return value === null || value === undefined ? value : '***'
}

function checkClientSecret(expected: string | undefined, given: string | undefined): void {
  if (expected === undefined) return
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  if (given === undefined || !timingSafeEqual(digest(expected), digest(given)))
    throw new AwsError('NotAuthorizedException', 'Unable to verify secret hash for client')
}

function attributesOf(user: User): Attribute[] {
  return [
    { Name: 'sub', Value: user.sub },
    ...Object.entries(user.attributes).map(([Name, Value]) => ({ Name, Value })),
  ]
}

const ID_CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const CLIENT_ID_CHARACTERS = '0123456789abcdefghijklmnopqrstuvwxyz'

function randomText(length: number, characters: string): string {
  return Array.from({ length }, () => characters.charAt(randomInt(characters.length))).join('')
}

/** A password that keeps to the policy, where an administrator gives none; nobody is told of it. */
function randomPassword(policy: PasswordPolicy): string {
  const sets = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '!@#%^&*']
  const all = sets.join('')
  const length = Math.max(policy.minimumLength, 16)
  return [...sets.map((set) => randomText(1, set)), randomText(length - sets.length, all)].join('')
}
