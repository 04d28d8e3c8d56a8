import { describe, expect, it } from 'vitest'
import { chain, testEngine } from '../support/workflowEngine.ts'

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:'

describe('a Parallel state', () => {
  it('chains each branch from its start and goes on from the last event of a branch', async () => {
    const { start, history } = testEngine()
    const branch = (name: string) => ({
      StartAt: `${name}1`,
      States: { [`${name}1`]: { Type: 'Pass', Next: `${name}2` }, [`${name}2`]: { Type: 'Pass', End: true } },
    })
    const events = await history(
      await start({
        StartAt: 'P',
        States: {
          P: { Type: 'Parallel', Branches: [branch('A'), branch('B')], Next: 'After' },
          After: { Type: 'Pass', End: true },
        },
      }),
    )
    expect(chain(events)).toBe(
      'ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 ' +
        'PassStateEntered<3 PassStateExited<4 PassStateEntered<3 PassStateExited<6 ' +
        'PassStateEntered<5 PassStateExited<8 PassStateEntered<7 PassStateExited<10 ' +
        'ParallelStateSucceeded<11 ParallelStateExited<11 PassStateEntered<13 PassStateExited<14 ExecutionSucceeded<15',
    )
  })

  it('fails with the error of a Fail state in a branch', async () => {
    const { start, history, engine } = testEngine()
    const arn = await start({
      StartAt: 'P',
      States: {
        P: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'F', States: { F: { Type: 'Fail', Error: 'MyError', Cause: 'my cause' } } }],
          End: true,
        },
      },
    })
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 FailStateEntered<3 ParallelStateFailed<4 ExecutionFailed<5',
    )
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'MyError', cause: 'my cause' })
  })

  it('is tried again by its Retry, and fails once that is used up', async () => {
    const { start, history, pass } = testEngine()
    const arn = await start({
      StartAt: 'P',
      States: {
        P: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'F', States: { F: { Type: 'Fail', Error: 'MyError' } } }],
          Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1, IntervalSeconds: 1 }],
          End: true,
        },
      },
    })
    await pass(1000)
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 FailStateEntered<3 ParallelStateStarted<4 ' +
        'FailStateEntered<5 ParallelStateFailed<6 ExecutionFailed<7',
    )
  })

  it('stops the other branches when one fails', async () => {
    const { start, history } = testEngine()
    const arn = await start({
      StartAt: 'P',
      States: {
        P: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 100, End: true } } },
            { StartAt: 'T', States: { T: { Type: 'Task', Resource: `${LAMBDA}missing`, End: true } } },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }],
          End: true,
        },
        Done: { Type: 'Succeed' },
      },
    })
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 WaitStateEntered<3 TaskStateEntered<3 ' +
        'LambdaFunctionScheduled<5 LambdaFunctionStarted<6 LambdaFunctionFailed<7 TaskStateAborted<8 WaitStateAborted<4 ' +
        'ParallelStateFailed<8 ParallelStateExited<11 SucceedStateEntered<12 SucceedStateExited<13 ExecutionSucceeded<14',
    )
  })

  it('ends the execution where a branch has a runtime error, which nothing catches', async () => {
    const { start, history, engine } = testEngine()
    const arn = await start(
      {
        StartAt: 'P',
        States: {
          P: {
            Type: 'Parallel',
            Branches: [{ StartAt: 'B', States: { B: { Type: 'Pass', Parameters: { 'm.$': '$.nope' }, End: true } } }],
            Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }],
            End: true,
          },
          Done: { Type: 'Succeed' },
        },
      },
      { x: 'a' },
    )
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 PassStateEntered<3 ExecutionFailed<4',
    )
    expect(await engine.describeExecution(arn)).toMatchObject({ error: 'States.Runtime' })
  })

  it('keeps the order of its branches, whichever ends first', async () => {
    const { start, engine, pass } = testEngine()
    const wait = (seconds: number) => ({
      StartAt: `W${seconds}`,
      States: {
        [`W${seconds}`]: { Type: 'Wait', Seconds: seconds, Next: `R${seconds}` },
        [`R${seconds}`]: { Type: 'Pass', Result: seconds, End: true },
      },
    })
    const arn = await start({
      StartAt: 'P',
      States: { P: { Type: 'Parallel', Branches: [wait(3), wait(1), wait(2)], End: true } },
    })
    await pass(3000)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '[3,1,2]' })
  })
})

describe('a Catch rule that fails itself', () => {
  it('fails its state a second time, from before the first', async () => {
    const { start, history, engine } = testEngine()
    const arn = await start(
      {
        QueryLanguage: 'JSONata',
        StartAt: 'P',
        States: {
          P: {
            Type: 'Parallel',
            Branches: [{ StartAt: 'Boom', States: { Boom: { Type: 'Fail', Error: 'MyError', Cause: 'my cause' } } }],
            Catch: [{ ErrorEquals: ['States.ALL'], Output: { v: '{% $states.input.missing %}' }, Next: 'Done' }],
            End: true,
          },
          Done: { Type: 'Pass', End: true },
        },
      },
      { x: 'a' },
    )
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 FailStateEntered<3 ParallelStateFailed<4 ' +
        'EvaluationFailed<4 ParallelStateFailed<6 ExecutionFailed<7',
    )
    expect(await engine.describeExecution(arn)).toMatchObject({ error: 'States.QueryEvaluationError' })
  })

  it('ends in the branch around it', async () => {
    const { start, history, pass } = testEngine()
    const arn = await start({
      QueryLanguage: 'JSONata',
      StartAt: 'M',
      States: {
        M: {
          Type: 'Map',
          Items: '{% [1] %}',
          ItemProcessor: {
            StartAt: 'T',
            States: {
              T: {
                Type: 'Task',
                Resource: `${LAMBDA}missing`,
                Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.input.missing %}', Next: 'P' }],
                End: true,
              },
              P: { Type: 'Pass', End: true },
            },
          },
          Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'Done' }],
          End: true,
        },
        Done: { Type: 'Succeed' },
      },
    })
    await pass(0)
    expect((await history(arn)).map(({ type }) => type).slice(4)).toEqual([
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'EvaluationFailed',
      'MapIterationFailed',
      'MapStateFailed',
      'MapStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ])
  })
})

describe('an INLINE Map state', () => {
  const map = (more: object, processor: object) => ({
    StartAt: 'M',
    States: { M: { Type: 'Map', ItemsPath: '$.items', ItemProcessor: processor, End: true, ...more } },
  })

  it('exits from its start over no items', async () => {
    const { start, history } = testEngine()
    const arn = await start(map({}, { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } }), { items: [] })
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 MapStateEntered<0 MapStateStarted<2 MapStateSucceeded<3 MapStateExited<3 ExecutionSucceeded<5',
    )
  })

  it('runs as many iterations at one time as MaxConcurrency says', async () => {
    const { start, engine, functions, pass } = testEngine()
    let running = 0
    let most = 0
    functions.set('slow', async (event) => {
      running++
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return event
    })
    const arn = await start(
      map(
        { MaxConcurrency: 3 },
        { StartAt: 'T', States: { T: { Type: 'Task', Resource: `${LAMBDA}slow`, End: true } } },
      ),
      { items: [1, 2, 3, 4, 5, 6, 7, 8] },
    )
    await pass(0)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '[1,2,3,4,5,6,7,8]' })
    expect(most).toBe(3)
  })

  it('fails with the failure of an iteration, aborting the others', async () => {
    const { start, history, pass } = testEngine()
    const arn = await start(
      map(
        {},
        {
          StartAt: 'C',
          States: {
            C: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'F' }], Default: 'W' },
            W: { Type: 'Wait', Seconds: 9, End: true },
            F: { Type: 'Fail', Error: 'E' },
          },
        },
      ),
      { items: [1, 2] },
    )
    await pass(10_000)
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 MapStateEntered<0 MapStateStarted<2 MapIterationStarted<3 MapIterationStarted<3 ' +
        'ChoiceStateEntered<4 ChoiceStateExited<6 ChoiceStateEntered<5 ChoiceStateExited<8 WaitStateEntered<7 ' +
        'FailStateEntered<9 MapIterationFailed<11 WaitStateAborted<10 MapIterationAborted<10 MapStateFailed<11 ExecutionFailed<15',
    )
  })

  it('carries 0, false, "", null and odd keys unchanged', async () => {
    const { start, engine } = testEngine()
    const items = [0, false, '', null, { __proto__x: 1, '': 2, 'a.b': 3 }, JSON.parse('{"__proto__":{"x":1}}')]
    const arn = await start(map({}, { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } }), { items })
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify(items) })
  })
})
