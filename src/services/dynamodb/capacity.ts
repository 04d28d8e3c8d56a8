import type { Input } from './input.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
const READ_UNIT_BYTES = 4_096
const WRITE_UNIT_BYTES = 1_024

/** What an operation used of one table, in capacity units. */
export interface Usage {
  table: number
  /** By index. */
  local: Map<string, number>
  global: Map<string, number>
  /** Set for transactions, which tell reads from writes. */
  kind?: 'read' | 'write'
}

export function emptyUsage(): Usage {
  return { table: 0, local: new Map(), global: new Map() }
}

export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (consistent ? 1 : 0.5)
}

export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES))
}

export function addUnits(units: Map<string, number>, index: string, more: number): void {
  if (more > 0) units.set(index, (units.get(index) ?? 0) + more)
}

export function wantsCapacity(input: Input): boolean {
  const mode = input['ReturnConsumedCapacity']
  return mode === 'TOTAL' || mode === 'INDEXES'
}

/** `ConsumedCapacity` as asked for by `ReturnConsumedCapacity`. */
export function consumedCapacity(tableName: string, usage: Usage, mode: unknown): Record<string, unknown> {
  const total = usage.table + sum(usage.local) + sum(usage.global)
  const split = (units: number): Record<string, number> => ({
    ...(usage.kind === 'read' ? { ReadCapacityUnits: units } : {}),
    ...(usage.kind === 'write' ? { WriteCapacityUnits: units } : {}),
    CapacityUnits: units,
  })
  const indexes = (units: Map<string, number>): Record<string, unknown> =>
    Object.fromEntries([...units].map(([name, used]) => [name, split(used)]))
  return {
    TableName: tableName,
    ...split(total),
    ...(mode === 'INDEXES'
      ? {
          Table: split(usage.table),
          ...(usage.local.size > 0 ? { LocalSecondaryIndexes: indexes(usage.local) } : {}),
          ...(usage.global.size > 0 ? { GlobalSecondaryIndexes: indexes(usage.global) } : {}),
        }
      : {}),
  }
}

function sum(units: Map<string, number>): number {
  let total = 0
  for (const used of units.values()) total += used
  return total
}
