import { createServer, request as httpRequest } from 'node:http'
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthenticationError, type RequestCredentials } from '../../src/auth/caller.ts'
import { createBodyReader } from '../../src/http/graphqlBody.ts'
import { apiKeyCaller, createGraphqlFixture, serveGraphql } from '../support/graphqlFixture.ts'

const code = (request: string, response = 'return ctx.result'): string =>
  `import { util } from '@aws-appsync/utils'\nexport function request(ctx) { ${request} }\nexport function response(ctx) { ${response} }`

const api = createGraphqlFixture({
  schema: 'type Query { ok: String echo(v: String): String headers: AWSJSON header: Int } type Mutation { add: Int }',
  resolvers: {
    'Query.echo': { code: code('return { payload: ctx.args.v }') },
    'Query.headers': { code: code('return { payload: ctx.request }') },
    'Query.header': { code: code("util.http.addResponseHeader('X-Made', 'by me'); return { payload: 1 }") },
    'Mutation.add': { code: code('return { payload: 1 }') },
  },
})
const credentials: RequestCredentials[] = []
let authenticate: (given: RequestCredentials) => typeof apiKeyCaller | Promise<typeof apiKeyCaller> = () => apiKeyCaller
let server: Awaited<ReturnType<typeof serveGraphql>>

beforeAll(async () => {
  server = await serveGraphql(api, {
    authenticate(_api, given) {
      credentials.push(given)
      return authenticate(given)
    },
  })
})
afterAll(() => server.close())

const post = (body: BodyInit, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  fetch(server.url, { method: 'POST', headers, body })
const answerOf = async (response: Response): Promise<unknown> => ({
  status: response.status,
  errorType: response.headers.get('x-amzn-errortype'),
  body: await response.json(),
})
const malformed = (message: string, status = 400, errorType = 'MalformedHttpRequestException') => ({
  status,
  errorType,
  body: { errors: [{ errorType, message }] },
})

describe('a POST', () => {
  it('of JSON is answered with AppSync’s headers', async () => {
    const response = await post(
      '{"query":"query Q($v: String) { echo(v: $v) }","variables":{"v":"ü€😀"},"operationName":"Q"}',
      {
        'content-type': 'application/json; charset=UTF-8',
      },
    )
    expect(await response.json()).toEqual({ data: { echo: 'ü€😀' } })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json;charset=UTF-8',
      'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'access-control-allow-origin': '*',
      'access-control-expose-headers':
        'x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date,x-amz-schema-version',
    })
  })

  it.each([
    ['{"query":"{ ok }","variables":null,"operationName":null,"extensions":{"clientLibrary":{}}}', 'application/json'],
    ['{ ok }', 'application/graphql'],
    ['{"query":"{ ok }"}', 'application/graphql'],
    ['{"query":"{ ok }"}', 'application/graphql+json'],
  ])('%s as %s is understood', async (body, type) => {
    expect(await (await post(body, { 'content-type': type })).json()).toEqual({ data: { ok: null } })
  })

  it.each([
    'meow',
    '{}',
    '{}}',
    '[]',
    'null',
    '3',
    '{"query":3}',
    '{"query":"{ ok }","variables":"x"}',
    '{"query":"{ ok }","variables":[1]}',
    '{"query":"{ ok }","operationName":3}',
    '{"query":"{ ok"}',
  ])('%s is refused as unparsable', async (body) => {
    expect(await answerOf(await post(body))).toEqual(malformed('Unable to parse GraphQL query.'))
  })

  it.each(['', '  '])('of an empty body %j is refused', async (body) => {
    expect(await answerOf(await post(body))).toEqual(malformed('Request body is empty.'))
  })

  it('hands resolvers the headers, in lower case', async () => {
    const response = await post('{"query":"{ headers }"}', { 'content-type': 'application/json', 'X-Custom': 'C' })
    const { data } = (await response.json()) as { data: { headers: string } }
    expect(JSON.parse(data.headers)).toMatchObject({ headers: { 'x-custom': 'C' }, domainName: null })
  })

  it('has the headers that resolvers set', async () => {
    const response = await post('{"query":"{ header }"}')
    expect([response.headers.get('x-made'), await response.json()]).toEqual(['by me', { data: { header: 1 } }])
  })
})

describe('what resolvers ask for', () => {
  it('cannot split or reframe the answer', async () => {
    const outcome = (headers: Record<string, string>) => ({
      run: () => ({
        type: 'value' as const,
        value: {},
        stash: {},
        appendedErrors: [],
        logs: [],
        effects: { responseHeaders: headers },
      }),
    })
    const step = outcome({
      'x-good': 'yes',
      'x-bad': 'a\r\nx-made: up',
      'x bad': 'a',
      'Content-Length': '1',
      'transfer-encoding': 'chunked',
    })
    const hostile = await serveGraphql(
      createGraphqlFixture({
        schema: 'type Query { f: AWSJSON }',
        resolvers: { 'Query.f': { code: 'given' } },
        compileCode: () => ({ request: step, response: step }),
      }),
    )
    const response = await fetch(hostile.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ f }"}',
    })
    expect(await response.json()).toEqual({ data: { f: '{}' } })
    expect(['x-good', 'x-bad', 'x-made'].map((name) => response.headers.get(name))).toEqual(['yes', null, null])
    await hostile.close()
  })

  it('is answered as a failure of ours where it has no JSON', async () => {
    const failing = {
      run: () => ({
        type: 'error' as const,
        error: { message: 'x', errorType: null, errorInfo: 1n },
        stash: {},
        appendedErrors: [],
        logs: [],
        effects: {},
      }),
    }
    const hostile = await serveGraphql(
      createGraphqlFixture({
        schema: 'type Query { f: AWSJSON }',
        resolvers: { 'Query.f': { code: 'given' } },
        compileCode: () => ({ request: failing, response: failing }),
      }),
    )
    const response = await fetch(hostile.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ f }"}',
    })
    expect(await answerOf(response)).toEqual(malformed('Internal Failure', 500, 'InternalFailureException'))
    await hostile.close()
  })
})

describe('a GET', () => {
  it('runs queries with variables', async () => {
    const search = new URLSearchParams({ query: 'query Q($v: String) { echo(v: $v) }', variables: '{"v":"x y"}' })
    expect(await (await fetch(`${server.url}?${search}`)).json()).toEqual({ data: { echo: 'x y' } })
  })

  it.each(['', '?query=', '?query={ok', '?query={ok}&variables=x'])('%j is refused as unparsable', async (search) => {
    expect(await answerOf(await fetch(server.url + search))).toEqual(malformed('Unable to parse GraphQL query.'))
  })
})

describe('credentials', () => {
  it('are handed over as they were sent', async () => {
    credentials.length = 0
    await post('{"query":"{ ok }","operationName":null}', { 'content-type': 'application/json', 'x-api-key': 'da2-x' })
    expect(credentials).toEqual([
      {
        method: 'POST',
        target: '/graphql',
        headers: expect.arrayContaining([['x-api-key', 'da2-x']]),
        body: Buffer.from('{"query":"{ ok }","operationName":null}'),
        remoteAddress: '127.0.0.1',
        operation: { query: '{ ok }' },
      },
    ])
  })

  it.each([false, true])(
    'that are refused answer 401 with the name in a header (asynchronously: %s)',
    async (isAsync) => {
      const error = new AuthenticationError('UnauthorizedException', 'You are not authorized to make this call.')
      authenticate = () => {
        if (isAsync) return Promise.reject(error)
        throw error
      }
      expect(await answerOf(await post('{"query":"{ ok }"}'))).toEqual(
        malformed('You are not authorized to make this call.', 401, 'UnauthorizedException'),
      )
      // Nobody learns what is wrong with a request before being let in.
      expect(await answerOf(await post('meow'))).toMatchObject({ status: 401 })
      authenticate = async () => apiKeyCaller
      expect(await answerOf(await post('{"query":"{ ok }"}'))).toMatchObject({ status: 200 })
      authenticate = () => apiKeyCaller
    },
  )

  it('that cannot be checked for a reason of ours are no secret of ours', async () => {
    authenticate = () => {
      throw new Error('secret')
    }
    const answer = await answerOf(await post('{"query":"{ ok }"}'))
    authenticate = () => apiKeyCaller
    expect(answer).toEqual(malformed('Internal Failure', 500, 'InternalFailureException'))
  })
})

describe('browsers', () => {
  it('get a page where to try the API out', async () => {
    const response = await fetch(server.url, { headers: { accept: 'text/html,application/xhtml+xml' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])
    expect(await response.text()).toContain('GraphiQL')
  })

  it('may send what AWS’s clients send, and any header of their own', async () => {
    const response = await fetch(server.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-api-key,x-mine',
      },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const allowed = response.headers.get('access-control-allow-headers')?.split(',') ?? []
    expect(allowed).toEqual(
      expect.arrayContaining(
        'content-type x-api-key authorization x-amz-date x-amz-security-token x-amz-user-agent x-mine'.split(' '),
      ),
    )
  })
})

describe('other methods and APIs', () => {
  it('are refused', async () => {
    expect(await answerOf(await fetch(server.url, { method: 'PUT', body: '{}' }))).toEqual(
      malformed('The method must be POST or GET.', 405, 'MethodNotAllowedException'),
    )
    api.catalog.collection('AWS::AppSync::GraphQLApi').put({ ...api.api, name: 'renamed' })
    expect(await answerOf(await post('{"query":"{ ok }"}'))).toMatchObject({ status: 200 })
  })
})

describe('a body that does not arrive', () => {
  it('is given up on after its time', async () => {
    let now = 0
    const reader = createBodyReader(() => now, 100, 50)
    const slow = createServer((request, response) => {
      reader.read(request, (result) => {
        response.end(result instanceof Error ? `${(result as { status?: number }).status}` : 'read')
      })
      now = 1_000
    })
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    const address = slow.address()
    const port = typeof address === 'object' ? address?.port : 0
    const body = await new Promise<string>((resolve, reject) => {
      const outgoing = httpRequest({ port, method: 'POST', headers: { 'content-length': '10' } }, (incoming) => {
        let text = ''
        incoming.on('data', (chunk) => {
          text += chunk
        })
        incoming.on('end', () => resolve(text))
      })
      outgoing.on('error', reject)
      outgoing.write('x')
    })
    expect(body).toBe('408')
    reader.close()
    slow.closeAllConnections()
    await new Promise((resolve) => slow.close(resolve))
  })
})

describe('the audits of GraphQL over HTTP', () => {
  it('hold every MUST', async () => {
    const results = await Promise.all(
      serverAudits({ url: server.url, fetchFn: fetch }).map(async (audit) => ({
        id: audit.id,
        name: audit.name,
        result: await audit.fn(),
      })),
    )
    const failed = results.filter(({ result }) => result.status !== 'ok')
    const describeFailed = failed.map(
      ({ id, name, result }) => `${id} ${name}: ${'reason' in result ? result.reason : ''}`,
    )
    expect(describeFailed.filter((text) => text.includes(' MUST '))).toEqual([])
    console.log(
      `${results.length - failed.length} of ${results.length} audits hold. Where AppSync differs:\n${describeFailed.join('\n')}`,
    )
  })
})
