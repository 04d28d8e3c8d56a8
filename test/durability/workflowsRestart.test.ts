import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import { virtualClock } from '../support/virtualClock.ts'
import { folderOver, memoryDatabase } from '../support/workflowFolder.ts'
import { testLambda, testMachines } from '../support/workflowMachines.ts'

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:'

/** A server that can lose its power: everything that was on the disk then is what the next one finds. */
function server(functions: Record<string, (event: unknown) => unknown> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sidestage-restart-'))
  folders.push(folder)
  const machines = testMachines()
  const clock = virtualClock()
  let database = memoryDatabase()
  let copies = 0
  const open = () =>
    createWorkflowEngine({
      folder: folderOver(database),
      machines,
      compile: compileStateMachine,
      clock,
      integrations: { lambda: testLambda((name) => functions[name]) },
    })
  const self = {
    machines,
    engine: open(),
    pass: (milliseconds: number) => clock.advance(milliseconds, () => self.engine.idle()),
    /** Takes what is on the disk to a new server; the old one is left as a killed process leaves it: unheard. */
    async crash() {
      const file = join(folder, `${++copies}.sqlite`)
      database.exec(`VACUUM INTO '${file}'`)
      const old = self.engine
      database = new DatabaseSync(file)
      self.engine = open()
      await old.close()
      await self.pass(0)
    },
    async start(stateMachineArn: string, input: unknown = {}) {
      const { executionArn } = await self.engine.startExecution({ stateMachineArn, input: JSON.stringify(input) })
      await self.engine.idle()
      return executionArn
    },
  }
  return self
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

describe('after a crash', () => {
  it('a token still ends its task', async () => {
    let token = ''
    const s = server({
      ask: (event) => {
        token = (event as { token: string }).token
      },
    })
    const arn = await s.start(
      s.machines.add('m', {
        StartAt: 'T',
        States: {
          T: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
            Parameters: { FunctionName: 'ask', Payload: { 'token.$': '$$.Task.Token' } },
            End: true,
          },
        },
      }),
    )
    await s.crash()
    await s.engine.sendTaskSuccess({ taskToken: token, output: '1' })
    await s.pass(0)
    expect(await s.engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '1' })
  })

  it('an activity still has its work', async () => {
    const s = server()
    const activityArn = s.machines.addActivity('work')
    const arn = await s.start(
      s.machines.add('m', { StartAt: 'T', States: { T: { Type: 'Task', Resource: activityArn, End: true } } }),
      7,
    )
    await s.crash()
    const task = await s.engine.getActivityTask({ activityArn })
    expect(task?.input).toBe('7')
    await s.crash()
    await s.engine.sendTaskSuccess({ taskToken: task?.taskToken ?? '', output: '8' })
    await s.pass(0)
    expect(await s.engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '8' })
  })

  it('an execution still hears of the nested one that it waits for', async () => {
    const s = server()
    const child = s.machines.add('child', {
      StartAt: 'W',
      States: { W: { Type: 'Wait', Seconds: 60, Next: 'P' }, P: { Type: 'Pass', Result: 5, End: true } },
    })
    const arn = await s.start(
      s.machines.add('parent', {
        StartAt: 'T',
        States: {
          T: {
            Type: 'Task',
            Resource: 'arn:aws:states:::states:startExecution.sync:2',
            Parameters: { StateMachineArn: child },
            OutputPath: '$.Output',
            End: true,
          },
        },
      }),
    )
    await s.crash()
    await s.pass(30_000)
    await s.crash()
    await s.pass(30_000)
    expect(await s.engine.describeExecution(arn)).toMatchObject({ status: 'SUCCEEDED', output: '5' })
  })

  it('waits, retries and time outs still come when they are due', async () => {
    let calls = 0
    const s = server({
      fail: () => {
        calls++
        throw new Error('no')
      },
    })
    const waiting = await s.start(
      s.machines.add('wait', {
        StartAt: 'W',
        TimeoutSeconds: 500,
        States: { W: { Type: 'Wait', Seconds: 100, End: true } },
      }),
    )
    const late = await s.start(
      s.machines.add('late', {
        StartAt: 'W',
        TimeoutSeconds: 50,
        States: { W: { Type: 'Wait', Seconds: 100, End: true } },
      }),
    )
    const retried = await s.start(
      s.machines.add('retry', {
        StartAt: 'T',
        States: {
          T: {
            Type: 'Task',
            Resource: `${LAMBDA}fail`,
            Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 40, MaxAttempts: 1 }],
            End: true,
          },
        },
      }),
    )
    await s.crash()
    await s.pass(39_999)
    expect(calls).toBe(1)
    await s.pass(1)
    expect(calls).toBe(2)
    expect(await s.engine.describeExecution(retried)).toMatchObject({ status: 'FAILED' })
    await s.pass(10_000)
    expect(await s.engine.describeExecution(late)).toMatchObject({ status: 'TIMED_OUT' })
    await s.pass(49_999)
    expect(await s.engine.describeExecution(waiting)).toMatchObject({ status: 'RUNNING' })
    await s.pass(1)
    expect(await s.engine.describeExecution(waiting)).toMatchObject({ status: 'SUCCEEDED' })
  })

  it('nothing goes on before a server that is still loading says so', async () => {
    const database = memoryDatabase()
    const clock = virtualClock()
    const machines = testMachines()
    const stateMachineArn = machines.add('m', {
      StartAt: 'W',
      States: { W: { Type: 'Wait', Seconds: 10, End: true } },
    })
    const options = { machines, clock, compile: compileStateMachine }
    const first = createWorkflowEngine({ ...options, folder: folderOver(database) })
    const { executionArn } = await first.startExecution({ stateMachineArn })
    await first.idle()
    await first.close()
    const engine = createWorkflowEngine({ ...options, folder: folderOver(database), paused: true })
    await clock.advance(20_000, () => engine.idle())
    expect(await engine.describeExecution(executionArn)).toMatchObject({ status: 'RUNNING' })
    engine.resume()
    await clock.advance(0, () => engine.idle())
    expect(await engine.describeExecution(executionArn)).toMatchObject({ status: 'SUCCEEDED' })
    await engine.close()
  })

  for (const type of ['STANDARD', 'EXPRESS']) {
    it(`a Map Run with ${type} children goes on, and runs no child again that had ended`, async () => {
      const calls: unknown[] = []
      let hold = false
      const s = server({
        work: (event) => {
          calls.push(event)
          return hold && event === 600 ? new Promise(() => {}) : event
        },
      })
      const items = Array.from({ length: 700 }, (_, index) => index)
      hold = true
      const arn = s.engine.startExecution({
        stateMachineArn: s.machines.add('m', {
          StartAt: 'M',
          States: {
            M: {
              Type: 'Map',
              ItemsPath: '$.items',
              MaxConcurrency: 10,
              ItemProcessor: {
                ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: type },
                StartAt: 'T',
                States: {
                  T: {
                    Type: 'Task',
                    Resource: `${LAMBDA}work`,
                    Retry: [{ ErrorEquals: ['Lambda.Unknown'], IntervalSeconds: 1, MaxAttempts: 1 }],
                    End: true,
                  },
                },
              },
              End: true,
            },
          },
        }),
        input: JSON.stringify({ items }),
      })
      while (calls.length < 650) await new Promise((resolve) => setImmediate(resolve))
      hold = false
      await s.crash()
      await s.pass(2000)
      const { executionArn } = await arn
      expect(await s.engine.describeExecution(executionArn)).toMatchObject({
        status: 'SUCCEEDED',
        output: JSON.stringify(items),
      })
      // At most what ran at the crash, or (EXPRESS) had not been recorded yet, ran once more.
      expect(calls.length).toBeLessThanOrEqual(700 + (type === 'EXPRESS' ? 160 : 12))
      expect(calls.filter((call) => call === 3)).toHaveLength(1)
      expect(s.engine.listMapRuns({ executionArn }).items).toMatchObject([
        { status: 'SUCCEEDED', itemCounts: { total: 700, succeeded: 700 } },
      ])
    })
  }
})
