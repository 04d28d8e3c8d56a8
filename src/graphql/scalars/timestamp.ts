import { Kind } from 'graphql'
import type { Coercion } from './coercion.ts'
import { CoercionError, shortText } from './coercion.ts'

/** Seconds since the epoch. Java's whole range is −31557014167219200 to 31556889864403199; a double holds less exactly. */
function isTimestamp(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function parse(value: unknown): number {
  // Beyond 2⁵³ the value would reach resolvers altered, so it is refused instead.
  if (isTimestamp(value)) return value
  throw new CoercionError(`Unable to parse \`${shortText(value)}\` as a valid timestamp.`)
}

export const awsTimestamp: Coercion = {
  parseValue: parse,
  parseLiteral: (node) => parse(node.kind === Kind.INT ? Number(node.value) : 'value' in node ? node.value : node.kind),
  serialize(value) {
    if (isTimestamp(value)) return value
    if (typeof value === 'string' && /^-?\d{1,17}$/.test(value) && isTimestamp(Number(value))) return Number(value)
    throw new CoercionError(`Unable to serialize \`${shortText(value)}\` as a valid timestamp.`)
  },
}
