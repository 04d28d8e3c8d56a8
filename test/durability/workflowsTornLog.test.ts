import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileStateMachine } from '../../src/stepfunctions/asl/compile.ts'
import { createWorkflowEngine } from '../../src/stepfunctions/createWorkflowEngine.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import { folderOver, memoryDatabase } from '../support/workflowFolder.ts'
import { testMachines } from '../support/workflowMachines.ts'

const WAL_HEADER = 32
const FRAME_HEADER = 24
/** Random places where the log is cut, besides every boundary of its frames. */
const OFFSETS = 500

const DEFINITION = {
  StartAt: 'A',
  States: {
    A: { Type: 'Pass', Result: { text: 'x'.repeat(400) }, Next: 'W' },
    W: { Type: 'Wait', Seconds: 3600, End: true },
  },
}

function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('the workflow log', () => {
  const path = mkdtempSync(join(tmpdir(), 'sidestage-torn-'))
  let base: Buffer
  let log: Buffer
  /** Names in the order in which they were acknowledged, with the length of the log then. */
  const acknowledged: { name: string; size: number }[] = []

  beforeAll(async () => {
    const folder = openDataFolder(path)
    const machines = testMachines()
    const stateMachineArn = machines.add('m', DEFINITION)
    const engine = createWorkflowEngine({ folder, machines, compile: compileStateMachine })
    const file = join(path, 'workflows.sqlite')
    for (let index = 0; index < 25; index++) {
      const name = `e${index}`
      await engine.startExecution({ stateMachineArn, name })
      acknowledged.push({ name, size: readFileSync(`${file}-wal`).length })
    }
    await engine.idle()
    // What a machine that lost its power here would find: the files as they are, the process still running.
    base = readFileSync(file)
    log = readFileSync(`${file}-wal`)
    await engine.close()
    folder.close()
  })
  afterAll(() => rmSync(path, { recursive: true }))

  /** Opens what is left of a log of `length` bytes; answers the executions that are whole. */
  function recover(length: number): { names: string[]; integrity: unknown } {
    const file = join(path, 'cut.sqlite')
    for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
    writeFileSync(file, base)
    writeFileSync(`${file}-wal`, log.subarray(0, length))
    const database = new DatabaseSync(file)
    try {
      const integrity = database.prepare('PRAGMA integrity_check').get()?.['integrity_check']
      const hasTables = database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'execution'").get()
      if (hasTables?.['n'] === 0) return { names: [], integrity }
      const rows = database
        .prepare(
          'SELECT name, (SELECT count(*) FROM journal WHERE execution = execution.id) AS entries FROM execution ORDER BY id',
        )
        .all()
      expect(rows.every((row) => (row['entries'] as number) > 0)).toBe(true)
      return { names: rows.map((row) => row['name'] as string), integrity }
    } finally {
      database.close()
    }
  }

  function check(length: number): void {
    const { names, integrity } = recover(length)
    expect(integrity).toBe('ok')
    // A prefix, never a hole …
    expect(names).toEqual(acknowledged.slice(0, names.length).map(({ name }) => name))
    // … and at least everything that was acknowledged before the log had this length.
    const promised = acknowledged.filter(({ size }) => size <= length).length
    expect(names.length).toBeGreaterThanOrEqual(promised)
  }

  it('recovers what came before a cut at, before and after every frame', () => {
    const page = base.length === 0 ? 4096 : log.readUInt32BE(8)
    const frames = Math.floor((log.length - WAL_HEADER) / (page + FRAME_HEADER))
    expect(frames).toBeGreaterThan(50)
    for (let frame = 0; frame <= frames; frame++) {
      const at = WAL_HEADER + frame * (page + FRAME_HEADER)
      for (const length of [at - 1, at, at + 1]) if (length >= 0 && length <= log.length) check(length)
    }
  })

  it(`recovers what came before a cut at any of ${OFFSETS} places`, () => {
    const random = seeded(57)
    for (let index = 0; index < OFFSETS; index++) check(Math.floor(random() * (log.length + 1)))
  })

  it('is found damaged by its checksum, and the other executions go on', async () => {
    const database = memoryDatabase()
    const machines = testMachines()
    const stateMachineArn = machines.add('m', { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } })
    const first = createWorkflowEngine({ folder: folderOver(database), machines, compile: compileStateMachine })
    const good = await first.startExecution({ stateMachineArn, name: 'good' })
    const bad = await first.startExecution({ stateMachineArn, name: 'bad', input: '{"amount":1}' })
    await first.idle()
    await first.close()
    database.exec(`UPDATE journal SET body = replace(body, 'amount\\":1', 'amount\\":9') WHERE execution = 2`)
    const engine = createWorkflowEngine({ folder: folderOver(database), machines, compile: compileStateMachine })
    expect(await engine.describeExecution(good.executionArn)).toMatchObject({ status: 'SUCCEEDED' })
    expect(() => engine.describeExecution(bad.executionArn)).toThrow('damaged (checksum)')
    await engine.close()
  })

  it('refuses to start what it cannot keep, and goes on when there is room again', async () => {
    const database = memoryDatabase()
    const machines = testMachines()
    const stateMachineArn = machines.add('m', { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } })
    const engine = createWorkflowEngine({ folder: folderOver(database), machines, compile: compileStateMachine })
    const input = JSON.stringify('x'.repeat(50_000))
    const pages = database.prepare('PRAGMA page_count').get()?.['page_count'] as number
    database.exec(`PRAGMA max_page_count = ${pages + 5}`)
    await expect(engine.startExecution({ stateMachineArn, name: 'full', input })).rejects.toMatchObject({
      code: 'ServiceUnavailable',
      statusCode: 503,
    })
    expect(engine.listExecutions({ stateMachineArn }).items).toEqual([])
    database.exec('PRAGMA max_page_count = 100000')
    await engine.startExecution({ stateMachineArn, name: 'full', input })
    await engine.idle()
    expect(engine.listExecutions({ stateMachineArn }).items).toMatchObject([{ name: 'full', status: 'SUCCEEDED' }])
    await engine.close()
  })

  it('has one owner', () => {
    const folder = openDataFolder(path)
    expect(() => openDataFolder(path)).toThrow(`is in use by another process (process ${process.pid}`)
    folder.close()
  })
})
