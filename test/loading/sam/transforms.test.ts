import { describe, expect, it } from 'vitest'
import { loadFiles, problemsOf, resourcesOf } from '../support/project.ts'

describe('Fn::ForEach', () => {
  const loop = (values: string, more = ''): Record<string, string> => ({
    'template.yaml': `Transform: AWS::LanguageExtensions
${more}
Resources:
  Fn::ForEach::Topics:
    - Name
    - ${values}
    - Topic\${Name}:
        Type: AWS::SNS::Topic
        Properties: { TopicName: !Sub "\${Name}-\${AWS::Region}", DisplayName: !Ref Name }
Outputs:
  First: { Value: !GetAtt TopicA.TopicName }
`,
  })

  it('makes a resource for each value', async () => {
    const loaded = await loadFiles(loop('[A, B]'))
    expect(problemsOf(loaded)).toEqual([])
    expect(
      resourcesOf(loaded, 'AWS::CloudFormation::Kept').map(({ logicalId, properties }) => [logicalId, properties]),
    ).toEqual([
      ['TopicA', { TopicName: 'A-us-east-1', DisplayName: 'A' }],
      ['TopicB', { TopicName: 'B-us-east-1', DisplayName: 'B' }],
    ])
    expect(loaded.outputs.get('First')).toBe('A-us-east-1')
  })

  it('runs over the values of a parameter', async () => {
    const loaded = await loadFiles(
      loop('!Ref Names', 'Parameters: { Names: { Type: CommaDelimitedList, Default: "A, C" } }'),
    )
    expect(resourcesOf(loaded, 'AWS::CloudFormation::Kept').map(({ logicalId }) => logicalId)).toEqual([
      'TopicA',
      'TopicC',
    ])
  })

  it('needs its transform', async () => {
    const [text = ''] = Object.values(loop('[A]'))
    const loaded = await loadFiles({
      'template.yaml': text.replace('Transform: AWS::LanguageExtensions', '').replace(/Outputs:[\s\S]*/, ''),
    })
    expect(problemsOf(loaded)).toEqual([
      'template.yaml:4:3: error: Fn::ForEach needs the transform AWS::LanguageExtensions (add Transform: AWS::LanguageExtensions)',
    ])
  })
})

describe('SAM connectors', () => {
  it.each([
    [
      'as a resource',
      '  Link:\n    Type: AWS::Serverless::Connector\n    Properties: { Source: { Id: Fn }, Destination: { Id: Table }, Permissions: [Read] }\n',
      '',
    ],
    [
      'on the resource that is their source',
      '',
      '    Connectors:\n      Link: { Properties: { Destination: { Id: Table }, Permissions: [Read] } }\n',
    ],
  ])('%s give the role a policy', async (_, resource, attribute) => {
    const loaded = await loadFiles({
      'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
${attribute}    Properties: { Runtime: nodejs22.x, Handler: index.handler, InlineCode: "exports.handler = async () => 1" }
  Table:
    Type: AWS::Serverless::SimpleTable
${resource}`,
    })
    expect(problemsOf(loaded)).toEqual([])
    const [table] = resourcesOf(loaded, 'AWS::DynamoDB::Table')
    const [role] = resourcesOf(loaded, 'AWS::IAM::Role')
    expect(role?.policies.map(({ policyDocument }) => policyDocument.Statement)).toEqual([
      [
        {
          Effect: 'Allow',
          Action: expect.arrayContaining(['dynamodb:GetItem']),
          Resource: [table?.arn, `${table?.arn}/index/*`],
        },
      ],
    ])
  })
})

describe('SAM resources with mistakes', () => {
  it('are told of all at once', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Transform: AWS::Serverless-2016-10-31
Globals: { Functions: {} }
Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaURI: schema.graphql
      Functions:
        a: { DataSource: Nowhere, CodeUri: a.js }
        b: { DataSource: None, Runtime: { Name: APPSYNC_JS, Version: 1.0.0 } }
      Resolvers:
        Query:
          unit: { Runtime: { Name: APPSYNC_JS, Version: 1.0.0 } }
  Fn:
    Type: AWS::Serverless::Function
    Properties: { Runtime: nodejs22.x, CodeUri: nowhere/, Handlr: index.handler }
`,
    })
    const said = problemsOf(loaded).map((line) => line.replace(/^template\.yaml:/, ''))
    expect(said.sort()).toEqual(
      [
        "2:12: error: 'Globals' section is invalid. 'Functions' is not supported. (did you mean Function?)",
        '7:18: error: property SchemaURI not defined for resource of type AWS::Serverless::GraphQLApi (did you mean SchemaUri?)',
        "7:7: error: Missing required property 'Auth' (for example Auth: { Type: API_KEY })",
        "7:7: error: One of 'SchemaInline' or 'SchemaUri' must be set.",
        "9:26: error: DataSource 'Nowhere' is not among 'DataSources' (one of another resource is named by !GetAtt LogicalId.Name)",
        "9:12: error: 'Runtime' must be defined (for example Runtime: { Name: APPSYNC_JS, Version: 1.0.0 })",
        '9:12: error: Runtime must be specified when code is specified.',
        '10:12: error: Code must be specified when runtime is specified.',
        "10:12: error: One of 'InlineCode' or 'CodeUri' must be set.",
        "13:17: error: Resolver 'unit' must have Pipeline defined. Unit resolvers are not supported. If you need a Unit resolver you can use AppSync resource.",
        '16:67: error: property Handlr not defined for resource of type AWS::Serverless::Function (did you mean Handler?)',
        '16:17: error: Handler is required (for example Handler: index.handler)',
        '9:44: error: a.js does not exist (paths are relative to the template; . was searched)',
        '16:49: error: nowhere does not exist (it is the code of Fn)',
      ].sort(),
    )
  })
})

describe('a SAM function with events of an API', () => {
  it('has the API that SAM makes for it, so that outputs can name it', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      InlineCode: exports.handler = async () => 1
      Events: { Web: { Type: Api, Properties: { Path: /, Method: get } }, Other: { Type: HttpApi } }
Outputs:
  Url: { Value: !Sub "https://\${ServerlessRestApi}.execute-api.\${AWS::Region}.amazonaws.com/Prod/" }
  Fn: { Value: !GetAtt Fn.Arn }
`,
    })
    expect(problemsOf(loaded)).toEqual([
      'template.yaml:1:1: info: kept, but not run here: event Api of AWS::Serverless::Function, event HttpApi of AWS::Serverless::Function, AWS::ApiGateway::RestApi, AWS::ApiGatewayV2::Api',
    ])
    expect([...loaded.outputs.keys()]).toEqual(['Url', 'Fn'])
  })
})
