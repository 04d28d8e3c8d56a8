import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateApiCacheCommand,
  CreateApiCommand,
  CreateDataSourceCommand,
  CreateDomainNameCommand,
  CreateFunctionCommand,
  CreateGraphqlApiCommand,
  CreateTypeCommand,
  DeleteApiCacheCommand,
  DeleteTypeCommand,
  FlushApiCacheCommand,
  GetApiCacheCommand,
  GetDomainNameCommand,
  GetGraphqlApiEnvironmentVariablesCommand,
  GetTypeCommand,
  ListApisCommand,
  ListGraphqlApisCommand,
  ListTagsForResourceCommand,
  ListTypesCommand,
  PutGraphqlApiEnvironmentVariablesCommand,
  StartSchemaCreationCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApiCacheCommand,
  UpdateTypeCommand,
} from '@aws-sdk/client-appsync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serviceModel } from '../../src/aws/model.ts'
import { createCatalog } from '../../src/catalog.ts'
import { operations } from '../../src/management/createManagementApi.ts'
import { ResolverSyntaxError } from '../../src/runtime/context.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import { refusalOf, type ServedManagementApi, serveManagementApi } from './support/serve.ts'

describe('the operations', () => {
  let api: ServedManagementApi
  let apiId = ''
  const flushed: string[] = []

  beforeAll(async () => {
    api = await serveManagementApi({
      flushCache: (id) => void flushed.push(id),
      checkCode(code) {
        if (code.includes('while'))
          throw new ResolverSyntaxError('bad', [
            { errorType: 'LINT_ERROR', value: 'no while', location: { line: 1, column: 2, span: 5 } },
          ])
      },
    })
    apiId =
      (await api.client.send(new CreateGraphqlApiCommand({ name: 'a', authenticationType: 'API_KEY' }))).graphqlApi
        ?.apiId ?? ''
  })
  afterAll(() => api.close())

  it('are those of the service, all of them', () => {
    expect([...operations.keys()].sort()).toEqual(Object.keys(serviceModel('appsync').operations).sort())
  })

  it('edit the schema type by type', async () => {
    const { client } = api
    await client.send(
      new StartSchemaCreationCommand({
        apiId,
        definition: Buffer.from('type Query { note: Note }\n"A note" type Note { id: ID }'),
      }),
    )
    const created = await client.send(new CreateTypeCommand({ apiId, format: 'SDL', definition: 'enum Kind { A B }' }))
    expect(created.type).toEqual({
      name: 'Kind',
      arn: `arn:aws:appsync:us-east-1:000000000000:apis/${apiId}/types/Kind`,
      definition: 'enum Kind {\n  A\n  B\n}',
      format: 'SDL',
    })
    await client.send(
      new UpdateTypeCommand({
        apiId,
        typeName: 'Note',
        format: 'SDL',
        definition: '"A note" type Note { id: ID kind: Kind }',
      }),
    )
    const { type } = await client.send(new GetTypeCommand({ apiId, typeName: 'Note', format: 'SDL' }))
    expect({ definition: type?.definition, description: type?.description }).toEqual({
      definition: '"A note"\ntype Note {\n  id: ID\n  kind: Kind\n}',
      description: 'A note',
    })
    const json = await client.send(new GetTypeCommand({ apiId, typeName: 'Kind', format: 'JSON' }))
    expect(JSON.parse(json.type?.definition ?? '')).toMatchObject({ kind: 'ENUM', name: 'Kind' })
    expect((await client.send(new ListTypesCommand({ apiId, format: 'SDL' }))).types?.map(({ name }) => name)).toEqual([
      'Query',
      'Note',
      'Kind',
    ])
    expect(await refusalOf(client.send(new DeleteTypeCommand({ apiId, typeName: 'Kind' })))).toMatchObject({
      name: 'BadRequestException',
      status: 400,
    })
    await client.send(
      new UpdateTypeCommand({ apiId, typeName: 'Note', format: 'SDL', definition: 'type Note { id: ID }' }),
    )
    await client.send(new DeleteTypeCommand({ apiId, typeName: 'Kind' }))
    expect(await refusalOf(client.send(new GetTypeCommand({ apiId, typeName: 'Kind', format: 'SDL' })))).toEqual({
      name: 'NotFoundException',
      status: 404,
      message: 'Type Kind not found',
    })
  })

  it('keep a cache', async () => {
    const { client } = api
    const cache = { apiId, ttl: 60, apiCachingBehavior: 'PER_RESOLVER_CACHING' as const, type: 'SMALL' as const }
    const { apiCache } = await client.send(new CreateApiCacheCommand(cache))
    expect(apiCache).toEqual({
      ttl: 60,
      apiCachingBehavior: 'PER_RESOLVER_CACHING',
      type: 'SMALL',
      transitEncryptionEnabled: false,
      atRestEncryptionEnabled: false,
      status: 'AVAILABLE',
    })
    await client.send(new UpdateApiCacheCommand({ ...cache, ttl: 120 }))
    expect((await client.send(new GetApiCacheCommand({ apiId }))).apiCache).toEqual({ ...apiCache, ttl: 120 })
    await client.send(new FlushApiCacheCommand({ apiId }))
    expect(flushed).toEqual([apiId])
    await client.send(new DeleteApiCacheCommand({ apiId }))
    expect((await refusalOf(client.send(new GetApiCacheCommand({ apiId })))).name).toBe('NotFoundException')
    expect((await refusalOf(client.send(new CreateApiCacheCommand({ ...cache, ttl: 3_601 })))).name).toBe(
      'BadRequestException',
    )
  })

  it('keep tags and environment variables', async () => {
    const { client } = api
    const resourceArn = `arn:aws:appsync:us-east-1:000000000000:apis/${apiId}`
    await client.send(new TagResourceCommand({ resourceArn, tags: { a: '1', b: '2' } }))
    await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a', 'c'] }))
    expect((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ b: '2' })
    await client.send(new PutGraphqlApiEnvironmentVariablesCommand({ apiId, environmentVariables: { STAGE: 'dev' } }))
    expect((await client.send(new GetGraphqlApiEnvironmentVariablesCommand({ apiId }))).environmentVariables).toEqual({
      STAGE: 'dev',
    })
  })

  it('take an id from the tag _custom_id_, once', async () => {
    const input = { name: 'b', authenticationType: 'API_KEY' as const, tags: { _custom_id_: 'my-api' } }
    const { graphqlApi } = await api.client.send(new CreateGraphqlApiCommand(input))
    expect({ apiId: graphqlApi?.apiId, url: graphqlApi?.uris?.['GRAPHQL'] }).toEqual({
      apiId: 'my-api',
      url: 'http://127.0.0.1:4000/apis/my-api/graphql',
    })
    expect((await refusalOf(api.client.send(new CreateGraphqlApiCommand(input)))).name).toBe('BadRequestException')
    const unusable = { ...input, tags: { _custom_id_: '../x' } }
    expect((await refusalOf(api.client.send(new CreateGraphqlApiCommand(unusable)))).name).toBe('BadRequestException')
  })

  it('refuse code with the places of its errors', async () => {
    await api.client.send(new CreateDataSourceCommand({ apiId, name: 'none', type: 'NONE' }))
    const call = api.client.send(
      new CreateFunctionCommand({
        apiId,
        name: 'f',
        dataSourceName: 'none',
        code: ' while',
        runtime: { name: 'APPSYNC_JS', runtimeVersion: '1.0.0' },
      }),
    )
    await expect(call).rejects.toMatchObject({
      name: 'BadRequestException',
      message: 'The code contains one or more errors.',
      reason: 'CODE_ERROR',
      detail: {
        codeErrors: [{ errorType: 'LINT_ERROR', value: 'no while', location: { line: 1, column: 2, span: 5 } }],
      },
    })
  })

  it('that are not offered refuse in their own shape', async () => {
    const { client } = api
    expect(
      await refusalOf(
        client.send(
          new CreateDomainNameCommand({
            domainName: 'a.example.com',
            certificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/a',
          }),
        ),
      ),
    ).toMatchObject({
      name: 'BadRequestException',
      status: 400,
      message: expect.stringContaining('CreateDomainName is not offered by this server'),
    })
    expect(await refusalOf(client.send(new GetDomainNameCommand({ domainName: 'a.example.com' })))).toMatchObject({
      name: 'NotFoundException',
      status: 404,
    })
    expect(
      await refusalOf(
        client.send(
          new CreateApiCommand({
            name: 'a',
            eventConfig: {
              authProviders: [],
              connectionAuthModes: [],
              defaultPublishAuthModes: [],
              defaultSubscribeAuthModes: [],
            },
          }),
        ),
      ),
    ).toMatchObject({ name: 'BadRequestException', status: 400 })
    expect((await client.send(new ListApisCommand({}))).apis).toEqual([])
  })

  it('page through lists', async () => {
    const names: string[] = []
    let nextToken: string | undefined
    do {
      const page = await api.client.send(
        new ListGraphqlApisCommand({ maxResults: 1, ...(nextToken === undefined ? {} : { nextToken }) }),
      )
      names.push(...(page.graphqlApis ?? []).map(({ name }) => name ?? ''))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(names).toEqual(['a', 'b'])
  })
})

describe('what the management API makes', () => {
  it('is there after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sidestage-data-'))
    const open = async () => {
      const data = openDataFolder(folder)
      const server = await serveManagementApi({
        catalog: createCatalog(data.database('catalog', { synchronous: 'FULL' })),
      })
      return {
        server,
        async close() {
          await server.close()
          data.close()
        },
      }
    }
    const first = await open()
    const { graphqlApi } = await first.server.client.send(
      new CreateGraphqlApiCommand({ name: 'kept', authenticationType: 'AWS_IAM', tags: { a: 'b' } }),
    )
    await first.close()
    const second = await open()
    expect((await second.server.client.send(new ListGraphqlApisCommand({}))).graphqlApis).toEqual([graphqlApi])
    await second.close()
    rmSync(folder, { recursive: true })
  })

  it('is another account’s and region’s secret', async () => {
    const catalog = createCatalog()
    const mine = await serveManagementApi({ catalog })
    await mine.client.send(new CreateGraphqlApiCommand({ name: 'mine', authenticationType: 'API_KEY' }))
    const [stored] = catalog.collection('AWS::AppSync::GraphQLApi').list()
    catalog
      .collection('AWS::AppSync::GraphQLApi')
      .put({ ...stored, name: 'other', arn: 'arn:aws:appsync:eu-west-1:000000000000:apis/x', apiId: 'x' } as never)
    catalog
      .collection('AWS::AppSync::GraphQLApi')
      .put({ ...stored, name: 'other', arn: 'arn:aws:appsync:us-east-1:111111111111:apis/y', apiId: 'y' } as never)
    expect((await mine.client.send(new ListGraphqlApisCommand({}))).graphqlApis?.map(({ name }) => name)).toEqual([
      'mine',
    ])
    await mine.close()
  })
})
