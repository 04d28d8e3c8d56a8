import { describe, expect, it } from 'vitest'
import { chain, testEngine } from '../support/workflowEngine.ts'

const nested = (resource: string, stateMachineArn: string, more: object = {}) => ({
  StartAt: 'T',
  States: {
    T: {
      Type: 'Task',
      Resource: `arn:aws:states:::states:startExecution${resource}`,
      Parameters: { StateMachineArn: stateMachineArn, 'Input.$': '$' },
      End: true,
      ...more,
    },
  },
})

const WAIT = {
  StartAt: 'W',
  States: { W: { Type: 'Wait', Seconds: 60, Next: 'P' }, P: { Type: 'Pass', Result: { done: 1 }, End: true } },
}

describe('a nested execution', () => {
  it('is only started without .sync', async () => {
    const { machines, start, engine } = testEngine()
    const arn = await start(nested('', machines.add('child', WAIT)), { n: 1 })
    const { output } = await engine.describeExecution(arn)
    expect(JSON.parse(output ?? '')).toMatchObject({
      ExecutionArn: expect.stringContaining(':execution:child:'),
      StartDate: expect.any(Number),
    })
  })

  it('is waited for with .sync, with neither in memory meanwhile', async () => {
    const { machines, start, engine, pass, history } = testEngine()
    const arn = await start(nested('.sync', machines.add('child', WAIT)), { n: 1 })
    expect(engine.statistics().resident).toBe(0)
    await pass(60_000)
    const { status, output } = await engine.describeExecution(arn)
    expect(status).toBe('SUCCEEDED')
    expect(JSON.parse(output ?? '')).toMatchObject({ Status: 'SUCCEEDED', Input: '{"n":1}', Output: '{"done":1}' })
    expect(chain(await history(arn))).toBe(
      'ExecutionStarted<0 TaskStateEntered<0 TaskScheduled<2 TaskStarted<3 TaskSubmitted<4 TaskSucceeded<5 TaskStateExited<6 ExecutionSucceeded<7',
    )
  })

  it('hands its output on as JSON with .sync:2', async () => {
    const { machines, start, engine, pass } = testEngine()
    const arn = await start(nested('.sync:2', machines.add('child', WAIT)))
    await pass(60_000)
    const { output } = await engine.describeExecution(arn)
    expect(JSON.parse(output ?? '')).toMatchObject({ Output: { done: 1 }, Input: {} })
  })

  it('fails its task with States.TaskFailed and what it was', async () => {
    const { machines, start, engine } = testEngine()
    const child = machines.add('child', { StartAt: 'F', States: { F: { Type: 'Fail', Error: 'E', Cause: 'C' } } })
    const { error, cause } = await engine.describeExecution(await start(nested('.sync', child)))
    expect(error).toBe('States.TaskFailed')
    expect(JSON.parse(cause ?? '')).toMatchObject({ Status: 'FAILED', Error: 'E', Cause: 'C' })
  })

  it('is stopped with the execution that waits for it', async () => {
    const { machines, start, engine, history } = testEngine()
    const arn = await start(nested('.sync', machines.add('child', WAIT)))
    const submitted = (await history(arn)).find(({ type }) => type === 'TaskSubmitted')
    const details = submitted?.taskSubmittedEventDetails as { output: string }
    const child = (JSON.parse(details.output) as { ExecutionArn: string }).ExecutionArn
    expect(await engine.describeExecution(child)).toMatchObject({ status: 'RUNNING' })
    await engine.stopExecution({ executionArn: arn })
    await engine.idle()
    expect(await engine.describeExecution(child)).toMatchObject({ status: 'ABORTED' })
  })

  it('fails its task when there is no such machine', async () => {
    const { start, engine } = testEngine()
    const missing = 'arn:aws:states:us-east-1:123456789012:stateMachine:no'
    expect(await engine.describeExecution(await start(nested('.sync', missing)))).toMatchObject({
      status: 'FAILED',
      error: 'StepFunctions.StateMachineDoesNotExistException',
    })
  })
})
