import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  AppSyncClient,
  CreateApiKeyCommand,
  CreateDataSourceCommand,
  CreateGraphqlApiCommand,
  CreateResolverCommand,
  DeleteApiKeyCommand,
  DeleteGraphqlApiCommand,
  DeleteResolverCommand,
  EvaluateCodeCommand,
  GetSchemaCreationStatusCommand,
  StartSchemaCreationCommand,
  UpdateResolverCommand,
} from '@aws-sdk/client-appsync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SidestageServer } from '../../src/server/options.ts'
import { startServer } from '../../src/server.ts'

const run = promisify(execFile)
/** Each call of the CLI takes a second or two: this runs on demand (`SIDESTAGE_LONG_TESTS=1`). */
const hasCli = ((): boolean => {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
})()

let server: SidestageServer
beforeAll(async () => {
  server = await startServer({ memory: true, port: 0, environment: {} })
})
afterAll(() => server.close())

async function query(url: string, key: string, text: string): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ query: text }),
  })
  return { status: answer.status, body: await answer.json() }
}

const CODE = (word: string): string => `export function request(ctx) {
  return { payload: \`${word} \${ctx.args.name}\` }
}
export function response(ctx) {
  return ctx.result
}
`

describe('an API that is made while the server runs', () => {
  it('answers queries as the AWS SDK changes it, until it is deleted', async () => {
    const client = new AppSyncClient({
      endpoint: server.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    })
    const { graphqlApi } = await client.send(
      new CreateGraphqlApiCommand({ name: 'life', authenticationType: 'API_KEY' }),
    )
    const apiId = graphqlApi?.apiId
    const url = graphqlApi?.uris?.['GRAPHQL'] ?? ''
    const key = (await client.send(new CreateApiKeyCommand({ apiId }))).apiKey?.id ?? ''
    await client.send(
      new StartSchemaCreationCommand({ apiId, definition: Buffer.from('type Query { hello(name: String): String }') }),
    )
    expect((await client.send(new GetSchemaCreationStatusCommand({ apiId }))).status).toBe('SUCCESS')
    await client.send(new CreateDataSourceCommand({ apiId, name: 'none', type: 'NONE' }))
    const runtime = { name: 'APPSYNC_JS' as const, runtimeVersion: '1.0.0' }
    const resolver = { apiId, typeName: 'Query', fieldName: 'hello', dataSourceName: 'none', runtime }
    await client.send(new CreateResolverCommand({ ...resolver, code: CODE('hello') }))
    const ask = (): Promise<unknown> => query(url, key, '{ hello(name: "Ada") }')
    expect(await ask()).toEqual({ status: 200, body: { data: { hello: 'hello Ada' } } })
    await client.send(new UpdateResolverCommand({ ...resolver, code: CODE('bye') }))
    expect(await ask()).toEqual({ status: 200, body: { data: { hello: 'bye Ada' } } })
    await expect(
      client.send(new UpdateResolverCommand({ ...resolver, code: 'export function request() { while (true) {} }' })),
    ).rejects.toMatchObject({
      name: 'BadRequestException',
      message: 'The code contains one or more errors.',
      reason: 'CODE_ERROR',
      detail: { codeErrors: [expect.objectContaining({ location: expect.objectContaining({ line: 1 }) })] },
    })
    expect(await ask()).toEqual({ status: 200, body: { data: { hello: 'bye Ada' } } })
    const evaluated = await client.send(
      new EvaluateCodeCommand({
        code: CODE('try'),
        context: '{"arguments":{"name":"x"}}',
        function: 'request',
        runtime,
      }),
    )
    expect(evaluated.evaluationResult).toBe('{"payload":"try x"}')
    await client.send(new DeleteResolverCommand({ apiId, typeName: 'Query', fieldName: 'hello' }))
    expect(await ask()).toEqual({ status: 200, body: { data: { hello: null } } })
    await client.send(new StartSchemaCreationCommand({ apiId, definition: Buffer.from('type Query { other: Int }') }))
    expect(await query(url, key, '{ __type(name: "Query") { fields { name } } }')).toEqual({
      status: 200,
      body: { data: { __type: { fields: [{ name: 'other' }] } } },
    })
    await client.send(new DeleteApiKeyCommand({ apiId, id: key }))
    expect(await ask()).toMatchObject({ status: 401 })
    await client.send(new DeleteGraphqlApiCommand({ apiId }))
    expect(((await ask()) as { status: number }).status).toBeGreaterThanOrEqual(400)
    client.destroy()
  })

  it.skipIf(!hasCli || process.env['SIDESTAGE_LONG_TESTS'] === undefined)(
    'goes through its life by the AWS CLI',
    { timeout: 120_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sidestage-cli-'))
      const aws = async (operation: string, ...options: string[]): Promise<Record<string, never>> => {
        const { stdout } = await run(
          'aws',
          ['appsync', operation, '--output', 'json', '--no-cli-pager', ...options].filter(
            (option) => option !== '--no-cli-pager',
          ),
          {
            cwd: folder,
            env: {
              PATH: process.env['PATH'] ?? '',
              HOME: folder,
              AWS_ENDPOINT_URL: server.url,
              AWS_REGION: 'us-east-1',
              AWS_DEFAULT_REGION: 'us-east-1',
              AWS_ACCESS_KEY_ID: 'test',
              AWS_SECRET_ACCESS_KEY: 'test',
              AWS_PAGER: '',
            },
          },
        )
        return stdout.trim() === '' ? {} : JSON.parse(stdout)
      }
      const { graphqlApi } = (await aws(
        'create-graphql-api',
        '--name',
        'cli',
        '--authentication-type',
        'API_KEY',
        '--endpoint-url',
        server.url,
      )) as unknown as {
        graphqlApi: { apiId: string; arn: string; uris: { GRAPHQL: string } }
      }
      const at = ['--api-id', graphqlApi.apiId, '--endpoint-url', server.url]
      const { apiKey } = (await aws('create-api-key', ...at)) as unknown as { apiKey: { id: string } }
      writeFileSync(join(folder, 'schema.graphql'), 'type Query { hello: String }')
      await aws('start-schema-creation', ...at, '--definition', 'fileb://schema.graphql')
      await aws('create-data-source', ...at, '--name', 'none', '--type', 'NONE')
      const field = ['--type-name', 'Query', '--field-name', 'hello', '--data-source-name', 'none']
      await aws(
        'create-resolver',
        ...at,
        ...field,
        '--request-mapping-template',
        '{"payload": "by the CLI"}',
        '--response-mapping-template',
        '$util.toJson($ctx.result)',
      )
      expect(await query(graphqlApi.uris.GRAPHQL, apiKey.id, '{ hello }')).toEqual({
        status: 200,
        body: { data: { hello: 'by the CLI' } },
      })
      await aws('tag-resource', '--resource-arn', graphqlApi.arn, '--tags', 'a=b', '--endpoint-url', server.url)
      expect(
        await aws('list-tags-for-resource', '--resource-arn', graphqlApi.arn, '--endpoint-url', server.url),
      ).toEqual({ tags: { a: 'b' } })
      await aws('get-introspection-schema', ...at, '--format', 'SDL', 'out.graphql')
      expect(readFileSync(join(folder, 'out.graphql'), 'utf8')).toBe('type Query {\n  hello: String\n}\n')
      await aws('delete-graphql-api', ...at)
      const refused = await aws('get-graphql-api', ...at).catch((error: Error) => error.message)
      expect(refused).toContain(
        `(NotFoundException) when calling the GetGraphqlApi operation: GraphQL API ${graphqlApi.apiId} not found.`,
      )
      rmSync(folder, { recursive: true })
    },
  )
})
