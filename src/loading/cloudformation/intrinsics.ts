import { didYouMean } from '../nearestName.ts'
import { isObject, member, type PlainObject, plain } from '../source/document.ts'
import type { Place, Stack } from './stack.ts'
import { asList, asNumber, asText } from './values.ts'

/** What `AWS::NoValue` evaluates to: the member that has it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue')

/** Longest text that a function may make. AWS bounds the whole template at 1 MB. */
export const MAX_STRING_LENGTH = 4 * 1024 * 1024

/** What intrinsic functions need of the stack that they are evaluated in. */
export interface Evaluation extends Pick<Stack, 'evaluate' | 'condition' | 'ref' | 'getAtt' | 'report'> {
  mappings: PlainObject
  importValue(name: string, place: Place): unknown
  /** The evaluated content of a file, for AWS::Include. */
  include(location: string, place: Place): unknown
  region: string
}

type Intrinsic = (evaluation: Evaluation, argument: unknown, place: Place) => unknown

/** The function that an object calls, when it calls one: `{ "Fn::Sub": … }` and nothing beside it. */
export function singleFunction(value: PlainObject): { name: string; argument: unknown; run: Intrinsic } | undefined {
  let name: string | undefined
  for (const key in value) {
    if (name !== undefined) return undefined
    name = key
  }
  if (name === undefined || !Object.hasOwn(intrinsics, name)) return undefined
  const run = intrinsics[name]
  // `Condition` is a function only among conditions; elsewhere it is an ordinary member (IAM, Choice rules).
  if (run === undefined || (name === 'Condition' && typeof value[name] !== 'string')) return undefined
  return { name, argument: value[name], run }
}

function child(place: Place, ...path: (string | number)[]): Place {
  return { ...place, path: [...place.path, ...path] }
}

function truth(evaluation: Evaluation, value: unknown, place: Place): boolean {
  const result = evaluation.evaluate(value, place)
  return result === true || result === 'true'
}

function malformed(evaluation: Evaluation, place: Place, form: string): string {
  evaluation.report('error', place, `Template error: ${String(place.path.at(-1))} is not well formed`, form)
  return ''
}

export const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref(evaluation, argument, place) {
    const name = asText(argument)
    if (name === undefined) return malformed(evaluation, place, 'Ref takes a logical id or a parameter')
    return evaluation.ref(name, place)
  },

  'Fn::GetAtt'(evaluation, argument, place) {
    if (typeof argument === 'string') {
      const dot = argument.indexOf('.')
      if (dot <= 0) return malformed(evaluation, place, 'Fn::GetAtt takes LogicalId.Attribute')
      return evaluation.getAtt(argument.slice(0, dot), argument.slice(dot + 1), place)
    }
    if (Array.isArray(argument) && argument.length >= 2) {
      const [target, ...attribute] = argument.map((part) => asText(evaluation.evaluate(part, place)))
      if (target !== undefined && !attribute.includes(undefined))
        return evaluation.getAtt(target, attribute.join('.'), place)
    }
    return malformed(evaluation, place, 'Fn::GetAtt takes [LogicalId, Attribute]')
  },

  'Fn::Sub'(evaluation, argument, place) {
    const [template, variables] = Array.isArray(argument) ? argument : [argument, undefined]
    const text = asText(template)
    if (text === undefined)
      return malformed(evaluation, place, 'Fn::Sub takes a text, or a list of a text and a mapping')
    return substitute(evaluation, text, isObject(variables) ? variables : undefined, place)
  },

  'Fn::Join'(evaluation, argument, place) {
    const [separator, list] = Array.isArray(argument) ? argument : []
    const between = asText(separator)
    const items = evaluation.evaluate(list, child(place, 1))
    if (between === undefined || !Array.isArray(items))
      return malformed(evaluation, place, 'Fn::Join takes [separator, [values]]')
    let length = 0
    const parts: string[] = []
    for (const item of items) {
      const part = asText(item)
      if (part === undefined) return malformed(evaluation, place, 'the values that Fn::Join joins must be texts')
      length += part.length + between.length
      if (length > MAX_STRING_LENGTH) return tooLong(evaluation, place)
      parts.push(part)
    }
    return parts.join(between)
  },

  'Fn::Split'(evaluation, argument, place) {
    const [separator, source] = Array.isArray(argument) ? argument : []
    const at = asText(separator)
    const text = asText(evaluation.evaluate(source, child(place, 1)))
    if (at === undefined || at === '' || text === undefined)
      return malformed(evaluation, place, 'Fn::Split takes [separator, text]')
    return text.split(at)
  },

  'Fn::Select'(evaluation, argument, place) {
    const [which, from] = Array.isArray(argument) ? argument : []
    const index = asNumber(evaluation.evaluate(which, child(place, 0)))
    const items = evaluation.evaluate(from, child(place, 1))
    if (index === undefined || !Array.isArray(items))
      return malformed(evaluation, place, 'Fn::Select takes [index, [values]]')
    if (index < 0 || index >= items.length) {
      // What could not be evaluated has been reported where it stands.
      if (JSON.stringify(plain(items)).includes('unresolved:')) return 'unresolved:Fn::Select'
      evaluation.report('error', place, `Template error: Fn::Select cannot select nonexistent value at index ${index}`)
      return ''
    }
    return items[index]
  },

  'Fn::FindInMap'(evaluation, argument, place) {
    const parts = Array.isArray(argument) ? argument : []
    const [map, first, second] = parts
      .slice(0, 3)
      .map((part, index) => asText(evaluation.evaluate(part, child(place, index))))
    if (map === undefined || first === undefined || second === undefined)
      return malformed(evaluation, place, 'Fn::FindInMap takes [map, key, key]')
    const found = member(member(member(evaluation.mappings, map), first), second)
    if (found !== undefined) return found
    const fallback = member(parts[3], 'DefaultValue')
    if (fallback !== undefined) return evaluation.evaluate(fallback, child(place, 3, 'DefaultValue'))
    const known = Object.keys(evaluation.mappings)
    evaluation.report(
      'error',
      place,
      `Template error: Unable to get mapping for ${map}::${first}::${second}`,
      known.includes(map) ? undefined : didYouMean(map, known).hint,
    )
    return ''
  },

  'Fn::ImportValue'(evaluation, argument, place) {
    const name = asText(evaluation.evaluate(argument, place))
    if (name === undefined) return malformed(evaluation, place, 'Fn::ImportValue takes a name')
    return evaluation.importValue(name, place)
  },

  'Fn::Base64'(evaluation, argument, place) {
    const text = asText(evaluation.evaluate(argument, place))
    if (text === undefined) return malformed(evaluation, place, 'Fn::Base64 takes a text')
    return Buffer.from(text).toString('base64')
  },

  'Fn::GetAZs'(evaluation, argument, place) {
    const region = asText(evaluation.evaluate(argument, place)) || evaluation.region
    return ['a', 'b', 'c'].map((zone) => region + zone)
  },

  'Fn::Cidr'(evaluation, argument, place) {
    const [block, count, bits] = asList(evaluation.evaluate(argument, place))
    const blocks = subnets(asText(block) ?? '', asNumber(count) ?? 0, asNumber(bits) ?? 8)
    return blocks ?? malformed(evaluation, place, 'Fn::Cidr takes [ipBlock, count, cidrBits]')
  },

  'Fn::Length'(evaluation, argument, place) {
    const items = evaluation.evaluate(argument, place)
    return Array.isArray(items) ? items.length : malformed(evaluation, place, 'Fn::Length takes a list')
  },

  'Fn::ToJsonString'(evaluation, argument, place) {
    return JSON.stringify(plain(evaluation.evaluate(argument, place)))
  },

  'Fn::If'(evaluation, argument, place) {
    const [condition, yes, no] = Array.isArray(argument) ? argument : []
    if (typeof condition !== 'string' || !Array.isArray(argument) || argument.length !== 3)
      return malformed(evaluation, place, 'Fn::If takes [condition, value, value]')
    return evaluation.condition(condition, child(place, 0))
      ? evaluation.evaluate(yes, child(place, 1))
      : evaluation.evaluate(no, child(place, 2))
  },

  Condition(evaluation, argument, place) {
    return evaluation.condition(String(argument), place)
  },

  'Fn::Equals'(evaluation, argument, place) {
    if (!Array.isArray(argument) || argument.length !== 2)
      return malformed(evaluation, place, 'Fn::Equals takes two values')
    const [left, right] = argument.map((value, index) => evaluation.evaluate(value, child(place, index)))
    const leftText = asText(left)
    return leftText === undefined
      ? JSON.stringify(plain(left)) === JSON.stringify(plain(right))
      : leftText === asText(right)
  },

  'Fn::And'(evaluation, argument, place) {
    return asList(argument).every((value, index) => truth(evaluation, value, child(place, index)))
  },

  'Fn::Or'(evaluation, argument, place) {
    return asList(argument).some((value, index) => truth(evaluation, value, child(place, index)))
  },

  'Fn::Not'(evaluation, argument, place) {
    return !truth(evaluation, asList(argument)[0], child(place, 0))
  },

  'Fn::Transform'(evaluation, argument, place) {
    const name = asText(member(argument, 'Name')) ?? ''
    const location = asText(evaluation.evaluate(member(member(argument, 'Parameters'), 'Location'), place))
    if (name === 'AWS::Include' && location !== undefined) return evaluation.include(location, place)
    evaluation.report('error', place, `the macro ${name} is not run here`, 'write out what it would make')
    return NO_VALUE
  },
}

function tooLong(evaluation: Evaluation, place: Place): string {
  evaluation.report('error', place, `makes a text of more than ${MAX_STRING_LENGTH.toLocaleString('en')} characters`)
  return ''
}

/** `${Name}`, `${Resource.Attribute}`, `${!Literal}`. */
function substitute(evaluation: Evaluation, text: string, variables: PlainObject | undefined, place: Place): string {
  let made = ''
  let at = 0
  for (;;) {
    const open = text.indexOf('${', at)
    if (open === -1) break
    const close = text.indexOf('}', open)
    if (close === -1) break
    const name = text.slice(open + 2, close).trim()
    made += text.slice(at, open)
    at = close + 1
    if (name.startsWith('!')) {
      made += `\${${name.slice(1)}}`
      continue
    }
    let value: unknown
    const own = variables === undefined ? undefined : member(variables, name)
    if (own !== undefined) value = evaluation.evaluate(own, child(place, 1, name))
    else if (!/^[A-Za-z0-9:.]+$/.test(name)) {
      // Text that is no reference: code of JavaScript in a template, for example.
      evaluation.report(
        'error',
        place,
        `Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons: \${${name.slice(0, 60)}}`,
        'a literal is written ${!…}',
      )
      value = ''
    } else {
      const dot = name.indexOf('.')
      value =
        dot === -1 || name.startsWith('AWS::')
          ? evaluation.ref(name, place)
          : evaluation.getAtt(name.slice(0, dot), name.slice(dot + 1), place)
    }
    const part =
      value === NO_VALUE ? '' : Array.isArray(value) ? value.map((item) => asText(item) ?? '').join(',') : asText(value)
    if (part === undefined) {
      evaluation.report('error', place, `Template error: \${${name}} in Fn::Sub is not a text`)
      continue
    }
    if (made.length + part.length > MAX_STRING_LENGTH) return tooLong(evaluation, place)
    made += part
  }
  return made + text.slice(at)
}

/** Blocks of IPv4 addresses, each with `bits` host bits. */
function subnets(block: string, count: number, bits: number): string[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(block)
  if (match === null || count < 1 || count > 256 || bits < 1 || bits > 32) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number)
  const start = ((a * 256 + b) * 256 + c) * 256 + d
  return Array.from({ length: count }, (_, index) => {
    const address = start + index * 2 ** bits
    return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${32 - bits}`
  })
}
