import type { GraphQLInputField, GraphQLInputType, ValueNode } from 'graphql'
import { isEnumType, isInputObjectType, isListType, isNonNullType, Kind } from 'graphql'
import { CoercionError, javaClassOf } from '../scalars/coercion.ts'
import { coercionOf } from '../scalars/index.ts'

/** Values of an operation's variables, by name; every declared variable has a member. */
export type VariableValues = Readonly<Record<string, unknown>>

/** A null met a non-null type inside a variable's value. */
export class NullInNonNullError extends Error {
  override readonly name = 'NullInNonNullError'
  /** The type as written, for example `String!`. */
  readonly typeName: string

  constructor(typeName: string) {
    super(`null for ${typeName}`)
    this.typeName = typeName
  }
}

/** A variable's input object has a member that its type does not know. */
export class UnknownInputFieldError extends Error {
  override readonly name = 'UnknownInputFieldError'
  readonly typeName: string

  constructor(typeName: string) {
    super(`unknown field of ${typeName}`)
    this.typeName = typeName
  }
}

/** Nesting of input values; a schema's types bound everything but types that refer to themselves. */
const MAX_INPUT_DEPTH = 500

/**
 * A value of the request's `variables` as resolvers see it.
 * @throws CoercionError, NullInNonNullError, UnknownInputFieldError
 */
export function coerceInput(value: unknown, type: GraphQLInputType, depth = 0): unknown {
  if (depth > MAX_INPUT_DEPTH) throw new CoercionError('The value is nested too deeply.')
  if (isNonNullType(type)) {
    const coerced = value === null || value === undefined ? null : coerceInput(value, type.ofType, depth)
    if (coerced === null) throw new NullInNonNullError(String(type))
    return coerced
  }
  if (value === null || value === undefined) return null
  if (isListType(type)) {
    return Array.isArray(value)
      ? value.map((item) => coerceInput(item, type.ofType, depth + 1))
      : [coerceInput(value, type.ofType, depth + 1)]
  }
  if (isInputObjectType(type)) {
    if (typeof value !== 'object' || Array.isArray(value)) {
      const was = javaClassOf(value)
      throw new CoercionError(
        `Expected type 'Map' but was '${was}'. Variables for input objects must be an instance of type 'Map'.`,
      )
    }
    const fields = type.getFields()
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(fields, key)) throw new UnknownInputFieldError(type.name)
    }
    const result: Record<string, unknown> = {}
    for (const field of Object.values(fields)) {
      if (Object.hasOwn(value, field.name)) {
        result[field.name] = coerceInput((value as Record<string, unknown>)[field.name], field.type, depth + 1)
      } else addMissing(result, field)
    }
    return result
  }
  if (isEnumType(type)) {
    const known = typeof value === 'string' ? type.getValue(value) : undefined
    if (known === undefined || known === null) {
      throw new CoercionError(`Invalid input for Enum '${type.name}'. No value found for name '${String(value)}'`)
    }
    return value
  }
  return coercionOf(type.name).parseValue(value)
}

function addMissing(result: Record<string, unknown>, field: GraphQLInputField): void {
  if (field.default !== undefined) result[field.name] = defaultOf(field)
  else if (isNonNullType(field.type)) throw new NullInNonNullError(String(field.type))
}

/** The default value of an argument or input field of the schema; undefined where it has none. */
export function defaultOf(input: { default: GraphQLInputField['default']; type: GraphQLInputType }): unknown {
  const value = input.default
  if (value === undefined) return undefined
  return value.literal === undefined ? value.value : coerceLiteral(value.literal, input.type, undefined)
}

/**
 * A literal, validated before, as resolvers see it. A variable that has no value counts as an explicit null, as in AppSync.
 * @throws CoercionError where a variable inside a list or object does not fit its place
 */
export function coerceLiteral(
  node: ValueNode,
  type: GraphQLInputType,
  variables: VariableValues | undefined,
  depth = 0,
): unknown {
  if (depth > MAX_INPUT_DEPTH) throw new CoercionError('The value is nested too deeply.')
  if (node.kind === Kind.VARIABLE) return variables?.[node.name.value] ?? null
  if (node.kind === Kind.NULL) return null
  if (isNonNullType(type)) return coerceLiteral(node, type.ofType, variables, depth)
  if (isListType(type)) {
    return node.kind === Kind.LIST
      ? node.values.map((item) => coerceLiteral(item, type.ofType, variables, depth + 1))
      : [coerceLiteral(node, type.ofType, variables, depth + 1)]
  }
  if (isInputObjectType(type)) {
    if (node.kind !== Kind.OBJECT) throw new CoercionError(`Expected type 'Map' but was '${node.kind}'.`)
    const given = new Map(node.fields.map((field) => [field.name.value, field.value]))
    const result: Record<string, unknown> = {}
    for (const field of Object.values(type.getFields())) {
      const value = given.get(field.name)
      if (value === undefined) addMissing(result, field)
      else result[field.name] = coerceLiteral(value, field.type, variables, depth + 1)
    }
    return result
  }
  if (isEnumType(type)) return node.kind === Kind.ENUM ? node.value : null
  return coercionOf(type.name).parseLiteral(node)
}

/** Whether a literal has a variable anywhere. */
export function hasVariable(node: ValueNode): boolean {
  switch (node.kind) {
    case Kind.VARIABLE:
      return true
    case Kind.LIST:
      return node.values.some(hasVariable)
    case Kind.OBJECT:
      return node.fields.some(({ value }) => hasVariable(value))
    default:
      return false
  }
}
