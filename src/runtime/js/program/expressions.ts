import type { AnyNode, ArrayExpression, Expression, Identifier, ObjectExpression, SpreadElement } from 'acorn'
import { ELEMENT_SIZE, PROPERTY_SIZE } from '../../emit/budget.ts'
import { isRefused } from '../check.ts'
import { resolveHostName } from '../hostValues.ts'
import { assignment } from './assignments.ts'
import { chain, taggedTemplate } from './chains.ts'
import { functionCode } from './functions.ts'
import { hostAsValue, hostOf } from './hostNames.ts'
import { CONSTANTS, literal, literalKey, text } from './literals.ts'
import { binary, unary } from './operations.ts'
import { type State, variable } from './state.ts'

export function expression(node: AnyNode, state: State): string {
  const code = expressionCode(node, state)
  const isSeen = node.type === 'MemberExpression' || node.type === 'CallExpression' || node.type === 'ChainExpression'
  return isSeen && state.inspection.see !== undefined ? `$see(${code})` : code
}

function expressionCode(node: AnyNode, state: State): string {
  switch (node.type) {
    case 'Literal':
      return literal(node.value)
    case 'Identifier':
      return identifier(node, state)
    case 'TemplateLiteral':
      return template(node, state)
    case 'ArrayExpression':
      return array(node, state)
    case 'ObjectExpression':
      return object(node, state)
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return functionCode(node, state)
    case 'UnaryExpression':
      return unary(node, state)
    case 'BinaryExpression':
      return binary(node, state)
    case 'LogicalExpression':
      return `(${expression(node.left, state)}${node.operator}${expression(node.right, state)})`
    case 'ConditionalExpression':
      return `(${expression(node.test, state)}?${expression(node.consequent, state)}:${expression(node.alternate, state)})`
    case 'SequenceExpression':
      return `(${node.expressions.map((each) => expression(each, state)).join(',')})`
    case 'ParenthesizedExpression':
      return expression(node.expression, state)
    case 'AssignmentExpression':
      return assignment(node, state)
    case 'ChainExpression':
    case 'MemberExpression':
    case 'CallExpression':
      return chain(node, state, (code) => code)
    case 'TaggedTemplateExpression':
      return taggedTemplate(node, state)
    default:
      if (!isRefused(node.type)) {
        state.report(0, `Unsupported syntax type: ${node.type}`, node, 'UNSUPPORTED_SYNTAX_TYPE')
      }
      return 'void 0'
  }
}

export function identifier(node: Identifier, state: State): string {
  const binding = state.names.bindingOf(node)
  if (binding === undefined) {
    const constant = CONSTANTS[node.name]
    if (constant !== undefined) return constant
    const host = resolveHostName(undefined, node.name)
    if (host !== undefined) return hostAsValue(host, node, state)
    state.report(2304, `Cannot find name '${node.name}'.`, node)
    return 'void 0'
  }
  const host = hostOf(binding, state)
  return host === undefined ? variable(binding) : hostAsValue(host, node, state)
}

function template(node: Extract<AnyNode, { type: 'TemplateLiteral' }>, state: State): string {
  let code = text(node.quasis[0]?.value.cooked ?? '')
  for (const [index, part] of node.expressions.entries()) {
    code = `$add(b,${code},${expression(part, state)})`
    const after = node.quasis[index + 1]?.value.cooked ?? ''
    if (after !== '') code = `$add(b,${code},${text(after)})`
  }
  return code
}

function array(node: ArrayExpression, state: State): string {
  return list(node.elements, node.start, state)
}

/** A list of expressions and spreads, as elements or arguments. */
export function list(elements: readonly (Expression | SpreadElement | null)[], site: number, state: State): string {
  if (!elements.some((element) => element?.type === 'SpreadElement')) {
    const codes = elements.map((element) => (element === null ? 'void 0' : expression(element, state)))
    return codes.length === 0 ? '[]' : `$made(b,[${codes.join(',')}],${codes.length * ELEMENT_SIZE})`
  }
  const parts: string[] = []
  let plain: string[] = []
  for (const element of elements) {
    if (element?.type === 'SpreadElement') {
      if (plain.length > 0) parts.push(`[${plain.join(',')}]`)
      plain = []
      const isLast = element === elements.at(-1)
      parts.push(`${isLast ? '$iter' : '$snap'}(b,${expression(element.argument, state)},${site})`)
    } else plain.push(element === null ? 'void 0' : expression(element, state))
  }
  if (plain.length > 0) parts.push(`[${plain.join(',')}]`)
  return `$cat(b,[${parts.join(',')}])`
}

export function object(node: ObjectExpression, state: State): string {
  const isSimple = node.properties.every((property) => property.type === 'Property' && !property.computed)
  if (isSimple) {
    const properties = node.properties.filter((property) => property.type === 'Property')
    const members = properties.map((property) => literalKey(property.key))
    const values = properties.map((property) => expression(property.value, state))
    const size = (members.length + 1) * PROPERTY_SIZE
    if (members.length === 0) return `$made(b,new $Map(),${size})`
    return `$made(b,new ${shape(members, state)}(${values.join(',')}),${size})`
  }
  let code = `$made(b,new $Map(),${PROPERTY_SIZE})`
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') code = `$spread(b,${code},${expression(property.argument, state)})`
    else {
      const key = property.computed ? expression(property.key, state) : literalKey(property.key)
      code = `$define(b,${code},${key},${expression(property.value, state)})`
    }
  }
  return code
}

/** The constructor of the maps that a literal makes, as V8 likes them best: every member set in order. */
function shape(members: readonly string[], state: State): string {
  const parameters = members.map((_, index) => `a${index}`)
  const body = members.map((member, index) => `this[${member}]=a${index};`).join('')
  const code = `$shape(function(${parameters.join(',')}){${body}})`
  let index = state.shapes.indexOf(code)
  if (index < 0) index = state.shapes.push(code) - 1
  return `s${index}`
}
