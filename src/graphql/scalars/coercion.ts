import type { ValueNode } from 'graphql'
import { Kind } from 'graphql'

/**
 * How a scalar's values come in and go out. Each function returns the value or throws a `CoercionError`; null and
 * variables are dealt with by the callers.
 */
export interface Coercion {
  /** A value from the request's variables (plain JSON data) to what resolvers see. */
  parseValue(value: unknown): unknown
  /** A literal of the document (no variable inside, but for AWSJSON never anything but a string) to what resolvers see. */
  parseLiteral(node: ValueNode): unknown
  /** What a resolver gave to what clients see. */
  serialize(value: unknown): unknown
}

/** A value does not fit its scalar. The message is a sentence of AppSync's errors. */
export class CoercionError extends Error {
  override readonly name = 'CoercionError'
}

/** The simple name of the Java class that AppSync holds a JSON value in; part of its messages. */
export function javaClassOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  switch (typeof value) {
    case 'string':
      return 'String'
    case 'boolean':
      return 'Boolean'
    case 'number':
      if (!Number.isInteger(value)) return 'Double'
      return value >= -2147483648 && value <= 2147483647 ? 'Integer' : 'Long'
    case 'object':
      return Array.isArray(value) ? 'ArrayList' : 'LinkedHashMap'
    default:
      return 'Object'
  }
}

/** Longest text that `javaText` makes; what lies beyond is cut, so that a message stays a message. */
const MAX_TEXT = 5_000_000

/** Java's `toString` of a JSON value: `{a=1, b=[x, y]}`. Seen by clients where a map meets a String field. */
export function javaText(value: unknown): string {
  const parts: string[] = []
  let size = 0
  const write = (text: string): void => {
    size += text.length
    if (size > MAX_TEXT) throw new CoercionError('The value is too large.')
    parts.push(text)
  }
  const visit = (item: unknown, depth: number): void => {
    if (depth > 500) throw new CoercionError('The value is nested too deeply.')
    if (Array.isArray(item)) {
      write('[')
      for (const [index, member] of item.entries()) {
        if (index > 0) write(', ')
        visit(member, depth + 1)
      }
      write(']')
    } else if (typeof item === 'object' && item !== null) {
      write('{')
      let first = true
      for (const key of Object.keys(item)) {
        write(`${first ? '' : ', '}${key}=`)
        first = false
        visit((item as Record<string, unknown>)[key], depth + 1)
      }
      write('}')
    } else write(String(item))
  }
  visit(value, 0)
  return parts.join('')
}

/** The text of a literal that stands for itself, or undefined for lists, objects and variables. */
export function literalText(node: ValueNode): string | undefined {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.INT:
    case Kind.FLOAT:
    case Kind.ENUM:
      return node.value
    case Kind.BOOLEAN:
      return String(node.value)
    default:
      return undefined
  }
}

/** A scalar that is text everywhere: checked, and handed on as it was written. */
export function textCoercion(isValid: (text: string) => boolean, parseName: string, serializeName: string): Coercion {
  const parse = (value: unknown): string => {
    if (typeof value === 'string' && isValid(value)) return value
    throw new CoercionError(`Unable to parse \`${shortText(value)}\` as a valid ${parseName}.`)
  }
  return {
    parseValue: parse,
    parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : literalText(node)),
    serialize(value) {
      if (typeof value === 'string' && isValid(value)) return value
      throw new CoercionError(`Unable to serialize \`${shortText(value)}\` as a valid ${serializeName}.`)
    },
  }
}

const MAX_QUOTED = 1_000

/** A value as messages quote it. */
export function shortText(value: unknown): string {
  const text = typeof value === 'string' ? value : javaText(value)
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text
}
