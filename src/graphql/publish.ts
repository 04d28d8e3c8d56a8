import type { PublishedValue } from './engine.ts'
import type { RequestState } from './execution/requestState.ts'
import type { FieldPlan } from './planning/plan.ts'

/**
 * The completed value of a field by field names: what subscribers may see of it. Objects carry `__typename`.
 * Where one field was selected twice under different names, the one without an alias counts.
 */
export function publishedValue(request: RequestState, field: FieldPlan, value: unknown): PublishedValue {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return value.map((item) => publishedValue(request, field, item))
  if (typeof value !== 'object') return value as PublishedValue
  const selection = request.madeBy?.get(value)
  if (selection === undefined) return null
  const result: Record<string, PublishedValue> = { __typename: selection.type.name }
  const members = value as Record<string, unknown>
  for (const selected of selection.fields) {
    if (selected.meta !== undefined || !Object.hasOwn(members, selected.responseKey)) continue
    if (Object.hasOwn(result, selected.name) && selected.responseKey !== selected.name) continue
    result[selected.name] = publishedValue(request, selected, members[selected.responseKey])
  }
  return result
}
