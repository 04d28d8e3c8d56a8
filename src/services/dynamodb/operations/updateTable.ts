import { AwsError } from '../../../aws/errors.ts'
import type { Table } from '../../../resources.ts'
import { checkGlobalIndex, checkStream, checkThroughput, MAX_GLOBAL_INDEXES, type Throughput } from '../definition.ts'
import { isOnDemand, throughputOf } from '../description.ts'
import { INVALID_VALUES, validationError } from '../errors.ts'
import type { Input } from '../input.ts'
import type { IndexDefinition } from '../tableSchema.ts'
import type { Operation } from './context.ts'
import { withCounts } from './tableOperations.ts'

type Members = Record<string, unknown>

interface IndexUpdate {
  Create?: IndexDefinition & { ProvisionedThroughput?: Throughput }
  Update?: { IndexName: string; ProvisionedThroughput?: Throughput; OnDemandThroughput?: Members }
  Delete?: { IndexName: string }
}

/** What UpdateTable can change; a request names at least one. */
const CHANGES = [
  'ProvisionedThroughput',
  'BillingMode',
  'StreamSpecification',
  'GlobalSecondaryIndexUpdates',
  'SSESpecification',
  'TableClass',
  'DeletionProtectionEnabled',
  'OnDemandThroughput',
  'WarmThroughput',
] as const

const UNSUPPORTED = [
  'ReplicaUpdates',
  'GlobalTableWitnessUpdates',
  'MultiRegionConsistency',
  'VectorIndexUpdates',
] as const

export const updateTable: Operation = (context, input, scope) => {
  for (const name of UNSUPPORTED)
    if (present(input[name])) throw validationError(`The parameter ${name} is not supported by this server`)
  const updates = (input['GlobalSecondaryIndexUpdates'] ?? []) as IndexUpdate[]
  const nothing = CHANGES.every(
    (name) => !present(input[name]) || (name === 'GlobalSecondaryIndexUpdates' && updates.length === 0),
  )
  if (nothing)
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
    )
  const throughput = input['ProvisionedThroughput'] as Throughput | undefined | null
  if (input['BillingMode'] === 'PROVISIONED' && !present(throughput))
    throw validationError(`${INVALID_VALUES}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`)
  if (present(throughput)) checkThroughput(throughput as Throughput)
  checkIndexUpdates(updates)
  checkStream(input['StreamSpecification'])

  const resource = context.tables.describe(scope, input['TableName'] as string)
  const description = structuredClone(resource.description) as Members
  const now = context.clock.now() / 1_000
  changeBilling(description, input, now)
  changeIndexes(resource, description, input, updates, now)
  changeStream(resource, description, input)
  if (typeof input['DeletionProtectionEnabled'] === 'boolean')
    description['DeletionProtectionEnabled'] = input['DeletionProtectionEnabled']
  if (typeof input['TableClass'] === 'string')
    description['TableClassSummary'] = { TableClass: input['TableClass'], LastUpdateDateTime: now }
  if (present(input['OnDemandThroughput']))
    description['OnDemandThroughput'] = structuredClone(input['OnDemandThroughput'])
  if (present(input['SSESpecification'])) {
    delete description['SSEDescription']
    description['SSESpecification'] = structuredClone(input['SSESpecification'])
  }
  pruneAttributes(description)
  context.tables.put({ ...resource, description })

  const after = context.tables.describe(scope, resource.tableName)
  const answered = withCounts(context, after)
  answered['TableStatus'] = 'UPDATING'
  const created = new Set(updates.map((update) => update.Create?.IndexName))
  for (const index of (answered['GlobalSecondaryIndexes'] ?? []) as Members[])
    if (created.has(String(index['IndexName']))) {
      index['IndexStatus'] = 'CREATING'
      index['Backfilling'] = false
    }
  return { TableDescription: answered }
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null
}

function checkIndexUpdates(updates: readonly IndexUpdate[]): void {
  const names = new Set<string>()
  let changes = 0
  for (const update of updates) {
    const one = update.Create ?? update.Update ?? update.Delete
    if (one === undefined || one === null)
      throw validationError(
        `${INVALID_VALUES}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null`,
      )
    if (names.has(one.IndexName))
      throw validationError(
        `${INVALID_VALUES}Only one global secondary index update per index is allowed simultaneously. Index: ${one.IndexName}`,
      )
    names.add(one.IndexName)
    if (present(update.Create) || present(update.Delete)) changes++
  }
  if (changes > 1)
    throw new AwsError(
      'LimitExceededException',
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    )
}

function changeBilling(description: Members, input: Input, now: number): void {
  const mode = input['BillingMode']
  const throughput = input['ProvisionedThroughput'] as Throughput | undefined | null
  const onDemand = mode === undefined || mode === null ? isOnDemand(description) : mode === 'PAY_PER_REQUEST'
  if (throughput !== undefined && throughput !== null) {
    if (onDemand)
      throw validationError(
        `${INVALID_VALUES}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
      )
    description['ProvisionedThroughput'] = changedThroughput(
      description['ProvisionedThroughput'] as Members,
      throughput,
      mode === 'PROVISIONED' && isOnDemand(description),
      now,
    )
  }
  if (mode === 'PAY_PER_REQUEST' && !isOnDemand(description)) {
    description['BillingModeSummary'] = { BillingMode: 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime: now }
    description['ProvisionedThroughput'] = throughputOf({})
    for (const index of (description['GlobalSecondaryIndexes'] ?? []) as Members[])
      index['ProvisionedThroughput'] = throughputOf({})
  } else if (mode === 'PROVISIONED' && isOnDemand(description)) {
    const summary = description['BillingModeSummary'] as Members
    description['BillingModeSummary'] = { ...summary, BillingMode: 'PROVISIONED' }
    const updated = new Set(
      ((input['GlobalSecondaryIndexUpdates'] ?? []) as IndexUpdate[]).map((update) => update.Update?.IndexName),
    )
    const missing = ((description['GlobalSecondaryIndexes'] ?? []) as Members[])
      .map((index) => String(index['IndexName']))
      .filter((name) => !updated.has(name))
    if (missing.length > 0)
      throw validationError(`${INVALID_VALUES}ProvisionedThroughput must be specified for index: ${missing.join(',')}`)
  }
}

function changedThroughput(current: Members, wanted: Throughput, becomesProvisioned: boolean, now: number): Members {
  const reads = wanted.ReadCapacityUnits - Number(current['ReadCapacityUnits'])
  const writes = wanted.WriteCapacityUnits - Number(current['WriteCapacityUnits'])
  if (reads === 0 && writes === 0 && !becomesProvisioned)
    throw validationError(
      `The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: ${Number(current['ReadCapacityUnits'])}. Requested ReadCapacityUnits: ${wanted.ReadCapacityUnits}. Current WriteCapacityUnits provisioned for the table: ${Number(current['WriteCapacityUnits'])}. Requested WriteCapacityUnits: ${wanted.WriteCapacityUnits}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.`,
    )
  return {
    ...current,
    ReadCapacityUnits: wanted.ReadCapacityUnits,
    WriteCapacityUnits: wanted.WriteCapacityUnits,
    ...(reads > 0 || writes > 0 ? { LastIncreaseDateTime: now } : {}),
    ...(reads < 0 || writes < 0
      ? { LastDecreaseDateTime: now, NumberOfDecreasesToday: Number(current['NumberOfDecreasesToday'] ?? 0) + 1 }
      : {}),
  }
}

function changeIndexes(
  resource: Table,
  description: Members,
  input: Input,
  updates: readonly IndexUpdate[],
  now: number,
): void {
  const indexes = [...((description['GlobalSecondaryIndexes'] ?? []) as Members[])]
  const indexNamed = (name: string): Members => {
    const index = indexes.find((one) => one['IndexName'] === name)
    if (index === undefined)
      throw new AwsError(
        'ResourceNotFoundException',
        `Requested resource not found: Index ${name} for table ${resource.tableName}`,
      )
    return index
  }
  for (const { Create: create, Update: update, Delete: deletion } of updates) {
    if (create !== undefined && create !== null) {
      const names = [...indexes, ...((description['LocalSecondaryIndexes'] ?? []) as Members[])]
      if (names.some((index) => index['IndexName'] === create.IndexName))
        throw validationError('Attempting to create an index which already exists')
      addAttributes(description, input)
      const defined = (description['AttributeDefinitions'] as { AttributeName: string }[]).map(
        (one) => one.AttributeName,
      )
      checkGlobalIndex(create, defined, isOnDemand(description) ? 'PAY_PER_REQUEST' : 'PROVISIONED')
      if (indexes.length >= MAX_GLOBAL_INDEXES)
        throw new AwsError(
          'LimitExceededException',
          `Subscriber limit exceeded: Number of global secondary indexes per table exceeds the limit of ${MAX_GLOBAL_INDEXES}`,
        )
      indexes.push(structuredClone(create) as unknown as Members)
    }
    if (deletion !== undefined && deletion !== null) indexes.splice(indexes.indexOf(indexNamed(deletion.IndexName)), 1)
    if (update !== undefined && update !== null) {
      const index = indexNamed(update.IndexName)
      if (update.ProvisionedThroughput !== undefined && update.ProvisionedThroughput !== null) {
        checkThroughput(update.ProvisionedThroughput)
        if (isOnDemand(description))
          throw validationError(
            `${INVALID_VALUES}The only Updates for index: ${update.IndexName} when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput`,
          )
        index['ProvisionedThroughput'] = changedThroughput(
          index['ProvisionedThroughput'] as Members,
          update.ProvisionedThroughput,
          Number((index['ProvisionedThroughput'] as Members)['ReadCapacityUnits']) === 0,
          now,
        )
      }
      if (present(update.OnDemandThroughput)) index['OnDemandThroughput'] = structuredClone(update.OnDemandThroughput)
    }
  }
  if (indexes.length > 0) description['GlobalSecondaryIndexes'] = indexes
  else delete description['GlobalSecondaryIndexes']
}

/** Definitions that the request adds; those of other names stay. */
function addAttributes(description: Members, input: Input): void {
  const given = (input['AttributeDefinitions'] ?? []) as { AttributeName: string }[]
  const names = new Set(given.map(({ AttributeName }) => AttributeName))
  const kept = (description['AttributeDefinitions'] as { AttributeName: string }[]).filter(
    ({ AttributeName }) => !names.has(AttributeName),
  )
  description['AttributeDefinitions'] = [...kept, ...structuredClone(given)]
}

/** Attributes that were keys of an index that is gone are no longer defined. */
function pruneAttributes(description: Members): void {
  const indexes = [
    ...((description['LocalSecondaryIndexes'] ?? []) as IndexDefinition[]),
    ...((description['GlobalSecondaryIndexes'] ?? []) as IndexDefinition[]),
  ]
  const schemas = [description['KeySchema'] as IndexDefinition['KeySchema'], ...indexes.map((index) => index.KeySchema)]
  const used = new Set(schemas.flat().map(({ AttributeName }) => AttributeName))
  description['AttributeDefinitions'] = (description['AttributeDefinitions'] as { AttributeName: string }[]).filter(
    ({ AttributeName }) => used.has(AttributeName),
  )
}

function changeStream(resource: Table, description: Members, input: Input): void {
  const given = input['StreamSpecification'] as { StreamEnabled?: boolean; StreamViewType?: string } | undefined | null
  if (given === undefined || given === null) return
  const current = description['StreamSpecification']
  if (given.StreamEnabled === true) {
    if (current !== undefined)
      throw validationError(`Table already has an enabled stream: TableName: ${resource.tableName}`)
    description['StreamSpecification'] = { ...given }
    return
  }
  if (current === undefined)
    throw validationError(`Table already has a disabled stream: TableName: ${resource.tableName}`)
  delete description['StreamSpecification']
}
