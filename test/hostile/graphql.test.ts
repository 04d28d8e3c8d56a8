import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CompiledStep } from '../../src/runtime/context.ts'
import { apiKeyCaller, createGraphqlFixture, type FixtureOptions, serveGraphql } from '../support/graphqlFixture.ts'

const handler = (request: string, response = 'return ctx.result'): string =>
  `export function request(ctx) { ${request} }\nexport function response(ctx) { ${response} }`

const schema = `
  type Node { id: ID name: String next: Node list: [Node] }
  input Deep { next: Deep value: Int }
  type Query {
    ok: String
    node(id: ID): Node
    count: Int
    echo(v: AWSJSON): AWSJSON
    timestamp(v: AWSTimestamp): AWSTimestamp
    deep(v: Deep): Int
    numbers(v: [Int]): Int
  }
  type Mutation { add: Int }
`

function createApi(options: Partial<FixtureOptions> = {}) {
  return createGraphqlFixture({
    schema,
    resolvers: {
      'Query.node': { code: handler('return { payload: { id: ctx.args.id } }') },
      'Query.count': { code: handler('return { payload: 1 }') },
      'Query.echo': { code: handler('return { payload: ctx.args.v }') },
      'Query.timestamp': { code: handler('return { payload: ctx.args.v }') },
      'Query.deep': { code: handler('return { payload: 1 }') },
      'Query.numbers': { code: handler('return { payload: 1 }') },
      'Mutation.add': { code: handler('return { payload: 1 }') },
    },
    ...options,
  })
}

/** Runs and says how much time of this thread it took, in milliseconds: other work on the machine does not count. */
async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = process.threadCpuUsage()
  const result = await work()
  const { user, system } = process.threadCpuUsage(start)
  return { result, ms: (user + system) / 1_000 }
}

const UNPARSABLE = {
  status: 400,
  errorType: 'MalformedHttpRequestException',
  body: { errors: [{ errorType: 'MalformedHttpRequestException', message: 'Unable to parse GraphQL query.' }] },
}

describe('documents', () => {
  const api = createApi()
  const isAlive = async (): Promise<void> => expect(await api.query('{ ok }')).toEqual({ data: { ok: null } })

  it.each([
    ['3,000 levels of fields', `${'{ next'.repeat(3_000)}${'}'.repeat(3_000)}`],
    ['100,000 levels of fields', `${'{ next'.repeat(100_000)}${'}'.repeat(100_000)}`],
    ['a list literal of 100,000 levels', `{ numbers(v: ${'['.repeat(100_000)}${']'.repeat(100_000)}) }`],
    ['100,000 open parentheses', '{ node('.repeat(100_000)],
  ])('refuses %s in under 50 ms', async (_name, query) => {
    const { result, ms } = await timed(() => api.run(query))
    expect(result).toEqual(UNPARSABLE)
    expect(ms).toBeLessThan(50)
    await isAlive()
  })

  it('runs a document as deep as the bound allows', async () => {
    const levels = 490
    const query = `{ node(id: 1) ${'{ next'.repeat(levels)} { id }${'}'.repeat(levels)} }`
    expect(await api.query(query)).toEqual({ data: { node: { next: null } } })
  })

  it('completes data as deep as the document', async () => {
    const levels = 240
    const deep = createApi({
      resolvers: {
        'Query.node': {
          code: handler(`let node = { id: 'end' }
            for (const level of '${'x'.repeat(levels)}'.split('')) { node = { id: 'n', next: node } }
            return { payload: node }`),
        },
      },
    })
    const query = `{ node ${'{ next'.repeat(levels)} { id }${'}'.repeat(levels)} }`
    const { body } = await deep.run(query)
    expect(body.errors).toBeUndefined()
    expect(JSON.stringify(body.data)).toContain('{"id":"end"}')
  })

  it('does not count brackets in strings and comments', async () => {
    const query = `{ # ${'{'.repeat(5_000)}\n echo(v: "${'['.repeat(600)}${']'.repeat(600)}") }`
    expect(await api.query(query)).toEqual({ data: { echo: '['.repeat(600) + ']'.repeat(600) } })
  })

  it('refuses an input object of 100,000 levels in variables with one error', async () => {
    let value: unknown = { value: 1 }
    for (let level = 0; level < 100_000; level++) value = { next: value }
    const { result, ms } = await timed(() => api.run('query Q($v: Deep) { deep(v: $v) }', { v: value }))
    expect(result.body.errors).toHaveLength(1)
    expect(result.body.errors?.[0]?.message).not.toMatch(/RangeError|stack/)
    expect(ms).toBeLessThan(50)
  })

  it('refuses a million tokens within 100 ms', async () => {
    const { result, ms } = await timed(() => api.run(`{ ${'ok '.repeat(1_000_000)} }`))
    expect(result).toEqual(UNPARSABLE)
    expect(ms).toBeLessThan(100)
  })

  it('takes ten thousand aliased resolver fields with arguments', async () => {
    const aliases = Array.from({ length: 10_000 }, (_, index) => `a${index}: node(id: ${index}) { id }`).join(' ')
    const { body } = await api.run(`{ ${aliases} }`)
    expect([body.errors, Object.keys(body.data as object).length]).toEqual([undefined, 10_000])
  })

  it('stops resolvers at resolverCountLimit and names it', async () => {
    let runs = 0
    const counting: CompiledStep = {
      run(context) {
        runs++
        return {
          type: 'value',
          value: context.result === undefined ? { payload: 1 } : 1,
          stash: context.stash,
          appendedErrors: [],
          logs: [],
          effects: {},
        }
      },
    }
    const limited = createApi({
      api: { resolverCountLimit: 1_000 },
      compileCode: () => ({ request: counting, response: counting }),
    })
    const aliases = Array.from({ length: 10_000 }, (_, index) => `a${index}: count`).join(' ')
    const { body } = await limited.run(`{ ${aliases} }`)
    // Each resolver runs two steps.
    expect(runs).toBe(2_000)
    expect(body.errors?.[0]).toEqual({
      path: ['a1000'],
      data: null,
      errorType: 'ResolverExecutionLimitReached',
      errorInfo: null,
      locations: [{ line: 1, column: expect.any(Number), sourceName: null }],
      message: 'The limit of 1000 resolvers in one request has been reached.',
    })
  })

  it('counts queryDepthLimit through fragments and introspection, and lets __typename pass', async () => {
    const limited = createApi({ api: { queryDepthLimit: 2 } })
    const direct = await limited.run('{ node(id: 1) { id next { id __typename } } }')
    expect(direct.body).toEqual({ data: { node: { id: '1', next: null } } })
    const nested = createApi({
      api: { queryDepthLimit: 2 },
      resolvers: { 'Query.node': { code: handler('return { payload: { id: 1, next: { id: 2 } } }') } },
    })
    const failed = { errorType: 'QueryDepthLimitReached', message: 'Query depth limit of 2 exceeded.' }
    const viaFragment = await nested.run(
      '{ node(id: 1) { ...N } } fragment N on Node { ... on Node { next { id __typename } } }',
    )
    expect(viaFragment.body).toMatchObject({
      data: { node: { next: { id: null, __typename: 'Node' } } },
      errors: [{ path: ['node', 'next', 'id'], ...failed }],
    })
    const introspection = await nested.run('{ __schema { queryType { name } } }')
    expect(introspection.body).toMatchObject({
      data: { __schema: { queryType: { name: null } } },
      errors: [{ path: ['__schema', 'queryType', 'name'], ...failed }],
    })
  })

  it('plans 2⁴⁰ paths of fragments in under 20 ms', async () => {
    const fragments = Array.from(
      { length: 40 },
      (_, index) => `fragment F${index} on Node { ...F${index + 1} ...F${index + 1} }`,
    )
    const query = `{ node(id: 1) { ...F0 } } ${fragments.join(' ')} fragment F40 on Node { id }`
    await api.query('{ node { id } }')
    const { result, ms } = await timed(() => api.query(query))
    expect(result).toEqual({ data: { node: { id: '1' } } })
    expect(ms).toBeLessThan(20)
  })

  it('bounds 2⁴⁰ paths of nested fields and of conditions', async () => {
    const nested = Array.from(
      { length: 40 },
      (_, index) => `fragment F${index} on Node { a: next { ...F${index + 1} } b: next { ...F${index + 1} } }`,
    )
    const { ms } = await timed(() =>
      api.query(`{ node(id: 1) { ...F0 } } ${nested.join(' ')} fragment F40 on Node { id }`),
    )
    expect(ms).toBeLessThan(500)
    const variables = Array.from({ length: 40 }, (_, index) => `$v${index}: Boolean!`).join(' ')
    const conditional = Array.from(
      { length: 40 },
      (_, index) =>
        `fragment G${index} on Node { ...G${index + 1} @include(if: $v${index}) ...G${index + 1} @skip(if: $v${index}) }`,
    )
    const { result, ms: planning } = await timed(() =>
      api.query(
        `query Q(${variables}) { node(id: 1) { ...G0 } } ${conditional.join(' ')} fragment G40 on Node { id }`,
        Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`v${index}`, true])),
      ),
    )
    expect(result).toMatchObject({ errors: [{ message: expect.any(String) }] })
    expect(planning).toBeLessThan(100)
    await isAlive()
  })

  it.each([
    ['a fragment of itself', '{ node { ...A } } fragment A on Node { next { ...A } }'],
    [
      'a cycle of three',
      '{ node { ...A } } fragment A on Node { ...B } fragment B on Node { ...C } fragment C on Node { ...A }',
    ],
  ])('refuses %s', async (_name, query) => {
    const limited = createApi({ api: { queryDepthLimit: 3, resolverCountLimit: 3 } })
    const { body } = await limited.run(query)
    expect(body.data).toBeNull()
    expect(body.errors?.[0]?.message).toBe('Validation error of type FragmentCycle: Fragment cycles not allowed')
  })

  it('refuses an unknown fragment', async () => {
    expect(await api.query('{ node { ...Nothing } }')).toEqual({
      data: null,
      errors: [
        {
          path: null,
          locations: [{ line: 1, column: 10, sourceName: null }],
          message: "Validation error of type UndefinedFragment: Undefined fragment Nothing @ 'node'",
        },
      ],
    })
  })

  it.each([
    ['10,000 times the same field', `{ ${'ok '.repeat(10_000)} }`, 100],
    ['3,000 times the same field with selections', `{ ${'node { id next { id } } '.repeat(3_000)} }`, 200],
    ['10,000 unknown directives', `{ ok ${'@nothing '.repeat(10_000)} }`, 100],
    ['10,000 unknown fields', `{ ${Array.from({ length: 10_000 }, (_, index) => `x${index}`).join(' ')} }`, 100],
  ])('looks at %s quickly', async (_name, query, limit) => {
    await api.query('{ node { id } }')
    const { result, ms } = await timed(() => api.run(query))
    expect(ms).toBeLessThan(limit)
    expect(result.body.errors?.length ?? 0).toBeLessThanOrEqual(100)
  })

  it('hides the schema, and only the schema, where introspection is disabled', async () => {
    const hidden = createApi({ api: { introspectionConfig: 'DISABLED' } })
    for (const query of [
      '{ __schema { queryType { name } } }',
      '{ x: __type(name: "Node") { name } }',
      '{ ...F } fragment F on Query { __schema { queryType { name } } }',
    ]) {
      const { body } = await hidden.run(query)
      expect(body.data).toBeNull()
      expect(body.errors?.[0]?.message).toMatch(
        /^Validation error of type FieldUndefined: Field '(queryType|name)' in type '__(Schema|Type)' is undefined @ '/,
      )
    }
    expect(await hidden.query('{ __typename }')).toEqual({ data: { __typename: 'Query' } })
  })

  it('never suggests other names', async () => {
    const { body } = await api.run('{ nod { id } }')
    expect(JSON.stringify(body)).not.toMatch(/did you mean/i)
  })

  it('bounds circular introspection', async () => {
    const levels = 20
    const query = `{ __schema { types { ${'fields { type { '.repeat(levels)} name ${'} } '.repeat(levels)} } } }`
    const { ms } = await timed(() => api.run(query))
    expect(ms).toBeLessThan(5_000)
    await isAlive()
  })
})

describe('variables', () => {
  const api = createApi()

  it('keeps __proto__ a plain key', async () => {
    const variables = JSON.parse('{"v": "{\\"__proto__\\": {\\"x\\": 1}}", "__proto__": {"x": 1}}')
    const { body } = await api.run('query Q($v: AWSJSON) { echo(v: $v) }', variables)
    expect(JSON.parse((body.data as { echo: string }).echo)).toEqual(JSON.parse('{"__proto__": {"x": 1}}'))
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it('takes variables, aliases and operations named like members of Object.prototype', async () => {
    expect(
      await api.query(
        'query Q($__proto__: ID, $constructor: ID) { __proto__: node(id: $__proto__) { id } toString: node(id: $constructor) { id } }',
        {
          constructor: 'c',
        },
      ),
    ).toEqual(JSON.parse('{"data": {"__proto__": {"id": null}, "toString": {"id": "c"}}}'))
    const { status } = await api.run('query Q { ok }', {}, { operationName: '__proto__' })
    expect(status).toBe(400)
  })

  it.each([
    [Number('9007199254740993'), 'refused'],
    [Number('1e400'), 'refused'],
    [-0, 'taken'],
    [1.5, 'refused'],
  ])('AWSTimestamp %s is %s, never altered', async (v, outcome) => {
    const { body } = await api.run('query Q($v: AWSTimestamp) { timestamp(v: $v) }', { v })
    if (outcome === 'taken') expect(body).toEqual({ data: { timestamp: 0 } })
    else expect(body).toMatchObject({ data: null, errors: [{ message: expect.stringContaining('timestamp') }] })
  })

  it('refuses JSON of 100,000 levels, in variables and literals', async () => {
    const v = '['.repeat(100_000) + ']'.repeat(100_000)
    for (const body of [
      (await api.run('query Q($v: AWSJSON) { echo(v: $v) }', { v })).body,
      (await api.run(`{ echo(v: "${v}") }`)).body,
    ]) {
      expect(body.data).toBeNull()
      expect(body.errors).toHaveLength(1)
      expect(body.errors?.[0]?.message?.length).toBeLessThan(20_000)
    }
  })

  it('hands on a lone surrogate', async () => {
    expect(await api.query('query Q($v: ID) { node(id: $v) { id } }', { v: '\ud800' })).toEqual({
      data: { node: { id: '\ud800' } },
    })
  })
})

describe('resolvers', () => {
  const outcome = { stash: {}, appendedErrors: [], logs: [], effects: {} }
  const failing = (run: () => unknown): CompiledStep => ({ run: run as CompiledStep['run'] })
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic

  it.each<[string, () => unknown]>([
    [
      'throws a string',
      () => {
        throw 'secret'
      },
    ],
    [
      'throws null',
      () => {
        throw null
      },
    ],
    [
      'throws an error whose toJSON throws',
      () => {
        throw Object.assign(new Error('secret'), {
          toJSON() {
            throw new Error('x')
          },
        })
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['never answers as promised', () => Promise.resolve(undefined)],
  ])('a step that %s is masked', async (_name, run) => {
    const told: unknown[] = []
    const api = createApi({
      compileCode: () => ({ request: failing(run), response: failing(run) }),
      log: (level, message) => void told.push([level, message]),
    })
    const { body } = await api.run('{ count ok }')
    expect(body).toEqual({
      data: { count: null, ok: null },
      errors: [
        {
          path: ['count'],
          data: null,
          errorType: 'InternalFailure',
          errorInfo: null,
          locations: [{ line: 1, column: 3, sourceName: null }],
          message: 'Internal Failure',
        },
      ],
    })
    expect(told).toEqual([['error', 'field failed unexpectedly']])
  })

  it.each<[string, unknown]>([
    ['a BigInt', 1n],
    ['a cyclic object', cyclic],
    ['a function', () => 1],
  ])('a step that returns %s fails its field alone', async (_name, value) => {
    const step = failing(() => ({ ...outcome, type: 'value', value: { payload: value } }))
    const response: CompiledStep = { run: (context) => ({ ...outcome, type: 'value', value: context.result }) }
    const api = createApi({ compileCode: () => ({ request: step, response }) })
    const { body } = await api.run('{ count ok echo }')
    expect(body.data).toMatchObject({ count: null, ok: null, echo: null })
  })

  it('refuses results above 5 MB', async () => {
    const api = createApi({
      resolvers: { 'Query.echo': { code: handler("return { payload: 'x'.repeat(200000000) }") } },
    })
    const { body } = await api.run('{ echo ok }')
    expect(body).toMatchObject({ data: { echo: null, ok: null }, errors: [{ path: ['echo'] }] })
  })
})

describe('over HTTP', () => {
  const api = createApi()
  let server: Awaited<ReturnType<typeof serveGraphql>>
  beforeAll(async () => {
    server = await serveGraphql(api)
  })
  afterAll(() => server.close())

  const post = (body: BodyInit, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    fetch(server.url, { method: 'POST', headers, body })
  const isAlive = async (): Promise<void> => {
    const response = await post('{"query":"{ ok }"}')
    expect(await response.json()).toEqual({ data: { ok: null } })
  }

  it('refuses a body of 10 MB', async () => {
    const response = await post(JSON.stringify({ query: `{ ok } # ${'x'.repeat(10_000_000)}` }))
    expect(response.status).toBe(413)
    await isAlive()
  })

  it('lets a client that writes 20 MB read why that is too much, and goes on with its connection', async () => {
    const body = Buffer.alloc(20_000_000, 0x20)
    for (let round = 0; round < 3; round++) expect((await post(body)).status).toBe(413)
    await isAlive()
  })

  /** Sends raw bytes and gives what comes back until the other side closes. */
  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(text))
      let answer = ''
      socket.setEncoding('utf8')
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
    })

  it('refuses an announced gigabyte before it arrives', async () => {
    const head =
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n'
    expect(await raw(head)).toMatch(/^HTTP\/1\.1 413 /)
    await isAlive()
  })

  it('refuses a gzip bomb at the inflated limit', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000, 0x20))
    const response = await post(bomb, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    expect(response.status).toBe(413)
    await isAlive()
  })

  it('reads a gzipped request', async () => {
    const body = gzipSync(Buffer.from('{"query":"{ ok }"}'))
    const response = await post(body, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    expect(await response.json()).toEqual({ data: { ok: null } })
  })

  it('refuses a batch of operations', async () => {
    const response = await post(JSON.stringify(Array.from({ length: 1_000 }, () => ({ query: '{ ok }' }))))
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual(UNPARSABLE.body)
  })

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'application/javascript'])(
    'refuses the content type %s, which pages may send anywhere',
    async (type) => {
      const response = await post('{"query":"mutation { add }"}', { 'content-type': type })
      expect(response.status).toBe(415)
    },
  )

  it('runs a mutation by GET, as AWS does, with the credential in a header', async () => {
    const response = await fetch(`${server.url}?query=${encodeURIComponent('mutation { add }')}`)
    expect(await response.json()).toEqual({ data: { add: 1 } })
  })

  it('gives up work whose client has gone', async () => {
    let aborted = 0
    const started = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const waiting = createApi({
      createDataSource: () => ({
        invoke: (call) =>
          new Promise((resolve) => {
            call.signal().addEventListener('abort', () => {
              aborted++
              resolve({ type: 'result', result: null })
              ended.resolve()
            })
            started.resolve()
          }),
      }),
    })
    const slow = await serveGraphql(waiting)
    const client = new AbortController()
    const request = fetch(slow.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ count }"}',
      signal: client.signal,
    }).catch(() => 'gone')
    await started.promise
    client.abort()
    await ended.promise
    expect([await request, aborted]).toEqual(['gone', 1])
    await slow.close()
  })

  it('answers 10,000 parallel requests rightly', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10_000 }, async (_, index) =>
        api.engine.execute(
          'test',
          { query: 'query Q($id: ID) { node(id: $id) { id } }', variables: { id: `n${index}` } },
          apiKeyCaller,
          api.info(),
        ),
      ),
    )
    expect(answers.map(({ body }) => (body.data as { node: { id: string } }).node.id)).toEqual(
      Array.from({ length: 10_000 }, (_, index) => `n${index}`),
    )
  })
})
