import type { Diagnostic, DiagnosticCode } from './diagnostics.ts'
import { isObject, type JsonObject, member } from './json.ts'
import type { QueryLanguage } from './program.ts'

/** What is known about the whole definition while it is compiled. */
export interface DefinitionScope {
  type: 'STANDARD' | 'EXPRESS'
  /** Language of states that name none. */
  language: QueryLanguage
  report(diagnostic: Diagnostic): void
  /** Names of the variables that each state refers to, by state. */
  references: Map<string, Set<string>>
  /** States by name, over all scopes: a name is used once. */
  names: Set<string>
  labels: Set<string>
}

/** A JSON object of the definition, with its place. */
export interface Place {
  scope: DefinitionScope
  /** The state that the object belongs to. */
  stateName: string
  /** JSON pointer of the object, for example `/States/A/Retry[0]`. */
  location: string
  /** Path of the object inside its state, as causes name fields: ``, `Choices[0]`, `ItemBatcher`. */
  field: string
  fields: JsonObject
  language: QueryLanguage
}

/** The same state's object one level deeper. */
export function below(place: Place, step: string, fields: JsonObject): Place {
  return {
    ...place,
    fields,
    location: `${place.location}/${step}`,
    field: place.field === '' ? step : `${place.field}/${step}`,
  }
}

export function problem(
  place: Place,
  message: string,
  field?: string,
  code: DiagnosticCode = 'SCHEMA_VALIDATION_FAILED',
): void {
  const location = field === undefined ? place.location : `${place.location}/${field}`
  place.scope.report({ severity: 'ERROR', code, message, location: location === '' ? '/' : location })
}

export function refersTo(place: Place, variables: Iterable<string>): void {
  let known = place.scope.references.get(place.stateName)
  for (const variable of variables) {
    if (known === undefined) {
      known = new Set()
      place.scope.references.set(place.stateName, known)
    }
    known.add(variable)
  }
}

export function has(place: Place, field: string): boolean {
  return Object.hasOwn(place.fields, field)
}

/** A field that must be a text; reports and gives undefined for anything else. */
export function textField(place: Place, field: string): string | undefined {
  if (!has(place, field)) return undefined
  const value = member(place.fields, field)
  if (typeof value === 'string') return value
  problem(place, 'Expected value of type String', field)
  return undefined
}

export function objectField(place: Place, field: string): JsonObject | undefined {
  if (!has(place, field)) return undefined
  const value = member(place.fields, field)
  if (isObject(value)) return value
  problem(place, 'Expected value of type Object', field)
  return undefined
}

export function arrayField(place: Place, field: string): unknown[] | undefined {
  if (!has(place, field)) return undefined
  const value = member(place.fields, field)
  if (Array.isArray(value)) return value
  problem(place, 'Expected value of type Array', field)
  return undefined
}

export function requireFields(place: Place, required: readonly string[]): void {
  const missing = required.filter((field) => !has(place, field))
  if (missing.length > 0) problem(place, `These fields are required: [${missing.join(', ')}]`)
}

/** Reports when more than one of the fields is there, or, with `required`, none. */
export function oneOf(place: Place, fields: readonly string[], required = false): void {
  const given = fields.filter((field) => has(place, field))
  if (given.length > 1) problem(place, `There should only be one of the following fields: [${fields.join(', ')}]`)
  if (required && given.length === 0) {
    problem(place, `There should be one of the following fields: [${fields.join(', ')}]`)
  }
}

/** The fields of one kind of object, by the language that they belong to. */
export interface FieldTable {
  both: readonly string[]
  JSONPath?: readonly string[]
  JSONata?: readonly string[]
}

/** Reports fields that the object does not have, or not in the state's query language. */
export function checkFields(place: Place, table: FieldTable): void {
  const other = place.language === 'JSONPath' ? 'JSONata' : 'JSONPath'
  for (const field of Object.keys(place.fields)) {
    if (field === 'Comment' || table.both.includes(field) || table[place.language]?.includes(field)) continue
    problem(
      place,
      table[other]?.includes(field)
        ? `The QueryLanguage is set to '${place.language}', but field '${field}' is only supported for the '${other}' QueryLanguage`
        : `Field '${field}' is not supported`,
    )
  }
}

export interface NumberLimits {
  minimum?: number
  maximum?: number
  /** Fractions are taken; limits are then written with a decimal point. */
  fraction?: boolean
}

/** A number literal within its limits; reports and gives undefined for anything else. */
export function checkNumber(place: Place, field: string, value: unknown, limits: NumberLimits): number | undefined {
  if (typeof value !== 'number' || (!limits.fraction && !Number.isInteger(value))) {
    problem(place, `Expected value of type ${limits.fraction ? 'Number' : 'Integer'}`, field)
    return undefined
  }
  const shown = (limit: number): string => (limits.fraction && Number.isInteger(limit) ? `${limit}.0` : String(limit))
  if (limits.minimum !== undefined && value < limits.minimum) {
    problem(place, `Minimum value is ${shown(limits.minimum)}`, field)
    return undefined
  }
  if (limits.maximum !== undefined && value > limits.maximum) {
    problem(place, `Maximum value is ${shown(limits.maximum)}`, field)
    return undefined
  }
  return value
}
