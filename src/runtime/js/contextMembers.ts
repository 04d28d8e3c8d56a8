import type { AnyNode } from 'acorn'
import type { Binding, Names } from './names.ts'
import { childrenOf, staticKey } from './nodes.ts'

/**
 * The members of `ctx` that a handler can reach, so that only they need to be copied for it; undefined when it uses
 * `ctx` in another way than by naming a member (hands it on, spreads it, computes a key).
 */
export function contextMembers(handler: Binding, names: Names): ReadonlySet<string> | undefined {
  const { definition } = handler
  if (definition === undefined || handler.isReassigned) return undefined
  const members = new Set<string>()
  const [parameter, ...others] = definition.params
  if (parameter === undefined) return members
  if (others.some((other) => other.type === 'RestElement') || parameter.type === 'RestElement') return undefined
  if (parameter.type === 'ObjectPattern') return takenApart(parameter, members) ? members : undefined
  if (parameter.type !== 'Identifier') return undefined
  const context = names.bindingOf(parameter)
  if (context === undefined) return undefined

  /** False when the context is used as a whole somewhere below the node. */
  const visit = (node: AnyNode): boolean => {
    if (node.type === 'MemberExpression' && node.object.type === 'Identifier') {
      if (names.bindingOf(node.object) === context) {
        const key = staticKey(node as never)
        if (key === undefined) return false
        members.add(key)
        return true
      }
    } else if (node.type === 'VariableDeclarator' && node.init?.type === 'Identifier') {
      if (names.bindingOf(node.init) === context) {
        return node.id.type === 'ObjectPattern' && takenApart(node.id, members) && visit(node.id)
      }
    } else if (node.type === 'Property' && !node.computed) return visit(node.value)
    else if (node.type === 'Identifier') return names.bindingOf(node) !== context
    return childrenOf(node).every(visit)
  }
  return visit(definition.body) ? members : undefined
}

function takenApart(pattern: Extract<AnyNode, { type: 'ObjectPattern' }>, members: Set<string>): boolean {
  for (const property of pattern.properties) {
    if (property.type === 'RestElement' || property.computed) return false
    const { key } = property
    members.add(key.type === 'Identifier' ? key.name : String((key as { value?: unknown }).value))
  }
  return true
}
