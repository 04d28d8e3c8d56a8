import awsAppSync from 'aws-appsync'
import gql from 'graphql-tag'
import { endpoint, MUTATION, play, QUERY, SUBSCRIPTION } from './story.mjs'

const AWSAppSyncClient = awsAppSync.AWSAppSyncClient ?? awsAppSync.default

await play((apiKey) => {
  const client = new AWSAppSyncClient({
    url: endpoint,
    region: 'us-east-1',
    auth: { type: 'API_KEY', apiKey },
    disableOffline: true,
  })
  return {
    query: async () => (await client.query({ query: gql(QUERY), fetchPolicy: 'no-cache' })).data,
    mutate: async (variables) =>
      (await client.mutate({ mutation: gql(MUTATION), variables, fetchPolicy: 'no-cache' })).data,
    subscribe(variables, next, error) {
      const subscription = client
        .subscribe({ query: gql(SUBSCRIPTION), variables })
        .subscribe({ next: ({ data }) => next(data), error })
      return () => subscription.unsubscribe()
    },
  }
})
