import { describe, expect, it } from 'vitest'
import type { LambdaInvocation } from '../../src/aws/lambdaInvoker.ts'
import { createGraphqlFixture, type FixtureOptions } from '../support/graphqlFixture.ts'

const code = (request: string, response = 'return ctx.result'): string =>
  `import { util, runtime } from '@aws-appsync/utils'
export function request(ctx) { ${request} }
export function response(ctx) { ${response} }`

const position = (line: number, column: number) => ({ line, column, sourceName: null })
const errorAt = (path: (string | number)[], message: string, rest: Record<string, unknown> = {}) => ({
  path,
  data: null,
  errorType: null,
  errorInfo: null,
  locations: [position(1, 3)],
  message,
  ...rest,
})

const schema = `
  type Item { id: ID name: String size: Int! tags: [String!] parent: Item json: AWSJSON kind: Kind }
  enum Kind { A B }
  union Thing = Item | Other
  type Other { other: String }
  interface Named { name: String }
  type Query {
    f(a: String, b: Int = 7, input: In): AWSJSON
    item: Item
    items: [Item]
    things: [Thing]
    required: Item!
    text: String
    numbers: [Int!]!
    flag: Boolean
  }
  input In { x: String y: [Int] = [1] z: In }
  type Mutation { add(id: ID): Item first: Int second: Int! third: Int }
`
const api = (resolvers: FixtureOptions['resolvers'], rest: Partial<FixtureOptions> = {}) =>
  createGraphqlFixture({ schema, ...(resolvers === undefined ? {} : { resolvers }), ...rest })
const json = (body: unknown): unknown => JSON.parse((body as { data: { f: string } }).data.f)

describe('a unit resolver', () => {
  it('sees the documented context', async () => {
    const fixture = api(
      { 'Query.f': { code: code('return { payload: ctx }') } },
      { api: { environmentVariables: { STAGE: 'dev' } } },
    )
    const { body } = await fixture.run(
      'query Q($a: String, $x: In) { f(a: $a, input: $x) }',
      { x: { z: { x: '1' } } },
      {
        caller: { mode: 'AWS_IAM', identity: { accountId: '1' }, mayUse: () => true },
        info: { headers: { host: 'h', 'x-custom': 'c' }, domainName: 'api.example.com' },
      },
    )
    expect(body.errors?.[0]?.errorType).toBe('Unauthorized')
    const allowed = api(
      { 'Query.f': { code: code('return { payload: ctx }') } },
      { api: { environmentVariables: { STAGE: 'dev' } } },
    )
    const seen = await allowed.run(
      'query Q($a: String, $x: In) { f(a: $a, input: $x) }',
      { x: { z: { x: '1' } } },
      { info: { headers: { host: 'h', 'x-custom': 'c' }, domainName: 'api.example.com' } },
    )
    expect(json(seen.body)).toMatchObject({
      arguments: { a: null, b: 7, input: { y: [1], z: { x: '1', y: [1] } } },
      identity: null,
      source: null,
      stash: {},
      env: { STAGE: 'dev' },
      outErrors: [],
      request: { headers: { host: 'h', 'x-custom': 'c' }, domainName: 'api.example.com' },
      info: {
        fieldName: 'f',
        parentTypeName: 'Query',
        variables: { a: null, x: { y: [1], z: { x: '1', y: [1] } } },
        selectionSetList: [],
        selectionSetGraphQL: '',
      },
    })
  })

  it('knows what is selected below it, by aliases and through fragments', async () => {
    const fixture = api({ 'Query.item': { code: code('return { payload: { id: 1, size: 1, json: ctx.info } }') } })
    const { body } = await fixture.run(
      'query Q($yes: Boolean!) { item { json ...F parent @include(if: $yes) { named: name } id @skip(if: $yes) } } fragment F on Item { size }',
      { yes: true },
    )
    const { json: info } = (body.data as { item: { json: string } }).item
    expect(JSON.parse(info)).toMatchObject({
      selectionSetList: ['json', 'size', 'parent', 'parent/named'],
      selectionSetGraphQL:
        '{\n  json\n  ...F\n  parent @include(if: $yes) {\n    named: name\n  }\n  id @skip(if: $yes)\n}',
    })
  })

  it('runs mapping templates as it runs code', async () => {
    const fixture = api({
      'Query.f': {
        request: '{"version": "2018-05-29", "payload": {"a": $util.toJson($ctx.args.a), "b": $ctx.args.b}}',
        response: '$util.toJson($ctx.result)',
      },
    })
    expect(json(await fixture.query('{ f(a: "x") }'))).toEqual({ a: 'x', b: 7 })
  })

  it.each([
    ['AMAZON_DYNAMODB', '{"operation": "GetItem"}', "Value for field '$[version]' not found."],
    ['NONE', '{"version": "2016-01-01", "payload": 1}', "Unsupported version '2016-01-01'."],
  ] as const)('of %s refuses the template %s', async (dataSource, request, message) => {
    const fixture = api({ 'Query.f': { dataSource, request, response: '$util.toJson($ctx.result)' } })
    expect(await fixture.query('{ f }')).toEqual({
      data: { f: null },
      errors: [errorAt(['f'], message, { errorType: 'MappingTemplate' })],
    })
  })

  it('of NONE may leave the version out, as generated functions do', async () => {
    const fixture = api({ 'Query.f': { request: '{"payload": 1}', response: '$util.toJson($ctx.result)' } })
    expect(await fixture.query('{ f }')).toEqual({ data: { f: '1' } })
  })

  it('returns early without asking its data source', async () => {
    const fixture = api({
      'Query.f': { dataSource: 'AMAZON_DYNAMODB', code: code("runtime.earlyReturn('early')", 'return 1') },
    })
    expect(json(await fixture.query('{ f }'))).toBe('early')
  })

  it('keeps its value beside appended errors, whose data is cut to what is selected', async () => {
    const fixture = api({
      'Query.item': {
        code: code(
          'return {}',
          "util.appendError('one', 'T', { id: 1, name: 'secret', parent: { id: 2, size: 3 } }, { info: 1 }); return { id: 5, size: 1 }",
        ),
      },
    })
    expect(await fixture.query('{ item { id up: parent { id } } }')).toEqual({
      data: { item: { id: '5', up: null } },
      errors: [errorAt(['item'], 'one', { errorType: 'T', data: { id: 1, up: { id: 2 } }, errorInfo: { info: 1 } })],
    })
  })

  it('says what is wrong with code that cannot be compiled, and lets other fields run', async () => {
    const fixture = api({ 'Query.f': { code: 'export function request(ctx) { while (true) {} }' } })
    const { body } = await fixture.run('{ f text }')
    expect(body).toEqual({
      data: { f: null, text: null },
      errors: [
        errorAt(['f'], expect.stringMatching(/^Query\.f: .+ \(code:1:\d+\)$/) as unknown as string, {
          errorType: 'ResolverConfigurationError',
        }),
      ],
    })
  })

  it('names the field whose data source is of a type that is not supported', async () => {
    const fixture = api({ 'Query.f': { dataSource: 'RELATIONAL_DATABASE', code: code('return {}') } })
    expect(await fixture.query('{ f }')).toEqual({
      data: { f: null },
      errors: [
        errorAt(
          ['f'],
          "Data sources of type RELATIONAL_DATABASE are not supported: field Query.f uses the data source 'ds_RELATIONAL_DATABASE'.",
          { errorType: 'UnsupportedOperation' },
        ),
      ],
    })
  })

  it('may set response headers', async () => {
    const fixture = api({
      'Query.f': { code: code("util.http.addResponseHeader('x-made', 'here'); return { payload: 1 }") },
    })
    expect(await fixture.run('{ f }')).toEqual({
      status: 200,
      body: { data: { f: '1' } },
      headers: { 'x-made': 'here' },
    })
  })
})

describe('an error of a data source', () => {
  const failing: Partial<FixtureOptions> = {
    createDataSource: () => ({
      invoke: () => ({ type: 'error', error: { type: 'Kind', message: 'broken' }, result: { left: 1 } }),
    }),
  }

  it('is shown to code, with what the data source left', async () => {
    const fixture = api(
      { 'Query.f': { code: code('return {}', 'return { error: ctx.error, result: ctx.result }') } },
      failing,
    )
    expect(json(await fixture.query('{ f }'))).toEqual({
      error: { message: 'broken', type: 'Kind' },
      result: { left: 1 },
    })
  })

  it('is shown to templates of version 2018-05-29, and lost when they ignore it', async () => {
    const fixture = api(
      { 'Query.f': { request: '{"version": "2018-05-29"}', response: '$util.toJson($ctx.error.type)' } },
      failing,
    )
    expect(json(await fixture.query('{ f }'))).toBe('Kind')
  })

  it('ends the field before the response template of version 2017-02-28', async () => {
    const fixture = api({ 'Query.f': { request: '{"version": "2017-02-28"}', response: '"never"' } }, failing)
    expect(await fixture.query('{ f }')).toEqual({
      data: { f: null },
      errors: [errorAt(['f'], 'broken', { errorType: 'Kind' })],
    })
  })
})

describe('a pipeline', () => {
  it('hands stash and results on, in both languages', async () => {
    const fixture = api({
      'Query.f': {
        request: '$util.qr($ctx.stash.put("seen", ["before"])){"start": 1}',
        functions: [
          {
            request: '{"version": "2018-05-29", "payload": {"prev": $util.toJson($ctx.prev.result)}}',
            response: '$util.qr($ctx.stash.seen.add("vtl"))$util.toJson($ctx.result)',
          },
          {
            code: code(
              'return { payload: { prev: ctx.prev.result, seen: ctx.stash.seen } }',
              "ctx.stash.seen.push('js'); return ctx.result",
            ),
          },
        ],
        response:
          '{"last": $util.toJson($ctx.prev.result), "result": $util.toJson($ctx.result), "seen": $util.toJson($ctx.stash.seen)}',
      },
    })
    const last = { prev: { prev: { start: 1 } }, seen: ['before', 'vtl'] }
    expect(json(await fixture.query('{ f }'))).toEqual({ last, result: last, seen: ['before', 'vtl', 'js'] })
  })

  it.each([
    ['NEXT', ['second']],
    ['END', []],
  ])('an early return of a function goes to %s', async (skipTo, ran) => {
    const fixture = api({
      'Query.f': {
        code: code('ctx.stash.ran = []; return {}', 'return { prev: ctx.prev.result, ran: ctx.stash.ran }'),
        functions: [
          {
            code: code(
              `runtime.earlyReturn('early', { skipTo: '${skipTo}' })`,
              "ctx.stash.ran.push('first'); return 1",
            ),
          },
          { code: code('return { payload: ctx.prev.result }', "ctx.stash.ran.push('second'); return ctx.result") },
        ],
      },
    })
    expect(json(await fixture.query('{ f }'))).toEqual({ prev: 'early', ran })
  })

  it('ends with the first error and keeps those appended before', async () => {
    const fixture = api({
      'Query.f': {
        code: code("util.appendError('first', 'A'); return {}", 'return 1'),
        functions: [
          { code: code("util.appendError('second', 'B'); return {}", "util.error('third', 'C')") },
          { code: code("util.error('never')") },
        ],
      },
    })
    expect(await fixture.query('{ f }')).toEqual({
      data: { f: null },
      errors: [
        errorAt(['f'], 'first', { errorType: 'A' }),
        errorAt(['f'], 'second', { errorType: 'B' }),
        errorAt(['f'], 'third', { errorType: 'C' }),
      ],
    })
  })

  it('is refused with more than ten functions', async () => {
    const fixture = api({
      'Query.f': {
        code: code('return {}'),
        functions: Array.from({ length: 11 }, () => ({ code: code('return {}') })),
      },
    })
    const { body } = await fixture.run('{ f }')
    expect(body.errors?.[0]?.message).toBe('Query.f: a pipeline has at most 10 functions')
  })
})

describe('values', () => {
  const value = (field: string, payload: unknown) =>
    api({ [`Query.${field}`]: { code: code(`return { payload: ${JSON.stringify(payload)} }`) } })

  it('that are null where that is not allowed take their parents with them, all fields told', async () => {
    const fixture = value('items', [
      { id: 1, size: null, tags: ['a', null] },
      { id: 2, size: 2 },
    ])
    expect(await fixture.query('{ items { id size tags } }')).toEqual({
      data: { items: [null, { id: '2', size: 2, tags: null }] },
      errors: [
        {
          path: ['items', 0, 'size'],
          locations: null,
          message: "Cannot return null for non-nullable type: 'Int' within parent 'Item' (/items[0]/size)",
        },
        {
          path: ['items', 0, 'tags', 1],
          locations: null,
          message: "Cannot return null for non-nullable type: 'String' within parent 'null' (/items[0]/tags[1])",
        },
      ],
    })
  })

  it('of a failed non-null field are told once', async () => {
    const fixture = api({ 'Query.required': { code: code("util.error('broken')") } })
    expect(await fixture.query('{ required { id } }')).toEqual({
      data: null,
      errors: [errorAt(['required'], 'broken')],
    })
  })

  it.each([
    ['item', [1], "Can't resolve value (/item) : type mismatch error, expected type OBJECT, got LIST"],
    ['items', { a: 1 }, "Can't resolve value (/items) : type mismatch error, expected type LIST, got OBJECT"],
    [
      'item',
      { size: 1, kind: 'C' },
      "Can't serialize value (/item/kind) : Invalid input for Enum 'Kind'. Unknown value 'C'",
    ],
    ['item', { size: 'x' }, "Can't serialize value (/item/size) : Expected type 'Int' but was 'String'."],
  ])('of another type in %s: %j', async (field, payload, message) => {
    const { body } = await value(field, payload).run(`{ ${field} { id size kind } }`)
    expect(body.errors?.map((error) => [error.message, error.locations])).toEqual([[message, null]])
  })

  it('of a text field may be anything, printed as Java prints it', async () => {
    expect(await value('text', { a: 1, b: [true, null, 'x'] }).query('{ text }')).toEqual({
      data: { text: '{a=1, b=[true, null, x]}' },
    })
  })

  it('of unions say their type', async () => {
    const fixture = value('things', [
      { __typename: 'Other', other: 'o' },
      { __typename: 'Item', size: 1 },
      { other: 'o' },
    ])
    expect(await fixture.query('{ things { __typename ... on Other { other } ... on Item { size } } }')).toEqual({
      data: { things: [{ __typename: 'Other', other: 'o' }, { __typename: 'Item', size: 1 }, null] },
      errors: [
        {
          path: ['things', 2],
          locations: null,
          message:
            "Can't resolve '/things[2]'. Abstract type 'Thing' must resolve to an Object type at runtime for field 'Query.things'. Could not determine the exact type of 'Thing'",
        },
      ],
    })
  })
})

describe('mutations', () => {
  it('run one after the other and end at a null that is not allowed', async () => {
    const order: string[] = []
    const fixture = api(
      Object.fromEntries(['first', 'second', 'third'].map((name) => [`Mutation.${name}`, { code: code('return {}') }])),
      {
        createDataSource: () => ({
          async invoke({ fieldName }) {
            order.push(`start ${fieldName}`)
            await null
            order.push(`end ${fieldName}`)
            return { type: 'result', result: fieldName === 'Mutation.second' ? null : 1 }
          },
        }),
      },
    )
    const { body } = await fixture.run('mutation { first second third }')
    expect(body.data).toBeNull()
    expect(order).toEqual([
      'start Mutation.first',
      'end Mutation.first',
      'start Mutation.second',
      'end Mutation.second',
    ])
  })
})

describe('a Lambda data source', () => {
  const lambdaApi = (resolvers: FixtureOptions['resolvers'], answer: (invocation: LambdaInvocation) => unknown) => {
    const invocations: LambdaInvocation[] = []
    const fixture = api(resolvers, {
      lambda: {
        async invoke(invocation) {
          invocations.push(invocation)
          const value = answer(invocation)
          const isError = typeof value === 'object' && value !== null && 'errorMessage' in value && !('data' in value)
          return {
            statusCode: 200,
            payload: JSON.stringify(value),
            executedVersion: '$LATEST',
            requestId: 'r',
            ...(isError ? { functionError: 'Unhandled' as const } : {}),
          }
        },
      },
    })
    return { fixture, invocations }
  }

  it('gets the whole context from a direct resolver', async () => {
    const { fixture, invocations } = lambdaApi({ 'Query.item': { dataSource: 'AWS_LAMBDA' } }, () => ({
      id: 1,
      size: 2,
    }))
    expect(await fixture.query('{ item { id size } }')).toEqual({ data: { item: { id: '1', size: 2 } } })
    expect(
      invocations.map(({ functionName, invocationType, payload }) => [
        functionName,
        invocationType,
        JSON.parse(payload),
      ]),
    ).toEqual([
      [
        'arn:aws:lambda:us-east-1:000000000000:function:f',
        'RequestResponse',
        {
          arguments: {},
          identity: null,
          source: null,
          request: { headers: {}, domainName: null },
          prev: null,
          info: {
            selectionSetList: ['id', 'size'],
            selectionSetGraphQL: '{\n  id\n  size\n}',
            fieldName: 'item',
            parentTypeName: 'Query',
            variables: {},
          },
          stash: {},
        },
      ],
    ])
  })

  it('answers errors as Lambda:Unhandled', async () => {
    const { fixture } = lambdaApi({ 'Query.item': { dataSource: 'AWS_LAMBDA' } }, () => ({
      errorMessage: 'boom',
      errorType: 'Error',
    }))
    expect(await fixture.query('{ item { id } }')).toEqual({
      data: { item: null },
      errors: [errorAt(['item'], 'boom', { errorType: 'Lambda:Unhandled' })],
    })
  })

  it('gathers the calls of one field into batches of maxBatchSize', async () => {
    const { fixture, invocations } = lambdaApi(
      {
        'Query.items': { code: code('return { payload: [1, 2, 3, 4, 5].map(id => ({ id, size: 1 })) }') },
        'Item.name': { dataSource: 'AWS_LAMBDA', maxBatchSize: 3 },
      },
      ({ payload }) =>
        (JSON.parse(payload) as { source: { id: number } }[]).map(({ source }) =>
          source.id === 4
            ? { data: null, errorMessage: 'four', errorType: 'Bad' }
            : { data: `n${source.id}`, errorMessage: null },
        ),
    )
    const { body } = await fixture.run('{ items { name } }')
    expect(invocations.map(({ payload }) => (JSON.parse(payload) as unknown[]).length)).toEqual([3, 2])
    expect(body).toEqual({
      data: { items: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }, { name: null }, { name: 'n5' }] },
      errors: [
        {
          path: ['items', 3, 'name'],
          data: null,
          errorType: 'Bad',
          errorInfo: null,
          locations: [position(1, 11)],
          message: 'four',
        },
      ],
    })
  })

  it('invokes as an event without waiting for a result', async () => {
    const { fixture, invocations } = lambdaApi(
      {
        'Query.f': {
          dataSource: 'AWS_LAMBDA',
          code: code("return { operation: 'Invoke', invocationType: 'Event', payload: { a: 1 } }"),
        },
      },
      () => null,
    )
    expect(await fixture.query('{ f }')).toEqual({ data: { f: null } })
    expect(invocations.map(({ invocationType, payload }) => [invocationType, payload])).toEqual([['Event', '{"a":1}']])
  })

  it.each([
    ['return {}', "Value for field '$[operation]' not found."],
    ["return { operation: 'Fly' }", "Unsupported operation 'Fly'."],
  ])('refuses the request %j', async (request, message) => {
    const { fixture } = lambdaApi({ 'Query.f': { dataSource: 'AWS_LAMBDA', code: code(request) } }, () => null)
    expect(await fixture.query('{ f }')).toEqual({
      data: { f: null },
      errors: [errorAt(['f'], message, { errorType: 'MappingTemplate' })],
    })
  })
})

describe('the time of a request', () => {
  it('ends after 30 seconds, the fields that wait failing', async () => {
    let now = 0
    const tasks: { at: number; task: () => void }[] = []
    const fixture = api(
      { 'Query.f': { code: code('return {}', 'util.error(ctx.error.message, ctx.error.type)') } },
      {
        clock: {
          now: () => now,
          at(at, task) {
            const entry = { at, task }
            tasks.push(entry)
            return () => void tasks.splice(tasks.indexOf(entry), 1)
          },
        },
        createDataSource: () => ({ invoke: () => new Promise(() => {}) }),
      },
    )
    const running = fixture.query('{ f text }')
    now = 30_000
    expect(tasks.map(({ at }) => at)).toEqual([30_000])
    for (const { task } of [...tasks]) task()
    expect(await running).toEqual({
      data: { f: null, text: null },
      errors: [errorAt(['f'], 'Execution timed out.', { errorType: 'ExecutionTimeout' })],
    })
    expect(tasks).toEqual([])
  })
})

describe('a change in the catalog', () => {
  it('counts from the next request on', async () => {
    const fixture = api({ 'Query.text': { code: code("return { payload: 'one' }") } })
    expect(await fixture.query('{ text }')).toEqual({ data: { text: 'one' } })
    fixture.putResolver('Query.text', { code: code("return { payload: 'two' }") })
    expect(await fixture.query('{ text }')).toEqual({ data: { text: 'two' } })
    fixture.catalog
      .collection('AWS::AppSync::Resolver')
      .delete('arn:aws:appsync:us-east-1:000000000000:apis/test/types/Query/resolvers/text')
    expect(await fixture.query('{ text }')).toEqual({ data: { text: null } })
    fixture.putSchema('type Query { other: Int }')
    expect(await fixture.query('{ other }')).toEqual({ data: { other: null } })
    fixture.catalog
      .collection('AWS::AppSync::GraphQLSchema')
      .delete('arn:aws:appsync:us-east-1:000000000000:apis/test/schema')
    expect(await fixture.run('{ other }')).toEqual({
      status: 502,
      errorType: 'GraphQLSchemaException',
      body: { errors: [{ errorType: 'GraphQLSchemaException', message: 'No schema definition exists.' }] },
    })
    fixture.catalog.collection('AWS::AppSync::GraphQLApi').delete('arn:aws:appsync:us-east-1:000000000000:apis/test')
    expect((await fixture.run('{ other }')).status).toBe(404)
  })
})
