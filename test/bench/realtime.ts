import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../src/aws/clock.ts'
import type { GraphqlEngine, PreparedSubscription } from '../../src/graphql/engine.ts'
import { createMemoryBus } from '../../src/realtime/bus.ts'
import { createRealtime } from '../../src/realtime/realtime.ts'
import { benchScale } from './realtimeScale.ts'
import type { BenchRow } from './row.ts'

const SUBSCRIBERS = 1_000
const RESULT = { id: '1', name: 'x'.repeat(260) }

/**
 * Deliveries to 1,000 subscribers on raw connections in another process: ours beside a loop over `ws` sockets that
 * serialises once. Each publish alone (a tick each), then 8 publishes in one tick.
 */
export async function bench(publishes = 200): Promise<BenchRow[]> {
  const ours = await measureOurs(publishes)
  const loop = await measureLoop(publishes)
  return [
    {
      name: 'publish to 1,000 subscribers',
      unit: 'deliveries/s',
      ours: ours.single.perSecond,
      beside: { 'ws loop': loop.single.perSecond },
      more: { 'µs CPU of ours': ours.single.cpu, 'µs CPU of the loop': loop.single.cpu },
      budget: '≥ 0.9 × the loop',
    },
    {
      name: 'the same, 8 publishes queued in a tick',
      unit: 'deliveries/s',
      ours: ours.queued.perSecond,
      beside: { 'ws loop': loop.single.perSecond, 'ws loop, queued too': loop.queued.perSecond },
      more: { 'µs CPU of ours': ours.queued.cpu, 'µs CPU of the loop': loop.single.cpu },
      budget: '≥ 4 × the loop',
    },
    ...(await benchScale()),
  ]
}

interface Rate {
  perSecond: number
  /** Microseconds of the publishing process for one delivery: the steadier figure where cores are shared. */
  cpu: number
}

interface Rates {
  single: Rate
  queued: Rate
}

async function measureOurs(publishes: number): Promise<Rates> {
  const bus = createMemoryBus()
  const prepared: PreparedSubscription = {
    apiId: 'bench',
    fieldName: 'onTell',
    responseKey: 'onTell',
    arguments: {},
    mutations: ['tell'],
    filter: undefined,
    invalidationFilter: undefined,
    projectionKey: 'one',
    project: (result) => ({ data: { onTell: result } }),
    body: { data: { onTell: null } },
  }
  const engine = {
    operationTypeOf: () => 'subscription',
    prepareSubscription: () => ({ type: 'prepared', subscription: prepared }),
  } as unknown as GraphqlEngine
  const realtime = createRealtime({
    engine,
    bus,
    authenticate: () => ({ mode: 'API_KEY', identity: null }),
    clock: systemClock,
    log: () => {},
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) =>
    realtime.upgrade(request, socket, head, { apiId: 'bench', endpointPath: '/graphql', domainName: null }),
  )
  const publish = (): void =>
    bus.publish({ type: 'mutation', event: { apiId: 'bench', fieldName: 'tell', result: RESULT } })
  const rates = await drive(server, publish, publishes)
  realtime.close()
  return rates
}

async function measureLoop(publishes: number): Promise<Rates> {
  const server = createServer()
  const sockets = new Map<ServerSocket, string>()
  const wss = new WebSocketServer({ server, perMessageDeflate: false, handleProtocols: () => 'graphql-ws' })
  wss.on('connection', (socket) =>
    socket.on('message', (data) => {
      const { id, type } = JSON.parse(String(data))
      if (type !== 'start') return
      sockets.set(socket, id)
      socket.send(JSON.stringify({ id, type: 'start_ack' }))
    }),
  )
  const publish = (): void => {
    const payload = JSON.stringify({ data: { onTell: RESULT } })
    for (const [socket, id] of sockets) socket.send(`{"id":"${id}","type":"data","payload":${payload}}`)
  }
  return drive(server, publish, publishes)
}

async function drive(server: ReturnType<typeof createServer>, publish: () => void, publishes: number) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const subscribers = fork(join(resolve(import.meta.dirname), 'servers/subscribers.ts'), [
    String(port),
    String(SUBSCRIBERS),
  ])
  const told = (wanted: string): Promise<void> =>
    new Promise((done) => {
      const listen = (message: unknown): void => {
        if ((message as { type: string }).type !== wanted) return
        subscribers.off('message', listen)
        done()
      }
      subscribers.on('message', listen)
    })
  const round = async (inOneTick: number, rounds: number): Promise<Rate> => {
    const deliveries = inOneTick * rounds * SUBSCRIBERS
    subscribers.send({ type: 'expect', deliveries })
    await told('expecting')
    const received = told('received')
    const before = process.cpuUsage()
    const started = performance.now()
    for (let n = 0; n < rounds; n++) {
      for (let m = 0; m < inOneTick; m++) publish()
      await new Promise((next) => setImmediate(next))
    }
    await received
    const { user, system } = process.cpuUsage(before)
    return { perSecond: (deliveries * 1000) / (performance.now() - started), cpu: (user + system) / deliveries }
  }
  try {
    await told('connected')
    await round(1, 20)
    return { single: await round(1, publishes), queued: await round(8, Math.ceil(publishes / 2)) }
  } finally {
    subscribers.kill('SIGKILL')
    server.closeAllConnections()
    server.close()
  }
}
