import type { Input } from './input.ts'

/** What a description gets from the engine, whoever wrote the definition. */
export interface Identity {
  tableId: string
  /** Milliseconds since the epoch. */
  createdAt: number
}

/** Members of a CreateTable request that a description takes over as they are. */
const TAKEN_OVER = ['AttributeDefinitions', 'KeySchema', 'OnDemandThroughput'] as const

type Members = Record<string, unknown>

/** A TableDescription as DescribeTable answers it, made from a CreateTable request or a description. */
export function describeTable(arn: string, tableName: string, definition: Input, identity: Identity): Members {
  const created = identity.createdAt / 1_000
  const onDemand = isOnDemand(definition)
  const description: Members = {
    TableName: tableName,
    TableArn: arn,
    TableId: identity.tableId,
    TableStatus: 'ACTIVE',
    CreationDateTime: created,
    ItemCount: 0,
    TableSizeBytes: 0,
    ProvisionedThroughput: throughputOf(definition['ProvisionedThroughput']),
    DeletionProtectionEnabled: definition['DeletionProtectionEnabled'] === true,
  }
  description['WarmThroughput'] = warmThroughput(onDemand, description['ProvisionedThroughput'] as Members)
  for (const name of TAKEN_OVER) if (definition[name] !== undefined) description[name] = definition[name]
  if (onDemand)
    description['BillingModeSummary'] = {
      BillingMode: 'PAY_PER_REQUEST',
      LastUpdateToPayPerRequestDateTime: created,
      ...(definition['BillingModeSummary'] as Members | undefined),
    }
  // A table that was on demand before says so.
  else if (definition['BillingModeSummary'] !== undefined)
    description['BillingModeSummary'] = definition['BillingModeSummary']
  const tableClass = definition['TableClass']
  if (typeof tableClass === 'string') description['TableClassSummary'] = { TableClass: tableClass }
  else if (definition['TableClassSummary'] !== undefined)
    description['TableClassSummary'] = definition['TableClassSummary']
  const sse = sseDescription(definition)
  if (sse !== undefined) description['SSEDescription'] = sse
  const local = definition['LocalSecondaryIndexes'] as Members[] | undefined
  if (local !== undefined && local !== null && local.length > 0)
    description['LocalSecondaryIndexes'] = local.map((index) => describeIndex(arn, index))
  const global = definition['GlobalSecondaryIndexes'] as Members[] | undefined
  if (global !== undefined && global !== null && global.length > 0)
    description['GlobalSecondaryIndexes'] = global.map((index) => describeGlobalIndex(arn, index, onDemand))
  const stream = streamSpecification(definition['StreamSpecification'])
  if (stream !== undefined) description['StreamSpecification'] = stream
  for (const name of ['LatestStreamArn', 'LatestStreamLabel'] as const)
    if (definition[name] !== undefined) description[name] = definition[name]
  return description
}

/** Whether the table is billed by request: as asked for, or as described. */
export function isOnDemand(definition: Input): boolean {
  const summary = definition['BillingModeSummary'] as Members | undefined
  return (definition['BillingMode'] ?? summary?.['BillingMode']) === 'PAY_PER_REQUEST'
}

export function throughputOf(given: unknown): Members {
  const { ReadCapacityUnits = 0, WriteCapacityUnits = 0, ...rest } = (given ?? {}) as Members
  return { NumberOfDecreasesToday: 0, ...rest, ReadCapacityUnits, WriteCapacityUnits }
}

/** What a table can take at once: on demand, what a new one has; otherwise what is provisioned. */
function warmThroughput(onDemand: boolean, throughput: Members): Members {
  return {
    ReadUnitsPerSecond: onDemand ? 12_000 : throughput['ReadCapacityUnits'],
    WriteUnitsPerSecond: onDemand ? 4_000 : throughput['WriteCapacityUnits'],
    Status: 'ACTIVE',
  }
}

function describeIndex(arn: string, index: Members): Members {
  return {
    IndexName: index['IndexName'],
    KeySchema: index['KeySchema'],
    Projection: index['Projection'],
    IndexSizeBytes: 0,
    ItemCount: 0,
    IndexArn: `${arn}/index/${String(index['IndexName'])}`,
  }
}

function describeGlobalIndex(arn: string, index: Members, onDemand: boolean): Members {
  const throughput = throughputOf(index['ProvisionedThroughput'])
  return {
    ...describeIndex(arn, index),
    IndexStatus: 'ACTIVE',
    ProvisionedThroughput: throughput,
    WarmThroughput: warmThroughput(onDemand, throughput),
    ...(index['OnDemandThroughput'] === undefined ? {} : { OnDemandThroughput: index['OnDemandThroughput'] }),
  }
}

function sseDescription(definition: Input): Members | undefined {
  const existing = definition['SSEDescription']
  if (existing !== undefined && existing !== null) return existing as Members
  const given = definition['SSESpecification'] as Members | undefined | null
  if ((given?.['Enabled'] ?? given?.['SSEEnabled']) !== true) return undefined
  return {
    Status: 'ENABLED',
    SSEType: given?.['SSEType'] ?? 'KMS',
    ...(given?.['KMSMasterKeyId'] === undefined ? {} : { KMSMasterKeyArn: given['KMSMasterKeyId'] }),
  }
}

/** CloudFormation's form has no `StreamEnabled`: a view type says it. */
export function streamSpecification(given: unknown): { StreamEnabled: true; StreamViewType: string } | undefined {
  const { StreamEnabled, StreamViewType } = (given ?? {}) as { StreamEnabled?: boolean; StreamViewType?: string }
  if (StreamEnabled === false || StreamViewType === undefined) return undefined
  return { StreamEnabled: true, StreamViewType }
}
