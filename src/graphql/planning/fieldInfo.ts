import type { ASTNode, SelectionSetNode } from 'graphql'
import { getNamedType, isAbstractType, isObjectType, print } from 'graphql'
import { holds } from '../execution/conditions.ts'
import type { RequestState } from '../execution/requestState.ts'
import type { FieldInfo, FieldPlan } from './plan.ts'

/** Entries of `selectionSetList`; a selection of that size is no longer of use to a resolver. */
const MAX_ENTRIES = 10_000
const NOTHING: FieldInfo = { selectionSetList: [], selectionSetGraphQL: '' }

/**
 * The selection below a field as resolvers see it: aliases by their name alone, members of fragments merged, levels joined
 * by `/`. Made once per document, or per request where `@skip` and `@include` depend on variables.
 */
export function fieldInfoOf(request: RequestState, field: FieldPlan): FieldInfo {
  if (field.parts.length === 0) return NOTHING
  if (field.info !== undefined) return field.info
  const list: string[] = []
  const seen = new Set<string>()
  const varies = addPaths(request, field, '', list, seen)
  const info: FieldInfo = {
    selectionSetList: list,
    selectionSetGraphQL: field.parts
      .map(({ selections }) => (selections === undefined ? '' : printSelection(selections)))
      .join('\n'),
  }
  if (!varies) field.info = info
  return info
}

/** @returns whether the list depends on variables. */
function addPaths(request: RequestState, field: FieldPlan, prefix: string, list: string[], seen: Set<string>): boolean {
  const named = getNamedType(field.definition.type)
  const types = isObjectType(named) ? [named] : isAbstractType(named) ? request.plan.schema.getPossibleTypes(named) : []
  let varies = false
  for (const type of types) {
    for (const selected of request.plan.selectionOf(field, type).fields) {
      if (list.length >= MAX_ENTRIES) return varies
      if (selected.conditions !== undefined) {
        varies = true
        if (!holds(selected.conditions, request.variables)) continue
      }
      const path = prefix + selected.responseKey
      if (!seen.has(path)) {
        seen.add(path)
        list.push(path)
      }
      if (selected.parts.length > 0) varies = addPaths(request, selected, `${path}/`, list, seen) || varies
    }
  }
  return varies
}

const printed = new WeakMap<SelectionSetNode, string>()

function printSelection(node: SelectionSetNode & ASTNode): string {
  let text = printed.get(node)
  if (text === undefined) {
    text = print(node)
    printed.set(node, text)
  }
  return text
}
