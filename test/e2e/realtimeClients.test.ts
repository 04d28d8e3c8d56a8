import { resolve } from 'node:path'
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { AUTH_TYPE, createAuthLink } from 'aws-appsync-auth-link'
import { createSubscriptionHandshakeLink } from 'aws-appsync-subscription-link'
import { createClient as createSseClient } from 'graphql-sse'
import { createClient as createWsClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SidestageProcess, startSidestage } from '../support/sidestageProcess.ts'

const KEY = 'da2-todos'
const SUBSCRIPTION = 'subscription ($owner: String) { onAddTodo(owner: $owner) { id text } }'
const MUTATION = 'mutation ($id: ID!, $owner: String) { addTodo(id: $id, text: "t", owner: $owner) { id text owner } }'

let server: SidestageProcess
beforeAll(async () => {
  server = await startSidestage([resolve(import.meta.dirname, '../fixtures/projects/todos'), '--port', '0', '--memory'])
})
afterAll(() => server.stop())

async function addTodo(id: string, owner: string): Promise<void> {
  await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': KEY },
    body: JSON.stringify({ query: MUTATION, variables: { id, owner } }),
  })
}

/** Waits until so many subscriptions are open on the server: clients do not all tell. */
const opened = (count: number) =>
  expect
    .poll(
      async () => /^sidestage_subscriptions (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1],
      {
        timeout: 10_000,
      },
    )
    .toBe(String(count))

/** What every client must do, by its own means. */
interface Client {
  query(): Promise<unknown>
  mutate(id: string): Promise<unknown>
  subscribe(owner: string, next: (value: unknown) => void, failed: (error: unknown) => void): () => void
  close(): void
}

function apollo(apiKey: string): Client {
  const options = {
    url: `${server.url}/graphql`,
    region: 'us-east-1',
    auth: { type: AUTH_TYPE.API_KEY as const, apiKey },
  }
  const http = new HttpLink({ uri: options.url })
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      createAuthLink(options) as unknown as ApolloLink,
      createSubscriptionHandshakeLink(options, http as never) as unknown as ApolloLink,
    ]),
  })
  return {
    query: async () => (await client.query({ query: gql('{ todo(id: "1") { id text } }') })).data,
    mutate: async (id) => (await client.mutate({ mutation: gql(MUTATION), variables: { id } })).data,
    subscribe(owner, next, failed) {
      const subscription = client.subscribe({ query: gql(SUBSCRIPTION), variables: { owner } }).subscribe({
        next: ({ data, error }) => (error === undefined ? next(data) : failed(error)),
        error: failed,
      })
      return () => subscription.unsubscribe()
    },
    close: () => client.stop(),
  }
}

function graphqlWs(apiKey: string): Client {
  const client = createWsClient({
    url: `${server.url.replace('http', 'ws')}/graphql/realtime`,
    connectionParams: { 'x-api-key': apiKey },
    retryAttempts: 0,
    lazyCloseTimeout: 100,
  })
  const once = (query: string, variables = {}): Promise<unknown> =>
    new Promise((done, failed) => {
      let value: unknown
      client.subscribe(
        { query, variables },
        { next: ({ data }) => (value = data), error: failed, complete: () => done(value) },
      )
    })
  return {
    query: () => once('{ todo(id: "1") { id text } }'),
    mutate: (id) => once(MUTATION, { id }),
    subscribe: (owner, next, failed) =>
      client.subscribe(
        { query: SUBSCRIPTION, variables: { owner } },
        {
          next: ({ data, errors }) => (errors === undefined ? next(data) : failed(errors)),
          error: failed,
          complete: () => {},
        },
      ),
    close: () => void client.dispose(),
  }
}

function graphqlSse(apiKey: string, singleConnection: boolean): Client {
  const client = createSseClient({
    url: `${server.url}/graphql`,
    singleConnection: singleConnection as false,
    headers: { 'x-api-key': apiKey },
    retryAttempts: 0,
  })
  const once = (query: string, variables = {}): Promise<unknown> =>
    new Promise((done, failed) => {
      let value: unknown
      client.subscribe(
        { query, variables },
        { next: ({ data }) => (value = data), error: failed, complete: () => done(value) },
      )
    })
  return {
    query: () => once('{ todo(id: "1") { id text } }'),
    mutate: (id) => once(MUTATION, { id }),
    subscribe: (owner, next, failed) =>
      client.subscribe(
        { query: SUBSCRIPTION, variables: { owner } },
        {
          next: ({ data, errors }) => (errors === undefined ? next(data) : failed(errors)),
          error: failed,
          complete: () => {},
        },
      ),
    close: () => client.dispose(),
  }
}

const CLIENTS: [name: string, make: (apiKey: string) => Client][] = [
  ['Apollo Client 4 with aws-appsync-auth-link 4 and aws-appsync-subscription-link 4', apollo],
  ['graphql-ws', graphqlWs],
  ['graphql-sse, distinct connections', (key) => graphqlSse(key, false)],
  ['graphql-sse, a single connection', (key) => graphqlSse(key, true)],
]

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, item) => (key === '__typename' ? undefined : item)))

describe.each(CLIENTS)('%s', (_name, make) => {
  it('queries and mutates', async () => {
    const client = make(KEY)
    expect(plain(await client.query())).toEqual({ todo: { id: '1', text: 'a text' } })
    expect(plain(await client.mutate('9'))).toEqual({ addTodo: { id: '9', text: 't', owner: null } })
    client.close()
  })

  it('subscribes, receives what its argument asks for, and unsubscribes', async () => {
    const client = make(KEY)
    const got: unknown[] = []
    const failed: unknown[] = []
    const stop = client.subscribe(
      'me',
      (value) => got.push(plain(value)),
      (error) => failed.push(error),
    )
    await opened(1)
    await addTodo('1', 'them')
    await addTodo('2', 'me')
    await expect.poll(() => got, { timeout: 10_000 }).toEqual([{ onAddTodo: { id: '2', text: 't' } }])
    stop()
    await opened(0)
    await addTodo('3', 'me')
    expect([got.length, failed]).toEqual([1, []])
    client.close()
  })

  it('is told that its credentials are refused', async () => {
    const client = make('da2-wrong')
    await expect(client.query()).rejects.toBeDefined()
    const failed = new Promise((done) => client.subscribe('me', () => {}, done))
    expect(await failed).toBeDefined()
    client.close()
  })
})
