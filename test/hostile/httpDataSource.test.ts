import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DataSourceOutcome } from '../../src/datasources/dataSource.ts'
import { isAllowedAddress } from '../../src/datasources/http/addressGuard.ts'
import { createHttpDataSource } from '../../src/datasources/http/index.ts'
import { createHttpSender, type HttpSendOptions } from '../../src/datasources/http/send.ts'

const seen: { url: string; headers: Record<string, unknown>; body: string }[] = []
let behave: RequestListener = (_request, response) => response.end('ok')
let server: Server
let origin: string

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      seen.push({ url: request.url ?? '', headers: request.headers, body })
      behave(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function call(
  request: unknown,
  options: { endpoint?: string; send?: HttpSendOptions; signal?: AbortSignal } = {},
): Promise<DataSourceOutcome> | DataSourceOutcome {
  const sender = createHttpSender(options.send)
  const source = createHttpDataSource(
    { arn: 'arn:x', apiId: 'a', name: 'http', type: 'HTTP', httpConfig: { endpoint: options.endpoint ?? origin } },
    { sender },
  )
  seen.length = 0
  const signal = options.signal ?? new AbortController().signal
  const outcome = source.invoke({
    request,
    scope: { accountId: '000000000000', region: 'us-east-1' },
    requestId: 'r',
    signal: () => signal,
    fieldName: 'Query.f',
    headers: {},
  })
  return outcome instanceof Promise ? outcome.finally(() => sender.close()) : outcome
}

const get = (resourcePath: string) => ({ version: '2018-05-29', method: 'GET', resourcePath })

describe('the path of a request', () => {
  it.each([
    ['//evil/', '//evil/'],
    ['/../..', '/'],
    ['/%2e%2e/x', '/x'],
    ['/@evil', '/@evil'],
    ['/http://evil', '/http://evil'],
  ])('%j stays on the configured origin', async (path, reached) => {
    behave = (_request, response) => response.end('ok')
    expect(await call(get(path))).toMatchObject({ type: 'result', result: { statusCode: 200, body: 'ok' } })
    expect(seen.map(({ url, headers }) => [url, headers['host']])).toEqual([[reached, new URL(origin).host]])
  })

  it.each([
    '/\\evil',
    'http://evil',
    '@evil',
    'evil',
    '',
    '/a\r\nHost: evil',
    '/a b',
    '/\u0000',
    `/${'x'.repeat(100_000)}`,
  ])('%j is refused', async (path) => {
    expect(await call(get(path))).toMatchObject({ type: 'invalidRequest', error: { type: 'MappingTemplate' } })
    expect(seen).toEqual([])
  })
})

describe('where a request goes', () => {
  it.each(['http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd'])(
    'a redirect to %s is an answer and not followed',
    async (location) => {
      behave = (_request, response) => response.writeHead(302, { Location: location }).end()
      const outcome = await call(get('/'))
      expect(outcome).toMatchObject({ type: 'result', result: { statusCode: 302, headers: { Location: location } } })
      expect(seen).toHaveLength(1)
    },
  )

  it.each(['http://169.254.169.254', 'http://[fd00:ec2::254]', 'http://[::ffff:169.254.169.254]', 'http://[fe80::1]'])(
    'never to %s',
    async (endpoint) => {
      expect(await call(get('/'), { endpoint })).toMatchObject({ type: 'error', error: { type: 'HttpRequestFailure' } })
    },
  )

  it('never to a name that resolves to a link-local address, whatever it resolved to before', async () => {
    const answers = ['127.0.0.1', '169.254.169.254']
    const lookup: LookupFunction = (_host, options, callback) => {
      const address = answers.shift() ?? '169.254.169.254'
      if (options.all === true) callback(null, [{ address, family: 4 }])
      else callback(null, address, 4)
    }
    behave = (_request, response) => response.end('ok')
    const endpoint = `http://rebinding.test:${new URL(origin).port}`
    expect(await call(get('/'), { endpoint, send: { lookup } })).toMatchObject({ type: 'result' })
    expect(await call(get('/'), { endpoint, send: { lookup } })).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('not allowed') },
    })
    expect(seen).toEqual([])
  })

  it('to private networks only where they are allowed', () => {
    expect(
      ['127.0.0.1', '10.1.2.3', '192.168.0.1', '::1', '93.184.216.34'].map((it) => isAllowedAddress(it, false)),
    ).toEqual([false, false, false, false, true])
    expect(isAllowedAddress('127.0.0.1', true)).toBe(true)
  })
})

describe('the headers of a request', () => {
  it.each([
    ['X', 'a\r\nY: b'],
    ['X\r\nY', 'b'],
    ['Host', 'evil'],
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '-1'],
    ['Connection', 'close'],
    ['X', '\u0000'],
  ])('%j: %j is refused', async (name, value) => {
    const outcome = await call({ ...get('/'), params: { headers: { [name]: value } } })
    expect(outcome).toMatchObject({ type: 'invalidRequest' })
    expect(seen).toEqual([])
  })
})

describe('the answer', () => {
  it('is refused above 5 MB, also without end', async () => {
    behave = (_request, response) => {
      const chunk = Buffer.alloc(1_000_000)
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', write)
      }
      write()
    }
    expect(await call(get('/'))).toMatchObject({
      type: 'error',
      error: { type: 'HttpRequestFailure', message: expect.stringContaining('exceeds 5242880 bytes') },
    })
  })

  it('is refused when it inflates above 5 MB', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000))
    behave = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    expect(await call(get('/'))).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('exceeds') },
    })
  })

  it('is given up after silence', async () => {
    behave = (_request, response) => response.writeHead(200).write('x')
    expect(await call(get('/'), { send: { idleMs: 50 } })).toMatchObject({
      type: 'error',
      error: { type: 'HttpRequestFailure' },
    })
  })

  it('is given up when the request is', async () => {
    const controller = new AbortController()
    behave = () => controller.abort()
    expect(await call(get('/'), { signal: controller.signal })).toMatchObject({ type: 'error' })
  })

  it('may be invalid UTF-8 and of any type', async () => {
    behave = (_request, response) => response.writeHead(200, { 'content-type': 'x' }).end(Buffer.from([0xff, 0x41]))
    expect(await call(get('/'))).toMatchObject({ type: 'result', result: { body: '\ufffdA' } })
  })

  it.each<[string, RequestListener]>([
    [
      'truncated gzip',
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello world').subarray(0, 15))
      },
    ],
    [
      'fewer bytes than announced',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('x', () => response.destroy())
      },
    ],
  ])('is an error with %s', async (_name, listener) => {
    behave = listener
    expect(await call(get('/'))).toMatchObject({ type: 'error', error: { type: 'HttpRequestFailure' } })
  })

  it('survives a flood of informational answers', async () => {
    behave = (_request, response) => {
      for (let index = 0; index < 100; index++) response.writeProcessing()
      response.end('ok')
    }
    expect(await call(get('/'))).toMatchObject({ type: 'result', result: { statusCode: 200, body: 'ok' } })
  })

  it('comes over a new connection when a kept one was closed just then', async () => {
    const requests = new WeakMap<object, number>()
    behave = (request, response) => {
      const count = (requests.get(request.socket) ?? 0) + 1
      requests.set(request.socket, count)
      if (count > 1) request.socket.resetAndDestroy()
      else response.end('ok')
    }
    const sender = createHttpSender()
    const send = () =>
      sender.send({
        method: 'GET',
        url: new URL(origin),
        headers: [],
        body: undefined,
        signal: new AbortController().signal,
      })
    expect([(await send()).body, (await send()).body]).toEqual(['ok', 'ok'])
    sender.close()
  })

  it('is an error when nobody listens', async () => {
    expect(await call(get('/'), { endpoint: 'http://127.0.0.1:1' })).toMatchObject({
      type: 'error',
      error: { type: 'HttpRequestFailure', message: expect.stringContaining('ECONNREFUSED') },
    })
  })
})
