import { AwsError } from '../../aws/errors.ts'
import { type ServiceModel, serviceModel } from '../../aws/model.ts'
import { type ConstraintViolation, constraintMessage, validateShape } from '../../aws/validateShape.ts'
import { isObject } from '../asl/json.ts'

/**
 * Orders in which the service lists an enumeration's values in its messages, where they were recorded; they are not
 * the model's. Keys are the sets in the model's order.
 */
const LISTED: ReadonlyMap<string, string> = new Map([
  [
    'RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, PENDING_REDRIVE',
    'SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING',
  ],
])

/** Names of the wrong types in a SerializationException. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'STRING_VALUE',
  number: 'NUMBER_VALUE',
  boolean: 'TRUE_VALUE',
  object: 'START_OBJECT',
}

/** Checks an operation's input by the service's model. Throws `AwsError`. */
export function checkInput(operation: string, input: unknown): Record<string, unknown> {
  const model: ServiceModel = serviceModel('stepfunctions')
  const shape = model.operations[operation]?.input?.shape
  const value = input ?? {}
  if (!isObject(value))
    throw new AwsError('SerializationException', 'Start of structure or map found where not expected.')
  if (shape === undefined) return value
  const violations = validateShape(model, shape, value)
  const wrongType = violations.find((violation) => violation.kind === 'type')
  if (wrongType !== undefined) {
    const found = wrongType.value
    const type = Array.isArray(found) ? 'START_ARRAY' : (TYPES[typeof found] ?? 'VALUE')
    throw new AwsError(
      'SerializationException',
      wrongType.expected === 'structure' || wrongType.expected === 'map' || wrongType.expected === 'list'
        ? 'Unexpected field type'
        : `${type} can not be converted to ${wrongType.expected === 'string' ? 'a String' : wrongType.expected === 'boolean' ? 'a Boolean' : 'a Number'}`,
    )
  }
  const constraints = violations.filter(
    (violation): violation is ConstraintViolation => violation.kind === 'constraint',
  )
  if (constraints.length > 0)
    throw new AwsError(
      'ValidationException',
      constraintMessage(constraints.map((violation) => asWritten(model, shape, asListed(violation)))),
    )
  return value
}

function asListed(violation: ConstraintViolation): ConstraintViolation {
  const values = /^Member must satisfy enum value set: \[(.*)\]$/.exec(violation.constraint)?.[1]
  const listed = values === undefined ? undefined : LISTED.get(values)
  return listed === undefined
    ? violation
    : { ...violation, constraint: `Member must satisfy enum value set: [${listed}]` }
}

/** Values of lists of structures as the service writes them: `[Item(member=value), …]`. */
function asWritten(model: ServiceModel, shapeName: string, violation: ConstraintViolation): ConstraintViolation {
  const { path, value } = violation
  const member = Object.hasOwn(model.shapes[shapeName]?.members ?? {}, path)
    ? model.shapes[shapeName]?.members?.[path]
    : undefined
  const item = member === undefined ? undefined : model.shapes[member.shape]?.member?.shape
  if (item === undefined || !Array.isArray(value) || model.shapes[item]?.type !== 'structure') return violation
  const items = value.map((entry) =>
    isObject(entry)
      ? `${item}(${Object.entries(entry)
          .map(([name, inner]) => `${name}=${typeof inner === 'string' ? inner : JSON.stringify(inner)}`)
          .join(', ')})`
      : String(entry),
  )
  return { ...violation, value: `[${items.join(', ')}]` }
}

// Members of checked inputs: their types are known, whether they are there is not.

export function text(input: Record<string, unknown>, name: string): string {
  return optionalText(input, name) ?? ''
}

export function optionalText(input: Record<string, unknown>, name: string): string | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined
  return typeof value === 'string' ? value : undefined
}

export function optionalNumber(input: Record<string, unknown>, name: string): number | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined
  return typeof value === 'number' ? value : undefined
}

export function flag(input: Record<string, unknown>, name: string): boolean | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined
  return typeof value === 'boolean' ? value : undefined
}

export function optionalObject(input: Record<string, unknown>, name: string): Record<string, unknown> | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined
  return isObject(value) ? value : undefined
}

export function list(input: Record<string, unknown>, name: string): Record<string, unknown>[] {
  const value = Object.hasOwn(input, name) ? input[name] : undefined
  return Array.isArray(value) ? value.filter(isObject) : []
}

const FORBIDDEN_IN_NAMES = new Set('<>{}[]?*"#%\\^|~`$&,;:/')

/** Refuses names with characters that the service does not take. */
export function checkName(name: string): string {
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    const control = code <= 0x1f || (code >= 0x7f && code <= 0x9f) || (code >= 0xfffe && code <= 0xffff)
    if (FORBIDDEN_IN_NAMES.has(character) || control || /\s/.test(character) || (code >= 0xd800 && code <= 0xdfff)) {
      throw new AwsError('InvalidName', `Invalid Name: '${name}'`)
    }
  }
  return name
}

/** A point of time as the JSON protocol writes it: seconds since the epoch, with a fraction. */
export function seconds(milliseconds: number): number {
  return milliseconds / 1000
}

/** Without the members that are undefined. */
export function present<T extends Record<string, unknown>>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>
}
