import { type AttributeValue, type Item, setAttribute, typeOf } from './attributeValue.ts'

/**
 * How items are stored: their contents as one text with a separator between them, and their shape (names, types and
 * maps within maps) once for all items that share it. Cutting that up takes a third of the time of reading
 * AttributeValues as JSON, whatever the table's size: V8's JSON.parse looks up every short string among all strings it
 * has seen, which a large table makes slow, and they stay in memory for long. Items of shapes that nobody shares, and
 * those whose texts have the separator in them, are stored whole, as JSON.
 */

/** Stands before each content; the Unit Separator of ASCII, which texts hardly ever have. */
const SEPARATOR = '\u001f'

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
      const writer: Writer = { text: '', separable: true }
      const signature = flatten(item, writer)
      const { text } = writer
      // SQLite's text ends at NUL and is UTF-8, which has no half of a surrogate pair: JSON escapes both.
      const separable = writer.separable && text.isWellFormed() && !text.includes('\0')
      const shape =
        !separable || signature.includes('__proto__') ? WHOLE : (numbers.get(signature) ?? learn(signature, item))
      return { shape, text: shape === WHOLE ? JSON.stringify(wholeItem(item)) : text }
    },
    decode({ shape, text }) {
      if (shape === WHOLE) return readWholeItem(JSON.parse(text) as Record<string, unknown>)
      return build(shapeOf(shape), { text, position: SEPARATOR.length })
    },
    forget(shape) {
      const fields = shapes.get(shape)
      if (fields !== undefined) numbers.delete(signatureOf(fields))
      shapes.delete(shape)
    },
  }
}

interface Writer {
  text: string
  /** False once a text has the separator in it. */
  separable: boolean
}

/** Adds a text from outside. */
function writeText(writer: Writer, text: string): void {
  if (text.includes(SEPARATOR)) writer.separable = false
  writer.text += SEPARATOR + text
}

function writeSet(writer: Writer, members: readonly string[]): void {
  writer.text += SEPARATOR + members.length
  for (const member of members) writeText(writer, member)
}

/** Writes an item's contents; answers its signature, which tells shapes apart: types, and names with their lengths. */
function flatten(item: Item, writer: Writer): string {
  let signature = ''
  for (const name in item) {
    const value = item[name] as AttributeValue
    signature += `${typeOf(value)}${name.length}:${name}`
    if ('S' in value) writeText(writer, value.S)
    else if ('N' in value) writer.text += SEPARATOR + value.N
    else if ('M' in value) signature += `(${flatten(value.M, writer)})`
    else if ('BOOL' in value) writer.text += SEPARATOR + (value.BOOL ? TRUE : FALSE)
    else if ('B' in value) writer.text += SEPARATOR + value.B
    else if ('L' in value) writeList(writer, value.L)
    else if ('SS' in value) writeSet(writer, value.SS)
    else if ('NS' in value) writeSet(writer, value.NS)
    else if ('BS' in value) writeSet(writer, value.BS)
  }
  return signature
}

const TRUE = 't'
const FALSE = 'f'

function writeList(writer: Writer, list: readonly AttributeValue[]): void {
  writer.text += SEPARATOR + list.length
  for (const value of list) writeValue(writer, value)
}

/** Writes a member of a list, its type before it: of different types a shape would know nothing. */
function writeValue(writer: Writer, value: AttributeValue): void {
  if ('S' in value) {
    writeText(writer, `s${value.S}`)
    return
  }
  if ('N' in value) {
    writer.text += `${SEPARATOR}n${value.N}`
    return
  }
  if ('M' in value) {
    const names = Object.keys(value.M)
    writer.text += `${SEPARATOR}M${SEPARATOR}${names.length}`
    for (const name of names) {
      writeText(writer, name)
      writeValue(writer, value.M[name] as AttributeValue)
    }
    return
  }
  if ('BOOL' in value) writer.text += SEPARATOR + (value.BOOL ? TRUE : FALSE)
  else if ('NULL' in value) writer.text += `${SEPARATOR}0`
  else if ('B' in value) writer.text += `${SEPARATOR}b${value.B}`
  else if ('L' in value) {
    writer.text += `${SEPARATOR}L`
    writeList(writer, value.L)
  } else if ('SS' in value) {
    writer.text += `${SEPARATOR}SS`
    writeSet(writer, value.SS)
  } else if ('NS' in value) {
    writer.text += `${SEPARATOR}NS`
    writeSet(writer, value.NS)
  } else {
    writer.text += `${SEPARATOR}BS`
    writeSet(writer, value.BS)
  }
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
  text: string
  /** Where the next content begins. */
  position: number
}

function next(cursor: Cursor): string {
  const { text, position } = cursor
  if (position > text.length) throw new Error('a stored item ends before its shape does')
  const end = text.indexOf(SEPARATOR, position)
  cursor.position = (end < 0 ? text.length : end) + SEPARATOR.length
  return end < 0 ? text.slice(position) : text.slice(position, end)
}

function readSet(cursor: Cursor): string[] {
  const members: string[] = []
  for (let left = Number(next(cursor)); left > 0; left--) members.push(next(cursor))
  return members
}

function readList(cursor: Cursor): AttributeValue[] {
  const members: AttributeValue[] = []
  for (let left = Number(next(cursor)); left > 0; left--) members.push(readValue(cursor))
  return members
}

/** Reads what `writeValue` wrote. */
function readValue(cursor: Cursor): AttributeValue {
  const written = next(cursor)
  switch (written.charAt(0)) {
    case 's':
      return { S: written.slice(1) }
    case 'n':
      return { N: written.slice(1) }
    case 'b':
      return { B: written.slice(1) }
    case TRUE:
      return { BOOL: true }
    case FALSE:
      return { BOOL: false }
    case '0':
      return { NULL: true }
    case 'L':
      return { L: readList(cursor) }
    case 'M': {
      const item: Item = {}
      for (let left = Number(next(cursor)); left > 0; left--) {
        const name = next(cursor)
        setAttribute(item, name, readValue(cursor))
      }
      return { M: item }
    }
    case 'S':
      return { SS: readSet(cursor) }
    case 'N':
      return { NS: readSet(cursor) }
    case 'B':
      return { BS: readSet(cursor) }
    default:
      throw new Error('a stored item has a type that is not known')
  }
}

function build(fields: readonly Field[], cursor: Cursor): Item {
  const item: Item = {}
  for (let index = 0; index < fields.length; index++) {
    const { name, type } = fields[index] as Field
    if (typeof type !== 'string') item[name] = { M: build(type, cursor) }
    else item[name] = readField(type, cursor)
  }
  return item
}

function readField(type: Exclude<Field['type'], Field[]>, cursor: Cursor): AttributeValue {
  switch (type) {
    case 'S':
      return { S: next(cursor) }
    case 'N':
      return { N: next(cursor) }
    case 'B':
      return { B: next(cursor) }
    case 'BOOL':
      return { BOOL: next(cursor) === TRUE }
    case 'NULL':
      return { NULL: true }
    case 'SS':
      return { SS: readSet(cursor) }
    case 'NS':
      return { NS: readSet(cursor) }
    case 'BS':
      return { BS: readSet(cursor) }
    case 'L':
      return { L: readList(cursor) }
    default:
      return type satisfies never
  }
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
