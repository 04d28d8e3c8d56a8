import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { DEFAULT_ACCOUNT_ID, parseArn } from '../../aws/arn.ts'
import type { Clock } from '../../aws/clock.ts'
import { systemClock } from '../../aws/clock.ts'
import { AwsError } from '../../aws/errors.ts'
import { createSealer } from '../../aws/sealedToken.ts'
import type { Catalog } from '../../catalog.ts'
import { type Log, silentLog } from '../../observability/log.ts'
import type { PolicyDocument, Role } from '../../resources.ts'
import { awsManagedPolicies } from './managedPolicies.ts'
import {
  administratorPolicy,
  compilePolicies,
  emptyPolicy,
  intersect,
  type Policy,
  roleOfSession,
  trusts,
} from './policy.ts'

/** The identity of a Cognito identity pool behind temporary credentials; named as in AppSync's `ctx.identity`. */
export interface CognitoIdentity {
  cognitoIdentityPoolId: string
  cognitoIdentityId: string
  cognitoIdentityAuthType: 'authenticated' | 'unauthenticated'
  /** `"PROVIDER","PROVIDER:CognitoSignIn:SUB"` */
  cognitoIdentityAuthProvider?: string
}

/** An access key and whose it is. */
export interface Credential {
  accessKeyId: string
  secretAccessKey: string
  /** Whether requests must bring a session token; the store has compared it already. */
  temporary: boolean
  accountId: string
  /** ARN of the root, the user, or the assumed role's session. */
  principalArn: string
  /** `aws:userid`: `AIDA…` of a user, `AROA…:SESSION` of a role, the account of its root. */
  userId: string
  /** `aws:username`, of users only. */
  userName?: string
  cognitoIdentity?: CognitoIdentity
  policy: Policy
  /** Milliseconds since the epoch. */
  issuedAt?: number
  /** Milliseconds since the epoch. */
  expiresAt?: number
}

/** One entry of the setting `credentials:`. */
export interface CredentialSetting {
  accessKeyId: string
  secretAccessKey: string
  /** Makes the key a temporary one that never ends. */
  sessionToken?: string
  /** @default the account of `arn`, else 000000000000 */
  accountId?: string
  /** ARN of a user, a role or a role's session. @default the account's root */
  arn?: string
  cognitoIdentity?: CognitoIdentity
  /**
   * Identity policies. @default those that the project has for the role or user that `arn` names; everything is
   * allowed where it has none
   */
  policies?: readonly PolicyDocument[]
  /** ARNs of managed policies, added to `policies`. */
  managedPolicyArns?: readonly string[]
}

/** Temporary credentials as STS and identity pools give them out. */
export interface TemporaryCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
  /** Milliseconds since the epoch. */
  expiration: number
  /** ARN of the session. */
  assumedRoleArn: string
  /** `AROA…:SESSION` */
  assumedRoleId: string
}

export interface TemporaryRequest {
  roleArn: string
  /** `[\w+=,.@-]{2,64}` */
  sessionName: string
  /** @default 3600 */
  durationSeconds?: number
  /** Allowed only what this allows as well. */
  sessionPolicy?: PolicyDocument
  cognitoIdentity?: CognitoIdentity
}

export type CredentialLookup =
  | { type: 'found'; credential: Credential }
  /** No such key, or another session token than the key's. */
  | { type: 'unknown' }
  | { type: 'expired' }

export interface CredentialStore {
  find(accessKeyId: string, sessionToken: string | undefined): CredentialLookup
  /**
   * Credentials of a role, which this server (after a restart too) knows by their session token alone. For a Cognito
   * identity throws `InvalidIdentityPoolConfigurationException` where the role's trust policy does not let it in.
   */
  issueTemporary(request: TemporaryRequest): TemporaryCredentials
  /** What a role may do: its own policies and the managed ones attached to it. */
  policyOfRole(roleArn: string): Policy
}

/** The key of the account's administrator where none are configured and only this machine can connect. */
export const LOOPBACK_CREDENTIAL: CredentialSetting = { accessKeyId: 'test', secretAccessKey: 'test' }

const DEFAULT_DURATION_SECONDS = 3600
/** Opened tokens are kept, so that a busy client is not deciphered again for every request. */
const MAX_OPENED_TOKENS = 1000
/** A session token that we made is shorter; AWS's own bound is 2,048. */
const MAX_TOKEN_LENGTH = 16_384

export function createCredentialStore(options: {
  /** The setting `credentials:`. */
  configured?: readonly CredentialSetting[]
  /** Whether only this machine can connect: then, with none configured, `test`/`test` is the administrator. @default false */
  loopbackOnly?: boolean
  catalog: Catalog
  /** Secret that temporary credentials are derived from; keep it to know them after a restart. @default a random one */
  secret?: Uint8Array
  clock?: Pick<Clock, 'now'>
  log?: Log
}): CredentialStore {
  const { catalog, clock = systemClock, log = silentLog, secret = randomBytes(32) } = options
  const sealer = createSealer(secret, 'session tokens')
  const opened = new Map<string, SessionToken>()
  const rolePolicies = new Map<string, Policy>()
  const warned = new Set<string>()
  for (const type of ['AWS::IAM::Role', 'AWS::IAM::ManagedPolicy'] as const)
    catalog.collection(type).subscribe(() => rolePolicies.clear())

  const compile = (documents: readonly PolicyDocument[], owner: string): Policy => {
    try {
      return compilePolicies(documents, log)
    } catch (error) {
      log('error', 'the policies of an identity cannot be read; it may do nothing', {
        owner,
        problem: (error as Error).message,
      })
      return emptyPolicy
    }
  }
  const managed = (arns: readonly string[], owner: string): PolicyDocument[] =>
    arns.flatMap((arn) => {
      const ofAws = /^arn:[\w-]+:iam::aws:policy\/(.+)$/.exec(arn)?.[1]
      const document =
        ofAws === undefined
          ? catalog.collection('AWS::IAM::ManagedPolicy').get(arn)?.policyDocument
          : awsManagedPolicies.get(ofAws)
      if (document === undefined)
        log('warn', 'a managed policy is unknown here and grants nothing', { policy: arn, owner })
      return document ?? []
    })
  const policyOfRole = (roleArn: string): Policy => {
    const known = rolePolicies.get(roleArn)
    if (known !== undefined) return known
    const role = findRole(catalog, roleArn)
    const policy =
      role === undefined
        ? emptyPolicy
        : compile(
            [
              ...role.policies.map(({ policyDocument }) => policyDocument),
              ...managed(role.managedPolicyArns, role.arn),
              ...attachedPolicies(catalog, role),
            ],
            role.arn,
          )
    rolePolicies.set(roleArn, policy)
    return policy
  }

  const unrestricted = (principalArn: string): Policy => {
    if (!warned.has(principalArn))
      log('warn', 'the project has no policies of a configured identity: it may do everything', { principalArn })
    warned.add(principalArn)
    return administratorPolicy
  }
  const policyOfPrincipal = ({ principalArn, accountId, userName }: Principal): Policy => {
    const roleArn = roleOfSession(principalArn)
    if (roleArn !== undefined)
      return findRole(catalog, roleArn) === undefined ? unrestricted(principalArn) : policyOfRole(roleArn)
    const known = rolePolicies.get(principalArn)
    if (known !== undefined) return known
    const attached = catalog
      .collection('AWS::IAM::ManagedPolicy')
      .list()
      .filter((policy) => policy.users.includes(userName ?? '') && parseArn(policy.arn)?.accountId === accountId)
    const policy =
      attached.length === 0
        ? unrestricted(principalArn)
        : compile(
            attached.map(({ policyDocument }) => policyDocument),
            principalArn,
          )
    rolePolicies.set(principalArn, policy)
    return policy
  }

  const configured = new Map<string, { setting: CredentialSetting; credential: Credential }>()
  const settings = options.configured ?? []
  for (const setting of settings) checkSetting(setting)
  for (const setting of settings.length === 0 && options.loopbackOnly === true ? [LOOPBACK_CREDENTIAL] : settings) {
    const principal = principalOf(setting)
    const given =
      setting.policies === undefined && setting.managedPolicyArns === undefined
        ? undefined
        : compile(
            [...(setting.policies ?? []), ...managed(setting.managedPolicyArns ?? [], principal.principalArn)],
            principal.principalArn,
          )
    // The project's policies may change while the server runs: they are looked up when they are asked for.
    const policy: Policy =
      given ??
      (principal.principalArn.endsWith(':root')
        ? administratorPolicy
        : { decide: (request) => policyOfPrincipal(principal).decide(request) })
    configured.set(setting.accessKeyId, {
      setting,
      credential: {
        ...principal,
        accessKeyId: setting.accessKeyId,
        secretAccessKey: setting.secretAccessKey,
        temporary: setting.sessionToken !== undefined,
        policy,
        ...(setting.cognitoIdentity !== undefined && { cognitoIdentity: setting.cognitoIdentity }),
      },
    })
  }

  const open = (token: string): SessionToken | undefined => {
    const known = opened.get(token)
    if (known !== undefined) return known
    const session = sealer.open(token) as SessionToken | undefined
    if (session === undefined) return undefined
    if (opened.size >= MAX_OPENED_TOKENS) opened.delete(opened.keys().next().value ?? '')
    opened.set(token, session)
    return session
  }
  const secretOf = (accessKeyId: string): string =>
    createHmac('sha256', secret).update(`secret access key of ${accessKeyId}`).digest('base64').slice(0, 40)

  return {
    find(accessKeyId, sessionToken) {
      const entry = configured.get(accessKeyId)
      if (entry !== undefined)
        return sameSecret(entry.setting.sessionToken, sessionToken)
          ? { type: 'found', credential: entry.credential }
          : { type: 'unknown' }
      if (sessionToken === undefined || sessionToken.length > MAX_TOKEN_LENGTH) return { type: 'unknown' }
      const session = open(sessionToken)
      if (session === undefined || session.accessKeyId !== accessKeyId) return { type: 'unknown' }
      if (session.expiresAt <= clock.now()) return { type: 'expired' }
      const ofRole = policyOfRole(session.roleArn)
      return {
        type: 'found',
        credential: {
          accessKeyId,
          secretAccessKey: secretOf(accessKeyId),
          temporary: true,
          ...sessionPrincipal(session.roleArn, session.sessionName),
          policy:
            session.sessionPolicy === undefined
              ? ofRole
              : intersect([ofRole, compile([session.sessionPolicy], 'session policy')]),
          issuedAt: session.issuedAt,
          expiresAt: session.expiresAt,
          ...(session.cognitoIdentity !== undefined && { cognitoIdentity: session.cognitoIdentity }),
        },
      }
    },
    issueTemporary(request) {
      if (request.cognitoIdentity !== undefined) checkTrust(catalog, request.roleArn, request.cognitoIdentity, log)
      const accessKeyId = `ASIA${[...randomBytes(16)].map((byte) => BASE32[byte % 32]).join('')}`
      const issuedAt = clock.now()
      const expiresAt = issuedAt + (request.durationSeconds ?? DEFAULT_DURATION_SECONDS) * 1000
      const principal = sessionPrincipal(request.roleArn, request.sessionName)
      return {
        accessKeyId,
        secretAccessKey: secretOf(accessKeyId),
        sessionToken: sealer.seal({
          accessKeyId,
          roleArn: request.roleArn,
          sessionName: request.sessionName,
          issuedAt,
          expiresAt,
          ...(request.sessionPolicy !== undefined && { sessionPolicy: request.sessionPolicy }),
          ...(request.cognitoIdentity !== undefined && { cognitoIdentity: request.cognitoIdentity }),
        } satisfies SessionToken),
        expiration: expiresAt,
        assumedRoleArn: principal.principalArn,
        assumedRoleId: principal.userId,
      }
    },
    policyOfRole,
  }
}

/** The values of IAM's condition keys for an identity pool's identity. */
export function cognitoConditions(identity: CognitoIdentity): Map<string, string | readonly string[]> {
  const providers = [...(identity.cognitoIdentityAuthProvider ?? '').matchAll(/"([^"]*)"/g)].map(
    ([, name = '']) => name,
  )
  return new Map<string, string | readonly string[]>([
    ['cognito-identity.amazonaws.com:sub', identity.cognitoIdentityId],
    ['cognito-identity.amazonaws.com:aud', identity.cognitoIdentityPoolId],
    ['cognito-identity.amazonaws.com:amr', [identity.cognitoIdentityAuthType, ...providers]],
  ])
}

/** Identity pools take roles on by web identity, which the roles' trust policies must allow. */
function checkTrust(catalog: Catalog, roleArn: string, identity: CognitoIdentity, log: Log): void {
  const document = findRole(catalog, roleArn)?.assumeRolePolicyDocument
  if (document === undefined) return
  let trusted = false
  try {
    const context = cognitoConditions(identity)
    const party = { type: 'Federated', name: 'cognito-identity.amazonaws.com' } as const
    trusted = trusts(document, party, { action: 'sts:AssumeRoleWithWebIdentity', context }, log)
  } catch (error) {
    log('error', 'the trust policy of a role cannot be read', { role: roleArn, problem: (error as Error).message })
  }
  if (!trusted)
    throw new AwsError(
      'InvalidIdentityPoolConfigurationException',
      'Invalid identity pool configuration. Check assigned IAM roles for this pool.',
    )
}

/** The role by its ARN, with or without a path in either. */
export function findRole(catalog: Catalog, roleArn: string): Role | undefined {
  const roles = catalog.collection('AWS::IAM::Role')
  const exact = roles.get(roleArn)
  if (exact !== undefined) return exact
  const wanted = parseArn(roleArn)
  const name = wanted?.resource.split('/').at(-1)
  return roles.list().find((role) => role.roleName === name && parseArn(role.arn)?.accountId === wanted?.accountId)
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A stable id as IAM forms them: a prefix of the kind and 17 characters. */
function uniqueId(prefix: 'AIDA' | 'AROA', arn: string): string {
  const digest = createHash('sha256').update(arn).digest()
  return prefix + [...digest.subarray(0, 17)].map((byte) => BASE32[byte % 32]).join('')
}

const SETTING_KEYS: ReadonlySet<string> = new Set([
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'accountId',
  'arn',
  'cognitoIdentity',
  'policies',
  'managedPolicyArns',
])

/** A key that is not understood could be the one that was to take rights away. */
function checkSetting(setting: CredentialSetting): void {
  for (const key of Object.keys(setting))
    if (!SETTING_KEYS.has(key)) throw new TypeError(`credentials: unknown key ${key} of ${setting.accessKeyId}`)
}

type Principal = Pick<Credential, 'accountId' | 'principalArn' | 'userId' | 'userName'>

function principalOf(setting: CredentialSetting): Principal {
  const arn = setting.arn === undefined ? undefined : parseArn(setting.arn)
  const accountId = setting.accountId ?? arn?.accountId ?? DEFAULT_ACCOUNT_ID
  if (setting.arn === undefined || arn === undefined || arn.resource === 'root')
    return { accountId, principalArn: `arn:aws:iam::${accountId}:root`, userId: accountId }
  const [kind, ...names] = arn.resource.split('/')
  if (kind === 'user') {
    const userName = names.at(-1) ?? ''
    return { accountId, principalArn: setting.arn, userId: uniqueId('AIDA', setting.arn), userName }
  }
  if (kind === 'role') return { ...sessionPrincipal(setting.arn, 'sidestage'), accountId }
  const [roleName = '', session = ''] = names
  return {
    accountId,
    principalArn: setting.arn,
    userId: `${uniqueId('AROA', `${accountId}/${roleName}`)}:${session}`,
  }
}

/** `arn:aws:iam::A:role/path/R` with session S is `arn:aws:sts::A:assumed-role/R/S`. */
function sessionPrincipal(roleArn: string, sessionName: string): Principal {
  const arn = parseArn(roleArn)
  const accountId = arn?.accountId ?? DEFAULT_ACCOUNT_ID
  const roleName = arn?.resource.split('/').at(-1) ?? ''
  return {
    accountId,
    principalArn: `arn:${arn?.partition ?? 'aws'}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`,
    userId: `${uniqueId('AROA', `${accountId}/${roleName}`)}:${sessionName}`,
  }
}

function attachedPolicies(catalog: Catalog, role: Role): PolicyDocument[] {
  const accountId = parseArn(role.arn)?.accountId
  return catalog
    .collection('AWS::IAM::ManagedPolicy')
    .list()
    .filter((policy) => policy.roles.includes(role.roleName) && parseArn(policy.arn)?.accountId === accountId)
    .map(({ policyDocument }) => policyDocument)
}

interface SessionToken {
  accessKeyId: string
  roleArn: string
  sessionName: string
  issuedAt: number
  expiresAt: number
  sessionPolicy?: PolicyDocument
  cognitoIdentity?: CognitoIdentity
}

/** Compares in a time that does not depend on where the texts differ. */
function sameSecret(expected: string | undefined, given: string | undefined): boolean {
  if (expected === undefined || given === undefined) return expected === given
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(expected), digest(given))
}
