import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client/core/index.js'
import authLink from 'aws-appsync-auth-link'
import subscriptionLink from 'aws-appsync-subscription-link'
import { endpoint, MUTATION, play, QUERY, SUBSCRIPTION } from './story.mjs'

await play((apiKey) => {
  const options = { url: endpoint, region: 'us-east-1', auth: { type: 'API_KEY', apiKey } }
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      authLink.createAuthLink(options),
      subscriptionLink.createSubscriptionHandshakeLink(options, new HttpLink({ uri: endpoint })),
    ]),
  })
  return {
    query: async () => (await client.query({ query: gql(QUERY), fetchPolicy: 'no-cache' })).data,
    mutate: async (variables) => (await client.mutate({ mutation: gql(MUTATION), variables })).data,
    subscribe(variables, next, error) {
      const subscription = client
        .subscribe({ query: gql(SUBSCRIPTION), variables })
        .subscribe({ next: ({ data }) => next(data), error })
      return () => subscription.unsubscribe()
    },
  }
})
