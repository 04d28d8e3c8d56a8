import { isRecord } from '../dataSource.ts'

/** A request that does not have the documented shape; the message is AppSync's (errorType `MappingTemplate`). */
export class RequestShapeError extends Error {
  override readonly name = 'RequestShapeError'
}

/** Where a value is in the request: `$[condition][expression]`. */
export type Place = string

export const ROOT: Place = '$'

export function at(place: Place, member: string | number): Place {
  return `${place}[${member}]`
}

/** The kind of a JSON value as AppSync's messages name it. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (Array.isArray(value)) return 'ARRAY'
  return typeof value === 'object' ? 'OBJECT' : (typeof value).toUpperCase()
}

export function refuse(place: Place, expected: string, value: unknown): never {
  throw new RequestShapeError(`Expected JSON ${expected} for field '${place}' but got '${kindOf(value)}' instead.`)
}

/** Refuses members that the operation does not have. */
export function checkMembers(request: Record<string, unknown>, place: Place, known: ReadonlySet<string>): void {
  for (const member of Object.keys(request)) {
    if (!known.has(member)) throw new RequestShapeError(`Unsupported element '${at(place, member)}'.`)
  }
}

/** A member that may be left out; null is leaving out. */
export function optional(request: Record<string, unknown>, member: string): unknown {
  const value = Object.hasOwn(request, member) ? request[member] : undefined
  return value === null ? undefined : value
}

function missing(place: Place): never {
  throw new RequestShapeError(`Value for field '${place}' not found.`)
}

export function requiredObject(
  request: Record<string, unknown>,
  member: string,
  place: Place,
): Record<string, unknown> {
  const value = optional(request, member) ?? missing(at(place, member))
  return isRecord(value) ? value : refuse(at(place, member), 'object', value)
}

export function optionalObject(
  request: Record<string, unknown>,
  member: string,
  place: Place,
): Record<string, unknown> | undefined {
  const value = optional(request, member)
  if (value === undefined) return undefined
  return isRecord(value) ? value : refuse(at(place, member), 'object', value)
}

export function requiredString(request: Record<string, unknown>, member: string, place: Place): string {
  const value = optional(request, member) ?? missing(at(place, member))
  return typeof value === 'string' ? value : refuse(at(place, member), 'string', value)
}

export function optionalString(request: Record<string, unknown>, member: string, place: Place): string | undefined {
  const value = optional(request, member)
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : refuse(at(place, member), 'string', value)
}

/** Templates often write booleans and numbers in quotes; AppSync reads them. */
export function optionalBoolean(request: Record<string, unknown>, member: string, place: Place): boolean | undefined {
  const value = optional(request, member)
  if (value === undefined || typeof value === 'boolean') return value
  if (value === 'true' || value === 'false') return value === 'true'
  return refuse(at(place, member), 'boolean', value)
}

export function optionalInteger(request: Record<string, unknown>, member: string, place: Place): number | undefined {
  const value = optional(request, member)
  if (value === undefined) return undefined
  const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : refuse(at(place, member), 'number', value)
}

export function requiredList(request: Record<string, unknown>, member: string, place: Place): unknown[] {
  const value = optional(request, member) ?? missing(at(place, member))
  return Array.isArray(value) ? value : refuse(at(place, member), 'array', value)
}

/** `{ "#name": "attribute" }` */
export function stringMap(value: Record<string, unknown>, place: Place): Record<string, string> {
  const result: Record<string, string> = Object.create(null)
  for (const [key, member] of Object.entries(value)) {
    result[key] = typeof member === 'string' ? member : refuse(at(place, key), 'string', member)
  }
  return result
}
