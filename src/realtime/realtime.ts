import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Caller } from '../auth/caller.ts'
import { openAppSyncConnection } from './appsync/connection.ts'
import type { Bus } from './bus.ts'
import type { Connection } from './connection.ts'
import { createGraphqlTransportWs } from './graphqlTransportWs.ts'
import type { ProtocolOptions, Route } from './options.ts'
import { createEventStreams } from './sse.ts'
import { createSubscriptionRegistry, type EndReason, type SubscriptionInfo } from './subscriptions.ts'

export interface RealtimeOptions extends Omit<ProtocolOptions, 'registry'> {
  bus: Bus
}

export interface Realtime {
  /** Takes a WebSocket handshake over; the protocol is chosen by its subprotocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, route: Route): void
  /** Answers a request of GraphQL over SSE whose body has been read. */
  eventStream(request: IncomingMessage, response: ServerResponse, route: Route, body: Buffer): Promise<void>
  /** Ends the subscriptions of an API that `choose` picks, for example those of a deleted key. */
  endWhere(apiId: string, reason: EndReason, choose: (caller: Caller) => boolean): void
  list(): SubscriptionInfo[]
  readonly connections: number
  readonly subscriptions: number
  /** Ends every event stream and closes every socket with 1001. */
  close(): void
}

/** Clients report a missing keep-alive after 65 s. */
const KEEP_ALIVE_MS = 60_000
/** Larger frames close the connection with 1009. */
const MAX_FRAME_BYTES = 1024 * 1024

const APPSYNC_PROTOCOL = 'graphql-ws'
const TRANSPORT_PROTOCOL = 'graphql-transport-ws'

export function createRealtime(options: RealtimeOptions): Realtime {
  const { log, clock } = options
  const registry = createSubscriptionRegistry({ clock, log })
  const protocol: ProtocolOptions = { ...options, registry }
  const leave = options.bus.subscribe((message) => {
    if (message.type === 'mutation') registry.publish(message.event)
    else registry.invalidate(message.event)
  })
  const openTransportWs = createGraphqlTransportWs(protocol)
  const eventStreams = createEventStreams(protocol)
  const connections = new Map<WebSocket, Connection>()

  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) =>
      offered.has(TRANSPORT_PROTOCOL) ? TRANSPORT_PROTOCOL : offered.has(APPSYNC_PROTOCOL) ? APPSYNC_PROTOCOL : false,
  })

  let cancelTick = (): void => {}
  const tick = (): void => {
    const now = clock.now()
    registry.sweep()
    for (const connection of connections.values()) connection.tick(now)
    cancelTick = clock.at(now + KEEP_ALIVE_MS, tick)
  }
  cancelTick = clock.at(clock.now() + KEEP_ALIVE_MS, tick)

  return {
    upgrade(request, stream, head, route) {
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
      if (!offered.includes(APPSYNC_PROTOCOL) && !offered.includes(TRANSPORT_PROTOCOL)) {
        refuse(stream, 400, 'NoProtocolError', `Offer the subprotocol ${APPSYNC_PROTOCOL} or ${TRANSPORT_PROTOCOL}.`)
        return
      }
      server.handleUpgrade(request, stream, head, (socket) => {
        const headers = headersOf(request)
        const { url = '' } = request
        const mark = url.indexOf('?')
        const handshake = { headers: request.headers, search: mark < 0 ? '' : url.slice(mark + 1), protocols: offered }
        connections.set(
          socket,
          socket.protocol === TRANSPORT_PROTOCOL
            ? openTransportWs(socket, stream, route, headers)
            : openAppSyncConnection({ ...protocol, socket, stream, route, headers, handshake }),
        )
        socket.once('close', () => connections.delete(socket))
      })
    },
    eventStream: eventStreams.handle,
    endWhere(apiId, reason, choose) {
      for (const connection of connections.values()) if (connection.apiId === apiId) connection.revoke(reason, choose)
      registry.endWhere(apiId, reason, choose)
    },
    list: registry.list,
    get connections() {
      return connections.size
    },
    get subscriptions() {
      return registry.size
    },
    close() {
      cancelTick()
      leave()
      eventStreams.close()
      for (const connection of connections.values()) connection.close(1001, 'The server is stopping')
      server.close()
    },
  }
}

/** Headers of the handshake without those that carry its credentials twice. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name === 'sec-websocket-protocol') continue
    headers[name] = Array.isArray(value) ? value.join(',') : value
  }
  return headers
}

function refuse(stream: Duplex, status: number, errorType: string, message: string): void {
  const body = JSON.stringify({ errors: [{ errorType, message, errorCode: status }] })
  stream.end(
    `HTTP/1.1 ${status} Bad Request\r\nContent-Type: application/json\r\nx-amzn-ErrorType: ${errorType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
