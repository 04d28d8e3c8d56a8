import { INVALID_VALUES, validationError } from './errors.ts'
import type { Input } from './input.ts'
import type { IndexDefinition, KeySchemaElement } from './tableSchema.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const MAX_LOCAL_INDEXES = 5
export const MAX_GLOBAL_INDEXES = 20
const MAX_INCLUDED_ATTRIBUTES = 100
const MAX_CAPACITY_UNITS = 1_000_000_000_000
/** Attributes of each kind in a global index's key. */
const MAX_KEY_ATTRIBUTES = 4

interface AttributeDefinition {
  AttributeName: string
  AttributeType: string
}

export interface Throughput {
  ReadCapacityUnits: number
  WriteCapacityUnits: number
}

/** Refuses what CreateTable refuses of a definition whose members have the right types. */
export function checkDefinition(input: Input): void {
  checkKeyCount(input)
  const attributes = (input['AttributeDefinitions'] ?? []) as AttributeDefinition[]
  const keySchema = (input['KeySchema'] ?? []) as KeySchemaElement[]
  checkBilling(input)
  const defined = attributes.map(({ AttributeName }) => AttributeName)
  checkKeySchema(keySchema, defined, false)
  const local = input['LocalSecondaryIndexes'] as IndexDefinition[] | undefined | null
  const global = input['GlobalSecondaryIndexes'] as IndexDefinition[] | undefined | null
  const names = new Set<string>()
  if (local !== undefined && local !== null) checkLocalIndexes(local, keySchema, defined, names)
  if (global !== undefined && global !== null) checkGlobalIndexes(global, defined, names, input['BillingMode'])
  checkIncluded([...(local ?? []), ...(global ?? [])])
  const used = new Set(
    [keySchema, ...[...(local ?? []), ...(global ?? [])].map((index) => index.KeySchema)]
      .flat()
      .map(({ AttributeName }) => AttributeName),
  )
  if (new Set(defined).size !== used.size || defined.some((name) => !used.has(name))) {
    if ((local ?? []).length === 0 && (global ?? []).length === 0)
      throw validationError(
        `${INVALID_VALUES}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`,
      )
    throw validationError(
      `${INVALID_VALUES}Some AttributeDefinitions are not used. AttributeDefinitions: [${defined.join(', ')}], keys used: [${[...used].join(', ')}]`,
    )
  }
  checkStream(input['StreamSpecification'])
}

/** Keys of tables and local indexes have one or two attributes; only those of global indexes may have more. */
function checkKeyCount(input: Input): void {
  const schemas: [string, unknown][] = [['keySchema', input['KeySchema']]]
  for (const [index, given] of ((input['LocalSecondaryIndexes'] ?? []) as IndexDefinition[]).entries())
    schemas.push([`localSecondaryIndexes.${index + 1}.member.keySchema`, given.KeySchema])
  for (const [path, schema] of schemas) {
    if (!Array.isArray(schema) || schema.length <= 2) continue
    const shown = (schema as KeySchemaElement[]).map(
      ({ AttributeName, KeyType }) => `KeySchemaElement(attributeName=${AttributeName}, keyType=${KeyType})`,
    )
    throw validationError(
      `1 validation error detected: Value '[${shown.join(', ')}]' at '${path}' failed to satisfy constraint: Member must have length less than or equal to 2`,
    )
  }
}

function checkBilling(input: Input): void {
  const throughput = input['ProvisionedThroughput'] as Throughput | undefined | null
  if (input['BillingMode'] === 'PAY_PER_REQUEST') {
    if (throughput !== undefined && throughput !== null)
      throw validationError(
        `${INVALID_VALUES}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
      )
    return
  }
  if (throughput === undefined || throughput === null)
    throw validationError(
      `${INVALID_VALUES}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
    )
  checkThroughput(throughput)
}

export function checkThroughput(throughput: Throughput): void {
  for (const name of ['ReadCapacityUnits', 'WriteCapacityUnits'] as const)
    if (throughput[name] > MAX_CAPACITY_UNITS)
      throw validationError(`Given value ${throughput[name]} for ${name} is out of bounds`)
}

/** @param many Whether the key may have several attributes of a kind, as those of global indexes may. */
export function checkKeySchema(schema: readonly KeySchemaElement[], defined: readonly string[], many: boolean): void {
  const keys = schema.map(({ AttributeName }) => AttributeName)
  if (keys.length > defined.length)
    throw validationError('Invalid KeySchema: Some index key attribute have no definition')
  if (keys.some((key) => !defined.includes(key)))
    throw validationError(
      `${INVALID_VALUES}Some index key attributes are not defined in AttributeDefinitions. Keys: [${keys.join(', ')}], AttributeDefinitions: [${defined.join(', ')}]`,
    )
  if (new Set(keys).size < keys.length)
    throw validationError('Both the Hash Key and the Range Key element in the KeySchema have the same name')
  if (schema[0]?.KeyType !== 'HASH')
    throw validationError('Invalid KeySchema: The first KeySchemaElement is not a HASH key type')
  if (!many) {
    if (schema[1] !== undefined && schema[1].KeyType !== 'RANGE')
      throw validationError('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type')
    return
  }
  const hashes = schema.filter(({ KeyType }) => KeyType === 'HASH').length
  const ranges = schema.length - hashes
  if (schema.slice(0, hashes).some(({ KeyType }) => KeyType !== 'HASH'))
    throw validationError('Invalid KeySchema: HASH keys must come before RANGE keys')
  if (hashes > MAX_KEY_ATTRIBUTES || ranges > MAX_KEY_ATTRIBUTES)
    throw validationError(
      `${INVALID_VALUES}The number of HASH or RANGE key attributes exceeds the limit of ${MAX_KEY_ATTRIBUTES}`,
    )
}

function checkIndexName(index: IndexDefinition, names: Set<string>): void {
  if (names.has(index.IndexName)) throw validationError(`${INVALID_VALUES}Duplicate index name: ${index.IndexName}`)
  names.add(index.IndexName)
}

function checkProjection(index: IndexDefinition): void {
  const type = index.Projection?.ProjectionType
  const attributes = index.Projection?.NonKeyAttributes
  if (type === undefined || type === null) throw validationError(`${INVALID_VALUES}Unknown ProjectionType: null`)
  if (type === 'INCLUDE' && (attributes === undefined || attributes === null))
    throw validationError(`${INVALID_VALUES}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`)
  if (type !== 'INCLUDE' && attributes !== undefined && attributes !== null)
    throw validationError(`${INVALID_VALUES}ProjectionType is ${type}, but NonKeyAttributes is specified`)
}

function checkLocalIndexes(
  indexes: readonly IndexDefinition[],
  table: readonly KeySchemaElement[],
  defined: readonly string[],
  names: Set<string>,
): void {
  if (indexes.length === 0) throw validationError(`${INVALID_VALUES}List of LocalSecondaryIndexes is empty`)
  if (table.length !== 2)
    throw validationError(
      `${INVALID_VALUES}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
    )
  for (const index of indexes) {
    checkKeySchema(index.KeySchema, defined, false)
    const [hash, range] = index.KeySchema
    if (range === undefined)
      throw validationError(`${INVALID_VALUES}Index KeySchema does not have a range key for index: ${index.IndexName}`)
    if (hash?.AttributeName !== table[0]?.AttributeName)
      throw validationError(
        `${INVALID_VALUES}Index KeySchema does not have the same leading hash key as table KeySchema for index: ${index.IndexName}. index hash key: ${hash?.AttributeName}, table hash key: ${table[0]?.AttributeName}`,
      )
    checkProjection(index)
    checkIndexName(index, names)
  }
  if (indexes.length > MAX_LOCAL_INDEXES)
    throw validationError(
      `${INVALID_VALUES}Number of LocalSecondaryIndexes exceeds per-table limit of ${MAX_LOCAL_INDEXES}`,
    )
}

function checkGlobalIndexes(
  indexes: readonly (IndexDefinition & { ProvisionedThroughput?: Throughput })[],
  defined: readonly string[],
  names: Set<string>,
  billingMode: unknown,
): void {
  if (indexes.length === 0) throw validationError(`${INVALID_VALUES}List of GlobalSecondaryIndexes is empty`)
  for (const index of indexes) {
    checkGlobalIndex(index, defined, billingMode)
    checkIndexName(index, names)
  }
  if (indexes.length > MAX_GLOBAL_INDEXES)
    throw validationError(
      `${INVALID_VALUES}GlobalSecondaryIndex count exceeds the per-table limit of ${MAX_GLOBAL_INDEXES}`,
    )
}

export function checkGlobalIndex(
  index: IndexDefinition & { ProvisionedThroughput?: Throughput },
  defined: readonly string[],
  billingMode: unknown,
): void {
  checkKeySchema(index.KeySchema, defined, true)
  checkProjection(index)
  const throughput = index.ProvisionedThroughput
  const given = throughput !== undefined && throughput !== null
  if (billingMode === 'PAY_PER_REQUEST') {
    if (given)
      throw validationError(
        `${INVALID_VALUES}ProvisionedThroughput should not be specified for index: ${index.IndexName} when BillingMode is PAY_PER_REQUEST`,
      )
  } else if (!given)
    throw validationError(`${INVALID_VALUES}ProvisionedThroughput must be specified for index: ${index.IndexName}`)
  else checkThroughput(throughput)
}

function checkIncluded(indexes: readonly IndexDefinition[]): void {
  const included = indexes.flatMap((index) => index.Projection?.NonKeyAttributes ?? [])
  if (included.length > MAX_INCLUDED_ATTRIBUTES)
    throw validationError(
      `${INVALID_VALUES}Number of projected attributes exceeds per-table limit of ${MAX_INCLUDED_ATTRIBUTES}`,
    )
}

/** Refuses a StreamSpecification that says two things. */
export function checkStream(given: unknown): void {
  if (given === undefined || given === null) return
  const { StreamEnabled, StreamViewType } = given as { StreamEnabled?: boolean; StreamViewType?: string }
  if (StreamEnabled === true && StreamViewType === undefined)
    throw validationError(
      `${INVALID_VALUES}Table is being created with a stream enabled, UpdateViewType should be specified`,
    )
  if (StreamEnabled === false && StreamViewType !== undefined)
    throw validationError(
      `${INVALID_VALUES}Table is being created with a stream disabled, UpdateViewType should not be specified`,
    )
}
