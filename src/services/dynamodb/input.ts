import { type ModelName, type ServiceModel, type Shape, serviceModel } from '../../aws/model.ts'
import { type ConstraintViolation, constraintMessage } from '../../aws/validateShape.ts'
import { serializationError, validationError } from './errors.ts'

/** A request's members, as parsed. */
export type Input = Readonly<Record<string, unknown>>

type Check = (value: unknown, path: string, out: ConstraintViolation[]) => void

/** DynamoDB reports no more than this many. */
const MAX_REPORTED = 10

/** Attribute values and placeholders are read (and so checked) by those who use them. */
const READ_ELSEWHERE: ReadonlySet<string> = new Set([
  'AttributeValue',
  'AttributeMap',
  'Key',
  'PutItemInputAttributeMap',
  'ExpressionAttributeValueMap',
  'ExpressionAttributeNameMap',
])

/** The model allows ARNs where tables are named; names are what this engine's tables have. */
const TABLE_NAME = 'TableName'

/**
 * Makes the check of an operation's input against the service's model: types (SerializationException), required
 * members and limits (ValidationException, all of them at once).
 */
export function createInputCheck(modelName: ModelName): (operation: string, input: unknown) => Input {
  const checks = new Map<string, Check>()
  return (operation, input) => {
    let check = checks.get(operation)
    if (check === undefined) {
      const model = serviceModel(modelName)
      const shape = Object.hasOwn(model.operations, operation) ? model.operations[operation]?.input?.shape : undefined
      check = shape === undefined ? () => {} : compile(model, shape, new Map())
      checks.set(operation, check)
    }
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      throw serializationError('Start of structure or map found where not expected')
    const violations: ConstraintViolation[] = []
    check(input, '', violations)
    if (violations.length > 0) throw validationError(constraintMessage(violations.slice(0, MAX_REPORTED)))
    return input as Input
  }
}

function compile(model: ServiceModel, shapeName: string, made: Map<string, Check>): Check {
  const name = shapeName === 'TableArn' ? TABLE_NAME : shapeName
  const known = made.get(name)
  if (known !== undefined) return known
  if (READ_ELSEWHERE.has(name)) return () => {}
  let actual: Check | undefined
  // Shapes can contain themselves.
  made.set(name, (value, path, out) => actual?.(value, path, out))
  actual = compileShape(model, model.shapes[name], made)
  made.set(name, actual)
  return actual
}

function compileShape(model: ServiceModel, shape: Shape | undefined, made: Map<string, Check>): Check {
  switch (shape?.type) {
    case 'structure': {
      const required = new Set(shape.required ?? [])
      const members = Object.entries(shape.members ?? {}).map(([name, member]) => ({
        name,
        required: required.has(name),
        check: compile(model, member.shape, made),
      }))
      return (value, path, out) => {
        if (Array.isArray(value)) throw serializationError('Unrecognized collection type class')
        if (typeof value !== 'object' || value === null) throw serializationError('Unexpected field type')
        const given = value as Input
        for (const { name, required: needed, check } of members) {
          const member = Object.hasOwn(given, name) ? given[name] : undefined
          if (member !== undefined && member !== null) check(member, join(path, name), out)
          else if (needed)
            out.push({
              kind: 'constraint',
              path: join(path, name),
              value: null,
              constraint: 'Member must not be null',
            })
        }
      }
    }
    case 'list': {
      const item = shape.member === undefined ? undefined : compile(model, shape.member.shape, made)
      return (value, path, out) => {
        if (!Array.isArray(value))
          throw serializationError(
            typeof value === 'object' ? 'Start of structure or map found where not expected' : 'Unexpected field type',
          )
        bounded(shape, value.length, value, path, out)
        for (let index = 0; index < value.length && out.length < MAX_REPORTED; index++)
          item?.(value[index], `${path}.${index + 1}.member`, out)
      }
    }
    case 'map': {
      const entry = shape.value === undefined ? undefined : compile(model, shape.value.shape, made)
      return (value, path, out) => {
        if (typeof value !== 'object' || value === null) throw serializationError('Unexpected field type')
        if (Array.isArray(value)) throw serializationError('Unrecognized collection type java.util.Map')
        const entries = Object.entries(value)
        bounded(shape, entries.length, value, path, out)
        for (const [key, member] of entries) entry?.(member, `${path}.${key}.member`, out)
      }
    }
    case 'string': {
      const pattern = shape.pattern === undefined ? undefined : new RegExp(`^(?:${shape.pattern})$`, 'su')
      const values = shape.enum === undefined ? undefined : new Set(shape.enum)
      return (value, path, out) => {
        if (typeof value !== 'string') throw notConvertible(value, 'String')
        if (pattern !== undefined && !pattern.test(value))
          note(out, path, value, `Member must satisfy regular expression pattern: ${shape.pattern}`)
        bounded(shape, value.length, value, path, out)
        if (values !== undefined && !values.has(value))
          note(out, path, value, `Member must satisfy enum value set: [${[...values].join(', ')}]`)
      }
    }
    case 'boolean':
      return (value) => {
        if (typeof value !== 'boolean') throw notConvertible(value, 'Boolean')
      }
    case 'integer':
    case 'long':
    case 'float':
    case 'double': {
      const word = { integer: 'Integer', long: 'Long', float: 'Float', double: 'Double' }[shape.type]
      return (value, path, out) => {
        if (typeof value !== 'number') throw notConvertible(value, word)
        if (shape.min !== undefined && value < shape.min)
          note(out, path, value, `Member must have value greater than or equal to ${shape.min}`)
        if (shape.max !== undefined && value > shape.max)
          note(out, path, value, `Member must have value less than or equal to ${shape.max}`)
      }
    }
    default:
      return () => {}
  }
}

function note(out: ConstraintViolation[], path: string, value: unknown, constraint: string): void {
  out.push({ kind: 'constraint', path, value, constraint })
}

function bounded(shape: Shape, length: number, value: unknown, path: string, out: ConstraintViolation[]): void {
  if (shape.min !== undefined && length < shape.min)
    note(out, path, value, `Member must have length greater than or equal to ${shape.min}`)
  if (shape.max !== undefined && length > shape.max)
    note(out, path, value, `Member must have length less than or equal to ${shape.max}`)
}

function notConvertible(value: unknown, type: string): Error {
  switch (typeof value) {
    case 'boolean':
      return serializationError(`${value ? 'TRUE_VALUE' : 'FALSE_VALUE'} cannot be converted to ${type}`)
    case 'number':
      return serializationError(
        `${Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE'} cannot be converted to ${type}`,
      )
    case 'string':
      return serializationError(`STRING_VALUE cannot be converted to ${type}`)
    default:
      return Array.isArray(value)
        ? serializationError(`Unrecognized collection type class java.lang.${type}`)
        : serializationError('Start of structure or map found where not expected')
  }
}

function join(path: string, name: string): string {
  const lower = name.charAt(0).toLowerCase() + name.slice(1)
  return path === '' ? lower : `${path}.${lower}`
}
