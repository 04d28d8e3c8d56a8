import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import type { WorkflowEngine } from '../../src/stepfunctions/engine.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import { type TestMachines, testMachines } from '../support/workflowMachines.ts'
import type { BenchRow } from './row.ts'

const IN_FLIGHT = 256

interface Opened {
  engine: WorkflowEngine
  machines: TestMachines
  path: string
  close(): Promise<void>
}

function open(path = mkdtempSync(join(tmpdir(), 'sidestage-bench-')), machines = testMachines()): Opened {
  const folder = openDataFolder(path)
  const engine = createWorkflowEngine({ folder, machines, compile: compileStateMachine })
  return {
    engine,
    machines,
    path,
    async close() {
      await engine.close()
      folder.close()
    },
  }
}

/** Five states: three Pass, a Choice, a Succeed. */
function mixed(language: 'JSONPath' | 'JSONata') {
  if (language === 'JSONata') {
    return {
      QueryLanguage: 'JSONata',
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Output: { n: '{% $states.input.n + 1 %}' }, Next: 'B' },
        B: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.n > 5 %}', Next: 'C' }], Default: 'A' },
        C: { Type: 'Succeed' },
      },
    }
  }
  return {
    StartAt: 'A',
    States: {
      A: { Type: 'Pass', Parameters: { 'n.$': 'States.MathAdd($.n, 1)', 'who.$': '$.who' }, Next: 'B' },
      B: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericGreaterThan: 5, Next: 'C' }], Default: 'A' },
      C: { Type: 'Succeed' },
    },
  }
}

/** Transitions of one run of `mixed`: six rounds of A and B, then C. */
const MIXED_TRANSITIONS = 13

/** Milliseconds of one fsync of a small write in a folder. */
function fsyncTime(folder: string): number {
  const file = join(folder, 'fsync')
  const descriptor = openSync(file, 'w')
  const times: number[] = []
  for (let round = 0; round < 50; round++) {
    writeSync(descriptor, 'x'.repeat(4096))
    const before = performance.now()
    fsyncSync(descriptor)
    times.push(performance.now() - before)
  }
  closeSync(descriptor)
  return times.sort((left, right) => left - right)[25] ?? 0
}

async function throughput(engine: WorkflowEngine, stateMachineArn: string, executions: number, sync: boolean) {
  let left = executions
  const before = performance.now()
  const cpu = process.cpuUsage()
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left > 0) {
        left--
        const options = { stateMachineArn, input: '{"n":0,"who":"bench"}' }
        if (sync) await engine.startSyncExecution(options)
        else await engine.startExecution(options)
      }
    }),
  )
  await engine.idle()
  const seconds = (performance.now() - before) / 1000
  const used = process.cpuUsage(cpu)
  return { seconds, cpuMicroseconds: (used.user + used.system) / executions }
}

/** What the workflow engine does in a second, a commit and a byte. */
export async function bench(executions = 6000): Promise<BenchRow[]> {
  // Expressions are evaluated by workers that keep no process alive.
  const alive = setInterval(() => {}, 60_000)
  try {
    return await benchAll(executions)
  } finally {
    clearInterval(alive)
  }
}

async function benchAll(executions: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  const opened = open()
  const { engine, machines } = opened
  const fsync = fsyncTime(opened.path)
  rows.push({ name: 'fsync of the disk', ours: fsync, unit: 'ms', beside: {} })
  for (const language of ['JSONPath', 'JSONata'] as const) {
    const arn = machines.add(`mixed${language}`, mixed(language))
    const count = language === 'JSONPath' ? executions : executions / 4
    await throughput(engine, arn, count / 10, false)
    const { seconds, cpuMicroseconds } = await throughput(engine, arn, count, false)
    rows.push({
      name: `durable transitions, ${language} Pass/Choice, ${IN_FLIGHT} in flight`,
      ours: (count * MIXED_TRANSITIONS) / seconds,
      unit: '/s',
      beside: {},
      ...(language === 'JSONPath' ? { budget: '≥ 30_000' } : {}),
    })
    rows.push({ name: `  an execution of ${MIXED_TRANSITIONS}`, ours: cpuMicroseconds, unit: 'µs CPU', beside: {} })
  }
  const express = machines.add('express', mixed('JSONPath'), 'EXPRESS')
  await throughput(engine, express, executions / 10, true)
  const { seconds } = await throughput(engine, express, executions, true)
  rows.push({
    name: 'EXPRESS transitions',
    ours: (executions * MIXED_TRANSITIONS) / seconds,
    unit: '/s',
    beside: {},
    budget: '≥ 30_000',
  })
  await opened.close()
  rmSync(opened.path, { recursive: true })
  rows.push(
    ...benchCompile(),
    ...(await benchChain()),
    ...(await benchMap('EXPRESS')),
    ...(await benchMap('STANDARD')),
    ...(await benchWaiting()),
  )
  return rows
}

async function benchChain(): Promise<BenchRow[]> {
  const states: Record<string, unknown> = {}
  for (let index = 0; index < 1000; index++) {
    states[`S${index}`] = index === 999 ? { Type: 'Pass', End: true } : { Type: 'Pass', Next: `S${index + 1}` }
  }
  const opened = open()
  const arn = opened.machines.add('chain', { StartAt: 'S0', States: states })
  const commits = countCommits(opened.engine)
  const before = commits()
  await opened.engine.startExecution({ stateMachineArn: arn })
  await opened.engine.idle()
  const used = commits() - before
  await opened.close()
  rmSync(opened.path, { recursive: true })
  return [{ name: 'commits of a chain of 1,000 Pass states', ours: used, unit: 'fsyncs', beside: {}, budget: '≤ 20' }]
}

function benchCompile(): BenchRow[] {
  const states: Record<string, unknown> = {}
  for (let index = 0; index < 10_000; index++) {
    states[`S${index}`] =
      index === 9999 ? { Type: 'Succeed' } : { Type: 'Pass', ResultPath: '$.a', Next: `S${index + 1}` }
  }
  const definition = JSON.stringify({ StartAt: 'S0', States: states })
  const before = performance.now()
  compileStateMachine(definition, 'STANDARD')
  const took = performance.now() - before
  return [{ name: 'compile a definition of 10,000 states', ours: took, unit: 'ms', beside: {}, budget: '≤ 500' }]
}

function countCommits(engine: WorkflowEngine): () => number {
  return () => engine.statistics().commits
}

async function benchMap(type: 'STANDARD' | 'EXPRESS', items = 100_000): Promise<BenchRow[]> {
  const opened = open()
  const arn = opened.machines.add('map', {
    StartAt: 'M',
    States: {
      M: {
        Type: 'Map',
        ItemsPath: '$.items',
        ItemSelector: { 'v.$': '$$.Map.Item.Value' },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: type },
          StartAt: 'P',
          States: { P: { Type: 'Pass', OutputPath: '$.v', End: true } },
        },
        End: true,
      },
    },
  })
  const before = performance.now()
  const input = JSON.stringify({ items: new Array(items).fill(7) })
  const { executionArn } = await opened.engine.startExecution({ stateMachineArn: arn, input })
  let peak = 0
  const look = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50)
  const status = await new Promise<string>((resolve) => {
    opened.engine.subscribe({ executionArn }, ({ execution }) => {
      if (execution.status !== 'RUNNING') resolve(execution.status)
    })
  })
  clearInterval(look)
  const seconds = (performance.now() - before) / 1000
  await opened.close()
  rmSync(opened.path, { recursive: true })
  const name = `distributed Map, ${items} ${type} children (${status})`
  return [
    { name, ours: seconds, unit: 's', beside: {}, budget: type === 'EXPRESS' ? '≤ 10' : '≤ 60' },
    {
      name: `${name}, peak resident`,
      ours: peak / 1e6,
      unit: 'MB',
      beside: {},
      ...(type === 'EXPRESS' ? { budget: '≤ 300' } : {}),
    },
  ]
}

async function benchWaiting(count = Number(process.env['BENCH_WAITING'] ?? 100_000)): Promise<BenchRow[]> {
  const opened = open()
  const definition = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 31_536_000, End: true } } }
  const arn = opened.machines.add('waiting', definition)
  globalThis.gc?.()
  const idle = process.memoryUsage()
  let left = count
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) await opened.engine.startExecution({ stateMachineArn: arn })
    }),
  )
  await opened.engine.idle()
  globalThis.gc?.()
  const memory = process.memoryUsage()
  const resident = opened.engine.statistics().resident
  await opened.close()
  const disk = statSync(join(opened.path, 'workflows.sqlite')).size
  const before = performance.now()
  const again = open(opened.path, opened.machines)
  await again.engine.idle()
  const restart = performance.now() - before
  await again.close()
  rmSync(opened.path, { recursive: true })
  return [
    { name: `${count} waiting executions, resident`, ours: resident, unit: 'executions', beside: {}, budget: '≤ 0' },
    {
      name: `${count} waiting executions, memory over idle`,
      ours: (memory.heapUsed - idle.heapUsed) / 1e6,
      unit: 'MB of heap',
      beside: {},
      more: { 'MB of the process': (memory.rss - idle.rss) / 1e6 },
      budget: '≤ 100',
    },
    { name: 'disk of a waiting execution', ours: disk / count, unit: 'bytes', beside: {}, budget: '≤ 1024' },
    { name: `restart with ${count} open`, ours: restart / 1000, unit: 's', beside: {}, budget: '≤ 5' },
  ]
}
