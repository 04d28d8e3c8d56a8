import { createHash, createHmac } from 'node:crypto'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, formatArn, type Scope } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'
import type { Catalog } from '../../catalog.ts'
import type { Log } from '../../observability/log.ts'
import type { UserPool, UserPoolClient } from '../../resources.ts'
import { hashPassword } from './passwords.ts'
import { createVerifier } from './srp.ts'
import type { User, UserStore } from './userStore.ts'

export interface UserSetting {
  username: string
  password?: string
  email?: string
  groups: readonly string[]
  /** Further attributes, for example `custom:tenant`. */
  attributes: Readonly<Record<string, string>>
}

/** An entry of the setting `userPools:`; a pool of the project by its logical id, name or id, or one that exists only here. */
export interface UserPoolSetting {
  name: string
  /** Id of the pool, for example `us-east-1_abc`. @default made from the name */
  id?: string
  clients: readonly { name: string; id?: string }[]
  users: readonly UserSetting[]
  groups: readonly { name: string; precedence?: number; roleArn?: string }[]
}

/** The local pools with their clients, groups and users, from the catalog, the settings and the store together. */
export interface PoolDirectory {
  find(poolId: string): UserPool | undefined
  list(): UserPool[]
  /** By id, name, or the name that the settings give it. */
  findByAnyName(name: string): UserPool | undefined
  findClient(clientId: string): { pool: UserPool; client: UserPoolClient } | undefined
  clientsOf(pool: UserPool): UserPoolClient[]
  groupsOf(pool: UserPool): Group[]
  /** By username, or by what the pool lets stand for one. The password is hashed now if it was not yet. */
  findUser(pool: UserPool, name: string): Promise<User | undefined>
  /** Brings every user of the settings into the store, which else happens when they are first asked for. */
  storeSettings(pool: UserPool): Promise<void>
  /** In the order of precedence. */
  groupsOfUser(user: User): Group[]
  close(): void
}

export interface Group {
  name: string
  precedence?: number
  roleArn?: string
}

/** Flows of a client that exists only in the settings. */
const ALL_FLOWS = [
  'ALLOW_USER_PASSWORD_AUTH',
  'ALLOW_USER_SRP_AUTH',
  'ALLOW_REFRESH_TOKEN_AUTH',
  'ALLOW_ADMIN_USER_PASSWORD_AUTH',
]

export function createPoolDirectory(options: {
  catalog: Catalog
  store: UserStore
  settings: readonly UserPoolSetting[]
  /** Keys the marks of the settings' passwords. */
  secret: Uint8Array
  now: () => number
  defaultScope?: Scope
  log: Log
}): PoolDirectory {
  const { catalog, store, settings, now } = options
  const pools = catalog.collection('AWS::Cognito::UserPool')
  const clients = catalog.collection('AWS::Cognito::UserPoolClient')
  const scope = options.defaultScope ?? { accountId: DEFAULT_ACCOUNT_ID, region: DEFAULT_REGION }

  const byId = new Map<string, UserPool>()
  const index = (): void => {
    byId.clear()
    for (const pool of pools.list()) if (pool.local) byId.set(pool.id, pool)
  }
  const warnOf = ({ id, properties }: UserPool): void => {
    const features = unsupportedFeatures(properties)
    if (features.length > 0)
      options.log('warn', 'a local user pool leaves out what it declares', { pool: id, features })
  }
  index()
  for (const pool of byId.values()) warnOf(pool)
  const unsubscribe = pools.subscribe(({ type, resource }) => {
    index()
    if (type === 'put' && resource.local) warnOf(resource)
  })
  for (const setting of settings) declare(setting)

  /** Makes a pool that no template has, and a client for a pool without any. */
  function declare(setting: UserPoolSetting): void {
    const pool = [...byId.values()].find((candidate) => isNamed(candidate, setting)) ?? makePool(setting)
    const declared = clients.list(`${pool.arn}/client/`)
    const wanted =
      setting.clients.length > 0 ? setting.clients : declared.length > 0 ? [] : [{ name: 'sidestage', id: undefined }]
    for (const { name, id } of wanted) {
      const clientId = id ?? stableId(26, 'client', pool.id, name)
      if (declared.some((client) => client.clientId === clientId || client.clientName === name)) continue
      clients.put(
        {
          arn: `${pool.arn}/client/${clientId}`,
          userPoolId: pool.id,
          clientId,
          clientName: name,
          explicitAuthFlows: ALL_FLOWS,
          properties: {},
        },
        'project',
      )
    }
  }
  function makePool(setting: UserPoolSetting): UserPool {
    const id = setting.id ?? `${scope.region}_${stableId(9, 'pool', scope.accountId, setting.name)}`
    const pool: UserPool = {
      arn: formatArn({ service: 'cognito-idp', ...scope, resource: `userpool/${id}` }),
      id,
      name: setting.name,
      properties: {},
      local: true,
    }
    pools.put(pool, 'project')
    return pool
  }

  const settingOf = (pool: UserPool): UserPoolSetting | undefined => settings.find((setting) => isNamed(pool, setting))
  const groupsOf = (pool: UserPool): Group[] => [
    ...catalog
      .collection('AWS::Cognito::UserPoolGroup')
      .list(`${pool.arn}/group/`)
      .map(({ groupName, precedence, roleArn }) => ({
        name: groupName,
        ...(precedence !== undefined && { precedence }),
        ...(roleArn !== undefined && { roleArn }),
      })),
    ...(settingOf(pool)?.groups ?? []),
  ]
  /** Groups that users of the settings are in exist by that. */
  const allGroupsOf = (pool: UserPool): Group[] => {
    const declared = groupsOf(pool)
    const names = new Set(declared.map(({ name }) => name))
    const mentioned = new Set(settingOf(pool)?.users.flatMap(({ groups }) => groups))
    return [...declared, ...[...mentioned].filter((name) => !names.has(name)).map((name) => ({ name }))]
  }

  const markOf = (setting: UserSetting): string =>
    createHmac('sha256', options.secret)
      .update(`${setting.username}\n${setting.password ?? ''}`)
      .digest('base64')

  /** The user of the settings as the store has it: made or, when the settings changed, made anew. */
  const fromSettings = async (pool: UserPool, setting: UserSetting): Promise<User> => {
    const known = store.findUser(pool.id, setting.username)
    const mark = markOf(setting)
    const attributes: Record<string, string> = {
      ...(setting.email !== undefined && { email: setting.email, email_verified: 'true' }),
      ...setting.attributes,
    }
    if (known?.settingMark === mark) {
      const merged = { ...known.attributes, ...attributes }
      if (JSON.stringify(merged) === JSON.stringify(known.attributes)) return known
      const changed = { ...known, attributes: merged, modified: now() }
      store.putUser(changed)
      return changed
    }
    const password =
      setting.password === undefined
        ? known?.password
        : {
            hash: await hashPassword(setting.password),
            srp: createVerifier(poolNameOf(pool.id), setting.username, setting.password),
          }
    const user: User = {
      poolId: pool.id,
      username: setting.username,
      sub: attributes['sub'] ?? known?.sub ?? stableUuid('user', pool.id, setting.username),
      status: 'CONFIRMED',
      enabled: known?.enabled ?? true,
      attributes: withoutSub(attributes),
      ...(password !== undefined && { password }),
      settingMark: mark,
      created: known?.created ?? now(),
      modified: now(),
      signedOutAt: known?.signedOutAt ?? 0,
    }
    store.putUser(user)
    return user
  }

  const find = (poolId: string): UserPool | undefined => byId.get(poolId)
  return {
    find,
    list: () => [...byId.values()],
    findByAnyName: (name) =>
      byId.get(name) ?? [...byId.values()].find((pool) => pool.name === name || pool.properties['LogicalId'] === name),
    findClient(clientId) {
      for (const client of clients.list()) {
        const pool = client.clientId === clientId ? byId.get(client.userPoolId) : undefined
        if (pool !== undefined) return { pool, client }
      }
      return undefined
    },
    clientsOf: (pool) => clients.list(`${pool.arn}/client/`),
    groupsOf: allGroupsOf,
    async findUser(pool, name) {
      const fold = foldOf(pool)
      const declared = settingOf(pool)?.users.find(
        (user) =>
          fold(user.username) === fold(name) ||
          (user.email !== undefined && isAlias(pool, 'email') && fold(user.email) === fold(name)),
      )
      if (declared !== undefined) return fromSettings(pool, declared)
      return (
        store.findUser(pool.id, fold(name)) ??
        store.findUserBySub(pool.id, name) ??
        (isAlias(pool, 'email') ? store.findUserByAttribute(pool.id, 'email', fold(name)) : undefined) ??
        (isAlias(pool, 'phone_number') ? store.findUserByAttribute(pool.id, 'phone_number', name) : undefined) ??
        (isAlias(pool, 'preferred_username')
          ? store.findUserByAttribute(pool.id, 'preferred_username', fold(name))
          : undefined)
      )
    },
    async storeSettings(pool) {
      for (const user of settingOf(pool)?.users ?? []) await fromSettings(pool, user)
    },
    groupsOfUser(user) {
      const pool = find(user.poolId)
      if (pool === undefined) return []
      const names = new Set([
        ...(settingOf(pool)?.users.find(({ username }) => username === user.username)?.groups ?? []),
        ...store.groupsOf(user.poolId, user.username),
      ])
      return allGroupsOf(pool)
        .filter(({ name }) => names.has(name))
        .sort((a, b) => (a.precedence ?? Number.MAX_SAFE_INTEGER) - (b.precedence ?? Number.MAX_SAFE_INTEGER))
    },
    close: unsubscribe,
  }
}

/** Usernames and aliases differ by case only where the pool says so. */
export function foldOf(pool: UserPool): (name: string) => string {
  const config = pool.properties['UsernameConfiguration']
  const insensitive =
    typeof config === 'object' &&
    config !== null &&
    String((config as Record<string, unknown>)['CaseSensitive']) === 'false'
  return insensitive ? (name) => name.toLowerCase() : (name) => name
}

/** Whether an attribute may be given in place of a username. */
export function isAlias(pool: UserPool, attribute: string): boolean {
  return [pool.properties['UsernameAttributes'], pool.properties['AliasAttributes']].some(
    (list) => Array.isArray(list) && list.includes(attribute),
  )
}

/** What follows the underscore in a pool's id. */
export function poolNameOf(poolId: string): string {
  return poolId.slice(poolId.indexOf('_') + 1)
}

/** What a pool declares that would change how its users sign in, and that local pools do not do. */
export function unsupportedFeatures(properties: Readonly<Record<string, unknown>>): string[] {
  const { LambdaConfig, MfaConfiguration } = properties
  const triggers = typeof LambdaConfig === 'object' && LambdaConfig !== null ? Object.keys(LambdaConfig) : []
  return [
    ...triggers.map((name) => `LambdaConfig.${name}`),
    ...(MfaConfiguration === 'ON' || MfaConfiguration === 'OPTIONAL' ? [`MfaConfiguration ${MfaConfiguration}`] : []),
  ]
}

/** Throws `ResourceNotFoundException`. */
export function requirePool(directory: PoolDirectory, poolId: string): UserPool {
  const pool = directory.find(poolId)
  if (pool === undefined) throw new AwsError('ResourceNotFoundException', `User pool ${poolId} does not exist.`)
  return pool
}

/** A UUID that the same names give each time. */
export function stableUuid(...names: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(names)).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function isNamed(pool: UserPool, setting: UserPoolSetting): boolean {
  return (
    (setting.id !== undefined && pool.id === setting.id) ||
    pool.id === setting.name ||
    pool.name === setting.name ||
    pool.properties['LogicalId'] === setting.name
  )
}

const ID_CHARACTERS = '0123456789abcdefghijklmnopqrstuvwxyz'

function stableId(length: number, ...names: readonly string[]): string {
  const digest = createHash('sha512').update(JSON.stringify(names)).digest()
  return [...digest.subarray(0, length)].map((byte) => ID_CHARACTERS[byte % ID_CHARACTERS.length]).join('')
}

function withoutSub(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const { sub: _, ...rest } = attributes
  return rest
}
