import type { GraphQLInputObjectType, GraphQLInputType, ObjectValueNode, ValueNode } from 'graphql'
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  Kind,
} from 'graphql'
import { coercionOf } from '../scalars/index.ts'

/** Longest literal that a message quotes. */
const MAX_PRINTED = 10_000

/** A literal as graphql-java's messages show it: `StringValue{value='x'}`. */
export function printLiteral(node: ValueNode): string {
  const text = print(node, { left: MAX_PRINTED })
  return text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}…` : text
}

function print(node: ValueNode, budget: { left: number }): string {
  if (budget.left <= 0) return ''
  const spend = (text: string): string => {
    budget.left -= text.length
    return text
  }
  switch (node.kind) {
    case Kind.STRING:
      return spend(`StringValue{value='${node.value}'}`)
    case Kind.INT:
      return spend(`IntValue{value=${node.value}}`)
    case Kind.FLOAT:
      return spend(`FloatValue{value=${node.value}}`)
    case Kind.BOOLEAN:
      return spend(`BooleanValue{value=${node.value}}`)
    case Kind.ENUM:
      return spend(`EnumValue{name='${node.value}'}`)
    case Kind.NULL:
      return spend('NullValue{}')
    case Kind.VARIABLE:
      return spend(`VariableReference{name='${node.name.value}'}`)
    case Kind.LIST:
      return `ArrayValue{values=[${node.values.map((value) => print(value, budget)).join(', ')}]}`
    case Kind.OBJECT:
      return `ObjectValue{objectFields=[${node.fields
        .map(({ name, value }) => `ObjectField{name='${name.value}', value=${print(value, budget)}}`)
        .join(', ')}]}`
  }
}

interface Misfit {
  /** Below the argument: `.field` and `[0]`, joined. */
  at: string
  value: ValueNode
  text: string
}

/** @returns what is wrong with the literal, or undefined. Variables are right anywhere: another rule looks at them. */
function findMisfit(node: ValueNode, type: GraphQLInputType): Misfit | undefined {
  if (node.kind === Kind.VARIABLE) return undefined
  if (isNonNullType(type)) {
    return node.kind === Kind.NULL ? { at: '', value: node, text: 'must not be null' } : findMisfit(node, type.ofType)
  }
  if (node.kind === Kind.NULL) return undefined
  if (isListType(type)) {
    if (node.kind !== Kind.LIST) return findMisfit(node, type.ofType)
    for (const [index, item] of node.values.entries()) {
      const misfit = findMisfit(item, type.ofType)
      if (misfit !== undefined) return { ...misfit, at: `[${index}]${misfit.at}` }
    }
    return undefined
  }
  if (isInputObjectType(type)) {
    return node.kind === Kind.OBJECT
      ? findObjectMisfit(node, type)
      : { at: '', value: node, text: 'must be an object type' }
  }
  if (isEnumType(type)) {
    return node.kind === Kind.ENUM && type.getValue(node.value) !== undefined && type.getValue(node.value) !== null
      ? undefined
      : { at: '', value: node, text: `is not a valid '${type.name}'` }
  }
  try {
    coercionOf(type.name).parseLiteral(node)
    return undefined
  } catch {
    return { at: '', value: node, text: `is not a valid '${type.name}'` }
  }
}

function findObjectMisfit(node: ObjectValueNode, type: GraphQLInputObjectType): Misfit | undefined {
  const fields = type.getFields()
  const given = new Set(node.fields.map(({ name }) => name.value))
  const missing = Object.values(fields)
    .filter((field) => isRequiredInputField(field) && !given.has(field.name))
    .map(({ name }) => name)
  if (missing.length > 0) return { at: '', value: node, text: `is missing required fields '[${missing.join(', ')}]'` }
  for (const { name, value } of node.fields) {
    const field = Object.hasOwn(fields, name.value) ? fields[name.value] : undefined
    if (field === undefined) {
      return { at: '', value: node, text: `contains a field not in '${type.name}': '${name.value}'` }
    }
    const misfit = findMisfit(value, field.type)
    if (misfit !== undefined) return { ...misfit, at: `.${name.value}${misfit.at}` }
  }
  return undefined
}

/** Says in graphql-java's words why a literal does not fit an argument; undefined when it does. */
export function describeMisfit(argumentName: string, node: ValueNode, type: GraphQLInputType): string | undefined {
  const misfit = findMisfit(node, type)
  if (misfit === undefined) return undefined
  return `argument '${argumentName}${misfit.at}' with value '${printLiteral(misfit.value)}' ${misfit.text}`
}

/** Whether a variable's default value fits its type. */
export function isValidDefault(node: ValueNode, type: GraphQLInputType): boolean {
  return getNamedType(type) !== undefined && findMisfit(node, type) === undefined
}
