import { type AttributeValue, attributeOf, type Item, typeOf } from './attributeValue.ts'
import { INVALID_VALUES, KeyValueError, serializationError, validationError } from './errors.ts'
import type { Path } from './expressions/path.ts'
import type { KeyAttribute, KeySchema, TableSchema } from './tableSchema.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys */
const MAX_PARTITION_KEY_BYTES = 2_048
const MAX_SORT_KEY_BYTES = 1_024

const NO_MATCH = 'The provided key element does not match the schema'

/** Refuses a key that is not exactly the table's key attributes in their types. */
export function checkKey(schema: KeySchema, key: Item): void {
  const count = schema.partition.length + schema.sort.length
  if (Object.keys(key).length !== count) throw validationError(NO_MATCH)
  for (const attribute of schema.partition) checkKeyValue(attribute, attributeOf(key, attribute.name), true)
  for (const attribute of schema.sort) checkKeyValue(attribute, attributeOf(key, attribute.name), false)
}

function checkKeyValue({ name, type }: KeyAttribute, value: AttributeValue | undefined, partition: boolean): void {
  if (value === undefined || !(type in value)) throw validationError(NO_MATCH)
  const content = (value as Record<string, unknown>)[type]
  if (content === '') throw new KeyValueError(`${emptyValue(type)} Key: ${name}`)
  checkKeySize(type, content as string, partition)
}

function checkKeySize(type: KeyAttribute['type'], content: string, partition: boolean): void {
  if (type === 'N') return
  // Halves of surrogate pairs have no bytes of their own: two keys would become one.
  if (type === 'S' && !content.isWellFormed()) throw serializationError('A key attribute is no valid Unicode text')
  const limit = partition ? MAX_PARTITION_KEY_BYTES : MAX_SORT_KEY_BYTES
  if (content.length * 3 <= limit) return
  if (Buffer.byteLength(content, type === 'B' ? 'base64' : 'utf8') <= limit) return
  throw validationError(
    partition
      ? `${INVALID_VALUES}Size of hashkey has exceeded the maximum size limit of2048 bytes`
      : `${INVALID_VALUES}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`,
  )
}

/** Refuses an item whose key attributes, or those of an index, cannot be keys. */
export function checkItemKeys(schema: TableSchema, item: Item): void {
  for (const attribute of schema.partition) checkItemKey(attribute, item, true)
  for (const attribute of schema.sort) checkItemKey(attribute, item, false)
  if (schema.indexes.length > 0) checkIndexKeys(schema, item)
}

function checkItemKey({ name, type }: KeyAttribute, item: Item, partition: boolean): void {
  const value = attributeOf(item, name)
  if (value === undefined) throw validationError(`${INVALID_VALUES}Missing the key ${name} in the item`)
  if (!(type in value))
    throw validationError(`${INVALID_VALUES}Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`)
  checkKeyValue({ name, type }, value, partition)
}

/** Refuses an item with an attribute that an index has as a key and that is of another type, empty or too long. */
export function checkIndexKeys(schema: TableSchema, item: Item): void {
  for (const index of schema.indexes) {
    for (const [attributes, partition] of [
      [index.partition, true],
      [index.sort, false],
    ] as const) {
      for (const { name, type } of attributes) {
        const value = attributeOf(item, name)
        if (value === undefined) continue
        if (!(type in value))
          throw validationError(
            `${INVALID_VALUES}Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index.name}`,
          )
        const content = (value as Record<string, unknown>)[type]
        if (content === '')
          throw new KeyValueError(
            `A value specified for a secondary index key is not supported. ${emptyValue(type)} IndexName: ${index.name}, IndexKey: ${name}`,
          )
        checkKeySize(type, content as string, partition)
      }
    }
  }
}

/** The same for an item of a batch, which is told about its keys as a lookup is. */
export function checkBatchItemKeys(schema: TableSchema, item: Item): void {
  for (const attribute of schema.partition) checkKeyValue(attribute, attributeOf(item, attribute.name), true)
  for (const attribute of schema.sort) checkKeyValue(attribute, attributeOf(item, attribute.name), false)
  checkIndexKeys(schema, item)
}

/** Refuses what an update has made of the keys of indexes. */
export function checkUpdatedIndexKeys(schema: TableSchema, item: Item): void {
  for (const index of schema.indexes) {
    for (const [attributes, partition] of [
      [index.partition, true],
      [index.sort, false],
    ] as const) {
      for (const { name, type } of attributes) {
        const value = attributeOf(item, name)
        if (value === undefined) continue
        if (!(type in value))
          throw validationError('The update expression attempted to update the secondary index key to unsupported type')
        const content = (value as Record<string, unknown>)[type]
        if (content === '')
          throw new KeyValueError(
            `The update expression attempted to update a secondary index key to a value that is not supported. ${emptyValue(type)}`,
          )
        checkKeySize(type, content as string, partition)
      }
    }
  }
}

function emptyValue(type: KeyAttribute['type']): string {
  return `The AttributeValue for a key attribute cannot contain an empty ${type === 'B' ? 'binary' : 'string'} value.`
}

/** Refuses paths that look into key attributes, which are scalars. */
export function checkKeyPaths(schema: TableSchema, paths: readonly Path[]): void {
  for (const path of paths) {
    if (path.length === 1) continue
    const inside = (attributes: readonly KeyAttribute[]): boolean => attributes.some(({ name }) => name === path[0])
    if (inside(schema.partition) || inside(schema.sort))
      throw validationError(
        `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: ${path[0]}`,
      )
    for (const index of schema.indexes)
      if (inside(index.partition) || inside(index.sort))
        throw validationError(
          `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: ${path[0]}`,
        )
  }
}
