import { type Shape, serviceModel } from '../../aws/model.ts'
import { type ConstraintViolation, constraintMessage, validateShape } from '../../aws/validateShape.ts'
import { didYouMean } from '../nearestName.ts'
import { isObject, type Path, plain } from '../source/document.ts'
import type { ResourceView } from './stack.ts'
import { asBoolean, asNumber, asTags, asText } from './values.ts'

/**
 * Reads a resource's properties as the request that would make the same resource: CloudFormation names AppSync's
 * members as the API does but for case (`DynamoDBConfig`, `dynamodbConfig`), and gives numbers and booleans as text.
 * @param cloudFormationOnly Properties that the request has not.
 * @param given Members that do not come from properties of their own name.
 * @returns undefined when a member is missing or of another kind (which has been reported): there is no such resource.
 */
export function readModelProperties(
  resource: ResourceView,
  shapeName: string,
  cloudFormationOnly: readonly string[],
  given: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> | undefined {
  const model = serviceModel('appsync')
  const shape = model.shapes[shapeName]
  const members = membersByLowerCase(shape)
  const made: Record<string, unknown> = {}
  for (const property of Object.keys(resource.declared.properties)) {
    if (cloudFormationOnly.includes(property)) continue
    const known = members.get(property.toLowerCase())
    if (known === undefined) {
      const names = [...cloudFormationOnly, ...[...members.values()].map(({ name }) => capital(name))]
      resource.report(
        'error',
        [property],
        `Encountered unsupported property ${property}`,
        didYouMean(property, names).hint,
      )
      continue
    }
    const value = resource.get(property)
    if (value === undefined || value === null) continue
    made[known.name] = convert(known.shape, value, resource, [property])
  }
  Object.assign(made, given)
  const violations = validateShape(model, shapeName, made)
  for (const violation of violations) {
    // What could not be evaluated has been reported where it stands.
    if (typeof violation.value === 'string' && violation.value.includes('unresolved:')) continue
    const [first = ''] = violation.path.split('.')
    const property = Object.keys(resource.declared.properties).find(
      (name) => name.toLowerCase() === first.toLowerCase(),
    )
    resource.report(
      'error',
      property === undefined ? [] : [property],
      violation.kind === 'constraint'
        ? shortened(violation)
        : `${capital(violation.path)} must be of type ${violation.expected}`,
    )
  }
  const unusable = violations.some((violation) => violation.kind === 'type' || violation.value === null)
  return unusable ? undefined : made
}

const LONGEST_SHOWN_VALUE = 100

function shortened(violation: ConstraintViolation): string {
  const text = typeof violation.value === 'string' ? violation.value : undefined
  const shown =
    text === undefined || text.length <= LONGEST_SHOWN_VALUE
      ? violation
      : { ...violation, value: `${text.slice(0, LONGEST_SHOWN_VALUE)}…` }
  return constraintMessage([shown]).replace('1 validation error detected: ', '')
}

function membersByLowerCase(shape: Shape | undefined): Map<string, { name: string; shape: string }> {
  return new Map(
    Object.entries(shape?.members ?? {}).map(([name, member]) => [name.toLowerCase(), { name, shape: member.shape }]),
  )
}

function convert(shapeName: string, value: unknown, resource: ResourceView, path: Path): unknown {
  const shape = serviceModel('appsync').shapes[shapeName]
  switch (shape?.type) {
    case 'structure': {
      if (!isObject(value)) return plain(value)
      const members = membersByLowerCase(shape)
      const made: Record<string, unknown> = {}
      for (const [name, item] of Object.entries(value)) {
        const known = members.get(name.toLowerCase())
        if (known === undefined) {
          const names = [...members.values()].map((member) => capital(member.name))
          resource.report(
            'error',
            [...path, name],
            `Encountered unsupported property ${name}`,
            didYouMean(name, names).hint,
          )
          continue
        }
        if (item !== null) made[known.name] = convert(known.shape, item, resource, [...path, name])
      }
      return made
    }
    case 'list':
      if (!Array.isArray(value)) return plain(value)
      return value.map((item, index) => convert(shape.member?.shape ?? '', item, resource, [...path, index]))
    case 'map':
      if (Array.isArray(value)) return asTags(value) ?? {}
      if (!isObject(value)) return plain(value)
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          convert(shape.value?.shape ?? '', item, resource, [...path, key]),
        ]),
      )
    case 'string':
      return asText(value) ?? plain(value)
    case 'boolean':
      return asBoolean(value) ?? plain(value)
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return asNumber(value) ?? plain(value)
    default:
      return plain(value)
  }
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
