import { afterAll, describe, expect, it } from 'vitest'
import type { Outcome, ResolverContext } from '../../../src/runtime/context.ts'
import { closeWorkers } from '../../../src/runtime/emit/worker/pool.ts'
import { compileCode } from '../../../src/runtime/js/compile.ts'

afterAll(closeWorkers)

const context: ResolverContext = {
  arguments: { list: Array.from({ length: 1_000 }, (_, index) => index) },
  stash: { a: 1 },
}

function run(body: string): Outcome | Promise<Outcome> | undefined {
  return compileCode(`export function request(ctx) {${body}\n}`).request?.run(context)
}

/**
 * A quarter of a million turns: several slices, and a small part of the time that a worker has, so that it is enough
 * on a busy machine as well.
 */
const severalSlices = (inner: string): string =>
  `for (const x of ctx.args.list.slice(0, 500)) { for (const y of ctx.args.list.slice(0, 500)) { ${inner} } }`

/** A million turns; a thousand times as many are more than any budget. */
const twice = (inner: string): string =>
  `for (const x of ctx.args.list) { for (const y of ctx.args.list) { ${inner} } }`

describe('an evaluation that outlasts its slice', () => {
  it('answers at once when it is short', () => {
    expect(run('return 1')).not.toBeInstanceOf(Promise)
  })

  it('goes on in a worker, as if it had been there from the start', async () => {
    const outcome = run(
      `let n = 0; ctx.stash.b = 2; console.log('once'); ${severalSlices('n += 1')} ctx.stash.n = n; return n`,
    )
    expect(outcome).toBeInstanceOf(Promise)
    expect(await outcome).toEqual({
      type: 'value',
      value: 250_000,
      stash: { a: 1, b: 2, n: 250_000 },
      appendedErrors: [],
      logs: ['INFO - code.js:1:59: "once"'],
      effects: {},
    })
    expect(context.stash).toEqual({ a: 1 })
  })

  it('ends with an error when it has no end', async () => {
    const outcome = await run(`let n = 0; for (const z of ctx.args.list) { ${twice('n += 1')} } return n`)
    expect(outcome).toMatchObject({
      type: 'error',
      error: { message: 'The evaluation took more steps than allowed and was stopped.', errorType: 'Code' },
      stash: { a: 1 },
    })
  })

  it('leaves the event loop to others meanwhile', async () => {
    let longest = 0
    let last = performance.now()
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    await Promise.all(
      Array.from({ length: 4 }, () => run(`let n = 0; for (const z of ctx.args.list) { ${twice('n += 1')} } return n`)),
    )
    clearInterval(timer)
    // On this thread they would have held it for seconds.
    expect(longest).toBeLessThan(1_000)
  })

  it('answers many that wait, in any order', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => run(`let n = ${index}; ${severalSlices('n += 1')} return n`)),
    )
    expect(outcomes.map((outcome) => (outcome?.type === 'value' ? outcome.value : outcome))).toEqual(
      Array.from({ length: 10 }, (_, index) => 250_000 + index),
    )
  })

  it('starts in the worker when it has outlasted its slice several times', async () => {
    let attempts = 0
    // The clock of the options is asked on this thread only; a worker has its own.
    const now = (): number => {
      attempts++
      return 0
    }
    const code = `export function request(ctx) { util.time.nowEpochSeconds(); let n = 0; ${severalSlices('n += 2')} return n }`
    const step = compileCode(code, { now }).request
    for (let turn = 0; turn < 8; turn++) {
      expect(await step?.run(context)).toMatchObject({ type: 'value', value: 500_000 })
    }
    expect(attempts).toBe(3)
  })

  it('fails when the workers are closed, and starts them again for the next', async () => {
    const waiting = run(`${twice('ctx.stash.x = y')} return 1`)
    await closeWorkers()
    expect(await waiting).toMatchObject({ type: 'error' })
    expect(await run(`let n = 0; ${severalSlices('n += 1')} return n`)).toMatchObject({ type: 'value', value: 250_000 })
  })
})
