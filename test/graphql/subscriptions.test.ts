import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/auth/caller.ts'
import type { InvalidationEvent, MutationEvent, PreparedSubscription } from '../../src/graphql/engine.ts'
import { apiKeyCaller, createGraphqlFixture, type FixtureOptions } from '../support/graphqlFixture.ts'

const code = (request: string, response = 'return ctx.result'): string =>
  `import { util, extensions } from '@aws-appsync/utils'
export function request(ctx) { ${request} }
export function response(ctx) { ${response} }`

const schema = `
  interface Named { name: String }
  type Todo implements Named { id: ID! name: String json: AWSJSON tags: [String] parent: Todo secret: String @aws_iam }
  type Query { ok: String }
  type Mutation { add(id: ID, name: String): Todo addAll: [Named] unheard: Todo }
  type Subscription {
    onAdd(name: String, id: ID = "d"): Todo @aws_subscribe(mutations: ["add"])
    onAll: [Named] @aws_subscribe(mutations: ["addAll"])
    onFlag(flag: Boolean!): Todo @aws_subscribe(mutations: ["add"])
    onFiltered: Todo @aws_subscribe(mutations: ["add"])
    onRefused: Todo @aws_subscribe(mutations: ["add"])
    onIam: Todo @aws_subscribe(mutations: ["add"]) @aws_iam
  }
`

function createApi(rest: Partial<FixtureOptions> = {}) {
  const mutations: MutationEvent[] = []
  const invalidations: InvalidationEvent[] = []
  const fixture = createGraphqlFixture({
    schema,
    api: { additionalAuthenticationProviders: [{ authenticationType: 'AWS_IAM' }] },
    resolvers: {
      'Mutation.add': {
        code: code(
          'return { payload: { id: ctx.args.id, name: ctx.args.name, json: { a: 1 }, tags: ["x"], parent: { id: 2 } } }',
          'extensions.invalidateSubscriptions({ subscriptionField: "onAdd", payload: { id: ctx.args.id } }); return ctx.result',
        ),
      },
      'Mutation.addAll': { code: code('return { payload: [{ __typename: "Todo", id: 1, name: "n" }] }') },
      'Mutation.unheard': { code: code('return { payload: { id: 1 } }') },
      'Subscription.onFiltered': {
        code: code(
          'return {}',
          `extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter({ name: { eq: 'x' } }))
           extensions.setSubscriptionInvalidationFilter(util.transform.toSubscriptionFilter({ id: { eq: 1 } }))
           return null`,
        ),
      },
      'Subscription.onRefused': { code: code("util.error('not you', 'Refused')") },
    },
    onMutation: (event) => void mutations.push(event),
    onInvalidation: (event) => void invalidations.push(event),
    ...rest,
  })
  const prepare = async (query: string, variables: Record<string, unknown> = {}, caller: Caller = apiKeyCaller) =>
    fixture.engine.prepareSubscription('test', { query, variables }, caller, fixture.info())
  return {
    fixture,
    mutations,
    invalidations,
    prepare,
    async prepared(query: string, variables?: Record<string, unknown>, caller?: Caller): Promise<PreparedSubscription> {
      const outcome = await prepare(query, variables, caller)
      if (outcome.type !== 'prepared') throw new Error(JSON.stringify(outcome))
      return outcome.subscription
    },
  }
}

describe('a mutation', () => {
  it('tells its result by field names, with exactly what was selected', async () => {
    const { fixture, mutations, invalidations } = createApi()
    await fixture.query('mutation M($n: String) { made: add(id: 7, name: $n) { called: name json parent { id } } }', {
      n: 'x',
    })
    expect(mutations).toEqual([
      {
        apiId: 'test',
        fieldName: 'add',
        result: { __typename: 'Todo', name: 'x', json: '{"a":1}', parent: { __typename: 'Todo', id: '2' } },
        arguments: { id: '7', name: 'x' },
        caller: apiKeyCaller,
        requestId: 'request-1',
      },
    ])
    expect(invalidations).toEqual([
      {
        apiId: 'test',
        requestId: 'request-1',
        invalidations: [{ subscriptionField: 'onAdd', payload: { id: '7' } }],
      },
    ])
  })

  it('tells nothing that failed or that nobody can subscribe to', async () => {
    const { fixture, mutations } = createApi({ resolvers: { 'Mutation.add': { code: code("util.error('no')") } } })
    await fixture.query('mutation { add { id } unheard { id } }')
    expect(mutations).toEqual([])
  })

  it('has happened, whatever becomes of telling it', async () => {
    const lines: string[] = []
    const { fixture } = createApi({
      onMutation() {
        throw new Error('bus down')
      },
      log: (_level, message) => void lines.push(message),
    })
    expect(await fixture.query('mutation { add(id: 1) { id } }')).toEqual({ data: { add: { id: '1' } } })
    expect(lines).toEqual(['telling of a mutation failed'])
  })

  it('tells lists of abstract types', async () => {
    const { fixture, mutations, prepared } = createApi()
    await fixture.query('mutation { addAll { name } }')
    expect(mutations.map(({ result }) => result)).toEqual([[{ __typename: 'Todo', name: 'n' }]])
    const { project } = await prepared('subscription { onAll { __typename name ... on Todo { json } } }')
    expect(project(mutations[0]!.result)).toEqual({ data: { onAll: [{ __typename: 'Todo', name: 'n', json: null }] } })
  })
})

describe('a subscription', () => {
  it('is prepared with what was given, defaults included, absent variables left out', async () => {
    const { prepared } = createApi()
    const {
      project: _project,
      projectionKey: _key,
      ...rest
    } = await prepared('subscription S($n: String) { x: onAdd(name: $n) { id } }')
    expect(rest).toEqual({
      apiId: 'test',
      fieldName: 'onAdd',
      responseKey: 'x',
      arguments: { id: 'd' },
      mutations: ['add'],
      filter: undefined,
      invalidationFilter: undefined,
      body: { data: { x: null } },
    })
    expect(
      (await prepared('subscription S($n: String) { onAdd(name: $n, id: "1") { id } }', { n: null })).arguments,
    ).toEqual({
      id: '1',
      name: null,
    })
    expect((await prepared('subscription { onAdd(name: null) { id } }')).arguments).toEqual({ id: 'd', name: null })
  })

  it('hands over the filters that its resolver set', async () => {
    const { prepared } = createApi()
    const { filter, invalidationFilter } = await prepared('subscription { onFiltered { id } }')
    const parse = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value)
    expect(parse(filter)).toEqual({ filterGroup: [{ filters: [{ fieldName: 'name', operator: 'eq', value: 'x' }] }] })
    expect(parse(invalidationFilter)).toEqual({
      filterGroup: [{ filters: [{ fieldName: 'id', operator: 'eq', value: 1 }] }],
    })
  })

  it('projects without widening: what was not selected is null', async () => {
    const { prepared } = createApi()
    const { project } = await prepared('subscription { onAdd { id name json tags parent { id name } } }')
    expect(project({ __typename: 'Todo', id: '1', json: '{"a":1}', parent: { __typename: 'Todo', id: '2' } })).toEqual({
      data: { onAdd: { id: '1', name: null, json: '{"a":1}', tags: null, parent: { id: '2', name: null } } },
    })
    expect(project({ __typename: 'Todo', name: 'n' })).toEqual({
      data: { onAdd: null },
      errors: [
        {
          path: ['onAdd', 'id'],
          locations: null,
          message: "Cannot return null for non-nullable type: 'ID' within parent 'Todo' (/onAdd/id)",
        },
      ],
    })
    expect(project(null)).toEqual({ data: { onAdd: null } })
  })

  it('projects under the authorization of its own caller', async () => {
    const { prepared } = createApi()
    const query = 'subscription { onAdd { id secret } }'
    const iam: Caller = { mode: 'AWS_IAM', identity: {}, mayUse: () => true }
    const byKey = await prepared(query)
    const published = { __typename: 'Todo', id: '1', secret: 's' }
    expect(byKey.project(published)).toEqual({
      data: { onAdd: { id: '1', secret: null } },
      errors: [
        {
          path: ['onAdd', 'secret'],
          data: null,
          errorType: 'Unauthorized',
          errorInfo: null,
          locations: [{ line: 1, column: 27, sourceName: null }],
          message: 'Not Authorized to access secret on type Todo',
        },
      ],
    })
    const iamQuery = 'subscription { onIam { secret } }'
    expect((await prepared(iamQuery, {}, iam)).project(published).data).toEqual({ onIam: { secret: 's' } })
  })

  it('shares its key with those that show the same', async () => {
    const { prepared } = createApi()
    const keyOf = async (query: string, variables?: Record<string, unknown>): Promise<string> =>
      (await prepared(query, variables)).projectionKey
    const key = await keyOf('subscription { onAdd { id name } }')
    expect(await keyOf('subscription { onAdd { id name } }')).toBe(key)
    expect(await keyOf('subscription { onAdd { id } }')).not.toBe(key)
    expect(await keyOf('subscription { other: onAdd { id name } }')).not.toBe(key)
    const conditional = 'subscription S($y: Boolean!) { onAdd { id name @include(if: $y) } }'
    expect(await keyOf(conditional, { y: true })).not.toBe(await keyOf(conditional, { y: false }))
  })

  it.each<[string, string, unknown]>([
    [
      'a missing variable',
      'subscription S($flag: Boolean!) { onFlag(flag: $flag) { id } }',
      { data: null, errors: [{ message: "Variable 'flag' has coerced Null value for NonNull type 'Boolean!'" }] },
    ],
    [
      'an error of its resolver',
      'subscription { onRefused { id } }',
      { data: { onRefused: null }, errors: [{ errorType: 'Refused', message: 'not you' }] },
    ],
    [
      'a field that the caller may not use',
      'subscription { onIam { id } }',
      {
        data: { onIam: null },
        errors: [{ errorType: 'Unauthorized', message: 'Not Authorized to access onIam on type Subscription' }],
      },
    ],
    [
      'two root fields',
      'subscription { onAdd { id } onAll { name } }',
      { errors: [{ message: 'Subscription operations must have exactly one root field.' }] },
    ],
    ['a query', '{ ok }', { errors: [{ message: 'A subscription was expected, but the operation is a query.' }] }],
  ])('is refused for %s', async (_name, query, body) => {
    expect(await createApi().prepare(query)).toMatchObject({ type: 'refused', answer: { status: 200, body } })
  })

  it('is answered over HTTP with what the transport says of it', async () => {
    const { fixture } = createApi({
      announceSubscription: ({ fieldName }) => ({
        subscription: { newSubscriptions: { [fieldName]: { topic: 't' } } },
      }),
    })
    expect(await fixture.query('subscription { onAdd { id } }')).toEqual({
      data: { onAdd: null },
      extensions: { subscription: { newSubscriptions: { onAdd: { topic: 't' } } } },
    })
  })
})
