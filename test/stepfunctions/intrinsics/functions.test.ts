import { describe, expect, it } from 'vitest'
import { StatesError } from '../../../src/stepfunctions/asl/statesError.ts'
import { compileIntrinsic } from '../../../src/stepfunctions/intrinsics/compileIntrinsic.ts'
import { javaRandom } from '../../../src/stepfunctions/intrinsics/javaRandom.ts'
import { PathSyntaxError } from '../../../src/stepfunctions/jsonpath/path.ts'
import { environmentOf, variablesOf } from '../environment.ts'

const data = {
  list: [1, 2, 3, 3],
  alike: [{}, [], { a: 1 }, [['a', 1]], {}],
  text: 'a',
  object: { a: 1 },
  other: { a: 2, b: 3 },
  zero: 0,
  no: false,
  deep: { x: { y: null }, z: [true, 't'] },
}

function run(text: string): unknown {
  const environment = environmentOf(data, { variables: variablesOf({ name: 'V' }) })
  return compileIntrinsic(text).read(environment, data)
}

function failure(text: string): unknown {
  try {
    run(text)
  } catch (error) {
    return error instanceof StatesError ? { error: error.error, cause: error.cause } : error
  }
  return undefined
}

describe('intrinsic functions', () => {
  it.each([
    ["States.Format('{} is {}', $.text, $name)", 'a is V'],
    ["States.Format('\\{\\} {}', 1.5)", '{} 1.5'],
    ["States.Format('{}{}{}', $.zero, $.no, null)", '0falsenull'],
    ['States.StringToJson(\'{"a": [1]}\')', { a: [1] }],
    ['States.JsonToString($.object)', '{"a":1}'],
    ['States.Array($.text, 1, States.UUID())', ['a', 1, '00000000-0000-4000-8000-000000000000']],
    ['States.ArrayPartition($.list, 3)', [[1, 2, 3], [3]]],
    ['States.ArrayContains($.list, 3)', true],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayRange(5, 1, -2)', [5, 3, 1]],
    ['States.ArrayGetItem($.list, 2)', 3],
    ['States.ArrayLength($.list)', 4],
    ['States.ArrayUnique($.list)', [1, 2, 3]],
    ['States.ArrayUnique($.alike)', [{}, [], { a: 1 }, [['a', 1]]]],
    ["States.Base64Encode('Grüße')", 'R3LDvMOfZQ=='],
    ["States.Base64Decode('R3LDvMOfZQ==')", 'Grüße'],
    ["States.Base64Decode('YQ')", 'a'],
    ["States.Base64Decode('YR==')", 'a'],
    ["States.Base64Decode('YQ=')", undefined],
    ["States.Base64Decode('YQ=====')", undefined],
    ["States.Base64Decode('Y Q=')", undefined],
    ["States.Hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['States.JsonMerge($.object, $.other, false)', { a: 2, b: 3 }],
    ['States.MathRandom(1, 11)', 6],
    ['States.MathAdd(-1.5, 2.5)', 2],
    ["States.StringSplit('This.is+a,test=string', '.+,=')", ['This', 'is', 'a', 'test', 'string']],
    ["States.StringSplit('1,,2', ',')", ['1', '2']],
    ["States.ArrayContains($$.Execution.Input.from, 'x')", undefined],
  ])('%s', (text, expected) => {
    if (expected === undefined) expect(failure(text)).toMatchObject({ error: 'States.IntrinsicFailure' })
    else expect(run(text)).toEqual(expected)
  })

  it('draws the same numbers as the service for a seed', () => {
    expect(javaRandom(42n).nextDouble()).toBe(0.7275636800328681)
    expect(javaRandom(0n).nextDouble()).toBe(0.730967787376657)
    expect(javaRandom(3n).nextInt(999)).toBe(javaRandom(3n).nextInt(999))
  })

  it('names the whole expression when an argument is not there', () => {
    expect(failure("States.Format('{}', States.JsonToString($.nope))")).toEqual({
      error: 'States.Runtime',
      cause: `The function 'States.Format('{}', States.JsonToString($.nope))' had the following error: The JsonPath argument for the field '$.nope' could not be found in the input '${JSON.stringify(data)}'`,
    })
  })

  it.each([
    "States.Format('{}')",
    "States.Format('none', 1)",
    'States.ArrayGetItem($.list, 9)',
    'States.ArrayPartition($.list, 0)',
    'States.ArrayRange(0, 10, 0)',
    'States.ArrayLength($.text)',
    "States.StringToJson('{')",
    "States.Base64Decode('*')",
    "States.Hash('x', 'CRC')",
    'States.JsonMerge($.object, $.other, true)',
    'States.MathRandom(5, 1)',
    'States.MathAdd(2147483647, 1)',
  ])('%s fails', (text) => {
    expect(failure(text)).toMatchObject({ error: 'States.IntrinsicFailure' })
  })

  it.each([
    'States.Nope()',
    'States.UUID(1)',
    'States.Format()',
    "States.Array('a)",
    'States.StringToJson(\'{\\"a\\":1}\')',
    'States.Array(1) x',
    'States.Array(1,)',
    'States.Array($.)',
  ])('%s is refused when it is compiled', (text) => {
    expect(() => compileIntrinsic(text)).toThrow(PathSyntaxError)
  })
})
