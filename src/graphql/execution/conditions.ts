import type { VariableValues } from '../planning/inputValues.ts'
import type { Condition } from '../planning/plan.ts'

/** Whether any of the conditions holds. */
export function holds(conditions: readonly Condition[], variables: VariableValues): boolean {
  return conditions.some((condition) =>
    condition.every(({ variable, value }) => (variables[variable] === true) === value),
  )
}
