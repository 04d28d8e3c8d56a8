import { signedHeaders } from './sign.mjs'

const MUTATION = `mutation Announce($id: ID!, $status: OrderStatus!, $reason: String) {
  announceOrder(id: $id, status: $status, reason: $reason) { id status reason }
}`

/** Tells the API's subscribers by a mutation, signed as the function's role: a write to the table alone tells nobody. */
export const handler = async ({ id, status, reason }) => {
  const url = new URL(process.env.GRAPHQL_URL)
  const body = JSON.stringify({ query: MUTATION, variables: { id, status, reason } })
  const response = await fetch(url, { method: 'POST', headers: signedHeaders(url, body), body })
  const { data, errors } = await response.json()
  if (errors) throw new Error(errors.map(({ message }) => message).join('; '))
  return data.announceOrder
}
