import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/auth/caller.ts'
import { systemClock } from '../../src/aws/clock.ts'
import { cachingWarning } from '../../src/graphql/resolving/cachingWarning.ts'
import { createMemoryCache } from '../../src/graphql/resolving/memoryCache.ts'
import { createGraphqlFixture, type FixtureOptions } from '../support/graphqlFixture.ts'

const code = (request: string, response = 'return ctx.result'): string =>
  `import { util, extensions } from '@aws-appsync/utils'
export function request(ctx) { ${request} }
export function response(ctx) { ${response} }`

const schema = `
  type Item { id: ID count: Int }
  type Query { item(id: ID, other: Int): Item items: [Item] failing: Int }
  type Mutation { evict(id: ID): Int item(id: ID): Item }
`

function createApi(options: Partial<FixtureOptions>, cachingKeys?: string[]) {
  let now = 0
  let calls = 0
  const caching = cachingKeys === undefined ? {} : { cachingConfig: { ttl: 10, cachingKeys } }
  const item = code('return { payload: { id: ctx.args.id ?? ctx.source?.id } }')
  const fixture = createGraphqlFixture({
    schema,
    clock: { now: () => now, at: systemClock.at },
    createDataSource: () => ({
      invoke({ request, fieldName }) {
        calls++
        const { payload } = request as { payload: Record<string, unknown> }
        if (fieldName === 'Query.failing') return { type: 'error', error: { type: 'E', message: 'no' }, result: null }
        return { type: 'result', result: fieldName === 'Item.count' ? calls : { ...payload, count: calls } }
      },
    }),
    resolvers: {
      'Query.item': { code: item, ...caching },
      'Query.failing': { code: code('return {}', 'util.error(ctx.error.message)'), ...caching },
      'Mutation.item': { code: item, ...caching },
      'Mutation.evict': {
        code: code(
          'return {}',
          "extensions.evictFromApiCache('Query', 'item', { 'context.arguments.id': ctx.args.id }); return 1",
        ),
      },
    },
    ...options,
  })
  const count = async (query: string, caller?: Caller, variables?: Record<string, unknown>): Promise<unknown> => {
    const { body } = await fixture.run(query, variables, caller === undefined ? {} : { caller })
    return (body.data as { item: { count: number } | null }).item?.count
  }
  return {
    fixture,
    count,
    calls: () => calls,
    wait(seconds: number) {
      now += seconds * 1_000
    },
  }
}

const user = (sub: string): Caller => ({ mode: 'API_KEY', identity: { sub } })

describe('PER_RESOLVER_CACHING', () => {
  it('keeps what a resolver answered by its keys, for its time', async () => {
    const { count, wait } = createApi({ cache: { apiCachingBehavior: 'PER_RESOLVER_CACHING', ttl: 100 } }, [
      '$context.arguments.id',
    ])
    expect(await count('{ item(id: 1) { count } }')).toBe(1)
    expect(await count('{ item(id: 1, other: 2) { id count } }')).toBe(1)
    expect(await count('{ item(id: 2) { count } }')).toBe(2)
    wait(9)
    expect(await count('{ item(id: 1) { count } }')).toBe(1)
    wait(2)
    expect(await count('{ item(id: 1) { count } }')).toBe(3)
  })

  it('keeps nothing of resolvers without a caching configuration, of errors, and of mutations', async () => {
    const unconfigured = createApi({ cache: { apiCachingBehavior: 'PER_RESOLVER_CACHING' } })
    await unconfigured.count('{ item(id: 1) { count } }')
    expect(await unconfigured.count('{ item(id: 1) { count } }')).toBe(2)
    const configured = createApi({ cache: { apiCachingBehavior: 'PER_RESOLVER_CACHING' } }, ['$context.arguments'])
    await configured.fixture.query('{ failing }')
    await configured.fixture.query('{ failing }')
    expect(configured.calls()).toBe(2)
    await configured.count('mutation { item(id: 1) { count } }')
    expect(await configured.count('mutation { item(id: 1) { count } }')).toBe(4)
  })

  it('takes identity into the key where it is named, or where no keys are', async () => {
    for (const keys of [['$ctx.args.id', '$ctx.identity.sub'], []]) {
      const { count } = createApi({ cache: { apiCachingBehavior: 'PER_RESOLVER_CACHING' } }, keys)
      expect(await count('{ item(id: 1) { count } }', user('a'))).toBe(1)
      expect(await count('{ item(id: 1) { count } }', user('b'))).toBe(2)
      expect(await count('{ item(id: 1) { count } }', user('a'))).toBe(1)
    }
  })

  it('lets mutations evict an entry by its exact keys, and flushing all', async () => {
    const { fixture, count } = createApi({ cache: { apiCachingBehavior: 'PER_RESOLVER_CACHING' } }, [
      '$context.arguments.id',
    ])
    await count('{ item(id: 1) { count } }')
    await count('{ item(id: 2) { count } }')
    await fixture.query('mutation { evict(id: 1) }')
    expect(await count('{ item(id: 1) { count } }')).toBe(4)
    expect(await count('{ item(id: 2) { count } }')).toBe(2)
    fixture.engine.flushCache('test')
    expect(await count('{ item(id: 2) { count } }')).toBe(5)
  })
})

describe('FULL_REQUEST_CACHING', () => {
  it('keeps every resolver of a query by arguments, source and identity', async () => {
    const { count, wait } = createApi({ cache: { apiCachingBehavior: 'FULL_REQUEST_CACHING', ttl: 5 } })
    expect(await count('{ item(id: 1) { count } }', user('a'))).toBe(1)
    expect(await count('{ item(id: 1) { id count } }', user('a'))).toBe(1)
    expect(await count('{ item(id: 1) { count } }', user('b'))).toBe(2)
    wait(6)
    expect(await count('{ item(id: 1) { count } }', user('a'))).toBe(3)
  })
})

describe('OPERATION_LEVEL_CACHING', () => {
  it('keeps whole answers by document, variables and identity', async () => {
    const { count, calls } = createApi({ cache: { apiCachingBehavior: 'OPERATION_LEVEL_CACHING', ttl: 5 } })
    const query = 'query Q($id: ID) { item(id: $id) { count } }'
    expect(await count(query, user('a'), { id: '1' })).toBe(1)
    expect(await count(query, user('a'), { id: '1' })).toBe(1)
    expect(await count(query, user('a'), { id: '2' })).toBe(2)
    expect(await count(query, user('b'), { id: '1' })).toBe(3)
    expect(await count('query Q($id: ID) { item(id: $id) { id count } }', user('a'), { id: '1' })).toBe(4)
    expect(calls()).toBe(4)
  })
})

describe('the cache in memory', () => {
  it('is bounded; what was longest unused goes first', () => {
    const cache = createMemoryCache(systemClock, 100)
    for (const key of ['a', 'b', 'c']) cache.put('api', key, 'x'.repeat(20), 60)
    cache.get('api', 'a')
    cache.put('api', 'd', 'x'.repeat(20), 60)
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get('api', key) !== undefined)).toEqual([true, false, true, true])
    cache.put('api', 'big', 'x'.repeat(200), 60)
    expect(cache.get('api', 'big')).toBeUndefined()
  })
})

describe('a warning about caching keys', () => {
  const resolver = (code: string, cachingKeys?: string[]) => ({
    arn: 'arn:r',
    apiId: 'test',
    typeName: 'Query',
    fieldName: 'mine',
    kind: 'UNIT' as const,
    code,
    cachingConfig: { ttl: 1, ...(cachingKeys && { cachingKeys }) },
  })
  const reads = 'export const request = (ctx) => ({ payload: ctx.identity.sub })'

  it('is given where callers would see each other’s results', () => {
    expect(cachingWarning(resolver(reads, ['$context.arguments.id']))).toBe(
      "Query.mine is cached by $context.arguments.id although its resolver looks at ctx.identity: callers would see each other's results. Add a key such as $context.identity.sub",
    )
    expect(cachingWarning(resolver('', ['$ctx.args.id']), [{ code: 'const { identity } = ctx' }])).toBeDefined()
    expect(
      cachingWarning(resolver('', ['$ctx.args.id']), [{ requestMappingTemplate: '$ctx.identity.sub' }]),
    ).toBeDefined()
  })

  it('is not given where they would not', () => {
    expect(cachingWarning(resolver(reads, ['$ctx.identity.sub']))).toBeUndefined()
    expect(cachingWarning(resolver(reads))).toBeUndefined()
    expect(cachingWarning(resolver('export const request = (ctx) => ctx.args', ['$ctx.args.id']))).toBeUndefined()
  })
})

describe('a new cache', () => {
  it('starts empty', async () => {
    const { fixture, count } = createApi({ cache: { apiCachingBehavior: 'PER_RESOLVER_CACHING' } }, [
      '$context.arguments.id',
    ])
    await count('{ item(id: 1) { count } }')
    const caches = fixture.catalog.collection('AWS::AppSync::ApiCache')
    const [cache] = caches.list()
    caches.delete(cache!.arn)
    caches.put(cache!)
    expect(await count('{ item(id: 1) { count } }')).toBe(2)
  })
})
