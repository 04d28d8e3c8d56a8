import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createCatalog } from '../../src/catalog.ts'
import { createDynamoDB, type DynamoDBEngine } from '../../src/services/dynamodb/engine.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import type { BenchRow } from './row.ts'

/** Items of the large table. */
const ITEMS = Number(process.env['DYNAMODB_BENCH_ITEMS'] ?? 1_000_000)
const SMALL = 10_000
const PER_PARTITION = 40
const SECONDS = Number(process.env['DYNAMODB_BENCH_SECONDS'] ?? 1)
const CONNECTIONS = 16

type Rates = Record<'get' | 'put' | 'query', number>

interface InProcess {
  rates: Rates
  /** Calls per second of CPU: what the rate is where nobody else uses the machine. */
  perCpuSecond: Rates
}

interface Measured {
  small: InProcess
  large: InProcess
  /** MB. */
  memory: number
  /** Milliseconds. */
  start: number
  memoryAfterStart: number
}

const keyOf = (index: number) => ({
  pk: { S: `user#${Math.floor(index / PER_PARTITION)}` },
  sk: { S: `order#${String(index % PER_PARTITION).padStart(4, '0')}` },
})

const itemOf = (index: number) => ({
  ...keyOf(index),
  name: { S: `Name of ${index}` },
  n: { N: String(index) },
  price: { N: '12.99' },
  tags: { SS: ['a', 'b'] },
  address: { M: { street: { S: 'Main street 1' }, zip: { S: '12345' } } },
  paid: { BOOL: true },
  lines: { L: [{ N: '1' }, { S: 'two' }] },
})

const TABLE = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
}

/** Calls like those of resolvers, over the keys of a table of `count` items in a fixed pseudo-random order. */
const CALLS: Record<
  keyof Rates,
  (TableName: string, count: number, turn: number) => readonly [operation: string, input: Record<string, unknown>]
> = {
  get: (TableName, count, turn) => ['GetItem', { TableName, Key: keyOf((turn * 7_919) % count) }],
  put: (TableName, count, turn) => ['PutItem', { TableName, Item: itemOf((turn * 7_919) % count) }],
  query: (TableName, count, turn) => [
    'Query',
    {
      TableName,
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': keyOf((turn * 7_919) % count).pk },
      Limit: 20,
    },
  ],
}

/**
 * In process: a table of 10,000 items and one of 1,000,000, in files. Over HTTP at 16 connections: our engine behind a
 * bare server (in files) beside dynalite (in memory).
 */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sidestage-bench-tables-'))
  try {
    const measured = (await ask(['engine', folder])) as Omit<Measured, 'start' | 'memoryAfterStart'>
    const started = (await ask(['start', folder])) as Pick<Measured, 'start' | 'memoryAfterStart'>
    const [ours, dynalite] = await overHttp(folder)
    const inProcess = (name: string, kind: keyof Rates, budget: string): BenchRow => ({
      name: `${name}, in process`,
      unit: '/s',
      ours: measured.small.rates[kind],
      beside: {},
      budget,
      more: {
        'per s of CPU': measured.small.perCpuSecond[kind],
        [`of ${ITEMS.toLocaleString('en')} items`]: measured.large.rates[kind],
        'per s of CPU of these': measured.large.perCpuSecond[kind],
      },
    })
    const http = (name: string, kind: keyof Rates): BenchRow => ({
      name: `${name}, HTTP, ${CONNECTIONS} connections`,
      unit: 'µs CPU per request',
      ours: ours.cpu[kind],
      beside: { 'dynalite in memory': dynalite.cpu[kind] },
      budget: 'at most the fastest',
      more: { 'requests/s': ours.rates[kind], 'dynalite requests/s': dynalite.rates[kind] },
    })
    return [
      inProcess('GetItem', 'get', '≥ 100,000/s'),
      inProcess('PutItem', 'put', '≥ 30,000/s'),
      inProcess('Query of 20', 'query', '≥ 15,000/s'),
      http('GetItem', 'get'),
      http('PutItem', 'put'),
      http('Query of 20', 'query'),
      {
        name: `memory with ${ITEMS.toLocaleString('en')} items, caches full`,
        unit: 'MB',
        ours: started.memoryAfterStart,
        beside: {},
        budget: '≤ 150 MB',
        // Nearly all of the difference is garbage that V8 lets grow at this rate of calls.
        more: { 'at full speed': measured.memory },
      },
      {
        name: `start with ${ITEMS.toLocaleString('en')} items`,
        unit: 'ms',
        ours: started.start,
        beside: {},
        budget: '≤ 20 ms',
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs this file in a process of its own and waits for what it answers. */
async function ask(args: string[]): Promise<unknown> {
  const child = fork(import.meta.filename, args)
  const [answer] = (await once(child, 'message')) as [unknown]
  child.kill()
  return answer
}

interface OverHttp {
  rates: Rates
  /** Microseconds of the server process per request: steadier than rates, which the client shares the machine with. */
  cpu: Rates
}

async function overHttp(folder: string): Promise<[ours: OverHttp, dynalite: OverHttp]> {
  const ours = await serve(fork(import.meta.filename, ['serve', join(folder, 'http')], { silent: true }))
  const other = await serve(fork(resolve(import.meta.dirname, 'servers/dynalite.ts'), [], { silent: true }))
  try {
    for (const { url } of [ours, other]) {
      await post(url, 'CreateTable', { TableName: 'Small', ...TABLE })
      for (let from = 0; from < SMALL; from += 25)
        await post(url, 'BatchWriteItem', {
          RequestItems: {
            Small: Array.from({ length: 25 }, (_, offset) => ({ PutRequest: { Item: itemOf(from + offset) } })),
          },
        })
    }
    const none = (): OverHttp => ({ rates: { get: 0, put: 0, query: 0 }, cpu: { get: 0, put: 0, query: 0 } })
    const results: [OverHttp, OverHttp] = [none(), none()]
    for (const kind of ['get', 'put', 'query'] as const)
      for (const [index, { url, child }] of [ours, other].entries()) {
        const before = cpuOf(child)
        const { requests, rate } = await rateOver(url, kind)
        const result = results[index] as OverHttp
        result.rates[kind] = rate
        result.cpu[kind] = (cpuOf(child) - before) / requests
      }
    return results
  } finally {
    ours.child.kill('SIGKILL')
    other.child.kill('SIGKILL')
  }
}

async function serve(child: ChildProcess): Promise<{ child: ChildProcess; url: string }> {
  let text = ''
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    text += String(chunk)
    const url = /ready (http:\S+)/.exec(text)?.[1]
    if (url !== undefined) return { child, url }
  }
  throw new Error('the server ended')
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

function post(url: string, operation: string, input: unknown): Promise<string> {
  return new Promise((done, fail) => {
    const body = JSON.stringify(input)
    const call = request(
      url,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': Buffer.byteLength(body),
          'x-amz-target': `DynamoDB_20120810.${operation}`,
          authorization:
            'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
          'x-amz-date': '20260101T000000Z',
        },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => (response.statusCode === 200 ? done(text) : fail(new Error(text))))
      },
    )
    call.on('error', fail)
    call.end(body)
  })
}

/** Microseconds of CPU that a process has used; Linux counts them in hundredths of a second. */
function cpuOf(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

async function rateOver(url: string, kind: keyof Rates): Promise<{ requests: number; rate: number }> {
  let turn = 0
  const until = performance.now() + SECONDS * 1_000
  const started = performance.now()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) await post(url, ...CALLS[kind]('Small', SMALL, turn++))
    }),
  )
  return { requests: turn, rate: turn / ((performance.now() - started) / 1_000) }
}

// --- What runs in processes of its own -----------------------------------------------------------------------------

function openEngine(folder: string): DynamoDBEngine {
  const tables = createCatalog().collection('AWS::DynamoDB::Table')
  const engine = createDynamoDB({ folder: openDataFolder(folder), tables })
  for (const tableName of ['Small', 'Large'])
    tables.put(
      { arn: `arn:aws:dynamodb:us-east-1:000000000000:table/${tableName}`, tableName, description: { ...TABLE } },
      'project',
    )
  return engine
}

function fill(engine: DynamoDBEngine, TableName: string, count: number): void {
  for (let from = 0; from < count; from += 25)
    engine.send('BatchWriteItem', {
      RequestItems: {
        [TableName]: Array.from({ length: 25 }, (_, offset) => ({ PutRequest: { Item: itemOf(from + offset) } })),
      },
    })
}

function ratesOf(engine: DynamoDBEngine, tableName: string, count: number): InProcess {
  const measured: InProcess = { rates: { get: 0, put: 0, query: 0 }, perCpuSecond: { get: 0, put: 0, query: 0 } }
  for (const kind of ['get', 'put', 'query'] as const) {
    let turn = 0
    const run = (milliseconds: number): void => {
      const before = turn
      const cpu = process.cpuUsage()
      const started = performance.now()
      while (performance.now() - started < milliseconds)
        for (let batch = 0; batch < 32; batch++) engine.send(...CALLS[kind](tableName, count, turn++))
      const { user, system } = process.cpuUsage(cpu)
      measured.rates[kind] = (turn - before) / ((performance.now() - started) / 1_000)
      measured.perCpuSecond[kind] = (turn - before) / ((user + system) / 1_000_000)
    }
    run(300)
    run(SECONDS * 1_000)
  }
  return measured
}

const megabytes = (): number => process.memoryUsage.rss() / 1_024 / 1_024

const [role, folder = ''] = process.send === undefined ? [] : process.argv.slice(2)
if (role === 'engine') {
  const engine = openEngine(folder)
  fill(engine, 'Small', SMALL)
  const small = ratesOf(engine, 'Small', SMALL)
  fill(engine, 'Large', ITEMS)
  const large = ratesOf(engine, 'Large', ITEMS)
  process.send?.({ small, large, memory: megabytes() })
  engine.close()
} else if (role === 'start') {
  const data = openDataFolder(folder)
  const tables = createCatalog().collection('AWS::DynamoDB::Table')
  const started = performance.now()
  const engine = createDynamoDB({ folder: data, tables })
  tables.put(
    { arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/Large', tableName: 'Large', description: { ...TABLE } },
    'project',
  )
  engine.send('GetItem', { TableName: 'Large', Key: keyOf(0) })
  const start = performance.now() - started
  for (let turn = 0; turn < 20_000; turn++) engine.send(...CALLS.get('Large', ITEMS, turn))
  process.send?.({ start, memoryAfterStart: megabytes() })
} else if (role === 'serve') {
  const { serveAwsJson } = await import('../support/awsJsonServer.ts')
  const tables = createCatalog().collection('AWS::DynamoDB::Table')
  const engine = createDynamoDB({ folder: openDataFolder(folder), tables })
  const { endpoint } = await serveAwsJson([engine.service])
  console.log(`ready ${endpoint}`)
}
