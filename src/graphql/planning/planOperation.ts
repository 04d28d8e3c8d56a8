import type {
  DirectiveNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLObjectType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql'
import { isAbstractType, isObjectType, Kind, TypeNameMetaFieldDef } from 'graphql'
import type { FieldResolver } from '../resolving/resolver.ts'
import { positionOf } from '../validation/validateDocument.ts'
import { coerceLiteral, defaultOf, hasVariable } from './inputValues.ts'
import type { ArgumentPlan, Condition, FieldPlan, SelectionPart, SelectionPlan } from './plan.ts'
import { planType } from './types.ts'
import { planVariables } from './variables.ts'

/** Fields and fragments that one selection may collect; a document's tokens end below. */
const MAX_COLLECTED = 200_000
/**
 * Spreads of fragments under conditions that one selection may collect. Each combination of conditions is another path,
 * so they alone can double with every level.
 */
const MAX_CONDITIONAL_SPREADS = 2_000

/** An operation that would cost more to plan than any real one. */
export class PlanTooLargeError extends Error {
  override readonly name = 'PlanTooLargeError'
}

export interface OperationPlan {
  schema: GraphQLSchema
  operation: OperationDefinitionNode
  document: DocumentNode
  rootType: GraphQLObjectType
  root: SelectionPlan
  coerceVariables: ReturnType<typeof planVariables>
  /** What is selected below a field on objects of one type; kept on the field. */
  selectionOf(field: FieldPlan, type: GraphQLObjectType): SelectionPlan
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

const ALWAYS: Condition = []

/** Plans an operation of a valid document. What depends on runtime types is planned when they are met. */
export function planOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  rootType: GraphQLObjectType,
  resolverOf: (typeName: string, fieldName: string) => FieldResolver | undefined,
): OperationPlan {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  let selectionCount = 0

  interface Group {
    nodes: FieldNode[]
    conditions: Condition[]
    always: boolean
    parts: SelectionPart[]
  }

  function collect(
    set: SelectionSetNode,
    type: GraphQLObjectType,
    condition: Condition,
    groups: Map<string, Group>,
    visited: Set<string>,
    budget: { left: number; conditional: number },
  ): void {
    for (const selection of set.selections) {
      if (--budget.left < 0) throw new PlanTooLargeError('The operation selects too many fields.')
      const own = narrow(condition, selection.directives)
      if (own === undefined) continue
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value
        let group = groups.get(key)
        if (group === undefined) {
          group = { nodes: [], conditions: [], always: false, parts: [] }
          groups.set(key, group)
        }
        group.nodes.push(selection)
        if (own.length === 0) group.always = true
        else group.conditions.push(own)
        if (selection.selectionSet !== undefined) {
          group.parts.push({ selections: selection.selectionSet, condition: own })
        }
        continue
      }
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD
      const fragment = isSpread ? fragments.get(selection.name.value) : selection
      if (fragment === undefined || !applies(schema, fragment.typeCondition?.name.value, type)) continue
      if (isSpread) {
        if (own.length > 0 && --budget.conditional < 0) {
          throw new PlanTooLargeError('The operation has too many conditional fragments.')
        }
        const identity = own.length === 0 ? selection.name.value : `${selection.name.value} ${JSON.stringify(own)}`
        if (visited.has(selection.name.value) || visited.has(identity)) continue
        visited.add(identity)
      }
      collect(fragment.selectionSet, type, own, groups, visited, budget)
    }
  }

  function planSelection(parts: readonly SelectionPart[], type: GraphQLObjectType, depth: number): SelectionPlan {
    const groups = new Map<string, Group>()
    const visited = new Set<string>()
    const budget = { left: MAX_COLLECTED, conditional: MAX_CONDITIONAL_SPREADS }
    for (const { selections, condition } of parts) {
      if (selections !== undefined) collect(selections, type, condition, groups, visited, budget)
    }
    const fields: FieldPlan[] = []
    for (const [key, group] of groups) {
      const field = planField(key, group, type, depth)
      if (field !== undefined) fields.push(field)
    }
    return { type, fields, index: selectionCount++ }
  }

  function planField(key: string, group: Group, parentType: GraphQLObjectType, depth: number): FieldPlan | undefined {
    const [node] = group.nodes
    const definition = node && schema.getField(parentType, node.name.value)
    if (node === undefined || definition === undefined) return undefined
    const name = node.name.value
    const meta =
      definition === TypeNameMetaFieldDef
        ? 'typename'
        : parentType.name.startsWith('__') || name.startsWith('__')
          ? 'introspection'
          : undefined
    const planned = definition.args.map((argument): ArgumentPlan => {
      const value = node.arguments?.find((candidate) => candidate.name.value === argument.name)?.value
      const isStatic = value === undefined || !hasVariable(value)
      const hasDefault = argument.default !== undefined
      const defaultValue = defaultOf(argument)
      return {
        name: argument.name,
        type: argument.type,
        node: value,
        isStatic,
        value:
          value === undefined ? defaultValue : isStatic ? coerceLiteral(value, argument.type, undefined) : undefined,
        hasDefault,
        defaultValue,
      }
    })
    const given = planned.filter((argument) => argument.node !== undefined || argument.hasDefault)
    return {
      responseKey: key,
      name,
      parentType,
      definition,
      nodes: group.nodes,
      position: positionOf(node),
      type: planType(definition.type),
      depth,
      arguments: given,
      staticArguments: given.every(({ isStatic }) => isStatic)
        ? Object.fromEntries(given.map((argument) => [argument.name, argument.value]))
        : undefined,
      resolver: meta === undefined ? resolverOf(parentType.name, name) : undefined,
      meta,
      isPrototypeName: name in Object.prototype,
      conditions: group.always ? undefined : group.conditions,
      selections: new Map(),
      parts: group.parts,
      info: undefined,
    }
  }

  const rootParts = [{ selections: operation.selectionSet, condition: ALWAYS }]
  return {
    schema,
    operation,
    document,
    rootType,
    root: planSelection(rootParts, rootType, 1),
    coerceVariables: planVariables(schema, operation),
    selectionOf(field, type) {
      let selection = field.selections.get(type)
      if (selection === undefined) {
        selection = planSelection(field.parts, type, field.depth + 1)
        field.selections.set(type, selection)
      }
      return selection
    },
    fragments,
  }
}

/** @returns the condition with what the directives add; undefined when they leave the selection out for good. */
function narrow(condition: Condition, directives: readonly DirectiveNode[] | undefined): Condition | undefined {
  if (directives === undefined || directives.length === 0) return condition
  let narrowed = condition
  for (const directive of directives) {
    const name = directive.name.value
    if (name !== 'skip' && name !== 'include') continue
    const wanted = name === 'include'
    const node = directive.arguments?.find((argument) => argument.name.value === 'if')?.value
    if (node?.kind === Kind.BOOLEAN) {
      if (node.value !== wanted) return undefined
    } else if (node?.kind === Kind.VARIABLE) {
      const variable = node.name.value
      if (!narrowed.some((term) => term.variable === variable && term.value === wanted)) {
        narrowed = [...narrowed, { variable, value: wanted }]
      }
    }
  }
  return narrowed
}

function applies(schema: GraphQLSchema, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true
  const named = schema.getType(condition)
  if (isObjectType(named)) return false
  return isAbstractType(named) && schema.isSubType(named, type)
}
