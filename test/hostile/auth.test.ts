import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  apiWith,
  createAuthFixture,
  NOW,
  outcomeOf,
  REFUSED,
  requestWith,
  signedRequest,
} from '../support/authFixture.ts'
import { createTestIssuer, type TestIssuer } from '../support/testIssuer.ts'

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-AKIDEXAMPLE' }
const IAM = apiWith({ authenticationType: 'AWS_IAM' })
const KEYS = apiWith({ authenticationType: 'API_KEY' })
const UNKNOWN = [403, 'UnrecognizedClientException', 'The security token included in the request is invalid.']

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('signatures', () => {
  it.each([
    [300, 'accepted'],
    [301, 'InvalidSignatureException'],
    [86_400, 'InvalidSignatureException'],
  ])('replayed after %d s: %s', async (seconds, expected) => {
    const fixture = createAuthFixture()
    const request = signedRequest(KEY)
    fixture.clock.advance(seconds * 1000)
    const outcome = await outcomeOf(fixture, IAM, request)
    expect(Array.isArray(outcome) ? outcome[1] : 'accepted').toBe(expected)
    if (Array.isArray(outcome)) expect(outcome[2]).toMatch(/^Signature expired: /)
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'AKIDUNKNOWN', ''])(
    'of the access key "%s" are those of an unknown key',
    async (accessKeyId) => {
      const fixture = createAuthFixture()
      const outcome = await outcomeOf(fixture, IAM, signedRequest({ ...KEY, accessKeyId }))
      expect(outcome).toEqual(UNKNOWN)
    },
  )

  it('with a session token that nobody issued are refused, whatever it holds', async () => {
    const fixture = createAuthFixture()
    for (const sessionToken of ['', 'x', 'A'.repeat(100_000), '__proto__', Buffer.alloc(64).toString('base64'), '%00'])
      expect(await outcomeOf(fixture, IAM, signedRequest({ ...KEY, accessKeyId: 'ASIAX', sessionToken }))).toEqual(
        UNKNOWN,
      )
  })

  it('that are garbage are refused as such', async () => {
    const fixture = createAuthFixture()
    for (const authorization of [
      'AWS4-HMAC-SHA256',
      'AWS4-HMAC-SHA256 ',
      'AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=',
      `AWS4-HMAC-SHA256 ${'Credential=a/b/c/d/aws4_request,'.repeat(1000)}`,
      'AWS4-HMAC-SHA256 __proto__=x, Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=00',
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260115/us-east-1/appsync/aws4_request, SignedHeaders=${'h;'.repeat(20_000)}host, Signature=00`,
    ]) {
      const request = requestWith([
        ['authorization', authorization],
        ['x-amz-date', '20260115T120000Z'],
      ])
      const outcome = await outcomeOf(fixture, IAM, request)
      expect(outcome).toEqual([
        403,
        expect.stringMatching(/^(?:IncompleteSignature|UnrecognizedClient)Exception$/),
        expect.any(String),
      ])
    }
  })
})

describe('API keys', () => {
  it.each([
    ['expired a second ago', [['x-api-key', 'da2-expired']]],
    ['with a space after it', [['x-api-key', 'da2-good ']]],
    ['in another case', [['x-api-key', 'DA2-GOOD']]],
    ['of a mebibyte', [['x-api-key', 'a'.repeat(1_048_576)]]],
    [
      'twice',
      [
        ['x-api-key', 'da2-good'],
        ['X-API-Key', 'da2-good'],
      ],
    ],
    ['named __proto__', [['x-api-key', '__proto__']]],
  ] as const)('%s are refused', async (_, headers) => {
    const fixture = createAuthFixture()
    fixture.putApiKey('da2-good')
    fixture.putApiKey('da2-expired', NOW / 1000 - 1)
    expect(await outcomeOf(fixture, KEYS, requestWith(headers))).toEqual(REFUSED)
    expect(await outcomeOf(fixture, KEYS, requestWith([['x-api-key', 'da2-good']]))).toMatchObject({ mode: 'API_KEY' })
  })

  it('beat a forged token, and are not saved by a right one', async () => {
    const fixture = createAuthFixture()
    fixture.putApiKey('da2-good')
    const api = apiWith(
      { authenticationType: 'API_KEY' },
      { authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: 'https://issuer.example' } },
    )
    const forged = await (await createTestIssuer('https://issuer.example')).sign({ exp: NOW / 1000 + 60 })
    expect(
      await outcomeOf(
        fixture,
        api,
        requestWith([
          ['x-api-key', 'da2-good'],
          ['authorization', forged],
        ]),
      ),
    ).toMatchObject({ mode: 'API_KEY' })
    expect(
      await outcomeOf(
        fixture,
        api,
        requestWith([
          ['x-api-key', 'da2-bad'],
          ['authorization', forged],
        ]),
      ),
    ).toEqual(REFUSED)
  })
})

describe('Lambda authorizers', () => {
  const api = apiWith({ authenticationType: 'AWS_LAMBDA', lambdaAuthorizerConfig: { authorizerUri: 'authorize' } })
  const request = requestWith([['authorization', 'the-secret-token']])

  it.each([
    ['no JSON', { payload: 'yes' }],
    ['nothing', { payload: '' }],
    ['null', { payload: 'null' }],
    ['a list', { payload: '[true]' }],
    ['isAuthorized as a text', { payload: '{"isAuthorized":"true"}' }],
    ['isAuthorized as a number', { payload: '{"isAuthorized":1}' }],
    ['isAuthorized in a prototype', { payload: '{"__proto__":{"isAuthorized":true}}' }],
    ['an error of the function', { payload: '{"isAuthorized":true}', functionError: 'Unhandled' }],
    [
      'a context of 6 MB',
      { payload: JSON.stringify({ isAuthorized: true, resolverContext: { a: 'x'.repeat(6_000_000) } }) },
    ],
    ['a context that is a list', { payload: '{"isAuthorized":true,"resolverContext":[]}' }],
    ['deniedFields that are no list', { payload: '{"isAuthorized":true,"deniedFields":"Post.secret"}' }],
    ['deniedFields that are no texts', { payload: '{"isAuthorized":true,"deniedFields":[1]}' }],
    ['a life that is no number', { payload: '{"isAuthorized":true,"ttlOverride":"NaN"}' }],
  ])('that answer %s let nobody in', async (_, answer) => {
    const fixture = createAuthFixture({ lambda: { invoke: async () => answer } })
    expect(await outcomeOf(fixture, api, request)).toEqual(REFUSED)
    expect(fixture.logged.join()).not.toContain('the-secret-token')
  })

  it('that throw let nobody in', async () => {
    const fixture = createAuthFixture({ lambda: { invoke: () => Promise.reject(new Error('boom the-secret-token')) } })
    expect(await outcomeOf(fixture, api, request)).toEqual(REFUSED)
    expect(fixture.logged.join()).not.toContain('the-secret-token')
  })

  it('that hang are cut after ten seconds', async () => {
    let aborted = false
    const fixture = createAuthFixture({
      lambda: {
        invoke: ({ signal }) =>
          new Promise(() => {
            signal?.addEventListener('abort', () => {
              aborted = true
            })
          }),
      },
    })
    const outcome = outcomeOf(fixture, api, request)
    fixture.clock.advance(9_999)
    expect([fixture.clock.waiting, aborted]).toEqual([1, false])
    fixture.clock.advance(1)
    expect([await outcome, aborted]).toEqual([REFUSED, true])
  })
})

describe('tokens', () => {
  const seconds = NOW / 1000
  const claims = { sub: 'u', aud: 'app', iat: seconds, exp: seconds + 60 }
  let good: TestIssuer
  beforeAll(async () => {
    good = await createTestIssuer('to be replaced')
  })

  /** An issuer over HTTP, whose key set answers as told; counts how often it is asked. */
  async function serveIssuer(
    keySet: RequestListener = (_, response) => response.end(JSON.stringify({ keys: [good.jwk] })),
  ) {
    let asked = 0
    const handler = { keySet }
    const url: string = await listen((request, response) => {
      if (request.url === '/.well-known/openid-configuration')
        response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }))
      else {
        asked++
        handler.keySet(request, response)
      }
    })
    const api = apiWith({ authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: url } })
    const fixture = createAuthFixture({ fetch: globalThis.fetch, issuerTimeout: 300 })
    return {
      url,
      fixture,
      handler,
      get asked() {
        return asked
      },
      send: async (token: string) => outcomeOf(fixture, api, requestWith([['authorization', token]])),
      sign: (header: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
        good.sign({ ...claims, ...more, iss: url }, header),
    }
  }

  it('that name keys at an address open no connection', async () => {
    let connections = 0
    const bait = await listen((_, response) => {
      connections++
      response.end('{}')
    })
    const issuer = await serveIssuer()
    const evil = await createTestIssuer(issuer.url)
    for (const header of [
      { jku: `${bait}/keys` },
      { x5u: `${bait}/cert` },
      { jwk: evil.jwk },
      { kid: `${bait}/keys` },
      { x5c: ['AAAA'] },
    ])
      expect(await issuer.send(await evil.sign({ ...claims, iss: issuer.url }, header))).toEqual(REFUSED)
    expect(connections).toBe(0)
    expect(await issuer.send(await issuer.sign())).toMatchObject({ mode: 'OPENID_CONNECT' })
  })

  it.each<[string, RequestListener]>([
    ['answers 500', (_, response) => response.writeHead(500).end()],
    ['hangs', () => {}],
    ['sends 50 MB', (_, response) => response.end(Buffer.alloc(50_000_000, ' '))],
    [
      'sends an endless document',
      (_, response) => {
        const chunk = Buffer.alloc(65_536, ' ')
        const more = (): void => {
          while (response.writable && response.write(chunk));
          if (response.writable) response.once('drain', more)
        }
        more()
      },
    ],
    ['redirects to a file', (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end()],
    ['redirects elsewhere', (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end()],
    ['sends no JSON', (_, response) => response.end('<html>')],
    ['sends no keys', (_, response) => response.end('{"keys":{}}')],
    [
      'sends a thousand keys',
      (_, response) => response.end(JSON.stringify({ keys: Array.from({ length: 1000 }, () => good.jwk) })),
    ],
    [
      'sends a secret among the keys',
      (_, response) => response.end(JSON.stringify({ keys: [good.jwk, { kty: 'oct', k: 'AAAA', kid: 'k1' }] })),
    ],
  ])('are refused while their issuer %s; known keys work on through it', async (_, failing) => {
    const broken = await serveIssuer(failing)
    expect(await broken.send(await broken.sign())).toEqual(REFUSED)

    const issuer = await serveIssuer()
    expect(await issuer.send(await issuer.sign())).toMatchObject({ mode: 'OPENID_CONNECT' })
    issuer.handler.keySet = failing
    issuer.fixture.clock.advance(24 * 3600_000)
    const later = { iat: seconds + 86_400, exp: seconds + 86_500 }
    const outcome = await issuer.send(await issuer.sign({}, later))
    // What a healthy answer no longer holds is gone; a failure takes nothing away.
    expect(outcome).toMatchObject({ mode: 'OPENID_CONNECT' })
  })

  it('with a thousand unknown keys cost one fetch a cool-down, and a rotated key is found after it', async () => {
    const issuer = await serveIssuer()
    await issuer.send(await issuer.sign())
    expect(issuer.asked).toBe(1)
    const storm = await Promise.all(Array.from({ length: 1000 }, (_, n) => issuer.sign({ kid: `unknown-${n}` })))
    issuer.fixture.clock.advance(30_000)
    const outcomes = await Promise.all(storm.map((token) => issuer.send(token)))
    expect(outcomes.every((outcome) => JSON.stringify(outcome) === JSON.stringify(REFUSED))).toBe(true)
    for (const token of storm.slice(0, 10)) await issuer.send(token)
    expect(issuer.asked).toBe(2)

    const rotated = await createTestIssuer(issuer.url, 'k2')
    issuer.handler.keySet = (_, response) => response.end(JSON.stringify({ keys: [good.jwk, rotated.jwk] }))
    const token = await rotated.sign(claims)
    expect(await issuer.send(token)).toEqual(REFUSED)
    issuer.fixture.clock.advance(29_000)
    expect(await issuer.send(token)).toEqual(REFUSED)
    expect(issuer.asked).toBe(2)
    issuer.fixture.clock.advance(500)
    const fresh = { iat: seconds + 59, exp: seconds + 200 }
    issuer.fixture.clock.advance(500)
    expect(await issuer.send(await rotated.sign({ ...claims, ...fresh }))).toMatchObject({ mode: 'OPENID_CONNECT' })
    expect(await issuer.send(await issuer.sign({}, fresh))).toMatchObject({ mode: 'OPENID_CONNECT' })
    expect(issuer.asked).toBe(3)
  })

  it('of an issuer that was down at first are accepted soon after it is up', async () => {
    const issuer = await serveIssuer((_, response) => response.writeHead(503).end())
    expect(await issuer.send(await issuer.sign())).toEqual(REFUSED)
    issuer.handler.keySet = (_, response) => response.end(JSON.stringify({ keys: [good.jwk] }))
    issuer.fixture.clock.advance(2_999)
    expect(await issuer.send(await issuer.sign())).toEqual(REFUSED)
    expect(issuer.asked).toBe(1)
    issuer.fixture.clock.advance(1)
    expect(await issuer.send(await issuer.sign())).toMatchObject({ mode: 'OPENID_CONNECT' })
  })

  it('of a key that the issuer took back are refused, remembered or not', async () => {
    const issuer = await serveIssuer()
    const other = await createTestIssuer(issuer.url, 'k2')
    const token = await issuer.sign({}, { exp: seconds + 86_400 })
    expect(await issuer.send(token)).toMatchObject({ mode: 'OPENID_CONNECT' })
    issuer.handler.keySet = (_, response) => response.end(JSON.stringify({ keys: [other.jwk] }))
    issuer.fixture.clock.advance(31_000)
    expect(await issuer.send(await other.sign({ ...claims, exp: seconds + 86_400 }))).toMatchObject({
      mode: 'OPENID_CONNECT',
    })
    issuer.fixture.clock.advance(31_000)
    expect(await issuer.send(token)).toEqual(REFUSED)
  })

  it('of an issuer that names itself differently are refused, and the two names are told before any comes', async () => {
    const url = await listen((_, response) =>
      response.end('{"issuer":"https://other.example","jwks_uri":"https://other.example/keys"}'),
    )
    const fixture = createAuthFixture({ fetch: globalThis.fetch })
    const api = apiWith({ authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: url } })
    expect(await fixture.authenticator.checkProviders(api)).toEqual([
      {
        severity: 'error',
        message: `the issuer is configured as "${url}", but ${url}/.well-known/openid-configuration names "https://other.example"`,
      },
    ])
    const token = await good.sign({ ...claims, iss: url })
    expect(await outcomeOf(fixture, api, requestWith([['authorization', token]]))).toEqual(REFUSED)
    expect(fixture.logged.join()).not.toContain(token.split('.')[2])
  })

  it('of any shape cost no time', async () => {
    const issuer = await serveIssuer()
    await issuer.send(await issuer.sign())
    const started = process.cpuUsage()
    for (const token of [
      '.'.repeat(100_000),
      'a'.repeat(1_000_000),
      `${'['.repeat(200_000)}.e30.x`,
      `${Buffer.from(`{"alg":"RS256","x":${'['.repeat(3000)}${']'.repeat(3000)}}`).toString('base64url')}.e30.AAAA`,
      `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('['.repeat(40_000)).toString('base64url')}.AAAA`,
    ])
      expect(await issuer.send(token)).toEqual([401, 'UnauthorizedException', expect.any(String)])
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000)
  })

  it('are matched against patterns in linear time', async () => {
    const fixture = createAuthFixture({
      fetch: async (url) =>
        Response.json(
          String(url).endsWith('openid-configuration')
            ? { issuer: 'https://issuer.example', jwks_uri: 'https://issuer.example/keys' }
            : { keys: [good.jwk] },
        ),
    })
    const send = async (clientId: string, aud: unknown) =>
      outcomeOf(
        fixture,
        apiWith({
          authenticationType: 'OPENID_CONNECT',
          openIDConnectConfig: { issuer: 'https://issuer.example', clientId },
        }),
        requestWith([['authorization', await good.sign({ ...claims, iss: 'https://issuer.example', aud })]]),
      )
    expect(await send('(a+)+', `${'a'.repeat(5000)}!`)).toEqual(REFUSED)
    expect(await send('(a+)+', ['x', 'a'.repeat(5000)])).toMatchObject({ mode: 'OPENID_CONNECT' })
    expect(await send('(?<!x)a', 'a')).toEqual(REFUSED)
    expect(await send('', { toString: 'a' })).toMatchObject({ mode: 'OPENID_CONNECT' })
    expect(fixture.logged.some((line) => line.includes('cannot be read; it matches nothing'))).toBe(true)
  })
})
