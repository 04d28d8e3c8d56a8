import { buildSchema, type GraphQLSchema } from 'graphql'

export const SDL = /* GraphQL */ `
  type Item {
    id: ID!
    name: String
    size: Int
    ready: Boolean
    note: String
  }
  type Query {
    one(id: ID!): Item
    list: [Item]
    vtl(id: ID!): Item
    stored(id: ID!): Item
  }
`

export const ITEMS = Array.from({ length: 100 }, (_, n) => ({
  id: String(n),
  name: `item ${n}`,
  size: n,
  ready: n % 2 === 0,
  note: 'of no importance',
}))

/** The schema with plain functions as resolvers: what a user without AppSync would write. */
export function plainSchema(stored: (id: string) => Promise<unknown>): GraphQLSchema {
  const schema = buildSchema(SDL)
  const fields = schema.getQueryType()?.getFields() ?? {}
  fields['one']!.resolve = (_source, { id }) => ({ id, name: `item ${id}`, size: 1, ready: true, note: null })
  fields['vtl']!.resolve = fields['one']!.resolve
  fields['list']!.resolve = () => ITEMS
  fields['stored']!.resolve = (_source, { id }) => stored(id)
  return schema
}
