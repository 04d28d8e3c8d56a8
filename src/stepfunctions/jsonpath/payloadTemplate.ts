import { type Place, problem, refersTo } from '../asl/check.ts'
import { type JsonObject, setMember } from '../asl/json.ts'
import { StatesError } from '../asl/statesError.ts'
import { compileIntrinsic } from '../intrinsics/compileIntrinsic.ts'
import { looksLikeIntrinsic } from '../intrinsics/parseIntrinsic.ts'
import { PathNotFoundError } from './path.ts'
import { compileStatePath, type Read } from './statePath.ts'

/** Templates nest by counting, not by the stack. */
const MAX_TEMPLATE_DEPTH = 400

/** A constant, or a function that builds the value. */
type Part = { constant: unknown } | { read: Read }

/**
 * Compiles a payload template: a field whose name ends in `.$` takes its value from a path or an intrinsic function.
 * Reports what is wrong with it.
 */
export function compileTemplate(place: Place, field: string, template: unknown): Read {
  const part = compilePart(place, `${place.location}/${field}`, template, 0)
  return 'read' in part ? part.read : () => part.constant
}

function compilePart(place: Place, location: string, template: unknown, depth: number): Part {
  if (typeof template !== 'object' || template === null) return { constant: template }
  if (depth > MAX_TEMPLATE_DEPTH) {
    place.scope.report({
      severity: 'ERROR',
      code: 'SCHEMA_VALIDATION_FAILED',
      message: 'The template is nested too deeply',
      location,
    })
    return { constant: null }
  }
  if (Array.isArray(template)) {
    const parts = template.map((item, at) => compilePart(place, `${location}[${at}]`, item, depth + 1))
    if (parts.every((part) => 'constant' in part)) return { constant: template }
    return { read: (environment, data) => parts.map((part) => partValue(part, environment, data)) }
  }
  return compileObject(place, location, template as JsonObject, depth)
}

function compileObject(place: Place, location: string, template: JsonObject, depth: number): Part {
  const parts: [string, Part][] = []
  let constant = true
  for (const name of Object.keys(template)) {
    const value = template[name]
    if (name.endsWith('.$')) {
      constant = false
      parts.push([name.slice(0, -2), { read: compileReference(place, location, name, value) }])
    } else {
      const part = compilePart(place, `${location}/${name}`, value, depth + 1)
      if ('read' in part) constant = false
      parts.push([name, part])
    }
  }
  if (constant) return { constant: template }
  return {
    read(environment, data) {
      const built: JsonObject = {}
      for (const [name, part] of parts) setMember(built, name, partValue(part, environment, data))
      return built
    },
  }
}

function partValue(part: Part, environment: Parameters<Read>[0], data: unknown): unknown {
  return 'read' in part ? part.read(environment, data) : part.constant
}

function compileReference(place: Place, location: string, name: string, value: unknown): Read {
  if (typeof value === 'string') {
    const read = compilePathOrIntrinsic(place, name, value)
    if (read !== undefined) return read
  }
  place.scope.report({
    severity: 'ERROR',
    code: 'SCHEMA_VALIDATION_FAILED',
    message: `The value for the field '${name}' must be a valid JSONPath or a valid intrinsic function call`,
    location,
  })
  return () => null
}

/** Compiles a path or a call of an intrinsic function; undefined where the text is neither. */
export function compilePathOrIntrinsic(place: Place, field: string, text: string): Read | undefined {
  try {
    if (looksLikeIntrinsic(text)) {
      const intrinsic = compileIntrinsic(text)
      refersTo(place, intrinsic.variables)
      return intrinsic.read
    }
    const path = compileStatePath(text)
    if (path.variable !== undefined) refersTo(place, [path.variable])
    return (environment, data) => {
      try {
        return path.read(environment, data)
      } catch (error) {
        if (!(error instanceof PathNotFoundError)) throw error
        const input = path.root === 'context' ? environment.context : data
        // A path into the context object is named by the path inside of it.
        const named = path.root === 'context' ? text.slice(1) : text
        throw new StatesError(
          'States.Runtime',
          `The JSONPath '${named}' specified for the field '${field}' could not be found in the input '${JSON.stringify(input)}'`,
        )
      }
    }
  } catch {
    return undefined
  }
}

/** Reads a path field such as InputPath, where a missing value is worded as an invalid path. */
export function compilePathField(place: Place, field: string, text: string, reference = false): Read {
  try {
    const path = compileStatePath(text)
    if (reference && !path.path.reference) {
      problem(place, 'Value is not a Reference Path', field)
    }
    if (path.variable !== undefined) refersTo(place, [path.variable])
    return (environment, data) => {
      try {
        return path.read(environment, data)
      } catch (error) {
        if (!(error instanceof PathNotFoundError)) throw error
        throw new StatesError('States.Runtime', `Invalid path '${text}' : ${error.message}`)
      }
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    problem(place, reference ? `Value is not a Reference Path: ${reason}` : 'Value is not a valid JSONPath', field)
    return () => null
  }
}
