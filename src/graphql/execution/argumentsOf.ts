import { Kind } from 'graphql'
import type { VariableValues } from '../planning/inputValues.ts'
import { coerceLiteral } from '../planning/inputValues.ts'
import type { FieldPlan } from '../planning/plan.ts'

/**
 * `ctx.arguments` of a field. An argument given by a variable that has no value is there as an explicit null (against the
 * GraphQL specification, as on AWS), unless the schema has a default for it.
 */
export function argumentsOf(field: FieldPlan, variables: VariableValues): Record<string, unknown> {
  if (field.staticArguments !== undefined) return field.staticArguments
  const values: Record<string, unknown> = {}
  for (const argument of field.arguments) {
    if (argument.isStatic) values[argument.name] = argument.value
    else if (argument.node?.kind === Kind.VARIABLE) {
      const value = variables[argument.node.name.value] ?? null
      values[argument.name] = value === null && argument.hasDefault ? argument.defaultValue : value
    } else values[argument.name] = coerceLiteral(argument.node!, argument.type, variables)
  }
  return values
}
