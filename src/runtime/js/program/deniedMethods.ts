import type { AnyNode, MemberExpression } from 'acorn'
import { staticKey } from '../nodes.ts'
import type { State } from './state.ts'

/* Methods that the service refuses before a program runs, where the type of their value can be seen. */

/** Methods that the service refuses before running, where the value's type can be seen. */
export function checkMethod(callee: MemberExpression, name: string | undefined, state: State): void {
  if (name === undefined || name === 'sort') return
  const type = typeOf(callee.object as AnyNode, state, 0)
  if (type === undefined) return
  if (DENIED[type].has(name)) {
    state.report(0, `Method ${type}.${name} is not implemented`, callee, 'LINT_ERROR')
  }
}

const DENIED: Readonly<Record<'Array' | 'String', ReadonlySet<string>>> = {
  Array: new Set([
    'copyWithin',
    'entries',
    'from',
    'group',
    'groupToMap',
    'keys',
    'of',
    'toLocaleString',
    'toString',
    'values',
  ]),
  String: new Set([
    'charCodeAt',
    'fromCharCode',
    'fromCodePoint',
    'localeCompare',
    'matchAll',
    'padEnd',
    'padStart',
    'repeat',
    'search',
    'toLocaleLowerCase',
    'toLocaleUpperCase',
    'valueOf',
  ]),
}

const LIST_METHODS = new Set([
  'map',
  'filter',
  'concat',
  'slice',
  'flat',
  'flatMap',
  'split',
  'reverse',
  'sort',
  'splice',
])

const TEXT_METHODS = new Set([
  'toLowerCase',
  'toUpperCase',
  'trim',
  'trimEnd',
  'trimStart',
  'replace',
  'replaceAll',
  'join',
])

function typeOf(node: AnyNode, state: State, depth: number): 'Array' | 'String' | undefined {
  if (depth > 8) return undefined
  switch (node.type) {
    case 'ArrayExpression':
      return 'Array'
    case 'TemplateLiteral':
      return 'String'
    case 'Literal':
      return typeof node.value === 'string' ? 'String' : undefined
    case 'Identifier': {
      const binding = state.names.bindingOf(node)
      if (binding?.kind !== 'const' || binding.initial === undefined) return undefined
      return typeOf(binding.initial, state, depth + 1)
    }
    case 'CallExpression': {
      if (node.callee.type !== 'MemberExpression') return undefined
      const name = staticKey(node.callee as never) ?? ''
      const owner = typeOf(node.callee.object as AnyNode, state, depth + 1)
      if (owner === undefined) return undefined
      if (owner === 'Array' && name === 'join') return 'String'
      if (LIST_METHODS.has(name)) return name === 'slice' || name === 'concat' ? owner : 'Array'
      return TEXT_METHODS.has(name) && owner === 'String' ? 'String' : undefined
    }
    default:
      return undefined
  }
}
