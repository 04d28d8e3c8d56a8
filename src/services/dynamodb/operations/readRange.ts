import { type AttributeValue, attributeOf, cloneValue, type Item, setAttribute } from '../attributeValue.ts'
import { addUnits, consumedCapacity, emptyUsage, wantsCapacity } from '../capacity.ts'
import { INVALID_VALUES, validationError } from '../errors.ts'
import type { Expressions } from '../expressionParameters.ts'
import type { Input } from '../input.ts'
import type { Range } from '../itemStore.ts'
import { checkKeyPaths } from '../keys.ts'
import { readPage } from '../pages.ts'
import { type IndexSchema, keyNames } from '../tableSchema.ts'
import type { OpenTable } from '../tables.ts'
import type { Output } from './context.ts'

/** The index that a Query or Scan names, or undefined without one. */
export function namedIndex(table: OpenTable, input: Input): IndexSchema | undefined {
  const name = input['IndexName']
  if (name === undefined || name === null) return undefined
  const index = table.schema.indexes.find((one) => one.name === name)
  if (index === undefined) throw validationError(`The table does not have the specified index: ${String(name)}`)
  if (index.global && input['ConsistentRead'] === true)
    throw validationError('Consistent reads are not supported on global secondary indexes')
  return index
}

/** Refuses combinations of Select with the rest of the request. */
export function checkSelect(input: Input, index: IndexSchema | undefined, expressions: Expressions): void {
  const select = input['Select']
  if (select === undefined || select === null) return
  if (select === 'ALL_PROJECTED_ATTRIBUTES' && index === undefined)
    throw validationError(`${INVALID_VALUES}ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName`)
  if (expressions.projection !== undefined && select !== 'SPECIFIC_ATTRIBUTES')
    throw validationError(`Cannot specify the ProjectionExpression when choosing to get ${selected(select)}`)
  if (select === 'SPECIFIC_ATTRIBUTES' && expressions.projection === undefined)
    throw validationError(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    )
  if (select === 'ALL_ATTRIBUTES' && index?.global === true && index.projected !== undefined)
    throw validationError(
      `${INVALID_VALUES}Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
    )
}

function selected(select: unknown): string {
  return select === 'COUNT' ? 'only the Count' : String(select)
}

/** Names of the attributes that a LastEvaluatedKey has. */
export function startKeyNames(table: OpenTable, index: IndexSchema | undefined): string[] {
  return [...new Set([...keyNames(table.schema), ...(index === undefined ? [] : keyNames(index))])]
}

/** Reads one page and answers it as Query and Scan do. */
export function answerPage(
  table: OpenTable,
  index: IndexSchema | undefined,
  range: Range,
  input: Input,
  { filter, projection }: Expressions,
): Output {
  if (projection !== undefined) checkKeyPaths(table.schema, projection.paths)
  if (filter !== undefined) checkKeyPaths(table.schema, filter.paths)
  const limit = input['Limit']
  // A local index answers what it has not itself from the table.
  const fetches =
    index !== undefined &&
    !index.global &&
    index.projected !== undefined &&
    (input['Select'] === 'ALL_ATTRIBUTES' ||
      projection?.paths.some((path) => index.projected?.has(path[0]) === false) === true)
  if (
    index?.global === true &&
    index.projected !== undefined &&
    projection?.paths.some((path) => index.projected?.has(path[0]) === false) === true
  )
    throw validationError(
      `${INVALID_VALUES}Global secondary index ${index.name} does not project ${unprojected(index, projection.paths)}`,
    )
  const page = readPage(table, index, range, {
    limit: typeof limit === 'number' ? limit : undefined,
    filter: filter?.test,
    wholeItems: fetches,
  })
  const output: Output = { Count: page.items.length, ScannedCount: page.scanned }
  if (input['Select'] !== 'COUNT')
    output['Items'] = projection === undefined ? page.items : page.items.map(projection.project)
  if (page.last !== undefined) output['LastEvaluatedKey'] = pick(page.last, startKeyNames(table, index))
  if (wantsCapacity(input)) {
    const usage = emptyUsage()
    const consistent = input['ConsistentRead'] === true
    const units = unitsOf(page.bytes, consistent)
    if (index === undefined) usage.table = units
    else addUnits(index.global ? usage.global : usage.local, index.name, units)
    if (fetches) usage.table += page.items.length * (consistent ? 1 : 0.5)
    output['ConsumedCapacity'] = consumedCapacity(table.tableName, usage, input['ReturnConsumedCapacity'])
  }
  return output
}

/** Reading nothing still costs a unit. */
function unitsOf(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4_096)) * (consistent ? 1 : 0.5)
}

function unprojected(index: IndexSchema, paths: readonly (readonly (string | number)[])[]): string {
  const names = paths.map((path) => String(path[0])).filter((name) => index.projected?.has(name) === false)
  return `[${names.join(', ')}]`
}

function pick(item: Item, names: readonly string[]): Item {
  const picked: Item = {}
  for (const name of names) {
    const value = attributeOf(item, name)
    if (value !== undefined) setAttribute(picked, name, cloneValue(value))
  }
  return picked
}

/** The content of a key value as text, when it has the type. */
export function contentOf(value: AttributeValue | undefined, type: string): string | undefined {
  const content = value === undefined ? undefined : (value as Record<string, unknown>)[type]
  return typeof content === 'string' ? content : undefined
}
