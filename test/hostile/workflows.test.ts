import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import { testEngine } from '../support/workflowEngine.ts'
import { testMachines } from '../support/workflowMachines.ts'

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:'
const PASS = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } }
const LOOP = {
  StartAt: 'A',
  States: {
    A: { Type: 'Choice', Choices: [{ Variable: '$.end', IsPresent: true, Next: 'C' }], Default: 'B' },
    B: { Type: 'Pass', Next: 'A' },
    C: { Type: 'Succeed' },
  },
}

/** The longest time that the event loop was not asked while `work` ran, in milliseconds. */
async function longestHold(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const look = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const timer = setInterval(look, 1)
  await work()
  look()
  clearInterval(timer)
  return longest
}

describe('waiting', () => {
  const until = (seconds: unknown) => ({
    StartAt: 'W',
    States: { W: { Type: 'Wait', ...(seconds as object), End: true } },
  })

  it('lasts as long as a definition may say, and no longer', async () => {
    const { start, engine, pass } = testEngine()
    const longest = await start(until({ Seconds: 99_999_999 }))
    await pass(99_999_998_000)
    expect(await engine.describeExecution(longest)).toMatchObject({ status: 'RUNNING' })
    await pass(1000)
    expect(await engine.describeExecution(longest)).toMatchObject({ status: 'SUCCEEDED' })
  })

  it('is over at once for a time in the past, and refused for one too far away', async () => {
    const { start, engine } = testEngine()
    const past = await start(until({ Timestamp: '1999-01-01T00:00:00Z' }))
    expect(await engine.describeExecution(past)).toMatchObject({ status: 'SUCCEEDED' })
    const far = await start(until({ Timestamp: '9999-12-31T23:59:59Z' }))
    expect(await engine.describeExecution(far)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' })
  })
})

describe('a loop without an end', () => {
  it('stops at 25,000 events while its neighbours keep their pace', async () => {
    const path = mkdtempSync(join(tmpdir(), 'sidestage-loop-'))
    const folder = openDataFolder(path)
    const machines = testMachines()
    const engine = createWorkflowEngine({ folder, machines, compile: compileStateMachine })
    const loop = machines.add('loop', LOOP)
    const pass = machines.add('pass', PASS)
    const looping: string[] = []
    const longest = await longestHold(async () => {
      for (let index = 0; index < 5; index++) {
        looping.push((await engine.startExecution({ stateMachineArn: loop })).executionArn)
      }
      for (let index = 0; index < 20; index++) {
        const before = performance.now()
        await engine.startExecution({ stateMachineArn: pass })
        expect(performance.now() - before).toBeLessThan(500)
      }
      await engine.idle()
    })
    expect(longest).toBeLessThan(200)
    for (const executionArn of looping) {
      expect(await engine.describeExecution(executionArn)).toMatchObject({
        status: 'FAILED',
        error: 'States.Runtime',
        cause: 'The execution reached the maximum number of history events (25000).',
      })
    }
    await engine.close()
    folder.close()
    rmSync(path, { recursive: true })
  })

  it('inside a Map ends it too', async () => {
    const { start, engine } = testEngine()
    const arn = await start(
      {
        StartAt: 'M',
        States: { M: { Type: 'Map', ItemsPath: '$.items', ItemProcessor: LOOP, End: true } },
      },
      { items: [{}, {}, {}] },
    )
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' })
    const { items } = await engine.getExecutionHistory({ executionArn: arn, maxResults: 30_000 })
    expect(items.length).toBeLessThanOrEqual(25_000)
    expect(items.at(-1)?.type).toBe('ExecutionFailed')
  })

  it('of EXPRESS ends with its five minutes', async () => {
    const { engine, machines, clock } = testEngine()
    const stateMachineArn = machines.add('m', LOOP, 'EXPRESS')
    const running = engine.startSyncExecution({ stateMachineArn })
    await clock.advance(300_000)
    expect(await running).toMatchObject({ status: 'TIMED_OUT' })
  })
})

describe('payloads', () => {
  it('over 256 KB fail their state with States.DataLimitExceeded', async () => {
    const { start, engine, functions } = testEngine()
    functions.set('big', () => 'x'.repeat(262_143))
    const task = (more: object, states: object = {}) => ({
      StartAt: 'T',
      States: { T: { Type: 'Task', Resource: `${LAMBDA}big`, End: true, ...more }, ...states },
    })
    expect(await engine.describeExecution(await start(task({})))).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
    })
    const caught = await start(
      task(
        { Catch: [{ ErrorEquals: ['States.DataLimitExceeded'], Next: 'C' }] },
        { C: { Type: 'Pass', Result: 'caught', End: true } },
      ),
    )
    expect(await engine.describeExecution(caught)).toMatchObject({ output: '"caught"' })
    functions.set('big', () => 'x'.repeat(262_142))
    expect(await engine.describeExecution(await start(task({})))).toMatchObject({ status: 'SUCCEEDED' })
  })

  it('that double at each state end where they grow too large', async () => {
    const { start, engine } = testEngine()
    const arn = await start(
      {
        StartAt: 'A',
        States: {
          A: { Type: 'Pass', Parameters: { 'a.$': '$', 'b.$': '$' }, Next: 'B' },
          B: { Type: 'Choice', Choices: [{ Variable: '$.end', IsPresent: true, Next: 'C' }], Default: 'A' },
          C: { Type: 'Succeed' },
        },
      },
      { text: 'x'.repeat(1000) },
    )
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' })
  })

  it('with the keys of prototypes are carried as they are', async () => {
    const { engine, machines } = testEngine()
    const input = '{"__proto__":{"polluted":true},"constructor":1,"":0,"a.b":{"hasOwnProperty":null}}'
    const stateMachineArn = machines.add('m', PASS)
    const { executionArn } = await engine.startExecution({ stateMachineArn, input })
    await engine.idle()
    const { items } = await engine.getExecutionHistory({ executionArn })
    expect(items.at(-1)).toMatchObject({ executionSucceededEventDetails: { output: input } })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('a Map within a Parallel within a Map', () => {
  it('leaves no timer and no execution behind when it is stopped', async () => {
    const { start, engine, clock } = testEngine()
    const wait = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1000, End: true } } }
    const timers = clock.timers
    const arn = await start(
      {
        StartAt: 'M',
        States: {
          M: {
            Type: 'Map',
            ItemsPath: '$.items',
            ItemProcessor: {
              StartAt: 'P',
              States: {
                P: {
                  Type: 'Parallel',
                  Branches: [
                    wait,
                    {
                      StartAt: 'N',
                      States: {
                        N: {
                          Type: 'Map',
                          ItemsPath: '$$.Execution.Input.items',
                          ItemProcessor: { StartAt: 'V', States: { V: { Type: 'Wait', Seconds: 500, End: true } } },
                          End: true,
                        },
                      },
                    },
                  ],
                  End: true,
                },
              },
            },
            End: true,
          },
        },
      },
      { items: [1, 2, 3] },
    )
    await engine.stopExecution({ executionArn: arn })
    await engine.idle()
    expect(engine.statistics().resident).toBe(0)
    expect(clock.timers).toBeLessThanOrEqual(timers + 1)
    expect(await engine.describeExecution(arn)).toMatchObject({ status: 'ABORTED' })
  })
})
