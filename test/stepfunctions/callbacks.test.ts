import { describe, expect, it } from 'vitest'
import { chain, testEngine } from '../support/workflowEngine.ts'

const machine = (more: object = {}) => ({
  StartAt: 'T',
  States: {
    T: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Parameters: { FunctionName: 'ask', Payload: { 'token.$': '$$.Task.Token' } },
      End: true,
      ...more,
    },
  },
})

function asking(more: object = {}) {
  const test = testEngine()
  const tokens: string[] = []
  test.functions.set('ask', (event) => {
    tokens.push((event as { token: string }).token)
    return 'asked'
  })
  return { ...test, tokens, run: () => test.start(machine(more)) }
}

describe('a task that waits for its token', () => {
  it('ends with what the token comes back with', async () => {
    const { engine, tokens, run, history } = asking()
    const arn = await run()
    expect(engine.statistics().resident).toBe(0)
    await engine.sendTaskSuccess({ taskToken: tokens[0] ?? '', output: '{"yes":true}' })
    await engine.idle()
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '{"yes":true}' })
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 TaskStateEntered<0 TaskScheduled<2 TaskStarted<3 TaskSubmitted<4 TaskSucceeded<5 TaskStateExited<6 ExecutionSucceeded<7',
    )
  })

  it('fails with the error that the token comes back with', async () => {
    const { engine, tokens, run } = asking()
    const arn = await run()
    await engine.sendTaskFailure({ taskToken: tokens[0] ?? '', error: 'No', cause: 'because' })
    await engine.idle()
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'No', cause: 'because' })
  })

  it('takes a token that comes back before its call has been answered', async () => {
    const test = testEngine()
    test.functions.set('ask', async (event) => {
      await test.engine.sendTaskSuccess({ taskToken: (event as { token: string }).token, output: '1' })
      return 'asked'
    })
    const arn = await test.start(machine())
    await test.pass(0)
    expect(await test.types(arn)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ])
  })

  it('lets the first answer win', async () => {
    const { engine, tokens, run } = asking()
    const arn = await run()
    const taskToken = tokens[0] ?? ''
    const answers = await Promise.allSettled([
      engine.sendTaskSuccess({ taskToken, output: '1' }),
      engine.sendTaskFailure({ taskToken, error: 'No' }),
      engine.sendTaskSuccess({ taskToken, output: '2' }),
    ])
    await engine.idle()
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '1' })
    await expect(engine.sendTaskSuccess({ taskToken, output: '3' })).rejects.toMatchObject({ code: 'TaskTimedOut' })
  })

  it('refuses tokens that were never made, and outputs that are no JSON or too large', async () => {
    const { engine, tokens, run } = asking()
    await run()
    const taskToken = tokens[0] ?? ''
    const bytes = Buffer.from(taskToken, 'base64')
    bytes[12] = (bytes[12] ?? 0) ^ 1
    for (const forged of ['', 'x', 'Invalid token', bytes.toString('base64'), `${taskToken}=`]) {
      await expect(engine.sendTaskSuccess({ taskToken: forged, output: '1' })).rejects.toMatchObject({
        code: 'InvalidToken',
        message: "Invalid Token: 'Invalid token'",
      })
    }
    await expect(engine.sendTaskSuccess({ taskToken, output: '{' })).rejects.toMatchObject({ code: 'InvalidOutput' })
    await expect(
      engine.sendTaskSuccess({ taskToken, output: JSON.stringify('x'.repeat(262_144)) }),
    ).rejects.toMatchObject({ code: 'InvalidOutput' })
  })

  it('times out, and its token with it', async () => {
    const { engine, tokens, run, pass, history } = asking({ TimeoutSeconds: 30 })
    const arn = await run()
    await pass(29_999)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'RUNNING' })
    await pass(1)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' })
    expect((await history(arn)).at(-2)).toMatchObject({
      type: 'TaskTimedOut',
      taskTimedOutEventDetails: {
        resourceType: 'lambda',
        resource: 'invoke.waitForTaskToken',
        error: 'States.Timeout',
      },
    })
    await expect(engine.sendTaskSuccess({ taskToken: tokens[0] ?? '', output: '1' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    })
  })

  it('lives as long as heartbeats come', async () => {
    const definition = machine({
      HeartbeatSeconds: 10,
      Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Late' }],
    })
    Object.assign(definition.States, { Late: { Type: 'Pass', Result: 'late', End: true } })
    const test = testEngine()
    const given: string[] = []
    test.functions.set('ask', (event) => void given.push((event as { token: string }).token))
    const arn = await test.start(definition)
    for (let beat = 0; beat < 5; beat++) {
      await test.pass(9_000)
      await test.engine.sendTaskHeartbeat({ taskToken: given[0] ?? '' })
    }
    expect(await test.engine.describeExecution(arn)).toMatchObject({ status: 'RUNNING' })
    await test.pass(10_000)
    expect(await test.engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '"late"' })
  })

  it('ends the attempt that its token was made for, not the next one', async () => {
    const { engine, tokens, run, pass } = asking({
      TimeoutSeconds: 5,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 1 }],
    })
    const arn = await run()
    await pass(6_000)
    expect(tokens).toHaveLength(2)
    await expect(engine.sendTaskSuccess({ taskToken: tokens[0] ?? '', output: '1' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    })
    await engine.sendTaskSuccess({ taskToken: tokens[1] ?? '', output: '2' })
    await engine.idle()
    expect(await engine.describeExecution(arn)).toMatchObject({ output: '2' })
  })
})
