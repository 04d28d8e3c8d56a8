import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { type LoadResult, load, memoryOf, postBytes } from './load.ts'
import type { BenchRow } from './row.ts'

const HERE = import.meta.dirname
const ROOT = resolve(HERE, '../..')
const KEY = { 'x-api-key': 'da2-bench' }
const QUERIES = {
  'NONE resolver, one object': [
    'one',
    '{"query":"query Q($id: ID!) { one(id: $id) { id name size ready note } }","variables":{"id":"7"}}',
  ],
  'list of 100 × 5 fields': ['list', '{"query":"{ list { id name size ready note } }"}'],
  'VTL resolver, one object': [
    'vtl',
    '{"query":"query Q($id: ID!) { vtl(id: $id) { id name size ready note } }","variables":{"id":"7"}}',
  ],
  'GetItem through a resolver': [
    'stored',
    '{"query":"query Q($id: ID!) { stored(id: $id) { id name size ready note } }","variables":{"id":"7"}}',
  ],
} as const

interface Started {
  url: string
  pid: number
  child: ChildProcess
  /** Milliseconds from spawn to the ready line. */
  readyAfter: number
}

/** Starts a script and waits for `ready URL`. */
export function startScript(args: readonly string[]): Promise<Started> {
  const from = performance.now()
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((ready, failed) => {
    let output = ''
    child.once('exit', (code) => failed(new Error(`${args.join(' ')} ended (${code})`)))
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      const url = /^ready (http:\S+)/m.exec(output)?.[1]
      if (url !== undefined) ready({ url, pid: child.pid ?? 0, child, readyAfter: performance.now() - from })
    })
  })
}

async function putItem(endpoint: string, ours: boolean): Promise<void> {
  const call = (operation: string, input: unknown) =>
    fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        authorization:
          'AWS4-HMAC-SHA256 Credential=test/20261120/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
        'x-amz-date': new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''),
      },
      body: JSON.stringify(input),
    })
  if (!ours)
    await call('CreateTable', {
      TableName: 'items',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    })
  for (let attempt = 0; ; attempt++) {
    const answer = await call('PutItem', {
      TableName: 'items',
      Item: {
        id: { S: '7' },
        name: { S: 'item 7' },
        size: { N: '7' },
        ready: { BOOL: false },
        note: { S: 'of no importance' },
      },
    })
    if (answer.ok) return
    if (attempt > 100) throw new Error(`PutItem: ${await answer.text()}`)
    await new Promise((wait) => setTimeout(wait, 50))
  }
}

/** GraphQL over HTTP: ours beside graphql-yoga with the AWS SDK, and bare node:http with kept documents. */
export async function benchHttp(requests = 20_000): Promise<BenchRow[]> {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), '--if-stale'])
  const started: Started[] = []
  const start = async (args: readonly string[]): Promise<Started> => {
    const server = await startScript(args)
    started.push(server)
    return server
  }
  try {
    return await compare(start, requests)
  } finally {
    for (const { child } of started) child.kill('SIGKILL')
  }
}

async function compare(
  startScript: (args: readonly string[]) => Promise<Started>,
  requests: number,
): Promise<BenchRow[]> {
  const dynalite = await startScript([join(HERE, 'servers/dynalite.ts')])
  const ours = await startScript([
    '--max-semi-space-size=4',
    join(ROOT, 'dist/cli.js'),
    'start',
    join(HERE, 'project'),
    '--port',
    '0',
    '--memory',
  ])
  const idleMemory = memoryOf(ours.pid)
  const yoga = await startScript([join(HERE, 'servers/yoga.ts'), dynalite.url])
  const yogaMemory = memoryOf(yoga.pid)
  const bare = await startScript([join(HERE, 'servers/bare.ts')])
  await putItem(ours.url, true)
  await putItem(dynalite.url, false)
  const rows: BenchRow[] = []
  for (const [name, [field, body]] of Object.entries(QUERIES)) {
    const measure = async (server: Started): Promise<LoadResult> => {
      const options = {
        url: `${server.url}/graphql`,
        request: postBytes(`${server.url}/graphql`, KEY, body),
        pid: server.pid,
        check: (text: string) => {
          const answer = JSON.parse(text)
          if (answer.errors !== undefined || !answer.data?.[field]) throw new Error(`${name}: ${text.slice(0, 300)}`)
        },
      }
      await load({ ...options, requests: Math.ceil(requests / 4) })
      return load({ ...options, requests })
    }
    const mine = await measure(ours)
    const theirs = await measure(yoga)
    const floor = field === 'stored' ? undefined : await measure(bare)
    rows.push({
      name,
      unit: 'µs CPU per request',
      ours: mine.cpuMicroseconds,
      beside: {
        [field === 'stored' ? 'yoga + SDK' : 'yoga']: theirs.cpuMicroseconds,
        ...(floor !== undefined && { 'bare node:http': floor.cpuMicroseconds }),
      },
      more: { 'requests/s': mine.requestsPerSecond, 'p50 ms': mine.p50, 'p99 ms': mine.p99 },
      budget: { one: '≤ 0.4 × yoga', list: '≤ 1.25 × bare', vtl: '≤ 0.4 × yoga', stored: '≤ 0.3 × yoga + SDK' }[field],
    })
  }
  rows.push(
    { name: 'start to ready', unit: 'ms', ours: ours.readyAfter, beside: { yoga: yoga.readyAfter }, budget: '≤ 500' },
    { name: 'idle memory', unit: 'MB', ours: idleMemory, beside: { yoga: yogaMemory }, budget: '≤ 120' },
  )
  return rows
}
