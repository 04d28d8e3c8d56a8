import { describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../src/auth/authenticator.ts'
import { createCredentialStore } from '../../src/auth/iam/credentialStore.ts'
import { verifyAwsRequest } from '../../src/auth/iam/verifyRequest.ts'
import { apiWith, createAuthFixture, NOW, requestWith, signedRequest } from '../support/authFixture.ts'
import { createCognitoFixture, PASSWORD, POOL, secretHash, tokensOf } from '../support/cognitoFixture.ts'
import { createSrpClient } from '../support/srpClient.ts'
import { createTestIssuer } from '../support/testIssuer.ts'

const API_KEY = 'da2-0123456789abcdefghijklmnop'
const SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const LAMBDA_TOKEN = 'opaque-token-of-a-customer'
const CLIENT_SECRET = 'client-secret-of-the-web-app'
const ALL_MODES = apiWith(
  { authenticationType: 'API_KEY' },
  { authenticationType: 'AWS_IAM' },
  { authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: 'https://issuer.example', clientId: '(' } },
  { authenticationType: 'AMAZON_COGNITO_USER_POOLS', userPoolConfig: { userPoolId: POOL, awsRegion: 'us-east-1' } },
  {
    authenticationType: 'AWS_LAMBDA',
    lambdaAuthorizerConfig: { authorizerUri: 'authorize', identityValidationExpression: '.*' },
  },
)

describe('nothing that opens a door', () => {
  it('is in a log line, an error or an identity, however a request fails', async () => {
    const fixture = createAuthFixture()
    const cognito = createCognitoFixture()
    const said: string[] = []
    const credentials = createCredentialStore({
      catalog: fixture.catalog,
      clock: fixture.clock,
      configured: [{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET_ACCESS_KEY }],
      log: (...line) => void said.push(JSON.stringify(line)),
    })
    const authenticator = createAuthenticator({
      catalog: fixture.catalog,
      clock: fixture.clock,
      credentials,
      localIssuers: cognito.cognito.issuers,
      lambda: { invoke: ({ payload }) => Promise.reject(new Error(`function failed on ${payload}`)) },
      fetch: (url) => Promise.reject(new Error(`no network for ${String(url)}`)),
      log: (...line) => void said.push(JSON.stringify(line)),
    })
    fixture.putApiKey(API_KEY)
    fixture.catalog.collection('AWS::IAM::Role').put({
      arn: 'arn:aws:iam::000000000000:role/Broken',
      roleName: 'Broken',
      policies: [{ policyName: 'p', policyDocument: { Statement: [{ Effect: 'Perhaps' }] } }],
      managedPolicyArns: ['arn:aws:iam::aws:policy/Unknown'],
    })

    const issuer = await createTestIssuer('https://issuer.example')
    const oidc = await issuer.sign({ sub: 'u', exp: NOW / 1000 + 60 })
    const { AccessToken, IdToken, RefreshToken } = tokensOf(await cognito.signIn())
    const long = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET_ACCESS_KEY }
    const temporary = credentials.issueTemporary({
      roleArn: 'arn:aws:iam::000000000000:role/Broken',
      sessionName: 'session',
    })
    const signed = [signedRequest(long), signedRequest(temporary)]
    const signatures = signed.map(
      ({ headers }) => /Signature=(\w+)/.exec(headers.map(([, value]) => value).join())?.[1] ?? '',
    )

    const requests = [
      ...signed,
      ...signed.map((request) => ({ ...request, body: Buffer.from('altered') })),
      ...signed.map((request) => ({ ...request, headers: [...request.headers, ['authorization', 'x'] as const] })),
      ...[API_KEY, `${API_KEY}x`].map((key) => requestWith([['x-api-key', key]])),
      ...[oidc, AccessToken, IdToken, `${IdToken}x`, LAMBDA_TOKEN, RefreshToken].map((token) =>
        requestWith([['authorization', token]]),
      ),
    ]
    for (const request of requests) {
      for (const attempt of [
        () => authenticator.authenticate(ALL_MODES, request),
        () => verifyAwsRequest(request, { credentials, requireSigned: true, now: NOW, protocol: 'query' }),
      ]) {
        try {
          said.push(JSON.stringify({ ...(await attempt()), credential: undefined }))
        } catch (error) {
          said.push(String((error as Error).stack), JSON.stringify(error))
        }
      }
    }

    const client = cognito.catalog.collection('AWS::Cognito::UserPoolClient').list()[0]!
    cognito.catalog.collection('AWS::Cognito::UserPoolClient').put({ ...client, clientSecret: CLIENT_SECRET })
    const srp = createSrpClient()
    const SECRET_HASH = secretHash(CLIENT_SECRET, 'ada', 'webclient')
    const auth = (AuthFlow: string, AuthParameters: Record<string, string>) => ({
      AuthFlow,
      ClientId: 'webclient',
      AuthParameters,
    })
    for (const [operation, input] of [
      ['InitiateAuth', auth('USER_PASSWORD_AUTH', { USERNAME: 'ada', PASSWORD })],
      ['InitiateAuth', auth('USER_PASSWORD_AUTH', { USERNAME: 'ada', PASSWORD: `${PASSWORD}x`, SECRET_HASH })],
      ['InitiateAuth', auth('USER_PASSWORD_AUTH', { USERNAME: 'ada', PASSWORD, SECRET_HASH: `${SECRET_HASH}AA` })],
      ['InitiateAuth', auth('USER_SRP_AUTH', { USERNAME: 'ada', SRP_A: srp.SRP_A.slice(0, 10), SECRET_HASH: 'x' })],
      ['InitiateAuth', auth('REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: `${RefreshToken}x`, SECRET_HASH })],
      ['InitiateAuth', { ...auth('USER_PASSWORD_AUTH', {}), AuthParameters: PASSWORD }],
      [
        'RespondToAuthChallenge',
        {
          ChallengeName: 'NEW_PASSWORD_REQUIRED',
          ClientId: 'webclient',
          Session: RefreshToken,
          ChallengeResponses: { USERNAME: 'ada', NEW_PASSWORD: PASSWORD, SECRET_HASH },
        },
      ],
      ['GetUser', { AccessToken: `${AccessToken}x` }],
      ['GetUser', { AccessToken: [AccessToken] }],
      ['GetUser', { AccessToken: `${AccessToken} ` }],
      [
        'AdminSetUserPassword',
        { UserPoolId: POOL, Username: 'ada', Password: 'weak-password-of-ada', Permanent: true },
      ],
      ['AdminCreateUser', { UserPoolId: POOL, Username: 'eve', TemporaryPassword: 'weak-password-of-ada' }],
      ['GetTokensFromRefreshToken', { ClientId: 'webclient', ClientSecret: `${CLIENT_SECRET}x`, RefreshToken }],
    ] as const)
      said.push(JSON.stringify(await cognito.call(operation, input)))

    const text = said.join('\n')
    expect(text).toContain('Invalid Access Token')
    expect(text).toContain('may do nothing')
    const secrets = {
      API_KEY,
      SECRET_ACCESS_KEY,
      temporarySecret: temporary.secretAccessKey,
      sessionToken: temporary.sessionToken,
      signature: signatures[0] ?? '?',
      temporarySignature: signatures[1] ?? '?',
      oidc: oidc.split('.')[2] ?? '?',
      accessToken: AccessToken.split('.')[2] ?? '?',
      idToken: IdToken.split('.')[2] ?? '?',
      RefreshToken,
      LAMBDA_TOKEN,
      PASSWORD,
      weakPassword: 'weak-password-of-ada',
      CLIENT_SECRET,
      SECRET_HASH,
    }
    expect(
      Object.entries(secrets)
        .filter(([, secret]) => text.includes(secret))
        .map(([name]) => name),
    ).toEqual([])
  })
})
