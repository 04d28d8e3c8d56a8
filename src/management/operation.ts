import { appsyncArn } from '../aws/appsync.ts'
import type { Scope } from '../aws/arn.ts'
import { serviceModel } from '../aws/model.ts'
import type { CallContext, MaybePromise } from '../aws/service.ts'
import type { GraphqlApi } from '../resources.ts'
import { badRequest, notFound } from './errors.ts'
import type { ManagementApiOptions } from './options.ts'
import type { Input } from './routes.ts'

/** One call of an operation. */
export interface Call {
  operation: string
  input: Input
  context: CallContext
  scope: Scope
  options: ManagementApiOptions
  /** Milliseconds since the epoch. */
  now(): number
}

/** A body that is no JSON object of the output shape: GetIntrospectionSchema's. */
export class RawBody {
  readonly text: string
  readonly contentType: string

  constructor(text: string, contentType: string) {
    this.text = text
    this.contentType = contentType
  }
}

/** Answers an operation with members of its output shape, or throws `AwsError`. */
export type Operation = (call: Call) => MaybePromise<Readonly<Record<string, unknown>> | RawBody>

export type Operations = Readonly<Record<string, Operation>>

/** A required text member. */
export function text(input: Input, name: string): string {
  const value = input[name]
  return typeof value === 'string' ? value : ''
}

/** The API that the input names. Throws NotFoundException. */
export function requireApi({ input, scope, options }: Call): GraphqlApi {
  const apiId = text(input, 'apiId')
  const api = options.catalog.collection('AWS::AppSync::GraphQLApi').get(appsyncArn.api(scope, apiId))
  if (api === undefined) throw notFound(`GraphQL API ${apiId} not found.`)
  return api
}

/** The members of a resource that its shape in the API has, under its names. */
export function shown(
  shapeName: string,
  resource: object,
  renamed: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const members = serviceModel('appsync').shapes[shapeName]?.members ?? {}
  const source: Record<string, unknown> = { ...resource, ...renamed }
  const made: Record<string, unknown> = {}
  for (const name of Object.keys(members)) {
    if (Object.hasOwn(source, name) && source[name] !== undefined) made[name] = source[name]
  }
  return made
}

/** The members of an input that the resource keeps: all that were given but for the path's. */
export function given(input: Input, ...names: readonly string[]): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (const name of names) if (input[name] !== undefined) made[name] = input[name]
  return made
}

/** Largest and usual page (`maxResults` of the service's model). */
const MAX_PAGE = 25

/** One page of a list that keeps its order; the token says where the next begins and cannot be forged. */
export function page<T extends { arn: string }>(
  call: Call,
  member: string,
  items: readonly T[],
  show: (item: T) => unknown,
): Record<string, unknown> {
  const { input, options, operation, context } = call
  const asked = typeof input['maxResults'] === 'number' ? input['maxResults'] : 0
  const size = asked > 0 ? asked : MAX_PAGE
  const purpose = JSON.stringify([
    operation,
    context.accountId,
    context.region,
    input['apiId'] ?? '',
    input['typeName'] ?? '',
    input['functionId'] ?? '',
  ])
  let start = 0
  if (typeof input['nextToken'] === 'string') {
    const position = options.pageTokens.open(input['nextToken'], purpose)
    if (!isPosition(position)) throw badRequest('Invalid nextToken')
    const after = items.findIndex(({ arn }) => arn === position.after)
    // The last item of the page before may be gone by now.
    start = after === -1 ? Math.min(position.index, items.length) : after + 1
  }
  const shownItems = items.slice(start, start + size)
  const last = shownItems.at(-1)
  return {
    [member]: shownItems.map(show),
    ...(last === undefined || start + size >= items.length
      ? {}
      : { nextToken: options.pageTokens.seal({ after: last.arn, index: start + size }, purpose) }),
  }
}

function isPosition(value: unknown): value is { after: string; index: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'after' in value &&
    typeof value.after === 'string' &&
    'index' in value &&
    typeof value.index === 'number'
  )
}
