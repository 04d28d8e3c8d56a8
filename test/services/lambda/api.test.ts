import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SidestageServer } from '../../../src/server/options.ts'
import { startServer } from '../../../src/server.ts'

const ROLE = 'arn:aws:iam::000000000000:role/any'
let server: SidestageServer
let lambda: LambdaClient
beforeAll(async () => {
  server = await startServer({ port: 0, memory: true, environment: {}, onLogLine: () => {} })
  lambda = new LambdaClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
})
afterAll(async () => {
  lambda.destroy()
  await server.close()
})

/** A zip archive of texts, deflated. */
function zip(files: Record<string, string>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const [name, text] of Object.entries(files)) {
    const data = deflateRawSync(text)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(8, 8)
    local.writeUInt32LE(data.length, 18)
    local.writeUInt32LE(Buffer.byteLength(text), 22)
    local.writeUInt16LE(name.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(8, 10)
    entry.writeUInt32LE(data.length, 20)
    entry.writeUInt32LE(Buffer.byteLength(text), 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(at, 42)
    parts.push(local, Buffer.from(name), data)
    directory.push(entry, Buffer.from(name))
    at += 30 + name.length + data.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, ...directory, end])
}

const handler = (answer: string): string =>
  `exports.handler = async (event) => ({ answer: ${JSON.stringify(answer)}, event, env: process.env.COLOUR })`

async function create(name: string, files: Record<string, string>, more = {}) {
  return lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: ROLE,
      Code: { ZipFile: zip(files) },
      ...more,
    }),
  )
}

async function invoke(name: string, event: unknown = {}) {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), LogType: 'Tail' }),
  )
  return {
    ...answer,
    payload: JSON.parse(Buffer.from(answer.Payload ?? []).toString()) as unknown,
    log: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
  }
}

describe('the Lambda API', () => {
  it('takes a function as a zip, runs it, changes it, and forgets it', async () => {
    const made = await create('life', { 'index.js': handler('one') })
    expect(made).toMatchObject({
      FunctionName: 'life',
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:life',
      Runtime: 'nodejs22.x',
      Timeout: 3,
      MemorySize: 128,
      Version: '$LATEST',
      State: 'Active',
    })
    expect((await invoke('life', { n: 1 })).payload).toEqual({ answer: 'one', event: { n: 1 } })
    await lambda.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'life', ZipFile: zip({ 'index.js': handler('two') }) }),
    )
    await lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'life',
        Environment: { Variables: { COLOUR: 'red' } },
        Timeout: 9,
      }),
    )
    expect((await invoke('life')).payload).toEqual({ answer: 'two', event: {}, env: 'red' })
    expect((await lambda.send(new GetFunctionCommand({ FunctionName: 'life' }))).Configuration).toMatchObject({
      Timeout: 9,
    })
    expect(
      (await lambda.send(new ListFunctionsCommand({}))).Functions?.map(({ FunctionName }) => FunctionName),
    ).toContain('life')
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'life' }))
    await expect(invoke('life')).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })

  it('keeps versions as they were, and an alias points to one', async () => {
    await create('versions', { 'index.js': handler('first') })
    await lambda.send(new PublishVersionCommand({ FunctionName: 'versions' }))
    await lambda.send(
      new UpdateFunctionCodeCommand({
        FunctionName: 'versions',
        ZipFile: zip({ 'index.js': handler('second') }),
        Publish: true,
      }),
    )
    await lambda.send(new CreateAliasCommand({ FunctionName: 'versions', Name: 'live', FunctionVersion: '1' }))
    const answers = await Promise.all(
      ['versions', 'versions:1', 'versions:2', 'versions:live'].map(async (name) => (await invoke(name)).payload),
    )
    expect(answers.map((answer) => (answer as { answer: string }).answer)).toEqual([
      'second',
      'first',
      'second',
      'first',
    ])
    const { Versions } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: 'versions' }))
    expect(Versions?.map(({ Version }) => Version).sort()).toEqual(['$LATEST', '1', '2'])
  })

  it('tells a function’s error beside 200, and the end of its log', async () => {
    await create('fails', {
      'index.js': 'exports.handler = async () => { console.log("before"); throw new RangeError("too far") }',
    })
    const { FunctionError, StatusCode, payload, log } = await invoke('fails')
    expect([FunctionError, StatusCode]).toEqual(['Unhandled', 200])
    expect(payload).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' })
    expect(log).toMatch(/INFO\tbefore/)
  })

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'a function that is there already',
      () => create('twice', { 'index.js': handler('') }).then(() => create('twice', { 'index.js': handler('') })),
      'ResourceConflictException',
    ],
    [
      'code that is no zip',
      () =>
        lambda.send(
          new CreateFunctionCommand({ FunctionName: 'bad', Role: ROLE, Code: { ZipFile: Buffer.from('nonsense') } }),
        ),
      'InvalidParameterValueException',
    ],
    [
      'a zip that leaves its folder',
      () => create('slip', { '../../escape.js': 'x' }),
      'InvalidParameterValueException',
    ],
    [
      'code in S3',
      () =>
        lambda.send(
          new CreateFunctionCommand({ FunctionName: 's3', Role: ROLE, Code: { S3Bucket: 'bucket', S3Key: 'key' } }),
        ),
      'InvalidParameterValueException',
    ],
    ['a timeout of 16 minutes', () => create('slow', { 'index.js': '' }, { Timeout: 960 }), 'ValidationException'],
    [
      'an event that is no JSON',
      () => lambda.send(new InvokeCommand({ FunctionName: 'life2', Payload: '{' })),
      'InvalidRequestContentException',
    ],
    [
      'more than 6 MB',
      () => lambda.send(new InvokeCommand({ FunctionName: 'life2', Payload: JSON.stringify('x'.repeat(6_300_000)) })),
      'RequestTooLargeException',
    ],
  ])('refuses %s', async (_name, call, code) => {
    await expect(call()).rejects.toMatchObject({ name: code })
  })

  it('throttles beyond the reserved concurrency', async () => {
    await create('one', { 'index.js': 'exports.handler = () => new Promise((done) => setTimeout(() => done(1), 300))' })
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'one', ReservedConcurrentExecutions: 1 }))
    const outcomes = await Promise.allSettled([invoke('one'), invoke('one')])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

it('a function is frozen between its invocations', async () => {
  const { payload } = await (async () => {
    await create('frozen', {
      'index.js': 'let n = 0; setInterval(() => n++, 5); exports.handler = async () => ({ n, pid: process.pid })',
    })
    return invoke('frozen')
  })()
  const { pid } = payload as { pid: number }
  await expect.poll(() => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]).toBe('T')
  expect((await invoke('frozen')).payload).toMatchObject({ pid })
})

it('functions die with a server that is killed', async () => {
  const { startSidestage } = await import('../../support/sidestageProcess.ts')
  const other = await startSidestage([
    resolve(import.meta.dirname, '../../fixtures/projects/functions'),
    '--port',
    '0',
    '--memory',
  ])
  const client = new LambdaClient({
    endpoint: other.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const answer = await client.send(new InvokeCommand({ FunctionName: 'pid' }))
  const pid = Number(Buffer.from(answer.Payload ?? []).toString())
  client.destroy()
  expect(() => process.kill(pid, 0)).not.toThrow()
  await other.stop('SIGKILL')
  await expect
    .poll(
      () => {
        try {
          return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] === 'Z'
        } catch {
          return true
        }
      },
      { timeout: 10_000 },
    )
    .toBe(true)
})

describe('versions and aliases', () => {
  const code = { ZipFile: zip({ 'index.mjs': 'export const handler = async () => process.env.STAGE' }) }
  const create = (FunctionName: string, Variables: Record<string, string> = {}) =>
    lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Role: ROLE,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Code: code,
        Environment: { Variables },
      }),
    )

  it('describes the version behind an alias', async () => {
    await create('staged')
    await lambda.send(new PublishVersionCommand({ FunctionName: 'staged', Description: 'first' }))
    await lambda.send(new CreateAliasCommand({ FunctionName: 'staged', Name: 'live', FunctionVersion: '1' }))
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: 'staged', Qualifier: 'live' }))
    expect(Configuration).toMatchObject({
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:staged:live',
      Version: '1',
      Description: 'first',
    })
  })

  it('makes a version only of what has changed', async () => {
    await create('settled', { STAGE: 'a' })
    const publish = async () => (await lambda.send(new PublishVersionCommand({ FunctionName: 'settled' }))).Version
    expect([await publish(), await publish()]).toEqual(['1', '1'])
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'settled', Environment: { Variables: { STAGE: 'b' } } }),
    )
    expect([await publish(), await publish()]).toEqual(['2', '2'])
  })

  it('changes a function only at the revision that is asked for', async () => {
    const { RevisionId } = await create('revised')
    const update = (revision: string | undefined, Timeout: number) =>
      lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'revised', Timeout, RevisionId: revision }))
    expect((await lambda.send(new GetFunctionCommand({ FunctionName: 'revised' }))).Configuration?.RevisionId).toBe(
      RevisionId,
    )
    expect((await update(RevisionId, 7)).RevisionId).not.toBe(RevisionId)
    await expect(update(RevisionId, 8)).rejects.toMatchObject({
      name: 'PreconditionFailedException',
      $metadata: { httpStatusCode: 412 },
    })
  })

  it('refuses variables that are Lambda’s own, and too many', async () => {
    await expect(create('reserved', { AWS_REGION: 'x', MINE: 'y' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringMatching(/contains reserved keys .* used in this request: AWS_REGION$/),
    })
    await expect(create('reserved', { LONG: 'x'.repeat(4097) })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('exceeded the 4KB limit. String measured: '),
    })
  })
})
