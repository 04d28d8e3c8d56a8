import type { MaybePromise } from '../aws/service.ts'
import type { Log } from '../observability/log.ts'
import type { UserPoolConfig } from '../resources.ts'
import type { Caller } from './caller.ts'
import type { IssuerKeys } from './jwt/remoteKeys.ts'
import { checkTimes } from './jwt/timeClaims.ts'
import { type Claims, type OpenedToken, type TokenVerifier, unauthorized } from './jwt/tokenVerifier.ts'
import { matchesWhole } from './jwt/wholeMatch.ts'

export interface UserPoolIssuer extends IssuerKeys {
  /** The pool's URL: what its tokens have in `iss`. */
  issuer(): string
}

/** Cognito signs with nothing else. */
const ALGORITHMS: ReadonlySet<string> = new Set(['RS256'])

/** Verifies an ID or access token of a Cognito user pool (AppSync developer guide, AMAZON_COGNITO_USER_POOLS authorization). */
export function authenticateUserPool(
  token: OpenedToken,
  config: UserPoolConfig,
  context: {
    issuer: UserPoolIssuer
    verifier: TokenVerifier
    now: () => number
    sourceIp: readonly string[]
    log: Log
  },
): MaybePromise<Caller> {
  const verified = context.verifier.verify(token, context.issuer, ALGORITHMS)
  return verified instanceof Promise
    ? verified.then(() => judge(token.claims, config, context))
    : judge(token.claims, config, context)
}

function judge(
  claims: Claims,
  config: UserPoolConfig,
  context: { issuer: UserPoolIssuer; now: () => number; sourceIp: readonly string[]; log: Log },
): Caller {
  const issuer = context.issuer.issuer()
  if (claims['iss'] !== issuer) throw unauthorized()
  const use = claims['token_use']
  if (use !== 'id' && use !== 'access') throw unauthorized()
  const expiresAt = checkTimes(claims, context.now())
  const client = use === 'id' ? claims['aud'] : claims['client_id']
  if (typeof client !== 'string') throw unauthorized()
  const { appIdClientRegex } = config
  if (appIdClientRegex !== undefined && appIdClientRegex !== '' && !matchesWhole(appIdClientRegex, client, context.log))
    throw unauthorized()
  const { sub } = claims
  if (typeof sub !== 'string') throw unauthorized()
  const username = claims['cognito:username'] ?? claims['username']
  const groups = groupsOf(claims)
  return {
    mode: 'AMAZON_COGNITO_USER_POOLS',
    identity: {
      claims,
      defaultAuthStrategy: config.defaultAction ?? 'ALLOW',
      groups: groups ?? null,
      issuer,
      sourceIp: context.sourceIp,
      sub,
      username: typeof username === 'string' ? username : null,
    },
    issuer,
    ...(groups !== undefined && { groups }),
    expiresAt,
  }
}

function groupsOf(claims: Claims): string[] | undefined {
  const groups = claims['cognito:groups']
  return Array.isArray(groups) ? groups.filter((group): group is string => typeof group === 'string') : undefined
}
