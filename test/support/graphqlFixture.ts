import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Caller } from '../../src/auth/caller.ts'
import type { DynamoDBClient } from '../../src/aws/dynamodbClient.ts'
import type { LambdaInvoker } from '../../src/aws/lambdaInvoker.ts'
import { createPageTokens } from '../../src/aws/pagination.ts'
import { createCatalog } from '../../src/catalog.ts'
import { createDataSourceFactory, type DataSourceOptions } from '../../src/datasources/createDataSource.ts'
import { createGraphqlEngine, type GraphqlEngineOptions } from '../../src/graphql/createEngine.ts'
import type { GraphqlAnswer, RequestInfo } from '../../src/graphql/engine.ts'
import { createGraphqlHttpHandler, type GraphqlHttpOptions } from '../../src/http/graphql.ts'
import type { ApiCache, AppSyncFunction, DataSource, GraphqlApi, Resolver } from '../../src/resources.ts'

export const API_ARN = 'arn:aws:appsync:us-east-1:000000000000:apis/test'

export const apiKeyCaller: Caller = { mode: 'API_KEY', identity: null }

export interface FixtureResolver extends Partial<Omit<Resolver, 'kind'>> {
  /** @default 'NONE' */
  dataSource?: DataSource['type']
  /** Request and response mapping templates. */
  request?: string
  response?: string
  /** Functions of a pipeline, in order. */
  functions?: (Partial<AppSyncFunction> & { dataSource?: DataSource['type']; request?: string; response?: string })[]
}

export interface FixtureOptions extends Partial<Omit<GraphqlEngineOptions, 'catalog' | 'cache'>> {
  schema: string
  /** By `Type.field`. */
  resolvers?: Record<string, FixtureResolver>
  api?: Partial<GraphqlApi>
  dataSources?: Partial<DataSource>[]
  cache?: Partial<ApiCache>
  dynamodb?: DynamoDBClient
  lambda?: LambdaInvoker
  dataSourceOptions?: Partial<DataSourceOptions>
}

const unavailable = (what: string) => (): never => {
  throw new Error(`this test has no ${what}`)
}

/** An API in a catalog of its own with an engine over it, as loaders and the management API would make it. */
export function createGraphqlFixture(options: FixtureOptions) {
  const catalog = createCatalog()
  const api: GraphqlApi = {
    arn: API_ARN,
    name: 'test',
    apiId: 'test',
    uris: {},
    authenticationType: 'API_KEY',
    ...options.api,
  }
  catalog.collection('AWS::AppSync::GraphQLApi').put(api)
  const putSchema = (definition: string): void =>
    catalog
      .collection('AWS::AppSync::GraphQLSchema')
      .put({ arn: `${API_ARN}/schema`, apiId: 'test', definition, status: 'SUCCESS' })
  putSchema(options.schema)
  const putDataSource = (source: Partial<DataSource> & { name: string }): void =>
    catalog
      .collection('AWS::AppSync::DataSource')
      .put({ arn: `${API_ARN}/datasources/${source.name}`, apiId: 'test', type: 'NONE', ...source })
  for (const type of ['NONE', 'AMAZON_DYNAMODB', 'AWS_LAMBDA', 'HTTP', 'RELATIONAL_DATABASE'] as const) {
    putDataSource({
      name: `ds_${type}`,
      type,
      ...(type === 'AMAZON_DYNAMODB' ? { dynamodbConfig: { tableName: 'T', awsRegion: 'us-east-1' } } : {}),
      ...(type === 'AWS_LAMBDA'
        ? { lambdaConfig: { lambdaFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f' } }
        : {}),
    })
  }
  for (const source of options.dataSources ?? []) putDataSource(source as DataSource)
  if (options.cache !== undefined) {
    catalog.collection('AWS::AppSync::ApiCache').put({
      arn: `${API_ARN}/apicache`,
      apiId: 'test',
      ttl: 60,
      apiCachingBehavior: 'PER_RESOLVER_CACHING',
      type: 'SMALL',
      ...options.cache,
    })
  }
  const runtime = { name: 'APPSYNC_JS', runtimeVersion: '1.0.0' } as const
  let functionCount = 0
  const putResolver = (name: string, resolver: FixtureResolver): void => {
    const [typeName = '', fieldName = ''] = name.split('.')
    const { dataSource = 'NONE', request, response, functions, ...rest } = resolver
    const ids = functions?.map(({ dataSource: type = 'NONE', request: before, response: after, ...own }) => {
      const functionId = `f${functionCount++}`
      catalog.collection('AWS::AppSync::FunctionConfiguration').put({
        arn: `${API_ARN}/functions/${functionId}`,
        apiId: 'test',
        functionId,
        name: functionId,
        dataSourceName: `ds_${type}`,
        ...(before === undefined ? {} : { requestMappingTemplate: before }),
        ...(after === undefined ? {} : { responseMappingTemplate: after }),
        ...(own.code === undefined ? {} : { runtime }),
        ...own,
      })
      return functionId
    })
    catalog.collection('AWS::AppSync::Resolver').put({
      arn: `${API_ARN}/types/${typeName}/resolvers/${fieldName}`,
      apiId: 'test',
      typeName,
      fieldName,
      kind: ids === undefined ? 'UNIT' : 'PIPELINE',
      ...(ids === undefined ? { dataSourceName: `ds_${dataSource}` } : { pipelineConfig: { functions: ids } }),
      ...(request === undefined ? {} : { requestMappingTemplate: request }),
      ...(response === undefined ? {} : { responseMappingTemplate: response }),
      ...(rest.code === undefined ? {} : { runtime }),
      ...rest,
    })
  }
  for (const [name, resolver] of Object.entries(options.resolvers ?? {})) putResolver(name, resolver)

  const {
    schema: _schema,
    resolvers: _resolvers,
    api: _api,
    dataSources: _sources,
    cache: _cache,
    ...engineOptions
  } = options
  const createDataSource = createDataSourceFactory({
    dynamodb: options.dynamodb ?? { send: unavailable('DynamoDB') },
    lambda: options.lambda ?? { invoke: unavailable('Lambda') },
    pageTokens: createPageTokens(Buffer.from('secret')),
    ...options.dataSourceOptions,
  })
  const engine = createGraphqlEngine({ createDataSource, ...engineOptions, catalog })
  const info = (given: Partial<RequestInfo> = {}): RequestInfo => ({
    headers: {},
    domainName: null,
    requestId: 'request-1',
    ...given,
  })

  return {
    catalog,
    engine,
    api,
    putSchema,
    putResolver,
    putDataSource,
    info,
    async run(
      query: string,
      variables?: Record<string, unknown> | null,
      given: { caller?: Caller; operationName?: string; info?: Partial<RequestInfo> } = {},
    ): Promise<GraphqlAnswer> {
      const request = { query, variables, operationName: given.operationName }
      const answer = await engine.execute('test', request, given.caller ?? apiKeyCaller, info(given.info))
      // What clients get: JSON.
      return { ...answer, body: JSON.parse(JSON.stringify(answer.body)) }
    },
    /** Runs a query and gives the body alone. */
    async query(query: string, variables?: Record<string, unknown> | null): Promise<unknown> {
      return (await this.run(query, variables)).body
    },
  }
}

export type GraphqlFixture = ReturnType<typeof createGraphqlFixture>

/** Serves a fixture's API over HTTP on a free port. */
export async function serveGraphql(fixture: GraphqlFixture, options: Partial<GraphqlHttpOptions> = {}) {
  const handler = createGraphqlHttpHandler({ engine: fixture.engine, authenticate: () => apiKeyCaller, ...options })
  const server = createServer((request, response) => handler(request, response, 'test'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    port,
    async close() {
      handler.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
