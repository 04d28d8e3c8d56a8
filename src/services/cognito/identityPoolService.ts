import { randomUUID } from 'node:crypto'
import { formatArn, parseArn } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'
import { serviceModel } from '../../aws/model.ts'
import type { CallContext, JsonService } from '../../aws/service.ts'
import { constraintMessage, validateShape } from '../../aws/validateShape.ts'
import type { Catalog } from '../../catalog.ts'
import type { IdentityPool } from '../../resources.ts'
import { notAuthorized, type PoolTokens } from './tokens.ts'
import type { UserStore } from './userStore.ts'

/** Operations that browsers and apps call without a signature; all others are the account's own. */
export const PUBLIC_IDENTITY_POOL_OPERATIONS: ReadonlySet<string> = new Set(['GetId', 'GetCredentialsForIdentity'])

const OPERATIONS: ReadonlySet<string> = new Set([
  ...PUBLIC_IDENTITY_POOL_OPERATIONS,
  'CreateIdentityPool',
  'DeleteIdentityPool',
  'DescribeIdentityPool',
  'GetIdentityPoolRoles',
  'SetIdentityPoolRoles',
  'ListIdentityPools',
])

/** Makes temporary credentials of a role; the server's credential store does. */
export type IssueTemporary = (request: {
  roleArn: string
  sessionName: string
  cognitoIdentity: {
    cognitoIdentityPoolId: string
    cognitoIdentityId: string
    cognitoIdentityAuthType: 'authenticated' | 'unauthenticated'
    cognitoIdentityAuthProvider?: string
  }
}) => { accessKeyId: string; secretAccessKey: string; sessionToken: string; expiration: number }

/** The session name that Cognito gives the roles it assumes. */
const SESSION_NAME = 'CognitoIdentityCredentials'

interface CreateInput {
  IdentityPoolName: string
  AllowUnauthenticatedIdentities: boolean
  CognitoIdentityProviders?: { ClientId?: string; ProviderName?: string }[]
}

interface Login {
  /** As the client named it, for example `cognito-idp.us-east-1.amazonaws.com/us-east-1_a`. */
  provider: string
  sub: string
  claims: Readonly<Record<string, unknown>>
}

/** Amazon Cognito identity pools over local user pools: an identity for a login, and credentials for an identity. */
export function createIdentityPoolService(options: {
  catalog: Catalog
  store: UserStore
  tokens: PoolTokens
  issueTemporary: IssueTemporary
}): JsonService {
  const { catalog, store, tokens, issueTemporary } = options
  const model = serviceModel('cognito-identity')

  const requirePool = (identityPoolId: string): IdentityPool => {
    const pool = catalog
      .collection('AWS::Cognito::IdentityPool')
      .list()
      .find((candidate) => candidate.identityPoolId === identityPoolId)
    if (pool === undefined)
      throw new AwsError('ResourceNotFoundException', `IdentityPool '${identityPoolId}' not found.`)
    return pool
  }

  /** The verified login of a request; undefined for a guest. */
  const readLogin = async (
    pool: IdentityPool,
    logins: Readonly<Record<string, string>> | undefined,
  ): Promise<Login | undefined> => {
    const entries = Object.entries(logins ?? {})
    if (entries.length > 1) throw notAuthorized('More than one login is not supported here.')
    const [entry] = entries
    if (entry === undefined) {
      if (!pool.allowUnauthenticatedIdentities)
        throw notAuthorized('Unauthenticated access is not supported for this identity pool.')
      return undefined
    }
    const [provider, token] = entry
    const userPoolId = provider.split('/').at(-1) ?? ''
    const accepted = (pool.cognitoIdentityProviders ?? []).filter(
      ({ providerName }) => providerName.split('/').at(-1) === userPoolId,
    )
    if (accepted.length === 0) throw notAuthorized('Token is not from a supported provider of this identity pool.')
    const claims = await tokens.verifyIdToken(userPoolId, token)
    if (!accepted.some(({ clientId }) => clientId === claims['aud']))
      throw notAuthorized('Invalid login token. Incorrect token audience.')
    return { provider, sub: String(claims['sub']), claims }
  }

  /** One identity for each login, whoever asks and however often; a new one for each guest. */
  const identityOf = (pool: IdentityPool, login: Login | undefined): string => {
    const key = login === undefined ? `guest/${randomUUID()}` : `${login.provider.split('/').at(-1)}/${login.sub}`
    const known = store.findIdentity(pool.identityPoolId, key)
    if (known !== undefined) return known
    const id = `${pool.identityPoolId.split(':')[0]}:${randomUUID()}`
    store.putIdentity(pool.identityPoolId, key, id)
    return id
  }

  const roleOf = (pool: IdentityPool, login: Login | undefined, customRoleArn: string | undefined): string => {
    const roles = login?.claims['cognito:roles']
    if (customRoleArn !== undefined) {
      if (!Array.isArray(roles) || !roles.includes(customRoleArn))
        throw notAuthorized('The role is not one of those that the login token allows.')
      return customRoleArn
    }
    const role = login === undefined ? pool.unauthenticatedRoleArn : pool.authenticatedRoleArn
    if (role === undefined || parseArn(role) === undefined)
      throw new AwsError(
        'InvalidIdentityPoolConfigurationException',
        'Invalid identity pool configuration. Check assigned IAM roles for this pool.',
      )
    return role
  }

  const describe = (pool: IdentityPool): Record<string, unknown> => ({
    IdentityPoolId: pool.identityPoolId,
    IdentityPoolName: pool.name,
    AllowUnauthenticatedIdentities: pool.allowUnauthenticatedIdentities,
    CognitoIdentityProviders: (pool.cognitoIdentityProviders ?? []).map(({ clientId, providerName }) => ({
      ClientId: clientId,
      ProviderName: providerName,
    })),
  })
  const create = (input: CreateInput, { accountId, region }: CallContext): Record<string, unknown> => {
    const identityPoolId = `${region}:${randomUUID()}`
    const pool: IdentityPool = {
      arn: formatArn({ service: 'cognito-identity', region, accountId, resource: `identitypool/${identityPoolId}` }),
      identityPoolId,
      name: input.IdentityPoolName,
      allowUnauthenticatedIdentities: input.AllowUnauthenticatedIdentities,
      cognitoIdentityProviders: (input.CognitoIdentityProviders ?? []).map(({ ClientId, ProviderName }) => ({
        clientId: ClientId ?? '',
        providerName: ProviderName ?? '',
      })),
      properties: {},
    }
    catalog.collection('AWS::Cognito::IdentityPool').put(pool)
    return describe(pool)
  }
  const rolesOf = (pool: IdentityPool): Record<string, unknown> => ({
    IdentityPoolId: pool.identityPoolId,
    Roles: {
      ...(pool.authenticatedRoleArn !== undefined && { authenticated: pool.authenticatedRoleArn }),
      ...(pool.unauthenticatedRoleArn !== undefined && { unauthenticated: pool.unauthenticatedRoleArn }),
    },
  })
  const setRoles = (pool: IdentityPool, roles: Readonly<Record<string, string>>): void => {
    const { authenticatedRoleArn: _, unauthenticatedRoleArn: __, ...rest } = pool
    const { authenticated, unauthenticated } = roles
    catalog.collection('AWS::Cognito::IdentityPool').put({
      ...rest,
      ...(authenticated !== undefined && { authenticatedRoleArn: authenticated }),
      ...(unauthenticated !== undefined && { unauthenticatedRoleArn: unauthenticated }),
    })
  }
  /** A page in the order of ids; the token is the last id that was given. */
  const list = ({ MaxResults, NextToken }: { MaxResults: number; NextToken?: string }): Record<string, unknown> => {
    const rest = catalog
      .collection('AWS::Cognito::IdentityPool')
      .list()
      .sort((a, b) => (a.identityPoolId < b.identityPoolId ? -1 : 1))
      .filter(({ identityPoolId }) => NextToken === undefined || identityPoolId > NextToken)
    const page = rest.slice(0, MaxResults)
    const last = page.at(-1)
    return {
      IdentityPools: page.map(({ identityPoolId, name }) => ({
        IdentityPoolId: identityPoolId,
        IdentityPoolName: name,
      })),
      ...(rest.length > page.length && last !== undefined && { NextToken: last.identityPoolId }),
    }
  }

  const check = (operation: string, input: unknown): void => {
    const shape = model.operations[operation]?.input?.shape
    const violations = shape === undefined ? [] : validateShape(model, shape, input)
    const constraints = violations.filter((violation) => violation.kind === 'constraint')
    if (constraints.length < violations.length)
      throw new AwsError('SerializationException', 'The input does not have the form of the operation.')
    if (constraints.length > 0)
      throw new AwsError(
        'InvalidParameterException',
        constraintMessage(
          constraints.map((violation) => ({ ...violation, value: violation.value === null ? null : '***' })),
        ),
      )
  }

  return {
    targetPrefix: 'AWSCognitoIdentityService',
    jsonVersion: '1.1',
    async call(operation, input, context) {
      if (!OPERATIONS.has(operation)) {
        const known = Object.hasOwn(model.operations, operation)
        throw new AwsError(
          known ? 'UnsupportedOperationException' : 'UnknownOperationException',
          known
            ? `The operation ${operation} is not supported by local identity pools.`
            : `Unknown operation ${operation}.`,
        )
      }
      check(operation, input)
      const given = input as {
        IdentityPoolId: string
        IdentityId: string
        Logins?: Readonly<Record<string, string>>
        CustomRoleArn?: string
      }
      if (operation === 'CreateIdentityPool') return create(input as CreateInput, context)
      if (operation === 'DeleteIdentityPool') {
        catalog.collection('AWS::Cognito::IdentityPool').delete(requirePool(given.IdentityPoolId).arn)
        return {}
      }
      if (operation === 'GetIdentityPoolRoles') return rolesOf(requirePool(given.IdentityPoolId))
      if (operation === 'SetIdentityPoolRoles') {
        const { Roles, RoleMappings } = input as { Roles: Readonly<Record<string, string>>; RoleMappings?: unknown }
        if (RoleMappings !== undefined)
          throw new AwsError('InvalidParameterException', 'RoleMappings is not supported by local identity pools.')
        setRoles(requirePool(given.IdentityPoolId), Roles)
        return {}
      }
      if (operation === 'ListIdentityPools') return list(input as { MaxResults: number; NextToken?: string })
      if (operation === 'DescribeIdentityPool') return describe(requirePool(given.IdentityPoolId))
      if (operation === 'GetId') {
        const pool = requirePool(given.IdentityPoolId)
        return { IdentityId: identityOf(pool, await readLogin(pool, given.Logins)) }
      }
      const owner = store.ownerOfIdentity(given.IdentityId)
      if (owner === undefined)
        throw new AwsError('ResourceNotFoundException', `Identity '${given.IdentityId}' not found.`)
      const pool = requirePool(owner.identityPoolId)
      const login = await readLogin(pool, given.Logins)
      const isGuest = owner.login.startsWith('guest/')
      if (login === undefined ? !isGuest : identityOf(pool, login) !== given.IdentityId)
        throw notAuthorized(`Access to Identity '${given.IdentityId}' is forbidden.`)
      const credentials = issueTemporary({
        roleArn: roleOf(pool, login, given.CustomRoleArn),
        sessionName: SESSION_NAME,
        cognitoIdentity: {
          cognitoIdentityPoolId: pool.identityPoolId,
          cognitoIdentityId: given.IdentityId,
          cognitoIdentityAuthType: login === undefined ? 'unauthenticated' : 'authenticated',
          ...(login !== undefined && {
            cognitoIdentityAuthProvider: `"${login.provider}","${login.provider}:CognitoSignIn:${login.sub}"`,
          }),
        },
      })
      return {
        IdentityId: given.IdentityId,
        Credentials: {
          AccessKeyId: credentials.accessKeyId,
          SecretKey: credentials.secretAccessKey,
          SessionToken: credentials.sessionToken,
          Expiration: credentials.expiration / 1000,
        },
      }
    },
  }
}
