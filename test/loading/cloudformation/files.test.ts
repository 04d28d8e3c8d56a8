import { describe, expect, it } from 'vitest'
import { loadFiles, onlyOne, problemsOf, resourcesOf } from '../support/project.ts'

describe('templates of several files', () => {
  it('nest stacks by local paths, as `aws cloudformation package` takes them', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  Data: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: ./stacks/data.yaml, Parameters: { Name: items } } }
  App: { Type: AWS::Serverless::Application, Properties: { Location: stacks/app.yaml, Parameters: { Table: !GetAtt Data.Outputs.Table } } }
Outputs:
  Topic: { Value: !GetAtt App.Outputs.Topic }
`,
      'stacks/data.yaml': `Parameters: { Name: { Type: String } }
Resources:
  Table: { Type: AWS::DynamoDB::Table, Properties: { TableName: !Ref Name, KeySchema: [{ AttributeName: id, KeyType: HASH }], AttributeDefinitions: [{ AttributeName: id, AttributeType: S }] } }
Outputs: { Table: { Value: !Ref Table } }
`,
      'stacks/app.yaml': `Parameters: { Table: { Type: String } }
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: !Sub "\${Table}-\${AWS::StackName}" } }
  Missing: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: nowhere.yaml } }
Outputs: { Topic: { Value: !GetAtt Topic.TopicName } }
`,
    })
    expect(onlyOne(loaded, 'AWS::DynamoDB::Table').tableName).toBe('items')
    expect(loaded.outputs.get('Topic')).toMatch(/^items-.*-App$/)
    expect(problemsOf(loaded)).toEqual(['stacks/app.yaml:4:75: error: stacks/nowhere.yaml does not exist'])
  })

  it('include files where a transform says so', async () => {
    const loaded = await loadFiles({
      'template.yaml': `Resources:
  Fn::Transform: { Name: AWS::Include, Parameters: { Location: more.yaml } }
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: m
      RoleArn: arn:aws:iam::000000000000:role/r
      Definition:
        Fn::Transform: { Name: AWS::Include, Parameters: { Location: machine.yaml } }
        Comment: mine
`,
      'more.yaml': 'Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: included } }\nBad: { Typ: x }\n',
      'machine.yaml': 'StartAt: A\nStates: { A: { Type: Pass, Result: !Ref AWS::Region, End: true } }\n',
    })
    expect(problemsOf(loaded)).toEqual([
      'more.yaml:2:1: error: Resource Bad has no Type (for example Type: AWS::AppSync::GraphQLApi)',
    ])
    expect(resourcesOf(loaded, 'AWS::CloudFormation::Kept').map(({ arn }) => arn)).toEqual([
      'arn:aws:sns:us-east-1:000000000000:included',
    ])
    expect(JSON.parse(onlyOne(loaded, 'AWS::StepFunctions::StateMachine').definition)).toEqual({
      StartAt: 'A',
      States: { A: { Type: 'Pass', Result: 'us-east-1', End: true } },
      Comment: 'mine',
    })
  })

  it('end when a file includes itself', async () => {
    const loaded = await loadFiles({
      'template.yaml':
        'Resources:\n  T: { Type: AWS::SNS::Topic, Properties: { DisplayName: { "Fn::Transform": { Name: AWS::Include, Parameters: { Location: self.yaml } } } } }\n',
      'self.yaml': 'Fn::Transform: { Name: AWS::Include, Parameters: { Location: self.yaml } }\n',
    })
    expect(problemsOf(loaded)).toEqual([expect.stringContaining('more than 200 files are included')])
  })
})
