import { describe, expect, it } from 'vitest'
import { load, resourcesOf, writeProject } from './support/project.ts'

const COUNT = 10_000
/** Milliseconds in which a project of 10,000 resolvers must load. */
const BUDGET = 3_000

/** On demand (`SIDESTAGE_LONG_TESTS=1`): a figure of time says something only on a machine that does nothing else. */
describe.skipIf(process.env['SIDESTAGE_LONG_TESTS'] === undefined)('a project of 10,000 resolvers', () => {
  it('loads in three seconds', async () => {
    const fields = Array.from({ length: COUNT }, (_, index) => `f${index}: String`)
    const resolvers = fields.map(
      (_, index) => `  R${index}:
    Type: AWS::AppSync::Resolver
    Properties:
      ApiId: !GetAtt Api.ApiId
      TypeName: Query
      FieldName: f${index}
      DataSourceName: !GetAtt Source.Name
      RequestMappingTemplate: |
        { "version": "2018-05-29", "payload": $util.toJson($ctx.args) }
      ResponseMappingTemplateS3Location: resolvers/${index % 500}.vtl
`,
    )
    const folder = writeProject({
      'template.yaml': `Resources:
  Api: { Type: AWS::AppSync::GraphQLApi, Properties: { Name: big, AuthenticationType: API_KEY } }
  Schema: { Type: AWS::AppSync::GraphQLSchema, Properties: { ApiId: !GetAtt Api.ApiId, DefinitionS3Location: schema.graphql } }
  Source: { Type: AWS::AppSync::DataSource, Properties: { ApiId: !GetAtt Api.ApiId, Name: none, Type: NONE } }
${resolvers.join('')}`,
      'schema.graphql': `type Query { ${fields.join(' ')} }`,
      ...Object.fromEntries(
        Array.from({ length: 500 }, (_, index) => [`resolvers/${index}.vtl`, '$util.toJson($ctx.result)']),
      ),
    })
    const start = performance.now()
    const loaded = await load(folder)
    const took = performance.now() - start
    expect(resourcesOf(loaded, 'AWS::AppSync::Resolver')).toHaveLength(COUNT)
    expect(loaded.problems).toEqual([])
    expect(took).toBeLessThan(BUDGET)
  })
})
