import { describe, expect, it } from 'vitest'
import { loadFiles, problemsOf } from '../support/project.ts'

/** Evaluates a value as the output of a template with these sections. */
async function evaluated(
  value: string,
  more = '',
  parameters: Record<string, string> = {},
): Promise<{ value: unknown; problems: string[] }> {
  const text = `${more}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: { TopicName: news }
  Queue:
    Type: AWS::SQS::Queue
    Properties: { QueueName: jobs }
Outputs:
  It:
    Value: ${value}
`
  const loaded = await loadFiles({ 'template.yaml': text }, { parameters })
  return { value: loaded.outputs.get('It'), problems: problemsOf(loaded) }
}

const SECTIONS = `
Parameters:
  Stage: { Type: String, Default: dev }
  Names: { Type: CommaDelimitedList, Default: "a, b,c" }
Mappings:
  Sizes:
    dev: { count: 1 }
    prod: { count: 3 }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Condition IsDev]
  Both: !And [!Condition IsProd, !Condition IsDev]`

describe('intrinsic functions', () => {
  it.each<[string, unknown]>([
    ['!Ref Topic', 'arn:aws:sns:us-east-1:000000000000:news'],
    ['!GetAtt Topic.TopicName', 'news'],
    ['!GetAtt [Topic, TopicArn]', 'arn:aws:sns:us-east-1:000000000000:news'],
    ['{ "Fn::GetAtt": [Queue, Arn] }', 'arn:aws:sqs:us-east-1:000000000000:jobs'],
    ['!Ref Queue', 'https://sqs.us-east-1.amazonaws.com/000000000000/jobs'],
    ['!Ref AWS::Region', 'us-east-1'],
    ['!Ref AWS::AccountId', '000000000000'],
    ['!Sub "${AWS::Partition}-${Stage}-${Topic.TopicName}-${!Left}"', 'aws-dev-news-${Left}'],
    ['!Sub ["${A}/${Stage}", { A: !Ref AWS::URLSuffix }]', 'amazonaws.com/dev'],
    ['!Join ["-", [a, !Ref Stage, 1]]', 'a-dev-1'],
    ['!Join [",", !Ref Names]', 'a,b,c'],
    ['!Select [1, !Ref Names]', 'b'],
    ['!Select ["2", !Split ["-", "x-y-z"]]', 'z'],
    ['!FindInMap [Sizes, !Ref Stage, count]', 1],
    ['!FindInMap [Sizes, test, count, { DefaultValue: 7 }]', 7],
    ['!If [IsProd, many, few]', 'few'],
    ['!If [Either, 1, 2]', 1],
    ['!If [Both, 1, 2]', 2],
    ['{ a: !If [IsProd, x, !Ref AWS::NoValue], b: 1 }', { b: 1 }],
    ['[1, !If [IsProd, 2, !Ref AWS::NoValue], 3]', [1, 3]],
    ['!Base64 hello', 'aGVsbG8='],
    ['!GetAZs ""', ['us-east-1a', 'us-east-1b', 'us-east-1c']],
    ['!Cidr [10.0.0.0/16, 2, 8]', ['10.0.0.0/24', '10.0.1.0/24']],
    ['{ "Fn::Length": !Ref Names }', 3],
    ['{ "Fn::ToJsonString": { a: [1, !Ref Stage] } }', '{"a":[1,"dev"]}'],
    ['{ Condition: { StringEquals: { a: b } }, Ref: x }', { Condition: { StringEquals: { a: 'b' } }, Ref: 'x' }],
  ])('%s', async (written, value) => {
    expect(await evaluated(written, SECTIONS)).toEqual({ value, problems: [] })
  })

  it('keep the way a number was written where text is wanted', async () => {
    expect((await evaluated('!Sub "${V}"', 'Parameters:\n  V: { Type: String, Default: 1.0 }')).value).toBe('1.0')
    expect((await evaluated('!Join ["", [v, 012345678901]]')).value).toBe('v012345678901')
  })

  it.each<[string, string]>([
    [
      '!Ref Topik',
      'Unresolved resource dependencies [Topik] in the Resources block of the template (did you mean Topic?)',
    ],
    [
      '!GetAtt Topic.Arns',
      'Template error: resource Topic does not support attribute type Arns in Fn::GetAtt (did you mean Arn?)',
    ],
    ['!GetAtt Nothing.Arn', 'Template error: instance of Fn::GetAtt references undefined resource Nothing'],
    ['!If [Nope, 1, 2]', 'Unresolved condition dependency Nope'],
    ['!FindInMap [Sizes, test, count]', 'Template error: Unable to get mapping for Sizes::test::count'],
    ['!Select [5, [a]]', 'Template error: Fn::Select cannot select nonexistent value at index 5'],
    [
      '!ImportValue other-stack',
      'No export named other-stack found (add "other-stack" to parameters: in sidestage.yaml)',
    ],
    [
      '"{{resolve:ssm:/my/key:1}}"',
      'the Parameter Store value /my/key:1 is not known here (add "/my/key:1" to parameters: in sidestage.yaml)',
    ],
  ])('%s is reported', async (written, message) => {
    const { problems } = await evaluated(written, SECTIONS)
    expect(problems).toEqual([expect.stringMatching(/^template\.yaml:\d+:\d+: error: /)])
    expect(problems[0]?.replace(/^template\.yaml:\d+:\d+: error: /, '')).toBe(message)
  })

  it('take stored values and imports from the parameters', async () => {
    const parameters = { '/my/key': 'secret', 'other-stack': 'imported' }
    expect((await evaluated('"a {{resolve:ssm:/my/key:1}} b"', '', parameters)).value).toBe('a secret b')
    expect((await evaluated('!ImportValue other-stack', '', parameters)).value).toBe('imported')
  })
})

describe('parameters', () => {
  const declared = (body: string): string => `Parameters:\n  P: ${body}`

  it('come from the command before sidestage.yaml before the default', async () => {
    const files = (settings: string): Record<string, string> => ({
      'template.yaml':
        'Parameters:\n  P: { Type: String, Default: d }\nResources: {}\nOutputs: { It: { Value: !Ref P } }',
      ...(settings === '' ? {} : { 'sidestage.yaml': settings }),
    })
    expect((await loadFiles(files(''))).outputs.get('It')).toBe('d')
    expect((await loadFiles(files('parameters: { P: s }'))).outputs.get('It')).toBe('s')
    expect((await loadFiles(files('parameters: { P: s }'), { parameters: { P: 'c' } })).outputs.get('It')).toBe('c')
  })

  it.each([
    ['{ Type: String }', {}, 'Parameters: [P] must have values (add it to parameters: in sidestage.yaml)'],
    ['{ Type: String, AllowedValues: [a, b], Default: c }', {}, "Parameter 'P' must be one of AllowedValues"],
    ['{ Type: Number }', { P: 'x' }, "Parameter 'P' must be a number"],
    ['{ Type: Number, MaxValue: 3 }', { P: '4' }, "Parameter 'P' must be a number not greater than 3"],
    ['{ Type: String, AllowedPattern: "[a-z]+" }', { P: '4' }, 'Parameter P failed to satisfy constraint: [a-z]+'],
    [
      '{ Type: String, Defalt: 1, Default: x }',
      {},
      'Encountered unsupported property Defalt in parameter P (did you mean Default?)',
    ],
  ])('%s with %j is refused', async (body, parameters, message) => {
    const { problems } = await evaluated('x', declared(body), parameters as Record<string, string>)
    expect(problems.map((line) => line.replace(/^.*?: error: /, ''))).toEqual([message])
  })

  it('of the Parameter Store need a value only when something uses them', async () => {
    const ssm = declared("{ Type: 'AWS::SSM::Parameter::Value<String>', Default: /stored }")
    expect((await evaluated('x', ssm)).problems).toEqual([])
    expect((await evaluated('!Ref P', ssm)).problems).toEqual([
      expect.stringContaining('the Parameter Store value /stored of parameter P is not known here'),
    ])
    expect(await evaluated('!Ref P', ssm, { '/stored': 'v' })).toEqual({ value: 'v', problems: [] })
  })
})

describe('a template', () => {
  it('of which every problem is told at once, with its place', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resorces: {}
Resources:
  Api:
    Type: AWS::AppSync::GraphQLApi
    Properties:
      Name: a
      AuthenticationTyp: API_KEY
      QueryDepthLimit: 99
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties:
      ApiId: !GetAtt Api.ApiId
      DefinitionS3Location: ./missing.graphql
  NoType:
    Properties: {}
`,
    })
    expect(problemsOf(loaded)).toEqual([
      'template.yaml:1:1: error: Invalid template property or properties [Resorces] (did you mean Resources?)',
      'template.yaml:14:3: error: Resource NoType has no Type (for example Type: AWS::AppSync::GraphQLApi)',
      'template.yaml:7:26: error: Encountered unsupported property AuthenticationTyp (did you mean AuthenticationType?)',
      "template.yaml:6:7: error: Value null at 'authenticationType' failed to satisfy constraint: Member must not be null",
      "template.yaml:8:24: error: Value '99' at 'queryDepthLimit' failed to satisfy constraint: Member must have value less than or equal to 75",
      'template.yaml:13:29: error: missing.graphql does not exist (paths are relative to the template; . was searched)',
    ])
  })

  it('with circles of resources is refused as CloudFormation refuses it', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  A:
    Type: AWS::SNS::Topic
    Properties: { TopicName: !Sub "\${B.TopicName}-a" }
  B:
    Type: AWS::SNS::Topic
    Properties: { TopicName: !GetAtt A.TopicName }
  C:
    Type: AWS::SNS::Topic
    DependsOn: C
`,
    })
    const said = problemsOf(loaded)
    expect(said).toContain('template.yaml:4:17: error: Circular dependency between resources: [A, B]')
    expect(said.some((line) => line.includes('Circular dependency between resources: [C]'))).toBe(true)
  })

  it('leaves out resources whose condition does not hold', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Conditions: { No: !Equals [a, b] }
Resources:
  A: { Type: AWS::SNS::Topic, Condition: No }
  B: { Type: AWS::SNS::Topic, Properties: { TopicName: b } }
`,
    })
    expect(loaded.resources.map(({ resource }) => resource.arn)).toEqual(['arn:aws:sns:us-east-1:000000000000:b'])
  })

  it('lists types that are not run once, and says where something needs them', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  A: { Type: AWS::EC2::VPC }
  B: { Type: AWS::EC2::VPC }
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: !GetAtt A.CidrBlock } }
`,
    })
    expect(problemsOf(loaded)).toEqual([
      'template.yaml:4:68: warning: A (AWS::EC2::VPC) is not run here: its attribute CidrBlock has no value',
      'template.yaml:1:1: info: kept, but not run here: AWS::EC2::VPC (2)',
    ])
  })

  it('keeps names from start to start', async () => {
    const files = {
      'template.yaml':
        'Resources:\n  T: { Type: AWS::DynamoDB::Table, Properties: { AttributeDefinitions: [{AttributeName: id, AttributeType: S}], KeySchema: [{AttributeName: id, KeyType: HASH}] } }\n',
    }
    const name = (arn: string | undefined): string => (arn ?? '').replace(/.*-T-/, '')
    const [first, second] = [await loadFiles(files), await loadFiles(files)]
    expect(name(first.resources[0]?.resource.arn)).toMatch(/^[A-Z2-7]{12}$/)
    expect(second.resources).toHaveLength(1)
  })
})
