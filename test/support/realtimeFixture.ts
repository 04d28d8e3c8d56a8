import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSchema } from 'graphql'
import { WebSocket } from 'ws'
import { AuthenticationError, type Caller, type RequestCredentials } from '../../src/auth/caller.ts'
import { type Clock, systemClock } from '../../src/aws/clock.ts'
import type {
  GraphqlBody,
  GraphqlEngine,
  PreparedSubscription,
  PublishedValue,
  SubscriptionOutcome,
} from '../../src/graphql/engine.ts'
import { createMemoryBus } from '../../src/realtime/bus.ts'
import { createRealtime } from '../../src/realtime/realtime.ts'

const SCHEMA = buildSchema('type Query { a: String } type Subscription { onAdd: String }')

export interface RealtimeFixtureOptions {
  clock?: Clock
  /** Who comes with a good key. */
  caller?: () => Caller
  /** Answers of queries and mutations. */
  execute?: (query: string) => GraphqlBody
}

/** Real sockets over an engine whose answers the test gives: the protocols alone. */
export async function startRealtime(
  outcome: (query: string) => SubscriptionOutcome | Promise<SubscriptionOutcome> = prepared,
  options: RealtimeFixtureOptions = {},
) {
  const bus = createMemoryBus()
  const logged: string[] = []
  const asked: RequestCredentials[] = []
  const engine = {
    operationTypeOf: (_api: string, { query }: { query: string }) =>
      /^(query|mutation|subscription)/.exec(query)?.[1] ?? (query.startsWith('{') ? 'query' : undefined),
    prepareSubscription: (_api: string, { query }: { query: string }) => outcome(query),
    execute: (_api: string, { query }: { query: string }) => ({
      status: 200,
      body: options.execute?.(query) ?? { data: { a: 'x' } },
    }),
    schemaOf: () => SCHEMA,
  } as unknown as GraphqlEngine
  const realtime = createRealtime({
    engine,
    bus,
    authenticate(_apiId, credentials) {
      asked.push(credentials)
      const headers = new Map(credentials.headers.map(([name, value]) => [name.toLowerCase(), value]))
      if (headers.get('x-api-key') !== 'good')
        throw new AuthenticationError('UnauthorizedException', 'You are not authorized to make this call.')
      return options.caller?.() ?? { mode: 'API_KEY', identity: null }
    },
    clock: options.clock ?? systemClock,
    log: (_level, message) => logged.push(message),
  })
  const route = { apiId: 'api', endpointPath: '/graphql', domainName: null }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    await realtime.eventStream(request, response, route, Buffer.concat(chunks))
  })
  server.on('upgrade', (request, socket, head) => realtime.upgrade(request, socket, head, route))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = (server.address() as AddressInfo).port
  return {
    url: `ws://127.0.0.1:${port}/graphql/realtime`,
    port,
    realtime,
    logged,
    asked,
    publish: (result: PublishedValue, fieldName = 'add') =>
      bus.publish({ type: 'mutation', event: { apiId: 'api', fieldName, result } }),
    async close() {
      realtime.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

export function subscription(more: Partial<PreparedSubscription> = {}): PreparedSubscription {
  return {
    apiId: 'api',
    fieldName: 'onAdd',
    responseKey: 'onAdd',
    arguments: {},
    mutations: ['add'],
    filter: undefined,
    invalidationFilter: undefined,
    projectionKey: 'all',
    project: (result) => ({ data: { onAdd: result } }),
    body: { data: { onAdd: null } },
    ...more,
  }
}

export function prepared(): SubscriptionOutcome {
  return { type: 'prepared', subscription: subscription() }
}

/** A client that keeps what it is told, `ka` aside. */
export async function connectClient(
  url: string,
  protocols: string | string[] = 'graphql-ws',
  headers: Record<string, string> = {},
) {
  const socket = new WebSocket(url, protocols, { headers })
  const inbox: unknown[] = []
  let keepAlives = 0
  let wake: (() => void) | undefined
  let ended = false
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type: string }
    if (message.type === 'ka') keepAlives++
    else inbox.push(message)
    wake?.()
  })
  const closed = new Promise<number>((done) =>
    socket.on('close', (code) => {
      ended = true
      wake?.()
      done(code)
    }),
  )
  await once(socket, 'open')
  return {
    socket,
    closed,
    keepAlives: () => keepAlives,
    send: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next(): Promise<unknown> {
      while (inbox.length === 0) {
        if (ended) throw new Error('the connection ended')
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return inbox.shift()
    },
  }
}

export const AUTH = { host: 'localhost', 'x-api-key': 'good' }

export const start = (id: string, authorization: unknown = AUTH, query = 'subscription { onAdd { id } }') => ({
  id,
  type: 'start',
  payload: { data: JSON.stringify({ query, variables: {} }), extensions: { authorization } },
})
