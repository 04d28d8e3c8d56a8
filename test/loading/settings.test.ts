import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { load, loadFiles, problemsOf, resourcesOf, writeProject } from './support/project.ts'

const API = `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaInline: "type Query { a: String }"
      Logging: false
      Auth: { Type: API_KEY }
      ApiKeys: { Web: {}, Bot: {} }
`

describe('sidestage.yaml', () => {
  it('holds what is local', async () => {
    const { settings, problems } = await loadFiles({
      'sidestage.yaml': `port: 4100
credentials:
  - accessKeyId: AKIAX
    secretAccessKey: s
    accountId: "123456789012"
    principalArn: arn:aws:iam::123456789012:user/me
    policies: [{ Version: 2012-10-17, Statement: { Effect: Allow, Action: "appsync:*", Resource: "*" } }]
userPools:
  people:
    id: us-east-1_people
    clients: { web: { id: webclient } }
    groups: [admins, { }]
    users:
      ada: { password: Secret-1, email: ada@example.com, groups: [admins], attributes: { "custom:tenant": 7 } }
endpoints:
  dynamodb: http://127.0.0.1:8000
  cloudwatch-logs: http://127.0.0.1:9000
mockConfig: mocks.json
parameters: { Stage: dev, Count: 3, List: [a, b] }
workflows: { clock: fast }
`,
      'mocks.json': '{"StateMachines": {}}',
    })
    expect(problems.map(({ message }) => message)).toEqual([
      'userPools.people.groups must be names, or a mapping of names to settings',
    ])
    expect(settings).toEqual({
      file: 'sidestage.yaml',
      port: 4100,
      credentials: [
        {
          accessKeyId: 'AKIAX',
          secretAccessKey: 's',
          accountId: '123456789012',
          principalArn: 'arn:aws:iam::123456789012:user/me',
          policies: [{ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'appsync:*', Resource: '*' } }],
        },
      ],
      userPools: [
        {
          name: 'people',
          id: 'us-east-1_people',
          clients: [{ name: 'web', id: 'webclient' }],
          groups: [{ name: 'admins' }],
          users: [
            {
              username: 'ada',
              password: 'Secret-1',
              email: 'ada@example.com',
              groups: ['admins'],
              attributes: { 'custom:tenant': '7' },
            },
          ],
        },
      ],
      apiKeys: new Map(),
      endpoints: new Map([
        ['dynamodb', 'http://127.0.0.1:8000'],
        ['cloudwatch_logs', 'http://127.0.0.1:9000'],
      ]),
      mockConfig: { value: { StateMachines: {} }, file: 'mocks.json' },
      parameters: new Map([
        ['Stage', 'dev'],
        ['Count', '3'],
        ['List', 'a,b'],
      ]),
      workflows: { clock: 'fast' },
    })
  })

  it('refuses what it does not know, with the nearest known name, all at once', async () => {
    const loaded = await loadFiles({
      'sidestage.yaml': `prot: 1
port: 70000
credentials: [{ accessKeyID: a, secretAccessKey: s }]
endpoints: { dynamo: http://x, lambda: 127.0.0.1 }
apiKeys: { Web: "has space" }
`,
    })
    expect(problemsOf(loaded)).toEqual([
      'sidestage.yaml:1:1: error: unknown key prot (did you mean port?)',
      'sidestage.yaml:2:1: error: port must be a whole number from 0 to 65535',
      'sidestage.yaml:3:17: error: unknown key credentials.0.accessKeyID (did you mean accessKeyId?)',
      'sidestage.yaml:3:15: error: credentials.0.accessKeyId is required',
      'sidestage.yaml:5:12: error: apiKeys.Web must be of letters, digits, - and _ (for example da2-local)',
      'sidestage.yaml:4:14: error: unknown service dynamo (did you mean dynamodb?)',
      'sidestage.yaml:4:32: error: endpoints.lambda must be an http or https URL',
    ])
  })

  it('fixes API keys by their logical id or by the name that SAM gives them', async () => {
    const loaded = await loadFiles({
      'template.yaml': API,
      'sidestage.yaml': 'apiKeys: { Web: da2-web, ApiBot: da2-bot }',
    })
    expect(problemsOf(loaded)).toEqual([])
    expect(resourcesOf(loaded, 'AWS::AppSync::ApiKey').map(({ id }) => id)).toEqual(['da2-web', 'da2-bot'])
  })

  it('names an API key that the project does not have', async () => {
    const loaded = await loadFiles({ 'template.yaml': API, 'sidestage.yaml': 'apiKeys:\n  Webb: da2-web' })
    expect(problemsOf(loaded)).toEqual([
      'sidestage.yaml:2:3: error: apiKeys.Webb names no API key of the project (a key is named by its logical id, or as SAM and Serverless name it)',
    ])
  })

  it('has a JSON Schema of the same keys', async () => {
    const schema = JSON.parse(
      readFileSync(resolve(import.meta.dirname, '../../src/loading/sidestage.schema.json'), 'utf8'),
    )
    const { problems } = await loadFiles({ 'sidestage.yaml': 'zzzzzzzzzz: 1' })
    const known = problems[0]?.hint?.replace('one of ', '').split(', ')
    expect(Object.keys(schema.properties).sort()).toEqual(known?.sort())
    const { problems: services } = await loadFiles({ 'sidestage.yaml': 'endpoints: { zzzzzzzzzzzzzzz: http://x }' })
    expect(Object.keys(schema.properties.endpoints.properties).sort()).toEqual(
      services[0]?.hint?.replace('one of ', '').split(', ').sort(),
    )
  })

  it('keeps generated keys the same for the same seed only', async () => {
    const folder = writeProject({ 'template.yaml': API })
    const keys = async (seed: string): Promise<string[]> =>
      resourcesOf(await load(folder, { seed: Buffer.from(seed) }), 'AWS::AppSync::ApiKey').map(({ id }) => id)
    const first = await keys('a')
    expect(first).toEqual([expect.stringMatching(/^da2-[a-z2-7]{26}$/), expect.stringMatching(/^da2-[a-z2-7]{26}$/)])
    expect(await keys('a')).toEqual(first)
    expect(await keys('b')).not.toEqual(first)
  })
})
