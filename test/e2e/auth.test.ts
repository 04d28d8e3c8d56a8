import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { AppSyncClient, ListGraphqlApisCommand } from '@aws-sdk/client-appsync'
import { CognitoIdentityClient, ListIdentityPoolsCommand } from '@aws-sdk/client-cognito-identity'
import {
  CognitoIdentityProviderClient,
  ListUserPoolClientsCommand,
  ListUserPoolsCommand,
} from '@aws-sdk/client-cognito-identity-provider'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda'
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn'
import type * as AuthLink from 'aws-appsync-auth-link'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runNode, type SidestageProcess, startSidestage } from '../support/sidestageProcess.ts'
import { createTestIssuer, type TestIssuer } from '../support/testIssuer.ts'

// Its module build imports its hash in a way that Node does not take.
const { AUTH_TYPE, createAuthLink } = createRequire(import.meta.url)('aws-appsync-auth-link') as typeof AuthLink
const ADMIN = { accessKeyId: 'AKIDADMIN', secretAccessKey: 'secret-of-the-administrator' }
const denied = (field: string, type = 'Query') => ({
  message: `Not Authorized to access ${field} on type ${type}`,
  errorType: 'Unauthorized',
})

let folder: string
let server: SidestageProcess
let issuer: TestIssuer
let key: string
const identityProvider = createServer((request, response) => {
  const found = request.url?.endsWith('openid-configuration')
    ? { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/keys` }
    : { keys: [issuer.jwk] }
  response.end(JSON.stringify(found))
})

beforeAll(async () => {
  await new Promise<void>((ready) => identityProvider.listen(0, '127.0.0.1', ready))
  issuer = await createTestIssuer(`http://127.0.0.1:${(identityProvider.address() as AddressInfo).port}`)
  folder = mkdtempSync(join(tmpdir(), 'sidestage-auth-'))
  cpSync(resolve(import.meta.dirname, '../fixtures/authorization'), folder, { recursive: true })
  writeFileSync(
    join(folder, 'sidestage.yaml'),
    `parameters: { OidcIssuer: '${issuer.issuer}' }
credentials: [{ accessKeyId: ${ADMIN.accessKeyId}, secretAccessKey: ${ADMIN.secretAccessKey} }]
userPools:
  people:
    users:
      ada: { password: Lovelace-1815, groups: [Editors] }
`,
  )
  server = await startSidestage([folder, '--port', '0', '--require-signed', '--data', join(folder, 'data')])
  key = /x-api-key: (\S+?)'/.exec(server.output())?.[1] ?? ''
}, 60_000)
afterAll(async () => {
  await server?.stop()
  identityProvider.close()
  rmSync(folder, { recursive: true, force: true })
})

const sdk = () => ({ endpoint: server.url, region: 'us-east-1', credentials: ADMIN, maxAttempts: 1 })

describe('an API in every mode', () => {
  it('is used by aws-amplify, its signIn included', { timeout: 60_000 }, async () => {
    const pools = new CognitoIdentityProviderClient(sdk())
    const { UserPools } = await pools.send(new ListUserPoolsCommand({ MaxResults: 10 }))
    const POOL = UserPools?.[0]?.Id ?? ''
    const { UserPoolClients } = await pools.send(new ListUserPoolClientsCommand({ UserPoolId: POOL }))
    const { IdentityPools } = await new CognitoIdentityClient(sdk()).send(
      new ListIdentityPoolsCommand({ MaxResults: 10 }),
    )
    const IDENTITIES = IdentityPools?.[0]?.IdentityPoolId ?? ''
    const { code, stdout, stderr } = await runNode([resolve(import.meta.dirname, 'clients/amplifyAuth.mjs')], {
      BASE: server.url,
      API_KEY: key,
      POOL,
      CLIENT: UserPoolClients?.[0]?.ClientId ?? '',
      IDENTITIES,
      OIDC_TOKEN: await issuer.sign({ sub: 'grace', aud: 'app-1', exp: Math.floor(Date.now() / 1000) + 600 }),
      NODE_EXTRA_CA_CERTS: /NODE_EXTRA_CA_CERTS=(\S+)/.exec(server.output())?.[1] ?? '',
    })
    expect([code, stderr]).toEqual([0, ''])
    const steps = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { step: string; value: Answer })
        .map(({ step, value }) => [step, value]),
    )
    expect(steps.get('signIn')).toEqual({ isSignedIn: true, nextStep: { signInStep: 'DONE' } })
    expect(steps.get('session')).toMatchObject({ groups: ['Editors'] })
    expect(allowed(steps.get('apiKey'))).toEqual(['key'])
    expect(allowed(steps.get('userPool'))).toEqual(['pool', 'editors'])
    expect(allowed(steps.get('iam'))).toEqual(['iam'])
    expect(allowed(steps.get('oidc'))).toEqual(['oidc'])
    expect(allowed(steps.get('lambda'))).toEqual(['lambda'])
    expect(JSON.parse(String(steps.get('lambda')?.data?.['lambda']))).toEqual({ resolverContext: { customer: 'acme' } })
    expect(JSON.parse(String(steps.get('iam')?.data?.['iam']))).toMatchObject({
      cognitoIdentityPoolId: IDENTITIES,
      cognitoIdentityAuthType: 'authenticated',
    })
    for (const refused of ['lambda refused', 'wrong key'])
      expect([refused, steps.get(refused)?.errors?.[0]?.message]).toEqual([
        refused,
        expect.stringMatching(/Unauthorized/),
      ])
    for (const step of ['denied by a policy', 'denied by an authorizer'])
      expect(steps.get(step)).toMatchObject({
        data: { say: { text: 'hello', secret: null } },
        errors: [{ ...denied('secret', 'Said'), path: ['say', 'secret'] }],
      })
    for (const mode of ['apiKey', 'userPool', 'iam'])
      expect([mode, steps.get(`heard by ${mode}`)]).toEqual([mode, { text: 'hello' }])
  })

  it('is used by Apollo with aws-appsync-auth-link', async () => {
    const url = `${server.url}/graphql`
    const token = await issuer.sign({ sub: 'grace', aud: ['x', 'app-22'], exp: Math.floor(Date.now() / 1000) + 600 })
    const ask = async (auth: Parameters<typeof AuthLink.createAuthLink>[0]['auth'], query: string) => {
      const client = new ApolloClient({
        cache: new InMemoryCache(),
        link: ApolloLink.from([
          createAuthLink({ url, region: 'us-east-1', auth }) as unknown as ApolloLink,
          // It would add to the body after it was signed.
          new HttpLink({ uri: url, enhancedClientAwareness: { transport: false } }),
        ]),
      })
      return (await client.query({ query: gql(query), fetchPolicy: 'no-cache' })).data
    }
    expect(await ask({ type: AUTH_TYPE.API_KEY, apiKey: key }, '{ key }')).toEqual({ key: 'null' })
    expect(await ask({ type: AUTH_TYPE.OPENID_CONNECT, jwtToken: token }, '{ oidc }')).toMatchObject({
      oidc: expect.stringContaining('grace'),
    })
    expect(await ask({ type: AUTH_TYPE.AWS_IAM, credentials: ADMIN }, 'query Q { iam }')).toMatchObject({
      iam: expect.stringContaining('arn:aws:iam::000000000000:root'),
    })
  })

  it('answers a refusal so that browsers can read it', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'wrong', origin: 'https://app.example' },
      body: '{"query":"{ key }"}',
    })
    expect([
      response.status,
      response.headers.get('x-amzn-errortype'),
      response.headers.get('access-control-allow-origin'),
      response.headers.get('access-control-expose-headers')?.toLowerCase().includes('x-amzn-errortype'),
      await response.json(),
    ]).toEqual([
      401,
      'UnauthorizedException',
      '*',
      true,
      { errors: [{ errorType: 'UnauthorizedException', message: 'You are not authorized to make this call.' }] },
    ])
  })
})

describe('the AWS APIs, with --require-signed', () => {
  const calls = {
    states: (options: ReturnType<typeof sdk>) => new SFNClient(options).send(new ListStateMachinesCommand({})),
    appsync: (options: ReturnType<typeof sdk>) => new AppSyncClient(options).send(new ListGraphqlApisCommand({})),
    dynamodb: (options: ReturnType<typeof sdk>) => new DynamoDBClient(options).send(new ListTablesCommand({})),
    lambda: (options: ReturnType<typeof sdk>) => new LambdaClient(options).send(new ListFunctionsCommand({})),
  }
  it.each([
    ['states', 400],
    ['appsync', 403],
    ['dynamodb', 400],
    ['lambda', 403],
  ] as const)('%s lets in who signs, and nobody else', async (name, status) => {
    const call = calls[name]
    expect((await call(sdk())).$metadata.httpStatusCode).toBe(200)
    await expect(call({ ...sdk(), credentials: { ...ADMIN, secretAccessKey: 'wrong' } })).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: status },
    })
    await expect(
      call({ ...sdk(), credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }),
    ).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      $metadata: { httpStatusCode: status },
    })
  })
})

interface Answer {
  data?: Record<string, unknown>
  errors?: { message: string; errorType?: string }[]
}

/** The fields that were answered; each of the others must have been denied with AppSync's words. */
function allowed(answer: Answer | undefined): string[] {
  const data = Object.entries(answer?.data ?? {})
  const refused = data.filter(([, value]) => value === null).map(([field]) => denied(field))
  expect(answer?.errors).toMatchObject(refused)
  return data.filter(([, value]) => value !== null).map(([field]) => field)
}
