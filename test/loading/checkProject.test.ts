import { describe, expect, it } from 'vitest'
import { checkProject, type ProjectChecks } from '../../src/loading/checkProject.ts'
import { initProject } from '../../src/loading/init/initProject.ts'
import { compileCode } from '../../src/runtime/js/compile.ts'
import { compileTemplate } from '../../src/runtime/vtl/compile.ts'
import { compileDefinition } from '../../src/stepfunctions/asl/compile.ts'
import { NOW, onlyOne, problemsOf, resourcesOf, writeProject } from './support/project.ts'

const checks: ProjectChecks = {
  checkCode: (code) => void compileCode(code),
  checkTemplate: (template, side) => void compileTemplate(template, { side }),
  checkStateMachine: (definition, type) => compileDefinition(definition, type).diagnostics,
}
const check = (folder: string) => checkProject(folder, { baseUrl: 'http://127.0.0.1:4000', now: NOW }, checks)

describe('checking a project', () => {
  it('tells every problem of its texts, each in its own file', async () => {
    const folder = writeProject({
      'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaUri: schema.graphql
      Logging: false
      Auth: { Type: API_KEY }
      Functions:
        bad: { DataSource: None, CodeUri: bad.js, Runtime: { Name: APPSYNC_JS, Version: 1.0.0 } }
        inline:
          DataSource: None
          Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
          InlineCode: |
            export function request() {
              for (;;) {}
            }
            export function response() {}
      Resolvers:
        Query:
          hallo: { Pipeline: [bad], Runtime: { Name: APPSYNC_JS, Version: 1.0.0 } }
          nothing: { Pipeline: [inlin], Runtime: { Name: APPSYNC_JS, Version: 1.0.0 } }
  Template:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Qwery
      FieldName: hello
      DataSourceName: Nowhere
      RequestMappingTemplateS3Location: bad.vtl
      ResponseMappingTemplate: $util.toJson($ctx.result)
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.json
`,
      'schema.graphql': 'type Query {\n  hello: String\n  other: Missing\n}\n',
      'bad.js': 'export function request() {\n  while (true) {}\n}\nexport function response() {}\n',
      'bad.vtl': '{\n  #if( $x\n',
      'machine.asl.json': '{\n  "StartAt": "A",\n  "States": {\n    "A": { "Type": "Pass", "Next": "B" }\n  }\n}\n',
    })
    const { problems, hasErrors } = await check(folder)
    expect(hasErrors).toBe(true)
    const said = problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
    expect(said).toEqual([
      expect.stringMatching(/^bad\.js:2:3: /),
      expect.stringMatching(/^bad\.vtl:3:1: /),
      expect.stringMatching(/^machine\.asl\.json:1:1: .*terminal state/),
      expect.stringMatching(/^machine\.asl\.json:4:36: .*at \/States\/A\/Next$/),
      expect.stringMatching(/^schema\.graphql:3:10: .*Missing/),
      expect.stringMatching(/^template\.yaml:16:15: /),
      'template.yaml:21:18: No field named hallo found on type Query',
      'template.yaml:22:20: No field named nothing found on type Query',
      "template.yaml:22:33: Function 'inlin' does not exist.",
      'template.yaml:27:17: Type Qwery not found',
      'template.yaml:29:23: No data source found named Nowhere',
    ])
  })
})

it('warns of a cache that would show one caller what it found for another', async () => {
  const folder = writeProject({
    'template.yaml': `Resources:
  Api:
    Type: AWS::AppSync::GraphQLApi
    Properties: { Name: cached, AuthenticationType: API_KEY }
  Schema:
    Type: AWS::AppSync::GraphQLSchema
    Properties: { ApiId: !GetAtt Api.ApiId, Definition: 'type Query { mine(a: ID): String, all(a: ID): String }' }
  None:
    Type: AWS::AppSync::DataSource
    Properties: { ApiId: !GetAtt Api.ApiId, Name: none, Type: NONE }
  Mine:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: mine
      DataSourceName: !GetAtt None.Name
      CachingConfig: { Ttl: 60, CachingKeys: [$context.arguments.a] }
      RequestMappingTemplate: '{"version": "2018-05-29", "payload": $util.toJson($ctx.identity.sub)}'
      ResponseMappingTemplate: $util.toJson($ctx.result)
  All:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: all
      DataSourceName: !GetAtt None.Name
      CachingConfig: { Ttl: 60, CachingKeys: [$context.arguments.a] }
      RequestMappingTemplate: '{"version": "2018-05-29", "payload": 1}'
      ResponseMappingTemplate: $util.toJson($ctx.result)
`,
  })
  const { hasErrors, problems } = await check(folder)
  expect(hasErrors).toBe(false)
  expect(problems.map(({ severity, file, line, message }) => ({ severity, file, line, message }))).toEqual([
    {
      severity: 'warning',
      file: 'template.yaml',
      line: 14,
      message:
        "Query.mine is cached by $context.arguments.a although its resolver looks at ctx.identity: callers would see each other's results. Add a key such as $context.identity.sub",
    },
  ])
})

describe('sidestage init', () => {
  it('writes a project in which there is nothing wrong', async () => {
    const folder = writeProject({})
    const written = initProject(folder)
    expect(written).toContain('template.yaml')
    const loaded = await check(folder)
    expect(problemsOf(loaded)).toEqual([])
    expect(onlyOne(loaded, 'AWS::AppSync::GraphQLApi').name).toBe('notes')
    expect(onlyOne(loaded, 'AWS::AppSync::ApiKey').id).toBe('da2-local')
    expect(resourcesOf(loaded, 'AWS::AppSync::Resolver')).toHaveLength(4)
    expect(onlyOne(loaded, 'AWS::StepFunctions::StateMachine').definition).toContain(
      'arn:aws:lambda:us-east-1:000000000000:function:',
    )
  })

  it('overwrites nothing', () => {
    const folder = writeProject({ 'sidestage.yaml': 'port: 1\n' })
    expect(() => initProject(folder)).toThrow(/has already sidestage\.yaml: nothing was written$/)
  })
})
