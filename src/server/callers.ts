import type { IncomingMessage } from 'node:http'
import type { Credential, CredentialStore } from '../auth/iam/credentialStore.ts'
import { type AwsCaller, verifyAwsRequest } from '../auth/iam/verifyRequest.ts'
import type { Scope } from '../aws/arn.ts'
import type { Clock } from '../aws/clock.ts'
import type { CallContext } from '../aws/service.ts'
import type { SignedHttpRequest } from '../datasources/http/send.ts'
import { PUBLIC_IDENTITY_POOL_OPERATIONS } from '../services/cognito/identityPoolService.ts'
import { PUBLIC_USER_POOL_OPERATIONS } from '../services/cognito/userPoolService.ts'

/** Signing names by what a request was routed to: a target prefix, or the name of a REST service. */
const SIGNING_NAMES: Readonly<Record<string, string>> = {
  AWSStepFunctions: 'states',
  AWSCognitoIdentityProviderService: 'cognito-idp',
  AWSCognitoIdentityService: 'cognito-identity',
  DynamoDB_20120810: 'dynamodb',
  DynamoDBStreams_20120810: 'dynamodb',
  appsync: 'appsync',
  lambda: 'lambda',
  sts: 'sts',
}
/** Targets that bring credentials of their own, in the body: what browsers call before they have any. */
export const PUBLIC_TARGETS: ReadonlySet<string> = new Set([
  ...[...PUBLIC_USER_POOL_OPERATIONS].map((operation) => `AWSCognitoIdentityProviderService.${operation}`),
  ...[...PUBLIC_IDENTITY_POOL_OPERATIONS].map((operation) => `AWSCognitoIdentityService.${operation}`),
])

export interface CallerOptions {
  credentials: CredentialStore
  requireSigned: boolean
  clock: Clock
  defaultScope: Scope
}

/** Says who calls an AWS API of this server, by its signature. */
export function createCallers({ credentials, requireSigned, clock, defaultScope }: CallerOptions) {
  const rootOf = ({ accountId }: Scope): string => `arn:aws:iam::${accountId}:root`
  const signedBy = (name: string): { services?: readonly string[] } => {
    const signingName = SIGNING_NAMES[name]
    return signingName === undefined ? {} : { services: [signingName] }
  }

  const verified = new WeakMap<CallContext, Credential>()
  const contextFrom = (caller: AwsCaller): CallContext => {
    const context: CallContext = {
      accountId: caller.accountId,
      region: caller.region,
      principalArn: caller.principalArn,
      userId: caller.userId,
      ...(caller.accessKeyId !== undefined && { accessKeyId: caller.accessKeyId }),
    }
    if (caller.credential !== undefined) verified.set(context, caller.credential)
    return context
  }

  return {
    /** The credential behind a context whose signature was verified. */
    credentialOf: (context: CallContext): Credential | undefined => verified.get(context),
    /** Of a request that came over HTTP; the signature is verified where that is asked for. */
    contextOf(request: IncomingMessage, body: Buffer, service: string): CallContext {
      if (PUBLIC_TARGETS.has(service) || service === 'control')
        return { ...defaultScope, principalArn: rootOf(defaultScope) }
      const [name = ''] = service.split('.', 1)
      const caller = verifyAwsRequest(
        { method: request.method ?? 'GET', target: request.url ?? '/', headers: headerPairs(request), body },
        {
          credentials,
          requireSigned,
          now: clock.now(),
          defaultScope,
          protocol: name === 'sts' ? 'query' : name === 'appsync' || name === 'lambda' ? 'rest' : 'json',
          ...signedBy(name),
        },
      )
      return contextFrom(caller)
    },
    /** Of a request that a data source makes in this process: always verified, as AWS does. */
    verifyEmbedded(request: SignedHttpRequest, signingName: string): CallContext {
      const caller = verifyAwsRequest(
        {
          method: request.method,
          target: `${request.url.pathname}${request.url.search}`,
          headers: request.headers,
          body: request.body ?? '',
        },
        { credentials, requireSigned: true, now: clock.now(), defaultScope, protocol: 'json', services: [signingName] },
      )
      return contextFrom(caller)
    },
  }
}

/** Header names and values in the order sent, repetition kept. */
export function headerPairs(request: IncomingMessage): [name: string, value: string][] {
  const { rawHeaders } = request
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    pairs.push([rawHeaders[at] as string, rawHeaders[at + 1] as string])
  return pairs
}
