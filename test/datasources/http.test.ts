import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSignature, verifySignature } from '../../src/aws/sigv4.ts'
import type { DataSourceOutcome } from '../../src/datasources/dataSource.ts'
import { createHttpDataSource, type HttpDataSourceOptions } from '../../src/datasources/http/index.ts'
import { createHttpSender, type SignedHttpRequest } from '../../src/datasources/http/send.ts'
import type { DataSource } from '../../src/resources.ts'

interface Seen {
  method: string
  url: string
  headers: [string, string][]
  body: string
}

const seen: Seen[] = []
let server: Server
let origin: string
const sender = createHttpSender()

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const raw = request.rawHeaders
      seen.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index]!, raw[2 * index + 1]!]),
        body,
      })
      response.setHeader('X-Answer', ['a', 'b'])
      if (request.url?.startsWith('/gzip') === true) {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('inflated'))
      } else response.writeHead(201).end('{"ok":true}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  sender.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function call(
  request: unknown,
  httpConfig: DataSource['httpConfig'] = { endpoint: origin },
  options: Partial<HttpDataSourceOptions> = {},
): Promise<DataSourceOutcome> {
  seen.length = 0
  const source: DataSource = { arn: 'arn:x', apiId: 'a', name: 'http', type: 'HTTP', ...(httpConfig && { httpConfig }) }
  return createHttpDataSource(source, { sender, ...options }).invoke({
    request,
    scope: { accountId: '000000000000', region: 'eu-west-1' },
    requestId: 'r',
    signal: () => new AbortController().signal,
    fieldName: 'Query.f',
    headers: {},
  })
}

describe('an HTTP data source', () => {
  it('sends method, path, query, headers and body, and hands back status, headers and body', async () => {
    const outcome = await call({
      version: '2018-05-29',
      method: 'PUT',
      resourcePath: '/users?a=1',
      params: {
        query: { name: 'x y', list: ['1', 2], flag: true },
        headers: { 'X-Mine': 'yes', 'Content-Type': 'text/plain' },
        body: 'hello ü',
      },
    })
    expect(seen).toEqual([
      {
        method: 'PUT',
        url: '/users?a=1&name=x+y&list=1&list=2&flag=true',
        headers: expect.arrayContaining([
          ['X-Mine', 'yes'],
          ['Content-Type', 'text/plain'],
          ['Content-Length', '8'],
          ['Host', new URL(origin).host],
        ]),
        body: 'hello ü',
      },
    ])
    expect(outcome).toEqual({
      type: 'result',
      result: {
        statusCode: 201,
        headers: expect.objectContaining({ 'X-Answer': 'a, b' }),
        body: '{"ok":true}',
      },
    })
  })

  it('sends objects as JSON', async () => {
    await call({ method: 'POST', resourcePath: '/', params: { body: { a: [1] } } })
    expect(seen.map(({ headers, body }) => [headers.find(([name]) => name === 'Content-Type')?.[1], body])).toEqual([
      ['application/json', '{"a":[1]}'],
    ])
  })

  it('keeps the path of its endpoint', async () => {
    await call({ method: 'GET', resourcePath: '/x' }, { endpoint: `${origin}/base/` })
    expect(seen.map(({ url }) => url)).toEqual(['/base/x'])
  })

  it('inflates answers', async () => {
    expect(await call({ method: 'GET', resourcePath: '/gzip' })).toMatchObject({ result: { body: 'inflated' } })
  })

  it.each([
    [{}, "Value for field '$[method]' not found."],
    [{ method: 'TRACE', resourcePath: '/' }, "Unsupported method 'TRACE'."],
    [{ method: 'GET' }, "Value for field '$[resourcePath]' not found."],
  ])('refuses the request %j', async (request, message) => {
    expect(await call(request)).toEqual({ type: 'invalidRequest', error: { type: 'MappingTemplate', message } })
  })
})

const signing = {
  endpoint: '',
  authorizationConfig: {
    authorizationType: 'AWS_IAM' as const,
    awsIamConfig: { signingRegion: 'us-east-1', signingServiceName: 'states' },
  },
}
const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' }
const start = {
  method: 'POST',
  resourcePath: '/',
  params: {
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AWSStepFunctions.StartExecution' },
    body: '{"input":"{}"}',
  },
}

describe('a signing HTTP data source', () => {
  it('signs what it sends', async () => {
    const now = Date.UTC(2026, 10, 20)
    await call(start, { ...signing, endpoint: origin }, { credentialsFor: () => credentials, now: () => now })
    const [request] = seen
    const signable = { method: 'POST', target: request!.url, headers: request!.headers, body: request!.body }
    const claim = readSignature(signable)
    expect(claim).toMatchObject({ accessKeyId: 'AKID', region: 'us-east-1', service: 'states' })
    expect(() =>
      verifySignature(signable, claim, { secretAccessKey: 'secret', now, service: 'states' } as never),
    ).not.toThrow()
  })

  it('fails where there are no credentials, rather than sending unsigned', async () => {
    expect(await call(start, { ...signing, endpoint: origin })).toMatchObject({
      type: 'error',
      error: { type: 'HttpSigningFailure' },
    })
    expect(seen).toEqual([])
  })

  it('reaches an embedded service in process, with the signed request', async () => {
    const requests: SignedHttpRequest[] = []
    const outcome = await call(
      start,
      { ...signing, endpoint: 'https://sync-states.us-east-1.amazonaws.com/' },
      {
        credentialsFor: () => credentials,
        embedded(request) {
          requests.push(request)
          return Promise.resolve({ statusCode: 200, headers: {}, body: '{}' })
        },
      },
    )
    expect(outcome).toEqual({ type: 'result', result: { statusCode: 200, headers: {}, body: '{}' } })
    expect(
      requests.map(({ url, body, headers }) => [url.href, body, headers.map(([name]) => name.toLowerCase()).sort()]),
    ).toEqual([
      [
        'https://sync-states.us-east-1.amazonaws.com/',
        '{"input":"{}"}',
        ['authorization', 'content-type', 'host', 'x-amz-date', 'x-amz-target'],
      ],
    ])
  })

  it('hands an embedded service an unsigned request where nothing configures signing', async () => {
    const headers: string[][] = []
    await call(
      start,
      { endpoint: 'https://states.us-east-1.amazonaws.com/' },
      {
        credentialsFor: () => credentials,
        embedded(request) {
          headers.push(request.headers.map(([name]) => name.toLowerCase()))
          return Promise.resolve({ statusCode: 400, headers: {}, body: '' })
        },
      },
    )
    expect(headers).toEqual([['content-type', 'x-amz-target']])
  })
})
