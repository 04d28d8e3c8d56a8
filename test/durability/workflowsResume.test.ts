import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import type { HistoryEvent } from '../../src/stepfunctions/history.ts'
import { virtualClock } from '../support/virtualClock.ts'
import { folderOver, journalOf, memoryDatabase } from '../support/workflowFolder.ts'
import { testLambda, testMachines } from '../support/workflowMachines.ts'

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:'

/** Random machines tried; each is crashed after every entry of its journal. */
const MACHINES = Number(process.env['SIDESTAGE_RANDOM_MACHINES'] ?? 25)

type Step =
  | { kind: 'pass'; value: number }
  | { kind: 'jsonata'; value: number }
  | { kind: 'wait'; seconds: number }
  | { kind: 'task'; fails: number; token: boolean }
  | { kind: 'choice' }
  | { kind: 'parallel'; branches: Step[][]; fails: boolean }
  | { kind: 'map'; items: number; concurrency: number; steps: Step[] }

const leaf = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), value: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ kind: fc.constant('jsonata' as const), value: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('task' as const), fails: fc.integer({ min: 0, max: 2 }), token: fc.boolean() }),
  fc.record({ kind: fc.constant('choice' as const) }),
)
const steps: fc.Arbitrary<Step[]> = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie('step'), { minLength: 1, maxLength: 3 }),
  step: fc.oneof(
    { maxDepth: 2 },
    { weight: 5, arbitrary: leaf },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('parallel' as const),
        branches: fc.array(tie('steps'), { minLength: 1, maxLength: 2 }),
        fails: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('map' as const),
        items: fc.integer({ min: 0, max: 3 }),
        concurrency: fc.integer({ min: 0, max: 2 }),
        steps: tie('steps'),
      }),
    },
  ),
})).steps

/** States of a list of steps, one after the other, under names that are the machine's own. */
function compose(list: readonly Step[], name: () => string): { StartAt: string; States: Record<string, unknown> } {
  const States: Record<string, unknown> = {}
  const names = list.map(() => name())
  for (const [index, step] of list.entries()) {
    const self = names[index] as string
    const next = names[index + 1]
    const way = next === undefined ? { End: true } : { Next: next }
    const caught = `${self}caught`
    const retry = { ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 1 }
    switch (step.kind) {
      case 'pass':
        States[self] = {
          Type: 'Pass',
          Result: step.value,
          ResultPath: '$.v',
          Assign: { [`v${self}`]: step.value },
          ...way,
        }
        break
      case 'jsonata':
        States[self] = {
          Type: 'Pass',
          QueryLanguage: 'JSONata',
          Output: `{% $merge([$states.input, {"j": ${step.value}, "r": $random() < 2}]) %}`,
          ...way,
        }
        break
      case 'wait':
        States[self] = { Type: 'Wait', Seconds: step.seconds, ...way }
        break
      case 'task':
        States[self] = {
          Type: 'Task',
          ...(step.token
            ? {
                Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
                Parameters: { FunctionName: 'callback', Payload: { 'token.$': '$$.Task.Token' } },
                TimeoutSeconds: 60,
              }
            : { Resource: `${LAMBDA}fails${step.fails}`, Parameters: { 'n.$': '$$.State.RetryCount' } }),
          ResultPath: '$.t',
          Retry: [retry],
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: caught }],
          ...way,
        }
        States[caught] = { Type: 'Pass', Result: 'gave up', ResultPath: '$.error', ...way }
        break
      case 'choice':
        States[self] = {
          Type: 'Choice',
          Choices: [{ Variable: '$.v', IsPresent: true, Next: caught }],
          Default: caught,
        }
        States[caught] = { Type: 'Pass', ...way }
        break
      case 'parallel': {
        const branches = step.branches.map((branch) => compose(branch, name))
        if (step.fails) {
          const failing = name()
          branches.push({ StartAt: failing, States: { [failing]: { Type: 'Fail', Error: 'Planned' } } })
        }
        States[self] = {
          Type: 'Parallel',
          Branches: branches,
          ResultPath: '$.p',
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.p', Next: caught }],
          ...way,
        }
        States[caught] = { Type: 'Pass', ...way }
        break
      }
      case 'map':
        States[self] = {
          Type: 'Map',
          ItemsPath: '$$.Execution.Input.items',
          ItemSelector: { 'i.$': '$$.Map.Item.Value' },
          MaxConcurrency: step.concurrency,
          ItemProcessor: compose(step.steps, name),
          ResultPath: '$.m',
          ...way,
        }
        break
    }
  }
  return { StartAt: names[0] as string, States }
}

interface Outcome {
  status: string
  output: unknown
  history: HistoryEvent[]
}

/** Runs what a database has, or a new execution, to its end; time passes as fast as it can. */
async function runToEnd(database: DatabaseSync, definition: string, begin: boolean): Promise<Outcome> {
  const machines = testMachines()
  const stateMachineArn = machines.add('m', definition)
  const clock = virtualClock(Date.UTC(2026, 0, 1) + (begin ? 0 : 60_000))
  const functions: Record<string, (event: { n: number; token: string }) => unknown> = {
    callback: ({ token }) => {
      setImmediate(() => engine.sendTaskSuccess({ taskToken: token, output: '"called back"' }).catch(() => {}))
    },
  }
  for (const fails of [0, 1, 2]) {
    functions[`fails${fails}`] = ({ n }) => {
      if (n < fails) throw new Error('planned')
      return 'done'
    }
  }
  const engine = createWorkflowEngine({
    folder: folderOver(database),
    machines,
    compile: compileStateMachine,
    clock,
    integrations: { lambda: testLambda((name) => functions[name] as ((event: unknown) => unknown) | undefined) },
  })
  if (begin) await engine.startExecution({ stateMachineArn, name: 'e', input: '{"items":[1,2,3]}' })
  const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:e`
  for (let round = 0; round < 300; round++) {
    await clock.advance(1000, async () => {
      await engine.idle()
      await new Promise((resolve) => setImmediate(resolve))
      await engine.idle()
    })
    const { status, output } = await engine.describeExecution(executionArn)
    if (status !== 'RUNNING') {
      const history = (await engine.getExecutionHistory({ executionArn, maxResults: 30_000 })).items
      await engine.close()
      return { status, output: output === undefined ? undefined : JSON.parse(output), history }
    }
  }
  throw new Error('the execution did not end')
}

/** The database as a crash after `count` entries would have left it. */
function crashedAfter(whole: DatabaseSync, entries: readonly unknown[], count: number): DatabaseSync {
  const copy = memoryDatabase()
  for (const { sql } of whole
    .prepare(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`)
    .all())
    copy.exec(sql as string)
  for (const table of ['machine', 'revision', 'execution']) {
    for (const row of whole.prepare(`SELECT * FROM ${table}`).all()) {
      const columns = Object.keys(row)
      copy
        .prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
        .run(...columns.map((column) => row[column] as string | number | null))
    }
  }
  const insert = copy.prepare('INSERT INTO journal (execution, sequence, checksum, body) VALUES (1, ?, ?, ?)')
  for (const [sequence, entry] of entries.slice(0, count).entries()) {
    const body = JSON.stringify([entry])
    insert.run(sequence, crc32(body), body)
  }
  copy.exec('UPDATE execution SET status = 0, stop = NULL, wake = 0')
  return copy
}

function checkHistory(history: readonly HistoryEvent[]): void {
  expect(history.map(({ id }) => id)).toEqual(history.map((_, index) => index + 1))
  for (const { id, previousEventId } of history) expect(previousEventId).toBeLessThan(id)
  expect(history.filter(({ type }) => /^Execution(Succeeded|Failed|Aborted|TimedOut)$/.test(type))).toHaveLength(1)
}

describe('an execution that is crashed after any entry of its journal', () => {
  it('ends as the one that was not', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        let count = 0
        const definition = JSON.stringify(compose(list, () => `S${++count}`))
        const whole = memoryDatabase()
        const expected = await runToEnd(whole, definition, true)
        checkHistory(expected.history)
        const entries = journalOf(whole, 1)
        // A long journal is cut at some of its entries, a short one at all.
        const every = Math.max(1, Math.floor(entries.length / 60))
        for (let cut = 1; cut < entries.length; cut += every) {
          const resumed = await runToEnd(crashedAfter(whole, entries, cut), definition, false)
          checkHistory(resumed.history)
          expect({ cut, status: resumed.status, output: resumed.output }).toEqual({
            cut,
            status: expected.status,
            output: expected.output,
          })
          // What was recorded stays what it was.
          const recorded = resumed.history.slice(0, expected.history.length)
          const kept = recorded.findIndex((event, index) => event.timestamp !== expected.history[index]?.timestamp)
          const prefix = kept < 0 ? recorded.length : kept
          expect(resumed.history.slice(0, prefix)).toEqual(expected.history.slice(0, prefix))
        }
      }),
      { numRuns: MACHINES, seed: 20_261_120, endOnFailure: true },
    )
  })
})
