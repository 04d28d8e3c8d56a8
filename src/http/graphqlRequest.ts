import type { GraphqlRequest } from '../graphql/engine.ts'
import { GraphqlHttpError } from './graphqlBody.ts'

const MALFORMED = 'MalformedHttpRequestException'
const unparsable = (): GraphqlHttpError => new GraphqlHttpError(400, MALFORMED, 'Unable to parse GraphQL query.')

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;|$)/i
const GRAPHQL_TYPE = /^application\/graphql(?:\s*;|$)/i
const UTF8 = /;\s*charset\s*=\s*"?(?!utf-?8"?(?:;|\s|$))/i

/** Reads the operation out of a POST. */
export function requestOfBody(body: Buffer, contentType: string | undefined): GraphqlRequest | GraphqlHttpError {
  const type = contentType?.trim() ?? ''
  const isJson = JSON_TYPE.test(type)
  if (!isJson && !GRAPHQL_TYPE.test(type)) {
    const message = 'The content type must be application/json or application/graphql.'
    return new GraphqlHttpError(415, 'UnsupportedMediaTypeException', message)
  }
  if (UTF8.test(type)) {
    return new GraphqlHttpError(415, 'UnsupportedMediaTypeException', 'The charset must be UTF-8.')
  }
  if (body.length === 0) return new GraphqlHttpError(400, MALFORMED, 'Request body is empty.')
  const text = body.toString('utf8')
  if (text.trim() === '') return new GraphqlHttpError(400, MALFORMED, 'Request body is empty.')
  if (isJson) return requestOfJson(text)
  // The common `curl` line sends JSON under this type; a document never starts with `{"`.
  const asJson = /^\s*\{\s*"/.test(text) ? requestOfJson(text) : undefined
  return asJson ?? { query: text }
}

function requestOfJson(text: string): GraphqlRequest | GraphqlHttpError {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return unparsable()
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unparsable()
  const { query, variables, operationName } = value as Record<string, unknown>
  return checked(query, variables, operationName)
}

function checked(query: unknown, variables: unknown, operationName: unknown): GraphqlRequest | GraphqlHttpError {
  if (typeof query !== 'string' || query === '') return unparsable()
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') return unparsable()
  if (variables === undefined || variables === null) return { query, operationName }
  if (typeof variables !== 'object' || Array.isArray(variables)) return unparsable()
  return { query, operationName, variables: variables as Record<string, unknown> }
}

/** Reads the operation out of a GET's query parameters. */
export function requestOfUrl(target: string): GraphqlRequest | GraphqlHttpError {
  const at = target.indexOf('?')
  const parameters = new URLSearchParams(at === -1 ? '' : target.slice(at + 1))
  const query = parameters.get('query')
  if (query === null || query === '') return unparsable()
  const text = parameters.get('variables')
  let variables: unknown
  if (text !== null && text !== '') {
    try {
      variables = JSON.parse(text)
    } catch {
      return unparsable()
    }
  }
  return checked(query, variables, parameters.get('operationName'))
}
