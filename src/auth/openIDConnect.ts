import type { MaybePromise } from '../aws/service.ts'
import type { Log } from '../observability/log.ts'
import type { OpenIDConnectConfig } from '../resources.ts'
import type { Caller } from './caller.ts'
import { type IssuerKeys, withoutSlash } from './jwt/remoteKeys.ts'
import { checkTimes } from './jwt/timeClaims.ts'
import { type Claims, type OpenedToken, type TokenVerifier, unauthorized } from './jwt/tokenVerifier.ts'
import { matchesWhole } from './jwt/wholeMatch.ts'

/** An issuer's keys, and its name as it writes it itself. */
export interface OpenIDConnectIssuer extends IssuerKeys {
  /** Known once its keys are. */
  issuer(): string
}

/** Public-key algorithms that AppSync takes from OpenID Connect providers; a shared secret could not be published. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
])

/** Verifies a token of an OpenID Connect provider (AppSync developer guide, OPENID_CONNECT authorization). */
export function authenticateOpenIDConnect(
  token: OpenedToken,
  config: OpenIDConnectConfig,
  context: { issuer: OpenIDConnectIssuer; verifier: TokenVerifier; now: () => number; log: Log },
): MaybePromise<Caller> {
  const verified = context.verifier.verify(token, context.issuer, ALGORITHMS)
  return verified instanceof Promise
    ? verified.then(() => judge(token.claims, config, context))
    : judge(token.claims, config, context)
}

function judge(
  claims: Claims,
  config: OpenIDConnectConfig,
  context: { issuer: OpenIDConnectIssuer; now: () => number; log: Log },
): Caller {
  const issuer = claims['iss']
  if (typeof issuer !== 'string' || !namesOf(config, context.issuer).includes(issuer)) throw unauthorized()
  const expiresAt = checkTimes(claims, context.now(), config)
  if (config.clientId !== undefined && config.clientId !== '') {
    const { clientId } = config
    if (!clientsOf(claims).some((client) => matchesWhole(clientId, client, context.log))) throw unauthorized()
  }
  const sub = claims['sub']
  if (sub !== undefined && typeof sub !== 'string') throw unauthorized()
  return {
    mode: 'OPENID_CONNECT',
    identity: { claims, issuer, sub: sub ?? null },
    issuer,
    expiresAt,
  }
}

/** The issuer as it is configured, with the slash at the end that it may have there or without, and as it writes itself. */
function namesOf({ issuer }: OpenIDConnectConfig, found: OpenIDConnectIssuer): string[] {
  return [issuer, withoutSlash(issuer), found.issuer()]
}

/** `aud`, each of its members, and `azp`. */
function clientsOf(claims: Claims): string[] {
  const audience = claims['aud']
  return [...(Array.isArray(audience) ? (audience as unknown[]) : [audience]), claims['azp']].filter(
    (value): value is string => typeof value === 'string',
  )
}
