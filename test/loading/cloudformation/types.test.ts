import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadFiles, NOW, onlyOne, problemsOf, resourcesOf } from '../support/project.ts'

const ROLE = 'arn:aws:iam::000000000000:role/r'

describe('Lambda', () => {
  it('functions have versions, aliases, layers, sources and inline code', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: fn
      Runtime: nodejs22.x
      Handler: index.handler
      Role: ${ROLE}
      Code: { ZipFile: "exports.handler = async () => 1" }
      Timeout: "30"
      MemorySize: "512"
      ReservedConcurrentExecutions: 2
      Environment: { Variables: { VERSION: 1.0, ON: true, ID: 012345678901 } }
      Layers: [!Ref Layer, arn:aws:lambda:us-east-1:123456789012:layer:others:3]
      DeadLetterConfig: { TargetArn: !GetAtt Dead.Arn }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Layer: { Type: AWS::Lambda::LayerVersion, Properties: { LayerName: l, Content: layer, CompatibleRuntimes: [nodejs22.x] } }
  First: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Fn, Description: one } }
  Second: { Type: AWS::Lambda::Version, Properties: { FunctionName: !GetAtt Fn.Arn } }
  Live: { Type: AWS::Lambda::Alias, Properties: { Name: live, FunctionName: !Ref Fn, FunctionVersion: !GetAtt Second.Version, RoutingConfig: { AdditionalVersionWeights: [{ FunctionVersion: "1", FunctionWeight: 0.25 }] } } }
  Table: { Type: AWS::DynamoDB::GlobalTable, Properties: { TableName: t, KeySchema: [{ AttributeName: id, KeyType: HASH }], AttributeDefinitions: [{ AttributeName: id, AttributeType: S }], StreamSpecification: { StreamViewType: NEW_IMAGE }, Replicas: [{ Region: us-east-1, Tags: [{ Key: a, Value: b }] }], TimeToLiveSpecification: { AttributeName: ttl, Enabled: true } } }
  Source: { Type: AWS::Lambda::EventSourceMapping, Properties: { FunctionName: !Ref Live, EventSourceArn: !GetAtt Table.StreamArn, StartingPosition: LATEST, BatchSize: 10 } }
  Allow: { Type: AWS::Lambda::Permission, Properties: { FunctionName: !Ref Fn, Action: "lambda:InvokeFunction", Principal: events.amazonaws.com } }
`,
      'layer/nodejs/x.js': '1',
    })
    expect(problemsOf(loaded)).toEqual([
      'template.yaml:14:28: warning: the layer arn:aws:lambda:us-east-1:123456789012:layer:others:3 is not part of the project and is left out',
    ])
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:fn'
    const [latest, first, second] = resourcesOf(loaded, 'AWS::Lambda::Function')
    expect(latest).toMatchObject({
      arn,
      timeout: 30,
      memorySize: 512,
      reservedConcurrentExecutions: 2,
      environment: { VERSION: '1.0', ON: 'true', ID: '012345678901' },
      deadLetterConfig: { targetArn: 'arn:aws:sqs:us-east-1:000000000000:dead' },
    })
    expect(readFileSync(join(latest?.codePath ?? '', 'index.js'), 'utf8')).toBe('exports.handler = async () => 1')
    expect([first?.arn, first?.description, second?.arn]).toEqual([`${arn}:1`, 'one', `${arn}:2`])
    expect(onlyOne(loaded, 'AWS::Lambda::Alias')).toEqual({
      arn: `${arn}:live`,
      functionName: 'fn',
      name: 'live',
      functionVersion: '2',
      routingConfig: { AdditionalVersionWeights: { '1': 0.25 } },
    })
    const table = onlyOne(loaded, 'AWS::DynamoDB::Table')
    expect({ tags: table.tags, timeToLive: table.timeToLive, stream: table.description['LatestStreamArn'] }).toEqual({
      tags: { a: 'b' },
      timeToLive: { AttributeName: 'ttl', Enabled: true },
      stream: expect.stringMatching(/^arn:aws:dynamodb:us-east-1:000000000000:table\/t\/stream\//),
    })
    expect(onlyOne(loaded, 'AWS::Lambda::EventSourceMapping')).toMatchObject({
      functionArn: `${arn}:live`,
      eventSourceArn: table.description['LatestStreamArn'],
      startingPosition: 'LATEST',
      batchSize: 10,
    })
  })

  it('functions say what they lack', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  Fn: { Type: AWS::Lambda::Function, Properties: { Code: src, Handler: main.handler, Runtime: nodejs22.x, Role: ${ROLE}, Timeout: 901 } }
  Py: { Type: AWS::Lambda::Function, Properties: { Code: src, Handler: app.main.handler, Runtime: python3.13, Role: ${ROLE} } }
  Image: { Type: AWS::Lambda::Function, Properties: { PackageType: Image, Code: { ImageUri: x }, Role: ${ROLE} } }
  Bare: { Type: AWS::Lambda::Function, Properties: {} }
`,
      'src/index.js': '',
      'src/app/main.py': '',
    })
    expect(problemsOf(loaded).map((line) => line.replace(/^template\.yaml:(\d+):\d+/, '$1'))).toEqual([
      '2: error: src/main does not exist with any of .js .mjs .cjs .ts .mts .cts .tsx (the handler is main.handler)',
      '2: error: Timeout must be from 1 to 900 seconds',
      '4: warning: function Image is a container image, which is not run here',
      '5: error: Runtime is required (for example Runtime: nodejs22.x)',
      '5: error: Handler is required (for example Handler: index.handler)',
      '5: error: Code is required',
      '5: error: Role is required',
      '1: info: kept, but not run here: AWS::Lambda::Function (Image)',
    ])
  })
})

describe('Step Functions', () => {
  it('state machines have versions, aliases, configurations and activities', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: m
      StateMachineType: EXPRESS
      RoleArn: ${ROLE}
      DefinitionString: !Sub '{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"\${AWS::Region} \${Word} \${!Kept}","End":true}}}'
      DefinitionSubstitutions: { Unused: 1 }
      LoggingConfiguration: { Level: ALL, IncludeExecutionData: true, Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: !GetAtt Logs.Arn } }] }
      TracingConfiguration: { Enabled: true }
      Tags: [{ Key: a, Value: b }]
  Word: { Type: AWS::SNS::Topic, Properties: { TopicName: w } }
  Logs: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: /m } }
  One: { Type: AWS::StepFunctions::StateMachineVersion, Properties: { StateMachineArn: !Ref Machine, Description: first } }
  Prod: { Type: AWS::StepFunctions::StateMachineAlias, Properties: { Name: prod, RoutingConfiguration: [{ StateMachineVersionArn: !Ref One, Weight: 100 }] } }
  Approve: { Type: AWS::StepFunctions::Activity, Properties: { Name: approve } }
`,
    })
    expect(problemsOf(loaded)).toEqual([])
    const arn = 'arn:aws:states:us-east-1:000000000000:stateMachine:m'
    expect(onlyOne(loaded, 'AWS::StepFunctions::StateMachine')).toEqual({
      arn,
      name: 'm',
      definition:
        '{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"us-east-1 arn:aws:sns:us-east-1:000000000000:w ${Kept}","End":true}}}',
      roleArn: ROLE,
      type: 'EXPRESS',
      creationDate: NOW,
      revisionId: expect.any(String),
      status: 'ACTIVE',
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: true,
        destinations: [
          { cloudWatchLogsLogGroup: { logGroupArn: 'arn:aws:logs:us-east-1:000000000000:log-group:/m:*' } },
        ],
      },
      tracingConfiguration: { enabled: true },
      tags: { a: 'b' },
      sourceFile: 'template.yaml',
    })
    expect(onlyOne(loaded, 'AWS::StepFunctions::StateMachineVersion')).toMatchObject({
      arn: `${arn}:1`,
      stateMachineArn: arn,
      version: 1,
      description: 'first',
      type: 'EXPRESS',
    })
    expect(onlyOne(loaded, 'AWS::StepFunctions::StateMachineAlias')).toEqual({
      arn: `${arn}:prod`,
      stateMachineArn: arn,
      name: 'prod',
      routingConfiguration: [{ stateMachineVersionArn: `${arn}:1`, weight: 100 }],
      creationDate: NOW,
      updateDate: NOW,
    })
    expect(onlyOne(loaded, 'AWS::StepFunctions::Activity').arn).toBe(
      'arn:aws:states:us-east-1:000000000000:activity:approve',
    )
  })

  it('definitions come from files beside the template, JSON or YAML', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  Json: { Type: AWS::StepFunctions::StateMachine, Properties: { StateMachineName: j, RoleArn: ${ROLE}, DefinitionS3Location: j.json } }
  Yaml: { Type: AWS::StepFunctions::StateMachine, Properties: { StateMachineName: y, RoleArn: ${ROLE}, DefinitionS3Location: y.yaml, DefinitionSubstitutions: { W: word } } }
  Broken: { Type: AWS::StepFunctions::StateMachine, Properties: { StateMachineName: b, RoleArn: ${ROLE}, DefinitionS3Location: b.yaml } }
  None: { Type: AWS::StepFunctions::StateMachine, Properties: { StateMachineName: n, RoleArn: ${ROLE} } }
`,
      'j.json': '{ "StartAt": "A" }\n',
      'y.yaml': 'StartAt: ${W}\nWait: 1.50\n',
      'b.yaml': 'a: [\n',
    })
    expect(
      resourcesOf(loaded, 'AWS::StepFunctions::StateMachine').map(({ definition, sourceFile }) => [
        sourceFile,
        definition,
      ]),
    ).toEqual([
      ['j.json', '{ "StartAt": "A" }\n'],
      ['y.yaml', '{\n  "StartAt": "word",\n  "Wait": 1.5\n}'],
    ])
    expect(problemsOf(loaded)).toEqual([
      expect.stringMatching(/^b\.yaml:\d+:\d+: error: /),
      'template.yaml:5:63: error: a state machine needs Definition, DefinitionString or DefinitionS3Location',
    ])
  })
})

describe('identity', () => {
  it('pools, clients, groups, identity pools and their roles are as Cognito would have them', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  Pool: { Type: AWS::Cognito::UserPool, Properties: { UserPoolName: people, UserPoolTags: { _custom_id_: us-east-1_people } } }
  Client: { Type: AWS::Cognito::UserPoolClient, Properties: { UserPoolId: !Ref Pool, ClientName: web, GenerateSecret: true, ExplicitAuthFlows: [ALLOW_USER_SRP_AUTH] } }
  Group: { Type: AWS::Cognito::UserPoolGroup, Properties: { UserPoolId: !Ref Pool, GroupName: admins, Precedence: 1, RoleArn: ${ROLE} } }
  Identities: { Type: AWS::Cognito::IdentityPool, Properties: { IdentityPoolName: all, AllowUnauthenticatedIdentities: true, CognitoIdentityProviders: [{ ClientId: !Ref Client, ProviderName: !GetAtt Pool.ProviderName }] } }
  Roles: { Type: AWS::Cognito::IdentityPoolRoleAttachment, Properties: { IdentityPoolId: !Ref Identities, Roles: { authenticated: ${ROLE}, unauthenticated: ${ROLE}2 } } }
Outputs:
  Issuer: { Value: !GetAtt Pool.ProviderURL }
`,
    })
    expect(problemsOf(loaded)).toEqual([])
    const client = onlyOne(loaded, 'AWS::Cognito::UserPoolClient')
    expect(client).toMatchObject({
      userPoolId: 'us-east-1_people',
      clientName: 'web',
      explicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
      clientSecret: expect.any(String),
    })
    expect(onlyOne(loaded, 'AWS::Cognito::UserPoolGroup')).toEqual({
      arn: 'arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_people/group/admins',
      userPoolId: 'us-east-1_people',
      groupName: 'admins',
      precedence: 1,
      roleArn: ROLE,
    })
    expect(onlyOne(loaded, 'AWS::Cognito::IdentityPool')).toMatchObject({
      identityPoolId: expect.stringMatching(
        /^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      allowUnauthenticatedIdentities: true,
      authenticatedRoleArn: ROLE,
      unauthenticatedRoleArn: `${ROLE}2`,
      cognitoIdentityProviders: [
        { clientId: client.clientId, providerName: 'cognito-idp.us-east-1.amazonaws.com/us-east-1_people' },
      ],
    })
    expect(loaded.outputs.get('Issuer')).toBe('http://127.0.0.1:4000/us-east-1_people')
  })

  it('policies stand on the roles that they are attached to', async () => {
    const statement =
      '{ Version: 2012-10-17, Statement: [{ Effect: Allow, Action: "s3:*", Resource: "*", Condition: { StringEquals: { "aws:x": y } } }] }'
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  Role: { Type: AWS::IAM::Role, Properties: { RoleName: r, Path: /team/, AssumeRolePolicyDocument: ${statement}, ManagedPolicyArns: [!Ref Managed] } }
  Policy: { Type: AWS::IAM::Policy, Properties: { PolicyName: p, PolicyDocument: ${statement}, Roles: [!Ref Role] } }
  Managed: { Type: AWS::IAM::ManagedPolicy, Properties: { ManagedPolicyName: m, PolicyDocument: ${statement} } }
`,
    })
    expect(problemsOf(loaded)).toEqual([])
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*', Condition: { StringEquals: { 'aws:x': 'y' } } }],
    }
    expect(onlyOne(loaded, 'AWS::IAM::Role')).toEqual({
      arn: 'arn:aws:iam::000000000000:role/team/r',
      roleName: 'r',
      assumeRolePolicyDocument: document,
      policies: [{ policyName: 'p', policyDocument: document }],
      managedPolicyArns: ['arn:aws:iam::000000000000:policy/m'],
    })
    expect(onlyOne(loaded, 'AWS::IAM::ManagedPolicy')).toEqual({
      arn: 'arn:aws:iam::000000000000:policy/m',
      policyName: 'm',
      policyDocument: document,
      roles: [],
      users: [],
    })
  })
})

describe('accounts and regions', () => {
  it('are part of every name', async () => {
    const loaded = await loadFiles(
      {
        'template.yaml':
          'Resources:\n  Api: { Type: AWS::AppSync::GraphQLApi, Properties: { Name: a, AuthenticationType: API_KEY, Tags: [{ Key: _custom_id_, Value: mine }] } }\nOutputs: { Url: { Value: !GetAtt Api.GraphQLUrl } }\n',
      },
      { accountId: '123456789012', region: 'cn-north-1' },
    )
    expect(onlyOne(loaded, 'AWS::AppSync::GraphQLApi').arn).toBe('arn:aws-cn:appsync:cn-north-1:123456789012:apis/mine')
    expect(loaded.outputs.get('Url')).toBe('http://127.0.0.1:4000/apis/mine/graphql')
  })
})
