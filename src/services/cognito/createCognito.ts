import type { Scope } from '../../aws/arn.ts'
import { type Clock, systemClock } from '../../aws/clock.ts'
import { AwsError } from '../../aws/errors.ts'
import { createSealer } from '../../aws/sealedToken.ts'
import type { JsonService } from '../../aws/service.ts'
import type { Catalog } from '../../catalog.ts'
import { type Log, silentLog } from '../../observability/log.ts'
import type { DataFolder } from '../../storage/dataFolder.ts'
import { createAuthentication } from './authentication.ts'
import { createIdentityPoolService, type IssueTemporary } from './identityPoolService.ts'
import { createIssuers, type Issuers } from './issuers.ts'
import { createPoolDirectory, stableUuid, type UserPoolSetting } from './poolDirectory.ts'
import { createPoolTokens } from './tokens.ts'
import { createUserPoolService } from './userPoolService.ts'
import { createUserStore } from './userStore.ts'

/** Local user pools and identity pools. */
export interface Cognito {
  /** `AWSCognitoIdentityProviderService.*` */
  userPools: JsonService
  /** `AWSCognitoIdentityService.*` */
  identityPools: JsonService
  issuers: Issuers
  mintToken(request: MintRequest): Promise<string>
  close(): void
}

/** What `sidestage token` asks for. */
export interface MintRequest {
  /** Id, name or logical id of a pool; or `oidc`. */
  pool?: string
  /** An OpenID Connect token: of this server's own issuer, or of the one named, which must be played here. */
  oidc?: true | string
  /** @default an id made from the username */
  sub?: string
  /** Of a pool. A user of the pool brings their own sub, groups and attributes. @default `sub`, else `user` */
  username?: string
  /** @default the user's */
  groups?: readonly string[]
  /** Added last: they replace what would have been there. */
  claims?: Readonly<Record<string, unknown>>
  /** Of a pool. @default 'access' */
  use?: 'id' | 'access'
  /** @default the pool's first client; `sidestage` for OpenID Connect */
  clientId?: string
  /** Seconds. @default 3600 */
  expiresIn?: number
}

const DEFAULT_SECONDS = 3600

export function createCognito(options: {
  catalog: Catalog
  folder: DataFolder
  /** The setting `userPools:`. @default none */
  userPools?: readonly UserPoolSetting[]
  /** The server's address without a slash at the end. */
  baseUrl: () => string
  issueTemporary: IssueTemporary
  /** URLs of OpenID Connect issuers elsewhere that this server signs for. @default none */
  playedIssuers?: readonly string[]
  /** Of pools that only the settings name. */
  defaultScope?: Scope
  clock?: Pick<Clock, 'now'>
  log?: Log
}): Cognito {
  const { catalog, folder, clock = systemClock, log = silentLog } = options
  const now = (): number => clock.now()
  const secret = folder.secret('cognito')
  const store = createUserStore(folder.database('cognito'))
  const directory = createPoolDirectory({
    catalog,
    store,
    settings: options.userPools ?? [],
    secret,
    now,
    log,
    ...(options.defaultScope !== undefined && { defaultScope: options.defaultScope }),
  })
  const issuers = createIssuers({
    store,
    directory,
    baseUrl: options.baseUrl,
    ...(options.playedIssuers !== undefined && { playedIssuers: options.playedIssuers }),
  })
  const tokens = createPoolTokens({ store, directory, issuers, now })
  const authentication = createAuthentication({
    store,
    directory,
    tokens,
    sealer: createSealer(secret, 'sign-in exchange'),
    secret,
    now,
  })

  const mintOpenIDConnect = (request: MintRequest): Promise<string> => {
    const issuer = typeof request.oidc === 'string' ? issuers.openIDConnect(request.oidc) : issuers.ownOpenIDConnect
    if (issuer === undefined)
      throw new AwsError(
        'ResourceNotFoundException',
        `The issuer ${String(request.oidc)} is not played by this server.`,
      )
    const seconds = Math.floor(now() / 1000)
    return issuer.sign({
      sub: request.sub ?? 'user',
      aud: request.clientId ?? 'sidestage',
      azp: request.clientId ?? 'sidestage',
      iat: seconds,
      auth_time: seconds,
      exp: seconds + (request.expiresIn ?? DEFAULT_SECONDS),
      ...(request.groups !== undefined && { groups: request.groups }),
      ...request.claims,
    })
  }
  const mintOfPool = async (request: MintRequest): Promise<string> => {
    const pool = directory.findByAnyName(request.pool ?? '')
    if (pool === undefined)
      throw new AwsError('ResourceNotFoundException', `No local user pool is called ${request.pool ?? ''}.`)
    const username = request.username ?? request.sub ?? 'user'
    const user = await directory.findUser(pool, username)
    const clientId = request.clientId ?? directory.clientsOf(pool)[0]?.clientId ?? 'sidestage'
    const known = new Map(directory.groupsOf(pool).map((group) => [group.name, group]))
    return tokens.mint(
      pool,
      { clientId },
      {
        sub: request.sub ?? user?.sub ?? stableUuid('user', pool.id, username),
        username: user?.username ?? username,
        groups:
          request.groups?.map((name) => known.get(name) ?? { name }) ?? (user && directory.groupsOfUser(user)) ?? [],
        ...(user !== undefined && { attributes: user.attributes }),
      },
      {
        use: request.use ?? 'access',
        expiresIn: request.expiresIn ?? DEFAULT_SECONDS,
        ...(request.claims !== undefined && { claims: request.claims }),
      },
    )
  }

  return {
    userPools: createUserPoolService({ catalog, store, directory, tokens, authentication, now }),
    identityPools: createIdentityPoolService({ catalog, store, tokens, issueTemporary: options.issueTemporary }),
    issuers,
    mintToken: async (request) => (request.oidc === undefined ? mintOfPool(request) : mintOpenIDConnect(request)),
    close: () => directory.close(),
  }
}
