import { type AttributeValue, typeOf } from '../attributeValue.ts'
import { RequestError } from '../errors.ts'
import type { Comparator, ConditionAst, ConditionNode, Operand, PathStep } from './ast.ts'
import type { Bindings } from './bindings.ts'

export type KeyOperator = '=' | '<' | '<=' | '>' | '>=' | 'between' | 'begins_with'

/** What a query asks of one key attribute. */
export interface KeyTerm {
  operator: KeyOperator
  /** Two for `between`. */
  values: AttributeValue[]
}

const MIRRORED: Record<Exclude<Comparator, '<>'>, KeyOperator> = {
  '=': '=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

/**
 * Takes a key condition apart: what it asks of each attribute, by name. The condition has been bound (and so checked)
 * before. Throws DynamoDB's ValidationException.
 */
export function keyTerms(ast: ConditionAst, bindings: Bindings): Map<string, KeyTerm> {
  const terms = new Map<string, KeyTerm>()
  collect(ast.node, bindings, terms)
  return terms
}

function collect(node: ConditionNode, bindings: Bindings, terms: Map<string, KeyTerm>): void {
  switch (node.type) {
    case 'and':
      collect(node.left, bindings, terms)
      collect(node.right, bindings, terms)
      return
    case 'or':
    case 'not':
    case 'in':
      throw invalidOperator(node.type.toUpperCase())
    case 'compare': {
      if (node.comparator === '<>') throw invalidOperator('<>')
      const operands = [node.left, node.right]
      const name = attributeName(operands, bindings)
      const attributeFirst = node.left.type === 'path'
      add(terms, name, {
        operator: attributeFirst ? node.comparator : MIRRORED[node.comparator],
        values: [givenValue(attributeFirst ? node.right : node.left, bindings)],
      })
      return
    }
    case 'between': {
      if (node.operand.type !== 'path') throw notFirst('BETWEEN')
      const name = attributeName([node.operand, node.lower, node.upper], bindings)
      add(terms, name, {
        operator: 'between',
        values: [givenValue(node.lower, bindings), givenValue(node.upper, bindings)],
      })
      return
    }
    case 'call': {
      const { name: called, args } = node.call
      if (called !== 'begins_with') throw invalidOperator(called)
      if (args[0]?.type !== 'path') throw notFirst('begins_with')
      const name = attributeName(args, bindings)
      add(terms, name, { operator: 'begins_with', values: [givenValue(args[1] as Operand, bindings)] })
      return
    }
    default:
      node satisfies never
  }
}

function invalidOperator(operator: string): Error {
  return new RequestError(`Invalid operator used in KeyConditionExpression: ${operator}`)
}

function notFirst(operator: string): Error {
  return new RequestError(
    `Invalid condition in KeyConditionExpression: ${operator} operator must have the key attribute as its first operand`,
  )
}

function attributeName(operands: readonly Operand[], bindings: Bindings): string {
  let steps: PathStep[] | undefined
  for (const operand of operands) {
    if (operand.type === 'function')
      throw new RequestError('Invalid KeyConditionExpression: KeyConditionExpressions cannot contain nested operations')
    if (operand.type !== 'path') continue
    if (steps !== undefined)
      throw new RequestError(
        'Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition',
      )
    if (operand.steps.length > 1)
      throw new RequestError(
        'Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions on nested attributes',
      )
    steps = operand.steps
  }
  const [step] = steps ?? []
  if (step === undefined || typeof step === 'number')
    throw new RequestError('Invalid condition in KeyConditionExpression: No key attribute specified')
  return 'name' in step ? step.name : (bindings.name(step.placeholder) ?? '')
}

function givenValue(operand: Operand, bindings: Bindings): AttributeValue {
  const value = operand.type === 'value' ? bindings.value(operand.placeholder) : undefined
  if (value === undefined)
    throw new RequestError('Invalid condition in KeyConditionExpression: No key attribute specified')
  return value
}

function add(terms: Map<string, KeyTerm>, name: string, term: KeyTerm): void {
  if (terms.has(name))
    throw new RequestError(
      'Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key',
    )
  terms.set(name, term)
}

/** Whether all of a term's values have this type. */
export function termHasType(term: KeyTerm, type: string): boolean {
  return term.values.every((value) => typeOf(value) === type)
}
