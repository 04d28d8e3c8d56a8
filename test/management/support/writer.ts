// Makes and deletes APIs without end, on the data folder that it is given; the test kills it somewhere in between.
import { createPageTokens } from '../../../src/aws/pagination.ts'
import { createCatalog } from '../../../src/catalog.ts'
import { createManagementApi } from '../../../src/management/createManagementApi.ts'
import { openDataFolder } from '../../../src/storage/dataFolder.ts'

const folder = openDataFolder(process.argv[2] ?? '')
const api = createManagementApi({
  catalog: createCatalog(folder.database('catalog', { synchronous: 'FULL' })),
  pageTokens: createPageTokens(Buffer.from('x')),
  baseUrl: () => 'http://127.0.0.1:4000',
  evaluateCode: () => ({}),
  evaluateMappingTemplate: () => ({}),
})

async function call(method: string, path: string, body?: unknown): Promise<Record<string, never>> {
  const answer = await api.handle(
    {
      method,
      path,
      query: new URLSearchParams(),
      headers: new Map(),
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    },
    { accountId: '000000000000', region: 'us-east-1', principalArn: 'arn:aws:iam::000000000000:root' },
  )
  return JSON.parse(String(answer?.body)) as Record<string, never>
}

for (let round = 0; ; round += 1) {
  const { graphqlApi } = (await call('POST', '/v1/apis', {
    name: `r${round}`,
    authenticationType: 'API_KEY',
  })) as unknown as {
    graphqlApi: { apiId: string }
  }
  const path = `/v1/apis/${graphqlApi.apiId}`
  const definition = (field: string): string => Buffer.from(`type Query { ${field}: String }`).toString('base64')
  await call('POST', `${path}/schemacreation`, { definition: definition('a') })
  for (let index = 0; index < 10; index += 1)
    await call('POST', `${path}/datasources`, { name: `d${index}`, type: 'NONE' })
  await call('POST', `${path}/types/Query/resolvers`, { fieldName: 'a', dataSourceName: 'd0' })
  // Acknowledged: said only once it is kept.
  process.stdout.write(`${graphqlApi.apiId}\n`)
  await call('POST', `${path}/schemacreation`, { definition: definition('b') })
  if (round % 2 === 1) await call('DELETE', path)
}
