import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, type Scope } from '../../aws/arn.ts'
import { AwsError } from '../../aws/errors.ts'
import { isSigned, readSignature, type SignableRequest, type SignatureClaim, verifySignature } from '../../aws/sigv4.ts'
import type { ConditionContext } from './conditions.ts'
import { type Credential, type CredentialStore, cognitoConditions } from './credentialStore.ts'
import { roleOfSession } from './policy.ts'

/** A secret that belongs to nobody: a signature of an unknown key is checked too, so that it takes as long. */
const NOBODYS_SECRET = 'nobody'

/**
 * Verifies a request's signature against the credentials that this server knows. Throws `AwsError`:
 * `MissingAuthenticationTokenException`, `IncompleteSignatureException`, `UnrecognizedClientException`,
 * `ExpiredTokenException`, `InvalidSignatureException`.
 */
export function verifySignedRequest(
  request: SignableRequest,
  options: {
    credentials: CredentialStore
    /** Milliseconds since the epoch. */
    now: number
    /** The only region that the scope may name; any when undefined. */
    region?: string
    /** Signing names that the scope may have; any when undefined. */
    services?: readonly string[]
  },
): { credential: Credential; claim: SignatureClaim } {
  const claim = readSignature(request)
  const lookup = options.credentials.find(claim.accessKeyId, claim.sessionToken)
  const context = {
    now: options.now,
    ...(options.region !== undefined && { region: options.region }),
    ...(options.services !== undefined && { services: options.services }),
  }
  if (lookup.type === 'found') {
    const { credential } = lookup
    verifySignature(request, claim, { ...context, secretAccessKey: credential.secretAccessKey })
    return { credential, claim }
  }
  try {
    verifySignature(request, claim, { ...context, secretAccessKey: NOBODYS_SECRET })
  } catch {
    // Refused below whatever the outcome.
  }
  throw lookup.type === 'expired'
    ? new AwsError('ExpiredTokenException', 'The security token included in the request is expired', {
        statusCode: 403,
      })
    : new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.', {
        statusCode: 403,
      })
}

/** Who calls an AWS API of this server, and where to. */
export interface AwsCaller extends Scope {
  principalArn: string
  /** `aws:userid` */
  userId: string
  accessKeyId?: string
  /** Absent where the signature was not verified. */
  credential?: Credential
}

/**
 * Tells account, region and principal of a call to an AWS API (management, Step Functions, DynamoDB, Lambda, STS).
 * With `requireSigned` the signature must be right; without, what the Authorization header says of account and region
 * is believed, and nothing is verified. Throws `AwsError` with the names and statuses of the protocol.
 */
export function verifyAwsRequest(
  request: SignableRequest,
  options: {
    credentials: CredentialStore
    requireSigned: boolean
    now: number
    /** Signing names that the API accepts, for example `states`. */
    services?: readonly string[]
    /** AWS JSON services answer 400, REST and query services 403; the query protocol has other names. @default 'rest' */
    protocol?: 'json' | 'rest' | 'query'
    /** Of requests that name none. */
    defaultScope?: Scope
  },
): AwsCaller {
  const { credentials, now, protocol = 'rest' } = options
  const scope = options.defaultScope ?? { accountId: DEFAULT_ACCOUNT_ID, region: DEFAULT_REGION }
  if (!options.requireSigned) return claimedCaller(request, credentials, scope)
  try {
    const { credential, claim } = verifySignedRequest(request, {
      credentials,
      now,
      ...(options.services !== undefined && { services: options.services }),
    })
    return {
      accountId: credential.accountId,
      region: claim.region,
      principalArn: credential.principalArn,
      userId: credential.userId,
      accessKeyId: credential.accessKeyId,
      credential,
    }
  } catch (error) {
    throw error instanceof AwsError ? inProtocol(error, protocol) : error
  }
}

/** What a verified call may be judged by: the values of IAM's condition keys. */
export function conditionContextOf(
  credential: Credential,
  request: { now: number; region: string; sourceIp?: string; secure?: boolean; userAgent?: string; referer?: string },
): ConditionContext {
  const context = new Map<string, string | readonly string[]>([
    ['aws:currenttime', new Date(request.now).toISOString()],
    ['aws:epochtime', String(Math.floor(request.now / 1000))],
    ['aws:securetransport', String(request.secure ?? false)],
    ['aws:requestedregion', request.region],
    ['aws:viaawsservice', 'false'],
    ['aws:principalarn', roleOfSession(credential.principalArn) ?? credential.principalArn],
    ['aws:principalaccount', credential.accountId],
    ['aws:userid', credential.userId],
    ['aws:principaltype', principalType(credential.principalArn)],
  ])
  const put = (key: string, value: string | undefined): void => {
    if (value !== undefined) context.set(key, value)
  }
  put('aws:sourceip', request.sourceIp)
  put('aws:useragent', request.userAgent)
  put('aws:referer', request.referer)
  put('aws:username', credential.userName)
  if (credential.temporary) put('aws:multifactorauthpresent', 'false')
  put('aws:tokenissuetime', credential.issuedAt === undefined ? undefined : new Date(credential.issuedAt).toISOString())
  if (credential.cognitoIdentity !== undefined)
    for (const [key, value] of cognitoConditions(credential.cognitoIdentity)) context.set(key, value)
  return context
}

function principalType(arn: string): string {
  if (arn.includes(':assumed-role/')) return 'AssumedRole'
  return arn.endsWith(':root') ? 'Account' : 'User'
}

function claimedCaller(request: SignableRequest, credentials: CredentialStore, fallback: Scope): AwsCaller {
  const root = (accountId: string): Pick<AwsCaller, 'accountId' | 'principalArn' | 'userId'> => ({
    accountId,
    principalArn: `arn:aws:iam::${accountId}:root`,
    userId: accountId,
  })
  if (!isSigned(request)) return { ...root(fallback.accountId), region: fallback.region }
  let claim: SignatureClaim
  try {
    claim = readSignature(request)
  } catch {
    return { ...root(fallback.accountId), region: fallback.region }
  }
  const region = /^[a-z]{2}(?:-[a-z]+)+-\d+$/.test(claim.region) ? claim.region : fallback.region
  const lookup = credentials.find(claim.accessKeyId, claim.sessionToken)
  if (lookup.type !== 'found') return { ...root(fallback.accountId), region }
  const { accountId, principalArn, userId, accessKeyId } = lookup.credential
  return { accountId, region, principalArn, userId, accessKeyId }
}

/** The query protocol's names for the same refusals. */
const QUERY_NAMES: ReadonlyMap<string, string> = new Map([
  ['MissingAuthenticationTokenException', 'MissingAuthenticationToken'],
  ['IncompleteSignatureException', 'IncompleteSignature'],
  ['UnrecognizedClientException', 'InvalidClientTokenId'],
  ['ExpiredTokenException', 'ExpiredToken'],
  ['InvalidSignatureException', 'SignatureDoesNotMatch'],
])

function inProtocol(error: AwsError, protocol: 'json' | 'rest' | 'query'): AwsError {
  const code = protocol === 'query' ? (QUERY_NAMES.get(error.code) ?? error.code) : error.code
  return new AwsError(code, error.message, { statusCode: protocol === 'json' ? 400 : 403 })
}
