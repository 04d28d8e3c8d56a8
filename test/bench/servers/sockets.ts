// Many raw WebSocket clients of AppSync's protocol in one process, driven by messages of its parent:
// `node sockets.ts PORT [tls]`. Certificates are not looked at: only memory and time of the server are.
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type RawClient, shakeHands } from '../../support/rawSocket.ts'

const port = Number(process.argv[2])
const isTls = process.argv[3] === 'tls'
/** Connections that are being opened at a time. */
const AT_ONCE = 50

type Order =
  | { type: 'connect'; count: number }
  /** Sockets of one group listen to the same owners. */
  | { type: 'subscribe'; each: number; group: number }
  | { type: 'measure'; deliveries: number }

const clients: { client: RawClient; subscriptions: number; acknowledged: () => void }[] = []
let latencies: number[] = []
let expected = Number.POSITIVE_INFINITY

async function open(): Promise<void> {
  const socket = isTls
    ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise((resolve, reject) =>
    socket.once(isTls ? 'secureConnect' : 'connect', resolve).once('error', reject),
  )
  const client = await shakeHands(socket)
  const state = { client, subscriptions: 0, acknowledged: () => {} }
  clients.push(state)
  client.write({ opcode: 1, payload: '{"type":"connection_init"}' })
  await client.next()
  await client.next()
  void listen(state)
}

async function listen(state: (typeof clients)[number]): Promise<void> {
  for (;;) {
    const frame = await state.client.next()
    if (frame === undefined) return
    const message = JSON.parse(frame.payload.toString('utf8'))
    if (message.type === 'start_ack') state.acknowledged()
    else if (message.type === 'data') {
      latencies.push(performance.timeOrigin + performance.now() - Number(message.payload.data.onTell.id))
      if (latencies.length === expected) process.send?.({ type: 'measured', latencies })
    } else if (message.type === 'error') throw new Error(JSON.stringify(message))
  }
}

async function subscribe(state: (typeof clients)[number], n: number, each: number, group: number): Promise<void> {
  for (let m = 0; m < each; m++) {
    const data = {
      query: 'subscription ($owner: String) { onTell(owner: $owner) { id owner text } }',
      variables: { owner: `owner-${Math.floor(n / group)}-${m}` },
    }
    const start = {
      id: `${n}-${state.subscriptions++}`,
      type: 'start',
      payload: { data: JSON.stringify(data), extensions: { authorization: { host: 'localhost', 'x-api-key': 'k' } } },
    }
    const acknowledged = new Promise<void>((resolve) => {
      state.acknowledged = resolve
    })
    state.client.write({ opcode: 1, payload: JSON.stringify(start) })
    await acknowledged
  }
}

async function inTurns(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let n = next++; n < count; n = next++) await work(n)
    }),
  )
}

process.on('message', async (order: Order) => {
  if (order.type === 'connect') await inTurns(order.count, open)
  else if (order.type === 'subscribe')
    await inTurns(clients.length, (n) => subscribe(clients[n] as (typeof clients)[number], n, order.each, order.group))
  else {
    latencies = []
    expected = order.deliveries
  }
  process.send?.({ type: 'done' })
})
process.send?.({ type: 'done' })
