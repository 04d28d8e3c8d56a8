import {
  AppSyncClient,
  CreateApiKeyCommand,
  CreateDataSourceCommand,
  CreateFunctionCommand,
  CreateGraphqlApiCommand,
  CreateResolverCommand,
  DeleteApiKeyCommand,
  DeleteGraphqlApiCommand,
  DeleteResolverCommand,
  EvaluateCodeCommand,
  GetSchemaCreationStatusCommand,
  StartSchemaCreationCommand,
  UpdateFunctionCommand,
  UpdateResolverCommand,
} from '@aws-sdk/client-appsync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SidestageServer } from '../../src/server/options.ts'
import { startServer } from '../../src/server.ts'

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
    const step = { apiId, name: 'greet', dataSourceName: 'none', runtime }
    const { functionConfiguration } = await client.send(new CreateFunctionCommand({ ...step, code: CODE('good day') }))
    const functionId = functionConfiguration?.functionId
    const pipeline = {
      ...resolver,
      dataSourceName: undefined,
      kind: 'PIPELINE' as const,
      pipelineConfig: { functions: [functionId ?? ''] },
    }
    const around = 'export function request() { return {} }\nexport function response(ctx) { return ctx.prev.result }\n'
    await client.send(new UpdateResolverCommand({ ...pipeline, code: around }))
    expect(await ask()).toEqual({ status: 200, body: { data: { hello: 'good day Ada' } } })
    await client.send(new UpdateFunctionCommand({ ...step, functionId, code: CODE('good night') }))
    expect(await ask()).toEqual({ status: 200, body: { data: { hello: 'good night Ada' } } })
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
})
