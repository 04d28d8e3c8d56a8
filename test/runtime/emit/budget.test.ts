import { describe, expect, it } from 'vitest'
import { Budget, BudgetSpent } from '../../../src/runtime/emit/budget.ts'
import { EmptyMap, fromHost, inheritsNothing, MAP_PROTOTYPE } from '../../../src/runtime/emit/fromHost.ts'
import { toPlain } from '../../../src/runtime/emit/toPlain.ts'

function reasonOf(work: () => void): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof BudgetSpent) return error.reason
    throw error
  }
  return undefined
}

describe('a budget', () => {
  it('is spent by what it counts', () => {
    const budget = new Budget(10, 10)
    budget.charge(10)
    budget.allocate(10)
    expect([budget.steps, budget.size]).toEqual([0, 0])
    expect(reasonOf(() => budget.charge(1))).toBe('steps')
    expect(reasonOf(() => budget.allocate(1))).toBe('size')
  })

  it.each([Number.NaN, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])(
    'is not switched off or refilled by %s',
    (count) => {
      expect(reasonOf(() => new Budget(10, 10).charge(count))).toBe('steps')
      expect(reasonOf(() => new Budget(10, 10).allocate(count))).toBe('size')
    },
  )
})

describe('toPlain', () => {
  const plain = (value: unknown): unknown => toPlain(value, new Budget())

  it('makes of a value what JSON makes of it', () => {
    const value = { a: [1, undefined, () => 1, Number.NaN, 'x', null], b: undefined, c: () => 1, d: { e: true } }
    expect(plain(value)).toEqual(JSON.parse(JSON.stringify(value)))
    expect(plain(undefined)).toBeUndefined()
    expect(Object.keys(plain({ a: undefined, b: 1, c: undefined, d: 2 }) as object)).toEqual(['b', 'd'])
  })

  it('leaves out what is deep inside, at the cost of one walk', () => {
    let value: unknown = { kept: 1, gone: undefined, after: 2 }
    for (let level = 0; level < 500; level++) value = fromHost({ before: 1, value, after: [undefined] })
    const budget = new Budget(10_000)
    expect(JSON.stringify(toPlain(value, budget))).toBe(JSON.stringify(value))
    expect(budget.steps).toBeGreaterThan(0)
  })

  it('hands a plain value on without a copy', () => {
    const value = fromHost({ a: [{ b: 1 }], c: 'd' })
    expect(plain(value)).toBe(value)
  })

  it('lets no prototype out', () => {
    const result = plain({ a: { b: 1 } }) as { a: object }
    expect([inheritsNothing(result), inheritsNothing(result.a)]).toEqual([true, true])
  })

  it('counts shared parts as often as they would be printed', () => {
    let value: unknown = 'x'.repeat(100)
    for (let level = 0; level < 60; level++) value = [value, value]
    expect(reasonOf(() => plain(value))).toMatch(/steps|size/)
    expect(reasonOf(() => toPlain(value, new Budget(1e12)))).toBe('size')
  })

  it('ends at a value that holds itself', () => {
    const map = new EmptyMap()
    map['self'] = map
    expect(reasonOf(() => plain(map))).toBe('nesting')
  })

  it('refuses more than five megabytes', () => {
    expect(reasonOf(() => plain('x'.repeat(5 * 1024 * 1024)))).toBe('size')
    expect(plain('x'.repeat(5 * 1024 * 1024 - 2))).toHaveLength(5 * 1024 * 1024 - 2)
  })
})

describe('fromHost', () => {
  it('copies data and nothing else', () => {
    const host = { a: [1, { b: new Date(0) }], f: () => 1, s: Symbol('s'), n: 5n, u: undefined, m: new Map([['k', 1]]) }
    const copy = fromHost(host) as Record<string, unknown>
    expect(JSON.parse(JSON.stringify(copy))).toEqual({ a: [1, { b: '1970-01-01T00:00:00.000Z' }], n: 5, m: {} })
    expect(inheritsNothing(copy)).toBe(true)
    expect(copy['a']).not.toBe(host.a)
  })

  it('keeps a member called __proto__ as a member', () => {
    const copy = fromHost(JSON.parse('{"__proto__":{"polluted":1}}')) as Record<string, unknown>
    expect(Object.keys(copy)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(copy)).toBe(MAP_PROTOTYPE)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('ends at host data that holds itself', () => {
    const host: { self?: unknown } = {}
    host.self = host
    expect(reasonOf(() => fromHost(host))).toBe('nesting')
  })
})
