import { parseArn } from '../aws/arn.ts'
import { AwsError } from '../aws/errors.ts'
import type { Log } from '../observability/log.ts'
import type { GraphqlApi } from '../resources.ts'
import { AuthenticationError, type Caller, type RequestCredentials } from './caller.ts'
import { headerValues, sourceIpsOf } from './headers.ts'
import type { CredentialStore } from './iam/credentialStore.ts'
import { administratorPolicy } from './iam/policy.ts'
import { conditionContextOf, verifySignedRequest } from './iam/verifyRequest.ts'

/** Verifies the signature of a request to a GraphQL API (AppSync developer guide, AWS_IAM authorization). */
export function authenticateIam(
  api: GraphqlApi,
  request: RequestCredentials,
  options: { credentials: CredentialStore; now: number; log: Log },
): Caller {
  const { now, log } = options
  const scope = parseArn(api.arn)
  const { credential } = verify(request, { ...options, ...(scope !== undefined && { region: scope.region }) })
  if (scope !== undefined && credential.accountId !== scope.accountId) {
    log('info', 'a caller of another account was refused', { api: api.arn, principal: credential.principalArn })
    throw new AuthenticationError('UnauthorizedException', 'Permission denied')
  }
  const sourceIp = sourceIpsOf(request)
  const { cognitoIdentity } = credential
  const caller: Caller = {
    mode: 'AWS_IAM',
    identity: {
      accountId: credential.accountId,
      cognitoIdentityAuthProvider: cognitoIdentity?.cognitoIdentityAuthProvider ?? null,
      cognitoIdentityAuthType: cognitoIdentity?.cognitoIdentityAuthType ?? null,
      cognitoIdentityId: cognitoIdentity?.cognitoIdentityId ?? null,
      cognitoIdentityPoolId: cognitoIdentity?.cognitoIdentityPoolId ?? null,
      sourceIp,
      userArn: credential.principalArn,
      username: credential.userId,
    },
    ...(credential.expiresAt !== undefined && { expiresAt: credential.expiresAt }),
  }
  if (credential.policy === administratorPolicy) return { ...caller, mayUse: () => true }
  const context = conditionContextOf(credential, {
    now,
    region: scope?.region ?? '',
    ...optional('sourceIp', sourceIp.at(-1)),
    ...optional('userAgent', headerValues(request, 'user-agent')[0]),
    ...optional('referer', headerValues(request, 'referer')[0]),
    ...(request.secure !== undefined && { secure: request.secure }),
  })
  const decide = (typeName: string, fieldName: string) =>
    credential.policy.decide({
      action: 'appsync:GraphQL',
      resource: `${api.arn}/types/${typeName}/fields/${fieldName}`,
      context,
    })
  return {
    ...caller,
    mayUse: (typeName, fieldName) => decide(typeName, fieldName) === 'Allow',
    denies: (typeName, fieldName) => decide(typeName, fieldName) === 'Deny',
  }
}

function verify(
  request: RequestCredentials,
  options: { credentials: CredentialStore; now: number; region?: string },
): ReturnType<typeof verifySignedRequest> {
  try {
    return verifySignedRequest(request, { ...options, services: ['appsync'] })
  } catch (error) {
    if (error instanceof AwsError) throw new AuthenticationError(error.code, error.message, error.statusCode)
    throw error
  }
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string })
}
