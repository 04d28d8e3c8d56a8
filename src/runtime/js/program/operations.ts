import type { AnyNode, BinaryExpression } from 'acorn'
import { chain, keyOf } from './chains.ts'
import { expression } from './expressions.ts'
import { CONSTANTS } from './literals.ts'
import { type State, temporary } from './state.ts'

/** Arithmetic and bit operators: both sides become numbers. */
export const NUMERIC = new Set(['-', '*', '/', '%', '**', '|', '&', '^', '<<', '>>', '>>>'])

export function unary(node: Extract<AnyNode, { type: 'UnaryExpression' }>, state: State): string {
  const { argument } = node
  switch (node.operator) {
    case 'typeof':
      return `(typeof ${expression(argument, state)})`
    case '!':
      return `(!${expression(argument, state)})`
    case 'void':
      return `(void ${expression(argument, state)})`
    case '-':
      return `(-$num(b,${expression(argument, state)}))`
    case '+':
      return `(+$num(b,${expression(argument, state)}))`
    case 'delete': {
      const target = argument.type === 'ChainExpression' ? argument.expression : argument
      if (target.type !== 'MemberExpression') {
        state.report(2703, "The operand of a 'delete' operator must be a property reference.", node)
        return 'void 0'
      }
      return chain(target.object as AnyNode, state, (owner) => {
        const key = keyOf(target, state)
        if (!target.optional) return `$del(b,${owner},${key},${node.start})`
        const name = temporary(state)
        return `((${name}=${owner})==null?true:$del(b,${name},${key},${node.start}))`
      })
    }
    default:
      return 'void 0'
  }
}

/** Whether comparing with this expression costs the same however long the other side is. */
function isShort(node: AnyNode): boolean {
  if (node.type === 'Literal') return typeof node.value !== 'string' || node.value.length <= 64
  if (node.type === 'Identifier') return Object.hasOwn(CONSTANTS, node.name)
  return node.type === 'UnaryExpression' && (node.operator === 'typeof' || node.operator === 'void')
}

export function binary(node: BinaryExpression, state: State): string {
  const { operator } = node
  const left = expression(node.left, state)
  const right = expression(node.right, state)
  if (NUMERIC.has(operator)) return `($num(b,${left})${operator}$num(b,${right}))`
  const isCheap = isShort(node.left) || isShort(node.right)
  switch (operator) {
    case '+':
      return `$add(b,${left},${right})`
    case '<':
      return `$less(b,${left},${right})`
    case '<=':
      return `$upto(b,${left},${right})`
    case '>':
      return swapped('$less', left, right, state)
    case '>=':
      return swapped('$upto', left, right, state)
    case '===':
      return isCheap ? `(${left}===${right})` : `$same(b,${left},${right})`
    case '!==':
      return isCheap ? `(${left}!==${right})` : `(!$same(b,${left},${right}))`
    case '==':
      return `$eq(b,${left},${right})`
    case '!=':
      return `(!$eq(b,${left},${right}))`
    default:
      return 'void 0'
  }
}

/** `a > b` is `b < a`, but `a` is evaluated first. */
function swapped(operator: string, left: string, right: string, state: State): string {
  const first = temporary(state)
  const second = temporary(state)
  return `(${first}=${left},${second}=${right},${operator}(b,${second},${first}))`
}
