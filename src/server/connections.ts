import { AwsError } from '../aws/errors.ts'
import type { Catalog } from '../catalog.ts'

/** What a connection of EventBridge adds to the requests of `http:invoke`. */
export interface ConnectionParameters {
  headers?: Record<string, string>
  query?: Record<string, string>
  body?: Record<string, unknown>
}

/** Reads the project's `AWS::Events::Connection` resources: API keys, basic authorization and fixed parameters. */
export function createConnections(catalog: Catalog) {
  const kept = catalog.collection('AWS::CloudFormation::Kept')
  return (arn: string): ConnectionParameters | undefined => {
    const found = kept
      .list()
      .find(
        (resource) =>
          resource.type === 'AWS::Events::Connection' && (resource.arn === arn || sameName(resource.arn, arn)),
      )
    if (found === undefined) return undefined
    const parameters = mapping(found.properties['AuthParameters'])
    const headers: Record<string, string> = {}
    const apiKey = mapping(parameters['ApiKeyAuthParameters'])
    if (typeof apiKey['ApiKeyName'] === 'string') headers[apiKey['ApiKeyName']] = String(apiKey['ApiKeyValue'] ?? '')
    const basic = mapping(parameters['BasicAuthParameters'])
    if (typeof basic['Username'] === 'string')
      headers['Authorization'] =
        `Basic ${Buffer.from(`${basic['Username']}:${String(basic['Password'] ?? '')}`).toString('base64')}`
    if (Object.keys(mapping(parameters['OAuthParameters'])).length > 0)
      throw new AwsError(
        'Events.ConnectionResource.AuthorizationError',
        `The connection ${arn} uses OAuth, which is not served here.`,
      )
    const invocation = mapping(parameters['InvocationHttpParameters'])
    return {
      headers: { ...headers, ...entriesOf(invocation['HeaderParameters']) },
      query: entriesOf(invocation['QueryStringParameters']),
      body: entriesOf(invocation['BodyParameters']),
    }
  }
}

/** ARNs of connections end in an id of AWS's own: `connection/NAME/UUID`. */
function sameName(left: string, right: string): boolean {
  const name = (arn: string): string | undefined => /:connection\/([^/]+)/.exec(arn)?.[1]
  return name(left) !== undefined && name(left) === name(right)
}

function mapping(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function entriesOf(list: unknown): Record<string, string> {
  const made = Object.create(null) as Record<string, string>
  for (const item of Array.isArray(list) ? list : []) {
    const { Key, Value } = mapping(item)
    if (typeof Key === 'string') made[Key] = String(Value ?? '')
  }
  return made
}
