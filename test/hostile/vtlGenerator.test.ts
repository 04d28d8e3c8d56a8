import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ResolverContext, ResolverSyntaxError } from '../../src/runtime/context.ts'
import { BudgetSpent } from '../../src/runtime/emit/budget.ts'
import { BigNumber, FloatNumber, newMap } from '../../src/runtime/util/values.ts'
import { evaluateTemplate } from '../../src/runtime/vtl/compile.ts'
import { emitTemplate } from '../../src/runtime/vtl/emit.ts'
import { parseTemplate } from '../../src/runtime/vtl/parse.ts'
import { runtime, type VtlRuntime } from '../../src/runtime/vtl/runtime.ts'
import { Definition, ListIterator, Loop, MapEntry, Namespace, VtlList } from '../../src/runtime/vtl/values.ts'
import { UTILITIES, VtlProgramWriter } from './support/vtlPrograms.ts'

/** SIDESTAGE_FUZZ_PROGRAMS=1000000 for the long run, SIDESTAGE_FUZZ_SEED for another one. */
const PROGRAMS = Number(process.env['SIDESTAGE_FUZZ_PROGRAMS'] ?? 100_000)
const SEED = Number(process.env['SIDESTAGE_FUZZ_SEED'] ?? 4)
/** Small, so that a hundred thousand programs take a minute; the budget itself has tests of its own. */
const STEPS = 20_000

const marker = join(mkdtempSync(join(tmpdir(), 'sidestage-')), 'marker')
;(globalThis as Record<string, unknown>)['escaped'] = marker

function context(): ResolverContext {
  return {
    arguments: JSON.parse(
      '{"a":1,"b":"two","list":[3,1,"x",{"k":[null,2.5]}],"input":{"id":"i","n":7,"__proto__":{"polluted":1},"constructor":"c"},"text":"a text with $ctx and #set($x = 1)"}',
    ) as Record<string, unknown>,
    identity: { sub: 's', username: 'u', claims: { 'cognito:groups': ['g'] } },
    source: null,
    stash: { kept: { deep: [1] } },
    result: { items: [{ id: 1 }, { id: 2 }] },
    info: {
      fieldName: 'f',
      parentTypeName: 'Query',
      variables: {},
      selectionSetList: ['a'],
      selectionSetGraphQL: '{ a }',
    },
    request: { headers: { host: 'h', 'x-y': 'z' }, domainName: null },
  }
}

/** A reference to something of the host, which no template may ever hold. */
class HostReference extends Error {}

const OWN_KINDS = [Map, VtlList, MapEntry, Namespace, Loop, ListIterator, Definition, FloatNumber, BigNumber]
/** Made maps have this, which has no members and no prototype itself. */
const MAP_PROTOTYPE: unknown = Object.getPrototypeOf(newMap())
const plainPrototypes = new Set<unknown>([null, MAP_PROTOTYPE, Object.prototype, Array.prototype])

function checkValue(value: unknown): void {
  if (typeof value === 'function' || typeof value === 'symbol') throw new HostReference(String(value))
  if (typeof value !== 'object' || value === null) return
  if (value === globalThis || value === Object.prototype || value === Array.prototype)
    throw new HostReference('a prototype')
  if (plainPrototypes.has(Object.getPrototypeOf(value))) {
    if (!Array.isArray(value)) checkJson(value)
    return
  }
  if (!OWN_KINDS.some((kind) => value instanceof kind))
    throw new HostReference(String(Object.getPrototypeOf(value)?.constructor))
}

/** A plain object in a template holds nothing but JSON data: it is printed without another look. */
function checkJson(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const isNumber = value instanceof FloatNumber || value instanceof BigNumber
  if (!isNumber && !plainPrototypes.has(Object.getPrototypeOf(value)))
    throw new HostReference('a plain object that is not JSON')
  if (!isNumber) for (const member of Object.values(value)) checkJson(member)
}

/** The runtime, with every value that it hands to a template looked at. */
function watched(inner: VtlRuntime): VtlRuntime {
  const functions = Object.entries(inner).map(([name, work]) => [
    name,
    (...args: unknown[]) => {
      const value: unknown = (work as (...given: unknown[]) => unknown)(...args)
      checkValue(value)
      return value
    },
  ])
  return Object.fromEntries(functions) as VtlRuntime
}

/** Results are plain data: maps without prototype, arrays, strings, numbers, booleans, null. */
function checkPlain(value: unknown, isHostData = false): void {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return
  if (typeof value !== 'object') throw new HostReference(typeof value)
  if (Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Array.prototype) throw new HostReference('a list that is not an array')
    for (const element of value) checkPlain(element, isHostData)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== MAP_PROTOTYPE && !(isHostData && prototype === Object.prototype))
    throw new HostReference('a map with a prototype')
  for (const key of Object.keys(value)) checkPlain((value as Record<string, unknown>)[key], isHostData)
}

interface Tally {
  accepted: number
  refused: number
  slowest: number
}

function runOne(template: string, functions: VtlRuntime, side: 'request' | 'response', tally: Tally): void {
  const start = performance.now()
  const given = context()
  const before = JSON.stringify(given)
  try {
    const render = emitTemplate(parseTemplate(template, 'fuzz'), template, 'fuzz', functions)
    tally.accepted++
    const outcome = evaluateTemplate(render, side, given, STEPS, { random: () => 0.25 })
    if (outcome.type !== 'error') checkPlain(outcome.value)
    else checkPlain([outcome.error.data ?? null, outcome.error.errorInfo ?? null])
    for (const { data, errorInfo } of outcome.appendedErrors) checkPlain([data ?? null, errorInfo ?? null])
    checkPlain(outcome.stash, true)
    checkPlain(outcome.logs)
    checkPlain(JSON.parse(JSON.stringify(outcome.effects)), true)
  } catch (error) {
    if (error instanceof ResolverSyntaxError) {
      tally.refused++
      if (!(error.problems[0]!.location.line >= 1 && error.problems[0]!.location.column >= 1)) throw error
    } else if (!(error instanceof BudgetSpent && error.reason === 'steps')) throw error
  }
  // The context belongs to the host: nothing that a template does changes it.
  if (JSON.stringify(given) !== before) throw new HostReference('the context was changed')
  tally.slowest = Math.max(tally.slowest, performance.now() - start)
}

describe('templates written by the grammar', () => {
  it(`runs ${PROGRAMS} of them without a crash, a hang or a reference to the host`, { timeout: 3_600_000 }, () => {
    const writer = new VtlProgramWriter(SEED)
    const functions = watched(runtime)
    const tally: Tally = { accepted: 0, refused: 0, slowest: 0 }
    for (let index = 0; index < PROGRAMS; index++) {
      const template = writer.template()
      try {
        runOne(template, functions, index % 2 === 0 ? 'request' : 'response', tally)
      } catch (cause) {
        throw new Error(`program ${index} of seed ${SEED}: ${JSON.stringify(template)}`, { cause })
      }
    }
    expect(tally.slowest).toBeLessThan(1_000)
    expect(tally.accepted / PROGRAMS).toBeGreaterThan(0.5)
    if (PROGRAMS >= 100_000) {
      const rare = [...writer.hits].filter(([, count]) => count < 100)
      expect(rare).toEqual([])
      expect(UTILITIES.filter((path) => !writer.hits.has(path))).toEqual([])
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(existsSync(marker)).toBe(false)
  })

  it('finds an escape that is planted in the runtime', () => {
    const leaky: VtlRuntime = {
      ...runtime,
      property: (run, base, name) =>
        base !== null && typeof base === 'object' && !Object.hasOwn(base, name) && name === 'constructor'
          ? (base as Record<string, unknown>)[name]
          : runtime.property(run, base, name),
    }
    expect(() => runUntilFound(watched(leaky))).toThrow(HostReference)
  })

  it('finds a map that is shared with the host', () => {
    const leaky: VtlRuntime = {
      ...runtime,
      setProperty: (run, base, name, value) => {
        runtime.setProperty(run, base, name, value)
        const args = run.context.arguments
        if (typeof value === 'string') args[name] = value
      },
    }
    expect(() => runUntilFound(watched(leaky))).toThrow(HostReference)
  })
})

function runUntilFound(functions: VtlRuntime): void {
  const writer = new VtlProgramWriter(SEED)
  const tally: Tally = { accepted: 0, refused: 0, slowest: 0 }
  for (let index = 0; index < 5_000; index++) runOne(writer.template(), functions, 'request', tally)
}
