import { type AttributeValue, type Item, setAttribute } from './attributeValue.ts'

/**
 * How items are stored: their contents as one flat JSON list, and their shape (names, types and maps within maps)
 * once for all items that share it. Reading that takes a third of the time of reading AttributeValues as JSON, and less
 * than half of the space. Items of shapes that nobody shares are stored whole.
 */

/** An item as stored: `shape` 0 has names and types within `text`. */
export interface EncodedItem {
  shape: number
  text: string
}

/** Keeps shapes and gives them their numbers. */
export interface ShapeStore {
  add(definition: string): number
}

/** Names and types of an item's attributes, in order. */
interface Field {
  name: string
  type: 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'SS' | 'NS' | 'BS' | 'L' | Field[]
}

export interface ItemCodec {
  encode(item: Item): EncodedItem
  decode(encoded: EncodedItem): Item
  /** Many at once cost less than one each. */
  decodeAll(encoded: readonly EncodedItem[]): Item[]
  /** Forgets a shape that was added: the transaction that stored it is gone. */
  forget(shape: number): void
}

/** More shapes than this in one table are no longer shared by many items. */
const MAX_SHAPES = 512
/** Length of a shape's definition. */
const MAX_SHAPE_LENGTH = 4_096
/** The number of no shape. */
const WHOLE = 0

/** @param known Definitions of the table's shapes, by number. */
export function createItemCodec(known: Iterable<[number, string]>, store: ShapeStore): ItemCodec {
  const numbers = new Map<string, number>()
  const shapes = new Map<number, Field[]>()
  for (const [number, definition] of known) {
    const fields = JSON.parse(definition) as Field[]
    numbers.set(signatureOf(fields), number)
    shapes.set(number, fields)
  }
  const learn = (signature: string, item: Item): number => {
    if (shapes.size >= MAX_SHAPES || signature.length > MAX_SHAPE_LENGTH) return WHOLE
    const fields = fieldsOf(item)
    const number = store.add(JSON.stringify(fields))
    numbers.set(signature, number)
    shapes.set(number, fields)
    return number
  }
  const shapeOf = (number: number): Field[] => {
    const fields = shapes.get(number)
    if (fields === undefined) throw new Error(`the stored items have a shape ${number} that is not stored`)
    return fields
  }

  return {
    encode(item) {
      const contents: unknown[] = []
      const signature = flatten(item, contents)
      const shape = signature.includes('__proto__') ? WHOLE : (numbers.get(signature) ?? learn(signature, item))
      return { shape, text: JSON.stringify(shape === WHOLE ? wholeItem(item) : contents) }
    },
    decode({ shape, text }) {
      const parsed: unknown = JSON.parse(text)
      if (shape === WHOLE) return readWholeItem(parsed as Record<string, unknown>)
      return build(shapeOf(shape), { contents: parsed as unknown[], position: 0 })
    },
    decodeAll(encoded) {
      if (encoded.length === 0) return []
      let text = '['
      for (let index = 0; index < encoded.length; index++) {
        if (index > 0) text += ','
        text += (encoded[index] as EncodedItem).text
      }
      const parsed = JSON.parse(`${text}]`) as unknown[]
      const items = new Array<Item>(parsed.length)
      for (let index = 0; index < parsed.length; index++) {
        const { shape } = encoded[index] as EncodedItem
        items[index] =
          shape === WHOLE
            ? readWholeItem(parsed[index] as Record<string, unknown>)
            : build(shapeOf(shape), { contents: parsed[index] as unknown[], position: 0 })
      }
      return items
    },
    forget(shape) {
      const fields = shapes.get(shape)
      if (fields !== undefined) numbers.delete(signatureOf(fields))
      shapes.delete(shape)
    },
  }
}

/** Lists an item's contents; answers its signature, which tells shapes apart: types, and names with their lengths. */
function flatten(item: Item, contents: unknown[]): string {
  let signature = ''
  for (const name in item) {
    const value = item[name] as AttributeValue
    for (const type in value) {
      signature += `${type}${name.length}:${name}`
      if (type === 'M') signature += `(${flatten((value as { M: Item }).M, contents)})`
      else if (type === 'L') contents.push((value as { L: AttributeValue[] }).L.map(wholeValue))
      else if (type === 'NULL') contents.push(0)
      else contents.push((value as Record<string, unknown>)[type])
    }
  }
  return signature
}

function fieldsOf(item: Item): Field[] {
  return Object.entries(item).map(([name, value]) => ({
    name,
    type: 'M' in value ? fieldsOf(value.M) : (Object.keys(value)[0] as Exclude<Field['type'], Field[]>),
  }))
}

function signatureOf(fields: readonly Field[]): string {
  let signature = ''
  for (const { name, type } of fields)
    signature +=
      typeof type === 'string' ? `${type}${name.length}:${name}` : `M${name.length}:${name}(${signatureOf(type)})`
  return signature
}

interface Cursor {
  contents: unknown[]
  position: number
}

function build(fields: readonly Field[], cursor: Cursor): Item {
  const item: Item = {}
  for (let index = 0; index < fields.length; index++) {
    const { name, type } = fields[index] as Field
    if (typeof type !== 'string') {
      item[name] = { M: build(type, cursor) }
      continue
    }
    const content = cursor.contents[cursor.position++]
    switch (type) {
      case 'S':
        item[name] = { S: content as string }
        break
      case 'N':
        item[name] = { N: content as string }
        break
      case 'B':
        item[name] = { B: content as string }
        break
      case 'BOOL':
        item[name] = { BOOL: content as boolean }
        break
      case 'NULL':
        item[name] = { NULL: true }
        break
      case 'SS':
        item[name] = { SS: content as string[] }
        break
      case 'NS':
        item[name] = { NS: content as string[] }
        break
      case 'BS':
        item[name] = { BS: content as string[] }
        break
      case 'L':
        item[name] = { L: (content as unknown[]).map(readWholeValue) }
        break
      default:
        return type satisfies never
    }
  }
  return item
}

/** A value with its type in it: `"sText"`, `"n1"`, `"bBase64"`, true, null, `["SS",…]`, `["…",…]` for a list, a map. */
function wholeValue(value: AttributeValue): unknown {
  if ('S' in value) return `s${value.S}`
  if ('N' in value) return `n${value.N}`
  if ('B' in value) return `b${value.B}`
  if ('BOOL' in value) return value.BOOL
  if ('NULL' in value) return null
  if ('M' in value) return wholeItem(value.M)
  if ('L' in value) return value.L.map(wholeValue)
  if ('SS' in value) return ['SS', ...value.SS]
  if ('NS' in value) return ['NS', ...value.NS]
  return ['BS', ...value.BS]
}

function wholeItem(item: Item): Record<string, unknown> {
  const whole: Record<string, unknown> = {}
  for (const name in item) setAttribute(whole, name, wholeValue(item[name] as AttributeValue))
  return whole
}

function readWholeValue(whole: unknown): AttributeValue {
  if (typeof whole === 'string') {
    const content = whole.slice(1)
    const type = whole.charAt(0)
    return type === 's' ? { S: content } : type === 'n' ? { N: content } : { B: content }
  }
  if (typeof whole === 'boolean') return { BOOL: whole }
  if (whole === null) return { NULL: true }
  if (!Array.isArray(whole)) return { M: readWholeItem(whole as Record<string, unknown>) }
  // Members of lists begin with a small letter.
  if (whole[0] === 'SS') return { SS: whole.slice(1) as string[] }
  if (whole[0] === 'NS') return { NS: whole.slice(1) as string[] }
  if (whole[0] === 'BS') return { BS: whole.slice(1) as string[] }
  return { L: whole.map(readWholeValue) }
}

function readWholeItem(whole: Record<string, unknown>): Item {
  const item: Item = {}
  for (const name in whole) setAttribute(item, name, readWholeValue(whole[name]))
  return item
}
