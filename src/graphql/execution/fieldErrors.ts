import type { GraphQLObjectType } from 'graphql'
import type { ResolverError } from '../../runtime/context.ts'
import type { GraphqlErrorObject } from '../errors.ts'
import type { FieldPlan } from '../planning/plan.ts'
import type { Path } from './path.ts'
import { toArray, toText } from './path.ts'

/** An error of a resolver: all members, nulls included, in AppSync's order. */
export function resolverErrorAt(field: FieldPlan, path: Path, error: ResolverError, data: unknown): GraphqlErrorObject {
  return {
    path: toArray(path),
    data: data ?? null,
    errorType: error.errorType,
    errorInfo: error.errorInfo ?? null,
    locations: [field.position],
    message: error.message,
  }
}

export function unauthorizedMessage(type: GraphQLObjectType, fieldName: string): string {
  return `Not Authorized to access ${fieldName} on type ${type.name}`
}

export function nullInNonNull(typeName: string, parentName: string, path: Path): GraphqlErrorObject {
  const message = `Cannot return null for non-nullable type: '${typeName}' within parent '${parentName}' (${toText(path)})`
  return { path: toArray(path), locations: null, message }
}

export function unserializable(path: Path, reason: string): GraphqlErrorObject {
  return { path: toArray(path), locations: null, message: `Can't serialize value (${toText(path)}) : ${reason}` }
}

export function typeMismatch(path: Path, expected: string, got: unknown): GraphqlErrorObject {
  const message = `Can't resolve value (${toText(path)}) : type mismatch error, expected type ${expected}, got ${kindOf(got)}`
  return { path: toArray(path), locations: null, message }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'LIST'
  return typeof value === 'object' ? 'OBJECT' : (typeof value).toUpperCase()
}

export function unresolvedType(path: Path, typeName: string, field: FieldPlan): GraphqlErrorObject {
  const where = `${field.parentType.name}.${field.name}`
  const message = `Can't resolve '${toText(path)}'. Abstract type '${typeName}' must resolve to an Object type at runtime for field '${where}'. Could not determine the exact type of '${typeName}'`
  return { path: toArray(path), locations: null, message }
}
