import { appsyncArn } from '../aws/appsync.ts'
import { dataSourceProblem } from '../aws/appsyncRules.ts'
import type { DataSource, GraphqlApi } from '../resources.ts'
import { badRequest, notFound } from './errors.ts'
import { type Call, given, type Operations, page, requireApi, shown, text } from './operation.ts'
import type { Input } from './routes.ts'

const SETTINGS = [
  'name',
  'description',
  'type',
  'serviceRoleArn',
  'dynamodbConfig',
  'lambdaConfig',
  'elasticsearchConfig',
  'openSearchServiceConfig',
  'httpConfig',
  'relationalDatabaseConfig',
  'eventBridgeConfig',
  'metricsConfig',
] as const

function checkConfig(input: Input): void {
  const problem = dataSourceProblem(input)
  if (problem !== undefined) throw badRequest(problem)
}

const show = (source: DataSource): Record<string, unknown> => shown('DataSource', source, { dataSourceArn: source.arn })

/** The data source of an API by its name. Throws NotFoundException. */
export function requireDataSource(call: Call, api: GraphqlApi, name: string): DataSource {
  const source = call.options.catalog
    .collection('AWS::AppSync::DataSource')
    .get(appsyncArn.dataSource(call.scope, api.apiId, name))
  if (source === undefined) throw notFound(`No data source found named ${name}`)
  return source
}

export const dataSources: Operations = {
  CreateDataSource(call) {
    const { input, scope, options } = call
    const api = requireApi(call)
    const name = text(input, 'name')
    const arn = appsyncArn.dataSource(scope, api.apiId, name)
    const sources = options.catalog.collection('AWS::AppSync::DataSource')
    if (sources.has(arn)) throw badRequest(`Data source with name ${name} already exists`)
    checkConfig(input)
    const source = { arn, apiId: api.apiId, ...given(input, ...SETTINGS) } as unknown as DataSource
    sources.put(source)
    return { dataSource: show(source) }
  },

  GetDataSource: (call) => ({ dataSource: show(requireDataSource(call, requireApi(call), text(call.input, 'name'))) }),

  ListDataSources(call) {
    const api = requireApi(call)
    const sources = call.options.catalog.collection('AWS::AppSync::DataSource').list(`${api.arn}/datasources/`)
    return page(call, 'dataSources', sources, show)
  },

  UpdateDataSource(call) {
    const api = requireApi(call)
    const { arn, apiId } = requireDataSource(call, api, text(call.input, 'name'))
    checkConfig(call.input)
    const source = { arn, apiId, ...given(call.input, ...SETTINGS) } as unknown as DataSource
    call.options.catalog.collection('AWS::AppSync::DataSource').put(source)
    return { dataSource: show(source) }
  },

  DeleteDataSource(call) {
    const { catalog } = call.options
    const api = requireApi(call)
    const { arn, name } = requireDataSource(call, api, text(call.input, 'name'))
    const resolver = catalog
      .collection('AWS::AppSync::Resolver')
      .list(`${api.arn}/types/`)
      .find(({ dataSourceName }) => dataSourceName === name)
    if (resolver !== undefined && resolver.code === undefined && resolver.requestMappingTemplate === undefined)
      throw badRequest('Data source is still connected to a resolver that uses mapping template bypass.')
    catalog.collection('AWS::AppSync::DataSource').delete(arn)
    return {}
  },
}
