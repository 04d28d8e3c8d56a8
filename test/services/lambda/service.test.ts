import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCatalog } from '../../../src/catalog.ts'
import { silentLog } from '../../../src/observability/log.ts'
import type { LambdaFunction } from '../../../src/resources.ts'
import { createLambdaService } from '../../../src/services/lambda/service.ts'

const SCOPE = { accountId: '000000000000', region: 'us-east-1' }
const FIXTURES = resolve(import.meta.dirname, '../../fixtures/functions')
const catalog = createCatalog()
const functions = catalog.collection('AWS::Lambda::Function')
const service = createLambdaService({
  catalog,
  endpointUrl: () => 'http://127.0.0.1:4000',
  credentialsFor: () => ({ accessKeyId: 'ASIATEST', secretAccessKey: 'hidden', sessionToken: 'token' }),
  log: silentLog,
})
afterAll(() => service.close())

function define(name: string, handler: string, more: Partial<LambdaFunction> = {}): void {
  functions.put({
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    functionName: name,
    version: '$LATEST',
    runtime: 'nodejs24.x',
    handler,
    codePath: FIXTURES,
    projectRoot: FIXTURES,
    timeout: 10,
    memorySize: 128,
    ...more,
  })
}

async function call(name: string, event: unknown = {}) {
  const { payload, functionError } = await service.invoke({ functionName: name, payload: JSON.stringify(event) }, SCOPE)
  return { functionError, answer: JSON.parse(payload) as Record<string, unknown> }
}

const hasPython = (() => {
  try {
    execFileSync('python3', ['--version'])
    return true
  } catch {
    return false
  }
})()

describe('a Node.js function', () => {
  it('answers what its handler returns', async () => {
    define('echo', 'index.echo')
    expect(await call('echo', { a: [1, null, 'ü'] })).toEqual({
      functionError: undefined,
      answer: { a: [1, null, 'ü'] },
    })
  })

  it('may answer by callback', async () => {
    define('callback', 'index.callback')
    expect((await call('callback', 7)).answer).toEqual({ got: 7 })
  })

  it('answers null when its handler neither returns a promise nor calls back', async () => {
    define('forgets', 'index.forgets')
    expect((await call('forgets')).answer).toBe(null)
  })

  it('reports what it throws, with the type and the trace', async () => {
    define('throws', 'index.throws')
    const { functionError, answer } = await call('throws')
    expect(functionError).toBe('Unhandled')
    expect(answer).toEqual({ errorType: 'TypeError', errorMessage: 'no stock', trace: expect.any(Array) })
  })

  it('has the environment that AWS gives it, and ours as its endpoint', async () => {
    define('environment', 'index.environment', { environment: { CUSTOM: 'x' } })
    expect((await call('environment')).answer).toEqual({
      name: 'environment',
      endpoint: 'http://127.0.0.1:4000',
      custom: 'x',
      region: 'us-east-1',
      key: 'ASIATEST',
      remaining: true,
    })
  })

  it('is one process for calls in turn, and one process each for calls at once', async () => {
    define('pid', 'index.pid')
    const first = (await call('pid')).answer
    expect((await call('pid')).answer).toBe(first)
    define('slow', 'index.slow')
    const answers = await Promise.all([1, 2, 3].map((n) => call('slow', n)))
    expect(new Set(answers.map(({ answer }) => answer['pid'])).size).toBe(3)
    expect(answers.map(({ answer }) => answer['event'])).toEqual([1, 2, 3])
  })

  it('finds the AWS SDK as in AWS’s runtimes', async () => {
    define('sdk', 'index.sdk')
    expect((await call('sdk')).answer).toBe('function')
  })

  it('may be written in TypeScript, with relative imports', async () => {
    define('typed', 'typed.handler')
    expect((await call('typed', { name: 'Ada' })).answer).toBe('Hello Ada')
  })

  it('logs lines under the request’s id, and what it prints is no answer', async () => {
    define('noisy', 'index.noisy')
    const lines: string[] = []
    const end = service.onLog(({ line }) => lines.push(line))
    expect((await call('noisy')).answer).toBe('fine')
    end()
    expect(lines.some((line) => line === 'between')).toBe(true)
    expect(lines.some((line) => /\t[0-9a-f-]{36}\tINFO\tsaid \{ a: 1 \}$/.test(line))).toBe(true)
    expect(lines[0]).toMatch(/^START RequestId: [0-9a-f-]{36} Version: \$LATEST$/)
  })
})

describe('a function that misbehaves', () => {
  it('is ended at its timeout, and the next call gets a new process', async () => {
    define('hangs', 'index.hangs', { timeout: 1 })
    const { functionError, answer } = await call('hangs')
    expect(functionError).toBe('Unhandled')
    expect(answer['errorType']).toBe('Sandbox.Timedout')
    expect(answer['errorMessage']).toMatch(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/)
  })

  it('may exit without harm to the server', async () => {
    define('exits', 'index.exits')
    const { functionError, answer } = await call('exits')
    expect(functionError).toBe('Unhandled')
    expect(answer).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$/),
    })
    expect((await call('exits')).answer['errorType']).toBe('Runtime.ExitError')
  })

  it('may not answer more than 6 MB', async () => {
    define('large', 'index.large')
    expect((await call('large')).answer).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    })
  })

  it('ends with a rejection that nobody handled', async () => {
    define('rejectsLater', 'index.rejectsLater')
    expect((await call('rejectsLater')).answer['errorType']).toBe('Runtime.UnhandledPromiseRejection')
  })

  it.each([
    ['../../../etc/passwd.x', 'Runtime.MalformedHandlerName'],
    ['/etc/passwd.x', 'Runtime.ImportModuleError'],
    ['index.__proto__', 'Runtime.HandlerNotFound'],
    ['index.missing', 'Runtime.HandlerNotFound'],
    ['nothere.handler', 'Runtime.ImportModuleError'],
  ])('has the handler %s refused as %s', async (handler, errorType) => {
    define('bad', handler)
    expect((await call('bad')).answer['errorType']).toBe(errorType)
  })
})

describe('an invocation', () => {
  it('of a function that is not there says so as Lambda does', async () => {
    await expect(call('nobody')).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      statusCode: 404,
      message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody',
    })
  })

  it('beyond the reserved concurrency is throttled', async () => {
    define('reserved', 'index.slow', { reservedConcurrentExecutions: 1 })
    const outcomes = await Promise.allSettled([call('reserved', 1), call('reserved', 2)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const refused = outcomes.find((outcome) => outcome.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 'TooManyRequestsException', statusCode: 429 })
  })

  it('of type Event is taken at once', async () => {
    define('pid', 'index.pid')
    const result = await service.invoke({ functionName: 'pid', payload: '{}', invocationType: 'Event' }, SCOPE)
    expect(result).toMatchObject({ statusCode: 202, payload: '' })
  })
})

it.skipIf(!hasPython)('a Python function answers and reports what it raises (needs python3)', async () => {
  define('stock', 'stock.handler', { runtime: 'python3.13' })
  expect((await call('stock', { sku: 'tea' })).answer).toEqual({
    sku: 'tea',
    left: 3,
    function: 'stock',
    region: 'us-east-1',
  })
  define('fails', 'stock.fails', { runtime: 'python3.13' })
  expect((await call('fails')).answer).toEqual({
    errorMessage: 'no such sku',
    errorType: 'ValueError',
    requestId: expect.any(String),
    stackTrace: expect.any(Array),
  })
})

it('a shell script that speaks the runtime API is a function', async () => {
  define('shell', 'anything', { runtime: 'provided.al2023', codePath: resolve(FIXTURES, 'shell') })
  expect((await call('shell', { n: 1 })).answer).toEqual({ shell: { n: 1 } })
})

describe('what an invocation tells beside its answer', () => {
  it('is all of its log, between START and REPORT', async () => {
    define('tells', 'index.noisy')
    for (let time = 0; time < 30; time++) {
      const { logResult, requestId } = await service.invoke({ functionName: 'tells', payload: '{}' }, SCOPE)
      const lines = Buffer.from(logResult ?? '', 'base64')
        .toString('utf8')
        .split('\n')
      expect(lines.map((line) => line.replace(/^\d{4}-\S+Z/, 'TIME').replaceAll(/\d+(\.\d+)? ms/g, 'N ms'))).toEqual([
        `START RequestId: ${requestId} Version: $LATEST`,
        'between',
        `TIME\t${requestId}\tINFO\tsaid { a: 1 }`,
        `END RequestId: ${requestId}`,
        `REPORT RequestId: ${requestId}\tDuration: N ms\tBilled Duration: N ms\tMemory Size: 128 MB\t`,
        '',
      ])
    }
  })
})

describe('a client context', () => {
  const invoke = (clientContext: string) =>
    service.invoke({ functionName: 'context', payload: '{}', clientContext }, SCOPE)

  it('reaches the function with all its characters', async () => {
    define('context', 'index.clientContext')
    const given = { custom: { name: 'Zoë ✓\r\nX-Evil: 1' } }
    const { payload } = await invoke(Buffer.from(JSON.stringify(given)).toString('base64'))
    expect(JSON.parse(payload)).toEqual(given)
  })

  it('that is no JSON is refused, and the function goes on', async () => {
    define('context', 'index.clientContext')
    await expect(invoke(Buffer.from('a\nb').toString('base64'))).rejects.toMatchObject({
      code: 'InvalidRequestContentException',
      message: 'Client context must be a valid Base64-encoded JSON object.',
    })
    expect((await invoke(Buffer.from('{}').toString('base64'))).payload).toBe('{}')
  })
})

describe('variables', () => {
  it('that AWS leaves to the function are the function’s', async () => {
    define('places', 'index.places', { environment: { NODE_PATH: '/opt/mine', TZ: 'Europe/Berlin' } })
    expect((await call('places')).answer).toEqual(['/opt/mine', 'Europe/Berlin'])
  })
})

it('leaves no folder of bundled code behind', async () => {
  const before = new Set(readdirSync(tmpdir()))
  const other = createLambdaService({
    catalog,
    endpointUrl: () => undefined,
    credentialsFor: () => ({ accessKeyId: 'ASIATEST', secretAccessKey: 'hidden', sessionToken: 'token' }),
    log: silentLog,
  })
  const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith('sidestage-lambda-') && !before.has(name))
  define('typedOnce', 'typed.handler')
  const { functionError } = await other.invoke({ functionName: 'typedOnce', payload: '{}' }, SCOPE)
  expect(functionError).toBeUndefined()
  expect(ours()).toHaveLength(1)
  await other.close()
  expect(ours()).toEqual([])
})

it('is refused where the name and the call ask for different versions', async () => {
  define('qualified', 'index.echo')
  const invoke = (functionName: string, qualifier: string) =>
    service.invoke({ functionName, qualifier, payload: '1' }, SCOPE)
  await expect(invoke('qualified:1', '2')).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: 'The derived qualifier from the function name does not match the specified qualifier.',
  })
  expect((await invoke('qualified:$LATEST', '$LATEST')).payload).toBe('1')
})
