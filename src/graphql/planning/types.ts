import type { GraphQLOutputType } from 'graphql'
import { isAbstractType, isEnumType, isListType, isNonNullType, isObjectType } from 'graphql'
import { coercionOf } from '../scalars/index.ts'
import type { TypePlan } from './plan.ts'

const plans = new WeakMap<GraphQLOutputType, TypePlan>()

/** The plan of completing values of a type. */
export function planType(type: GraphQLOutputType): TypePlan {
  let plan = plans.get(type)
  if (plan === undefined) {
    plan = isNonNullType(type) ? { ...planNullable(type.ofType), nonNull: true } : planNullable(type)
    plans.set(type, plan)
  }
  return plan
}

function planNullable(type: GraphQLOutputType): TypePlan {
  if (isNonNullType(type)) return planNullable(type.ofType)
  if (isListType(type)) return { kind: 'list', nonNull: false, name: 'null', item: planType(type.ofType) }
  if (isObjectType(type)) return { kind: 'object', nonNull: false, name: type.name, objectType: type }
  if (isAbstractType(type)) return { kind: 'abstract', nonNull: false, name: type.name, abstractType: type }
  if (isEnumType(type)) return { kind: 'enum', nonNull: false, name: type.name, enumType: type }
  return { kind: 'leaf', nonNull: false, name: type.name, coercion: coercionOf(type.name) }
}
