import { Kind } from 'graphql'
import { exceedsNesting } from '../limits.ts'
import type { Coercion } from './coercion.ts'
import { CoercionError, shortText } from './coercion.ts'

/** Levels of one JSON text: the bound of the parser that AppSync uses (Jackson). */
const MAX_JSON_NESTING = 1_000

function parse(value: unknown): unknown {
  if (typeof value === 'string' && !exceedsNesting(value, MAX_JSON_NESTING)) {
    try {
      return JSON.parse(value)
    } catch {
      // told below
    }
  }
  throw new CoercionError(`Unable to parse \`${shortText(value)}\` as valid JSON.`)
}

/** AWSJSON: resolvers see the parsed value, clients its text. */
export const awsJson: Coercion = {
  parseValue: parse,
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
  serialize(value) {
    // A resolver that hands on JSON text (a Lambda function that stringified, a stored text) means that JSON.
    if (typeof value === 'string' && isJsonText(value)) return value
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new CoercionError(`Unable to serialize \`${typeof value}\` as valid JSON.`)
    return text
  },
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
