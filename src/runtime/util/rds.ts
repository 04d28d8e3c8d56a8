import { failure, mismatch, type UtilEnvironment, type UtilFunction } from './environment.ts'
import { entriesOf, isList, isMap, jsonText, memberOf, newMap, type PlainMap, plainCopy } from './values.ts'

/** Field types of the RDS Data API that hold one value; `isNull` holds none. */
const VALUE_TYPES = ['stringValue', 'longValue', 'doubleValue', 'booleanValue', 'blobValue'] as const

/**
 * `util.rds.toJsonObject`: the answer of the RDS Data API (a text, or the object) as a list of lists, one per statement,
 * with an object per record. A column is called by its label, else its name; columns that are NULL are left out; a
 * statement without records gives `[{}]`.
 */
export const toJsonObject: UtilFunction = (environment, [given]) => {
  let answer = given
  if (typeof given === 'string') {
    environment.charge(given.length)
    environment.allocate(given.length * 4)
    try {
      answer = JSON.parse(given)
    } catch (cause) {
      throw failure(`Unable to parse the JSON document: '${(cause as Error).message}'`)
    }
  }
  if (!isMap(answer)) return mismatch(environment)
  const results = memberOf(answer, 'sqlStatementResults')
  if (!isList(results)) return []
  return results.map((result) => recordsOf(environment, result))
}

function recordsOf(environment: UtilEnvironment, result: unknown): unknown[] {
  if (!isMap(result)) return [newMap()]
  const records = memberOf(result, 'records')
  if (!isList(records)) return [newMap()]
  const metadata = memberOf(result, 'columnMetadata')
  const columns = isList(metadata) ? metadata.map(columnName) : []
  return records.map((record) => {
    const row = newMap()
    if (!isList(record)) return row
    environment.charge(record.length + 1)
    environment.allocate(record.length * 32)
    record.forEach((field, index) => {
      const value = fieldValue(environment, field, 0)
      if (value !== undefined) row[columns[index] ?? String(index)] = value
    })
    return row
  })
}

function columnName(column: unknown): string | undefined {
  if (!isMap(column)) return undefined
  const label = memberOf(column, 'label')
  if (typeof label === 'string' && label !== '') return label
  const name = memberOf(column, 'name')
  return typeof name === 'string' ? name : undefined
}

function fieldValue(environment: UtilEnvironment, field: unknown, depth: number): unknown {
  environment.charge(1)
  if (!isMap(field) || depth > 100) return undefined
  for (const type of VALUE_TYPES) {
    const value = memberOf(field, type)
    if (value !== undefined && value !== null) return value
  }
  const array = memberOf(field, 'arrayValue') ?? memberOf(field, 'arrayValues')
  return isMap(array)
    ? arrayValue(environment, array, depth)
    : isList(array)
      ? elements(environment, array, depth)
      : undefined
}

/** `{"stringValues": […]}` and its like, or `{"arrayValues": [{…}, …]}` for arrays of arrays. */
function arrayValue(environment: UtilEnvironment, array: Map<string, unknown> | PlainMap, depth: number): unknown {
  for (const [, values] of entriesOf(array)) if (isList(values)) return elements(environment, values, depth)
  return undefined
}

function elements(environment: UtilEnvironment, values: readonly unknown[], depth: number): unknown[] {
  environment.charge(values.length)
  return values.map((value) => {
    if (!isMap(value)) return plainCopy(environment, value)
    return fieldValue(environment, value, depth + 1) ?? arrayValue(environment, value, depth + 1) ?? null
  })
}

export const rds = { toJsonObject } satisfies Record<string, UtilFunction>

/** Only in VTL: the same as text. */
export const vtlRds = {
  toJsonObject,
  toJsonString: (environment: UtilEnvironment, args: readonly unknown[]) => {
    const value = toJsonObject(environment, args)
    return typeof value === 'symbol' ? value : jsonText(environment, value)
  },
} satisfies Record<string, UtilFunction>
