import type { AssignmentExpression, Identifier, MemberExpression } from 'acorn'
import { staticKey } from '../nodes.ts'
import { keyOf } from './chains.ts'
import { expression, identifier } from './expressions.ts'
import { hostValue } from './hostNames.ts'
import { NUMERIC } from './operations.ts'
import { pattern } from './patterns.ts'
import { type FunctionState, type State, temporaries, temporary, uniqueName, variable } from './state.ts'

export function assignment(node: AssignmentExpression, state: State): string {
  const { left, operator } = node
  if (operator === '=') {
    if (left.type === 'Identifier') return assignIdentifier(left, expression(node.right, state), state)
    if (left.type === 'MemberExpression') {
      if (hostValue(left.object, state) !== undefined) return hostTarget(left, state)
      const owner = expression(left.object, state)
      return `$set(b,${owner},${keyOf(left, state)},${expression(node.right, state)},${node.start})`
    }
    // Statements in an expression: taken apart by an immediately called arrow function.
    const value = temporary(state)
    const own: FunctionState = { temps: 0 }
    const right = expression(node.right, state)
    state.functions.push(own)
    const source = uniqueName(state)
    const body = pattern(left, source, '', state)
    state.functions.pop()
    return `(${value}=${right},((${source})=>{${temporaries(own)}${body}})(${value}),${value})`
  }
  const symbol = operator.slice(0, -1)
  const isLogical = symbol === '&&' || symbol === '||' || symbol === '??'
  const combine = (current: string): string => {
    const right = expression(node.right, state)
    if (NUMERIC.has(symbol)) return `($num(b,${current})${symbol}$num(b,${right}))`
    return `$add(b,${current},${right})`
  }
  if (left.type === 'Identifier') {
    const current = identifier(left, state)
    if (isLogical) return `(${current}${symbol}(${assignIdentifier(left, expression(node.right, state), state)}))`
    return assignIdentifier(left, combine(current), state)
  }
  if (left.type !== 'MemberExpression') return 'void 0'
  if (hostValue(left.object, state) !== undefined) return hostTarget(left, state)
  const owner = temporary(state)
  const key = temporary(state)
  const opening = `${owner}=${expression(left.object, state)},${key}=$key(b,${keyOf(left, state)})`
  const current = `$get(b,${owner},${key},${left.start})`
  if (isLogical) {
    return `(${opening},${current}${symbol}$set(b,${owner},${key},${expression(node.right, state)},${node.start}))`
  }
  return `(${opening},$set(b,${owner},${key},${combine(current)},${node.start}))`
}

function hostTarget(node: MemberExpression, state: State): string {
  state.report(
    2540,
    `Cannot assign to '${staticKey(node as never) ?? 'a member'}' because it is a read-only property.`,
    node,
  )
  return 'void 0'
}

export function assignIdentifier(target: Identifier, value: string, state: State): string {
  const binding = state.names.bindingOf(target)
  if (binding === undefined) {
    state.report(2304, `Cannot find name '${target.name}'.`, target)
    return 'void 0'
  }
  if (binding.kind === 'const') {
    state.report(2588, `Cannot assign to '${target.name}' because it is a constant.`, target)
    return 'void 0'
  }
  if (binding.kind === 'import') {
    state.report(2632, `Cannot assign to '${target.name}' because it is an import.`, target)
    return 'void 0'
  }
  if (binding.kind === 'function') {
    state.report(0, 're-assigning function is not allowed', target, 'LINT_ERROR')
    return 'void 0'
  }
  return `(${variable(binding)}=${value})`
}

export function assignMember(target: MemberExpression, value: string, state: State): string {
  if (hostValue(target.object, state) !== undefined) return hostTarget(target, state)
  return `$set(b,${expression(target.object, state)},${keyOf(target, state)},${value},${target.start})`
}
