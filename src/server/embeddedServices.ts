import { AwsError } from '../aws/errors.ts'
import type { CallContext, JsonService } from '../aws/service.ts'
import type { HttpAnswer, HttpSender, SignedHttpRequest } from '../datasources/http/send.ts'
import type { ServiceEndpoints } from './endpoints.ts'
import { endpointOfHost } from './remoteServices.ts'

/** Hosts of AWS services that this process answers for, whatever the region. */
const HOSTS: readonly [pattern: RegExp, targetPrefix: string, signingName: string][] = [
  [/^(?:sync-)?states\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/, 'AWSStepFunctions', 'states'],
  [/^dynamodb\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/, 'DynamoDB_20120810', 'dynamodb'],
  [/^streams\.dynamodb\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/, 'DynamoDBStreams_20120810', 'dynamodb'],
  [/^cognito-idp\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/, 'AWSCognitoIdentityProviderService', 'cognito-idp'],
]

const GET_ACTIVITY_TASK = 'AWSStepFunctions.GetActivityTask'
/** A field has 30 s (AppSync quotas): a poll for work ends before, with nothing found. */
const ACTIVITY_POLL_MS = 20_000

export interface EmbeddedServicesOptions {
  services: readonly JsonService[]
  /** Targets whose operations take no signature. */
  publicTargets: ReadonlySet<string>
  /** Verifies the signature, always. Throws `AwsError`. */
  verify: (request: SignedHttpRequest, signingName: string) => CallContext
  /** Services that other processes answer for: requests to their hosts go there. */
  endpoints: ServiceEndpoints
  sender: HttpSender
  /** Milliseconds that a data source's GetActivityTask waits for work. @default 20000 */
  activityPollMs?: number
}

interface Found {
  service: JsonService
  signingName: string
  region: string
}

/**
 * Answers HTTP requests to AWS hosts in this process: what an HTTP data source that is aimed at
 * `https://states.us-east-1.amazonaws.com/` reaches; those of a service whose endpoint is set go there. Signatures are asked for as AWS asks for them.
 */
export function createEmbeddedServices({
  services,
  publicTargets,
  verify,
  endpoints,
  sender,
  activityPollMs = ACTIVITY_POLL_MS,
}: EmbeddedServicesOptions) {
  const byPrefix = new Map(services.map((service) => [service.targetPrefix, service]))

  const find = (host: string): Found | undefined => {
    for (const [pattern, prefix, signingName] of HOSTS) {
      const match = pattern.exec(host)
      const service = match === null ? undefined : byPrefix.get(prefix)
      if (match !== null && service !== undefined) return { service, signingName, region: match[1] ?? '' }
    }
    return undefined
  }

  async function answer(request: SignedHttpRequest, found: Found): Promise<HttpAnswer> {
    const headers = { 'content-type': `application/x-amz-json-${found.service.jsonVersion}` }
    try {
      const target = request.headers.find(([name]) => name.toLowerCase() === 'x-amz-target')?.[1] ?? ''
      const [prefix = '', operation = ''] = target.split('.', 2)
      if (prefix !== found.service.targetPrefix) throw new AwsError('UnknownOperationException', '')
      const context = publicTargets.has(target)
        ? { accountId: '', region: found.region, principalArn: '' }
        : verify(request, found.signingName)
      const signal =
        target === GET_ACTIVITY_TASK
          ? AbortSignal.any([request.signal, AbortSignal.timeout(activityPollMs)])
          : request.signal
      const output = await found.service.call(operation, parse(request.body ?? ''), { ...context, signal })
      return { statusCode: 200, headers, body: JSON.stringify(output ?? {}) }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      return {
        statusCode: error.statusCode,
        headers: { ...headers, 'x-amzn-errortype': error.code },
        body: JSON.stringify({ __type: error.code, message: error.message, ...error.details }),
      }
    }
  }

  /** @returns undefined for a host that is not answered here. */
  return (request: SignedHttpRequest): Promise<HttpAnswer> | undefined => {
    const endpoint = endpointOfHost(request.url.hostname, endpoints)
    if (endpoint !== undefined) return sender.send(redirected(request, endpoint))
    const found = find(request.url.hostname)
    return found === undefined ? undefined : answer(request, found)
  }
}

/** The request as it was made (its signature covers the host that it names), sent elsewhere. */
function redirected(request: SignedHttpRequest, endpoint: string): SignedHttpRequest {
  const { host, pathname, search } = request.url
  const hasHost = request.headers.some(([name]) => name.toLowerCase() === 'host')
  return {
    ...request,
    url: new URL(`${endpoint.replace(/\/$/, '')}${pathname}${search}`),
    headers: hasHost ? request.headers : [...request.headers, ['Host', host]],
  }
}

function parse(body: string): unknown {
  if (body === '') return {}
  try {
    return JSON.parse(body)
  } catch {
    throw new AwsError('SerializationException', 'Could not parse the request body as JSON.')
  }
}
