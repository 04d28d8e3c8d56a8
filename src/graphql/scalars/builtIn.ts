import type { ValueNode } from 'graphql'
import { Kind } from 'graphql'
import type { Coercion } from './coercion.ts'
import { CoercionError, javaClassOf, javaText } from './coercion.ts'

const MAX_INT = 2147483647
const MIN_INT = -2147483648

function refuse(type: string, value: unknown): never {
  throw new CoercionError(`Expected type '${type}' but was '${javaClassOf(value)}'.`)
}

function refuseLiteral(type: string, node: ValueNode): never {
  throw new CoercionError(`Expected a value of type '${type}' but was '${node.kind}'.`)
}

/** A number, or text that is one, as graphql-java takes both. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'string' && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/.test(value)) {
    const number = Number(value)
    return Number.isFinite(number) ? number : undefined
  }
  return undefined
}

function toInt(value: unknown): number {
  const number = numberOf(value)
  if (number === undefined || !Number.isInteger(number) || number > MAX_INT || number < MIN_INT) refuse('Int', value)
  // −0 is no Java integer.
  return number === 0 ? 0 : number
}

function toFloat(value: unknown): number {
  return numberOf(value) ?? refuse('Float', value)
}

function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value.toLowerCase() === 'true'
  if (typeof value === 'number') return value !== 0
  return refuse('Boolean', value)
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : javaText(value)
}

export const int: Coercion = {
  parseValue: toInt,
  parseLiteral: (node) => (node.kind === Kind.INT ? toInt(node.value) : refuseLiteral('Int', node)),
  serialize: toInt,
}

export const float: Coercion = {
  parseValue: toFloat,
  parseLiteral: (node) =>
    node.kind === Kind.INT || node.kind === Kind.FLOAT ? toFloat(node.value) : refuseLiteral('Float', node),
  serialize: toFloat,
}

export const boolean: Coercion = {
  parseValue: toBoolean,
  parseLiteral: (node) => (node.kind === Kind.BOOLEAN ? node.value : refuseLiteral('Boolean', node)),
  serialize: toBoolean,
}

export const string: Coercion = {
  parseValue: toText,
  parseLiteral: (node) => (node.kind === Kind.STRING ? node.value : refuseLiteral('String', node)),
  serialize: toText,
}

export const id: Coercion = {
  parseValue: (value) =>
    typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))
      ? String(value)
      : refuse('ID', value),
  parseLiteral: (node) =>
    node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : refuseLiteral('ID', node),
  serialize: toText,
}
