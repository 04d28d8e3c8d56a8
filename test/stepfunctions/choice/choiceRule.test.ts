import { describe, expect, it } from 'vitest'
import { compileState } from '../../../src/stepfunctions/asl/compile.ts'
import type { InvalidDefinitionError } from '../../../src/stepfunctions/asl/diagnostics.ts'
import type { ChoiceState, EvaluationEnvironment } from '../../../src/stepfunctions/asl/program.ts'
import { StatesError } from '../../../src/stepfunctions/asl/statesError.ts'
import { compileWildcard } from '../../../src/stepfunctions/choice/comparison.ts'
import { environmentOf, variablesOf } from '../environment.ts'

function compile(fields: object): ChoiceState {
  const state = compileState({ Type: 'Choice', ...fields }, 'C').states.get('C')
  if (state?.type !== 'Choice') throw new Error('no Choice')
  return state
}

/** Whether a rule holds for an input. */
async function holds(rule: object, input: unknown, more: Partial<EvaluationEnvironment> = {}): Promise<boolean> {
  const state = compile({ Choices: [{ ...rule, Next: 'yes' }], Default: 'no' })
  return (await state.choose(environmentOf(input, more))).next === 'yes'
}

describe('comparison operators', () => {
  it.each([
    ['StringEquals', 'b', 'b', 'a'],
    ['StringLessThan', 'b', 'a', 'b'],
    ['StringGreaterThan', 'b', 'c', 'b'],
    ['StringLessThanEquals', 'b', 'b', 'c'],
    ['StringGreaterThanEquals', 'b', 'b', 'a'],
    ['NumericEquals', 1, 1.0, '1'],
    ['NumericLessThan', 1, 0.9, 1],
    ['NumericGreaterThan', 1, 1.1, 1],
    ['NumericLessThanEquals', 1, 1, 2],
    ['NumericGreaterThanEquals', 1, 1, null],
    ['BooleanEquals', false, false, 0],
    ['TimestampEquals', '2024-01-01T01:00:00Z', '2024-01-01T02:00:00+01:00', '2024-01-01T01:00:00'],
    ['TimestampLessThan', '2024-01-01T00:00:00.000000002Z', '2024-01-01T00:00:00.000000001Z', '2024-01-01T00:00:01Z'],
    ['TimestampGreaterThan', '2024-01-01T00:00:00Z', '2024-01-01T00:00:01Z', '2024-01-01'],
    ['TimestampLessThanEquals', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', '2024-02-30T00:00:00Z'],
    ['TimestampGreaterThanEquals', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', 5],
  ])('%s %j holds for %j and not for %j', async (operator, operand, yes, no) => {
    expect(await holds({ Variable: '$.v', [operator]: operand }, { v: yes })).toBe(true)
    expect(await holds({ Variable: '$.v', [operator]: operand }, { v: no })).toBe(false)
    expect(await holds({ Variable: '$.v', [`${operator}Path`]: '$.o' }, { v: yes, o: operand })).toBe(true)
    expect(await holds({ Variable: '$.v', [`${operator}Path`]: '$.o' }, { v: no, o: operand })).toBe(false)
  })

  it.each([
    ['IsNull', null, 0],
    ['IsString', '', null],
    ['IsNumeric', 0, '0'],
    ['IsBoolean', false, 'false'],
    ['IsTimestamp', '2024-01-01T00:00:00Z', '2024-01-01'],
  ])('%s holds for %j and not for %j', async (operator, yes, no) => {
    expect(await holds({ Variable: '$.v', [operator]: true }, { v: yes })).toBe(true)
    expect(await holds({ Variable: '$.v', [operator]: true }, { v: no })).toBe(false)
    expect(await holds({ Variable: '$.v', [operator]: false }, { v: no })).toBe(true)
  })

  it('tells what is there from what is not', async () => {
    expect(await holds({ Variable: '$.v', IsPresent: true }, { v: null })).toBe(true)
    expect(await holds({ Variable: '$.v', IsPresent: false }, {})).toBe(true)
    expect(await holds({ Variable: '$.v.w[1]', IsPresent: true }, { v: { w: [0] } })).toBe(false)
    expect(await holds({ Variable: '$x', IsPresent: true }, {}, { variables: variablesOf({ x: 0 }) })).toBe(true)
    expect(await holds({ Variable: '$.__proto__', IsPresent: true }, {})).toBe(false)
  })

  it('combines rules, and stops at the first that decides', async () => {
    const present = { Variable: '$.v', IsPresent: true }
    const positive = { Variable: '$.v', NumericGreaterThan: 0 }
    expect(await holds({ And: [present, positive] }, {})).toBe(false)
    expect(await holds({ Or: [{ Not: present }, positive] }, {})).toBe(true)
    expect(await holds({ Not: { And: [present, positive] } }, { v: -1 })).toBe(true)
  })

  it('fails where a compared value is not there', () => {
    const state = compile({ Choices: [{ Variable: '$.v', StringEquals: 'a', Next: 'yes' }], Default: 'no' })
    expect(() => state.choose(environmentOf({}))).toThrow(
      new StatesError(
        'States.Runtime',
        "Invalid path '$.v': The choice state's condition path references an invalid value.",
      ),
    )
  })

  it('fails where no rule holds and there is no default', () => {
    const state = compile({ Choices: [{ Variable: '$.v', StringEquals: 'a', Next: 'yes' }] })
    expect(() => state.choose(environmentOf({ v: 'b' }))).toThrow(
      expect.objectContaining({ error: 'States.NoChoiceMatched' }),
    )
  })
})

describe('the way that a rule leads', () => {
  it('carries its own output and variables, in JSONata', async () => {
    const state = compile({
      QueryLanguage: 'JSONata',
      Choices: [
        {
          Condition: '{% $states.input.n > 5 %}',
          Next: 'large',
          Output: { got: '{% $states.input.n %}' },
          Assign: { big: true },
        },
      ],
      Default: 'small',
      Output: 'small',
    })
    expect(await state.choose(environmentOf({ n: 6 }))).toEqual({
      next: 'large',
      output: { got: 6 },
      assigned: new Map([['big', true]]),
    })
    expect(await state.choose(environmentOf({ n: 5 }))).toEqual({ next: 'small', output: 'small' })
    await expect(state.choose(environmentOf({}))).rejects.toMatchObject({
      error: 'States.QueryEvaluationError',
      location: 'Choices[0]/Condition',
    })
  })

  it('assigns from the effective input, in JSONPath', async () => {
    const state = compile({
      InputPath: '$.in',
      OutputPath: '$.out',
      Choices: [{ Variable: '$.out', IsString: true, Next: 'n', Assign: { 'v.$': '$.out', w: 1 } }],
    })
    expect(await state.choose(environmentOf({ in: { out: 'x' } }))).toEqual({
      next: 'n',
      output: 'x',
      assigned: new Map<string, unknown>([
        ['v', 'x'],
        ['w', 1],
      ]),
    })
  })
})

describe('wildcards', () => {
  it.each([
    ['a*c', 'abbc', true],
    ['a*c', 'abcd', false],
    ['*.log', '.log', true],
    ['foo*.log', 'foo.log', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*a', 'a', false],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['\\\\*', '\\anything', true],
    ['', '', true],
    ['*', '', true],
  ])('%s and %s: %s', (pattern, value, matches) => {
    expect(compileWildcard(pattern)(value)).toBe(matches)
  })

  it('take a time that is linear in the value', () => {
    const started = performance.now()
    expect(compileWildcard('*a'.repeat(200))(`${'a'.repeat(200_000)}b`)).toBe(false)
    expect(performance.now() - started).toBeLessThan(200)
  })
})

describe('rules that are refused', () => {
  it.each([
    [{ Variable: 'x', IsNull: true }, "Value is not a Reference Path: Reference path didn't start with '$'"],
    [{ IsNull: true }, 'These fields are required: [Variable]'],
    [{ Variable: '$.a', StringEquals: 1 }, 'Expected value of type String'],
    [{ Variable: '$.a', TimestampEquals: 'today' }, 'String does not match RFC3339 timestamp'],
    [{ Variable: '$.a', Nonsense: 1 }, "Field 'Nonsense' is not supported"],
    [{ Variable: '$.a' }, 'Exactly one comparison operator is required'],
    [{ And: [] }, 'Value cannot be empty'],
  ])('%j: %s', (rule, message) => {
    try {
      compile({ Choices: [{ ...rule, Next: 'n' }] })
      expect.unreachable()
    } catch (error) {
      expect((error as InvalidDefinitionError).diagnostics.map((one) => one.message)).toContain(message)
    }
  })
})
