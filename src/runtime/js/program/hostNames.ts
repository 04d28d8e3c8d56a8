import type { AnyNode } from 'acorn'
import { type HostValue, hostMember, resolveHostName } from '../hostValues.ts'
import type { Binding } from '../names.ts'
import { staticKey } from '../nodes.ts'
import { numberText } from './literals.ts'
import type { State } from './state.ts'

/* Names of the host in a program: what they mean is known before it runs, and they are never values. */

/** What a binding means when it stands for something of the host: an import, or a `const` that renames one. */
export function hostOf(binding: Binding, state: State): HostValue | undefined {
  if (state.hostBindings.has(binding)) return state.hostBindings.get(binding)
  // Known as nothing while it is looked at, so that names which rename each other come to an end.
  state.hostBindings.set(binding, undefined)
  const host = findHost(binding, state)
  state.hostBindings.set(binding, host)
  return host
}

function findHost(binding: Binding, state: State): HostValue | undefined {
  if (binding.imported !== undefined) return resolveHostName(binding.imported.module, binding.imported.name)
  if (binding.isReassigned || binding.kind !== 'const') return undefined
  const { initial, member } = binding
  if (member !== undefined) {
    const owner = hostValue(member.source, state)
    return owner === undefined ? undefined : hostMember(owner, member.key)
  }
  if (initial === undefined) return undefined
  if (initial.type !== 'Identifier' && initial.type !== 'MemberExpression') return undefined
  const host = hostValue(initial, state)
  return host?.kind === 'table' ? host : undefined
}

/** What an expression means when it names something of the host, such as `util.time` or `Math.max`. */
export function hostValue(node: AnyNode, state: State): HostValue | undefined {
  if (node.type === 'Identifier') {
    const binding = state.names.bindingOf(node)
    return binding === undefined ? resolveHostName(undefined, node.name) : hostOf(binding, state)
  }
  if (node.type === 'ChainExpression') return hostValue(node.expression, state)
  if (node.type !== 'MemberExpression' || node.object.type === 'Super') return undefined
  const owner = hostValue(node.object, state)
  if (owner === undefined || owner.kind !== 'table') return undefined
  const key = staticKey(node as never)
  return key === undefined ? undefined : hostMember(owner, key)
}

/** Reports a host name that stands where a value is needed. */
export function hostAsValue(host: HostValue, node: AnyNode, state: State): string {
  if (host.kind === 'constant') return numberText(host.value)
  state.report(0, `Invalid function: ${host.path}`, node, 'INVALID_FUNCTION_INVOCATION')
  return 'void 0'
}
