import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLCompositeType,
  GraphQLOutputType,
  GraphQLSchema,
  SelectionSetNode,
} from 'graphql'
import { isCompositeType, isInterfaceType, isListType, isNonNullType, isObjectType, print } from 'graphql'

interface Collected {
  node: FieldNode
  parent: GraphQLCompositeType | undefined
  type: GraphQLOutputType | undefined
}

interface Conflict {
  reason: string
  nodes: FieldNode[]
}

/** Comparisons that one document may cost; a document of the largest accepted size stays far below. */
const MAX_COMPARISONS = 1_000_000
/** Nesting up to which selections are merged; documents deeper than this are refused before they are validated. */
const MAX_DEPTH = 1_100

export interface OverlapChecker {
  /** @returns conflicts among the fields of a selection set and all that its fragments bring in. */
  conflictsIn(selectionSet: SelectionSetNode, parent: GraphQLCompositeType | undefined): Conflict[]
}

/**
 * Finds fields of one response key that ask for different things. Compares each field with the first one of its kind
 * instead of every pair, so that ten thousand equal fields cost ten thousand comparisons.
 */
export function createOverlapChecker(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): OverlapChecker {
  let comparisons = 0
  const shapes = new WeakMap<FieldNode, string>()
  /** A field's arguments as text, whatever their order. */
  const shapeOf = (node: FieldNode): string => {
    let shape = shapes.get(node)
    if (shape === undefined) {
      const values = (node.arguments ?? []).map(({ name, value }) => `${name.value}:${print(value)}`).sort()
      shape = values.join(',')
      shapes.set(node, shape)
    }
    return shape
  }

  function collect(
    selectionSet: SelectionSetNode,
    parent: GraphQLCompositeType | undefined,
    into: Map<string, Collected[]>,
    visited: Set<string>,
  ): void {
    for (const selection of selectionSet.selections) {
      if (++comparisons > MAX_COMPARISONS) return
      if (selection.kind === 'Field') {
        const key = selection.alias?.value ?? selection.name.value
        const type =
          isObjectType(parent) || isInterfaceType(parent)
            ? schema.getField(parent, selection.name.value)?.type
            : undefined
        const list = into.get(key)
        if (list === undefined) into.set(key, [{ node: selection, parent, type }])
        else list.push({ node: selection, parent, type })
      } else {
        const name = selection.kind === 'FragmentSpread' ? selection.name.value : undefined
        if (name !== undefined && visited.has(name)) continue
        if (name !== undefined) visited.add(name)
        const fragment = selection.kind === 'FragmentSpread' ? fragments.get(selection.name.value) : selection
        if (fragment === undefined) continue
        const condition = fragment.typeCondition
        const type = condition === undefined ? parent : schema.getType(condition.name.value)
        collect(fragment.selectionSet, isCompositeType(type) ? type : undefined, into, visited)
      }
    }
  }

  function conflictsOf(fields: ReadonlyMap<string, Collected[]>, depth: number): Conflict[] {
    const conflicts: Conflict[] = []
    for (const [key, group] of fields) {
      const conflict = group.length > 1 ? conflictOf(key, group, depth) : undefined
      if (conflict !== undefined) conflicts.push(conflict)
    }
    return conflicts
  }

  /** Fields of different object types can never meet in one object: they only have to have the same shape. */
  function canMeet(one: Collected, other: Collected): boolean {
    return one.parent === other.parent || !isObjectType(one.parent) || !isObjectType(other.parent)
  }

  function conflictOf(key: string, group: readonly Collected[], depth: number): Conflict | undefined {
    const [first] = group
    if (first === undefined) return undefined
    const seen = new Set<string>()
    const representatives: Collected[] = []
    for (const other of group) {
      // The usual repetition costs no text.
      if (other !== first && isPlainRepetition(first, other)) continue
      const identity = `${other.parent?.name ?? ''}\n${other.node.name.value}\n${shapeOf(other.node)}`
      if (seen.has(identity)) continue
      seen.add(identity)
      for (const one of representatives) {
        if (++comparisons > MAX_COMPARISONS) return undefined
        const reason = differenceOf(key, one, other)
        if (reason !== undefined) return { reason, nodes: [one.node, other.node] }
      }
      if (representatives.length < 100) representatives.push(other)
    }
    if (depth >= MAX_DEPTH) return undefined
    const merged = new Map<string, Collected[]>()
    const visited = new Set<string>()
    let selections = 0
    for (const { node, type } of group) {
      if (node.selectionSet === undefined) continue
      selections++
      const named = unwrap(type)
      collect(node.selectionSet, isCompositeType(named) ? named : undefined, merged, visited)
    }
    if (selections < 2) return undefined
    const inner = conflictsOf(merged, depth + 1)
    if (inner.length === 0) return undefined
    return {
      reason: `${key}: (${inner.map(({ reason }) => reason).join(', ')})`,
      nodes: [first.node, ...group.slice(1, 2).map(({ node }) => node), ...inner.flatMap(({ nodes }) => nodes)],
    }
  }

  function differenceOf(key: string, one: Collected, other: Collected): string | undefined {
    if (canMeet(one, other)) {
      if (one.node.name.value !== other.node.name.value) {
        return `${key}: ${one.node.name.value} and ${other.node.name.value} are different fields`
      }
      if (shapeOf(one.node) !== shapeOf(other.node)) return `${key}: they have differing arguments`
    }
    return one.type === undefined || other.type === undefined ? undefined : shapeDifference(key, one.type, other.type)
  }

  return {
    conflictsIn(selectionSet, parent) {
      if (hasDistinctKeys(selectionSet)) return []
      const fields = new Map<string, Collected[]>()
      collect(selectionSet, parent, fields, new Set())
      return conflictsOf(fields, 0)
    },
  }
}

function isPlainRepetition(one: Collected, other: Collected): boolean {
  return (
    one.parent === other.parent &&
    one.node.name.value === other.node.name.value &&
    (one.node.arguments?.length ?? 0) === 0 &&
    (other.node.arguments?.length ?? 0) === 0
  )
}

/** Whether a selection set is nothing but fields of different response keys, as most are. */
function hasDistinctKeys(selectionSet: SelectionSetNode): boolean {
  const { selections } = selectionSet
  const keys = new Set<string>()
  for (const selection of selections) {
    if (selection.kind !== 'Field') return false
    const key = selection.alias?.value ?? selection.name.value
    if (keys.has(key)) return false
    keys.add(key)
  }
  return true
}

function unwrap(type: GraphQLOutputType | undefined): GraphQLOutputType | undefined {
  let named = type
  while (named !== undefined && (isListType(named) || isNonNullType(named))) named = named.ofType
  return named
}

function shapeDifference(key: string, one: GraphQLOutputType, other: GraphQLOutputType): string | undefined {
  if (isNonNullType(one) !== isNonNullType(other)) return `${key}: fields have different nullability shapes`
  if (isNonNullType(one) && isNonNullType(other)) return shapeDifference(key, one.ofType, other.ofType)
  if (isListType(one) !== isListType(other)) return `${key}: fields have different list shapes`
  if (isListType(one) && isListType(other)) return shapeDifference(key, one.ofType, other.ofType)
  if (isCompositeType(one) && isCompositeType(other)) return undefined
  return one === other ? undefined : `${key}: they return differing types ${String(one)} and ${String(other)}`
}
