import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { AppSyncClient, ListTagsForResourceCommand } from '@aws-sdk/client-appsync'
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { presign, readSignature, type SignableRequest, signRequest, verifySignature } from '../../src/aws/sigv4.ts'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/+key', sessionToken: 'token//==' }
const NOW = Date.parse('2026-01-15T12:00:00Z')

function verify(request: SignableRequest, service: string, now = NOW): void {
  const claim = readSignature(request)
  expect([claim.accessKeyId, claim.sessionToken]).toEqual([credentials.accessKeyId, credentials.sessionToken])
  verifySignature(request, claim, {
    now,
    secretAccessKey: credentials.secretAccessKey,
    region: 'eu-west-1',
    services: [service],
  })
}

/** The hash that the SDK's signer asks for. */
class Sha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

interface SentRequest {
  method: string
  path: string
  query: Record<string, string | string[]>
  headers: Record<string, string>
  body?: string | Uint8Array
}

/** What goes over the wire, as Node's parser would hand it on. */
function received({ method, path, query, headers, body }: SentRequest): SignableRequest {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((item) => `${encode(name)}=${encode(item)}`),
  )
  return {
    method,
    target: parameters.length === 0 ? path : `${path}?${parameters.join('&')}`,
    headers: Object.entries(headers),
    body: body ?? '',
  }
}

describe('the clients of AWS SDK for JavaScript', () => {
  const captured: SentRequest[] = []
  const options = {
    region: 'eu-west-1',
    endpoint: 'http://localhost:4000',
    credentials,
    requestHandler: {
      handle: async (request: unknown) => {
        captured.push(request as SentRequest)
        throw new Error('captured')
      },
    },
    maxAttempts: 1,
  }
  it.each([
    [
      'states',
      () =>
        new SFNClient(options).send(
          new ListExecutionsCommand({ stateMachineArn: 'arn:aws:states:eu-west-1:000000000000:stateMachine:m' }),
        ),
    ],
    [
      'dynamodb',
      () => new DynamoDBClient(options).send(new GetItemCommand({ TableName: 't', Key: { id: { S: 'ü' } } })),
    ],
    [
      'appsync',
      () =>
        new AppSyncClient(options).send(
          new ListTagsForResourceCommand({ resourceArn: 'arn:aws:appsync:eu-west-1:000000000000:apis/a b' }),
        ),
    ],
    [
      'lambda',
      () =>
        new LambdaClient(options).send(
          new InvokeCommand({
            FunctionName: 'arn:aws:lambda:eu-west-1:000000000000:function:f',
            Qualifier: '$LATEST',
            Payload: '{"a":1}',
          }),
        ),
    ],
  ])('sign for %s what is verified', async (service, send) => {
    captured.length = 0
    await expect(send()).rejects.toThrow()
    const request = captured[0]!
    verify(received(request), service, Date.now())
    expect(() => verify({ ...received(request), body: 'altered' }, service, Date.now())).toThrow('does not match')
  })
})

describe('the signer of the AWS SDK', () => {
  const signer = new SignatureV4({ credentials, region: 'eu-west-1', service: 'states', sha256: Sha256 })
  const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,10}$/)
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
    segments: fc.array(
      fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).filter((text) => !/^\.+$/.test(text)),
      { maxLength: 4 },
    ),
    query: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
      fc.oneof(
        fc.string({ maxLength: 8, unit: 'grapheme' }),
        fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      ),
      { maxKeys: 4, noNullPrototype: true },
    ),
    headers: fc.dictionary(token, fc.stringMatching(/^[\x20-\x7e]{0,20}$/), { maxKeys: 4, noNullPrototype: true }),
    body: fc.string({ maxLength: 50, unit: 'grapheme' }),
  })
  const wellFormed = (text: string): boolean => (text as string & { isWellFormed(): boolean }).isWellFormed()

  it('and ours agree on every request', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ method, segments, query, headers, body }) => {
        fc.pre([...segments, body, ...Object.keys(query), ...Object.values(query).flat()].every(wellFormed))
        fc.pre(!Object.keys(query).some((name) => name.toLowerCase().startsWith('x-amz-')))
        const names = Object.keys(headers).map((name) => name.toLowerCase())
        fc.pre(
          new Set(names).size === names.length &&
            !names.some((name) => /^(?:host|x-amz-|authorization|date)/.test(name)),
        )
        const path = `/${segments.map(encodeURIComponent).join('/')}`
        const sent = (await signer.sign(
          {
            method,
            protocol: 'http:',
            hostname: 'localhost',
            path,
            query,
            headers: { ...headers, host: 'localhost:4000' },
            body,
          },
          { signingDate: new Date(NOW) },
        )) as unknown as SentRequest
        const wire = received(sent)
        verify(wire, 'states')
        const own = signRequest({
          ...wire,
          headers: wire.headers.filter(([name]) => name !== 'authorization'),
          credentials,
          region: 'eu-west-1',
          service: 'states',
          now: NOW,
        })
        verify({ ...wire, headers: own.headers }, 'states')
        const presigned = presign(
          { ...wire, headers: [['host', 'localhost:4000']] },
          { credentials, region: 'eu-west-1', service: 'states', now: NOW, expiresIn: 60 },
        )
        verify({ ...wire, target: presigned.target, headers: [['host', 'localhost:4000']] }, 'states')
      }),
      { numRuns: Number(process.env['SIDESTAGE_FUZZ_RUNS'] ?? 300) },
    )
  })
})
