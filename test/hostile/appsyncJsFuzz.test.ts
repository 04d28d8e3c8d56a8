import { afterAll, describe, expect, it } from 'vitest'
import { type Outcome, type ResolverContext, ResolverSyntaxError } from '../../src/runtime/context.ts'
import { inheritsNothing } from '../../src/runtime/emit/fromHost.ts'
import { closeWorkers } from '../../src/runtime/emit/worker/pool.ts'
import { compileCode } from '../../src/runtime/js/compile.ts'
import type { Inspection } from '../../src/runtime/js/program/state.ts'
import { BUILTINS, createGenerator, type Generator, METHODS, UTILITIES } from './appsyncJsGrammar.ts'

/**
 * How many programs are written: `SIDESTAGE_FUZZ=1000000` on demand, 100,000 in CI.
 * @default 4,000
 */
const PROGRAMS = Number(process.env['SIDESTAGE_FUZZ'] ?? (process.env['CI'] === undefined ? 4_000 : 100_000))
const SEED = Number(process.env['SIDESTAGE_FUZZ_SEED'] ?? 20_260_601)

afterAll(closeWorkers)

const context: ResolverContext = {
  arguments: { list: [3, 'a', null, { a: 1 }], text: 'some text', map: { a: 1, b: [2], c: { id: 'x' } }, id: 'i' },
  stash: { kept: [1] },
  identity: { sub: 's', claims: { a: 1 } },
  source: null,
  result: { items: [{ a: 1 }] },
  info: { fieldName: 'f', parentTypeName: 'Query', variables: {}, selectionSetList: [], selectionSetGraphQL: '{ a }' },
  request: { headers: { host: 'h' }, domainName: null },
  env: { E: 'e' },
}

/** What a program may hold: its own closures, primitives, lists, and maps that inherit nothing. */
function watch(): { inspection: Inspection; foreign: unknown[] } {
  const own = new WeakSet<object>()
  const foreign: unknown[] = []
  return {
    foreign,
    inspection: {
      own: (closure) => own.add(closure as object),
      see: (value) => {
        if (typeof value === 'symbol' || typeof value === 'bigint') foreign.push(value)
        else if (typeof value === 'function') {
          if (!own.has(value)) foreign.push(value)
        } else if (typeof value === 'object' && value !== null) {
          const isPlain = Array.isArray(value)
            ? Object.getPrototypeOf(value) === Array.prototype
            : inheritsNothing(value)
          if (!isPlain) foreign.push(value)
        }
      },
    },
  }
}

function foreignIn(value: unknown): unknown[] {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return [value]
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(foreignIn)
  return [...(inheritsNothing(value) ? [] : [value]), ...Object.values(value).flatMap(foreignIn)]
}

/** The own names of what every host object inherits from. */
function hostNames(): string {
  return [
    Object.prototype,
    Array.prototype,
    Function.prototype,
    String.prototype,
    Number.prototype,
    Math,
    JSON,
    globalThis,
  ]
    .map((host) => Reflect.ownKeys(host).map(String).join())
    .join('\n')
}

interface Tally {
  accepted: number
  refused: number
  moved: number
  failures: string[]
}

async function runPrograms(generator: Generator, count: number, more: Inspection = {}): Promise<Tally> {
  const tally: Tally = { accepted: 0, refused: 0, moved: 0, failures: [] }
  const before = hostNames()
  for (let turn = 0; turn < count && tally.failures.length < 5; turn++) {
    const code = generator.program()
    const { inspection, foreign } = watch()
    const started = performance.now()
    try {
      const isWatched = turn % 8 !== 0
      const step = compileCode(code, isWatched ? { inspection: { ...inspection, ...more } } : {}).request
      tally.accepted++
      let outcome = step?.run(context) as Outcome | Promise<Outcome>
      if (outcome instanceof Promise) {
        tally.moved++
        outcome = await outcome
      }
      if (outcome.type !== 'error') foreign.push(...foreignIn(outcome.value))
      // The stash of a program that cannot reach it is the one that was given.
      if (outcome.stash !== context.stash) foreign.push(...foreignIn(outcome.stash))
      JSON.stringify(outcome)
    } catch (error) {
      if (error instanceof ResolverSyntaxError) tally.refused++
      else tally.failures.push(`${String(error)}\n${code}`)
    }
    if (performance.now() - started > 2_000) tally.failures.push(`took too long\n${code}`)
    if (foreign.length > 0) tally.failures.push(`met ${foreign.map(String).join(', ')}\n${code}`)
    if (turn % 512 === 0 && hostNames() !== before) tally.failures.push(`changed the host\n${code}`)
  }
  if (hostNames() !== before) tally.failures.push('changed the host')
  return tally
}

/** A program's value and stash as JSON, or that it failed; undefined for what the runtime refuses on purpose. */
async function answerOf(code: string): Promise<string | undefined> {
  try {
    const outcome = compileCode(code).request?.run({ arguments: context.arguments, stash: {} })
    // What outlasts its slice may have no end, which JavaScript itself would not find.
    if (outcome instanceof Promise) {
      await outcome
      return undefined
    }
    if (outcome?.type === 'value') return JSON.stringify([outcome.value, outcome.stash])
    // A list that holds itself has no text here.
    return outcome?.type === 'error' && !outcome.error.message.includes('nested') ? 'failed' : undefined
  } catch (error) {
    if (error instanceof ResolverSyntaxError) return undefined
    throw error
  }
}

function nativeAnswerOf(code: string): string {
  const body = code.slice(code.indexOf('request(ctx) {') + 14, code.lastIndexOf('}'))
  const args = structuredClone(context.arguments)
  const ctx = { args, arguments: args, stash: {} }
  try {
    const value: unknown = new Function('ctx', `"use strict";${body}`)(ctx)
    return JSON.stringify([value === undefined || typeof value === 'function' ? null : value, ctx.stash])
  } catch {
    return 'failed'
  }
}

describe('programs written by the grammar', () => {
  it(
    `reach nothing of the host and end, ${PROGRAMS} of them`,
    async () => {
      const generator = createGenerator(SEED)
      const tally = await runPrograms(generator, PROGRAMS)
      expect(tally.failures).toEqual([])
      expect(tally.accepted).toBeGreaterThan(PROGRAMS / 2)
      const least = PROGRAMS >= 100_000 ? 100 : 1
      const rare = [...generator.hits.keys(), ...UTILITIES, ...BUILTINS, ...METHODS].filter(
        (name) => (generator.hits.get(name) ?? 0) < least,
      )
      expect(rare).toEqual([])
    },
    PROGRAMS * 20 + 60_000,
  )

  it(
    'mean what JavaScript means, where both have it',
    async () => {
      const generator = createGenerator(SEED + 2, { isPlain: true })
      const differences: string[] = []
      let same = 0
      for (let turn = 0; turn < PROGRAMS / 2 && differences.length < 5; turn++) {
        const code = generator.program()
        const ours = await answerOf(code)
        if (ours === undefined) continue
        const native = nativeAnswerOf(code)
        if (ours === native) same++
        else differences.push(`${ours}\n${native}\n${code}`)
      }
      expect(differences).toEqual([])
      expect(same).toBeGreaterThan(PROGRAMS / 4)
    },
    PROGRAMS * 20 + 60_000,
  )

  it('find a hole planted in the emitter', async () => {
    const tally = await runPrograms(createGenerator(SEED + 1), 2_000, { inheritedReads: true })
    expect(tally.failures.length).toBeGreaterThan(0)
    expect(tally.failures.join('\n')).toContain('met ')
  })
})
