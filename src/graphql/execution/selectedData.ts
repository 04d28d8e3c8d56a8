import type { GraphQLObjectType } from 'graphql'
import { getNamedType, isAbstractType, isObjectType } from 'graphql'
import type { FieldPlan } from '../planning/plan.ts'
import type { RequestState } from './requestState.ts'

/** Levels of error data that are looked at. */
const MAX_DEPTH = 100

/** The part of an error's `data` that the operation selected: AppSync filters it as it filters results. */
export function selectedData(request: RequestState, field: FieldPlan, data: unknown, depth = 0): unknown {
  if (data === undefined || data === null || depth > MAX_DEPTH) return null
  if (Array.isArray(data)) return data.map((item) => selectedData(request, field, item, depth + 1))
  if (typeof data !== 'object' || field.parts.length === 0) return data
  const type = typeOf(request, field, data)
  if (type === undefined) return data
  const result: Record<string, unknown> = Object.create(null)
  for (const selected of request.plan.selectionOf(field, type).fields) {
    if (selected.meta === 'typename') result[selected.responseKey] = type.name
    else if (Object.hasOwn(data, selected.name)) {
      const member = (data as Record<string, unknown>)[selected.name]
      result[selected.responseKey] = selectedData(request, selected, member, depth + 1)
    } else result[selected.responseKey] = null
  }
  return result
}

function typeOf(request: RequestState, field: FieldPlan, data: object): GraphQLObjectType | undefined {
  const named = getNamedType(field.definition.type)
  if (isObjectType(named)) return named
  const name = Object.hasOwn(data, '__typename') ? (data as Record<string, unknown>)['__typename'] : undefined
  const type = typeof name === 'string' ? request.plan.schema.getType(name) : undefined
  return isObjectType(type) && isAbstractType(named) && request.plan.schema.isSubType(named, type) ? type : undefined
}
