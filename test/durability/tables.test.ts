import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import type { DynamoDBEngine } from '../../src/services/dynamodb/engine.ts'
import { openDataFolder } from '../../src/storage/dataFolder.ts'
import { engineIn } from '../services/dynamodb/fixture.ts'
import { canonical, type ModelRecord, TABLE, TablesModel } from './tablesModel.ts'

/** Of the property test; the full number is 100,000. */
const OPERATIONS = Number(process.env['DYNAMODB_PROPERTY_OPERATIONS'] ?? 8_000)
const SEED = Number(process.env['DYNAMODB_PROPERTY_SEED'] ?? 20_260_101)

const folders: string[] = []
const children: ChildProcess[] = []
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'sidestage-tables-'))
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const open = (path: string) => {
  const opened = engineIn(openDataFolder(path))
  // The catalog of these tests is in memory: the definition comes again, as a project's does.
  if (!opened.tables.has('arn:aws:dynamodb:us-east-1:000000000000:table/Model')) {
    const { TableName, ...description } = TABLE
    opened.tables.put(
      { arn: `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`, tableName: TableName, description },
      'project',
    )
  }
  return opened
}

const streamRecords = (engine: DynamoDBEngine): ModelRecord[] => {
  const { StreamArn } = (engine.send('ListStreams', {})['Streams'] as { StreamArn: string }[])[0] as {
    StreamArn: string
  }
  const { Shards } = engine.send('DescribeStream', { StreamArn })['StreamDescription'] as {
    Shards: { ShardId: string }[]
  }
  const records: ModelRecord[] = []
  for (const { ShardId } of Shards) {
    let ShardIterator: unknown = engine.send('GetShardIterator', {
      StreamArn,
      ShardId,
      ShardIteratorType: 'TRIM_HORIZON',
    })['ShardIterator']
    for (;;) {
      const output = engine.send('GetRecords', { ShardIterator })
      const page = output['Records'] as { eventName: string; dynamodb: Omit<ModelRecord, 'eventName'> }[]
      for (const { eventName, dynamodb } of page) {
        const { OldImage, NewImage } = dynamodb
        records.push({ eventName, ...(OldImage && { OldImage }), ...(NewImage && { NewImage }) })
      }
      ShardIterator = output['NextShardIterator']
      if (page.length === 0 || ShardIterator === undefined) break
    }
  }
  return records
}

describe('tables', () => {
  it(`answer and keep what a plain model says, over ${OPERATIONS} random operations and crashes`, {
    timeout: 600_000,
  }, () => {
    const model = new TablesModel(SEED)
    let path = temporaryFolder()
    let opened = open(path)
    const crashEvery = Math.ceil(OPERATIONS / 6)
    for (let operation = 1; operation <= OPERATIONS; operation++) {
      const differs = model.step(opened.engine)
      if (differs !== undefined) throw new Error(`operation ${operation} of seed ${SEED}: ${differs}`)
      if (operation % crashEvery !== 0) continue
      // What a killed process leaves: the files as they are, with everything that was not written gone.
      const left = temporaryFolder()
      for (const file of ['dynamodb.sqlite', 'dynamodb.sqlite-wal', 'dynamodb.key'])
        if (existsSync(join(path, file))) copyFileSync(join(path, file), join(left, file))
      opened.close()
      path = left
      opened = open(path)
      expect(model.compareAll(opened.engine)).toBeUndefined()
    }
    expect(canonical(streamRecords(opened.engine).slice(-5_000))).toBe(canonical(model.records.slice(-5_000)))
    opened.close()
  })

  it('keep every acknowledged write through kill -9, and no half of a transaction', { timeout: 60_000 }, async () => {
    const path = temporaryFolder()
    let acknowledged = 0
    for (let round = 0; round < 3; round++) {
      const child = spawn(
        process.execPath,
        [resolve(import.meta.dirname, 'tablesWriter.ts'), path, String(acknowledged)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      children.push(child)
      const goal = acknowledged + 400 + round * 150
      for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
        acknowledged = Number(line)
        if (acknowledged >= goal) child.kill('SIGKILL')
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      expect(child.signalCode).toBe('SIGKILL')

      const { engine, close } = open(path)
      const counted = engine.send('Query', {
        TableName: 'Model',
        IndexName: 'byG',
        KeyConditionExpression: 'g = :g',
        ExpressionAttributeValues: { ':g': { S: 'written' } },
        Select: 'COUNT',
      })['Count'] as number
      const total = engine.send('GetItem', { TableName: 'Model', Key: { pk: { S: 'total' }, sk: { N: '0' } } })['Item']
      const written = Number((total as { n: { N: string } }).n.N)
      // Each transaction makes one item and counts it; one may have been written without being acknowledged.
      expect(counted).toBe(written)
      expect([acknowledged, acknowledged + 1]).toContain(written)
      expect(streamRecords(engine)).toHaveLength(written * 2)
      acknowledged = written
      close()
    }
  })

  it('refuse a second process by name', async () => {
    const path = temporaryFolder()
    const { close } = open(path)
    try {
      expect(() => openDataFolder(path)).toThrow(
        new RegExp(`is in use by another process \\(process ${process.pid}, since .+\\)`),
      )
    } finally {
      close()
    }
  })

  it('name a file with damaged pages at start and leave it untouched', () => {
    const path = temporaryFolder()
    const { engine, close } = open(path)
    engine.send('PutItem', { TableName: 'Model', Item: { pk: { S: 'a' }, sk: { N: '1' } } })
    close()
    const file = join(path, 'dynamodb.sqlite')
    const damaged = readFileSync(file)
    damaged.fill(0xaa, 4_096)
    writeFileSync(file, damaged)
    const folder = openDataFolder(path)
    try {
      expect(() => engineIn(folder)).toThrow(`cannot read ${file}: `)
      expect(readFileSync(file).equals(damaged)).toBe(true)
    } finally {
      folder.close()
    }
  })

  it.each([0, 1, 99])('refuse a file of layout %i by name and leave it untouched', (layout) => {
    const path = temporaryFolder()
    open(path).close()
    const file = join(path, 'dynamodb.sqlite')
    const database = new DatabaseSync(file)
    database.exec(`PRAGMA user_version = ${layout}`)
    database.close()
    const stored = readFileSync(file)
    const folder = openDataFolder(path)
    try {
      expect(() => engineIn(folder)).toThrow(
        `cannot read ${file}: it has layout ${layout} of tables, and this version reads layout 2. It is left untouched; move it away or restore it to start.`,
      )
      expect(readFileSync(file).equals(stored)).toBe(true)
    } finally {
      folder.close()
    }
  })

  it('keep texts of every kind through a restart', () => {
    const path = temporaryFolder()
    const texts = ['', 'a\0b', '\u001f', 'a\u001fb', '\ud800', '\ufeffa', '😀', 'sS', '"\\\n']
    const items = texts.map((text, index) => ({
      pk: { S: 'texts' },
      sk: { N: String(index) },
      s: { S: text },
      l: { L: [{ S: text }, { M: { x: { S: text } } }, { NULL: true }, { BOOL: false }] },
      ss: { SS: [text] },
    }))
    const first = open(path)
    for (const Item of items) first.engine.send('PutItem', { TableName: 'Model', Item })
    first.close()
    const { engine, close } = open(path)
    const found = engine.send('Query', {
      TableName: 'Model',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'texts' } },
    })
    expect(found['Items']).toEqual(items)
    close()
  })

  it('name a damaged file at start and leave it untouched', () => {
    const path = temporaryFolder()
    open(path).close()
    const file = join(path, 'dynamodb.sqlite')
    const damaged = Buffer.from(`not a database ${'x'.repeat(8_192)}`)
    writeFileSync(file, damaged)
    rmSync(`${file}-wal`, { force: true })
    const folder = openDataFolder(path)
    try {
      expect(() => engineIn(folder)).toThrow(`cannot read ${file}`)
      expect(readFileSync(file).equals(damaged)).toBe(true)
    } finally {
      folder.close()
    }
  })
})
