import { describe, expect, it } from 'vitest'
import { compileState } from '../../../src/stepfunctions/asl/compile.ts'
import type {
  EvaluationEnvironment,
  FailState,
  MapState,
  TaskState,
  WaitState,
} from '../../../src/stepfunctions/asl/program.ts'
import { environmentOf, NOW, variablesOf } from '../environment.ts'

function compile<T>(fields: object): T {
  return compileState(fields as Record<string, unknown>, 'S').states.get('S') as T
}

const RESOURCE = 'arn:aws:states:::lambda:invoke'
const task = (fields: object): TaskState => compile({ Type: 'Task', Resource: RESOURCE, End: true, ...fields })

async function failureOf(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    const { error: name, cause, location } = error as { error: string; cause: string; location?: string }
    return { error: name, cause, ...(location === undefined ? {} : { location }) }
  }
  return undefined
}

describe('a Task in JSONPath', () => {
  const state = task({
    InputPath: '$.in',
    Parameters: { 'name.$': '$.name', fixed: [1], 'id.$': '$$.Execution.Id' },
    ResultSelector: { 'value.$': '$.Payload.v' },
    ResultPath: '$.out',
    OutputPath: '$.out',
    Assign: { 'seen.$': '$.value' },
  })
  const environment = environmentOf({ in: { name: 'n' }, other: 1 })

  it('takes its arguments from the selected input', () => {
    expect(state.input(environment)).toEqual({ name: 'n', fixed: [1], id: 'arn' })
  })

  it('leaves with the selected result inside the raw input', () => {
    expect(state.leave(environment, { Payload: { v: 0 } })).toEqual({
      output: { value: 0 },
      assigned: new Map([['seen', 0]]),
    })
  })

  it('tells every step to who inspects it', async () => {
    const stages: Record<string, unknown> = {}
    const inspected: EvaluationEnvironment = {
      ...environment,
      inspect: (stage, value) => void Object.assign(stages, { [stage]: value }),
    }
    await state.leave(inspected, { Payload: { v: false } })
    await state.input(inspected)
    expect(stages).toEqual({
      result: { Payload: { v: false } },
      afterResultSelector: { value: false },
      afterResultPath: { in: { name: 'n' }, other: 1, out: { value: false } },
      afterInputPath: { name: 'n' },
      afterParameters: { name: 'n', fixed: [1], id: 'arn' },
    })
  })

  it('fails with the words of the service where a path leads nowhere', async () => {
    expect(await failureOf(() => state.input(environmentOf({})))).toEqual({
      error: 'States.Runtime',
      cause: "Invalid path '$.in' : No results for path: $['in']",
    })
    expect(await failureOf(() => state.input(environmentOf({ in: { x: 1 } })))).toEqual({
      error: 'States.Runtime',
      cause: `The JSONPath '$.name' specified for the field 'name.$' could not be found in the input '{"x":1}'`,
    })
    expect(await failureOf(() => task({ ResultPath: '$.a.b' }).leave(environmentOf({ a: 1 }), {}))).toMatchObject({
      error: 'States.ResultPathMatchFailure',
    })
  })

  it.each([
    [{ ResultPath: null }, { raw: 1 }],
    [{ InputPath: null, OutputPath: null }, {}],
    [{}, 'result'],
  ])('with %j leaves %j', async (fields, output) => {
    expect(await task(fields).leave(environmentOf({ raw: 1 }), 'result')).toEqual({ output })
  })

  it('carries values that look empty, and keys that look special', async () => {
    for (const value of [0, false, '', null, [], {}]) {
      expect(await task({ ResultPath: '$.r' }).leave(environmentOf({}), value)).toEqual({ output: { r: value } })
    }
    const special = task({ Parameters: JSON.parse('{"__proto__":{"a.$":"$"},"":1,"x.y":2}') as object })
    expect(JSON.stringify(await special.input(environmentOf(5)))).toBe('{"__proto__":{"a":5},"":1,"x.y":2}')
  })
})

describe('a Task in JSONata', () => {
  const state = task({
    QueryLanguage: 'JSONata',
    Arguments: { n: '{% $states.input.n + $v %}', text: ' {% not one %} ' },
    Output: { r: '{% $states.result.x %}', all: ['{% $states.input %}', 1] },
    Assign: { seen: '{% $states.result.x %}' },
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'N', Output: '{% $states.errorOutput.Error %}', Assign: { e: true } }],
    TimeoutSeconds: '{% $states.input.t %}',
  })
  const environment = environmentOf({ n: 1, t: 5 }, { variables: variablesOf({ v: 2 }) })

  it('evaluates its arguments, output, variables and limits', async () => {
    expect(await state.input(environment)).toEqual({ n: 3, text: ' {% not one %} ' })
    expect(await state.leave(environment, { x: 0 })).toEqual({
      output: { r: 0, all: [{ n: 1, t: 5 }, 1] },
      assigned: new Map([['seen', 0]]),
    })
    expect(await state.timeoutSeconds?.(environment)).toBe(5)
    expect(await state.catch[0]?.leave(environment, { Error: 'E', Cause: 'c' })).toEqual({
      output: 'E',
      assigned: new Map([['e', true]]),
    })
  })

  it('fails the state where an expression returns nothing, naming the field', async () => {
    expect(await failureOf(() => state.leave(environment, {}))).toEqual({
      error: 'States.QueryEvaluationError',
      cause:
        "The JSONata expression '$states.result.x' specified for the field 'Assign/seen' returned nothing (undefined).",
      location: 'Assign/seen',
    })
    expect(
      await failureOf(() =>
        task({ QueryLanguage: 'JSONata', Output: { a: { b: ['x', '{% $nope %}'] } } }).leave(environment, {}),
      ),
    ).toMatchObject({
      location: 'Output/a/b[1]',
    })
    expect(
      await failureOf(() =>
        task({ QueryLanguage: 'JSONata', Arguments: '{% $states.input.n() %}' }).input(environment),
      ),
    ).toMatchObject({
      error: 'States.QueryEvaluationError',
      location: 'Arguments',
    })
  })

  it('checks the types of results', async () => {
    expect(await failureOf(() => state.timeoutSeconds?.(environmentOf({ n: 1, t: 'x' })))).toEqual({
      error: 'States.QueryEvaluationError',
      cause:
        "The JSONata expression '$states.input.t' specified for the field 'TimeoutSeconds' returned an unexpected result type. Expected 'number', but was 'string' for value: \"x\"",
      location: 'TimeoutSeconds',
    })
  })
})

describe('a Wait', () => {
  it.each([
    [{ Seconds: 10 }, {}, NOW + 10_000],
    [{ SecondsPath: '$.s' }, { s: 3 }, NOW + 3_000],
    [{ Timestamp: '2030-01-01T00:00:00+02:00' }, {}, Date.UTC(2029, 11, 31, 22)],
    [{ TimestampPath: '$.t' }, { t: '2016-03-05T21:29:29.243167252Z' }, Date.UTC(2016, 2, 5, 21, 29, 29, 243)],
  ])('%j of %j', async (fields, input, due) => {
    expect(await compile<WaitState>({ Type: 'Wait', End: true, ...fields }).until(environmentOf(input))).toBe(due)
  })

  it('fails where what it waits for makes no sense', async () => {
    const until = (fields: object, input: unknown): Promise<unknown> =>
      failureOf(() => compile<WaitState>({ Type: 'Wait', End: true, ...fields }).until(environmentOf(input)))
    expect(await until({ SecondsPath: '$.s' }, {})).toMatchObject({
      cause: 'The SecondsPath parameter does not reference an input value: $.s',
    })
    expect(await until({ TimestampPath: '$.s' }, { s: '9999-12-31T00:00:00Z' })).toMatchObject({
      cause: 'Wait state delay is too long.',
    })
  })
})

describe('a Fail', () => {
  it('reads its error and cause', async () => {
    const state = compile<FailState>({ Type: 'Fail', ErrorPath: "States.Format('{}!', $.e)", CausePath: '$.c' })
    expect(await state.failure(environmentOf({ e: 'E', c: 'why' }))).toEqual({ error: 'E!', cause: 'why' })
    expect(await failureOf(() => state.failure(environmentOf({ e: 'E', c: 1 })))).toMatchObject({
      error: 'States.Runtime',
    })
    expect(await compile<FailState>({ Type: 'Fail' }).failure(environmentOf({}))).toEqual({})
  })
})

describe('a Map', () => {
  const block = { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } }

  it('selects its items and what each iteration gets', async () => {
    const state = compile<MapState>({
      Type: 'Map',
      ItemsPath: '$.list',
      ItemSelector: { 'v.$': '$$.Map.Item.Value', 'all.$': '$.name' },
      MaxConcurrencyPath: '$.limit',
      ItemProcessor: block,
      End: true,
    })
    const environment = environmentOf({ list: [7], name: 'n', limit: '2' })
    expect(await state.items(environment)).toEqual([7])
    expect(await state.maxConcurrency(environment)).toBe(2)
    const iteration = { ...environment, context: { Map: { Item: { Index: 0, Value: 7 } } } }
    expect(await state.itemInput(iteration, { index: 0, value: 7 })).toEqual({ v: 7, all: 'n' })
  })

  it('resolves what its reader and batcher need', async () => {
    const state = compile<MapState>({
      Type: 'Map',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        Parameters: { 'Key.$': '$.key' },
        ReaderConfig: { InputType: 'JSON', MaxItemsPath: '$.most' },
      },
      ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { 'k.$': '$.key' } },
      ItemProcessor: { ...block, ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } },
      ToleratedFailurePercentage: 2.5,
      Label: 'L',
      End: true,
    })
    const environment = environmentOf({ key: 'k', most: 3 })
    expect(await state.itemReader?.arguments(environment)).toEqual({ Key: 'k' })
    expect(await state.itemReader?.readerConfig(environment)).toEqual({ InputType: 'JSON', MaxItems: 3 })
    expect(await state.itemBatcher?.batchInput?.(environment)).toEqual({ k: 'k' })
    expect(await state.toleratedFailurePercentage?.(environment)).toBe(2.5)
    expect(state).toMatchObject({ mode: 'DISTRIBUTED', executionType: 'EXPRESS', label: 'L' })
  })

  it('iterates over lists only', async () => {
    const state = compile<MapState>({ Type: 'Map', ItemProcessor: block, End: true })
    expect(await failureOf(() => state.items(environmentOf({})))).toEqual({
      error: 'States.Runtime',
      cause: 'Reference path "$" must point to array.',
    })
  })
})
