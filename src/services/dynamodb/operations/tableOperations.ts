import { AwsError } from '../../../aws/errors.ts'
import type { Table } from '../../../resources.ts'
import { checkDefinition } from '../definition.ts'
import { validationError } from '../errors.ts'
import { tableArn } from '../tables.ts'
import { checkTags } from '../tags.ts'
import type { Context, Operation, Output } from './context.ts'

/** Tables in one answer of ListTables. */
const MAX_LISTED = 100

/** What this server cannot do with a table, refused rather than ignored. */
const UNSUPPORTED = ['VectorIndexes', 'GlobalTableSourceArn', 'ResourcePolicy'] as const

export const createTable: Operation = ({ tables, storage }, input, scope) => {
  checkDefinition(input)
  for (const name of UNSUPPORTED)
    if (input[name] !== undefined && input[name] !== null)
      throw validationError(`The parameter ${name} is not supported by this server`)
  const tableName = input['TableName'] as string
  const arn = tableArn(scope, tableName)
  if (tables.has(arn)) throw new AwsError('ResourceInUseException', `Table already exists: ${tableName}`)
  // Left over when the server was killed between forgetting a table and dropping its items.
  storage.drop(arn)
  const tags = checkTags(input['Tags'])
  tables.put({
    arn,
    tableName,
    description: copied(input),
    ...(tags === undefined ? {} : { tags }),
  })
  const made = tables.describe(scope, tableName).description
  return { TableDescription: transient(made, 'CREATING') }
}

/** A description as it is told while the change goes on, which DynamoDB answers before it is done. */
export function transient(description: Readonly<Record<string, unknown>>, status: string): Output {
  const copy = copied(description)
  copy['TableStatus'] = status
  for (const index of (copy['GlobalSecondaryIndexes'] ?? []) as Output[]) index['IndexStatus'] = status
  return copy
}

function copied(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return structuredClone(value) as Record<string, unknown>
}

export const describeTable: Operation = (context, input, scope) => {
  const resource = context.tables.describe(scope, input['TableName'] as string)
  return { Table: withCounts(context, resource) }
}

/** The description with numbers of items and bytes as they are now. */
export function withCounts({ tables }: Context, resource: Table): Output {
  const description = copied(resource.description)
  const table = tables.get(resource.arn)
  if (table === undefined) return description
  const { items, bytes } = table.storage.items.count()
  description['ItemCount'] = items
  description['TableSizeBytes'] = bytes
  for (const kind of ['LocalSecondaryIndexes', 'GlobalSecondaryIndexes'])
    for (const index of (description[kind] ?? []) as Output[]) {
      const count = table.storage.items.indexCount(String(index['IndexName']))
      index['ItemCount'] = count.items
      index['IndexSizeBytes'] = count.bytes
    }
  return description
}

export const deleteTable: Operation = (context, input, scope) => {
  const tableName = input['TableName'] as string
  const resource = context.tables.describe(scope, tableName)
  if (resource.description['DeletionProtectionEnabled'] === true)
    throw validationError(
      `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.`,
    )
  const description = withCounts(context, resource)
  context.tables.delete(resource)
  for (const name of ['AttributeDefinitions', 'KeySchema', 'CreationDateTime']) delete description[name]
  description['TableStatus'] = 'DELETING'
  return { TableDescription: description }
}

export const listTables: Operation = ({ tables }, input, scope) => {
  const limit = typeof input['Limit'] === 'number' ? input['Limit'] : MAX_LISTED
  const start = input['ExclusiveStartTableName']
  const names = tables
    .all(scope)
    .map(({ tableName }) => tableName)
    .sort((one, two) => (one < two ? -1 : 1))
  const rest = typeof start === 'string' ? names.filter((name) => name > start) : names
  const page = rest.slice(0, limit)
  return {
    TableNames: page,
    ...(rest.length > page.length ? { LastEvaluatedTableName: page.at(-1) } : {}),
  }
}

/** The account's limits, as a new account has them. */
export const describeLimits: Operation = () => ({
  AccountMaxReadCapacityUnits: 80_000,
  AccountMaxWriteCapacityUnits: 80_000,
  TableMaxReadCapacityUnits: 40_000,
  TableMaxWriteCapacityUnits: 40_000,
})

/** What a table without backups in time answers; switching them on is not supported. */
export const describeContinuousBackups: Operation = ({ tables }, input, scope) => {
  tables.describe(scope, input['TableName'] as string)
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
    },
  }
}
