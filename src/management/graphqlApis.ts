import { appsyncArn, appsyncEndpoints, CUSTOM_ID_TAG, GRAPHQL_API_DEFAULTS, isUsableId } from '../aws/appsync.ts'
import { authenticationProblem } from '../aws/appsyncRules.ts'
import type { Catalog } from '../catalog.ts'
import type { GraphqlApi, ResourceType } from '../resources.ts'
import { badRequest, notOffered } from './errors.ts'
import { newId } from './ids.ts'
import { type Call, given, type Operations, page, requireApi, shown } from './operation.ts'
import { MERGED_INSTEAD } from './refusals.ts'
import type { Input } from './routes.ts'

const SETTINGS = [
  'name',
  'authenticationType',
  'logConfig',
  'userPoolConfig',
  'openIDConnectConfig',
  'additionalAuthenticationProviders',
  'xrayEnabled',
  'lambdaAuthorizerConfig',
  'mergedApiExecutionRoleArn',
  'ownerContact',
  'introspectionConfig',
  'queryDepthLimit',
  'resolverCountLimit',
  'enhancedMetricsConfig',
] as const

function show(call: Call, api: GraphqlApi): Record<string, unknown> {
  return shown('GraphqlApi', api, {
    ...appsyncEndpoints(call.options.baseUrl(), api.apiId),
    tags: api.tags ?? {},
  })
}

function checkProviders(input: Input): void {
  const problem = authenticationProblem(input)
  if (problem !== undefined) throw badRequest(problem)
}

/** Types whose ARNs lie under an API's. */
const PARTS: readonly ResourceType[] = [
  'AWS::AppSync::ApiKey',
  'AWS::AppSync::GraphQLSchema',
  'AWS::AppSync::DataSource',
  'AWS::AppSync::Resolver',
  'AWS::AppSync::FunctionConfiguration',
  'AWS::AppSync::ApiCache',
]

function deleteApi(catalog: Catalog, api: GraphqlApi): void {
  catalog.transaction(() => {
    for (const type of PARTS) {
      const collection = catalog.collection(type)
      for (const { arn } of collection.list(`${api.arn}/`)) collection.delete(arn)
    }
    catalog.collection('AWS::AppSync::GraphQLApi').delete(api.arn)
  })
}

export const graphqlApis: Operations = {
  CreateGraphqlApi(call) {
    const { input, scope, options } = call
    const apis = options.catalog.collection('AWS::AppSync::GraphQLApi')
    if (input['apiType'] === 'MERGED') throw notOffered('CreateGraphqlApi of a MERGED API', MERGED_INSTEAD)
    checkProviders(input)
    const tags = (input['tags'] ?? {}) as Record<string, string>
    const custom = Object.hasOwn(tags, CUSTOM_ID_TAG) ? tags[CUSTOM_ID_TAG] : undefined
    if (custom !== undefined && !isUsableId(custom))
      throw badRequest(`The tag ${CUSTOM_ID_TAG} must be of letters, digits, - and _.`)
    const apiId = custom ?? newId(options)
    const arn = appsyncArn.api(scope, apiId)
    if (apis.has(arn)) throw badRequest(`GraphQL API ${apiId} already exists.`)
    const api = {
      ...GRAPHQL_API_DEFAULTS,
      ...given(input, ...SETTINGS, 'apiType', 'visibility'),
      arn,
      apiId,
      ...appsyncEndpoints(options.baseUrl(), apiId),
      owner: scope.accountId,
      tags: { ...tags },
    } as unknown as GraphqlApi
    apis.put(api)
    return { graphqlApi: show(call, api) }
  },

  GetGraphqlApi: (call) => ({ graphqlApi: show(call, requireApi(call)) }),

  ListGraphqlApis(call) {
    const { input, scope, options } = call
    const apis = options.catalog
      .collection('AWS::AppSync::GraphQLApi')
      .list(appsyncArn.api(scope, ''))
      .filter(({ apiType }) => input['apiType'] === undefined || (apiType ?? 'GRAPHQL') === input['apiType'])
      .filter(({ owner }) => input['owner'] !== 'OTHER_ACCOUNTS' || owner !== scope.accountId)
    return page(call, 'graphqlApis', apis, (api) => show(call, api))
  },

  UpdateGraphqlApi(call) {
    const { input, options } = call
    const api = requireApi(call)
    checkProviders(input)
    const kept = { ...api } as Partial<Record<string, unknown>>
    // An update says everything: what it leaves out is as if it had never been set.
    for (const name of SETTINGS) delete kept[name]
    const { visibility: _v, apiType: _t, ...defaults } = GRAPHQL_API_DEFAULTS
    const updated = { ...defaults, ...kept, ...given(input, ...SETTINGS) } as unknown as GraphqlApi
    options.catalog.collection('AWS::AppSync::GraphQLApi').put(updated)
    return { graphqlApi: show(call, updated) }
  },

  DeleteGraphqlApi(call) {
    deleteApi(call.options.catalog, requireApi(call))
    return {}
  },

  GetGraphqlApiEnvironmentVariables: (call) => ({ environmentVariables: requireApi(call).environmentVariables ?? {} }),

  PutGraphqlApiEnvironmentVariables(call) {
    const api = requireApi(call)
    const environmentVariables = { ...(call.input['environmentVariables'] as Record<string, string>) }
    call.options.catalog.collection('AWS::AppSync::GraphQLApi').put({ ...api, environmentVariables })
    return { environmentVariables }
  },
}
