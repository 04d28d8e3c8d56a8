import { RequestError } from './errors.ts'
import { type Bindings, MAX_EXPRESSION_BYTES, readBindings } from './expressions/bindings.ts'
import { type BoundCondition, bindCondition } from './expressions/condition.ts'
import { type KeyTerm, keyTerms } from './expressions/keyCondition.ts'
import { parseCondition, parseProjection, parseUpdate } from './expressions/parse.ts'
import { type BoundProjection, bindProjection } from './expressions/projection.ts'
import { ExpressionError } from './expressions/tokens.ts'
import { type BoundUpdate, bindUpdate } from './expressions/update.ts'
import type { Input } from './input.ts'

export type ExpressionParameter =
  | 'UpdateExpression'
  | 'ConditionExpression'
  | 'KeyConditionExpression'
  | 'FilterExpression'
  | 'ProjectionExpression'

/** A request's expressions, parsed, resolved and checked. */
export interface Expressions {
  update?: BoundUpdate
  condition?: BoundCondition
  filter?: BoundCondition
  projection?: BoundProjection
  keyTerms?: Map<string, KeyTerm>
}

/** The parameters of 2012 that expressions replaced, with what replaces each. */
const LEGACY: Readonly<Record<string, ExpressionParameter>> = {
  AttributesToGet: 'ProjectionExpression',
  AttributeUpdates: 'UpdateExpression',
  Expected: 'ConditionExpression',
  ConditionalOperator: 'ConditionExpression',
  KeyConditions: 'KeyConditionExpression',
  QueryFilter: 'FilterExpression',
  ScanFilter: 'FilterExpression',
}

/** Order in which DynamoDB looks at expressions. */
const ORDER: readonly ExpressionParameter[] = [
  'UpdateExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
]

const NO_EXPRESSIONS: Expressions = {}

/** Refuses the parameters that came before expressions, in DynamoDB's words where it has some. */
export function refuseLegacyParameters(input: Input, allowed: readonly ExpressionParameter[]): void {
  let legacy: string[] | undefined
  for (const name in LEGACY) {
    const value = input[name]
    if (value !== undefined && value !== null) {
      legacy ??= []
      legacy.push(name)
    }
  }
  if (legacy === undefined) return
  const given = allowed.filter((name) => present(input[name]))
  if (given.length > 0)
    throw new RequestError(
      `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${legacy.join(', ')}} Expression parameters: {${given.join(', ')}}`,
    )
  const [first] = legacy as [string]
  throw new RequestError(
    `The legacy parameter ${first} is not supported by this server; use ${LEGACY[first] as string} instead`,
  )
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** Reads a request's expressions. Throws DynamoDB's ValidationException. */
export function readExpressions(input: Input, allowed: readonly ExpressionParameter[]): Expressions {
  const names = input['ExpressionAttributeNames']
  const values = input['ExpressionAttributeValues']
  refuseLegacyParameters(input, allowed)
  let any = false
  for (const name of allowed) if (present(input[name])) any = true
  if (!any && !present(names) && !present(values)) return NO_EXPRESSIONS
  if (!any && present(names))
    throw new RequestError('ExpressionAttributeNames can only be specified when using expressions')
  if (present(values)) {
    const withValues = allowed.filter((name) => name !== 'ProjectionExpression')
    if (withValues.length > 0 && withValues.every((name) => !present(input[name])))
      throw new RequestError(
        'ExpressionAttributeValues can only be specified when using expressions',
        `ExpressionAttributeValues can only be specified when using expressions: ${withValues.join(' and ')} ${withValues.length > 1 ? 'are' : 'is'} null`,
      )
  }
  const bindings = readBindings(names, values)
  const expressions: Expressions = {}
  for (const name of ORDER) {
    if (!allowed.includes(name)) continue
    const text = input[name]
    if (typeof text === 'string') addExpression(expressions, name, text, bindings)
  }
  bindings.checkUsed()
  const keyCondition = input['KeyConditionExpression']
  if (typeof keyCondition === 'string' && allowed.includes('KeyConditionExpression'))
    expressions.keyTerms = keyTerms(parseCondition(keyCondition), bindings)
  return expressions
}

function addExpression(expressions: Expressions, name: ExpressionParameter, text: string, bindings: Bindings): void {
  try {
    if (text.length > MAX_EXPRESSION_BYTES / 3 && Buffer.byteLength(text) > MAX_EXPRESSION_BYTES)
      throw new ExpressionError(
        `Expression size has exceeded the maximum allowed size;${name === 'UpdateExpression' ? '' : ` expression size: ${Buffer.byteLength(text)}`}`,
      )
    switch (name) {
      case 'UpdateExpression':
        expressions.update = bindUpdate(parseUpdate(text), bindings)
        break
      case 'ConditionExpression':
        expressions.condition = bindCondition(parseCondition(text), bindings)
        break
      case 'FilterExpression':
        expressions.filter = bindCondition(parseCondition(text), bindings)
        break
      case 'ProjectionExpression':
        expressions.projection = bindProjection(parseProjection(text), bindings)
        break
      case 'KeyConditionExpression':
        bindCondition(parseCondition(text), bindings, true)
        break
      default:
        name satisfies never
    }
  } catch (error) {
    if (error instanceof ExpressionError) throw new RequestError(`Invalid ${name}: ${error.message}`)
    throw error
  }
}
