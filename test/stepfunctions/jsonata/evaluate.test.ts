import jsonata from 'jsonata'
import { afterAll, describe, expect, it } from 'vitest'
import { analyse, analysePath } from '../../../src/stepfunctions/jsonata/analyse.ts'
import { JsonataSyntaxError } from '../../../src/stepfunctions/jsonata/errors.ts'
import { evaluateExpression, parseExpression, readDirectly } from '../../../src/stepfunctions/jsonata/evaluate.ts'
import { UnsupportedResultError } from '../../../src/stepfunctions/jsonata/plainValue.ts'
import { closeWorkers } from '../../../src/stepfunctions/jsonata/workerPool.ts'
import { environmentOf, NOW } from '../environment.ts'

const bindings = { states: { input: { a: [1, 2], n: null } }, v: { x: 3 } }

function evaluate(text: string): Promise<unknown> {
  return evaluateExpression(parseExpression(text), bindings, environmentOf({}))
}

afterAll(closeWorkers)

describe('what the service adds to JSONata', () => {
  it.each([
    ['$partition([1, 2, 3, 4, 5], 2)', [[1, 2], [3, 4], [5]]],
    ['$partition([1, 2, 3])', [[1, 2, 3]]],
    ['$partition([1, 2, 3], 2.9)', [[1, 2], [3]]],
    ['$partition([], 2)', undefined],
    ['$partition([1], 0)', undefined],
    ['$range(0, 10, 5)', [0, 5, 10]],
    ['$range(-1.7, 2, 1)', [-1, 0, 1, 2]],
    ['$range(3, 3, 1)', 3],
    ['$range(5, 1, 1)', undefined],
    ['$range(1, 5)', undefined],
    ["$hash('Hello', 'MD5')", '8b1a9953c4611296a827abf8c47804d7'],
    ["$hash('ñ', 'MD5')", '94e9342ecbb1458b6043ecd3bfcbc192'],
    ["$hash('a')", undefined],
    ['$random(42)', 0.7275636800328681],
    ['$random(7)', 0.7306990420600421],
    ['$random()', 0.5],
    ['$uuid()', '00000000-0000-4000-8000-000000000000'],
    ['$parse(\'{"b":1,"a":[2]}\')', { b: 1, a: [2] }],
    ["$exists($parse('null'))", true],
    ['$map([\'{"a":1}\', \'{"a":2}\'], $parse).a', [1, 2]],
    ['$millis()', NOW],
    ['$now()', '2026-01-02T03:04:05.678Z'],
    ['1/0', 'Infinity'],
    ['[-1/0]', ['-Infinity']],
  ])('%s', async (text, expected) => {
    expect(await evaluate(text)).toEqual(expected)
  })

  it.each([
    ["$eval('1')", 'T1006'],
    ['$nope(1)', 'T1006'],
    ['$parse(\'{"a":1,"a":2}\')', 'D3137'],
    ["$parse('1e400')", 'D3137'],
    ["$parse('')", 'D3137'],
    ['$parse(null)', 'T0410'],
    ['$uuid(1)', 'T0410'],
    ['$range(1)', 'T0410'],
    ['$range(1, 2, 1, 1)', 'T0410'],
    ['$partition([1], -1)', 'D3137'],
    ["$hash('a', 'md5')", 'D3137'],
    ["$split('a', 'b', -1)", 'D3020'],
  ])('%s throws %s', async (text, code) => {
    await expect(evaluate(text)).rejects.toMatchObject({ code })
  })

  it('hands on plain data without JSONata’s marks', async () => {
    const value = await evaluate('$states.input.a')
    expect(value).toEqual([1, 2])
    expect(Object.getOwnPropertyNames(await evaluate('$states.input.a[$ > 0]'))).toEqual(['0', '1', 'length'])
    await expect(evaluate('function($x){$x}')).rejects.toThrow(UnsupportedResultError)
  })
})

describe('a variable and names below it', () => {
  it.each(['$states', '$states.input', ' $states.input.a_1\n', '$v', '$v.x.y', '$sum', '$states.context.Execution.Id'])(
    'is read like the library reads it: %j',
    (text) => {
      expect(analysePath(text)).toEqual(analyse(jsonata(text).ast(), false))
    },
  )

  it.each([
    '$',
    '$$',
    '$$.a',
    '$.a',
    '$v.',
    '$v.`a`',
    '$v.a[0]',
    '$v.and',
    '$v.1',
    '$v .a',
    '$v+1',
    '$v()',
    `$v${'.a'.repeat(300)}`,
  ])('is not %j', (text) => {
    expect(analysePath(text)).toBeUndefined()
  })

  it('are read directly only where that is the same', async () => {
    const values = [
      0,
      '',
      null,
      false,
      [],
      [5],
      [[5]],
      {},
      { a: 1 },
      { a: [7] },
      { a: [] },
      { a: { a: null } },
      [{ a: 1 }],
    ]
    for (const value of values) {
      for (const text of ['$v', '$v.a', '$v.a.a', '$v.toString', '$states.input.v', '$states.input.v.a']) {
        const given = { v: value, states: { input: { v: value } } }
        const expression = parseExpression(text)
        const direct = readDirectly(expression, (name) => given[name as 'v'])
        if (direct === undefined) continue
        expect(direct).toEqual(await evaluateExpression(expression, given, environmentOf({})))
      }
    }
    expect(readDirectly(parseExpression('$v.a'), () => ({ a: [5] }))).toEqual([5])
    for (const text of [
      '$v[0]',
      '$v.a[b=1]',
      '$v.*',
      '$v.a{b: c}',
      '$v.a^(b)',
      '($v.a)',
      '$v.a[]',
      '$v@$x.a',
      '$v#$i.a',
    ]) {
      expect(readDirectly(parseExpression(text), () => ({ a: 1 }))).toBeUndefined()
    }
  })
})

describe('what the service refuses to compile', () => {
  it.each([
    ['phone', 'UNSUPPORTED_JSONATA_EXPRESSION', "Reference to 'phone' at the top level is not supported."],
    [
      '$map([1], function($v) { $v + n })',
      'UNSUPPORTED_JSONATA_EXPRESSION',
      "Reference to 'n' at the top level is not supported.",
    ],
    ['a[1,2)', 'INVALID_JSONATA_EXPRESSION', 'Expected "]", got ","'],
    ['1 +', 'INVALID_JSONATA_EXPRESSION', 'Unexpected end of expression'],
    ['"unterminated', 'INVALID_JSONATA_EXPRESSION', 'String literal must be terminated by a matching quote'],
    ['{"a":}', 'INVALID_JSONATA_EXPRESSION', 'The symbol "}" cannot be used as a unary operator'],
  ])('%s', (text, code, message) => {
    expect(() => parseExpression(text)).toThrow(new JsonataSyntaxError(code as JsonataSyntaxError['code'], message))
  })

  it.each(['$$', '/(?=a)/', '/(a)\\1/', '('.repeat(200_000)])('what cannot be run safely: %.20s', (text) => {
    expect(() => parseExpression(text)).toThrow(JsonataSyntaxError)
  })

  it('finds the variables that an expression does not bind itself', () => {
    const { free } = parseExpression('($y := $x; $map($list, function($v, $i) { $v + $y + $z })) ~> $sum').analysis
    expect([...free].sort()).toEqual(['list', 'map', 'sum', 'x', 'z'])
  })
})

describe('many expressions', () => {
  it('stay correct when there are more than stay compiled', async () => {
    const expressions = Array.from({ length: 2_500 }, (_, at) => parseExpression(`$v.x + ${at}`))
    for (const round of [1, 2]) {
      for (const [at, expression] of expressions.entries()) {
        if (at % 7 < round) expect(await evaluateExpression(expression, bindings, environmentOf({}))).toBe(3 + at)
      }
    }
  })
})

describe('data that looks like a function of the evaluator', () => {
  it.each([
    { _jsonata_lambda: true },
    { _jsonata_lambda: 0, a: 1 },
    { _jsonata_function: true, implementation: {} },
    { _jsonata_lambda: true, environment: { lookup: 1 } },
  ])('stays data: %j', async (input) => {
    const expression = parseExpression('$states.input')
    expect(await evaluateExpression(expression, { states: { input } }, environmentOf({}))).toEqual(input)
  })

  it('is no result when it is a function', async () => {
    await expect(evaluate('function($x) { $x }')).rejects.toThrow(UnsupportedResultError)
    await expect(evaluate('{"f": $sum}')).rejects.toThrow(UnsupportedResultError)
  })
})

describe('the limits of an evaluation', () => {
  const MEMORY = 'Expression evaluation memory limit exceeded: Check for excessive memory usage'
  const STACK =
    'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive'

  it('lets a hundred levels through and not one more', async () => {
    expect(await evaluate(`1${'+1'.repeat(99)}`)).toBe(100)
    await expect(evaluate(`1${'+1'.repeat(100)}`)).rejects.toThrow(STACK)
  })

  it('lets the longest sequences through and not one item more', async () => {
    expect(await evaluate('[1..873782] ~> $count()')).toBe(873_782)
    await expect(evaluate('[1..873783] ~> $count()')).rejects.toThrow(MEMORY)
    expect(await evaluate('$count($range(1, 360145, 1))')).toBe(360_145)
    await expect(evaluate('$range(1, 360146, 1)')).rejects.toThrow(MEMORY)
  })

  it('lets a text double twenty-two times and not once more', async () => {
    const doubled = (times: number): string =>
      `($f := function($s, $n){ $n = 0 ? $s : $f($s & $s, $n - 1) }; $length($f('x', ${times})))`
    expect(await evaluate(doubled(22))).toBe(4_194_304)
    await expect(evaluate(doubled(23))).rejects.toThrow(MEMORY)
  })

  it('runs what is too large for the event loop in a worker, with the same answer', async () => {
    expect(await evaluate('$sum($map([1..200000], function($v){ $v * 2 }))')).toBe(40_000_200_000)
    expect(await evaluate('$count($distinct([1..30000]))')).toBe(30_000)
  })

  it('takes lists of numbers as long as an input can have', async () => {
    const long = '($l := [1..200000]; '
    expect(await evaluate(`${long}$max($l))`)).toBe(200_000)
    expect(await evaluate(`${long}$min($l))`)).toBe(1)
    expect(await evaluate(`${long}$sort($reverse($l))[0])`)).toBe(1)
    expect(await evaluate('$sort(["b", "a", "B"])')).toEqual(['B', 'a', 'b'])
    expect(await evaluate('$max([])')).toBeUndefined()
  })
})
