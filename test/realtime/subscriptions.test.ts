import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/auth/caller.ts'
import { systemClock } from '../../src/aws/clock.ts'
import type { PreparedSubscription, PublishedValue } from '../../src/graphql/engine.ts'
import { createSubscriptionRegistry, type EndReason, MAX_PAYLOAD_BYTES } from '../../src/realtime/subscriptions.ts'

const CALLER: Caller = { mode: 'API_KEY', identity: null }

function setUp() {
  const logged: string[] = []
  const registry = createSubscriptionRegistry({ clock: systemClock, log: (_level, message) => logged.push(message) })
  let projections = 0
  const prepare = (more: Partial<PreparedSubscription> = {}): PreparedSubscription => ({
    apiId: 'api',
    fieldName: 'onAdd',
    responseKey: 'onAdd',
    arguments: {},
    mutations: ['add'],
    filter: undefined,
    invalidationFilter: undefined,
    projectionKey: 'all',
    project(result) {
      projections++
      return { data: { onAdd: result } }
    },
    body: { data: { onAdd: null } },
    ...more,
  })
  const open = (more: Partial<PreparedSubscription> = {}, caller = CALLER) => {
    const got: unknown[] = []
    const ended: EndReason[] = []
    const handle = registry.add(prepare(more), caller, {
      deliver: (payload) => got.push(JSON.parse(payload).data.onAdd),
      end: (reason) => ended.push(reason),
    })
    return { got, ended, handle }
  }
  const publish = (result: PublishedValue, fieldName = 'add', apiId = 'api'): void =>
    registry.publish({ apiId, fieldName, result })
  return { registry, open, publish, logged, projections: () => projections }
}

const filter = (...groups: [string, string, unknown][][]) => ({
  filterGroup: groups.map((group) => ({
    filters: group.map(([fieldName, operator, value]) => ({ fieldName, operator, value })),
  })),
})

describe('a published mutation', () => {
  it('reaches the subscriptions of its field and API, and no others', () => {
    const { open, publish } = setUp()
    const here = open()
    const elsewhere = open({ apiId: 'other' })
    const otherField = open({ mutations: ['remove'] })
    publish({ id: '1' })
    expect([here.got, elsewhere.got, otherField.got]).toEqual([[{ id: '1' }], [], []])
  })

  it('is projected once for all subscriptions of one projection', () => {
    const { open, publish, projections } = setUp()
    const all = Array.from({ length: 50 }, () => open())
    publish({ id: '1' })
    expect(projections()).toBe(1)
    expect(all.every(({ got }) => got.length === 1)).toBe(true)
  })

  it('reaches nobody after the subscription was removed', () => {
    const { open, publish, registry } = setUp()
    const { got, handle } = open({ arguments: { owner: 'a' } })
    handle.remove()
    handle.remove()
    publish({ owner: 'a' })
    expect([got, registry.size]).toEqual([[], 0])
  })

  it('larger than 240 KB is dropped with a line in the log, and the subscription lives', () => {
    const { open, publish, logged } = setUp()
    const { got } = open()
    publish({ text: 'x'.repeat(MAX_PAYLOAD_BYTES) })
    publish({ id: '2' })
    expect(got).toEqual([{ id: '2' }])
    expect(logged).toEqual(['an event is larger than 240 KB and was dropped'])
  })
})

describe('arguments', () => {
  it.each<[string, Record<string, unknown>, PublishedValue, boolean]>([
    ['equal', { owner: 'a' }, { owner: 'a' }, true],
    ['different', { owner: 'a' }, { owner: 'b' }, false],
    ['not selected by the mutation', { owner: 'a' }, { id: '1' }, false],
    ['null, and the field is null', { owner: null }, { owner: null }, true],
    ['null, and the field is not', { owner: null }, { owner: 'a' }, false],
    ['null, and the field is not selected', { owner: null }, { id: '1' }, false],
    ['two, both equal', { owner: 'a', n: 1 }, { n: 1, owner: 'a' }, true],
    ['two, one different', { owner: 'a', n: 1 }, { n: 2, owner: 'a' }, false],
    ['a number is no string', { n: 1 }, { n: '1' }, false],
    ['false and 0 are values', { flag: false, n: 0 }, { flag: false, n: 0 }, true],
    ['objects, by content', { at: { x: 1, y: 2 } }, { at: { y: 2, x: 1 } }, true],
    ['named as a member of every object', { constructor: 'x' }, { id: '1' }, false],
  ])('that are %s', (_name, args, result, expected) => {
    const { open, publish } = setUp()
    const { got } = open({ arguments: args })
    publish(result)
    expect(got.length === 1).toBe(expected)
  })
})

describe('enhanced filters', () => {
  it.each<[string, ReturnType<typeof filter>, PublishedValue, boolean]>([
    ['eq', filter([['s', 'eq', 'a']]), { s: 'a' }, true],
    ['eq null where the field is missing', filter([['s', 'eq', null]]), { t: 1 }, true],
    ['ne', filter([['s', 'ne', 'a']]), { s: 'a' }, false],
    ['lt', filter([['n', 'lt', 5]]), { n: 4 }, true],
    ['lt of equal', filter([['n', 'lt', 5]]), { n: 5 }, false],
    ['le of equal', filter([['n', 'le', 5]]), { n: 5 }, true],
    ['gt of another type', filter([['n', 'gt', 5]]), { n: '9' }, false],
    ['ge', filter([['n', 'ge', 5]]), { n: 5 }, true],
    ['le of a missing field', filter([['n', 'le', 5]]), {}, false],
    ['contains in a list', filter([['l', 'contains', 'x']]), { l: ['x', 'y'] }, true],
    ['notContains in a text', filter([['s', 'notContains', 'x']]), { s: 'axb' }, false],
    ['beginsWith', filter([['s', 'beginsWith', 'ab']]), { s: 'abc' }, true],
    ['in', filter([['s', 'in', ['a', 'b']]]), { s: 'b' }, true],
    ['notIn', filter([['s', 'notIn', ['a', 'b']]]), { s: 'b' }, false],
    ['between', filter([['n', 'between', [1, 3]]]), { n: 3 }, true],
    ['containsAny', filter([['l', 'containsAny', ['q', 'y']]]), { l: ['x', 'y'] }, true],
    ['a nested field', filter([['a.b.c', 'eq', 1]]), { a: { b: { c: 1 } } }, true],
    [
      'and within a group',
      filter([
        ['s', 'eq', 'a'],
        ['n', 'gt', 1],
      ]),
      { s: 'a', n: 1 },
      false,
    ], // prettier-ignore
    ['or between groups', filter([['s', 'eq', 'z']], [['n', 'gt', 0]]), { s: 'a', n: 1 }, true],
    ['one field in every group', filter([['s', 'eq', 'z']], [['s', 'in', ['a', 'b']]]), { s: 'b' }, true],
  ])('%s', (_name, given, result, expected) => {
    const { open, publish } = setUp()
    const { got } = open({ filter: given, arguments: { ignored: 'once a filter is set' } })
    publish(result)
    expect(got.length === 1).toBe(expected)
  })

  it.each<[string, unknown]>([
    ['eleven groups', filter(...Array.from({ length: 11 }, (): [string, string, unknown][] => [['a', 'eq', 1]]))],
    [
      'in counted for each value',
      filter(...Array.from({ length: 3 }, (): [string, string, unknown][] => [['a', 'in', [1, 2, 3, 4]]])),
    ],
    ['six fields', filter(['a', 'b', 'c', 'd', 'e', 'f'].map((name): [string, string, unknown] => [name, 'eq', 1]))],
    ['in of six', filter([['a', 'in', [1, 2, 3, 4, 5, 6]]])],
    ['containsAny of 21', filter([['a', 'containsAny', Array.from({ length: 21 }, (_, n) => n)]])],
    ['a text of 257', filter([['a', 'eq', 'x'.repeat(257)]])],
    ['six levels', filter([['a.b.c.d.e.f', 'eq', 1]])],
    ['an unknown operator', filter([['a', 'constructor', 1]])],
    ['a list for eq', filter([['a', 'eq', [1]]])],
    ['between of three', filter([['a', 'between', [1, 2, 3]]])],
    ['no list', { filterGroup: 'x' }],
    ['an empty group', { filterGroup: [{ filters: [] }] }],
  ])('refuse %s', (_name, given) => {
    const { open, registry } = setUp()
    expect(() => open({ filter: given })).toThrow(/^subscription filter/)
    expect(registry.size).toBe(0)
  })
})

describe('a subscription ends', () => {
  it('when it is invalidated, by the payload', () => {
    const { open, registry } = setUp()
    const mine = open({ invalidationFilter: filter([['user', 'eq', 'me']]) })
    const theirs = open({ invalidationFilter: filter([['user', 'eq', 'them']]) })
    registry.invalidate({
      apiId: 'api',
      requestId: 'r',
      invalidations: [{ subscriptionField: 'onAdd', payload: { user: 'me' } }],
    })
    expect([mine.ended, theirs.ended, registry.size]).toEqual([['invalidated'], [], 1])
  })

  it('with its credential, before the next event', () => {
    const { open, publish } = setUp()
    const { got, ended } = open({}, { ...CALLER, expiresAt: Date.now() - 1 })
    publish({ id: '1' })
    expect([got, ended]).toEqual([[], ['expired']])
  })

  it('when its key is deleted', () => {
    const { open, registry } = setUp()
    const { ended } = open()
    registry.endWhere('api', 'revoked', ({ mode }) => mode === 'API_KEY')
    expect(ended).toEqual(['revoked'])
  })
})

it('costs what it reaches: one projection of two hundred is made', () => {
  const { open, publish } = setUp()
  const asked: string[] = []
  for (let n = 0; n < 2_000; n++) {
    open({
      arguments: { owner: `o${n % 200}` },
      projectionKey: `p${n % 200}`,
      project(result) {
        asked.push(`p${n % 200}`)
        return { data: { onAdd: result } }
      },
    })
  }
  publish({ owner: 'o7' })
  expect(asked).toEqual(['p7'])
})
