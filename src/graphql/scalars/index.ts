import { GraphQLScalarType } from 'graphql'
import { boolean, float, id, int, string } from './builtIn.ts'
import type { Coercion } from './coercion.ts'
import { awsDate, awsDateTime, awsTime } from './dateTime.ts'
import { descriptions } from './descriptions.ts'
import { awsEmail, awsIpAddress, awsUrl } from './internet.ts'
import { awsJson } from './json.ts'
import { awsPhone } from './phone.ts'
import { awsTimestamp } from './timestamp.ts'

const coercions: ReadonlyMap<string, Coercion> = new Map([
  ['Int', int],
  ['Float', float],
  ['Boolean', boolean],
  ['String', string],
  ['ID', id],
  ['AWSDate', awsDate],
  ['AWSTime', awsTime],
  ['AWSDateTime', awsDateTime],
  ['AWSTimestamp', awsTimestamp],
  ['AWSEmail', awsEmail],
  ['AWSJSON', awsJson],
  ['AWSURL', awsUrl],
  ['AWSPhone', awsPhone],
  ['AWSIPAddress', awsIpAddress],
])

/** How values of a scalar come in and go out. AppSync has no other scalars than these, so there is always an answer. */
export function coercionOf(scalarName: string): Coercion {
  return coercions.get(scalarName) ?? string
}

/** The nine scalars that AppSync adds to GraphQL's, with the descriptions that introspection shows. */
export const awsScalars: readonly GraphQLScalarType[] = Object.entries(descriptions).map(
  ([name, description]) => new GraphQLScalarType({ name, description }),
)

export const awsScalarNames: ReadonlySet<string> = new Set(Object.keys(descriptions))
