import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
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
/** How often both tables are measured in process; the best counts, since others may use the machine too. */
const ROUNDS = 2

type Kind = 'get' | 'put' | 'query'
type Rates = Record<Kind, number>
const KINDS = ['get', 'put', 'query'] as const

interface InProcess {
  rates: Rates
  /** Calls per second of CPU: what the rate is where nobody else uses the machine. */
  perCpuSecond: Rates
}

interface Measured {
  small: InProcess
  large: InProcess
}

interface Started {
  /** Milliseconds. */
  start: number
  /** MB, with caches full. */
  afterStart: number
  /** MB, after all calls at full speed. */
  loaded: number
  rates: InProcess
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
  Kind,
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
 * A table of 10,000 items beside one of 1,000,000, both in files: in process, and over HTTP at 16 connections behind a
 * bare server. Dynalite, in memory, has 10,000.
 */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sidestage-bench-tables-'))
  const clean = (): void => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  const interrupted = (): void => {
    clean()
    process.exit(1)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, interrupted)
  try {
    const measured = (await ask(['engine', folder])) as Measured
    const started = (await ask(['start', folder, 'as it is'])) as Started
    const bounded = (await ask(['start', folder, 'bounded'])) as Started
    const http = await overHttp(folder)
    return [
      inProcess(measured, 'GetItem', 'get', '≥ 100,000/s'),
      inProcess(measured, 'PutItem', 'put', '≥ 30,000/s'),
      inProcess(measured, 'Query of 20', 'query', '≥ 15,000/s'),
      httpRow(http, 'GetItem', 'get'),
      httpRow(http, 'PutItem', 'put'),
      httpRow(http, 'Query of 20', 'query'),
      {
        name: `memory after all calls at full speed, ${ITEMS_TEXT} items, young generation bounded`,
        unit: 'MB',
        ours: bounded.loaded,
        beside: {},
        budget: '≤ 150 MB',
        more: {
          'after start': bounded.afterStart,
          'not bounded': started.loaded,
          'GetItem per s of CPU': bounded.rates.perCpuSecond.get,
          'not bounded ': started.rates.perCpuSecond.get,
          'PutItem per s of CPU': bounded.rates.perCpuSecond.put,
          'not bounded  ': started.rates.perCpuSecond.put,
          'Query per s of CPU': bounded.rates.perCpuSecond.query,
          'not bounded   ': started.rates.perCpuSecond.query,
        },
      },
      { name: `start with ${ITEMS_TEXT} items`, unit: 'ms', ours: started.start, beside: {}, budget: '≤ 20 ms' },
    ]
  } finally {
    for (const signal of signals) process.off(signal, interrupted)
    clean()
    agent.destroy()
  }
}

const ITEMS_TEXT = ITEMS.toLocaleString('en')
const SMALL_TEXT = SMALL.toLocaleString('en')

function inProcess({ small, large }: Measured, name: string, kind: Kind, budget: string): BenchRow {
  return {
    name: `${name}, in process, ${ITEMS_TEXT} items`,
    unit: '/s',
    ours: large.rates[kind],
    beside: { [`${SMALL_TEXT} items`]: small.rates[kind] },
    budget: `${budget}; at least 0.80× of the small table`,
    more: {
      'per s of CPU': large.perCpuSecond[kind],
      [`with ${SMALL_TEXT} items`]: small.perCpuSecond[kind],
      '% of these': (100 * large.perCpuSecond[kind]) / small.perCpuSecond[kind],
    },
  }
}

function httpRow({ small, large, dynalite }: Http, name: string, kind: Kind): BenchRow {
  return {
    name: `${name}, HTTP, ${CONNECTIONS} connections, ${SMALL_TEXT} items`,
    unit: 'µs CPU per request',
    ours: small.cpu[kind],
    beside: { 'dynalite in memory': dynalite.cpu[kind] },
    budget: 'at most the fastest',
    more: {
      [`with ${ITEMS_TEXT} items`]: large.cpu[kind],
      'requests/s': small.rates[kind],
      [`with ${ITEMS_TEXT} items, requests/s`]: large.rates[kind],
      'dynalite requests/s': dynalite.rates[kind],
    },
  }
}

/** Processes that are running. */
const children = new Set<ChildProcess>()

/** Runs this file in a process of its own, which ends when this one does. */
function run(args: string[], silent = false): ChildProcess {
  const child = fork(import.meta.filename, args, { silent })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Waits for what such a process answers, and for its end. */
async function ask(args: string[]): Promise<unknown> {
  const child = run(args)
  const ended = once(child, 'exit')
  const answer = await Promise.race([
    once(child, 'message').then(([message]) => message as unknown),
    ended.then(([code, signal]) => {
      throw new Error(`the process for ${args[0]} ended with ${String(code ?? signal)}`)
    }),
  ])
  child.kill()
  await ended
  return answer
}

interface OverHttp {
  rates: Rates
  /** Microseconds of the server process per request: steadier than rates, which the client shares the machine with. */
  cpu: Rates
}

interface Http {
  small: OverHttp
  large: OverHttp
  dynalite: OverHttp
}

async function overHttp(folder: string): Promise<Http> {
  const ours = await serve(run(['serve', folder], true))
  const other = await serve(run(['dynalite'], true))
  await post(other.url, 'CreateTable', { TableName: 'Small', ...TABLE })
  for (let from = 0; from < SMALL; from += 25) await post(other.url, 'BatchWriteItem', batchOf('Small', from))
  const none = (): OverHttp => ({ rates: { get: 0, put: 0, query: 0 }, cpu: { get: 0, put: 0, query: 0 } })
  const results: Http = { small: none(), large: none(), dynalite: none() }
  const measure = async (result: OverHttp, { url, child }: Served, tableName: string, count: number, kind: Kind) => {
    const before = cpuOf(child)
    const { requests, rate } = await rateOver(url, tableName, count, kind)
    result.rates[kind] = rate
    result.cpu[kind] = (cpuOf(child) - before) / requests
  }
  // Servers that have run for a while: code that is not compiled yet costs several times as much.
  for (const { url } of [ours, other])
    for (const kind of KINDS) await rateOver(url, 'Small', SMALL, kind, 1.5 * SECONDS)
  for (const kind of KINDS) {
    await measure(results.small, ours, 'Small', SMALL, kind)
    await measure(results.large, ours, 'Large', ITEMS, kind)
    await measure(results.dynalite, other, 'Small', SMALL, kind)
  }
  for (const { child } of [ours, other]) {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return results
}

interface Served {
  child: ChildProcess
  url: string
}

async function serve(child: ChildProcess): Promise<Served> {
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

async function rateOver(
  url: string,
  tableName: string,
  count: number,
  kind: Kind,
  seconds = SECONDS,
): Promise<{ requests: number; rate: number }> {
  let turn = 0
  const until = performance.now() + seconds * 1_000
  const started = performance.now()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) await post(url, ...CALLS[kind](tableName, count, turn++))
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

function batchOf(TableName: string, from: number): Record<string, unknown> {
  const requests = Array.from({ length: 25 }, (_, offset) => ({ PutRequest: { Item: itemOf(from + offset) } }))
  return { RequestItems: { [TableName]: requests } }
}

function fill(engine: DynamoDBEngine, tableName: string, count: number): void {
  for (let from = 0; from < count; from += 25) engine.send('BatchWriteItem', batchOf(tableName, from))
}

/** The best of some rounds of a table, each after some calls that warm up its caches. */
function measure(engine: DynamoDBEngine, tableName: string, count: number, best = noneYet()): InProcess {
  for (const kind of KINDS) {
    let turn = 0
    const run = (milliseconds: number): void => {
      const before = turn
      const cpu = process.cpuUsage()
      const started = performance.now()
      while (performance.now() - started < milliseconds)
        for (let batch = 0; batch < 32; batch++) engine.send(...CALLS[kind](tableName, count, turn++))
      const { user, system } = process.cpuUsage(cpu)
      const rate = (turn - before) / ((performance.now() - started) / 1_000)
      best.rates[kind] = Math.max(best.rates[kind], rate)
      best.perCpuSecond[kind] = Math.max(best.perCpuSecond[kind], (turn - before) / ((user + system) / 1_000_000))
    }
    run(300)
    run(SECONDS * 1_000)
  }
  return best
}

const noneYet = (): InProcess => ({
  rates: { get: 0, put: 0, query: 0 },
  perCpuSecond: { get: 0, put: 0, query: 0 },
})

const megabytes = (): number => process.memoryUsage.rss() / 1_024 / 1_024

const [role, folder = '', generation] = process.send === undefined ? [] : process.argv.slice(2)
if (role !== undefined) process.once('disconnect', () => process.exit())
if (role === 'engine') {
  const engine = openEngine(folder)
  fill(engine, 'Small', SMALL)
  fill(engine, 'Large', ITEMS)
  const small = noneYet()
  const large = noneYet()
  for (let round = 0; round < ROUNDS; round++) {
    measure(engine, 'Small', SMALL, small)
    measure(engine, 'Large', ITEMS, large)
  }
  engine.close()
  process.send?.({ small, large } satisfies Measured)
} else if (role === 'start') {
  // Before the heap grows: from then on the young generation stays as large as it is.
  if (generation === 'bounded') setFlagsFromString('--semi-space-growth-factor=1')
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
  const afterStart = megabytes()
  const rates = measure(engine, 'Large', ITEMS)
  const loaded = megabytes()
  engine.close()
  process.send?.({ start, afterStart, loaded, rates } satisfies Started)
} else if (role === 'serve') {
  const { serveAwsJson } = await import('../support/awsJsonServer.ts')
  const { endpoint } = await serveAwsJson([openEngine(folder).service])
  console.log(`ready ${endpoint}`)
} else if (role === 'dynalite') await import('./servers/dynalite.ts')
