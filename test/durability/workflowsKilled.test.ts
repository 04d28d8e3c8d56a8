import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import type { HistoryEvent } from '../../src/stepfunctions/history.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import { EXECUTIONS, fiftyStates } from '../support/killedWorkflows.ts'
import { testMachines } from '../support/workflowMachines.ts'

/** How often the process is killed; 1,000 on demand. */
const KILLS = Number(process.env['SIDESTAGE_KILLS'] ?? 50)
/** Longest time that a process runs before it is killed, milliseconds after its start. */
const LONGEST_MS = 650

const SCRIPT = resolve(import.meta.dirname, '../support/killedWorkflows.ts')

/** Runs the process; kills it after a time, or lets it end. Resolves with whether it was done. */
function runProcess(path: string, killAfter: number | undefined): Promise<boolean> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [SCRIPT, 'run', path], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk
    })
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      if (signal !== 'SIGKILL' && code !== 0) failed(new Error(`the process ended with ${code}: ${errors}`))
      else done(output.includes('done'))
    })
  })
}

/** A generator of numbers in [0, 1) that a seed repeats. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('a process that runs fifty-state machines', () => {
  it(`loses and repeats nothing when it is killed ${KILLS} times`, { timeout: 60_000 + KILLS * 3000 }, async () => {
    const path = mkdtempSync(join(tmpdir(), 'sidestage-killed-'))
    const random = seeded(20_261_120)
    let done = false
    let kills = 0
    for (; kills < KILLS && !done; kills++) done = await runProcess(path, 120 + random() * LONGEST_MS)
    if (!done) await runProcess(path, undefined)

    const machines = testMachines()
    const stateMachineArn = machines.add('fifty', fiftyStates())
    const folder = openDataFolder(path)
    const engine = createWorkflowEngine({ folder, machines, compile: compileStateMachine })
    try {
      const ledger = readFileSync(join(path, 'ledger'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { execution: string; state: string; entered: string })
      const acknowledged = new Set(readFileSync(join(path, 'acknowledged'), 'utf8').trim().split('\n'))
      const { items } = engine.listExecutions({ stateMachineArn, maxResults: 1000 })
      for (const name of acknowledged) expect(items.map((item) => item.name)).toContain(name)
      expect(items).toHaveLength(EXECUTIONS)
      for (const { executionArn, name } of items) {
        const description = await engine.describeExecution(executionArn)
        const history = (await engine.getExecutionHistory({ executionArn, maxResults: 30_000 })).items
        expect(description.status).toBe('SUCCEEDED')
        checkHistory(history)
        checkOutput(JSON.parse(description.output ?? ''), Number(name.slice(1)), history)
        checkLedger(
          ledger.filter(({ execution }) => execution === name),
          history,
        )
      }
    } finally {
      await engine.close()
      folder.close()
      rmSync(path, { recursive: true })
    }
  })
})

function checkHistory(history: readonly HistoryEvent[]): void {
  expect(history.map(({ id }) => id)).toEqual(history.map((_, index) => index + 1))
  expect(history.at(-1)?.type).toBe('ExecutionSucceeded')
}

/** Every round has its results; a task without Retry has its own or, where a crash made it unknown, Lambda.Unknown. */
function checkOutput(output: Record<string, unknown>, index: number, history: readonly HistoryEvent[]): void {
  expect(output['index']).toBe(index)
  let unknown = 0
  for (let round = 0; round < 7; round++) {
    expect(output[`a${round}`]).toBe(1)
    expect(output[`c${round}`]).toEqual([1, 'rest'])
    expect(output[`d${round}`]).toEqual([1, 1, 1])
    const once = output[`b${round}`]
    if (once !== 1) {
      expect(once).toMatchObject({ Error: 'Lambda.Unknown' })
      unknown++
    }
  }
  expect(history.filter(({ type }) => type === 'LambdaFunctionFailed').length).toBeGreaterThanOrEqual(unknown)
}

/** Each call that really happened was recorded as started; each state has one success; no call without an attempt. */
function checkLedger(calls: readonly { state: string; entered: string }[], history: readonly HistoryEvent[]): void {
  const count = (type: string): number => history.filter((event) => event.type === type).length
  const started = count('LambdaFunctionStarted')
  expect(count('LambdaFunctionScheduled')).toBe(started)
  expect(count('LambdaFunctionSucceeded') + count('LambdaFunctionFailed')).toBe(started)
  expect(calls.length).toBeLessThanOrEqual(started)
  // Every call that is not the one that succeeded stands in the history as a failed attempt.
  expect(calls.length - count('LambdaFunctionSucceeded')).toBeLessThanOrEqual(count('LambdaFunctionFailed'))
}
