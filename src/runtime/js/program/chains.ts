import type { AnyNode, CallExpression, MemberExpression, TaggedTemplateExpression } from 'acorn'
import { ELEMENT_SIZE } from '../../emit/budget.ts'
import type { HostValue } from '../hostValues.ts'
import { staticKey } from '../nodes.ts'
import { checkMethod } from './deniedMethods.ts'
import { expression, list } from './expressions.ts'
import { hostAsValue, hostValue } from './hostNames.ts'
import { CONSTANTS, LANGUAGE_GLOBALS, numberText, text } from './literals.ts'
import { hostFunction, type State, temporary, variable } from './state.ts'

/* Members and calls, with `?.`. */

export function keyOf(node: MemberExpression, state: State): string {
  const key = staticKey(node as never)
  if (
    key !== undefined &&
    (!node.computed || node.property.type !== 'Literal' || typeof node.property.value === 'string')
  ) {
    return text(key)
  }
  return expression(node.property, state)
}

export function read(owner: string, key: string, site: number, state: State): string {
  if (state.inspection.inheritedReads === true) return `(${owner})[${key}]`
  return `$get(b,${owner},${key},${site})`
}

/**
 * A chain of members and calls. `rest` continues with the code of the value; where `?.` meets null or undefined, the
 * whole rest of the chain is skipped.
 */
export function chain(node: AnyNode, state: State, rest: (code: string) => string): string {
  if (node.type === 'ChainExpression') return rest(chain(node.expression, state, (code) => code))
  if (node.type === 'MemberExpression') {
    const host = hostValue(node, state)
    if (host !== undefined) return rest(hostAsValue(host, node, state))
    const owner = hostValue(node.object, state)
    if (owner !== undefined) return rest(unknownMember(node, owner, state))
    return chain(node.object, state, (object) => {
      const key = keyOf(node, state)
      if (!node.optional) return rest(read(object, key, node.start, state))
      const name = temporary(state)
      return `((${name}=${object})==null?void 0:${rest(read(name, key, node.start, state))})`
    })
  }
  if (node.type === 'CallExpression') return callChain(node, state, rest)
  return rest(expression(node, state))
}

function unknownMember(node: MemberExpression, owner: HostValue, state: State): string {
  const key = staticKey(node as never)
  if (owner.kind === 'table' && key !== undefined) {
    state.report(2339, `Property '${key}' does not exist on type '${owner.typeName}'.`, node.property)
  } else if (owner.kind === 'constant') return read(numberText(owner.value), keyOf(node, state), node.start, state)
  else state.report(0, `Invalid function: ${owner.path}`, node, 'INVALID_FUNCTION_INVOCATION')
  return 'void 0'
}

function callChain(node: CallExpression, state: State, rest: (code: string) => string): string {
  const { callee } = node
  const host = hostValue(callee, state)
  if (host !== undefined) {
    const called = host.kind === 'constant' ? undefined : host.call
    if (called === undefined) {
      state.report(2349, 'This expression is not callable.', callee)
      return rest('void 0')
    }
    if (host.path === 'util.error' || host.path === 'util.unauthorized') state.ownErrors.add(node.start)
    return rest(`$host(b,${node.start},${hostFunction(called, state)},${list(node.arguments, node.start, state)})`)
  }
  if (callee.type === 'Identifier') {
    const binding = state.names.bindingOf(callee)
    if (binding === undefined) {
      if (CONSTANTS[callee.name] === undefined) {
        if (LANGUAGE_GLOBALS.has(callee.name)) {
          state.report(0, `Invalid function: ${callee.name}`, node, 'INVALID_FUNCTION_INVOCATION')
        } else state.report(2304, `Cannot find name '${callee.name}'.`, callee)
      }
      return rest('void 0')
    }
    if (binding.definition !== undefined && !binding.isReassigned) {
      return rest(`${variable(binding)}(${spreadArguments(node, state)})`)
    }
    return rest(closureCall(variable(binding), callee.name, node, state))
  }
  if (callee.type === 'MemberExpression' && callee.object.type !== 'Super') {
    const owner = hostValue(callee.object, state)
    if (owner !== undefined && owner.kind !== 'constant') return rest(unknownMember(callee, owner, state))
    return chain(callee.object, state, (object) => {
      const call = (receiver: string): string => {
        const key = keyOf(callee, state)
        const args = list(node.arguments, node.start, state)
        const name = staticKey(callee as never)
        checkMethod(callee, name, state)
        const code =
          name === undefined
            ? `$at(b,${receiver},${key},${args},${node.start})`
            : `$method(b,${receiver},${text(name)},${args},${node.start})`
        if (!node.optional) return rest(code)
        return name === undefined ? rest(code) : `($has(${receiver},${text(name)})?${rest(code)}:void 0)`
      }
      if (!callee.optional && !node.optional) return call(object)
      const name = temporary(state)
      if (!callee.optional) return `(${name}=${object},${call(name)})`
      return `((${name}=${object})==null?void 0:${call(name)})`
    })
  }
  return chain(callee, state, (code) => rest(closureCall(code, 'expression', node, state)))
}

function closureCall(callee: string, name: string, node: CallExpression, state: State): string {
  const args = list(node.arguments, node.start, state)
  if (!node.optional) return `$call(b,${callee},${args},${node.start},${text(name)})`
  const held = temporary(state)
  return `((${held}=${callee})==null?void 0:$call(b,${held},${args},${node.start},${text(name)}))`
}

function spreadArguments(node: CallExpression, state: State): string {
  if (!node.arguments.some((argument) => argument.type === 'SpreadElement')) {
    return node.arguments.map((argument) => expression(argument, state)).join(',')
  }
  return `...${list(node.arguments, node.start, state)}`
}

/** A tagged template: `sql` of the rds module, and `String.raw`. */
export function taggedTemplate(node: TaggedTemplateExpression, state: State): string {
  const host = hostValue(node.tag, state)
  const isRaw =
    node.tag.type === 'MemberExpression' &&
    node.tag.object.type === 'Identifier' &&
    state.names.bindingOf(node.tag.object) === undefined &&
    node.tag.object.name === 'String' &&
    staticKey(node.tag as never) === 'raw'
  const parts = node.quasi.quasis.map((quasi) => (isRaw ? quasi.value.raw : (quasi.value.cooked ?? '')))
  const values = node.quasi.expressions.map((each) => expression(each, state))
  if (isRaw) {
    return values.reduce(
      (code, value, index) => `$add(b,$add(b,${code},${value}),${text(parts[index + 1] ?? '')})`,
      text(parts[0] ?? ''),
    )
  }
  if (host?.kind !== 'function') {
    state.report(0, 'Unsupported syntax type: TaggedTemplateExpression', node, 'UNSUPPORTED_SYNTAX_TYPE')
    return 'void 0'
  }
  const strings = `$made(b,[${parts.map(text).join(',')}],${parts.length * ELEMENT_SIZE})`
  return `$host(b,${node.start},${hostFunction(host.call, state)},[${[strings, ...values].join(',')}])`
}
