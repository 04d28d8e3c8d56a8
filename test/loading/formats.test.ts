import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LoadProjectOptions } from '../../src/loading/loadProject.ts'
import type { ResourceType } from '../../src/resources.ts'
import { load, NOW, onlyOne, problemsOf, resourcesOf } from './support/project.ts'

const PROJECTS = resolve(import.meta.dirname, '../fixtures/projects')
const fixture = (name: string, options: Partial<LoadProjectOptions> = {}) => load(join(PROJECTS, name), options)
const DAY = 86_400

/** How many resources of each type there are. */
function counts(loaded: { resources: readonly { type: ResourceType }[] }): Record<string, number> {
  const made: Record<string, number> = {}
  for (const { type } of loaded.resources) made[type] = (made[type] ?? 0) + 1
  return made
}

describe('a SAM project', async () => {
  const loaded = await fixture('sam')

  it('has what SAM makes of it, and says once which events are not run', () => {
    expect(problemsOf(loaded)).toEqual([
      'template.yaml:1:1: info: kept, but not run here: event Api of AWS::Serverless::Function, AWS::ApiGateway::RestApi',
    ])
    expect(counts(loaded)).toEqual({
      'AWS::Cognito::UserPool': 1,
      'AWS::CloudFormation::Kept': 2,
      'AWS::IAM::Role': 5,
      'AWS::AppSync::GraphQLApi': 1,
      'AWS::AppSync::GraphQLSchema': 1,
      'AWS::AppSync::ApiKey': 1,
      'AWS::AppSync::ApiCache': 1,
      'AWS::AppSync::DataSource': 2,
      'AWS::AppSync::FunctionConfiguration': 2,
      'AWS::AppSync::Resolver': 2,
      'AWS::DynamoDB::Table': 1,
      'AWS::Lambda::Function': 3,
      'AWS::Lambda::Alias': 1,
      'AWS::Lambda::LayerVersion': 1,
      'AWS::Lambda::EventSourceMapping': 1,
      'AWS::StepFunctions::StateMachine': 1,
    })
  })

  it('has its API with every mode, logging under a role of its own', () => {
    const pool = onlyOne(loaded, 'AWS::Cognito::UserPool')
    expect(onlyOne(loaded, 'AWS::AppSync::GraphQLApi')).toMatchObject({
      name: 'Api',
      authenticationType: 'AMAZON_COGNITO_USER_POOLS',
      userPoolConfig: { userPoolId: pool.id, awsRegion: 'us-east-1', defaultAction: 'ALLOW' },
      additionalAuthenticationProviders: [
        { authenticationType: 'API_KEY' },
        {
          authenticationType: 'AWS_LAMBDA',
          lambdaAuthorizerConfig: { authorizerUri: 'arn:aws:lambda:us-east-1:000000000000:function:hello' },
        },
      ],
      logConfig: { fieldLogLevel: 'ALL', cloudWatchLogsRoleArn: expect.stringContaining('ApiCloudWatchRole') },
    })
    const { schema } = { schema: onlyOne(loaded, 'AWS::AppSync::GraphQLSchema') }
    expect({ status: schema.status, sourceFile: schema.sourceFile }).toEqual({
      status: 'SUCCESS',
      sourceFile: 'schema/schema.graphql',
    })
  })

  it('has its functions with the globals beneath their own properties', () => {
    const [hello] = resourcesOf(loaded, 'AWS::Lambda::Function').filter(
      ({ functionName, version }) => functionName === 'hello' && version === '$LATEST',
    )
    const table = onlyOne(loaded, 'AWS::DynamoDB::Table').tableName
    expect(hello).toEqual({
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:hello',
      functionName: 'hello',
      version: '$LATEST',
      runtime: 'nodejs22.x',
      handler: 'index.handler',
      role: expect.stringMatching(/^arn:aws:iam::000000000000:role\/sam-HelloFunctionRole-/),
      codePath: join(PROJECTS, 'sam', 'functions', 'hello'),
      projectRoot: expect.any(String),
      timeout: 10,
      memorySize: 128,
      environment: { STAGE: 'dev', TABLE: table },
      layers: ['arn:aws:lambda:us-east-1:000000000000:layer:common:1'],
      lastModified: new Date(NOW).toISOString().replace('Z', '+0000'),
    })
  })

  it('has the versions, aliases and event sources that SAM adds', () => {
    expect(loaded.outputs).toEqual(
      new Map([
        ['Alias', 'arn:aws:lambda:us-east-1:000000000000:function:hello:live'],
        ['Version', '1'],
      ]),
    )
    expect(onlyOne(loaded, 'AWS::Lambda::Alias')).toEqual({
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:hello:live',
      functionName: 'hello',
      name: 'live',
      functionVersion: '1',
    })
    expect(onlyOne(loaded, 'AWS::Lambda::EventSourceMapping')).toMatchObject({
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:hello',
      eventSourceArn: expect.stringMatching(/^arn:aws:sqs:us-east-1:000000000000:sam-Jobs-/),
      batchSize: 5,
    })
  })

  it('has roles with the policies of templates, names and statements', () => {
    const role = resourcesOf(loaded, 'AWS::IAM::Role').find(({ roleName }) => roleName.includes('HelloFunctionRole'))
    const table = onlyOne(loaded, 'AWS::DynamoDB::Table').arn
    expect(role?.managedPolicyArns).toEqual([
      'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
      'arn:aws:iam::aws:policy/AWSLambdaExecute',
    ])
    expect(role?.policies.map(({ policyDocument }) => policyDocument.Statement)).toEqual([
      [
        {
          Effect: 'Allow',
          Action: [
            'dynamodb:GetItem',
            'dynamodb:Scan',
            'dynamodb:Query',
            'dynamodb:BatchGetItem',
            'dynamodb:DescribeTable',
          ],
          Resource: [table, `${table}/index/*`],
        },
      ],
      [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
    ])
    const source = resourcesOf(loaded, 'AWS::IAM::Role').find(({ roleName }) => roleName.includes('ApiItemsDynamoDB'))
    expect(source?.policies[0]?.policyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: expect.arrayContaining(['dynamodb:GetItem']), Resource: [table, `${table}/index/*`] },
    ])
  })

  it('has its state machine from YAML, substitutions made, numbers kept', () => {
    const machine = onlyOne(loaded, 'AWS::StepFunctions::StateMachine')
    expect({ name: machine.name, sourceFile: machine.sourceFile, type: machine.type }).toEqual({
      name: 'review',
      sourceFile: 'workflows/review.asl.yaml',
      type: 'STANDARD',
    })
    expect(JSON.parse(machine.definition)).toEqual({
      StartAt: 'Hello',
      States: {
        Hello: {
          Type: 'Task',
          Resource: 'arn:aws:lambda:us-east-1:000000000000:function:hello',
          Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 3, BackoffRate: 2 }],
          End: true,
        },
      },
    })
  })

  it('has the key and the table that it declares', () => {
    expect(onlyOne(loaded, 'AWS::AppSync::ApiKey').description).toBe('for the web')
    const table = onlyOne(loaded, 'AWS::DynamoDB::Table')
    expect(table.description).toMatchObject({
      AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'N' }],
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      TableStatus: 'ACTIVE',
    })
    expect(table.tags).toEqual({ team: 'a' })
  })

  it('has the resolver of a field that is named otherwise', () => {
    expect(
      resourcesOf(loaded, 'AWS::AppSync::Resolver').map(
        ({ typeName, fieldName, kind }) => `${typeName}.${fieldName} ${kind}`,
      ),
    ).toEqual(['Query.item PIPELINE', 'Query.hello PIPELINE'])
  })

  it('reads the files that its parts name, so that they can be watched', () => {
    expect(loaded.files.map((file) => file.slice(PROJECTS.length))).toEqual(
      expect.arrayContaining([
        '/sam/template.yaml',
        '/sam/schema/schema.graphql',
        '/sam/resolvers/getItem.js',
        '/sam/functions/hello',
        '/sam/workflows/review.asl.yaml',
      ]),
    )
  })
})

describe('a serverless.yml of the AppSync plugin v1', async () => {
  const loaded = await fixture('serverless-v1', { env: { OWNER: 'me' }, options: { stage: 'test' } })

  it('has its variables resolved', () => {
    expect(problemsOf(loaded)).toEqual(['serverless.yml:1:1: info: kept, but not run here: event http of functions'])
    expect(onlyOne(loaded, 'AWS::DynamoDB::Table').tableName).toBe('legacy-test-items')
    expect(onlyOne(loaded, 'AWS::AppSync::GraphQLApi')).toMatchObject({
      name: 'legacy-api',
      tags: { owner: 'me' },
      userPoolConfig: { userPoolId: 'us-east-1_legacy', awsRegion: 'us-east-1', defaultAction: 'ALLOW' },
    })
    const fn = onlyOne(loaded, 'AWS::Lambda::Function')
    expect({
      name: fn.functionName,
      environment: fn.environment,
      timeout: fn.timeout,
      memory: fn.memorySize,
      handler: fn.handler,
    }).toEqual({
      name: 'legacy-test-hello',
      environment: { TABLE: 'legacy-test-items' },
      timeout: 6,
      memory: 1024,
      handler: 'src/hello.handler',
    })
  })

  it('has resolvers with the templates that their fields are named after, substitutions made', () => {
    const resolvers = Object.fromEntries(
      resourcesOf(loaded, 'AWS::AppSync::Resolver').map((resolver) => [resolver.fieldName, resolver]),
    )
    expect(resolvers['item']).toMatchObject({
      kind: 'UNIT',
      dataSourceName: 'Items',
      requestMappingTemplate:
        '{"operation": "GetItem", "table": "legacy-test-items", "id": "${context.arguments.id}"}\n',
      responseMappingTemplate: '$util.toJson($ctx.result)\n',
      sourceFiles: {
        requestMappingTemplate: 'mapping-templates/Query.item.request.vtl',
        responseMappingTemplate: 'mapping-templates/Query.item.response.vtl',
      },
    })
    expect(resolvers['hello']?.requestMappingTemplate).toBeUndefined()
    const step = onlyOne(loaded, 'AWS::AppSync::FunctionConfiguration')
    expect(resolvers['both']).toMatchObject({
      kind: 'PIPELINE',
      pipelineConfig: { functions: [step.functionId] },
      requestMappingTemplate: '{"payload": {}}\n',
    })
  })

  it('has its state machines and activities', () => {
    const machine = onlyOne(loaded, 'AWS::StepFunctions::StateMachine')
    expect(JSON.parse(machine.definition).States.Hello.Resource).toBe(
      'arn:aws:lambda:us-east-1:000000000000:function:legacy-test-hello',
    )
    expect(onlyOne(loaded, 'AWS::StepFunctions::Activity').arn).toBe(
      'arn:aws:states:us-east-1:000000000000:activity:approve',
    )
    expect(loaded.outputs.get('Api')).toBe(onlyOne(loaded, 'AWS::AppSync::GraphQLApi').apiId)
  })
})

describe('a serverless.yml of the AppSync plugin v2', async () => {
  const loaded = await fixture('serverless-v2')

  it('has its API', () => {
    expect(problemsOf(loaded)).toEqual([])
    expect(onlyOne(loaded, 'AWS::AppSync::GraphQLApi')).toMatchObject({
      name: 'modern',
      authenticationType: 'AWS_LAMBDA',
      lambdaAuthorizerConfig: {
        authorizerUri: 'arn:aws:lambda:us-east-1:000000000000:function:modern-dev-authorize',
        authorizerResultTtlInSeconds: 60,
      },
      additionalAuthenticationProviders: [
        {
          authenticationType: 'OPENID_CONNECT',
          openIDConnectConfig: { issuer: 'https://example.com', clientId: 'web' },
        },
      ],
      introspectionConfig: 'DISABLED',
      queryDepthLimit: 10,
      environmentVariables: { STAGE: 'dev' },
      logConfig: { fieldLogLevel: 'ERROR', cloudWatchLogsRoleArn: expect.any(String) },
    })
    const keys = resourcesOf(loaded, 'AWS::AppSync::ApiKey')
    expect(keys.map(({ description }) => description)).toEqual(['Web', 'Bot'])
    expect(keys[1]?.expires).toBe(Math.floor((NOW / 1000 + 30 * DAY) / 3600) * 3600)
  })

  it('has one schema of several files', () => {
    const schema = onlyOne(loaded, 'AWS::AppSync::GraphQLSchema')
    expect({ definition: schema.definition, sourceFile: schema.sourceFile }).toEqual({
      definition: 'type Query {\n  hello: String\n  loud: String\n  quiet: String\n}',
      sourceFile: 'schema/a.graphql, schema/more/b.graphql',
    })
  })

  it('has resolvers and functions of code, TypeScript and templates', () => {
    const functions = Object.fromEntries(
      resourcesOf(loaded, 'AWS::AppSync::FunctionConfiguration').map((fn) => [fn.name, fn]),
    )
    expect(functions['shout']?.code).toContain('upper("world")')
    expect(functions['shout']?.code).not.toContain('import')
    expect(functions['shout']?.sourceFiles).toEqual({ code: 'resolvers/shout.ts' })
    expect(functions['Query_loud_1']).toMatchObject({
      dataSourceName: 'none',
      requestMappingTemplate: '{"payload": "hello world, $ctx.args.name"}',
      functionVersion: '2018-05-29',
    })
    const resolvers = Object.fromEntries(
      resourcesOf(loaded, 'AWS::AppSync::Resolver').map((one) => [one.fieldName, one]),
    )
    expect(resolvers['hello']).toMatchObject({ kind: 'UNIT', dataSourceName: 'web' })
    expect(resolvers['quiet']).toMatchObject({
      kind: 'UNIT',
      dataSourceName: 'inline',
      maxBatchSize: 3,
      runtime: { name: 'APPSYNC_JS', runtimeVersion: '1.0.0' },
    })
    expect(resolvers['quiet']?.code).toContain("payload: 'world'")
    expect(resolvers['loud']?.pipelineConfig?.functions).toEqual([
      functions['shout']?.functionId,
      functions['Query_loud_1']?.functionId,
    ])
  })
})

describe('a CDK assembly', async () => {
  const loaded = await fixture('cdk')

  it('has its stacks, those nested in them and those of its stages, with exports and assets', () => {
    expect(problemsOf(loaded)).toEqual([])
    const apiId = onlyOne(loaded, 'AWS::AppSync::GraphQLApi').apiId
    expect(onlyOne(loaded, 'AWS::AppSync::GraphQLSchema')).toMatchObject({
      definition: 'type Query { item: String }\n',
      sourceFile: 'asset.1111.graphql',
    })
    expect(
      resourcesOf(loaded, 'AWS::AppSync::DataSource').map(({ name, dynamodbConfig }) => [name, dynamodbConfig]),
    ).toEqual([
      ['items', { tableName: 'items', awsRegion: 'us-east-1' }],
      ['none', undefined],
    ])
    expect(onlyOne(loaded, 'AWS::AppSync::Resolver')).toMatchObject({ apiId, dataSourceName: 'none' })
    expect(onlyOne(loaded, 'AWS::Lambda::Function').codePath).toBe(join(PROJECTS, 'cdk', 'asset.2222'))
    expect(onlyOne(loaded, 'AWS::CloudFormation::Kept').arn).toBe('arn:aws:sns:us-east-1:000000000000:staged')
    expect(loaded.outputs).toEqual(
      new Map([
        ['TableName', 'items'],
        ['Nested', 'none'],
      ]),
    )
  })
})

describe('an Amplify build folder', async () => {
  const loaded = await fixture('amplify')

  it('has its nested stacks, with the files that its deployment bucket would have', () => {
    expect(problemsOf(loaded)).toEqual([])
    const api = onlyOne(loaded, 'AWS::AppSync::GraphQLApi')
    expect(api).toMatchObject({
      name: 'blog-NONE',
      additionalAuthenticationProviders: [{ userPoolConfig: { userPoolId: 'us-east-1_blog', awsRegion: 'us-east-1' } }],
    })
    expect(resourcesOf(loaded, 'AWS::AppSync::ApiKey')).toHaveLength(1)
    expect(onlyOne(loaded, 'AWS::AppSync::FunctionConfiguration').requestMappingTemplate).toBe(
      '{"operation": "GetItem"}\n',
    )
    expect(onlyOne(loaded, 'AWS::DynamoDB::Table')).toMatchObject({
      tableName: `Post-${api.apiId}`,
      description: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    })
  })
})

describe('a folder without a project', () => {
  it('is an empty account', async () => {
    const loaded = await load(import.meta.dirname)
    expect({ format: loaded.format, resources: loaded.resources, problems: loaded.problems }).toEqual({
      format: 'empty',
      resources: [],
      problems: [],
    })
  })
})
