/**
 * `node test/bench/soak.ts --minutes 10`: clients that connect, subscribe, hear, unsubscribe and drop, over every protocol,
 * for as long as is asked; prints memory over time and ends with 1 when it grew. Not part of `npm run bench`.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { WebSocket } from 'ws'
import { startServer } from '../../src/server.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error('--minutes takes a number above 0')

const KEY = 'da2-todos'
const AT_ONCE = 20
/** Growth of the heap after the first fifth that is taken for noise. */
const MAX_GROWTH_BYTES = 4 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const server = await startServer({
  project: resolve(import.meta.dirname, '../fixtures/projects/todos'),
  port: 0,
  memory: true,
})
const socketUrl = `${server.url.replace('http', 'ws')}/graphql/realtime`
const headers = { 'content-type': 'application/json', 'x-api-key': KEY }
const query = 'subscription ($owner: String) { onAddTodo(owner: $owner) { id text owner } }'
const end = Date.now() + minutes * 60_000
let rounds = 0
let heard = 0

async function add(owner: string): Promise<void> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({
      query: 'mutation ($owner: String) { addTodo(id: "1", text: "t", owner: $owner) { id text owner } }',
      variables: { owner },
    }),
  })
  await response.text()
}

/** One client over a socket; every other one is dropped instead of closed. */
async function overSocket(
  owner: string,
  protocol: 'graphql-ws' | 'graphql-transport-ws',
  drop: boolean,
): Promise<void> {
  const socket = new WebSocket(socketUrl, protocol, { headers: { 'x-api-key': KEY } })
  const appsync = protocol === 'graphql-ws'
  const operation = { query, variables: { owner } }
  const payload = appsync
    ? { data: JSON.stringify(operation), extensions: { authorization: { host: 'localhost', 'x-api-key': KEY } } }
    : operation
  await new Promise<void>((done, failed) => {
    const told = (type: string): void => {
      if (type === 'connection_ack')
        socket.send(JSON.stringify({ id: '1', type: appsync ? 'start' : 'subscribe', payload }))
      if (type === 'connection_ack' && !appsync) setTimeout(() => void add(owner).catch(failed), 20)
      else if (type === 'start_ack') void add(owner).catch(failed)
      else if (type === 'data' || type === 'next') {
        heard++
        if (drop) socket.terminate()
        else {
          socket.send(JSON.stringify({ id: '1', type: appsync ? 'stop' : 'complete' }))
          socket.close(1000)
        }
      } else if (type === 'error' || type === 'connection_error') failed(new Error(`${protocol}: ${type}`))
    }
    socket.on('open', () => socket.send('{"type":"connection_init"}'))
    socket.on('message', (data) => told(JSON.parse(String(data)).type))
    socket.on('error', failed)
    socket.on('close', () => done())
  })
}

async function overEventStream(owner: string): Promise<void> {
  const abort = new AbortController()
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables: { owner } }),
    signal: abort.signal,
  })
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('no stream')
  await reader.read()
  const [, chunk] = await Promise.all([add(owner), reader.read()])
  if (Buffer.from(chunk.value ?? []).includes('onAddTodo')) heard++
  abort.abort()
}

async function work(n: number): Promise<void> {
  while (Date.now() < end) {
    const owner = `${n}-${rounds++}`
    if (rounds % 3 === 0) await overEventStream(owner)
    else await overSocket(owner, rounds % 3 === 1 ? 'graphql-ws' : 'graphql-transport-ws', rounds % 2 === 0)
  }
}

const samples: number[] = []
const started = Date.now()
async function sample(): Promise<void> {
  collectGarbage()
  const { heapUsed, external, rss } = process.memoryUsage()
  samples.push(heapUsed + external)
  const open = /^sidestage_subscriptions (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1]
  const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1).padStart(7)
  console.log(
    `${((Date.now() - started) / 1000).toFixed(0).padStart(5)} s  heap${mb(heapUsed + external)} MB  resident${mb(rss)} MB  rounds ${rounds}  heard ${heard}  open ${open}`,
  )
}

const timer = setInterval(() => void sample(), (minutes * 60_000) / 20)
await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => work(n)))
clearInterval(timer)
await sample()
const early = Math.min(...samples.slice(Math.floor(samples.length / 5), Math.ceil(samples.length / 2)))
const late = Math.min(...samples.slice(Math.floor(samples.length / 2)))
await server.close()
console.log(`heap grew by ${((late - early) / 1024).toFixed(0)} KB from the first half to the second`)
process.exit(late - early > MAX_GROWTH_BYTES ? 1 : 0)
