import { buildSchema, execute, parse } from 'graphql'
import type { Caller } from '../../src/auth/caller.ts'
import { createGraphqlFixture } from '../support/graphqlFixture.ts'
import type { BenchRow } from './row.ts'

const SCHEMA = `
  type Item { id: ID! name: String! size: Int! ready: Boolean note: String }
  type Query { one(id: ID!): Item list: [Item] }
`
const caller: Caller = { mode: 'API_KEY', identity: null }
const item = (id: string) => ({ id, name: `item ${id}`, size: 7, ready: false, note: 'of no importance' })
const LIST = Array.from({ length: 100 }, (_, index) => item(String(index)))

/** Microseconds per call: the best of several rounds, after warming up. */
function microseconds(work: () => unknown, calls: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 6; round++) {
    const from = process.hrtime.bigint()
    for (let call = 0; call < calls; call++) work()
    best = Math.min(best, Number(process.hrtime.bigint() - from) / 1_000 / calls)
  }
  return best
}

/** Execution in process, beside bare graphql-js on the same schema and data with a kept document. */
export async function benchGraphql(): Promise<BenchRow[]> {
  const code = (payload: string): string =>
    `export function request(ctx) { return { payload: ${payload} } }\nexport function response(ctx) { return ctx.result }`
  const { engine, info } = createGraphqlFixture({
    schema: SCHEMA,
    resolvers: {
      'Query.one': {
        code: code("{ id: ctx.args.id, name: 'item ' + ctx.args.id, size: 7, ready: false, note: 'of no importance' }"),
      },
      'Query.list': { code: code('{}') },
    },
    createDataSource: () => ({
      invoke: ({ request, fieldName }) => ({
        type: 'result',
        result: fieldName === 'Query.list' ? LIST : (request as { payload: unknown }).payload,
      }),
    }),
  })
  const bare = buildSchema(SCHEMA)
  const fields = bare.getQueryType()!.getFields()
  fields['one']!.resolve = (_source, { id }: { id: string }) => item(id)
  fields['list']!.resolve = () => LIST

  const rows: BenchRow[] = []
  for (const [name, query, variables, calls, budget] of [
    [
      'one object through APPSYNC_JS on NONE',
      'query Q($id: ID!) { one(id: $id) { id name size ready note } }',
      { id: '7' },
      20_000,
      undefined,
    ],
    ['list of 100 × 5 fields and its JSON', '{ list { id name size ready note } }', {}, 1_000, '≤ 1.25 × graphql-js'],
  ] as const) {
    const document = parse(query)
    const request = { query, variables }
    const ours = (): string => {
      const answer = engine.execute('test', request, caller, info())
      if (answer instanceof Promise) throw new Error('nothing here waits')
      return JSON.stringify(answer.body)
    }
    const theirs = (): string => JSON.stringify(execute({ schema: bare, document, variableValues: variables }))
    if (ours() !== theirs()) throw new Error(`${name}: ${ours().slice(0, 200)} instead of ${theirs().slice(0, 200)}`)
    rows.push({
      name,
      unit: 'µs',
      ours: microseconds(ours, calls),
      beside: { 'graphql-js': microseconds(theirs, calls) },
      ...(budget !== undefined && { budget }),
    })
  }
  engine.close()
  return rows
}
