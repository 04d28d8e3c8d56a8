import type { Expression, Identifier, Pattern } from 'acorn'
import { assignIdentifier, assignMember } from './assignments.ts'
import { expression } from './expressions.ts'
import { hostOf, hostValue } from './hostNames.ts'
import { literalKey } from './literals.ts'
import { type State, uniqueName, variable } from './state.ts'

export function bound(identifier: Identifier, state: State): string {
  const binding = state.names.bindingOf(identifier)
  return binding === undefined ? 'v0' : variable(binding)
}

export function destructure(
  declarator: { id: Pattern; init?: Expression | null | undefined },
  keyword: string,
  state: State,
): string {
  const { init } = declarator
  const host = init ? hostValue(init, state) : undefined
  if (host?.kind === 'table' && declarator.id.type === 'ObjectPattern' && keyword === 'const') {
    for (const property of declarator.id.properties) {
      const binding =
        property.type === 'Property' && property.value.type === 'Identifier'
          ? state.names.bindingOf(property.value)
          : undefined
      if (binding !== undefined && hostOf(binding, state) !== undefined) continue
      const key = property.type === 'Property' && property.key.type === 'Identifier' ? property.key.name : undefined
      if (key === undefined) state.report(0, `Invalid function: ${host.path}`, property, 'INVALID_FUNCTION_INVOCATION')
      else state.report(2339, `Property '${key}' does not exist on type '${host.typeName}'.`, property)
    }
    return ''
  }
  const source = uniqueName(state)
  const value = init ? expression(init, state) : 'void 0'
  return `const ${source}=${value};${pattern(declarator.id, source, keyword, state)}`
}

/** Statements that take `value` (a name) apart into a pattern; `keyword` declares, none assigns. */
export function pattern(target: Pattern, value: string, keyword: string, state: State): string {
  switch (target.type) {
    case 'Identifier':
      return keyword === ''
        ? `${assignIdentifier(target, value, state)};`
        : `${keyword} ${bound(target, state)}=${value};`
    case 'MemberExpression':
      return `${assignMember(target, value, state)};`
    case 'AssignmentPattern': {
      const name = uniqueName(state)
      const fallback = expression(target.right, state)
      return `const ${name}=${value}===void 0?${fallback}:${value};${pattern(target.left, name, keyword, state)}`
    }
    case 'ArrayPattern': {
      const list = uniqueName(state)
      const parts = target.elements.map((element, index) => {
        if (element === null) return ''
        const name = uniqueName(state)
        if (element.type === 'RestElement') {
          return `const ${name}=$method(b,${list},"slice",[${index}],${target.start});${pattern(element.argument, name, keyword, state)}`
        }
        return `const ${name}=$get(b,${list},${index},${target.start});${pattern(element, name, keyword, state)}`
      })
      return `const ${list}=$iter(b,${value},${target.start});${parts.join('')}`
    }
    case 'ObjectPattern': {
      const keys: string[] = []
      const parts = target.properties.map((property) => {
        const name = uniqueName(state)
        if (property.type === 'RestElement') {
          return `const ${name}=$rest(b,${value},[${keys.join(',')}]);${pattern(property.argument, name, keyword, state)}`
        }
        let key: string
        let before = ''
        if (property.computed) {
          key = uniqueName(state)
          before = `const ${key}=$text(b,${expression(property.key, state)});`
        } else key = literalKey(property.key)
        keys.push(key)
        return `${before}const ${name}=$get(b,${value},${key},${property.start});${pattern(property.value, name, keyword, state)}`
      })
      return `$open(b,${value},${target.start});${parts.join('')}`
    }
    case 'RestElement':
      return pattern(target.argument, value, keyword, state)
  }
}
