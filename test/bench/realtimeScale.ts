import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '../../src/aws/clock.ts'
import { localTls } from '../../src/http/certificate.ts'
import { listen } from '../../src/http/listener.ts'
import { createMemoryBus } from '../../src/realtime/bus.ts'
import { createRealtime } from '../../src/realtime/realtime.ts'
import { createGraphqlFixture } from '../support/graphqlFixture.ts'
import type { BenchRow } from './row.ts'

const SOCKETS = 10_000
/** Handshakes of TLS cost a millisecond each on both sides. */
const TLS_SOCKETS = 1_000
const PER_SOCKET = 5
const REACHED = 10
const LISTENERS = 1_000
const PUBLISHES_PER_SECOND = 10
const SECONDS = 5

const SCHEMA = `
  type Told { id: ID! owner: String text: String }
  type Query { none: ID }
  type Mutation { tell(id: ID!, owner: String, text: String): Told }
  type Subscription { onTell(owner: String): Told @aws_subscribe(mutations: ["tell"]) }
`

/** Memory of sockets and subscriptions, cost of a publish beside how many listen, and the time until it is received. */
export async function benchScale(): Promise<BenchRow[]> {
  return [
    ...(await memory('', SOCKETS)),
    ...(await memory(' over TLS', TLS_SOCKETS)),
    await matching(),
    await latency(),
  ]
}

/** A server as it is wired, and its clients in another process. */
async function startRig(isTls: boolean) {
  const { engine } = createGraphqlFixture({ schema: SCHEMA })
  const bus = createMemoryBus()
  const realtime = createRealtime({
    engine,
    bus,
    authenticate: () => ({ mode: 'API_KEY', identity: null }),
    clock: systemClock,
    log: (_level, message) => console.error(message),
  })
  let tls: ReturnType<typeof localTls> | undefined
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    onRequest: (_request, response) => void response.writeHead(404).end(),
    onUpgrade: (request, socket, head) =>
      realtime.upgrade(request, socket, head, { apiId: 'test', endpointPath: '/graphql', domainName: null }),
    tls: () => {
      tls ??= localTls(undefined, ['localhost'])
      return tls
    },
  })
  const clients: ChildProcess = fork(join(import.meta.dirname, 'servers/sockets.ts'), [
    String(listener.port),
    isTls ? 'tls' : 'plain',
  ])
  clients.once('exit', (code) => {
    if (code !== null) throw new Error(`the clients ended (${code})`)
  })
  await once(clients, 'message')
  return {
    clients,
    publish: (id: string, owner: string) =>
      bus.publish({
        type: 'mutation',
        event: { apiId: 'test', fieldName: 'tell', result: { __typename: 'Told', id, owner, text: 'x'.repeat(100) } },
      }),
    async order(order: object): Promise<void> {
      clients.send(order)
      await once(clients, 'message')
    },
    async close() {
      clients.kill('SIGKILL')
      realtime.close()
      await listener.close(0)
    },
  }
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function memoryNow(): Promise<{ heap: number; resident: number }> {
  for (let n = 0; n < 3; n++) {
    collectGarbage()
    await new Promise((next) => setTimeout(next, 50))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

async function memory(how: string, count: number): Promise<BenchRow[]> {
  const rig = await startRig(how !== '')
  // What the first sockets cost once is not theirs.
  await rig.order({ type: 'connect', count: 100 })
  await rig.order({ type: 'subscribe', each: 1, group: 1 })
  const before = await memoryNow()
  await rig.order({ type: 'connect', count })
  const idle = await memoryNow()
  await rig.order({ type: 'subscribe', each: PER_SOCKET, group: REACHED })
  const subscribed = await memoryNow()
  await rig.close()
  const subscriptions = PER_SOCKET * (count + 100) - 100
  return [
    {
      name: `an idle socket${how}, of ${count.toLocaleString('en')}`,
      unit: 'bytes',
      ours: (idle.heap - before.heap) / count,
      beside: {},
      more: { 'resident bytes': (idle.resident - before.resident) / count },
      ...(how === '' && { budget: '≤ 20 KB' }),
    },
    {
      name: `a subscription on it${how}, × ${PER_SOCKET}`,
      unit: 'bytes',
      ours: (subscribed.heap - idle.heap) / subscriptions,
      beside: {},
      more: { 'resident bytes': (subscribed.resident - idle.resident) / subscriptions },
      ...(how === '' && { budget: '≤ 4 KB' }),
    },
  ]
}

/**
 * CPU of the server for one publish that reaches ten subscriptions, each on a socket of its own, every publish in a tick of
 * its own and every one to other subscriptions than the last.
 */
async function costOfAPublish(sockets: number): Promise<number> {
  const rig = await startRig(false)
  await rig.order({ type: 'connect', count: sockets })
  await rig.order({ type: 'subscribe', each: PER_SOCKET, group: REACHED })
  const publishes = 4_000
  const round = async (): Promise<number> => {
    await rig.order({ type: 'measure', deliveries: publishes * REACHED })
    const measured = once(rig.clients, 'message')
    const before = process.cpuUsage()
    for (let n = 0; n < publishes; n++) {
      rig.publish('0', `owner-${(n * 7) % (sockets / REACHED)}-${n % PER_SOCKET}`)
      await new Promise((next) => setImmediate(next))
    }
    const { user, system } = process.cpuUsage(before)
    await measured
    return (user + system) / publishes
  }
  const rounds = [await round(), await round(), await round()]
  await rig.close()
  return Math.min(...rounds)
}

export async function matching(): Promise<BenchRow> {
  const few = await costOfAPublish((REACHED * REACHED) / PER_SOCKET)
  return {
    name: 'a publish that matches 10 of 50,000',
    unit: 'µs CPU',
    ours: await costOfAPublish(SOCKETS),
    beside: { '10 of 100': few },
    budget: '≤ 2 ×',
  }
}

async function latency(): Promise<BenchRow> {
  const rig = await startRig(false)
  await rig.order({ type: 'connect', count: LISTENERS })
  await rig.order({ type: 'subscribe', each: PER_SOCKET, group: LISTENERS })
  const publishes = PUBLISHES_PER_SECOND * SECONDS
  await rig.order({ type: 'measure', deliveries: publishes * LISTENERS })
  const measured = once(rig.clients, 'message') as Promise<[{ latencies: number[] }]>
  for (let n = 0; n < publishes; n++) {
    const at = String(performance.timeOrigin + performance.now())
    rig.publish(at, `owner-0-${n % PER_SOCKET}`)
    await new Promise((next) => setTimeout(next, 1000 / PUBLISHES_PER_SECOND))
  }
  const [{ latencies }] = await measured
  await rig.close()
  const sorted = latencies.sort((left, right) => left - right)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return {
    name: `publish to receive, ${PUBLISHES_PER_SECOND}/s to ${LISTENERS.toLocaleString('en')} sockets, p99`,
    unit: 'ms',
    ours: at(0.99),
    beside: {},
    more: { p50: at(0.5), most: at(1 - 1 / sorted.length) },
    budget: '≤ 50 ms',
  }
}
