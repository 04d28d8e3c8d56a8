import { afterEach, describe, expect, it } from 'vitest'
import type { Caller } from '../../src/auth/caller.ts'
import { connectClient, prepared, start, startRealtime } from '../support/realtimeFixture.ts'
import { virtualClock } from '../support/virtualClock.ts'

let server: Awaited<ReturnType<typeof startRealtime>>
afterEach(() => server.close())

const MINUTE = 60_000
const EXPIRED = { errorType: 'UnauthorizedException', message: 'Token has expired.' }
const REVOKED = { errorType: 'UnauthorizedException', message: 'You are not authorized to make this call.' }

async function setUp(lifetime?: number) {
  const clock = virtualClock()
  const caller = (): Caller => ({
    mode: 'AMAZON_COGNITO_USER_POOLS',
    identity: { sub: 'me' },
    ...(lifetime !== undefined && { expiresAt: clock.now() + lifetime }),
  })
  server = await startRealtime(prepared, { clock, caller })
  return clock
}

async function openAppSync() {
  const client = await connectClient(server.url, 'graphql-ws', { 'x-api-key': 'good' })
  client.send({ type: 'connection_init' })
  await client.next()
  return client
}

async function openTransport() {
  const client = await connectClient(server.url, 'graphql-transport-ws')
  client.send({ type: 'connection_init', payload: { 'x-api-key': 'good' } })
  expect(await client.next()).toEqual({ type: 'connection_ack' })
  return client
}

const subscribe = (id: string) => ({ type: 'subscribe', id, payload: { query: 'subscription { onAdd { id } }' } })

describe('a connection of AppSync’s protocol', () => {
  it('gets a keep-alive at once and every minute', async () => {
    const clock = await setUp()
    const client = await openAppSync()
    await expect.poll(client.keepAlives).toBe(1)
    await clock.advance(MINUTE - 1)
    expect(client.keepAlives()).toBe(1)
    await clock.advance(1)
    await expect.poll(client.keepAlives).toBe(2)
    await clock.advance(MINUTE * 3)
    await expect.poll(client.keepAlives).toBe(5)
  })

  it('ends after 24 hours', async () => {
    const clock = await setUp()
    const client = await openAppSync()
    await clock.advance(24 * 60 * MINUTE - MINUTE)
    expect(client.socket.readyState).toBe(client.socket.OPEN)
    await clock.advance(2 * MINUTE)
    expect(await client.closed).toBe(1000)
  })

  it('is closed when it shows no credential', async () => {
    const clock = await setUp()
    const client = await connectClient(server.url)
    await clock.advance(MINUTE)
    expect(await client.closed).toBe(4408)
  })

  it('tells each subscription within a minute that its token has expired, and delivers nothing before that', async () => {
    const clock = await setUp(10 * MINUTE + 1)
    const client = await openAppSync()
    client.send(start('a'))
    await client.next()
    await clock.advance(10 * MINUTE + 1)
    server.publish({ id: 'too late' })
    expect(await client.next()).toEqual({ id: 'a', type: 'error', payload: { errors: [EXPIRED] } })
    const other = await openAppSync()
    other.send(start('b'))
    await other.next()
    await clock.advance(12 * MINUTE)
    expect(await other.next()).toEqual({ id: 'b', type: 'error', payload: { errors: [EXPIRED] } })
    expect(server.realtime.subscriptions).toBe(0)
  })

  it('starts nothing more with its own credential after that has ended, but with a new one', async () => {
    const clock = await setUp(MINUTE)
    const client = await openAppSync()
    await clock.advance(2 * MINUTE)
    client.send({ id: 'a', type: 'start', payload: { data: '{"query":"subscription { onAdd { id } }"}' } })
    expect(await client.next()).toEqual({ id: 'a', type: 'error', payload: { errors: [EXPIRED] } })
    client.send(start('b'))
    expect(await client.next()).toEqual({ id: 'b', type: 'start_ack' })
  })

  it('starts nothing more with a key that was deleted', async () => {
    await setUp()
    const client = await openAppSync()
    server.realtime.endWhere('api', 'revoked', () => true)
    client.send({ id: 'a', type: 'start', payload: { data: '{"query":"subscription { onAdd { id } }"}' } })
    expect(await client.next()).toEqual({ id: 'a', type: 'error', payload: { errors: [REVOKED] } })
  })
})

describe('a connection of graphql-transport-ws', () => {
  it('runs nothing after its token has expired, and its subscriptions end with an error', async () => {
    const clock = await setUp(MINUTE)
    const client = await openTransport()
    client.send(subscribe('a'))
    await expect.poll(() => server.realtime.subscriptions).toBe(1)
    client.send({ type: 'subscribe', id: 'q', payload: { query: '{ a }' } })
    expect(await client.next()).toEqual({ type: 'next', id: 'q', payload: { data: { a: 'x' } } })
    expect(await client.next()).toEqual({ type: 'complete', id: 'q' })
    await clock.advance(MINUTE)
    expect(await client.next()).toEqual({ type: 'error', id: 'a', payload: [EXPIRED] })
    client.send({ type: 'subscribe', id: 'm', payload: { query: 'mutation { add }' } })
    expect(await client.next()).toEqual({ type: 'error', id: 'm', payload: [EXPIRED] })
  })

  it('runs nothing with a key that was deleted', async () => {
    await setUp()
    const client = await openTransport()
    server.realtime.endWhere('api', 'revoked', () => true)
    client.send({ type: 'subscribe', id: 'm', payload: { query: '{ a }' } })
    expect(await client.next()).toEqual({ type: 'error', id: 'm', payload: [REVOKED] })
  })

  it('ends after 24 hours', async () => {
    const clock = await setUp()
    const client = await openTransport()
    await clock.advance(24 * 60 * MINUTE + MINUTE)
    expect(await client.closed).toBe(1000)
  })
})

describe('a server that stops', () => {
  it.each(['graphql-ws', 'graphql-transport-ws'])(
    'closes sockets of %s with 1001, after what is queued',
    async (protocol) => {
      await setUp()
      const client = protocol === 'graphql-ws' ? await openAppSync() : await openTransport()
      client.send(protocol === 'graphql-ws' ? start('a') : subscribe('a'))
      if (protocol === 'graphql-ws') await client.next()
      await expect.poll(() => server.realtime.subscriptions).toBe(1)
      server.publish({ id: 'last' })
      server.realtime.close()
      expect(await client.next()).toMatchObject({ id: 'a', payload: { data: { onAdd: { id: 'last' } } } })
      expect(await client.closed).toBe(1001)
    },
  )

  it('ends event streams', async () => {
    await setUp()
    const response = await fetch(`http://127.0.0.1:${server.port}/graphql`, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', 'x-api-key': 'good' },
      body: '{"query":"subscription { onAdd { id } }"}',
    })
    await expect.poll(() => server.realtime.subscriptions).toBe(1)
    server.realtime.close()
    expect(await response.text()).toBe(':\n\n')
  })

  it('leaves no timer behind', async () => {
    const clock = await setUp()
    server.realtime.close()
    expect(clock.timers).toBe(0)
  })
})
