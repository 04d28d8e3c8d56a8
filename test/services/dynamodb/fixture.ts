import type { Scope } from '../../../src/aws/arn.ts'
import type { Clock } from '../../../src/aws/clock.ts'
import { AwsError } from '../../../src/aws/errors.ts'
import { createCatalog } from '../../../src/catalog.ts'
import { createDynamoDB, type DynamoDBEngine } from '../../../src/services/dynamodb/engine.ts'
import { type DataFolder, openMemoryFolder } from '../../../src/storage/dataFolder.ts'

export type Input = Record<string, unknown>

/** An engine on memory with a catalog of its own. */
export function engineInMemory(clock?: Clock) {
  return engineIn(openMemoryFolder(), clock)
}

export function engineIn(folder: DataFolder, clock?: Clock) {
  const tables = createCatalog().collection('AWS::DynamoDB::Table')
  const engine = createDynamoDB({ folder, tables, ...(clock === undefined ? {} : { clock }) })
  return {
    engine,
    tables,
    close() {
      engine.close()
      folder.close()
    },
  }
}

/** A clock that stands still until it is moved. */
export function manualClock(start = Date.parse('2026-01-01T00:00:00Z')): Clock & { advance(ms: number): void } {
  let now = start
  const tasks = new Set<{ at: number; task: () => void }>()
  const runDue = (): void => {
    for (;;) {
      const due = [...tasks].filter(({ at }) => at <= now).sort((one, two) => one.at - two.at)[0]
      if (due === undefined) return
      tasks.delete(due)
      due.task()
    }
  }
  return {
    now: () => now,
    at(at, task) {
      const entry = { at, task }
      tasks.add(entry)
      return () => void tasks.delete(entry)
    },
    advance(ms) {
      now += ms
      runDue()
    },
  }
}

/** Name, message and details of the error that an operation ends with. */
export function refusal(
  engine: DynamoDBEngine,
  operation: string,
  input: Input,
  scope?: Scope,
): { name: string; message: string } & Record<string, unknown> {
  try {
    engine.send(operation, input, scope)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return { name: error.code, message: error.message, ...error.details }
  }
  throw new Error(`${operation} was not refused`)
}

/** CreateTable for `pk` or `pk, sk` with key types in one word: `S`, `SN`. */
export function table(TableName: string, keys: string, more: Input = {}): Input {
  const names = ['pk', 'sk'].slice(0, keys.length)
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      ...names.map((AttributeName, index) => ({ AttributeName, AttributeType: keys[index] })),
      ...((more['AttributeDefinitions'] ?? []) as unknown[]),
    ],
    KeySchema: names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
    ...Object.fromEntries(Object.entries(more).filter(([name]) => name !== 'AttributeDefinitions')),
  }
}

/** A global index on `hash` and perhaps `range`. */
export function globalIndex(
  IndexName: string,
  hash: string,
  range?: string,
  Projection: Input = { ProjectionType: 'ALL' },
) {
  return {
    IndexName,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' },
      ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' }]),
    ],
    Projection,
  }
}
