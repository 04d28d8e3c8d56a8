import { RE2JS } from 're2js'
import { didYouMean } from '../nearestName.ts'
import { member } from '../source/document.ts'
import type { Place, Stack, StackOptions } from './stack.ts'
import { asList, asNumber, asText } from './values.ts'

const PARAMETER_MEMBERS = [
  'Type',
  'Default',
  'Description',
  'AllowedValues',
  'AllowedPattern',
  'ConstraintDescription',
  'MaxLength',
  'MinLength',
  'MaxValue',
  'MinValue',
  'NoEcho',
]

const SSM_VALUE = /^AWS::SSM::Parameter::Value<(.+)>$/

/**
 * Finds the value of each of a template's parameters: given by the parent stack, by the command line or
 * sidestage.yaml, or its default. Values are made when they are first used, so that a parameter which nothing uses
 * (CDK's BootstrapVersion) needs no value of the Parameter Store.
 */
export function parameterValues(
  { template, project, given, parentName }: StackOptions,
  report: Stack['report'],
): ReadonlyMap<string, (place: Place) => unknown> {
  const values = new Map<string, (place: Place) => unknown>()
  for (const [name, declared] of Object.entries(template.parameters)) {
    const at = (part?: string): Place => ({
      document: template.document,
      path: part === undefined ? ['Parameters', name] : ['Parameters', name, part],
    })
    const type = asText(member(declared, 'Type')) ?? 'String'
    for (const key of Object.keys(declared ?? {}).filter((key) => !PARAMETER_MEMBERS.includes(key)))
      report(
        'error',
        at(key),
        `Encountered unsupported property ${key} in parameter ${name}`,
        didYouMean(key, PARAMETER_MEMBERS).hint,
      )
    const fallback = member(declared, 'Default')
    const fromParent = given?.get(name)
    const setting = parentName === undefined ? project.parameters.get(name) : undefined
    const value = fromParent ?? setting ?? fallback

    if (value === undefined) {
      report('error', at(), `Parameters: [${name}] must have values`, `add it to parameters: in sidestage.yaml`)
      values.set(name, () => `unresolved:${name}`)
      continue
    }
    const ssm = SSM_VALUE.exec(type)?.[1]
    if (ssm !== undefined) {
      const stored =
        setting !== undefined && setting !== asText(fallback) ? (project.parameters.get(setting) ?? setting) : undefined
      values.set(name, (place) => {
        const key = asText(value) ?? ''
        const found = stored ?? project.parameters.get(key)
        if (found !== undefined) return isListType(ssm) ? splitList(found) : found
        report(
          'error',
          place,
          `the Parameter Store value ${key} of parameter ${name} is not known here`,
          `add "${key}" to parameters: in sidestage.yaml`,
        )
        return `unresolved:${key}`
      })
      continue
    }
    const text = Array.isArray(value) ? value.map((item) => asText(item) ?? '').join(',') : asText(value)
    if (text === undefined) {
      report('error', at('Default'), `Default of parameter ${name} must be a text or a number`)
      continue
    }
    const broken = brokenConstraint(name, type, declared, text)
    if (broken !== undefined) report('error', at(), broken, asText(member(declared, 'ConstraintDescription')))
    const kept = isListType(type) ? splitList(text) : text
    values.set(name, () => kept)
  }
  return values
}

function isListType(type: string): boolean {
  return type === 'CommaDelimitedList' || type.startsWith('List<')
}

function splitList(text: string): string[] {
  return text === '' ? [] : text.split(',').map((item) => item.trim())
}

/** CloudFormation's sentence for a value that breaks its parameter's declaration. */
function brokenConstraint(name: string, type: string, declared: unknown, text: string): string | undefined {
  const items = isListType(type) ? splitList(text) : [text]
  const allowed = member(declared, 'AllowedValues')
  const pattern = asText(member(declared, 'AllowedPattern'))
  for (const item of items) {
    if (allowed !== undefined && !asList(allowed).some((value) => asText(value) === item))
      return `Parameter '${name}' must be one of AllowedValues`
    if (type === 'Number' || type === 'List<Number>') {
      const number = asNumber(item)
      if (number === undefined) return `Parameter '${name}' must be a number`
      const least = asNumber(member(declared, 'MinValue'))
      const most = asNumber(member(declared, 'MaxValue'))
      if (least !== undefined && number < least) return `Parameter '${name}' must be a number not less than ${least}`
      if (most !== undefined && number > most) return `Parameter '${name}' must be a number not greater than ${most}`
    } else {
      const least = asNumber(member(declared, 'MinLength'))
      const most = asNumber(member(declared, 'MaxLength'))
      if (least !== undefined && item.length < least)
        return `Parameter '${name}' must contain at least ${least} characters`
      if (most !== undefined && item.length > most) return `Parameter '${name}' must contain at most ${most} characters`
      if (pattern !== undefined && !matches(pattern, item))
        return `Parameter ${name} failed to satisfy constraint: ${pattern}`
    }
  }
  return undefined
}

function matches(pattern: string, text: string): boolean {
  try {
    return RE2JS.compile(pattern).matcher(text).matches()
  } catch {
    // A pattern that linear-time expressions cannot say (look-ahead) is left to CloudFormation.
    return true
  }
}
