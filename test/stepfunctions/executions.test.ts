import { describe, expect, it } from 'vitest'
import type { WorkflowChange } from '../../src/stepfunctions/engine.ts'
import { chain, testEngine } from '../support/workflowEngine.ts'

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:'
const PASS = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } }
const wait = (Seconds: number) => ({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds, End: true } } })

describe('starting an execution', () => {
  it('is idempotent by name and input while it runs', async () => {
    const { engine, machines } = testEngine()
    const stateMachineArn = machines.add('m', wait(60))
    const start = (input: string) => engine.startExecution({ stateMachineArn, name: 'n', input })
    const first = await start('{"a":1}')
    expect(await start('{ "a": 1 }')).toEqual(first)
    await expect(start('{"a":2}')).rejects.toMatchObject({
      code: 'ExecutionAlreadyExists',
      message: `Execution Already Exists: '${first.executionArn}'`,
    })
  })

  it('refuses a name whose execution has ended', async () => {
    const { engine, machines } = testEngine()
    const stateMachineArn = machines.add('m', PASS)
    await engine.startExecution({ stateMachineArn, name: 'n' })
    await engine.idle()
    await expect(engine.startExecution({ stateMachineArn, name: 'n' })).rejects.toMatchObject({
      code: 'ExecutionAlreadyExists',
    })
  })

  it('makes one execution of a thousand starts with one name', async () => {
    const { engine, machines } = testEngine()
    const stateMachineArn = machines.add('m', wait(60))
    const all = await Promise.all(
      Array.from({ length: 1000 }, () => engine.startExecution({ stateMachineArn, name: 'n' })),
    )
    expect(new Set(all.map(({ executionArn, startDate }) => `${executionArn} ${startDate}`)).size).toBe(1)
    expect(engine.listExecutions({ stateMachineArn }).items).toHaveLength(1)
  })

  it('refuses machines that do not exist', async () => {
    const { engine } = testEngine()
    const stateMachineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:no'
    await expect(engine.startExecution({ stateMachineArn })).rejects.toMatchObject({
      code: 'StateMachineDoesNotExist',
      message: `State Machine Does Not Exist: '${stateMachineArn}'`,
    })
  })
})

describe('a Wait', () => {
  it('holds nothing in memory for as long as it lasts', async () => {
    const { engine, start, pass } = testEngine()
    const arn = await start(wait(31_536_000))
    expect(engine.statistics().resident).toBe(0)
    await pass(31_536_000_000 - 1)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'RUNNING' })
    await pass(1)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED' })
  })

  it('ends in order of the times, thousands at one time', async () => {
    const { engine, machines, pass } = testEngine()
    const stateMachineArn = machines.add('m', {
      StartAt: 'W',
      States: { W: { Type: 'Wait', SecondsPath: '$.s', End: true } },
    })
    for (let s = 0; s < 2500; s++) await engine.startExecution({ stateMachineArn, input: `{"s":${100 + (s % 50)}}` })
    await engine.idle()
    expect(engine.statistics().resident).toBe(0)
    await pass(124_000)
    expect(engine.listExecutions({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1000 }).items).toHaveLength(
      1000,
    )
    await pass(26_000)
    expect(engine.listExecutions({ stateMachineArn, statusFilter: 'RUNNING' }).items).toEqual([])
  })

  it('is shortened by the time scale', async () => {
    const { engine, start, pass } = testEngine({ timeScale: 60 })
    const arn = await start(wait(60))
    await pass(999)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'RUNNING' })
    await pass(1)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED' })
  })

  it('neither ends early nor is lost when the clock is set', async () => {
    const { engine, start, pass, clock } = testEngine()
    const arn = await start(wait(3600))
    clock.jump(-3_600_000)
    await pass(3_600_000)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'RUNNING' })
    clock.jump(86_400_000)
    await pass(0)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED' })
  })
})

describe('stopping an execution', () => {
  it('aborts it, once', async () => {
    const { engine, start, history } = testEngine()
    const arn = await start(wait(60))
    const { stopDate } = await engine.stopExecution({ executionArn: arn, error: 'Stopped', cause: 'by me' })
    expect(await engine.stopExecution({ executionArn: arn })).toEqual({ stopDate })
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'ABORTED', error: 'Stopped', cause: 'by me' })
    expect(chain(await history(arn))).toBe('ExecutionStarted<0 WaitStateEntered<0 ExecutionAborted<0')
  })

  it('aborts the calls of its tasks', async () => {
    const { engine, start, functions } = testEngine()
    let aborted: AbortSignal | undefined
    let called = (): void => {}
    const calling = new Promise<void>((resolve) => {
      called = resolve
    })
    functions.set('hang', (_, signal) => {
      aborted = signal
      called()
      return new Promise(() => {})
    })
    const definition = { StartAt: 'T', States: { T: { Type: 'Task', Resource: `${LAMBDA}hang`, End: true } } }
    const started = start(definition)
    await calling
    const [item] = engine.listExecutions({
      stateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:machine1',
    }).items
    await engine.stopExecution({ executionArn: item?.executionArn ?? '' })
    await started
    expect(aborted?.aborted).toBe(true)
  })
})

describe('time outs', () => {
  it('end the execution at its TimeoutSeconds', async () => {
    const { engine, start, pass, history } = testEngine()
    const arn = await start({ ...wait(60), TimeoutSeconds: 10 })
    await pass(10_000)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'TIMED_OUT' })
    expect(chain(await history(arn))).toBe('ExecutionStarted<0 WaitStateEntered<0 ExecutionTimedOut<0')
  })
})

describe('retrying', () => {
  const failing = (retry: object) => ({
    StartAt: 'T',
    States: {
      T: { Type: 'Task', Resource: `${LAMBDA}fail`, Retry: [{ ErrorEquals: ['States.ALL'], ...retry }], End: true },
    },
  })

  it('waits longer each time, up to MaxDelaySeconds', async () => {
    const { start, functions, clock, pass } = testEngine()
    const times: number[] = []
    functions.set('fail', () => {
      times.push(clock.now())
      throw new Error('no')
    })
    await start(failing({ IntervalSeconds: 1, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 10 }))
    await pass(60_000)
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 1000, 4000, 13_000, 23_000])
  })

  it('is spread by full jitter', async () => {
    const { start, functions, clock, pass } = testEngine({ random: () => 0.25 })
    const times: number[] = []
    functions.set('fail', () => {
      times.push(clock.now())
      throw new Error('no')
    })
    await start(failing({ IntervalSeconds: 8, MaxAttempts: 1, JitterStrategy: 'FULL' }))
    await pass(60_000)
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 2000])
  })

  it('computes with the largest values that a definition may have', async () => {
    const { start, engine, functions, pass } = testEngine()
    functions.set('fail', () => {
      throw new Error('no')
    })
    const arn = await start(failing({ IntervalSeconds: 99_999_999, BackoffRate: 1000, MaxAttempts: 99_999_999 }))
    await pass(99_999_999_000 * 2)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'RUNNING' })
  })
})

describe('redriving', () => {
  it('goes on with the state that failed', async () => {
    const { engine, start, functions, history } = testEngine()
    let broken = true
    functions.set('maybe', (event) => {
      if (broken) throw new Error('broken')
      return event
    })
    const arn = await start({
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Result: 1, Next: 'T' },
        T: { Type: 'Task', Resource: `${LAMBDA}maybe`, End: true },
      },
    })
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', redriveStatus: 'REDRIVABLE' })
    broken = false
    await engine.redriveExecution({ executionArn: arn })
    await engine.idle()
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '1', redriveCount: 1 })
    expect((await history(arn)).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionFailed',
      'ExecutionFailed',
      'ExecutionRedriven',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ])
  })

  it('runs only the branches of a Parallel again that had not ended', async () => {
    const { engine, start, functions, pass } = testEngine()
    const calls: string[] = []
    let broken = true
    for (const name of ['good', 'bad']) {
      functions.set(name, () => {
        calls.push(name)
        if (name === 'bad' && broken) throw new Error('broken')
        return name
      })
    }
    const task = (name: string) => ({ [name]: { Type: 'Task', Resource: `${LAMBDA}${name}`, End: true } })
    const arn = await start({
      StartAt: 'P',
      States: {
        P: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'good', States: task('good') },
            { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 5, Next: 'bad' }, ...task('bad') } },
          ],
          End: true,
        },
      },
    })
    await pass(5000)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'FAILED' })
    broken = false
    await engine.redriveExecution({ executionArn: arn })
    await pass(0)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '["good","bad"]' })
    expect(calls).toEqual(['good', 'bad', 'bad'])
  })

  it('is refused for what runs or has succeeded', async () => {
    const { engine, start } = testEngine()
    for (const [definition, status] of [
      [wait(60), 'RUNNING'],
      [PASS, 'SUCCEEDED'],
    ] as const) {
      await expect(engine.redriveExecution({ executionArn: await start(definition) })).rejects.toMatchObject({
        code: 'ExecutionNotRedrivable',
        message: `Execution is ${status} and cannot be redriven`,
      })
    }
  })
})

describe('EXPRESS executions', () => {
  it('answer synchronously', async () => {
    const { engine, machines } = testEngine()
    const stateMachineArn = machines.add('e', PASS, 'EXPRESS')
    const result = await engine.startSyncExecution({ stateMachineArn, input: '{"a":1}', name: 'n' })
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      input: '{"a":1}',
      output: '{"a":1}',
      name: 'n',
      executionArn: expect.stringMatching(/:express:e:n:[0-9a-f-]{36}$/),
      billingDetails: { billedMemoryUsedInMB: 64, billedDurationInMilliseconds: 100 },
    })
    expect(engine.statistics().resident).toBe(0)
  })

  it('end after five minutes', async () => {
    const { engine, machines, pass } = testEngine()
    const stateMachineArn = machines.add('e', wait(400), 'EXPRESS')
    const running = engine.startSyncExecution({ stateMachineArn })
    await pass(300_000)
    expect(await running).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' })
  })

  it('may have the same name at the same time', async () => {
    const { engine, machines } = testEngine()
    const stateMachineArn = machines.add('e', PASS, 'EXPRESS')
    const start = () => engine.startExecution({ stateMachineArn, name: 'n' })
    const [first, second] = await Promise.all([start(), start()])
    expect(first.executionArn).not.toBe(second.executionArn)
  })

  it('are started synchronously only where they are EXPRESS', async () => {
    const { engine, machines } = testEngine()
    await expect(engine.startSyncExecution({ stateMachineArn: machines.add('s', PASS) })).rejects.toMatchObject({
      code: 'StateMachineTypeNotSupported',
    })
  })
})

describe('listening', () => {
  it('tells every event once and in order, with the statuses', async () => {
    const { engine, machines } = testEngine()
    const stateMachineArn = machines.add('m', PASS)
    const changes: WorkflowChange[] = []
    const stop = engine.subscribe({ stateMachineArn }, (change) => changes.push(change))
    await engine.startExecution({ stateMachineArn })
    await engine.idle()
    stop()
    await engine.startExecution({ stateMachineArn })
    await engine.idle()
    expect(changes.flatMap(({ events }) => events.map(({ id }) => id))).toEqual([1, 2, 3, 4])
    expect(changes.at(-1)).toMatchObject({ statusChanged: true, execution: { status: 'SUCCEEDED' } })
  })
})

describe('the history', () => {
  it('ends at 25,000 events with the failure of the execution', { timeout: 20_000 }, async () => {
    const { engine, start, history } = testEngine()
    const arn = await start({
      StartAt: 'A',
      States: {
        A: { Type: 'Choice', Choices: [{ Variable: '$.end', IsPresent: true, Next: 'C' }], Default: 'B' },
        B: { Type: 'Pass', Next: 'A' },
        C: { Type: 'Succeed' },
      },
    })
    expect(await engine.describeExecution(arn)).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'The execution reached the maximum number of history events (25000).',
    })
    const events = await history(arn)
    expect(events).toHaveLength(25_000)
    expect(events.at(-1)).toMatchObject({ id: 25_000, type: 'ExecutionFailed' })
  })

  it('comes in pages, in both directions, with or without data', async () => {
    const { engine, start } = testEngine()
    const arn = await start(PASS, { secret: 1 })
    const page = await engine.getExecutionHistory({ executionArn: arn, maxResults: 3 })
    expect(page.items.map(({ id }) => id)).toEqual([1, 2, 3])
    const rest = await engine.getExecutionHistory({ executionArn: arn, maxResults: 3, after: page.next ?? 0 })
    expect([rest.items.map(({ id }) => id), rest.next]).toEqual([[4], undefined])
    const reverse = await engine.getExecutionHistory({
      executionArn: arn,
      reverseOrder: true,
      includeExecutionData: false,
    })
    expect(reverse.items.map(({ id }) => id)).toEqual([4, 3, 2, 1])
    expect(JSON.stringify(reverse)).not.toContain('secret')
  })
})

describe('listing executions', () => {
  it('goes from the newest to the oldest, by status, by redrive, in pages', async () => {
    const { engine, machines, pass } = testEngine()
    const stateMachineArn = machines.add('m', {
      StartAt: 'C',
      States: {
        C: { Type: 'Choice', Choices: [{ Variable: '$.fail', BooleanEquals: true, Next: 'F' }], Default: 'W' },
        F: { Type: 'Fail' },
        W: { Type: 'Wait', SecondsPath: '$.wait', End: true },
      },
    })
    machines.add('other', PASS)
    const inputs = ['{"fail":false,"wait":0}', '{"fail":true}', '{"fail":false,"wait":99}', '{"fail":true}']
    for (const [index, input] of inputs.entries()) {
      await engine.startExecution({ stateMachineArn, name: `e${index}`, input })
    }
    await pass(0)
    const names = (options: object): string[] =>
      engine.listExecutions({ stateMachineArn, ...options }).items.map(({ name }) => name)
    expect(names({})).toEqual(['e3', 'e2', 'e1', 'e0'])
    expect(names({ statusFilter: 'FAILED' })).toEqual(['e3', 'e1'])
    expect(names({ statusFilter: 'RUNNING' })).toEqual(['e2'])
    const first = engine.listExecutions({ stateMachineArn, maxResults: 3 })
    expect(first.items.map(({ name }) => name)).toEqual(['e3', 'e2', 'e1'])
    expect(names({ maxResults: 3, after: first.next })).toEqual(['e0'])
    const [failed] = engine.listExecutions({ stateMachineArn, statusFilter: 'FAILED' }).items
    await engine.redriveExecution({ executionArn: failed?.executionArn ?? '' })
    await engine.idle()
    expect(names({ redriveFilter: 'REDRIVEN' })).toEqual(['e3'])
    expect(names({ redriveFilter: 'NOT_REDRIVEN' })).toEqual(['e2', 'e1', 'e0'])
  })

  it('removes what has been closed for ninety days, whose names can be used again', async () => {
    const { engine, machines, pass } = testEngine()
    const stateMachineArn = machines.add('m', PASS)
    const running = machines.add('w', wait(99_999_999))
    const start = () => engine.startExecution({ stateMachineArn, name: 'n' })
    await start()
    const { executionArn } = await engine.startExecution({ stateMachineArn: running })
    await pass(89 * 86_400_000)
    expect(engine.listExecutions({ stateMachineArn }).items).toHaveLength(1)
    await pass(2 * 86_400_000)
    expect(engine.listExecutions({ stateMachineArn }).items).toEqual([])
    await start()
    expect(await engine.describeExecution(executionArn)).toMatchObject({ status: 'RUNNING' })
  })
})
