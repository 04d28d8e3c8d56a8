import {
  CreateApiKeyCommand,
  CreateDataSourceCommand,
  CreateFunctionCommand,
  CreateGraphqlApiCommand,
  CreateResolverCommand,
  DeleteApiKeyCommand,
  DeleteDataSourceCommand,
  DeleteFunctionCommand,
  DeleteGraphqlApiCommand,
  DeleteResolverCommand,
  EvaluateCodeCommand,
  EvaluateMappingTemplateCommand,
  GetDataSourceCommand,
  GetFunctionCommand,
  GetGraphqlApiCommand,
  GetIntrospectionSchemaCommand,
  GetResolverCommand,
  GetSchemaCreationStatusCommand,
  ListApiKeysCommand,
  ListResolversByFunctionCommand,
  ListResolversCommand,
  StartSchemaCreationCommand,
  UpdateApiKeyCommand,
  UpdateDataSourceCommand,
  UpdateFunctionCommand,
  UpdateGraphqlApiCommand,
  UpdateResolverCommand,
} from '@aws-sdk/client-appsync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BASE_URL, NOW, refusalOf, type ServedManagementApi, serveManagementApi } from './support/serve.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
const SCHEMA = 'type Query { hello(name: String): String other: Int }\n'

describe('the life of an API, by the AWS SDK', () => {
  let api: ServedManagementApi
  let apiId = ''
  let functionId = ''
  const send: ServedManagementApi['client']['send'] = ((command: never) => api.client.send(command)) as never

  beforeAll(async () => {
    api = await serveManagementApi()
  })
  afterAll(() => api.close())

  it('creates an API with every default', async () => {
    const { graphqlApi } = await send(
      new CreateGraphqlApiCommand({
        name: 'first',
        authenticationType: 'API_KEY',
        tags: { team: 'a' },
        queryDepthLimit: 5,
      }),
    )
    apiId = graphqlApi?.apiId ?? ''
    expect(apiId).toMatch(/^[a-z0-9]{26}$/)
    expect(graphqlApi).toEqual({
      name: 'first',
      apiId,
      authenticationType: 'API_KEY',
      arn: `arn:aws:appsync:us-east-1:000000000000:apis/${apiId}`,
      uris: {
        GRAPHQL: `${BASE_URL}/apis/${apiId}/graphql`,
        REALTIME: `ws://127.0.0.1:4000/apis/${apiId}/graphql/realtime`,
      },
      dns: { GRAPHQL: '127.0.0.1:4000', REALTIME: '127.0.0.1:4000' },
      tags: { team: 'a' },
      xrayEnabled: false,
      visibility: 'GLOBAL',
      apiType: 'GRAPHQL',
      owner: '000000000000',
      introspectionConfig: 'ENABLED',
      queryDepthLimit: 5,
      resolverCountLimit: 0,
    })
    expect((await send(new GetGraphqlApiCommand({ apiId }))).graphqlApi).toEqual(graphqlApi)
  })

  it('gives keys that end on the hour, seven days from now by default', async () => {
    const { apiKey } = await send(new CreateApiKeyCommand({ apiId, description: 'mine' }))
    const expires = Math.floor((NOW / 1000 + 7 * DAY) / HOUR) * HOUR
    expect(apiKey).toEqual({
      id: expect.stringMatching(/^da2-[a-z0-9]{26}$/),
      description: 'mine',
      expires,
      deletes: expires + 60 * DAY,
    })
    const later = Math.floor(NOW / 1000) + 30 * DAY
    const updated = (await send(new UpdateApiKeyCommand({ apiId, id: apiKey?.id ?? '', expires: later }))).apiKey
    expect(updated).toEqual({
      id: apiKey?.id,
      description: 'mine',
      expires: later - (later % HOUR),
      deletes: later - (later % HOUR) + 60 * DAY,
    })
    expect((await send(new ListApiKeysCommand({ apiId }))).apiKeys).toEqual([updated])
    await send(new DeleteApiKeyCommand({ apiId, id: apiKey?.id ?? '' }))
    expect((await send(new ListApiKeysCommand({ apiId }))).apiKeys).toEqual([])
  })

  it.each([NOW / 1000 + 366 * DAY + HOUR, NOW / 1000 + HOUR, 5])('refuses a key that ends at %d', async (expires) => {
    expect(await refusalOf(send(new CreateApiKeyCommand({ apiId, expires: Math.floor(expires) })))).toEqual({
      name: 'ApiKeyValidityOutOfBoundsException',
      status: 400,
      message: 'API key must be valid for a minimum of 1 days, and a maximum of 365 days.',
    })
  })

  it('refuses resolvers before there is a schema', async () => {
    await send(new CreateDataSourceCommand({ apiId, name: 'none', type: 'NONE' }))
    expect(
      await refusalOf(
        send(new CreateResolverCommand({ apiId, typeName: 'Query', fieldName: 'hello', dataSourceName: 'none' })),
      ),
    ).toEqual({ name: 'NotFoundException', status: 404, message: 'Type Query not found' })
  })

  it('takes a schema and says how that went', async () => {
    expect((await send(new GetSchemaCreationStatusCommand({ apiId }))).status).toBe('NOT_APPLICABLE')
    const { status } = await send(new StartSchemaCreationCommand({ apiId, definition: Buffer.from(SCHEMA) }))
    expect(status).toBe('PROCESSING')
    expect((await send(new GetSchemaCreationStatusCommand({ apiId }))).status).toBe('SUCCESS')
  })

  it('keeps the old schema when a new one fails', async () => {
    await send(new StartSchemaCreationCommand({ apiId, definition: Buffer.from('type Query {') }))
    const failed = await send(new GetSchemaCreationStatusCommand({ apiId }))
    expect({ status: failed.status, details: failed.details }).toEqual({
      status: 'FAILED',
      details: expect.stringContaining("Failed to parse schema document - ensure it's a valid SDL-formatted document."),
    })
    const sdl = await send(new GetIntrospectionSchemaCommand({ apiId, format: 'SDL' }))
    expect(Buffer.from(sdl.schema ?? []).toString()).toBe(
      'type Query {\n  hello(name: String): String\n  other: Int\n}\n',
    )
  })

  it('introspects as JSON', async () => {
    const { schema } = await send(
      new GetIntrospectionSchemaCommand({ apiId, format: 'JSON', includeDirectives: false }),
    )
    const { data } = JSON.parse(Buffer.from(schema ?? []).toString())
    expect(data.__schema.queryType).toEqual({ name: 'Query', kind: 'OBJECT' })
    expect(data.__schema.directives).toEqual([])
  })

  it('keeps data sources, and updates them whole', async () => {
    const created = await send(
      new CreateDataSourceCommand({
        apiId,
        name: 'web',
        type: 'HTTP',
        description: 'a',
        httpConfig: { endpoint: 'https://example.com' },
      }),
    )
    const dataSourceArn = `arn:aws:appsync:us-east-1:000000000000:apis/${apiId}/datasources/web`
    expect(created.dataSource).toEqual({
      dataSourceArn,
      name: 'web',
      type: 'HTTP',
      description: 'a',
      httpConfig: { endpoint: 'https://example.com' },
    })
    await send(new UpdateDataSourceCommand({ apiId, name: 'web', type: 'NONE' }))
    expect((await send(new GetDataSourceCommand({ apiId, name: 'web' }))).dataSource).toEqual({
      dataSourceArn,
      name: 'web',
      type: 'NONE',
    })
    expect(await refusalOf(send(new CreateDataSourceCommand({ apiId, name: 'web', type: 'NONE' })))).toEqual({
      name: 'BadRequestException',
      status: 400,
      message: 'Data source with name web already exists',
    })
  })

  it('runs functions through their life', async () => {
    const { functionConfiguration } = await send(
      new CreateFunctionCommand({
        apiId,
        name: 'step',
        dataSourceName: 'none',
        code: 'export function request() {}',
        runtime: { name: 'APPSYNC_JS', runtimeVersion: '1.0.0' },
      }),
    )
    functionId = functionConfiguration?.functionId ?? ''
    expect(functionConfiguration).toEqual({
      functionId,
      functionArn: `arn:aws:appsync:us-east-1:000000000000:apis/${apiId}/functions/${functionId}`,
      name: 'step',
      dataSourceName: 'none',
      code: 'export function request() {}',
      runtime: { name: 'APPSYNC_JS', runtimeVersion: '1.0.0' },
    })
    const updated = await send(
      new UpdateFunctionCommand({
        apiId,
        functionId,
        name: 'step',
        dataSourceName: 'none',
        requestMappingTemplate: '{}',
        functionVersion: '2018-05-29',
      }),
    )
    expect((await send(new GetFunctionCommand({ apiId, functionId }))).functionConfiguration).toEqual(
      updated.functionConfiguration,
    )
    expect(updated.functionConfiguration?.code).toBeUndefined()
  })

  it('runs resolvers through their life', async () => {
    const at = { apiId, typeName: 'Query', fieldName: 'hello' }
    const { resolver } = await send(
      new CreateResolverCommand({
        ...at,
        kind: 'PIPELINE',
        pipelineConfig: { functions: [functionId] },
        requestMappingTemplate: '{}',
        responseMappingTemplate: '{}',
      }),
    )
    expect(resolver).toEqual({
      typeName: 'Query',
      fieldName: 'hello',
      resolverArn: `arn:aws:appsync:us-east-1:000000000000:apis/${apiId}/types/Query/resolvers/hello`,
      kind: 'PIPELINE',
      pipelineConfig: { functions: [functionId] },
      requestMappingTemplate: '{}',
      responseMappingTemplate: '{}',
    })
    expect(await refusalOf(send(new CreateResolverCommand({ ...at, dataSourceName: 'none' })))).toEqual({
      name: 'BadRequestException',
      status: 400,
      message: 'Only one resolver is allowed per field.',
    })
    expect((await send(new ListResolversByFunctionCommand({ apiId, functionId }))).resolvers).toEqual([resolver])
    expect(await refusalOf(send(new DeleteFunctionCommand({ apiId, functionId })))).toMatchObject({
      name: 'BadRequestException',
    })
    await send(
      new UpdateResolverCommand({
        ...at,
        dataSourceName: 'none',
        requestMappingTemplate: '1',
        responseMappingTemplate: '2',
      }),
    )
    const read = (await send(new GetResolverCommand(at))).resolver
    expect(read?.kind).toBe('UNIT')
    expect((await send(new ListResolversCommand({ apiId, typeName: 'Query' }))).resolvers).toEqual([read])
    await send(new DeleteResolverCommand(at))
    expect(await refusalOf(send(new GetResolverCommand(at)))).toEqual({
      name: 'NotFoundException',
      status: 404,
      message: 'No resolver found.',
    })
    await send(new DeleteFunctionCommand({ apiId, functionId }))
    await send(new DeleteDataSourceCommand({ apiId, name: 'web' }))
  })

  it.each([
    [
      'a field that is not in the schema',
      { fieldName: 'nothing', dataSourceName: 'none' },
      'No field named nothing found on type Query',
    ],
    [
      'a source that is not there',
      { fieldName: 'other', dataSourceName: 'nowhere' },
      'No data source found named nowhere',
    ],
    [
      'functions that are not there',
      { fieldName: 'other', kind: 'PIPELINE' as const, pipelineConfig: { functions: ['a', 'b'] } },
      'The specified functions [a,b] must exist before referencing them from a resolver.',
    ],
  ])('refuses a resolver for %s', async (_, input, message) => {
    expect(await refusalOf(send(new CreateResolverCommand({ apiId, typeName: 'Query', ...input })))).toEqual({
      name: 'NotFoundException',
      status: 404,
      message,
    })
  })

  it('hands code and templates to the evaluators', async () => {
    const runtime = { name: 'APPSYNC_JS' as const, runtimeVersion: '1.0.0' }
    const code = await send(new EvaluateCodeCommand({ code: 'x', context: '{}', function: 'request', runtime }))
    expect({ result: code.evaluationResult, logs: code.logs }).toEqual({
      result: '{"code":"x","name":"request"}',
      logs: ['a line'],
    })
    const template = await send(new EvaluateMappingTemplateCommand({ template: '{}', context: '{}' }))
    expect(template.evaluationResult).toBe('{}')
    expect(await refusalOf(send(new EvaluateMappingTemplateCommand({ template: '{}', context: '[1' })))).toMatchObject({
      name: 'BadRequestException',
      status: 400,
    })
  })

  it('forgets on update what the update does not say', async () => {
    const { graphqlApi } = await send(
      new UpdateGraphqlApiCommand({ apiId, name: 'second', authenticationType: 'AWS_IAM' }),
    )
    expect(graphqlApi).toMatchObject({
      name: 'second',
      authenticationType: 'AWS_IAM',
      queryDepthLimit: 0,
      tags: { team: 'a' },
    })
  })

  it('deletes everything of the API with it', async () => {
    await send(new DeleteGraphqlApiCommand({ apiId }))
    expect(await refusalOf(send(new GetGraphqlApiCommand({ apiId })))).toEqual({
      name: 'NotFoundException',
      status: 404,
      message: `GraphQL API ${apiId} not found.`,
    })
    expect(api.catalog.collection('AWS::AppSync::DataSource').size).toBe(0)
    expect(api.catalog.collection('AWS::AppSync::GraphQLSchema').size).toBe(0)
  })
})
