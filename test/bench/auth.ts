/** `node test/bench/auth.ts`: what it costs to find out who is calling. */

import { createAuthenticator } from '../../src/auth/authenticator.ts'
import type { RequestCredentials } from '../../src/auth/caller.ts'
import { createCredentialStore } from '../../src/auth/iam/credentialStore.ts'
import { verifyToken } from '../../src/auth/jwt/verifyToken.ts'
import { signRequest } from '../../src/aws/sigv4.ts'
import { createCatalog } from '../../src/catalog.ts'
import type { GraphqlApi } from '../../src/resources.ts'
import { createCognito } from '../../src/services/cognito/createCognito.ts'
import { openMemoryFolder } from '../../src/storage/dataFolder.ts'
import { type BenchRow, printRows } from './row.ts'

const BATCH = 200

/** Median over batches of the processor time of one run, in ms. */
async function cpuOf(run: () => unknown, batches: number): Promise<number> {
  const figures: number[] = []
  for (let batch = 0; batch < batches; batch++) {
    const before = process.cpuUsage()
    for (let n = 0; n < BATCH; n++) await run()
    const { user, system } = process.cpuUsage(before)
    figures.push((user + system) / 1000 / BATCH)
  }
  return figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}

export async function bench(batches = 40): Promise<BenchRow[]> {
  const catalog = createCatalog()
  const credentials = createCredentialStore({
    catalog,
    configured: [{ accessKeyId: 'AKID', secretAccessKey: 'secret' }],
  })
  const cognito = createCognito({
    catalog,
    folder: openMemoryFolder(),
    userPools: [{ name: 'people', id: 'us-east-1_People', clients: [], users: [], groups: [] }],
    baseUrl: () => 'http://127.0.0.1:4000',
    issueTemporary: () => {
      throw new Error('not used')
    },
  })
  const authenticator = createAuthenticator({
    catalog,
    credentials,
    lambda: { invoke: () => Promise.reject() },
    localIssuers: cognito.issuers,
  })
  const api: GraphqlApi = {
    arn: 'arn:aws:appsync:us-east-1:000000000000:apis/a',
    apiId: 'a',
    name: 'a',
    uris: {},
    authenticationType: 'AWS_IAM',
    additionalAuthenticationProviders: [
      {
        authenticationType: 'AMAZON_COGNITO_USER_POOLS',
        userPoolConfig: { userPoolId: 'us-east-1_People', awsRegion: 'us-east-1' },
      },
      { authenticationType: 'API_KEY' },
    ],
  }
  catalog.collection('AWS::AppSync::ApiKey').put({
    arn: `${api.arn}/apikeys/da2-bench`,
    apiId: 'a',
    id: 'da2-bench',
    expires: Math.floor(Date.now() / 1000) + 86_400,
  })
  const body = Buffer.from(JSON.stringify({ query: `query Q { ping ${'x'.repeat(900)} }`, variables: {} }))
  const base = { method: 'POST', target: '/graphql', body }
  const headers: [string, string][] = [
    ['host', '127.0.0.1:4000'],
    ['content-type', 'application/json; charset=UTF-8'],
    ['x-amz-user-agent', 'aws-amplify/6.22.1'],
  ]
  const signed: RequestCredentials = {
    ...base,
    headers: signRequest({
      ...base,
      headers,
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
      region: 'us-east-1',
      service: 'appsync',
    }).headers,
  }
  const token = await cognito.mintToken({ pool: 'people', username: 'ada', groups: ['a', 'b'] })
  const withToken: RequestCredentials = { ...base, headers: [...headers, ['authorization', token]] }
  const withKey: RequestCredentials = { ...base, headers: [...headers, ['x-api-key', 'da2-bench']] }
  const keys = await cognito.issuers.userPool('us-east-1_People')!.keys()

  const row = async (name: string, run: () => unknown, budget?: string): Promise<BenchRow> => {
    await cpuOf(run, 5)
    return {
      name,
      unit: 'ms CPU',
      ours: await cpuOf(run, batches),
      beside: {},
      ...(budget !== undefined && { budget }),
    }
  }
  const rows = [
    await row('SigV4 verification, body of 1 KB', () => authenticator.authenticate(api, signed), '≤ 0.15'),
    await row('RS256 token, keys known, seen before', () => authenticator.authenticate(api, withToken), '≤ 0.3'),
    await row('RS256 token, keys known, never seen', () => verifyToken(token, keys), '≤ 0.3'),
    await row('API key', () => authenticator.authenticate(api, withKey)),
  ]
  authenticator.close()
  cognito.close()
  return rows
}

if (import.meta.main) printRows('Authorization', await bench())
