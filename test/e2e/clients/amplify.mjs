// Drives aws-amplify's generateClient as an application does: places an order, listens, approves, prints what happened.
// Run with ENDPOINT, API_KEY and NODE_EXTRA_CA_CERTS.
import { Amplify } from 'aws-amplify'
import { generateClient } from 'aws-amplify/api'
import { Hub } from 'aws-amplify/utils'

Amplify.configure({
  API: {
    GraphQL: {
      endpoint: process.env.ENDPOINT,
      region: 'us-east-1',
      defaultAuthMode: 'apiKey',
      apiKey: process.env.API_KEY,
    },
  },
})
const client = generateClient()
const tell = (step, value) => console.log(JSON.stringify({ step, value }))

await client.graphql({
  query: 'mutation { addGood(input: { id: "tea", name: "Green tea" }) { id } }',
})
const placed = await client.graphql({
  query: `mutation Place($input: PlaceOrderInput!) {
    placeOrder(input: $input) { id customer status executionArn lines { goodId quantity good { name } } }
  }`,
  variables: { input: { customer: 'Ada', lines: [{ goodId: 'tea', quantity: 2 }] } },
})
const order = placed.data.placeOrder
tell('placed', order)

const changed = new Promise((resolve, reject) => {
  client
    .graphql({
      query: 'subscription Changed($id: ID) { onOrderChanged(id: $id) { id status reason customer } }',
      variables: { id: order.id },
    })
    .subscribe({ next: ({ data }) => resolve(data.onOrderChanged), error: reject })
})

await new Promise((resolve) =>
  Hub.listen('api', ({ payload }) => {
    if (payload.event === 'ConnectionStateChange' && payload.data.connectionState === 'Connected') resolve()
  }),
)

async function until(status) {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { data } = await client.graphql({
      query: 'query Order($id: ID!) { order(id: $id) { status reason } }',
      variables: { id: order.id },
    })
    if (data.order.status === status) return data.order
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the order never became ${status}`)
}
tell('charged', await until('CHARGED'))

await client.graphql({
  query: 'mutation Approve($id: ID!) { approveOrder(id: $id, approved: true, reason: "fine") { id } }',
  variables: { id: order.id },
})
tell('event', await changed)
tell('approved', await until('APPROVED'))

try {
  await client.graphql({ query: '{ nothing }' })
} catch ({ errors }) {
  tell('invalid', errors)
}
process.exit(0)
