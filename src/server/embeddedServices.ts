import { AwsError } from '../aws/errors.ts'
import type { CallContext, JsonService } from '../aws/service.ts'

/** Hosts of AWS services that this process answers for, whatever the region. */
const HOSTS: readonly [pattern: RegExp, targetPrefix: string, signingName: string][] = [
  [/^(?:sync-)?states\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/, 'AWSStepFunctions', 'states'],
  [/^dynamodb\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/, 'DynamoDB_20120810', 'dynamodb'],
  [/^streams\.dynamodb\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/, 'DynamoDBStreams_20120810', 'dynamodb'],
  [/^cognito-idp\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/, 'AWSCognitoIdentityProviderService', 'cognito-idp'],
]

/** Services whose operations take no signature. */
const UNSIGNED = new Set(['AWSCognitoIdentityProviderService'])

export interface EmbeddedRequest {
  method: string
  url: URL
  headers: readonly (readonly [name: string, value: string])[]
  body: string
  signal?: AbortSignal
}

export interface EmbeddedResponse {
  status: number
  headers: Record<string, string>
  body: string
}

export interface EmbeddedServicesOptions {
  services: readonly JsonService[]
  /** Verifies the signature, always. Throws `AwsError`. */
  verify: (request: EmbeddedRequest, signingName: string) => CallContext
}

/**
 * Answers HTTP requests to AWS hosts in this process: what an HTTP data source that is aimed at
 * `https://states.us-east-1.amazonaws.com/` reaches. Signatures are asked for as AWS asks for them.
 */
export function createEmbeddedServices({ services, verify }: EmbeddedServicesOptions) {
  const byPrefix = new Map(services.map((service) => [service.targetPrefix, service]))

  const find = (host: string) => {
    for (const [pattern, prefix, signingName] of HOSTS) {
      const match = pattern.exec(host)
      const service = match === null ? undefined : byPrefix.get(prefix)
      if (match !== null && service !== undefined) return { service, signingName, region: match[1] ?? '' }
    }
    return undefined
  }

  return {
    serves: (host: string): boolean => find(host) !== undefined,
    async answer(request: EmbeddedRequest): Promise<EmbeddedResponse> {
      const found = find(request.url.hostname)
      const version = found?.service.jsonVersion ?? '1.0'
      const headers = { 'content-type': `application/x-amz-json-${version}` }
      try {
        if (found === undefined)
          throw new AwsError('UnknownOperationException', `${request.url.hostname} is not answered here.`)
        const target = request.headers.find(([name]) => name.toLowerCase() === 'x-amz-target')?.[1] ?? ''
        const [prefix = '', operation = ''] = target.split('.', 2)
        if (prefix !== found.service.targetPrefix) throw new AwsError('UnknownOperationException', '')
        const context = UNSIGNED.has(prefix)
          ? { accountId: '', region: found.region, principalArn: '' }
          : verify(request, found.signingName)
        const output = await found.service.call(operation, parse(request.body), {
          ...context,
          ...(request.signal !== undefined && { signal: request.signal }),
        })
        return { status: 200, headers, body: JSON.stringify(output ?? {}) }
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        return {
          status: error.statusCode,
          headers: { ...headers, 'x-amzn-errortype': error.code },
          body: JSON.stringify({ __type: error.code, message: error.message, ...error.details }),
        }
      }
    },
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
