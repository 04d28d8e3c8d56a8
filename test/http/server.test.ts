import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SidestageServer } from '../../src/server/options.ts'
import { startServer } from '../../src/server.ts'

const TODOS = resolve(import.meta.dirname, '../fixtures/projects/todos')
let server: SidestageServer
beforeAll(async () => {
  server = await startServer({ project: TODOS, port: 0, memory: true, environment: {}, onLogLine: () => {} })
})
afterAll(() => server.close())

interface Sent {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** Sends a request with any headers, also those that fetch does not let through. */
function send(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Sent> {
  return new Promise((done, failed) => {
    const sent = request({ host: '127.0.0.1', port: server.port, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    sent.on('error', failed)
    sent.end(body)
  })
}

const target = (name: string) => ({ 'x-amz-target': name, 'content-type': 'application/x-amz-json-1.0' })

describe('the server', () => {
  it('says that it is well', async () => {
    expect(await send('GET', '/healthz')).toMatchObject({ status: 200, body: 'ok\n' })
  })

  it('shows its metrics', async () => {
    const { status, body } = await send('GET', '/metrics')
    expect(status).toBe(200)
    expect(body).toMatch(/^sidestage_websocket_connections 0$/m)
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m)
  })

  it('says what is not there', async () => {
    expect(await send('GET', '/nothing')).toMatchObject({
      status: 404,
      body: '{"message":"Nothing is served at GET /nothing."}',
    })
  })

  it('names the services that it answers for when asked for another, and the variable for it', async () => {
    const { status, body } = await send('POST', '/', target('AmazonSQS.SendMessage'), '{}')
    expect(status).toBe(400)
    expect(JSON.parse(body)).toMatchObject({ __type: 'com.amazon.coral.service#UnknownOperationException' })
    expect(body).toMatch(/AWSStepFunctions.*AWS_ENDPOINT_URL_<SERVICE>/)
  })

  it('answers an API by path, alias and AWS host', async () => {
    const [api] = server.apis()
    const query = '{"query":"{ __typename }"}'
    const headers = { 'x-api-key': 'da2-todos', 'content-type': 'application/json' }
    const apiId = api?.apiId ?? ''
    const answers = await Promise.all([
      send('POST', '/graphql', headers, query),
      send('POST', `/apis/${apiId}/graphql`, headers, query),
      send('POST', `/graphql/${apiId}`, headers, query),
      send('POST', '/graphql', { ...headers, host: `${apiId}.appsync-api.us-east-1.amazonaws.com` }, query),
    ])
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      answers.map(() => [200, '{"data":{"__typename":"Query"}}']),
    )
  })
})

describe('a web page from elsewhere', () => {
  const foreign = { origin: 'https://attacker.example' }

  it.each<[string, string, string, Record<string, string>, string]>([
    ['Step Functions', 'POST', '/', target('AWSStepFunctions.ListStateMachines'), '{}'],
    ['DynamoDB', 'POST', '/', target('DynamoDB_20120810.ListTables'), '{}'],
    [
      'DynamoDB behind the path of an issuer',
      'POST',
      '/x/.well-known/jwks.json',
      target('DynamoDB_20120810.ListTables'),
      '{}',
    ],
    ['the management API', 'GET', '/v1/apis', {}, ''],
    ['Lambda', 'GET', '/2015-03-31/functions', {}, ''],
    [
      'STS',
      'POST',
      '/',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'Action=GetCallerIdentity&Version=2011-06-15',
    ],
    [
      'the administration of user pools',
      'POST',
      '/',
      target('AWSCognitoIdentityProviderService.AdminCreateUser'),
      '{}',
    ],
    ['metrics', 'GET', '/metrics', {}, ''],
    ['the token endpoint', 'POST', '/_sidestage/token', {}, '{}'],
  ])('may not use %s, by origin or by rebinding its name', async (_name, method, path, headers, body) => {
    for (const header of [
      foreign,
      { host: 'attacker.example' },
      { host: `attacker.example:${server.port}`, origin: `http://attacker.example:${server.port}` },
    ]) {
      const answer = await send(method, path, { ...headers, ...header } as Record<string, string>, body)
      expect(answer.status).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBe(undefined)
      expect(answer.body).toMatch(/^\{"message":"Refused: /)
    }
  })

  it('may sign users in, read issuers’ documents and use GraphQL, with credentials of its own', async () => {
    const preflight = await send('OPTIONS', '/', { ...foreign, 'access-control-request-headers': 'x-amz-target' })
    expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': '*' } })
    const signIn = await send(
      'POST',
      '/',
      { ...foreign, ...target('AWSCognitoIdentityProviderService.InitiateAuth') },
      '{}',
    )
    expect(signIn).toMatchObject({ status: 400, headers: { 'access-control-allow-origin': '*' } })
    const document = await send('GET', '/oidc/.well-known/openid-configuration', foreign)
    expect(document).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': '*' } })
    expect(JSON.parse(document.body)).toMatchObject({ issuer: `${server.url}/oidc` })
    const refused = await send(
      'POST',
      '/graphql',
      { ...foreign, 'content-type': 'application/json' },
      '{"query":"{ __typename }"}',
    )
    expect(refused).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': '*' } })
  })
})

describe('with --require-signed', () => {
  it('unsigned calls are refused as each protocol refuses them', async () => {
    const strict = await startServer({
      project: TODOS,
      port: 0,
      memory: true,
      environment: {},
      requireSigned: true,
      onLogLine: () => {},
    })
    const call = async (path: string, init: RequestInit): Promise<[number, string]> => {
      const response = await fetch(`${strict.url}${path}`, init)
      return [response.status, await response.text()]
    }
    try {
      const [json, rest, query, pool] = await Promise.all([
        call('/', { method: 'POST', headers: target('AWSStepFunctions.ListStateMachines'), body: '{}' }),
        call('/v1/apis', {}),
        call('/', {
          method: 'POST',
          body: new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15' }),
        }),
        call('/', { method: 'POST', headers: target('AWSCognitoIdentityProviderService.AdminCreateUser'), body: '{}' }),
      ])
      expect(json[0]).toBe(400)
      expect(json[1]).toMatch(/MissingAuthenticationToken/)
      expect(rest[0]).toBe(403)
      expect(query[0]).toBe(403)
      expect(query[1]).toMatch(/^<ErrorResponse/)
      expect(pool[1]).toMatch(/MissingAuthenticationToken/)
    } finally {
      await strict.close()
    }
  })
})

describe('a token', () => {
  it('is minted by the server that owns the data folder, for who can read it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sidestage-token-'))
    const { runSidestage, startSidestage } = await import('../support/sidestageProcess.ts')
    const running = await startSidestage([TODOS, '--port', '0', '--data', folder])
    try {
      const { code, stdout } = await runSidestage([
        'token',
        TODOS,
        '--data',
        folder,
        '--oidc',
        '--sub',
        'ada',
        '--groups',
        'a,b',
        '--claim',
        'level=3',
      ])
      expect(code).toBe(0)
      const [, claims = ''] = stdout.trim().split('.')
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
        iss: `${running.url}/oidc`,
        sub: 'ada',
        groups: ['a', 'b'],
        level: 3,
      })
      const guessed = await fetch(`${running.url}/_sidestage/token`, {
        method: 'POST',
        headers: { authorization: 'Bearer guess' },
        body: '{}',
      })
      expect(guessed.status).toBe(403)
    } finally {
      await running.stop()
      rmSync(folder, { recursive: true })
    }
  })
})

describe('stopping', () => {
  it('closes sockets with 1001 and lets the request under way end', async () => {
    const other = await startServer({ project: TODOS, port: 0, memory: true, environment: {}, onLogLine: () => {} })
    const socket = new WebSocket(`${other.url.replace('http', 'ws')}/graphql/realtime`, ['graphql-ws'])
    await new Promise((done) => socket.addEventListener('open', done, { once: true }))
    const closed = new Promise<number>((done) =>
      socket.addEventListener('close', ({ code }) => done(code), { once: true }),
    )
    const body = '{"query":"{ todo(id: \\"1\\") { id } }"}'
    const query = request({
      host: '127.0.0.1',
      port: other.port,
      method: 'POST',
      path: '/graphql',
      headers: { 'x-api-key': 'da2-todos', 'content-type': 'application/json', 'content-length': body.length },
    })
    const answered = new Promise<string>((done, failed) => {
      query.on('error', failed)
      query.on('response', (response) => response.setEncoding('utf8').on('data', done))
    })
    query.write(body.slice(0, 10))
    await fetch(`${other.url}/healthz`)
    const stopped = other.close()
    expect(await closed).toBe(1001)
    query.end(body.slice(10))
    expect(JSON.parse(await answered)).toEqual({ data: { todo: { id: '1' } } })
    await stopped
    await expect(fetch(`${other.url}/healthz`)).rejects.toThrow()
  })
})

describe('a body that is too large', () => {
  const head = (target: string) =>
    `POST ${target === '' ? '/v1/apis' : '/'} HTTP/1.1\r\nHost: localhost\r\n${target === '' ? '' : `X-Amz-Target: ${target}\r\n`}`
  const answerTo = (bytes: string): Promise<string> =>
    new Promise((done) => {
      let text = ''
      const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes))
      socket.on('error', () => {})
      socket.on('close', () => done(text))
      socket.on('data', (chunk) => {
        text += String(chunk)
        if (text.includes('too large."}')) socket.destroy()
      })
    })

  for (const target of ['DynamoDB_20120810.ListTables', '']) {
    it(`is refused before it comes${target === '' ? ' (REST)' : ''}`, async () => {
      expect(await answerTo(`${head(target)}Content-Length: 1000000000\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /)
    })

    it(`lets the client, still writing, read why${target === '' ? ' (REST)' : ''}`, async () => {
      const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`
      const body = `${chunk.repeat(20)}0\r\n\r\n`
      const text = await answerTo(`${head(target)}Transfer-Encoding: chunked\r\n\r\n${body}GET /healthz HTTP/1.1\r\n`)
      expect(text).toMatch(/^HTTP\/1.1 413 .*"Request body is too large\."}$/s)
    })
  }
})

describe('a target that is open to every page', () => {
  const open = { 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' }

  it('opens nothing but itself', async () => {
    for (const [method, path] of [
      ['GET', '/v1/apis'],
      ['GET', '/2015-03-31/functions'],
      ['PUT', '/2015-03-31/functions/any/code'],
      ['DELETE', '/v1/apis/any'],
      ['GET', '/metrics'],
    ] as const) {
      for (const foreign of [{ host: 'attacker.example' }, { origin: 'https://attacker.example' }]) {
        const { status, headers } = await send(method, path, { ...open, ...foreign })
        expect({ method, path, status, open: headers['access-control-allow-origin'] }).toEqual({
          method,
          path,
          status: 403,
          open: undefined,
        })
      }
    }
    const { status } = await send('POST', '/', { ...open, origin: 'https://app.example' }, '{}')
    expect(status).toBe(400)
  })
})
