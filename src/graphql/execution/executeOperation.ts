import type { GraphQLResolveInfo } from 'graphql'
import { isObjectType } from 'graphql'
import type { MaybePromise } from '../../aws/service.ts'
import type { ResolverError } from '../../runtime/context.ts'
import type { FieldPlan, SelectionPlan, TypePlan } from '../planning/plan.ts'
import { CoercionError } from '../scalars/coercion.ts'
import { argumentsOf } from './argumentsOf.ts'
import { holds } from './conditions.ts'
import {
  nullInNonNull,
  resolverErrorAt,
  typeMismatch,
  unauthorizedMessage,
  unresolvedType,
  unserializable,
} from './fieldErrors.ts'
import type { Path } from './path.ts'
import type { RequestState } from './requestState.ts'
import { selectedData } from './selectedData.ts'

/** A null that the field's type does not allow: the nearest nullable parent becomes null. */
const BUBBLE = Symbol('null in a non-null type')

type Completed = unknown

/** Runs an operation. Answers at once when nothing waits. @returns `data` */
export function executeOperation(request: RequestState, rootValue: unknown): MaybePromise<unknown> {
  const { plan } = request
  const data =
    plan.operation.operation === 'mutation' && request.runsResolvers
      ? executeSerially(request, plan.root, rootValue)
      : executeFields(request, plan.root, rootValue, undefined)
  return data instanceof Promise ? data.then(orNull) : orNull(data)
}

const orNull = (data: Completed): unknown => (data === BUBBLE ? null : data)

/** Top-level fields of a mutation run one after the other; a null that bubbles ends them. */
function executeSerially(request: RequestState, selection: SelectionPlan, source: unknown): MaybePromise<Completed> {
  const result: Record<string, unknown> = {}
  const { fields } = selection
  const denied = deniedOf(request, selection)
  const runFrom = (start: number): MaybePromise<Completed> => {
    for (let index = start; index < fields.length; index++) {
      const field = fields[index]!
      if (field.conditions !== undefined && !holds(field.conditions, request.variables)) continue
      const value = executeField(request, field, source, undefined, denied)
      if (value instanceof Promise) {
        return value.then((completed) => {
          if (completed === BUBBLE) return BUBBLE
          put(result, field.responseKey, completed)
          return runFrom(index + 1)
        })
      }
      if (value === BUBBLE) return BUBBLE
      put(result, field.responseKey, value)
    }
    return result
  }
  return runFrom(0)
}

/** A client may call a field `__proto__`. */
function put(result: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(result, key, { value, enumerable: true, configurable: true, writable: true })
  } else result[key] = value
}

/** All fields of one object. Every field runs, also beside one that failed, as in graphql-java. */
function executeFields(
  request: RequestState,
  selection: SelectionPlan,
  source: unknown,
  path: Path | undefined,
): MaybePromise<Completed> {
  const result: Record<string, unknown> = {}
  const { fields } = selection
  const denied = deniedOf(request, selection)
  let bubbles = false
  let pending: Promise<void>[] | undefined
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]!
    if (field.conditions !== undefined && !holds(field.conditions, request.variables)) continue
    const value = executeField(request, field, source, path, denied)
    if (value instanceof Promise) {
      // Holds the place, so that members keep the order of the selection.
      put(result, field.responseKey, null)
      pending ??= []
      pending.push(
        value.then((completed) => {
          if (completed === BUBBLE) bubbles = true
          else put(result, field.responseKey, completed)
        }),
      )
    } else if (value === BUBBLE) bubbles = true
    else put(result, field.responseKey, value)
  }
  if (request.madeBy !== undefined) request.madeBy.set(result, selection)
  if (pending !== undefined) return Promise.all(pending).then(() => (bubbles ? BUBBLE : result))
  return bubbles ? BUBBLE : result
}

function deniedOf(request: RequestState, selection: SelectionPlan): ReadonlySet<FieldPlan> | null {
  const known = request.denied[selection.index]
  if (known !== undefined) return known
  const { rules, caller } = request
  let denied: Set<FieldPlan> | null = null
  if (rules !== undefined) {
    for (const field of selection.fields) {
      if (field.meta !== undefined || rules.allows(caller, field.parentType.name, field.name)) continue
      denied ??= new Set()
      denied.add(field)
    }
  }
  request.denied[selection.index] = denied
  return denied
}

function executeField(
  request: RequestState,
  field: FieldPlan,
  source: unknown,
  path: Path | undefined,
  denied: ReadonlySet<FieldPlan> | null,
): MaybePromise<Completed> {
  if (field.meta !== undefined) return executeMetaField(request, field, source, path)
  if (denied?.has(field)) {
    const message = unauthorizedMessage(field.parentType, field.name)
    return failField(request, field, path, { message, errorType: 'Unauthorized' })
  }
  if (field.depth > request.depthLimit) {
    const message = `Query depth limit of ${request.depthLimit} exceeded.`
    return failField(request, field, path, { message, errorType: 'QueryDepthLimitReached' })
  }
  if (field.resolver === undefined || !request.runsResolvers) {
    return complete(request, field, field.type, readMember(source, field), path, field.responseKey, false)
  }
  return runResolver(request, field, source, path)
}

function readMember(source: unknown, field: FieldPlan): unknown {
  if (typeof source !== 'object' || source === null) return null
  if (field.isPrototypeName && !Object.hasOwn(source, field.name)) return null
  return (source as Record<string, unknown>)[field.name]
}

function failField(request: RequestState, field: FieldPlan, path: Path | undefined, error: ResolverError): Completed {
  request.errors.push(resolverErrorAt(field, { previous: path, key: field.responseKey }, error, error.data))
  return field.type.nonNull ? BUBBLE : null
}

function runResolver(
  request: RequestState,
  field: FieldPlan,
  source: unknown,
  path: Path | undefined,
): MaybePromise<Completed> {
  if (--request.resolversLeft < 0) {
    const message = `The limit of ${request.resolverLimit} resolvers in one request has been reached.`
    return failField(request, field, path, { message, errorType: 'ResolverExecutionLimitReached' })
  }
  const settle = (resolved: {
    value: unknown
    errors: readonly ResolverError[] | undefined
  }): MaybePromise<Completed> => {
    const { errors } = resolved
    if (errors !== undefined) {
      const at: Path = { previous: path, key: field.responseKey }
      for (const error of errors) {
        request.errors.push(resolverErrorAt(field, at, error, selectedData(request, field, error.data)))
      }
    }
    return complete(request, field, field.type, resolved.value, path, field.responseKey, errors !== undefined)
  }
  const mask = (error: unknown): Completed => {
    request.onInternalError(error, field)
    return failField(request, field, path, { message: 'Internal Failure', errorType: 'InternalFailure' })
  }
  try {
    const resolved = field.resolver!.resolve({
      request,
      field,
      source,
      arguments: argumentsOf(field, request.variables),
    })
    return resolved instanceof Promise ? resolved.then(settle).catch(mask) : settle(resolved)
  } catch (error) {
    if (error instanceof CoercionError) {
      return failField(request, field, path, { message: error.message, errorType: null })
    }
    return mask(error)
  }
}

function executeMetaField(
  request: RequestState,
  field: FieldPlan,
  source: unknown,
  path: Path | undefined,
): MaybePromise<Completed> {
  if (field.meta === 'typename') return field.parentType.name
  if (field.depth > request.depthLimit) {
    const message = `Query depth limit of ${request.depthLimit} exceeded.`
    return failField(request, field, path, { message, errorType: 'QueryDepthLimitReached' })
  }
  // Introspection resolvers of graphql-js look at nothing of `info` but the schema.
  const info = { schema: request.plan.schema } as GraphQLResolveInfo
  const args = argumentsOf(field, request.variables)
  const value = field.definition.resolve?.(source, args, undefined, info)
  return complete(request, field, field.type, value, path, field.responseKey, false)
}

/**
 * Completes a value by its type.
 * @param hasError Whether an error of this very path was told already, so that a null here is no second one.
 */
function complete(
  request: RequestState,
  field: FieldPlan,
  type: TypePlan,
  value: unknown,
  parentPath: Path | undefined,
  key: string | number,
  hasError: boolean,
): MaybePromise<Completed> {
  if (value === null || value === undefined) {
    if (!type.nonNull) return null
    if (!hasError) tellNull(request, field, type, parentPath, key)
    return BUBBLE
  }
  switch (type.kind) {
    case 'leaf': {
      try {
        return type.coercion!.serialize(value)
      } catch (error) {
        return refuseValue(request, type, { previous: parentPath, key }, error)
      }
    }
    case 'enum': {
      // Introspection hands over graphql-js's internal values, which are their names.
      if (typeof value === 'string' && type.enumType!.getValue(value)) return value
      const reason = new CoercionError(`Invalid input for Enum '${type.name}'. Unknown value '${String(value)}'`)
      return refuseValue(request, type, { previous: parentPath, key }, reason)
    }
    case 'list':
      return completeList(request, field, type, value, { previous: parentPath, key })
    case 'object':
    case 'abstract':
      return completeObject(request, field, type, value, { previous: parentPath, key })
  }
}

function refuseValue(request: RequestState, type: TypePlan, path: Path, error: unknown): Completed {
  const reason = error instanceof CoercionError ? error.message : 'The value cannot be serialized.'
  request.errors.push(unserializable(path, reason))
  return type.nonNull ? BUBBLE : null
}

function tellNull(
  request: RequestState,
  field: FieldPlan,
  type: TypePlan,
  parentPath: Path | undefined,
  key: string | number,
): void {
  const parentName = typeof key === 'number' ? 'null' : field.parentType.name
  request.errors.push(nullInNonNull(type.name, parentName, { previous: parentPath, key }))
}

function completeList(
  request: RequestState,
  field: FieldPlan,
  type: TypePlan,
  value: unknown,
  path: Path,
): MaybePromise<Completed> {
  let items: readonly unknown[]
  if (Array.isArray(value)) items = value
  else if (field.meta === 'introspection' && typeof value === 'object' && value !== null && Symbol.iterator in value) {
    items = [...(value as Iterable<unknown>)]
  } else {
    request.errors.push(typeMismatch(path, 'LIST', value))
    return type.nonNull ? BUBBLE : null
  }
  const itemType = type.item!
  const result: unknown[] = new Array(items.length)
  let bubbles = false
  let pending: Promise<void>[] | undefined
  for (let index = 0; index < items.length; index++) {
    const completed = complete(request, field, itemType, items[index], path, index, false)
    if (completed instanceof Promise) {
      pending ??= []
      pending.push(
        completed.then((settled) => {
          if (settled === BUBBLE) bubbles = true
          else result[index] = settled
        }),
      )
    } else if (completed === BUBBLE) bubbles = true
    else result[index] = completed
  }
  const nulled = type.nonNull ? BUBBLE : null
  if (pending !== undefined) return Promise.all(pending).then(() => (bubbles ? nulled : result))
  return bubbles ? nulled : result
}

function completeObject(
  request: RequestState,
  field: FieldPlan,
  type: TypePlan,
  value: unknown,
  path: Path,
): MaybePromise<Completed> {
  const nulled = type.nonNull ? BUBBLE : null
  if (typeof value !== 'object' || Array.isArray(value)) {
    request.errors.push(typeMismatch(path, 'OBJECT', value))
    return nulled
  }
  let objectType = type.objectType
  if (objectType === undefined) {
    const name = Object.hasOwn(value as object, '__typename')
      ? (value as Record<string, unknown>)['__typename']
      : undefined
    const named = typeof name === 'string' ? request.plan.schema.getType(name) : undefined
    if (!isObjectType(named) || !request.plan.schema.isSubType(type.abstractType!, named)) {
      request.errors.push(unresolvedType(path, type.name, field))
      return nulled
    }
    objectType = named
  }
  const selection = request.plan.selectionOf(field, objectType)
  const completed = executeFields(request, selection, value, path)
  if (completed instanceof Promise) return completed.then((settled) => (settled === BUBBLE ? nulled : settled))
  return completed === BUBBLE ? nulled : completed
}
