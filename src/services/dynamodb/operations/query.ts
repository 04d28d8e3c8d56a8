import {
  type AttributeValue,
  attributeOf,
  compareValues,
  equalValues,
  type Item,
  readItem,
  setAttribute,
} from '../attributeValue.ts'
import { KeyValueError, RequestError, validationError } from '../errors.ts'
import { readExpressions } from '../expressionParameters.ts'
import { type KeyTerm, termHasType } from '../expressions/keyCondition.ts'
import type { Range } from '../itemStore.ts'
import { after, afterPrefix, encodeKey, encodePartition, joinedKey, joinKeys } from '../keyEncoding.ts'
import { checkKey } from '../keys.ts'
import { positionOf } from '../pages.ts'
import { type IndexSchema, type KeyAttribute, type KeySchema, keyNames } from '../tableSchema.ts'
import type { OpenTable } from '../tables.ts'
import type { Operation } from './context.ts'
import { answerPage, checkSelect, contentOf, namedIndex, startKeyNames } from './readRange.ts'

export const query: Operation = ({ tables }, input, scope) => {
  const given = input['ExclusiveStartKey']
  const startKey = given === undefined || given === null ? undefined : readStartKey(given)
  const expressions = readExpressions(input, ['ProjectionExpression', 'FilterExpression', 'KeyConditionExpression'])
  const terms = expressions.keyTerms
  if (terms === undefined)
    throw validationError(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    )
  const table = tables.open(scope, input['TableName'] as string)
  const index = namedIndex(table, input)
  const schema: KeySchema = index ?? table.schema
  checkTerms(schema, terms)
  checkSelect(input, index, expressions)
  const names = new Set(keyNames(schema))
  for (const [name] of expressions.filter?.paths ?? [])
    if (names.has(name))
      throw validationError(
        `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${name}`,
      )
  const range = keyRange(schema, terms)
  if (input['ScanIndexForward'] === false) range.descending = true
  if (startKey !== undefined) {
    if (Object.keys(startKey).length !== startKeyNames(table, index).length)
      throw validationError('The provided starting key is invalid')
    checkStartKey(table, index, startKey)
    checkStartWithin(schema, terms, startKey)
    range.after = positionOf(table, index, startKey)
  }
  return answerPage(table, index, range, input, expressions)
}

/** Reads an ExclusiveStartKey; what is wrong with its values is said to be wrong with it. */
export function readStartKey(input: unknown): Item {
  try {
    return readItem(input)
  } catch (error) {
    if (!(error instanceof RequestError) || ABOUT_NUMBERS.test(error.message)) throw error
    throw new RequestError(
      `The provided starting key is invalid: ${error.message}`,
      `The provided starting key is invalid: ${error.older}`,
    )
  }
}

const ABOUT_NUMBERS = /contains duplicates|number set|numeric value|significant digits|number with magnitude/

/** Refuses a key that a page of this table or index cannot have ended with. */
export function checkStartKey(table: OpenTable, index: IndexSchema | undefined, key: Item): void {
  if (index !== undefined && Object.keys(key).length !== startKeyNames(table, index).length)
    throw validationError('The provided starting key is invalid')
  try {
    checkKey(table.schema, index === undefined ? key : ownKey(table, key))
  } catch (error) {
    throw validationError(`The provided starting key is invalid: ${(error as Error).message}`)
  }
  for (const { name, type } of [...(index?.partition ?? []), ...(index?.sort ?? [])])
    if (contentOf(attributeOf(key, name), type) === undefined)
      throw validationError('The provided starting key is invalid')
}

/** The part of an index's starting key that is the item's own key. */
function ownKey(table: OpenTable, key: Item): Item {
  const own: Item = {}
  for (const name of keyNames(table.schema)) {
    const value = attributeOf(key, name)
    if (value !== undefined) setAttribute(own, name, value)
  }
  return own
}

function checkStartWithin(schema: KeySchema, terms: ReadonlyMap<string, KeyTerm>, key: Item): void {
  for (const { name } of schema.partition) {
    const value = attributeOf(key, name)
    const wanted = terms.get(name)?.values[0]
    if (value === undefined || wanted === undefined || !equalValues(value, wanted))
      throw validationError('The provided starting key is outside query boundaries based on provided conditions')
  }
  for (const { name } of schema.sort) {
    const term = terms.get(name)
    const value = attributeOf(key, name)
    if (term !== undefined && value !== undefined && !holds(term, value))
      throw validationError('The provided starting key does not match the range key predicate')
  }
}

function holds({ operator, values }: KeyTerm, value: AttributeValue): boolean {
  const [first, second] = values
  if (first === undefined) return false
  const order = compareValues(value, first) ?? Number.NaN
  switch (operator) {
    case '=':
      return order === 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case 'between':
      return order >= 0 && second !== undefined && (compareValues(value, second) ?? Number.NaN) <= 0
    case 'begins_with': {
      const bytes = (one: AttributeValue): Buffer =>
        'B' in one ? Buffer.from(one.B, 'base64') : Buffer.from('S' in one ? one.S : '')
      const prefix = bytes(first)
      return bytes(value).subarray(0, prefix.length).equals(prefix)
    }
    default:
      return operator satisfies never
  }
}

function checkTerms(schema: KeySchema, terms: ReadonlyMap<string, KeyTerm>): void {
  const known = [...schema.partition, ...schema.sort]
  if (terms.size > Math.max(2, known.length))
    throw validationError(
      `The number of query conditions (${terms.size}) exceeds the number of key attributes defined in the schema (${known.length})`,
    )
  for (const { name } of schema.partition)
    if (!terms.has(name)) throw validationError(`Query condition missed key schema element: ${name}`)
  if ([...terms.keys()].some((name) => !known.some((attribute) => attribute.name === name))) {
    const missing = schema.sort.find(({ name }) => !terms.has(name))
    throw validationError(
      missing === undefined
        ? 'Query key condition not supported'
        : `Query condition missed key schema element: ${missing.name}`,
    )
  }
  for (const { name, type } of known) {
    const term = terms.get(name)
    if (term !== undefined && !termHasType(term, type))
      throw validationError(
        'One or more parameter values were invalid: Condition parameter type does not match schema type',
      )
  }
  for (const { name } of schema.partition)
    if (terms.get(name)?.operator !== '=') throw validationError('Query key condition not supported')
  checkSortTerms(schema.sort, terms)
  for (const { name, type } of known) {
    const term = terms.get(name)
    if (
      term !== undefined &&
      term.operator !== 'begins_with' &&
      term.values.some((value) => contentOf(value, type) === '')
    )
      throw new KeyValueError(
        `The AttributeValue for a key attribute cannot contain an empty ${type === 'B' ? 'binary' : 'string'} value. Key: ${name}`,
      )
  }
}

/** Only the last sort key attribute that is named may have something else than an equality, and none is left out. */
function checkSortTerms(sort: readonly KeyAttribute[], terms: ReadonlyMap<string, KeyTerm>): void {
  const last = sort.findLastIndex(({ name }) => terms.has(name))
  for (const [index, { name }] of sort.entries())
    if (index < last && terms.get(name)?.operator !== '=')
      throw validationError(
        `RANGE key attributes ${name} must have equality conditions specified in the query because a condition is present on key attribute ${(sort[last] as KeyAttribute).name}`,
      )
}

/** Where the items are that the terms ask for. */
function keyRange(schema: KeySchema, terms: ReadonlyMap<string, KeyTerm>): Range {
  const encoded = ({ name, type }: KeyAttribute, position = 0): Uint8Array =>
    encodeKey(type, contentOf(terms.get(name)?.values[position], type) ?? '')
  const range: Range = { partition: encodePartition(joinKeys(schema.partition.map((attribute) => encoded(attribute)))) }
  const named = schema.sort.filter(({ name }) => terms.has(name))
  const last = named.at(-1)
  const term = last === undefined ? undefined : terms.get(last.name)
  if (last === undefined || term === undefined) return range
  const second = term.values.length > 1 ? encoded(last, 1) : undefined
  if (schema.sort.length === 1) {
    const bounds = boundsOf(term.operator, encoded(last), second, after)
    return { ...range, ...bounds }
  }
  // Among several sort key attributes, what comes before the last one named is a prefix of the stored key.
  const prefix = Buffer.concat(named.slice(0, -1).map((attribute) => joinedKey(encoded(attribute))))
  const whole = (key: Uint8Array): Uint8Array =>
    Buffer.concat([prefix, joinedKey(key, term.operator !== 'begins_with')])
  const bounds = boundsOf(
    term.operator,
    whole(encoded(last)),
    second === undefined ? undefined : whole(second),
    (key) => afterPrefix(key) ?? after(key),
  )
  const end = afterPrefix(prefix)
  return { ...range, from: prefix, ...(end === undefined ? {} : { to: end }), ...bounds }
}

/** @param next The least stored key behind all that have this one. */
function boundsOf(
  operator: KeyTerm['operator'],
  first: Uint8Array,
  second: Uint8Array | undefined,
  next: (key: Uint8Array) => Uint8Array,
): { from?: Uint8Array; to?: Uint8Array } {
  switch (operator) {
    case '=':
      return { from: first, to: next(first) }
    case '<':
      return { to: first }
    case '<=':
      return { to: next(first) }
    case '>':
      return { from: next(first) }
    case '>=':
      return { from: first }
    case 'between':
      return { from: first, to: next(second ?? first) }
    case 'begins_with': {
      const end = afterPrefix(first)
      return { from: first, ...(end === undefined ? {} : { to: end }) }
    }
    default:
      return operator satisfies never
  }
}
