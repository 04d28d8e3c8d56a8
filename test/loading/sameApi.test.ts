import {
  CreateApiKeyCommand,
  CreateDataSourceCommand,
  CreateFunctionCommand,
  CreateGraphqlApiCommand,
  CreateResolverCommand,
  StartSchemaCreationCommand,
} from '@aws-sdk/client-appsync'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Catalog, createCatalog } from '../../src/catalog.ts'
import { applyProject } from '../../src/loading/applyProject.ts'
import type { ResourceType } from '../../src/resources.ts'
import { serveManagementApi } from '../management/support/serve.ts'
import { load, NOW, problemsOf, writeProject } from './support/project.ts'

const SCHEMA = 'type Query {\n  note(id: ID!): String\n  time: String\n}\n'
const STEP =
  'export function request(ctx) {\n  return { payload: ctx.args.id }\n}\nexport function response(ctx) {\n  return ctx.result\n}\n'
const PIPELINE =
  'export function request(ctx) {\n  return {};\n}\nexport function response(ctx) {\n  return ctx.prev.result;\n}\n'
const EXPIRES = Math.floor(NOW / 1000) + 30 * 86_400
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:clock'
const TABLE_ROLE = 'arn:aws:iam::000000000000:role/table'

const CLOUDFORMATION = `Resources:
  Api:
    Type: AWS::AppSync::GraphQLApi
    Properties: { Name: notes, AuthenticationType: API_KEY, AdditionalAuthenticationProviders: [{ AuthenticationType: AWS_IAM }], XrayEnabled: "true" }
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: { ApiId: !GetAtt Api.ApiId, DefinitionS3Location: schema.graphql }
  Key:
    Type: AWS::AppSync::ApiKey
    Properties: { ApiId: !GetAtt Api.ApiId, Description: mine, Expires: "${EXPIRES}" }
  Table:
    Type: AWS::AppSync::DataSource
    Properties:
      ApiId: !GetAtt Api.ApiId
      Name: Notes
      Type: AMAZON_DYNAMODB
      ServiceRoleArn: ${TABLE_ROLE}
      DynamoDBConfig: { TableName: notes, AwsRegion: !Ref AWS::Region }
  Clock:
    Type: AWS::AppSync::DataSource
    Properties: { ApiId: !GetAtt Api.ApiId, Name: Clock, Type: AWS_LAMBDA, ServiceRoleArn: ${TABLE_ROLE}, LambdaConfig: { LambdaFunctionArn: ${FUNCTION_ARN} } }
  None:
    Type: AWS::AppSync::DataSource
    Properties: { ApiId: !GetAtt Api.ApiId, Name: ApiNoneDataSource, Type: NONE }
  Step:
    Type: AWS::AppSync::FunctionConfiguration
    Properties:
      ApiId: !GetAtt Api.ApiId
      Name: step
      DataSourceName: !GetAtt None.Name
      CodeS3Location: step.js
      Runtime: { Name: APPSYNC_JS, RuntimeVersion: 1.0.0 }
  Note:
    Type: AWS::AppSync::Resolver
    DependsOn: Schema
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: note
      Kind: PIPELINE
      PipelineConfig: { Functions: [!GetAtt Step.FunctionId] }
      CodeS3Location: pipeline.js
      Runtime: { Name: APPSYNC_JS, RuntimeVersion: 1.0.0 }
      CachingConfig: { Ttl: "60", CachingKeys: [$context.arguments.id] }
`

const SAM = `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      Name: notes
      SchemaUri: schema.graphql
      Logging: false
      XrayEnabled: true
      Auth: { Type: API_KEY, Additional: [{ Type: AWS_IAM }] }
      ApiKeys:
        Key: { Description: mine, ExpiresOn: ${EXPIRES} }
      DataSources:
        DynamoDb:
          Notes: { TableName: notes, ServiceRoleArn: ${TABLE_ROLE} }
        Lambda:
          Clock: { FunctionArn: ${FUNCTION_ARN}, ServiceRoleArn: ${TABLE_ROLE} }
      Functions:
        step: { DataSource: None, CodeUri: step.js, Runtime: { Name: APPSYNC_JS, Version: 1.0.0 } }
      Resolvers:
        Query:
          note:
            Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
            Pipeline: [step]
            Caching: { Ttl: 60, CachingKeys: [$context.arguments.id] }
`

const SERVERLESS = `service: notes
provider: { name: aws }
plugins: [serverless-appsync-plugin]
appSync:
  name: notes
  xrayEnabled: true
  authentication: { type: API_KEY }
  additionalAuthentications: [{ type: AWS_IAM }]
  apiKeys: [{ name: Key, description: mine, expiresAt: "${new Date(EXPIRES * 1000).toISOString()}" }]
  dataSources:
    Notes: { type: AMAZON_DYNAMODB, config: { tableName: notes, serviceRoleArn: ${TABLE_ROLE} } }
    Clock: { type: AWS_LAMBDA, config: { functionArn: ${FUNCTION_ARN}, serviceRoleArn: ${TABLE_ROLE} } }
    ApiNoneDataSource: { type: NONE }
  pipelineFunctions:
    step: { dataSource: ApiNoneDataSource, code: step.js }
  resolvers:
    Query.note:
      functions: [step]
      code: pipeline.js
      caching: { ttl: 60, keys: [$context.arguments.id] }
`

const FILES = { 'schema.graphql': SCHEMA, 'step.js': STEP, 'pipeline.js': PIPELINE }
const TYPES: ResourceType[] = [
  'AWS::AppSync::GraphQLApi',
  'AWS::AppSync::ApiKey',
  'AWS::AppSync::GraphQLSchema',
  'AWS::AppSync::DataSource',
  'AWS::AppSync::FunctionConfiguration',
  'AWS::AppSync::Resolver',
]

/** The catalog with its ids called by name, and without where things came from. */
function normalized(catalog: Catalog): unknown {
  const ids = new Map<string, string>()
  for (const { apiId } of catalog.collection('AWS::AppSync::GraphQLApi').list()) ids.set(apiId, 'API')
  for (const { id } of catalog.collection('AWS::AppSync::ApiKey').list()) ids.set(id, 'KEY')
  for (const { functionId, name } of catalog.collection('AWS::AppSync::FunctionConfiguration').list())
    ids.set(functionId, `FUNCTION ${name}`)
  const text = JSON.stringify(
    Object.fromEntries(
      TYPES.map((type) => [
        type,
        catalog
          .collection(type)
          .list()
          .map((resource) => ({
            ...resource,
            sourceFile: undefined,
            sourceFiles: undefined,
            details: undefined,
            creation: undefined,
          }))
          .sort((left, right) => (left.arn < right.arn ? -1 : 1)),
      ]),
    ),
  )
  let named = text
  for (const [id, name] of ids) named = named.replaceAll(id, name)
  return JSON.parse(named)
}

async function fromProject(files: Record<string, string>): Promise<unknown> {
  const loaded = await load(writeProject({ ...FILES, ...files }))
  expect(problemsOf(loaded)).toEqual([])
  const catalog = createCatalog()
  applyProject(catalog, loaded)
  return normalized(catalog)
}

async function fromSdk(): Promise<unknown> {
  const { client, catalog, close } = await serveManagementApi()
  onTestFinished(close)
  const apiId = (
    await client.send(
      new CreateGraphqlApiCommand({
        name: 'notes',
        authenticationType: 'API_KEY',
        additionalAuthenticationProviders: [{ authenticationType: 'AWS_IAM' }],
        xrayEnabled: true,
      }),
    )
  ).graphqlApi?.apiId
  await client.send(new CreateApiKeyCommand({ apiId, description: 'mine', expires: EXPIRES }))
  await client.send(new StartSchemaCreationCommand({ apiId, definition: Buffer.from(SCHEMA) }))
  const role = { serviceRoleArn: TABLE_ROLE }
  await client.send(
    new CreateDataSourceCommand({
      apiId,
      name: 'Notes',
      type: 'AMAZON_DYNAMODB',
      ...role,
      dynamodbConfig: { tableName: 'notes', awsRegion: 'us-east-1' },
    }),
  )
  await client.send(
    new CreateDataSourceCommand({
      apiId,
      name: 'Clock',
      type: 'AWS_LAMBDA',
      ...role,
      lambdaConfig: { lambdaFunctionArn: FUNCTION_ARN },
    }),
  )
  await client.send(new CreateDataSourceCommand({ apiId, name: 'ApiNoneDataSource', type: 'NONE' }))
  const runtime = { name: 'APPSYNC_JS' as const, runtimeVersion: '1.0.0' }
  const { functionConfiguration } = await client.send(
    new CreateFunctionCommand({ apiId, name: 'step', dataSourceName: 'ApiNoneDataSource', code: STEP, runtime }),
  )
  await client.send(
    new CreateResolverCommand({
      apiId,
      typeName: 'Query',
      fieldName: 'note',
      kind: 'PIPELINE',
      pipelineConfig: { functions: [functionConfiguration?.functionId ?? ''] },
      code: PIPELINE,
      runtime,
      cachingConfig: { ttl: 60, cachingKeys: ['$context.arguments.id'] },
    }),
  )
  return normalized(catalog)
}

describe('one API', () => {
  let expected: unknown
  beforeAll(async () => {
    const loaded = { ...FILES, 'template.yaml': CLOUDFORMATION }
    const { mkdtempSync, writeFileSync, rmSync } = await import('node:fs')
    const folder = mkdtempSync('/tmp/sidestage-same-')
    for (const [name, text] of Object.entries(loaded)) writeFileSync(`${folder}/${name}`, text)
    const catalog = createCatalog()
    applyProject(catalog, await load(folder))
    rmSync(folder, { recursive: true })
    expected = normalized(catalog)
  })

  it('is the same by the AWS SDK as by CloudFormation', async () => {
    expect(await fromSdk()).toEqual(expected)
  })

  it.each([
    ['CloudFormation as JSON', { 'template.json': '' }],
    ['SAM', { 'template.yaml': SAM }],
    ['Serverless', { 'serverless.yml': SERVERLESS }],
  ])('is the same by %s', async (name, files) => {
    if (name.endsWith('JSON')) {
      const { parseYaml } = await import('../../src/loading/source/yaml.ts')
      expect(
        await fromProject({ 'template.json': JSON.stringify(parseYaml(CLOUDFORMATION, 'a', 'a').value, null, 2) }),
      ).toEqual(expected)
    } else expect(await fromProject(files)).toEqual(expected)
  })
})
