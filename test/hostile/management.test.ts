import {
  CreateDataSourceCommand,
  CreateGraphqlApiCommand,
  CreateResolverCommand,
  GetDataSourceCommand,
  GetGraphqlApiCommand,
  GetSchemaCreationStatusCommand,
  ListDataSourcesCommand,
  ListGraphqlApisCommand,
  ListResolversCommand,
  StartSchemaCreationCommand,
  TagResourceCommand,
} from '@aws-sdk/client-appsync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, type ServedManagementApi, serveManagementApi } from '../management/support/serve.ts'

let api: ServedManagementApi
let apiId = ''

beforeAll(async () => {
  api = await serveManagementApi()
  apiId =
    (await api.client.send(new CreateGraphqlApiCommand({ name: 'a', authenticationType: 'API_KEY' }))).graphqlApi
      ?.apiId ?? ''
})
afterAll(() => api.close())

/** What the bare wire answers: status, error type and whether the body is JSON with a message. */
async function wire(
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; type: string | null; message: unknown }> {
  const answer = await fetch(api.url + path, {
    method,
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
  })
  const parsed = (await answer.json()) as Record<string, unknown>
  return { status: answer.status, type: answer.headers.get('x-amzn-errortype'), message: parsed['message'] }
}

describe('the management API', () => {
  it.each(['nothing', '..', '../../etc', 'a/b', '%00', '__proto__', 'x'.repeat(5_000)])(
    'does not know the API %j',
    async (id) => {
      const refusal = await refusalOf(api.client.send(new GetGraphqlApiCommand({ apiId: id })))
      expect({ name: refusal.name, status: refusal.status }).toEqual({ name: 'NotFoundException', status: 404 })
    },
  )

  it.each(['a/b', '..', 'a\0b', 'a b', '', 'é', '1a', '__proto__-'])(
    'refuses the data source name %j',
    async (name) => {
      const refusal = await refusalOf(api.client.send(new CreateDataSourceCommand({ apiId, name, type: 'NONE' })))
      expect({ name: refusal.name, status: refusal.status }).toEqual({ name: 'BadRequestException', status: 400 })
      expect(refusal.message).toContain("at 'name' failed to satisfy constraint")
    },
  )

  it('takes names of Object.prototype for what they are', async () => {
    await api.client.send(new CreateDataSourceCommand({ apiId, name: '__proto__', type: 'NONE' }))
    expect((await api.client.send(new GetDataSourceCommand({ apiId, name: '__proto__' }))).dataSource?.type).toBe(
      'NONE',
    )
    const refusal = await refusalOf(api.client.send(new GetDataSourceCommand({ apiId, name: 'constructor' })))
    expect(refusal.name).toBe('NotFoundException')
    const body =
      '{"name":"a","authenticationType":"API_KEY","__proto__":{"xrayEnabled":true},"constructor":{"prototype":{"polluted":1}}}'
    const answer = (await (await fetch(`${api.url}/v1/apis`, { method: 'POST', body })).json()) as {
      graphqlApi: Record<string, unknown>
    }
    expect(answer.graphqlApi['xrayEnabled']).toBe(false)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('refuses page tokens that it did not make, and those of another list', async () => {
    for (const name of ['A', 'B', 'C'])
      await api.client.send(new CreateDataSourceCommand({ apiId, name, type: 'NONE' }))
    const { nextToken } = await api.client.send(new ListDataSourcesCommand({ apiId, maxResults: 1 }))
    const forged = [
      Buffer.from('{"after":"","index":0}').toString('base64'),
      `${nextToken?.slice(0, -4)}AAAA`,
      'x',
      `${nextToken} `.trim().toLowerCase(),
    ]
    for (const token of forged) {
      const refusal = await refusalOf(api.client.send(new ListDataSourcesCommand({ apiId, nextToken: token })))
      expect({ token, name: refusal.name, status: refusal.status }).toEqual({
        token,
        name: 'BadRequestException',
        status: 400,
      })
    }
    const elsewhere = await refusalOf(api.client.send(new ListGraphqlApisCommand({ nextToken })))
    expect(elsewhere).toEqual({ name: 'BadRequestException', status: 400, message: 'Invalid nextToken' })
  })

  it.each([
    ['POST', '/v1/apis', '{', 400, 'SerializationException'],
    ['POST', '/v1/apis', '[]', 400, 'SerializationException'],
    ['POST', '/v1/apis', '{"name":5,"authenticationType":"API_KEY"}', 400, 'SerializationException'],
    ['POST', '/v1/apis', '{"name":"a","authenticationType":"NOBODY"}', 400, 'BadRequestException'],
    [
      'POST',
      '/v1/apis',
      '{"name":"a","authenticationType":"API_KEY","queryDepthLimit":76}',
      400,
      'BadRequestException',
    ],
    ['POST', '/v1/apis', '{"name":"a","authenticationType":"OPENID_CONNECT"}', 400, 'BadRequestException'],
    ['GET', '/v1/apis?maxResults=26', undefined, 400, 'BadRequestException'],
    ['GET', '/v1/apis?maxResults=x', undefined, 400, 'SerializationException'],
    ['GET', '/v1/apis/%E0%A4%A', undefined, 404, 'UnknownOperationException'],
    ['PATCH', '/v1/apis', '{}', 404, 'UnknownOperationException'],
    ['GET', '/v1/nothing', undefined, 404, 'UnknownOperationException'],
  ])('answers %s %s of %s with %d %s', async (method, path, body, status, type) => {
    const answer = await wire(method, path, body)
    expect({ status: answer.status, type: answer.type }).toEqual({ status, type })
    expect(typeof answer.message).toBe('string')
  })

  it('takes many schemas at once, one after the other', async () => {
    const schemas = Array.from({ length: 20 }, (_, index) => `type Query { f${index}: String }`)
    const answers = await Promise.all(
      schemas.map((text) => api.client.send(new StartSchemaCreationCommand({ apiId, definition: Buffer.from(text) }))),
    )
    expect(answers.map(({ status }) => status)).toEqual(schemas.map(() => 'PROCESSING'))
    expect((await api.client.send(new GetSchemaCreationStatusCommand({ apiId }))).status).toBe('SUCCESS')
    const [stored] = api.catalog.collection('AWS::AppSync::GraphQLSchema').list()
    expect(schemas).toContain(stored?.definition)
  })

  it('says what is wrong with a schema of more than 1 MB', async () => {
    const definition = Buffer.from(`type Query { a: String }\n#${'x'.repeat(1_048_576)}`)
    await api.client.send(new StartSchemaCreationCommand({ apiId, definition }))
    expect((await api.client.send(new GetSchemaCreationStatusCommand({ apiId }))).status).toBe('FAILED')
  })

  it('lists 10,001 resolvers page by page, each once', async () => {
    const count = 10_001
    const fields = Array.from({ length: count }, (_, index) => `f${index}: Int`)
    await api.client.send(
      new StartSchemaCreationCommand({ apiId, definition: Buffer.from(`type Query { ${fields.join(' ')} }`) }),
    )
    const resolvers = api.catalog.collection('AWS::AppSync::Resolver')
    const prefix = `arn:aws:appsync:us-east-1:000000000000:apis/${apiId}/types/Query/resolvers/`
    api.catalog.transaction(() => {
      for (let index = 0; index < count - 1; index += 1)
        resolvers.put({
          arn: `${prefix}f${index}`,
          apiId,
          typeName: 'Query',
          fieldName: `f${index}`,
          kind: 'UNIT',
          dataSourceName: 'A',
        })
    })
    await api.client.send(
      new CreateResolverCommand({ apiId, typeName: 'Query', fieldName: `f${count - 1}`, dataSourceName: 'A' }),
    )
    const seen = new Set<string>()
    let nextToken: string | undefined
    do {
      const page = await api.client.send(
        new ListResolversCommand({
          apiId,
          typeName: 'Query',
          maxResults: 25,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      )
      for (const { fieldName } of page.resolvers ?? []) seen.add(fieldName ?? '')
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(seen.size).toBe(count)
  })

  it('keeps tags within their number', async () => {
    const resourceArn = `arn:aws:appsync:us-east-1:000000000000:apis/${apiId}`
    const letters = [...'abcdefghijklmnopqrstuvwxyz']
    const tags = (prefix: string): Record<string, string> =>
      Object.fromEntries(letters.map((letter) => [prefix + letter, 'v']))
    await api.client.send(new TagResourceCommand({ resourceArn, tags: tags('a') }))
    const refusal = await refusalOf(api.client.send(new TagResourceCommand({ resourceArn, tags: tags('b') })))
    expect({ name: refusal.name, status: refusal.status }).toEqual({ name: 'BadRequestException', status: 400 })
  })
})
