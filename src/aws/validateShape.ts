import type { ServiceModel, Shape } from './model.ts'

/** A member that breaks its shape's limits; worded as AWS's services word it in a ValidationException. */
export interface ConstraintViolation {
  kind: 'constraint'
  /** Path as AWS writes it: lower-case first letters, list indexes from 1: `tags.1.member.key`. */
  path: string
  value: unknown
  /** For example `Member must have length less than or equal to 80`. */
  constraint: string
}

/** A member of the wrong JSON type: a SerializationException. */
export interface TypeViolation {
  kind: 'type'
  path: string
  /** Type of the shape. */
  expected: Shape['type']
  value: unknown
}

export type ShapeViolation = ConstraintViolation | TypeViolation

const MAX_REPORTED = 10

/**
 * Checks a parsed JSON value against a shape of a service's model: types, required members, lengths, ranges,
 * patterns and enums. Unknown members are left alone, as AWS leaves them.
 */
export function validateShape(model: ServiceModel, shapeName: string, value: unknown, path = ''): ShapeViolation[] {
  const violations: ShapeViolation[] = []
  check(model, shapeName, value, path, violations)
  return violations
}

/** AWS's sentence for a list of constraint violations. */
export function constraintMessage(violations: readonly ConstraintViolation[]): string {
  const count = violations.length
  const parts = violations.map(
    ({ path, value, constraint }) =>
      `Value ${value === undefined || value === null ? 'null' : `'${shown(value)}'`} at '${path}' failed to satisfy constraint: ${constraint}`,
  )
  return `${count} validation error${count === 1 ? '' : 's'} detected: ${parts.join('; ')}`
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return String(value)
}

function check(model: ServiceModel, shapeName: string, value: unknown, path: string, out: ShapeViolation[]): void {
  const shape = model.shapes[shapeName]
  if (shape === undefined || out.length >= MAX_REPORTED) return
  const wrongType = (): void => void out.push({ kind: 'type', path, expected: shape.type, value })
  const broken = (constraint: string): void => void out.push({ kind: 'constraint', path, value, constraint })
  const within = (size: number, noun: string): void => {
    if (shape.min !== undefined && size < shape.min)
      broken(`Member must have ${noun} greater than or equal to ${shape.min}`)
    if (shape.max !== undefined && size > shape.max)
      broken(`Member must have ${noun} less than or equal to ${shape.max}`)
  }
  switch (shape.type) {
    case 'structure': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrongType()
      const given = value as Record<string, unknown>
      for (const name of shape.required ?? []) {
        if (!Object.hasOwn(given, name) || given[name] === null || given[name] === undefined)
          out.push({ kind: 'constraint', path: join(path, name), value: null, constraint: 'Member must not be null' })
      }
      for (const [name, member] of Object.entries(shape.members ?? {})) {
        if (!Object.hasOwn(given, name) || given[name] === null || given[name] === undefined) continue
        check(model, member.shape, given[name], join(path, name), out)
      }
      return
    }
    case 'list': {
      if (!Array.isArray(value)) return wrongType()
      within(value.length, 'length')
      const item = shape.member?.shape
      if (item === undefined) return
      for (const [index, member] of value.entries()) check(model, item, member, `${path}.${index + 1}.member`, out)
      return
    }
    case 'map': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrongType()
      const entries = Object.entries(value)
      within(entries.length, 'length')
      for (const [key, member] of entries) {
        if (shape.key !== undefined) check(model, shape.key.shape, key, `${path}.${key}.key`, out)
        if (shape.value !== undefined) check(model, shape.value.shape, member, `${path}.${key}.member`, out)
      }
      return
    }
    case 'string': {
      if (typeof value !== 'string') return wrongType()
      within([...value].length, 'length')
      if (shape.enum !== undefined && !shape.enum.includes(value))
        broken(`Member must satisfy enum value set: [${shape.enum.join(', ')}]`)
      if (shape.pattern !== undefined && patternOf(shape.pattern)?.test(value) === false)
        broken(`Member must satisfy regular expression pattern: ${shape.pattern}`)
      return
    }
    case 'blob':
      if (typeof value !== 'string') return wrongType()
      return
    case 'boolean':
      if (typeof value !== 'boolean') return wrongType()
      return
    case 'integer':
    case 'long':
      if (typeof value !== 'number' || !Number.isInteger(value)) return wrongType()
      return range(value, shape, broken)
    case 'float':
    case 'double':
      if (typeof value !== 'number') return wrongType()
      return range(value, shape, broken)
    case 'timestamp':
      if (typeof value !== 'number' && typeof value !== 'string') return wrongType()
      return
    default:
      shape.type satisfies never
  }
}

function range(value: number, shape: Shape, broken: (constraint: string) => void): void {
  if (shape.min !== undefined && value < shape.min)
    broken(`Member must have value greater than or equal to ${shape.min}`)
  if (shape.max !== undefined && value > shape.max) broken(`Member must have value less than or equal to ${shape.max}`)
}

function join(path: string, name: string): string {
  const lower = name.charAt(0).toLowerCase() + name.slice(1)
  return path === '' ? lower : `${path}.${lower}`
}

const patterns = new Map<string, RegExp | undefined>()

/** The models' patterns are AWS's own, short and known: they run as native regular expressions over the whole text. */
function patternOf(source: string): RegExp | undefined {
  if (!patterns.has(source)) {
    let compiled: RegExp | undefined
    try {
      compiled = new RegExp(`^(?:${source})$`, 'su')
    } catch {
      compiled = undefined
    }
    patterns.set(source, compiled)
  }
  return patterns.get(source)
}
