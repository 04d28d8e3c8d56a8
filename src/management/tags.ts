import { parseArn } from '../aws/arn.ts'
import type { GraphqlApi } from '../resources.ts'
import { badRequest, notFound } from './errors.ts'
import { type Call, type Operations, text } from './operation.ts'

/** Tags of one resource (TagMap of the service's model). */
const MAX_TAGS = 50

function requireTagged(call: Call): GraphqlApi {
  const arn = text(call.input, 'resourceArn')
  const parsed = parseArn(arn)
  if (parsed?.service !== 'appsync' || parsed.accountId !== call.scope.accountId || parsed.region !== call.scope.region)
    throw notFound(`Resource ${arn} not found.`)
  const api = call.options.catalog.collection('AWS::AppSync::GraphQLApi').get(arn)
  if (api === undefined) throw notFound(`Resource ${arn} not found.`)
  return api
}

export const tags: Operations = {
  ListTagsForResource: (call) => ({ tags: requireTagged(call).tags ?? {} }),

  TagResource(call) {
    const api = requireTagged(call)
    const merged = { ...api.tags, ...(call.input['tags'] as Record<string, string>) }
    if (Object.keys(merged).length > MAX_TAGS) throw badRequest(`A resource can have at most ${MAX_TAGS} tags.`)
    call.options.catalog.collection('AWS::AppSync::GraphQLApi').put({ ...api, tags: merged })
    return {}
  },

  UntagResource(call) {
    const api = requireTagged(call)
    const removed = new Set(call.input['tagKeys'] as string[])
    const kept = Object.fromEntries(Object.entries(api.tags ?? {}).filter(([key]) => !removed.has(key)))
    call.options.catalog.collection('AWS::AppSync::GraphQLApi').put({ ...api, tags: kept })
    return {}
  },
}
