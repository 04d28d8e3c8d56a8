import { parseArn, type Scope } from '../../../aws/arn.ts'
import { AwsError } from '../../../aws/errors.ts'
import type { Table } from '../../../resources.ts'
import { validationError } from '../errors.ts'
import { checkTags } from '../tags.ts'
import type { Context, Operation } from './context.ts'

export const tagResource: Operation = (context, input, scope) => {
  const resource = taggedTable(context, input['ResourceArn'] as string, scope)
  if ((input['Tags'] as unknown[]).length === 0) throw validationError('Atleast one Tag needs to be provided as Input.')
  const tags = checkTags(input['Tags'], resource.tags)
  context.tables.put({ ...resource, ...(tags === undefined ? {} : { tags }) })
  return {}
}

export const untagResource: Operation = (context, input, scope) => {
  const resource = taggedTable(context, input['ResourceArn'] as string, scope)
  const gone = new Set(input['TagKeys'] as string[])
  if (gone.size === 0) throw validationError('Atleast one Tag Key needs to be provided as Input.')
  const tags = Object.fromEntries(Object.entries(resource.tags ?? {}).filter(([key]) => !gone.has(key)))
  context.tables.put({ ...resource, tags })
  return {}
}

export const listTagsOfResource: Operation = (context, input, scope) => {
  const resource = taggedTable(context, input['ResourceArn'] as string, scope)
  return { Tags: Object.entries(resource.tags ?? {}).map(([Key, Value]) => ({ Key, Value })) }
}

function taggedTable({ tables }: Context, arn: string, scope: Scope): Table {
  const parsed = parseArn(arn)
  const tableName =
    parsed?.service === 'dynamodb' ? /^table\/([a-zA-Z0-9_.-]{3,255})$/.exec(parsed.resource)?.[1] : undefined
  if (parsed === undefined || tableName === undefined)
    throw validationError(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`)
  const own = parsed.accountId === scope.accountId && parsed.region === scope.region
  if (!own || !tables.has(arn))
    throw new AwsError('ResourceNotFoundException', `Requested resource not found: ResourcArn: ${arn} not found`)
  return tables.describe(scope, tableName)
}
