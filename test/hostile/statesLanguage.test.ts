import { afterAll, describe, expect, it } from 'vitest'
import { compileDefinition, compileState, compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import type { PassState, TaskState } from '../../src/stepfunctions/asl/program.ts'
import { compileIntrinsic } from '../../src/stepfunctions/intrinsics/compileIntrinsic.ts'
import { evaluateExpression, parseExpression } from '../../src/stepfunctions/jsonata/evaluate.ts'
import { closeWorkers } from '../../src/stepfunctions/jsonata/workerPool.ts'
import { compileStatePath } from '../../src/stepfunctions/jsonpath/statePath.ts'
import { environmentOf } from '../stepfunctions/environment.ts'

afterAll(closeWorkers)

/** Runs something and tells its outcome and how long it took, in milliseconds. */
async function timed(run: () => unknown): Promise<{ error?: string; cause?: string; value?: unknown; took: number }> {
  const started = performance.now()
  try {
    const value = await run()
    return { value, took: performance.now() - started }
  } catch (thrown) {
    const { error, cause, name, message } = thrown as { error?: string; cause?: string; name: string; message: string }
    return { error: error ?? name, cause: cause ?? message, took: performance.now() - started }
  }
}

/** Measures the longest time, in milliseconds, that the event loop was held until the returned function is called. */
async function watchLag(): Promise<() => Promise<number>> {
  const INTERVAL = 5
  let worst = 0
  let last = performance.now()
  const tick = (): void => {
    worst = Math.max(worst, performance.now() - last - INTERVAL)
    last = performance.now()
  }
  const timer = setInterval(tick, INTERVAL)
  await new Promise((resolve) => setTimeout(resolve, 2 * INTERVAL))
  worst = 0
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 2 * INTERVAL))
    clearInterval(timer)
    return worst
  }
}

function pass(fields: object): PassState {
  return compileState({ Type: 'Pass', End: true, ...fields }, 'S').states.get('S') as PassState
}

describe('row 65: retries without measure', () => {
  it('are numbers within the language’s limits, or refused', () => {
    const task = (retrier: object): object => ({
      StartAt: 'S',
      States: {
        S: { Type: 'Task', Resource: 'arn:aws:states:::a:b', Retry: [{ ErrorEquals: ['E'], ...retrier }], End: true },
      },
    })
    const check = (retrier: object): number =>
      compileDefinition(JSON.stringify(task(retrier)), 'STANDARD').diagnostics.length
    expect(
      check({ BackoffRate: 1000, IntervalSeconds: 99_999_999, MaxAttempts: 99_999_999, JitterStrategy: 'FULL' }),
    ).toBe(0)
    expect(check({ IntervalSeconds: 100_000_000 })).toBe(1)
    expect(check({ MaxAttempts: -1 })).toBe(1)
    expect(check({ BackoffRate: 'NaN' })).toBe(1)
    expect(
      compileDefinition('{"StartAt":"S","States":{"S":{"Type":"Wait","Seconds":1e400,"End":true}}}', 'STANDARD')
        .diagnostics,
    ).toHaveLength(1)
  })
})

describe('row 66: values that look empty and keys that look special', () => {
  it.each(['0', 'false', '""', 'null', '{}', '[]', '{"__proto__":{"x":1},"":0,"a.b":null,"constructor":[]}'])(
    '%s is carried unchanged',
    async (text) => {
      const value: unknown = JSON.parse(text)
      const environment = environmentOf(value)
      for (const state of [
        pass({}),
        pass({ Result: value }),
        pass({ Parameters: { 'v.$': '$' }, OutputPath: '$.v' }),
        pass({ QueryLanguage: 'JSONata' }),
        pass({ QueryLanguage: 'JSONata', Output: '{% $states.input %}' }),
      ]) {
        const { output } = await state.leave(environment, await state.result(environment))
        expect(JSON.stringify(output)).toBe(text)
      }
      expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    },
  )
})

describe('row 67: JSONPath', () => {
  const large = { list: Array.from({ length: 100_000 }, (_, at) => ({ id: at, text: 'x'.repeat(90) })) }
  let deep: unknown = 1
  for (let at = 0; at < 50_000; at += 1) deep = { a: deep }

  it.each([
    ['$..*', large],
    ['$..a..a..a', deep],
    ['$..[*]..[*]', large],
    [`$${'.a'.repeat(10_000)}`, deep],
    ['$.list[?(@.text =~ /(x+x+)+y/)]', large],
    ['$.list[?(@..id)]', large],
  ])('%.40s ends within a second', async (path, data) => {
    const { took } = await timed(() => compileStatePath(path).read(environmentOf(data), data))
    expect(took).toBeLessThan(1_000)
  })

  it.each([
    '$[?(@.constructor.constructor("return process")())]',
    '$[(@.length-1)]',
    '$[?(process.exit())]',
    '$.a[::0]',
    `$[?(${'('.repeat(5_000)}@.a${')'.repeat(5_000)})]`,
    `$[?(${'!'.repeat(50_000)}@.a)]`,
  ])('%.40s is refused', (path) => {
    expect(() => compileStatePath(path)).toThrow(expect.objectContaining({ name: 'PathSyntaxError' }))
  })

  it('takes slices of lists as long as an input can have', async () => {
    const { value } = await timed(() =>
      pass({ Parameters: { 'a.$': '$.a[0:]' } }).result(environmentOf({ a: Array(200_000).fill(1) })),
    )
    expect((value as { a: unknown[] }).a).toHaveLength(200_000)
  })

  it('sees own members only', async () => {
    for (const path of ['$.__proto__', '$.constructor', "$['toString']", '$.list.length']) {
      expect(await timed(() => compileStatePath(path).read(environmentOf({ list: [] }), { list: [] }))).toMatchObject({
        error: 'PathNotFoundError',
      })
    }
  })
})

describe('row 68: intrinsic functions', () => {
  const run = (text: string, data: unknown = {}): Promise<{ error?: string; value?: unknown; took: number }> =>
    timed(() => compileIntrinsic(text).read(environmentOf(data), data))

  it.each([
    ['States.ArrayRange(0, 1000000000, 1)', {}],
    ['States.Base64Decode($.t)', { t: 'A'.repeat(10_001) }],
    ['States.Base64Encode($.t)', { t: 'A'.repeat(10_001) }],
    ["States.Hash($.t, 'MD5')", { t: 'A'.repeat(10_001) }],
    ['States.MathRandom(10, 1)', {}],
    ['States.MathAdd(1e300, 1e300)', {}],
  ])('%s fails at its limit', async (text, data) => {
    const { error, took } = await run(text, data)
    expect(error).toBe('States.IntrinsicFailure')
    expect(took).toBeLessThan(200)
  })

  it('nest ten deep', async () => {
    const nested = (depth: number): string => `${'States.Array('.repeat(depth)}1${')'.repeat(depth)}`
    expect((await run(nested(10))).error).toBeUndefined()
    expect((await run(nested(11))).error).toBe('PathSyntaxError')
    expect((await run(nested(100_000))).error).toBe('PathSyntaxError')
  })

  it('take many arguments, and __proto__ for a key', async () => {
    const many = `States.Format('${'{}'.repeat(10_000)}'${', 1'.repeat(10_000)})`
    expect((await run(many)).value).toBe('1'.repeat(10_000))
    const merged = await run('States.JsonMerge($.a, $.b, false)', JSON.parse('{"a":{"__proto__":{"x":1}},"b":{"y":2}}'))
    expect(JSON.stringify(merged.value)).toBe('{"__proto__":{"x":1},"y":2}')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})

describe('row 69: JSONata', () => {
  const bindings = {
    states: { input: { text: `${'a'.repeat(40_000)}!`, list: Array.from({ length: 5_000 }, (_, at) => at) } },
  }

  it.each([
    ['endless recursion', '($f := function($x){ $f($x + 1) }; $f(1))'],
    ['recursion that grows', '($f := function($x){ 1 + $f($x + 1) }; $f(1))'],
    ['mutual recursion', '($f := function(){ $g() }; $g := function(){ $f() }; $f())'],
    ['a long range', '[1..1e7]'],
    ['nested ranges', '[1..800000].[1..800000]'],
    ['a catastrophic pattern', '$match($states.input.text, /^(a+)+$/)[0].x'],
    ['replacement that multiplies', "$replace($states.input.text, 'a', $states.input.text)"],
    ['padding', "$pad('x', 300000000)"],
    ['a list that doubles', '($f := function($s, $n){ $n = 0 ? $s : $f([$s, $s], $n - 1) }; $string($f([1], 60)))'],
    ['an object that doubles', "($f := function($s, $n){ $n = 0 ? $s : $f({'a': $s, 'b': $s}, $n - 1) }; $f({}, 60))"],
    [
      'comparison of what was doubled',
      '($f := function($s, $n){ $n = 0 ? $s : $f([$s, $s], $n - 1) }; $f([1], 50) = $f([1], 50))',
    ],
    ['joining', "$join($map([1..5000], function($i){ $states.input.text }), ',')"],
    ['sorting by a slow comparison', '$sort([1..100000], function($l, $r){ $count($states.input.list[$ < $l]) > $r })'],
    ['$eval', "$eval('1')"],
    ['nothing', '$states.nothing'],
  ])('%s ends within two seconds, and holds nobody up', { timeout: 10_000 }, async (_, text) => {
    const lag = await watchLag()
    const state = compileState(
      {
        Type: 'Task',
        QueryLanguage: 'JSONata',
        Resource: 'arn:aws:states:::a:b',
        Arguments: `{% ${text} %}`,
        End: true,
      },
      'S',
    ).states.get('S') as TaskState
    const { error, took } = await timed(() => state.input(environmentOf(bindings.states.input)))
    const worst = await lag()
    expect(error).toBe('States.QueryEvaluationError')
    expect(took).toBeLessThan(2_500)
    // 100 ms on a machine of its own; the test's machine is shared.
    expect(worst).toBeLessThan(250)
  })

  it.each([
    '$string.constructor',
    '$states.input.constructor',
    "$lookup($states.input, '__proto__')",
    '$keys($string)',
  ])('%s reaches nothing', async (text) => {
    expect(await evaluateExpression(parseExpression(text), bindings, environmentOf({}))).toBeUndefined()
  })

  it('leaves Object.prototype alone', async () => {
    const expression = parseExpression("$states.input ~> |$|{'__proto__': {'polluted': true}, 'constructor': 1}|")
    await timed(() => evaluateExpression(expression, { states: { input: { a: 1 } } }, environmentOf({})))
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('runs the next small expression at once while workers are busy', async () => {
    const slow = parseExpression('($f := function($x){ $f($x + 1) }; $f(1))')
    const busy = Promise.allSettled([1, 2, 3].map(() => evaluateExpression(slow, {}, environmentOf({}))))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const started = performance.now()
    expect(await evaluateExpression(parseExpression('1 + 1'), {}, environmentOf({}))).toBe(2)
    expect(performance.now() - started).toBeLessThan(100)
    await busy
  })
})

describe('row 70: definitions', () => {
  const codes = (text: string): string[] => compileDefinition(text, 'STANDARD').diagnostics.map(({ code }) => code)

  it('are refused with every problem and its place', () => {
    const definition = {
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Next: 'nowhere' },
        B: { Type: 'Parallel', Branches: [{ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }], End: true },
      },
    }
    expect(compileDefinition(JSON.stringify(definition), 'STANDARD').diagnostics).toEqual([
      {
        severity: 'ERROR',
        code: 'DUPLICATE_STATE_NAME',
        message: 'Duplicate State name: A',
        location: '/States/B/Branches[0]/States/A',
      },
      {
        severity: 'ERROR',
        code: 'MISSING_TRANSITION_TARGET',
        message: "Missing 'Next' target: nowhere",
        location: '/States/A/Next',
      },
      {
        severity: 'ERROR',
        code: 'MISSING_TRANSITION_TARGET',
        message: 'State "B" is not reachable.',
        location: '/States/B',
      },
    ])
  })

  it('are JSON without comments', () => {
    expect(codes('{"StartAt":"A", // here\n"States":{}}')).toEqual(['INVALID_JSON_DESCRIPTION'])
    expect(codes('{"StartAt":"A",}')).toEqual(['INVALID_JSON_DESCRIPTION'])
    expect(codes('{"a":"\u0001"}')).toEqual(['INVALID_JSON_DESCRIPTION'])
    expect(codes(`${'['.repeat(100_000)}`)).toEqual(['INVALID_JSON_DESCRIPTION'])
  })

  it('are bounded in their nesting', () => {
    let inner: object = { StartAt: 'S', States: { S: { Type: 'Pass', End: true } } }
    for (let at = 0; at < 1_000; at += 1) {
      inner = { StartAt: `P${at}`, States: { [`P${at}`]: { Type: 'Parallel', Branches: [inner], End: true } } }
    }
    expect(codes(JSON.stringify(inner))).toContain('SCHEMA_VALIDATION_FAILED')
    const rules = `${'{"Not":'.repeat(20_000)}{"Variable":"$.a","IsNull":true}${'}'.repeat(20_000)}`
    expect(
      codes(
        `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Not":${rules},"Next":"E"}]},"E":{"Type":"Succeed"}}}`,
      ),
    ).toEqual(['SCHEMA_VALIDATION_FAILED'])
    const template = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
    for (const [language, field] of [
      ['JSONPath', 'Parameters'],
      ['JSONata', 'Output'],
    ]) {
      expect(
        codes(
          `{"StartAt":"C","QueryLanguage":"${language}","States":{"C":{"Type":"Pass","${field}":${template},"End":true}}}`,
        ),
      ).toEqual(['SCHEMA_VALIDATION_FAILED'])
    }
  })

  it.each([
    ['choices that are none', `"A":{"Type":"Choice","Choices":[${Array(300_000).fill('{}').join()}]}`],
    ['states that are none', Array.from({ length: 60_000 }, (_, at) => `"${at}":{}`).join()],
    [
      'problems in a state with a long name',
      `"${'x'.repeat(500_000)}":{"Type":"Choice","Choices":[${'{},'.repeat(99_999)}1]}`,
    ],
  ])('are refused in a bounded sentence: %s', async (_, states) => {
    const { error, cause, took } = await timed(() =>
      compileStateMachine(`{"StartAt":"A","States":{${states}}}`, 'STANDARD'),
    )
    expect(error).toBe('InvalidDefinitionError')
    expect(cause?.length).toBeLessThan(70_000)
    expect(took).toBeLessThan(1_500)
  })

  it('have names that are only names', () => {
    const text =
      '{"StartAt":"__proto__","States":{"__proto__":{"Type":"Pass","Next":"constructor"},"constructor":{"Type":"Succeed"}}}'
    const { program, diagnostics } = compileDefinition(text, 'STANDARD')
    expect(diagnostics).toEqual([])
    expect([...(program?.states.keys() ?? [])]).toEqual(['__proto__', 'constructor'])
  })
})
