import type { GraphQLInputType, GraphQLSchema, OperationDefinitionNode } from 'graphql'
import { isInputType, isNonNullType, typeFromAST } from 'graphql'
import type { GraphqlErrorObject, SourcePosition } from '../errors.ts'
import { CoercionError } from '../scalars/coercion.ts'
import { positionOf } from '../validation/validateDocument.ts'
import type { VariableValues } from './inputValues.ts'
import { coerceInput, coerceLiteral, NullInNonNullError, UnknownInputFieldError } from './inputValues.ts'

interface VariablePlan {
  name: string
  type: GraphQLInputType
  position: SourcePosition
  hasDefault: boolean
  defaultValue: unknown
}

export type CoercedVariables = { type: 'values'; values: VariableValues } | { type: 'error'; error: GraphqlErrorObject }

const NO_VARIABLES: CoercedVariables = { type: 'values', values: Object.freeze(Object.create(null)) }

/** Makes a function that turns the request's `variables` into what resolvers see, or the error that AppSync answers. */
export function planVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
): (raw: Readonly<Record<string, unknown>> | null | undefined) => CoercedVariables {
  const plans: VariablePlan[] = []
  for (const definition of operation.variableDefinitions ?? []) {
    const type = typeFromAST(schema, definition.type)
    if (!isInputType(type)) continue
    plans.push({
      name: definition.variable.name.value,
      type,
      position: positionOf(definition),
      hasDefault: definition.defaultValue !== undefined,
      defaultValue:
        definition.defaultValue === undefined ? null : coerceLiteral(definition.defaultValue, type, undefined),
    })
  }
  if (plans.length === 0) return () => NO_VARIABLES
  return (raw) => {
    const values: Record<string, unknown> = Object.create(null)
    for (const plan of plans) {
      const isGiven = raw !== null && raw !== undefined && Object.hasOwn(raw, plan.name)
      if (!isGiven && plan.hasDefault) {
        values[plan.name] = plan.defaultValue
        continue
      }
      const value = isGiven ? raw[plan.name] : null
      if (!isNonNullType(plan.type) && (value === null || value === undefined)) {
        values[plan.name] = null
        continue
      }
      try {
        values[plan.name] = coerceInput(value, plan.type)
      } catch (error) {
        return { type: 'error', error: describe(error, plan) }
      }
    }
    return { type: 'values', values }
  }
}

/** The words of graphql-java; inside an input object it still names the variable, but the inner type. */
function describe(error: unknown, { name, position }: VariablePlan): GraphqlErrorObject {
  if (error instanceof NullInNonNullError) {
    const message = `Variable '${name}' has coerced Null value for NonNull type '${error.typeName}'`
    return { path: null, locations: [position], message }
  }
  if (error instanceof UnknownInputFieldError) {
    const message = `The variables input contains a field that is not defined for input object type '${error.typeName}' `
    return { path: null, locations: null, message }
  }
  if (error instanceof CoercionError) {
    return { path: null, locations: [position], message: `Variable '${name}' has an invalid value. ${error.message}` }
  }
  throw error
}
