import { Client, fetchExchange, subscriptionExchange } from '@urql/core'
import { createClient } from 'graphql-ws'
import { endpoint, MUTATION, play, QUERY, SUBSCRIPTION } from './story.mjs'

await play((apiKey) => {
  const sockets = createClient({
    url: `${endpoint.replace('http', 'ws')}/realtime`,
    connectionParams: { 'x-api-key': apiKey },
    lazyCloseTimeout: 100,
  })
  const client = new Client({
    url: endpoint,
    fetchOptions: { headers: { 'x-api-key': apiKey } },
    preferGetMethod: false,
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  })
  const settle = async (operation) => {
    const { data, error } = await operation.toPromise()
    if (error) throw error
    return data
  }
  return {
    query: () => settle(client.query(QUERY, {}, { requestPolicy: 'network-only' })),
    mutate: (variables) => settle(client.mutation(MUTATION, variables)),
    subscribe(variables, next, failed) {
      const { unsubscribe } = client
        .subscription(SUBSCRIPTION, variables)
        .subscribe(({ data, error }) => (error ? failed(error) : next(data)))
      return unsubscribe
    },
  }
})
