import type {
  FieldNode,
  GraphQLAbstractType,
  GraphQLEnumType,
  GraphQLField,
  GraphQLInputType,
  GraphQLObjectType,
  ValueNode,
} from 'graphql'
import type { SourcePosition } from '../errors.ts'
import type { FieldResolver } from '../resolving/resolver.ts'
import type { Coercion } from '../scalars/coercion.ts'

/** How a value of a type is completed; made once per field and document. */
export interface TypePlan {
  kind: 'leaf' | 'enum' | 'list' | 'object' | 'abstract'
  nonNull: boolean
  /** Name of the type without its non-null mark; lists have none, which graphql-java prints as `null`. */
  name: string
  item?: TypePlan
  coercion?: Coercion
  enumType?: GraphQLEnumType
  objectType?: GraphQLObjectType
  abstractType?: GraphQLAbstractType
}

/** All of these hold, or the field is left out: from `@skip` and `@include` with variables. */
export type Condition = readonly { variable: string; value: boolean }[]

export interface ArgumentPlan {
  name: string
  type: GraphQLInputType
  /** What the document says; undefined when it leaves the argument out. */
  node: ValueNode | undefined
  /** Whether `value` is the argument's value in every request. */
  isStatic: boolean
  value: unknown
  hasDefault: boolean
  defaultValue: unknown
}

/** One field of one object type in one selection, with everything that does not depend on the request. */
export interface FieldPlan {
  responseKey: string
  name: string
  parentType: GraphQLObjectType
  definition: GraphQLField<unknown, unknown>
  /** All nodes of this response key, the first one first. */
  nodes: readonly FieldNode[]
  position: SourcePosition
  type: TypePlan
  /** Root fields are at depth 1. */
  depth: number
  arguments: readonly ArgumentPlan[]
  /** The arguments of every request, when none depends on variables. */
  staticArguments: Record<string, unknown> | undefined
  resolver: FieldResolver | undefined
  /** `__typename`, or a field of the introspection system with graphql-js's own resolver. */
  meta: 'typename' | 'introspection' | undefined
  /** Whether Object.prototype has a member of this name, so that reading a parent needs more care. */
  isPrototypeName: boolean
  /** Any of them must hold; undefined when the field is always there. */
  conditions: readonly Condition[] | undefined
  /** What is selected below, by runtime type. Filled when first needed. */
  selections: Map<GraphQLObjectType, SelectionPlan>
  /** Parts of the merged sub-selection, before a runtime type is known. */
  parts: readonly SelectionPart[]
  /** `ctx.info` without variables; made when first needed. */
  info: FieldInfo | undefined
}

export interface FieldInfo {
  selectionSetList: string[]
  selectionSetGraphQL: string
}

/** A selection set of the document and what must hold for it to count. */
export interface SelectionPart {
  selections: FieldNode['selectionSet']
  condition: Condition
}

export interface SelectionPlan {
  type: GraphQLObjectType
  fields: readonly FieldPlan[]
  /** Position in `OperationPlan`'s numbering of selections: where a request keeps what it found out about it. */
  index: number
}
