import type { KeyType } from './keyEncoding.ts'

export interface KeyAttribute {
  name: string
  type: KeyType
}

/** The keys of a table or index: one partition key and up to one sort key, or several of each in a global index. */
export interface KeySchema {
  partition: readonly KeyAttribute[]
  sort: readonly KeyAttribute[]
}

export interface IndexSchema extends KeySchema {
  name: string
  global: boolean
  /** Names that reads of the index see; undefined: all. */
  projected: ReadonlySet<string> | undefined
}

export interface TableSchema extends KeySchema {
  /** By name: errors are about the first. */
  indexes: readonly IndexSchema[]
}

/** The parts of a CreateTable request or TableDescription that say how items are kept. */
export interface TableDefinition {
  AttributeDefinitions: { AttributeName: string; AttributeType: KeyType }[]
  KeySchema: KeySchemaElement[]
  LocalSecondaryIndexes?: IndexDefinition[]
  GlobalSecondaryIndexes?: IndexDefinition[]
}

export interface KeySchemaElement {
  AttributeName: string
  KeyType: 'HASH' | 'RANGE'
}

export interface IndexDefinition {
  IndexName: string
  KeySchema: KeySchemaElement[]
  Projection?: { ProjectionType?: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; NonKeyAttributes?: string[] }
}

/** Reads a checked definition. */
export function tableSchema(definition: TableDefinition): TableSchema {
  const types = new Map(definition.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]))
  const keys = keySchema(definition.KeySchema, types)
  const index = (given: IndexDefinition, global: boolean): IndexSchema => {
    const own = keySchema(given.KeySchema, types)
    return { name: given.IndexName, global, ...own, projected: projectedNames(given, keys, own) }
  }
  return {
    ...keys,
    indexes: [
      ...(definition.LocalSecondaryIndexes ?? []).map((given) => index(given, false)),
      ...(definition.GlobalSecondaryIndexes ?? []).map((given) => index(given, true)),
    ].sort((one, two) => (one.name < two.name ? -1 : 1)),
  }
}

function keySchema(elements: readonly KeySchemaElement[], types: ReadonlyMap<string, KeyType>): KeySchema {
  const attributes = (wanted: 'HASH' | 'RANGE'): KeyAttribute[] =>
    elements
      .filter((element) => element.KeyType === wanted)
      .map(({ AttributeName: name }) => ({ name, type: types.get(name) ?? 'S' }))
  return { partition: attributes('HASH'), sort: attributes('RANGE') }
}

function projectedNames(index: IndexDefinition, table: KeySchema, own: KeySchema): ReadonlySet<string> | undefined {
  if ((index.Projection?.ProjectionType ?? 'ALL') === 'ALL') return undefined
  return new Set([...keyNames(table), ...keyNames(own), ...(index.Projection?.NonKeyAttributes ?? [])])
}

/** Partition key first. */
export function keyNames({ partition, sort }: KeySchema): string[] {
  return [...partition, ...sort].map(({ name }) => name)
}

/** Names and types, in the order of the schema. */
export function keyAttributes({ partition, sort }: KeySchema): KeyAttribute[] {
  return [...partition, ...sort]
}
