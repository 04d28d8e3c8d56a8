import { beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../../src/auth/caller.ts'
import { requestOfAuthObject } from '../../src/auth/headers.ts'
import { AwsError } from '../../src/aws/errors.ts'
import { presign, signRequest } from '../../src/aws/sigv4.ts'
import {
  API_ARN,
  apiWith,
  createAuthFixture,
  NOW,
  outcomeOf,
  REFUSED,
  requestWith,
  signedRequest,
} from '../support/authFixture.ts'
import { createTestIssuer, type TestIssuer } from '../support/testIssuer.ts'

const LONG_TERM = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-AKIDEXAMPLE' }
const LAMBDA = {
  authenticationType: 'AWS_LAMBDA',
  lambdaAuthorizerConfig: { authorizerUri: 'arn:aws:lambda:us-east-1:000000000000:function:authorize' },
} as const

describe('API keys', () => {
  const api = apiWith({ authenticationType: 'API_KEY' })

  it('let in whoever has one, without an identity', async () => {
    const fixture = createAuthFixture()
    fixture.putApiKey('da2-a')
    fixture.putApiKey('da2-b')
    expect(await outcomeOf(fixture, api, requestWith([['X-Api-Key', 'da2-b']]))).toEqual({
      mode: 'API_KEY',
      identity: null,
      expiresAt: NOW + 3_600_000,
    })
  })

  it('stop when they are deleted, when they expire, and are of one API only', async () => {
    const fixture = createAuthFixture()
    fixture.putApiKey('da2-a')
    const request = requestWith([['x-api-key', 'da2-a']])
    expect(await outcomeOf(fixture, { ...api, arn: `${API_ARN}b` }, request)).toEqual(REFUSED)
    fixture.clock.advance(3_600_000)
    expect(await outcomeOf(fixture, api, request)).toEqual(REFUSED)
    fixture.putApiKey('da2-a', NOW / 1000 + 7200)
    expect(await outcomeOf(fixture, api, request)).toMatchObject({ mode: 'API_KEY' })
    fixture.catalog.collection('AWS::AppSync::ApiKey').delete(`${API_ARN}/apikeys/da2-a`)
    expect(await outcomeOf(fixture, api, request)).toEqual(REFUSED)
  })

  it('answers at once, without a promise', () => {
    const fixture = createAuthFixture()
    fixture.putApiKey('da2-a')
    expect(fixture.authenticator.authenticate(api, requestWith([['x-api-key', 'da2-a']]))).not.toBeInstanceOf(Promise)
  })
})

describe('AWS_IAM', () => {
  const api = apiWith({ authenticationType: 'AWS_IAM' })

  it('makes the identity of a signed request complete', async () => {
    const fixture = createAuthFixture({
      configured: [{ ...LONG_TERM, arn: 'arn:aws:iam::000000000000:user/ada' }],
    })
    const request = signedRequest(LONG_TERM)
    expect(
      await outcomeOf(fixture, api, {
        ...request,
        headers: [...request.headers, ['X-Forwarded-For', '203.0.113.9, 10.0.0.1']],
      }),
    ).toEqual({
      mode: 'AWS_IAM',
      identity: {
        accountId: '000000000000',
        cognitoIdentityAuthProvider: null,
        cognitoIdentityAuthType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        sourceIp: ['203.0.113.9', '10.0.0.1', '127.0.0.1'],
        userArn: 'arn:aws:iam::000000000000:user/ada',
        username: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      },
      mayUse: expect.any(Function),
      denies: expect.any(Function),
    })
  })

  it('knows temporary credentials with the Cognito identity that they were made for', async () => {
    const fixture = createAuthFixture()
    const cognitoIdentity = {
      cognitoIdentityPoolId: 'us-east-1:pool',
      cognitoIdentityId: 'us-east-1:identity',
      cognitoIdentityAuthType: 'authenticated',
      cognitoIdentityAuthProvider: '"p","p:CognitoSignIn:s"',
    } as const
    const temporary = fixture.credentials.issueTemporary({
      roleArn: 'arn:aws:iam::000000000000:role/Reader',
      sessionName: 'CognitoIdentityCredentials',
      cognitoIdentity,
    })
    expect(await outcomeOf(fixture, api, signedRequest(temporary))).toMatchObject({
      identity: {
        ...cognitoIdentity,
        userArn: 'arn:aws:sts::000000000000:assumed-role/Reader/CognitoIdentityCredentials',
        username: expect.stringMatching(/^AROA[A-Z2-7]{17}:CognitoIdentityCredentials$/),
      },
      expiresAt: NOW + 3_600_000,
    })
    const { sessionToken: _, ...withoutToken } = temporary
    const unknown = [403, 'UnrecognizedClientException', 'The security token included in the request is invalid.']
    expect(await outcomeOf(fixture, api, signedRequest(withoutToken))).toEqual(unknown)
    const altered = `A${temporary.sessionToken.slice(1)}` === temporary.sessionToken ? 'B' : 'A'
    expect(
      await outcomeOf(
        fixture,
        api,
        signedRequest({ ...temporary, sessionToken: altered + temporary.sessionToken.slice(1) }),
      ),
    ).toEqual(unknown)
    const other = fixture.credentials.issueTemporary({
      roleArn: 'arn:aws:iam::000000000000:role/Admin',
      sessionName: 'xx',
    })
    expect(await outcomeOf(fixture, api, signedRequest({ ...temporary, sessionToken: other.sessionToken }))).toEqual(
      unknown,
    )
    fixture.clock.advance(3_600_000)
    expect(await outcomeOf(fixture, api, signedRequest(temporary, {}, NOW + 3_600_000))).toEqual([
      403,
      'ExpiredTokenException',
      'The security token included in the request is expired',
    ])
  })

  it('lets an identity use what its role allows, and nothing that it denies', async () => {
    const fixture = createAuthFixture()
    const temporary = fixture.credentials.issueTemporary({
      roleArn: 'arn:aws:iam::000000000000:role/Reader',
      sessionName: 's1',
    })
    const uses = async (): Promise<unknown[]> => {
      const caller = await outcomeOf(fixture, api, signedRequest(temporary))
      if (Array.isArray(caller)) return caller
      const { mayUse, denies } = caller as Caller
      return [
        mayUse?.('Query', 'post'),
        mayUse?.('Query', 'secret'),
        mayUse?.('Mutation', 'add'),
        denies?.('Post', 'secret'),
      ]
    }
    expect(await uses()).toEqual([false, false, false, false])
    fixture.catalog.collection('AWS::IAM::Role').put({
      arn: 'arn:aws:iam::000000000000:role/Reader',
      roleName: 'Reader',
      managedPolicyArns: [],
      policies: [
        {
          policyName: 'read',
          policyDocument: {
            Statement: [
              { Effect: 'Allow', Action: 'appsync:GraphQL', Resource: `${API_ARN}/types/Query/*` },
              { Effect: 'Deny', Action: 'appsync:*', Resource: `${API_ARN}/types/*/fields/secret` },
            ],
          },
        },
      ],
    })
    expect(await uses()).toEqual([true, false, false, true])
  })

  it('refuses callers of another account, another region, another service', async () => {
    const fixture = createAuthFixture({ configured: [{ ...LONG_TERM, accountId: '111122223333' }] })
    expect(await outcomeOf(fixture, api, signedRequest(LONG_TERM))).toEqual([
      401,
      'UnauthorizedException',
      'Permission denied',
    ])
    const here = createAuthFixture()
    for (const scope of [
      { region: 'eu-west-1', service: 'appsync' },
      { region: 'us-east-1', service: 'execute-api' },
    ]) {
      const request = requestWith([])
      const { headers } = signRequest({ ...request, ...scope, credentials: LONG_TERM, now: NOW })
      expect(await outcomeOf(here, api, { ...request, headers })).toMatchObject([
        403,
        'InvalidSignatureException',
        expect.any(String),
      ])
    }
  })

  it('takes the signature from the query, and the auth object of a socket', async () => {
    const fixture = createAuthFixture()
    const { headers } = signRequest({
      method: 'POST',
      target: '/graphql/connect',
      headers: [
        ['accept', 'application/json, text/javascript'],
        ['content-encoding', 'amz-1.0'],
        ['host', '127.0.0.1:4000'],
      ],
      body: '{}',
      credentials: LONG_TERM,
      region: 'us-east-1',
      service: 'appsync',
      now: NOW,
    })
    const authObject = { ...Object.fromEntries(headers), 'x-amz-user-agent': 'unsigned extra', number: 1 }
    expect(
      await outcomeOf(fixture, api, requestOfAuthObject(authObject, { target: '/graphql/connect', body: '{}' })),
    ).toMatchObject({ mode: 'AWS_IAM' })
    const elsewhere = requestOfAuthObject(authObject, { target: '/graphql', body: '{}' })
    expect((await outcomeOf(fixture, api, elsewhere)) as unknown[]).toEqual([
      403,
      'InvalidSignatureException',
      expect.any(String),
    ])
    const request = requestWith([])
    const { target } = presign(request, {
      credentials: LONG_TERM,
      region: 'us-east-1',
      service: 'appsync',
      now: NOW,
      expiresIn: 60,
    })
    expect(await outcomeOf(fixture, api, { ...request, target })).toMatchObject({ mode: 'AWS_IAM' })
  })
})

describe('AWS_LAMBDA', () => {
  const api = apiWith(LAMBDA)
  const answering = (answer: unknown) => {
    const events: unknown[] = []
    const fixture = createAuthFixture({
      lambda: {
        async invoke({ payload }) {
          events.push(JSON.parse(payload))
          return { payload: JSON.stringify(answer) }
        },
      },
    })
    return { ...fixture, events }
  }

  it('asks the function as AppSync does, and keeps its answer for its time', async () => {
    const fixture = answering({
      isAuthorized: true,
      resolverContext: { tenant: 'acme' },
      deniedFields: ['Post.secret'],
      ttlOverride: 10,
    })
    const request = requestWith([['Authorization', 'custom-token']], {
      requestId: 'r-1',
      operation: { query: '{ ping }', operationName: 'Q', variables: { a: 1 } },
    })
    const caller = {
      mode: 'AWS_LAMBDA',
      identity: { resolverContext: { tenant: 'acme' } },
      deniedFields: ['Post.secret'],
    }
    expect(await outcomeOf(fixture, api, request)).toEqual(caller)
    fixture.clock.advance(9_999)
    expect(await outcomeOf(fixture, api, request)).toEqual(caller)
    expect(fixture.events).toEqual([
      {
        authorizationToken: 'custom-token',
        requestContext: {
          apiId: 'a',
          accountId: '000000000000',
          requestId: 'r-1',
          queryString: '{ ping }',
          operationName: 'Q',
          variables: { a: 1 },
        },
        requestHeaders: { host: '127.0.0.1:4000', authorization: 'custom-token' },
      },
    ])
    fixture.clock.advance(1)
    await outcomeOf(fixture, api, request)
    expect(fixture.events).toHaveLength(2)
  })

  it('keeps answers as long as the API says, five minutes where it does not, and not at all for 0', async () => {
    const counts: number[] = []
    for (const [authorizerResultTtlInSeconds, wait] of [
      [undefined, 299_999],
      [undefined, 300_000],
      [60, 59_999],
      [60, 60_000],
      [0, 0],
    ] as const) {
      const fixture = answering({ isAuthorized: true })
      const config = {
        ...LAMBDA.lambdaAuthorizerConfig,
        ...(authorizerResultTtlInSeconds !== undefined && { authorizerResultTtlInSeconds }),
      }
      const timed = apiWith({ ...LAMBDA, lambdaAuthorizerConfig: config })
      const request = requestWith([['authorization', 't']])
      await outcomeOf(fixture, timed, request)
      fixture.clock.advance(wait)
      await outcomeOf(fixture, timed, request)
      counts.push(fixture.events.length)
    }
    expect(counts).toEqual([1, 2, 1, 2, 2])
  })

  it('does not ask about a token that the expression does not match as a whole', async () => {
    const fixture = answering({ isAuthorized: true })
    const strict = apiWith({
      ...LAMBDA,
      lambdaAuthorizerConfig: { ...LAMBDA.lambdaAuthorizerConfig, identityValidationExpression: 'tok-[0-9]+' },
    })
    expect(await outcomeOf(fixture, strict, requestWith([['authorization', 'x tok-1']]))).toEqual(REFUSED)
    expect(fixture.events).toEqual([])
    expect(await outcomeOf(fixture, strict, requestWith([['authorization', 'tok-12']]))).toMatchObject({
      mode: 'AWS_LAMBDA',
    })
  })

  it('remembers a refusal too', async () => {
    const fixture = answering({ isAuthorized: false })
    const request = requestWith([['authorization', 't']])
    expect([await outcomeOf(fixture, api, request), await outcomeOf(fixture, api, request)]).toEqual([REFUSED, REFUSED])
    expect(fixture.events).toHaveLength(1)
  })

  it('is a bad request where the function cannot be invoked', async () => {
    const fixture = createAuthFixture({
      lambda: { invoke: () => Promise.reject(new AwsError('ResourceNotFoundException', 'Function not found')) },
    })
    expect(await outcomeOf(fixture, api, requestWith([['authorization', 't']]))).toEqual([
      400,
      'BadRequestException',
      '',
    ])
  })
})

describe('several modes at once', () => {
  let issuer: TestIssuer
  let pool: TestIssuer
  beforeAll(async () => {
    issuer = await createTestIssuer('https://issuer.example')
    pool = await createTestIssuer('https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A')
  })
  const fixtureOf = () => {
    const documents = new Map<string, unknown>([
      [
        `${issuer.issuer}/.well-known/openid-configuration`,
        { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/keys` },
      ],
      [`${issuer.issuer}/keys`, { keys: [issuer.jwk] }],
      [`${pool.issuer}/.well-known/jwks.json`, { keys: [pool.jwk] }],
    ])
    const fixture = createAuthFixture({
      fetch: async (url) => Response.json(documents.get(String(url)) ?? {}),
      lambda: { invoke: async () => ({ payload: '{"isAuthorized":true}' }) },
    })
    fixture.putApiKey('da2-a')
    return fixture
  }
  const api = apiWith(
    { authenticationType: 'API_KEY' },
    { authenticationType: 'AWS_IAM' },
    { authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: 'https://issuer.example' } },
    {
      authenticationType: 'AMAZON_COGNITO_USER_POOLS',
      userPoolConfig: { userPoolId: 'us-east-1_A', awsRegion: 'us-east-1', appIdClientRegex: 'app-.*' },
    },
    LAMBDA,
  )
  const seconds = NOW / 1000
  const valid = { sub: 'u', iat: seconds, exp: seconds + 60 }

  it('tells the provider of a token by its issuer, with or without Bearer', async () => {
    const fixture = fixtureOf()
    const oidc = await issuer.sign({ ...valid, aud: 'x' })
    const access = await pool.sign({
      ...valid,
      token_use: 'access',
      client_id: 'app-1',
      username: 'ada',
      'cognito:groups': ['g'],
    })
    expect(await outcomeOf(fixture, api, requestWith([['Authorization', `Bearer ${oidc}`]]))).toEqual({
      mode: 'OPENID_CONNECT',
      identity: { claims: { iss: issuer.issuer, ...valid, aud: 'x' }, issuer: issuer.issuer, sub: 'u' },
      issuer: issuer.issuer,
      expiresAt: (seconds + 60) * 1000,
    })
    expect(await outcomeOf(fixture, api, requestWith([['authorization', access]]))).toEqual({
      mode: 'AMAZON_COGNITO_USER_POOLS',
      identity: {
        claims: {
          iss: pool.issuer,
          ...valid,
          token_use: 'access',
          client_id: 'app-1',
          username: 'ada',
          'cognito:groups': ['g'],
        },
        defaultAuthStrategy: 'ALLOW',
        groups: ['g'],
        issuer: pool.issuer,
        sourceIp: ['127.0.0.1'],
        sub: 'u',
        username: 'ada',
      },
      issuer: pool.issuer,
      groups: ['g'],
      expiresAt: (seconds + 60) * 1000,
    })
  })

  it('gives what is no token of a known issuer to the Lambda authorizer, but no token of one', async () => {
    const fixture = fixtureOf()
    const stranger = await createTestIssuer('https://stranger.example')
    expect(await outcomeOf(fixture, api, requestWith([['authorization', await stranger.sign(valid)]]))).toMatchObject({
      mode: 'AWS_LAMBDA',
    })
    expect(await outcomeOf(fixture, api, requestWith([['authorization', 'opaque']]))).toMatchObject({
      mode: 'AWS_LAMBDA',
    })
    const forged = await createTestIssuer('https://issuer.example')
    expect(await outcomeOf(fixture, api, requestWith([['authorization', await forged.sign(valid)]]))).toEqual(REFUSED)
  })

  it('lets a signature beat an API key, and an API key a token', async () => {
    const fixture = fixtureOf()
    const signed = signedRequest(LONG_TERM)
    expect(
      await outcomeOf(fixture, api, { ...signed, headers: [...signed.headers, ['x-api-key', 'da2-a']] }),
    ).toMatchObject({ mode: 'AWS_IAM' })
    const wrong = { ...signed, body: Buffer.from('{}'), headers: [...signed.headers, ['x-api-key', 'da2-a']] as const }
    expect(await outcomeOf(fixture, api, wrong)).toMatchObject([403, 'InvalidSignatureException', expect.any(String)])
    const token = await issuer.sign({ ...valid, aud: 'x' })
    expect(
      await outcomeOf(
        fixture,
        api,
        requestWith([
          ['authorization', token],
          ['x-api-key', 'da2-a'],
        ]),
      ),
    ).toMatchObject({ mode: 'API_KEY' })
    expect(
      await outcomeOf(
        fixture,
        api,
        requestWith([
          ['authorization', token],
          ['x-api-key', 'da2-x'],
        ]),
      ),
    ).toEqual(REFUSED)
  })

  it.each([
    ['nothing', [], 'Valid authorization header not provided.'],
    ['an empty Authorization', [['authorization', '']], 'Valid authorization header not provided.'],
    [
      'two Authorization headers',
      [
        ['authorization', 'a'],
        ['authorization', 'a'],
      ],
      REFUSED[2],
    ],
  ] as const)('refuses %s', async (_, headers, message) => {
    expect(await outcomeOf(fixtureOf(), api, requestWith(headers))).toEqual([401, 'UnauthorizedException', message])
  })

  it('says what is wrong with a token where nothing else could be meant', async () => {
    const fixture = fixtureOf()
    const tokensOnly = apiWith({
      authenticationType: 'OPENID_CONNECT',
      openIDConnectConfig: { issuer: 'https://issuer.example/' },
    })
    const outcome = async (token: string) => outcomeOf(fixture, tokensOnly, requestWith([['authorization', token]]))
    expect(await outcome('opaque')).toEqual([401, 'UnauthorizedException', 'Unable to parse JWT token.'])
    expect(await outcome(await issuer.sign({ ...valid, exp: seconds }))).toEqual([
      401,
      'UnauthorizedException',
      'Token has expired.',
    ])
    expect(await outcome(await pool.sign(valid))).toEqual(REFUSED)
    expect(await outcome(await issuer.sign(valid))).toMatchObject({ mode: 'OPENID_CONNECT' })
    const keysOnly = apiWith({ authenticationType: 'API_KEY' })
    expect(await outcomeOf(fixture, keysOnly, requestWith([['authorization', 'x']]))).toEqual([
      401,
      'UnauthorizedException',
      'Valid authorization header not provided.',
    ])
    const iamOnly = apiWith({ authenticationType: 'AWS_IAM' })
    expect(await outcomeOf(fixture, iamOnly, requestWith([['x-api-key', 'da2-a']]))).toEqual(REFUSED)
  })

  it('judges a remembered token by its claims every time', async () => {
    const fixture = fixtureOf()
    const token = await issuer.sign({ ...valid, aud: 'x' })
    const request = requestWith([['authorization', token]])
    await outcomeOf(fixture, api, request)
    expect(fixture.authenticator.authenticate(api, request)).not.toBeInstanceOf(Promise)
    fixture.clock.advance(60_000)
    expect(await outcomeOf(fixture, api, request)).toEqual([401, 'UnauthorizedException', 'Token has expired.'])
  })

  it('knows user pools at an endpoint elsewhere by that endpoint', async () => {
    const moto = await createTestIssuer('http://127.0.0.1:5000/us-east-1_A')
    const asked: string[] = []
    const fixture = createAuthFixture({
      cognitoEndpoint: 'http://127.0.0.1:5000/',
      fetch: async (url) => {
        asked.push(String(url))
        return Response.json({ keys: [moto.jwk] })
      },
    })
    const token = await moto.sign({ ...valid, token_use: 'id', aud: 'app-1', 'cognito:username': 'ada' })
    expect(await outcomeOf(fixture, api, requestWith([['authorization', token]]))).toMatchObject({
      identity: { username: 'ada', groups: null },
    })
    expect(asked).toEqual(['http://127.0.0.1:5000/us-east-1_A/.well-known/jwks.json'])
  })
})

describe('several providers of one kind', () => {
  const seconds = NOW / 1000
  const valid = { sub: 'u', iat: seconds, exp: seconds + 60 }

  it('are told apart by the issuer, each with its own rules', async () => {
    const [one, two, east, west] = await Promise.all(
      [
        'https://one.example',
        'https://two.example/realms/r',
        'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A',
        'https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_B',
      ].map((name) => createTestIssuer(name)),
    )
    const issuers = [one!, two!, east!, west!]
    const fixture = createAuthFixture({
      fetch: async (input) => {
        const url = String(input)
        const issuer = issuers.find((candidate) => url.startsWith(`${candidate.issuer}/`))
        return Response.json(
          url.endsWith('/openid-configuration')
            ? { issuer: issuer?.issuer, jwks_uri: `${issuer?.issuer}/keys` }
            : { keys: [issuer?.jwk] },
        )
      },
    })
    const api = apiWith(
      { authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: one!.issuer, clientId: 'app-one' } },
      { authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: `${two!.issuer}/`, clientId: 'app-two' } },
      {
        authenticationType: 'AMAZON_COGNITO_USER_POOLS',
        userPoolConfig: { userPoolId: 'us-east-1_A', awsRegion: 'us-east-1' },
      },
      {
        authenticationType: 'AMAZON_COGNITO_USER_POOLS',
        userPoolConfig: { userPoolId: 'cn-north-1_B', awsRegion: 'cn-north-1', appIdClientRegex: 'web' },
      },
    )
    const issuerOf = async (issuer: TestIssuer, claims: Record<string, unknown>) => {
      const token = await issuer.sign({ ...valid, ...claims })
      const outcome = await outcomeOf(fixture, api, requestWith([['authorization', token]]))
      return Array.isArray(outcome) ? 'refused' : (outcome as Caller).issuer
    }
    const access = { token_use: 'access', client_id: 'web' }
    expect([
      await issuerOf(one!, { aud: 'app-one' }),
      await issuerOf(one!, { aud: 'app-two' }),
      await issuerOf(two!, { azp: 'app-two' }),
      await issuerOf(two!, { iss: `${two!.issuer}//`, aud: 'app-two' }),
      await issuerOf(one!, { iss: two!.issuer, aud: 'app-two' }),
      await issuerOf(east!, { ...access, client_id: 'any' }),
      await issuerOf(west!, access),
      await issuerOf(west!, { ...access, client_id: 'any' }),
      await issuerOf(east!, { ...access, iss: west!.issuer }),
    ]).toEqual([
      one!.issuer,
      'refused',
      two!.issuer,
      'refused',
      'refused',
      east!.issuer,
      west!.issuer,
      'refused',
      'refused',
    ])
  })

  it.each([
    // configured, as the provider writes itself, in the token, accepted
    ['https://t.example', 'https://t.example', 'https://t.example', true],
    ['https://t.example', 'https://t.example', 'https://t.example/', false],
    ['https://t.example', 'https://t.example/', 'https://t.example/', true],
    ['https://t.example', 'https://t.example/', 'https://t.example', true],
    ['https://t.example/', 'https://t.example', 'https://t.example', true],
    ['https://t.example/', 'https://t.example/', 'https://t.example/', true],
    ['https://t.example/', 'https://t.example/', 'https://t.example', true],
    ['https://t.example/', 'https://t.example', 'https://t.example//', false],
    ['https://t.example/', 'https://t.example', 'https://T.example', false],
  ])('configured as %s, naming itself %s, give tokens of %s: %s', async (configured, named, iss, accepted) => {
    const issuer = await createTestIssuer(named)
    const fixture = createAuthFixture({
      fetch: async (url) =>
        Response.json(
          String(url) === 'https://t.example/.well-known/openid-configuration'
            ? { issuer: named, jwks_uri: 'https://t.example/keys' }
            : { keys: [issuer.jwk] },
        ),
    })
    const api = apiWith({ authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: configured } })
    const token = await issuer.sign({ ...valid, iss })
    const outcome = await outcomeOf(fixture, api, requestWith([['authorization', token]]))
    if (accepted) expect(outcome).toMatchObject({ mode: 'OPENID_CONNECT', issuer: iss })
    else expect(outcome).toEqual(REFUSED)
  })
})
