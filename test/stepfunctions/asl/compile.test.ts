import { describe, expect, it } from 'vitest'
import { compileDefinition, compileStateMachine } from '../../../src/stepfunctions/asl/compile.ts'

const pass = { Type: 'Pass', End: true }

function diagnose(definition: unknown, type: 'STANDARD' | 'EXPRESS' = 'STANDARD'): string[] {
  const text = typeof definition === 'string' ? definition : JSON.stringify(definition)
  return compileDefinition(text, type).diagnostics.map(
    ({ code, message, location }) => `${code}: ${message} at ${location ?? 'null'}`,
  )
}

/** Diagnostics of a machine of one state. */
const diagnoseState = (state: object, machine: object = {}): string[] =>
  diagnose({ StartAt: 'S', States: { S: state }, ...machine })

describe('a definition', () => {
  it('compiles, with what is known about it', () => {
    const program = compileStateMachine(
      JSON.stringify({
        Comment: 'c',
        Version: '1.0',
        TimeoutSeconds: 9,
        StartAt: 'A',
        States: {
          A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' },
          B: { Type: 'Parallel', End: true, Branches: [{ StartAt: 'C', States: { C: { ...pass, InputPath: '$x' } } }] },
        },
      }),
      'STANDARD',
    )
    expect([...program.states.keys()]).toEqual(['A', 'B'])
    expect({ ...program.variableReferences }).toEqual({ C: ['x'] })
    expect(program).toMatchObject({ comment: 'c', version: '1.0', timeoutSeconds: 9, queryLanguage: 'JSONPath' })
  })

  it.each([
    ['', 'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null'],
    ['[]', 'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null'],
    ['{"StartAt":"A"}', 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'],
    [
      'nope',
      "INVALID_JSON_DESCRIPTION: Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: (String)\"nope\"; line: 1, column: 5] at [Source: (String)\"nope\"; line: 1, column: 5]",
    ],
  ])('%j: %s', (text, expected) => {
    expect(diagnose(text)).toEqual([expected])
  })

  it('is refused with all its problems in one sentence', () => {
    const definition = { StartAt: 'pass1', States: { pass1: { Type: 'Pass', Next: 'pass3' }, pass2: pass } }
    expect(() => compileStateMachine(JSON.stringify(definition), 'STANDARD')).toThrow(
      expect.objectContaining({
        name: 'InvalidDefinitionError',
        message: `Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at /States/pass1/Next, MISSING_TRANSITION_TARGET: State "pass2" is not reachable. at /States/pass2'`,
      }),
    )
  })
})

describe('the graph of states', () => {
  it('must end somewhere', () => {
    const loop = { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } }
    expect(diagnose({ StartAt: 'A', States: loop })).toEqual([
      'MISSING_END_STATE: Workflow has no terminal state at null',
    ])
    expect(diagnose({ StartAt: 'A', States: { ...loop, C: pass } })).toEqual([
      'MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C',
    ])
  })

  it('that never ends is not searched for states that nothing leads to', () => {
    const states = { A: { Type: 'Pass', Next: 'A' }, B: { Type: 'Pass', Next: 'A' } }
    expect(diagnose({ StartAt: 'A', States: states })).toEqual([
      'MISSING_END_STATE: Workflow has no terminal state at null',
    ])
    expect(diagnose({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' } } })).toEqual([
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next",
      'MISSING_END_STATE: Workflow has no terminal state at null',
    ])
  })

  it('says Next of a default that is not there, too', () => {
    const choices = [{ Variable: '$.a', IsPresent: true, Next: 'B' }]
    const choice = { Type: 'Choice', Choices: choices, Default: 'C' }
    expect(diagnose({ StartAt: 'A', States: { A: choice, B: pass } })).toEqual([
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Default",
    ])
  })

  it('has every name once, over all scopes', () => {
    expect(
      diagnose({
        StartAt: 'A',
        States: {
          A: {
            Type: 'Parallel',
            Branches: [
              { StartAt: 'X', States: { X: pass } },
              { StartAt: 'X', States: { X: pass } },
            ],
            End: true,
          },
        },
      }),
    ).toEqual(['DUPLICATE_STATE_NAME: Duplicate State name: X at /States/A/Branches[1]/States/X'])
  })

  it('has its targets in the same scope', () => {
    expect(
      diagnose({
        StartAt: 'A',
        States: {
          A: { Type: 'Parallel', Branches: [{ StartAt: 'X', States: { X: { Type: 'Pass', Next: 'B' } } }], Next: 'B' },
          B: { Type: 'Succeed' },
        },
      }),
    ).toContain("MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Branches[0]/States/X/Next")
  })
})

describe('fields', () => {
  const task = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', End: true }
  it.each([
    [{ ...pass, TimeoutSeconds: 1 }, "Field 'TimeoutSeconds' is not supported at /States/S"],
    [{ ...pass, Catch: [] }, "Field 'Catch' is not supported at /States/S"],
    [{ Type: 'Wait', Seconds: 1, End: true, Retry: [] }, "Field 'Retry' is not supported at /States/S"],
    [
      { ...pass, Output: 1 },
      "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/S",
    ],
    [
      { ...pass, QueryLanguage: 'JSONata', InputPath: '$' },
      "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage at /States/S",
    ],
    [{ Type: 'Pass' }, 'There should be one of the following fields: [Next, End] at /States/S'],
    [{ ...task, TimeoutSeconds: 0 }, 'Minimum value is 1 at /States/S/TimeoutSeconds'],
    [
      { ...task, TimeoutSeconds: 1, TimeoutSecondsPath: '$.t' },
      'There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath] at /States/S',
    ],
    [{ ...task, Resource: 'lambda' }, 'Value is not a valid resource ARN at /States/S/Resource'],
    [{ ...task, Credentials: {} }, "The field 'RoleArn' is required but was missing at /States/S/Credentials"],
    [{ ...task, ResultPath: '$.a[*]' }, 'Value is not a Reference Path at /States/S/ResultPath'],
    [{ ...task, Retry: [{ ErrorEquals: [] }] }, 'Value cannot be empty at /States/S/Retry[0]/ErrorEquals'],
    [
      { ...task, Retry: [{ ErrorEquals: ['a'], BackoffRate: 0.5 }] },
      'Minimum value is 1.0 at /States/S/Retry[0]/BackoffRate',
    ],
    [
      { Type: 'Wait', Timestamp: '2016-12-05 21:29:29Z', End: true },
      'String does not match RFC3339 timestamp at /States/S/Timestamp',
    ],
    [{ Type: 'Parallel', Branches: [], End: true }, 'Value cannot be empty at /States/S/Branches'],
    [
      { ...pass, Parameters: { deep: { 'a.$': 'x' } } },
      "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Parameters/deep",
    ],
    [{ ...pass, Assign: { states: 1 } }, "The variable name 'states' is reserved at /States/S/Assign"],
    [{ ...pass, Assign: { '1x': 1 } }, "The variable name '1x' is not valid at /States/S/Assign"],
    [
      { Type: 'Nope' },
      'Value must be one of [Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map] at /States/S/Type',
    ],
  ])('%j: %s', (state, expected) => {
    expect(diagnoseState(state)).toContain(`SCHEMA_VALIDATION_FAILED: ${expected}`)
  })

  it('are those of the query language, and a machine in JSONata has no states in JSONPath', () => {
    expect(diagnoseState({ ...pass, QueryLanguage: 'JSONPath' }, { QueryLanguage: 'JSONata' })).toEqual([
      "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/S",
    ])
  })

  it('hold expressions that were parsed and located', () => {
    expect(
      diagnoseState({ ...pass, Output: { v: '{% phone %}', w: ['{% 1 + %}'] } }, { QueryLanguage: 'JSONata' }),
    ).toEqual([
      "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/S/Output/v",
      'INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/S/Output/w[0]',
    ])
  })

  it('are fewer in an EXPRESS machine', () => {
    const definition = {
      StartAt: 'S',
      States: { S: { ...task, Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken' } },
    }
    expect(diagnose(definition)).toEqual([])
    expect(diagnose(definition, 'EXPRESS')).toEqual([
      "SCHEMA_VALIDATION_FAILED: Express state machine does not support '.waitForTaskToken' service integration  at /States/S/Resource",
    ])
  })
})

describe('variables', () => {
  const inner = (assign: object, mode: object = {}): object => ({
    StartAt: 'A',
    States: {
      A: { Type: 'Pass', Assign: { x: 1 }, Next: 'M' },
      M: {
        Type: 'Map',
        ItemProcessor: { ...mode, StartAt: 'I', States: { I: { ...pass, Assign: assign } } },
        End: true,
      },
    },
  })

  it('of an outer scope cannot be assigned inside, except in child executions', () => {
    expect(diagnose(inner({ 'x.$': '$' }))).toEqual([
      "SCHEMA_VALIDATION_FAILED: The variable 'x' is already assigned in an outer scope at /States/M/ItemProcessor/States/I/Assign",
    ])
    expect(diagnose(inner({ y: 1 }))).toEqual([])
    expect(diagnose(inner({ x: 1 }, { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } }))).toEqual(
      [],
    )
  })
})

describe('a definition of 10,000 states', () => {
  it('compiles in half a second', () => {
    const states: Record<string, object> = {}
    for (let at = 0; at < 10_000; at += 1) {
      states[`S${at}`] = { Type: 'Pass', ResultPath: '$.r', ...(at < 9_999 ? { Next: `S${at + 1}` } : { End: true }) }
    }
    const text = JSON.stringify({ StartAt: 'S0', States: states })
    const started = performance.now()
    expect(compileStateMachine(text, 'STANDARD').states.size).toBe(10_000)
    // The budget is 500 ms on a quiet machine; a test allows for a busy one.
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
