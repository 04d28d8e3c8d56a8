import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasShared, sharedPath } from '../support/shared.ts'
import { load, problemsOf, resourcesOf } from './support/project.ts'

const MISSING_ASSETS = [
  'c49d356cac773d491c5f7ac148995a1181498a8e289429f8612a7f7e3814f535',
  'faa95a81ae7d7373f3e1f242268f904eb748d8d0fdd306e8a6fe515a1905a7d6',
  '3423a042b818e31c1e34a19d6689ab2e5f9b70fcbe9e71df66f241b20a200bd9',
]

/** What each sample says beside loading: files that are not in it, and types that are not run. */
const EXPECTED: Readonly<Record<string, (string | RegExp)[]>> = {
  'step-functions-express': [],
  'single-table-cloudformation': [],
  'amplify-many-to-many': [
    ...MISSING_ASSETS.map(
      (hash) => new RegExp(`^Amplify\\.template\\.json:\\d+:\\d+: error: s3://\\S+/${hash}\\.zip is not on this disk`),
    ),
    'manifest.json:1:1: info: kept, but not run here: AWS::S3::BucketPolicy, Custom::S3AutoDeleteObjects, Custom::CDKBucketDeployment',
  ],
  'plugin-examples/caching': [],
  'plugin-examples/datasource-eventbridge': [
    'serverless.yml:24:13: warning: data sources of type AMAZON_EVENTBRIDGE are not run here: fields that use event_bus fail',
  ],
  'plugin-examples/datasource-http': [],
  'plugin-examples/datasource-opensearch': [
    'serverless.yml:27:27: warning: SearchDomain (AWS::OpenSearchService::Domain) is not run here: its attribute DomainEndpoint has no value',
    'serverless.yml:24:13: warning: data sources of type AMAZON_OPENSEARCH_SERVICE are not run here: fields that use search fail',
    'serverless.yml:1:1: info: kept, but not run here: AWS::OpenSearchService::Domain',
  ],
  'plugin-examples/datasource-rds': [
    'serverless.yml:24:13: warning: data sources of type RELATIONAL_DATABASE are not run here: fields that use orders_db fail',
  ],
  'plugin-examples/iam-auth': [],
  'plugin-examples/lambda-resolvers-vtl': [
    'serverless.yml:21:16: error: resolvers/getUser.request.vtl does not exist (paths are relative to serverless.yml)',
    'serverless.yml:22:17: error: resolvers/getUser.response.vtl does not exist (paths are relative to serverless.yml)',
  ],
  'plugin-examples/multi-auth': [],
  'plugin-examples/oidc-auth': [],
  'plugin-examples/schema-multiple-files': [],
  'plugin-examples/substitutions': [
    'serverless.yml:29:16: error: resolvers/getUser.request.vtl does not exist (paths are relative to serverless.yml)',
    'serverless.yml:30:17: error: resolvers/getUser.response.vtl does not exist (paths are relative to serverless.yml)',
  ],
  'plugin-examples/sync-config-versioned': [],
}

describe.skipIf(!hasShared)('the sample applications', () => {
  it('are all expected here', () => {
    const found = [
      ...readdirSync(sharedPath('samples')).filter((name) => !/\.md$|^plugin-examples$/.test(name)),
      ...readdirSync(sharedPath('samples', 'plugin-examples'))
        .filter((name) => !/\.md$|^LICENSE$/.test(name))
        .map((name) => `plugin-examples/${name}`),
    ]
    expect(found.sort()).toEqual(Object.keys(EXPECTED).sort())
  })

  it.each(Object.keys(EXPECTED))('%s loads, and what is missing is named', async (name) => {
    const loaded = await load(sharedPath('samples', name))
    const said = problemsOf(loaded)
    const expected = EXPECTED[name] ?? []
    expect(said).toEqual(expected.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))))
    expect(loaded.cannotServe).toBe(false)
    expect(resourcesOf(loaded, 'AWS::AppSync::GraphQLApi')).toHaveLength(1)
    expect(resourcesOf(loaded, 'AWS::AppSync::GraphQLSchema')[0]?.status).toBe('SUCCESS')
    expect(resourcesOf(loaded, 'AWS::AppSync::Resolver').length).toBeGreaterThan(0)
  })

  it('amplify-many-to-many has every function and resolver of its nested stacks, with the templates of its assets', async () => {
    const loaded = await load(sharedPath('samples', 'amplify-many-to-many'))
    expect(resourcesOf(loaded, 'AWS::AppSync::FunctionConfiguration')).toHaveLength(92)
    const resolvers = resourcesOf(loaded, 'AWS::AppSync::Resolver')
    expect(resolvers).toHaveLength(30)
    const functions = new Set(
      resourcesOf(loaded, 'AWS::AppSync::FunctionConfiguration').map(({ functionId }) => functionId),
    )
    for (const { pipelineConfig } of resolvers)
      for (const id of pipelineConfig?.functions ?? []) expect(functions.has(id)).toBe(true)
    const [table] = resourcesOf(loaded, 'AWS::DynamoDB::Table')
    const [api] = resourcesOf(loaded, 'AWS::AppSync::GraphQLApi')
    expect(table?.tableName).toBe(`Post-${api?.apiId}-NONE`)
    expect(resolvers.some(({ requestMappingTemplate }) => requestMappingTemplate?.includes(api?.apiId ?? '-'))).toBe(
      true,
    )
  })
})
