import { describe, expect, it } from 'vitest'
import { chain, testEngine } from '../support/workflowEngine.ts'

function working(more: object = {}) {
  const test = testEngine()
  const activityArn = test.machines.addActivity('work')
  const definition = { StartAt: 'T', States: { T: { Type: 'Task', Resource: activityArn, End: true, ...more } } }
  return { ...test, activityArn, definition }
}

describe('an activity', () => {
  it('hands work to a worker that asks later', async () => {
    const { engine, activityArn, start, definition, history } = working()
    const arn = await start(definition, { n: 1 })
    expect(engine.statistics().resident).toBe(0)
    const task = await engine.getActivityTask({ activityArn, workerName: 'me' })
    expect(task).toEqual({ taskToken: expect.any(String), input: '{"n":1}' })
    await engine.sendTaskSuccess({ taskToken: task?.taskToken ?? '', output: '2' })
    await engine.idle()
    const events = await history(arn)
    expect(chain(events)).toBe(
      'ExecutionStarted<0 TaskStateEntered<0 ActivityScheduled<2 ActivityStarted<3 ActivitySucceeded<4 TaskStateExited<5 ExecutionSucceeded<6',
    )
    expect(events[3]).toMatchObject({ activityStartedEventDetails: { workerName: 'me' } })
  })

  it('hands work to a worker that has been waiting', async () => {
    const { engine, activityArn, start, definition } = working()
    const asked = engine.getActivityTask({ activityArn })
    await start(definition, { n: 2 })
    expect(await asked).toMatchObject({ input: '{"n":2}' })
  })

  it('gives each task to one worker, the oldest first', async () => {
    const { engine, activityArn, start, definition } = working()
    for (const n of [1, 2, 3]) await start(definition, n)
    const tasks = await Promise.all(Array.from({ length: 3 }, () => engine.getActivityTask({ activityArn })))
    expect(tasks.map((task) => task?.input)).toEqual(['1', '2', '3'])
  })

  it('answers nothing after a minute without work', async () => {
    const { engine, activityArn, pass } = working()
    const asked = engine.getActivityTask({ activityArn })
    await pass(60_000)
    expect(await asked).toBeUndefined()
  })

  it('answers nothing when the worker goes away, and keeps the work for the next', async () => {
    const { engine, activityArn, start, definition } = working()
    const controller = new AbortController()
    const asked = engine.getActivityTask({ activityArn, signal: controller.signal })
    controller.abort()
    expect(await asked).toBeUndefined()
    await start(definition, 'kept')
    expect(await engine.getActivityTask({ activityArn })).toMatchObject({ input: '"kept"' })
  })

  it('times out while nobody takes the work, which then cannot be taken', async () => {
    const { engine, activityArn, start, definition, pass, types } = working({ TimeoutSeconds: 5 })
    const arn = await start(definition)
    await pass(5_000)
    expect(await types(arn)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'ActivityScheduled',
      'ActivityTimedOut',
      'ExecutionFailed',
    ])
    const asked = engine.getActivityTask({ activityArn, waitMilliseconds: 10 })
    await pass(10)
    expect(await asked).toBeUndefined()
  })

  it('is unknown when it has not been created', async () => {
    const { engine } = working()
    await expect(
      engine.getActivityTask({ activityArn: 'arn:aws:states:us-east-1:1:activity:no' }),
    ).rejects.toMatchObject({
      code: 'ActivityDoesNotExist',
    })
  })

  it('refuses the worker after the thousandth that waits', async () => {
    const { engine, activityArn, pass } = working()
    const polls = Array.from({ length: 1000 }, () => engine.getActivityTask({ activityArn }))
    await expect(engine.getActivityTask({ activityArn })).rejects.toMatchObject({ code: 'ActivityWorkerLimitExceeded' })
    await pass(60_000)
    expect(await Promise.all(polls)).toEqual(polls.map(() => undefined))
  })
})
