import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RequestCredentials } from '../../src/auth/caller.ts'
import { apiWith, createAuthFixture, NOW, outcomeOf, requestWith, signedRequest } from '../support/authFixture.ts'
import { createTestIssuer, type TestIssuer } from '../support/testIssuer.ts'

const RUNS = Number(process.env['SIDESTAGE_FUZZ_RUNS'] ?? 300)
const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-AKIDEXAMPLE' }

/** The text with one character replaced, added or taken away. */
const mutationOf = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(text.length - 1), fc.constantFrom('replace', 'insert', 'delete'), fc.stringMatching(/^[!-~]$/))
    .map(([at, kind, char]) => {
      if (kind === 'insert') return text.slice(0, at) + char + text.slice(at)
      return text.slice(0, at) + (kind === 'replace' ? char : '') + text.slice(at + 1)
    })
    .filter((mutated) => mutated !== text)

const plain = (text: string): string => text.replace(/\s/g, '').toLowerCase()

describe('a genuine credential with one character changed', () => {
  let issuer: TestIssuer
  beforeAll(async () => {
    issuer = await createTestIssuer('https://issuer.example')
  })

  it('is no token', async () => {
    const fixture = createAuthFixture({
      fetch: async (url) =>
        Response.json(
          String(url).endsWith('configuration')
            ? { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/keys` }
            : { keys: [issuer.jwk] },
        ),
    })
    const api = apiWith({ authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { issuer: issuer.issuer } })
    const token = await issuer.sign({ sub: 'u', exp: NOW / 1000 + 60 })
    const send = (text: string) => outcomeOf(fixture, api, requestWith([['authorization', text]]))
    expect(await send(token)).toMatchObject({ mode: 'OPENID_CONNECT' })
    await fc.assert(
      fc.asyncProperty(mutationOf(token), async (mutated) => {
        expect(await send(mutated)).toEqual([401, 'UnauthorizedException', expect.any(String)])
      }),
      { numRuns: RUNS },
    )
  })

  it('is no signature: of method, path, body, time, key, or of any signed header', async () => {
    const fixture = createAuthFixture()
    const api = apiWith({ authenticationType: 'AWS_IAM' })
    const request = signedRequest(KEY, { target: '/graphql?tenant=a' })
    expect(await outcomeOf(fixture, api, request)).toMatchObject({ mode: 'AWS_IAM' })
    const body = Buffer.from(request.body).toString('utf8')
    const changed: fc.Arbitrary<RequestCredentials> = fc.oneof(
      mutationOf(request.method).map((method) => ({ ...request, method })),
      mutationOf(body).map((text) => ({ ...request, body: Buffer.from(text) })),
      // An empty parameter or a fragment of one changes nothing that is signed.
      mutationOf(request.target)
        .filter((target) => !/[&#]|\/\/|\/\.|=$/.test(target))
        .map((target) => ({ ...request, target })),
      ...request.headers.map(([name, value], index) =>
        mutationOf(value)
          // White space between its parts, and the case of the signed headers' names, make no difference.
          .filter((mutated) => name.toLowerCase() !== 'authorization' || plain(mutated) !== plain(value))
          .filter((mutated) => !/,\s*,|SignedHeaders=[^,]*;(?:;|,)/.test(mutated))
          .map((mutated) => ({
            ...request,
            headers: request.headers.map((header, at) => (at === index ? ([name, mutated] as const) : header)),
          })),
      ),
    )
    await fc.assert(
      fc.asyncProperty(changed, async (mutated) => {
        const outcome = await outcomeOf(fixture, api, mutated)
        expect(Array.isArray(outcome) ? [401, 403].includes(Number(outcome[0])) : outcome).toBe(true)
      }),
      { numRuns: RUNS },
    )
  })

  it('is no session token', async () => {
    const fixture = createAuthFixture()
    const api = apiWith({ authenticationType: 'AWS_IAM' })
    const temporary = fixture.credentials.issueTemporary({
      roleArn: 'arn:aws:iam::000000000000:role/R',
      sessionName: 'ss',
    })
    await fc.assert(
      fc.asyncProperty(mutationOf(temporary.sessionToken), async (sessionToken) => {
        expect(await outcomeOf(fixture, api, signedRequest({ ...temporary, sessionToken }))).toMatchObject([
          403,
          'UnrecognizedClientException',
          expect.any(String),
        ] as never)
      }),
      { numRuns: RUNS },
    )
  })
})
