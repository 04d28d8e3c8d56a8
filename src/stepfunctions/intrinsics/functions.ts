import { createHash } from 'node:crypto'
import { isObject, jsonEquals, setMember } from '../asl/json.ts'
import type { EvaluationEnvironment } from '../asl/program.ts'
import { javaRandom } from './javaRandom.ts'

// Limits of https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
/** Elements that `States.ArrayRange` makes. */
export const MAX_RANGE_ELEMENTS = 1000
/** Characters that `States.Base64Encode`, `States.Base64Decode` and `States.Hash` take. */
export const MAX_TEXT_LENGTH = 10_000
/** Bytes that any function gives at most: a state's data has no more. */
const MAX_RESULT_LENGTH = 4 * 262_144

/** What an intrinsic function has against its arguments. */
export class IntrinsicArgumentError extends Error {
  override readonly name = 'IntrinsicArgumentError'
}

interface IntrinsicFunction {
  /** Least and most arguments. */
  arity: readonly [number, number]
  call(args: readonly unknown[], environment: EvaluationEnvironment): unknown
}

const NOT_BASE64 = 'The argument is not valid base64'

const ORDINALS = ['first', 'second', 'third'] as const

function refuse(message: string): never {
  throw new IntrinsicArgumentError(message)
}

function array(args: readonly unknown[], at: 0 | 1 | 2): unknown[] {
  const value = args[at]
  return Array.isArray(value) ? value : refuse(`The ${ORDINALS[at]} argument must be an array`)
}

function text(args: readonly unknown[], at: 0 | 1 | 2): string {
  const value = args[at]
  return typeof value === 'string' ? value : refuse(`The ${ORDINALS[at]} argument must be a string`)
}

/** Rounds to the nearest whole number, halves up, as the service does before it calculates. */
function integer(args: readonly unknown[], at: 0 | 1 | 2): number {
  const value = args[at]
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return refuse(`The ${ORDINALS[at]} argument must be a number`)
  }
  const rounded = Math.round(value) + 0
  if (rounded < -2_147_483_648 || rounded > 2_147_483_647) {
    return refuse(`The ${ORDINALS[at]} argument must be between -2147483648 and 2147483647`)
  }
  return rounded
}

function short(value: string): string {
  return value.length > MAX_TEXT_LENGTH ? refuse(`The argument has more than ${MAX_TEXT_LENGTH} characters`) : value
}

const HASHES = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
])

/** The hash of a text under one of the algorithms' names; undefined for any other name. */
export function hashText(value: string, algorithm: string): string | undefined {
  const name = HASHES.get(algorithm)
  return name === undefined ? undefined : createHash(name).update(value, 'utf8').digest('hex')
}

/** Fills the `{}` of a template; `\{`, `\}`, `\'` and `\\` stand for the character itself. */
function format(args: readonly unknown[]): string {
  const template = text(args, 0)
  let out = ''
  let next = 1
  for (let at = 0; at < template.length; at += 1) {
    const character = template[at]!
    if (character === '\\' && at + 1 < template.length) {
      at += 1
      out += template[at]
    } else if (character === '{' && template[at + 1] === '}') {
      if (next >= args.length) refuse('The number of occurrences of {} does not match the number of arguments')
      out += shown(args[next])
      next += 1
      at += 1
    } else {
      out += character
    }
    if (out.length > MAX_RESULT_LENGTH) refuse('The result is too long')
  }
  if (next < args.length) refuse('The number of occurrences of {} does not match the number of arguments')
  return out
}

/** A value as the service puts it into a text: lists and objects as Java writes its collections, `{a=1, b=[x]}`. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (!isObject(value)) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}=${shown(inner)}`)
    .join(', ')}}`
}

/** As `java.util.Base64.getDecoder()` reads it: without padding or with all of it, spare bits ignored. */
function strictBase64(value: string): string {
  const [, digits = '', padding = ''] = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(value) ?? refuse(NOT_BASE64)
  const spare = digits.length % 4
  if (spare === 1 || (padding !== '' && spare + padding.length !== 4)) refuse(NOT_BASE64)
  return Buffer.from(digits, 'base64').toString('utf8')
}

function mathRandom(args: readonly unknown[], environment: EvaluationEnvironment): number {
  const start = integer(args, 0)
  const end = integer(args, 1)
  if (end <= start) refuse('The start of the range must be less than its end')
  const width = end - start
  if (args.length === 3) {
    const seed = integer(args, 2)
    const random = javaRandom(BigInt(seed))
    return start + (width <= 0x7fffffff ? random.nextInt(width) : Math.floor(random.nextDouble() * width))
  }
  return start + Math.floor(environment.random() * width)
}

/** The 18 intrinsic functions, by their names without `States.`. */
export const INTRINSIC_FUNCTIONS: ReadonlyMap<string, IntrinsicFunction> = new Map<string, IntrinsicFunction>([
  ['Format', { arity: [1, Number.MAX_SAFE_INTEGER], call: format }],
  ['StringToJson', { arity: [1, 1], call: (args) => parseJson(text(args, 0)) }],
  ['JsonToString', { arity: [1, 1], call: (args) => JSON.stringify(args[0]) }],
  ['Array', { arity: [0, Number.MAX_SAFE_INTEGER], call: (args) => [...args] }],
  [
    'ArrayPartition',
    {
      arity: [2, 2],
      call(args) {
        const items = array(args, 0)
        const size = integer(args, 1)
        if (size <= 0) refuse('The second argument must be greater than zero')
        const chunks: unknown[][] = []
        for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size))
        return chunks
      },
    },
  ],
  ['ArrayContains', { arity: [2, 2], call: (args) => array(args, 0).some((item) => jsonEquals(item, args[1])) }],
  [
    'ArrayRange',
    {
      arity: [3, 3],
      call(args) {
        const [start, end, step] = [integer(args, 0), integer(args, 1), integer(args, 2)]
        if (step === 0) refuse('The third argument must not be zero')
        const count = Math.floor((end - start) / step) + 1
        if (count > MAX_RANGE_ELEMENTS) refuse(`The range has more than ${MAX_RANGE_ELEMENTS} elements`)
        return Array.from({ length: Math.max(0, count) }, (_, at) => start + at * step)
      },
    },
  ],
  [
    'ArrayGetItem',
    {
      arity: [2, 2],
      call(args) {
        const items = array(args, 0)
        const index = integer(args, 1)
        if (index < 0 || index >= items.length) refuse('The index is out of the bounds of the array')
        return items[index]
      },
    },
  ],
  ['ArrayLength', { arity: [1, 1], call: (args) => array(args, 0).length }],
  ['ArrayUnique', { arity: [1, 1], call: (args) => unique(array(args, 0)) }],
  ['Base64Encode', { arity: [1, 1], call: (args) => Buffer.from(short(text(args, 0)), 'utf8').toString('base64') }],
  ['Base64Decode', { arity: [1, 1], call: (args) => strictBase64(short(text(args, 0))) }],
  [
    'Hash',
    {
      arity: [2, 2],
      call(args) {
        const [value] = args
        const data = short(typeof value === 'string' ? value : JSON.stringify(value))
        return (
          hashText(data, text(args, 1)) ?? refuse('The second argument must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512')
        )
      },
    },
  ],
  [
    'JsonMerge',
    {
      arity: [3, 3],
      call(args) {
        const [left, right, deep] = args
        if (!isObject(left)) return refuse('The first argument must be a JSON object')
        if (!isObject(right)) return refuse('The second argument must be a JSON object')
        if (deep !== false) return refuse('The third argument must be false: deep merging is not supported')
        const merged: Record<string, unknown> = {}
        for (const part of [left, right]) for (const key of Object.keys(part)) setMember(merged, key, part[key])
        return merged
      },
    },
  ],
  ['MathRandom', { arity: [2, 3], call: mathRandom }],
  [
    'MathAdd',
    {
      arity: [2, 2],
      call(args) {
        const sum = integer(args, 0) + integer(args, 1)
        return sum < -2_147_483_648 || sum > 2_147_483_647 ? refuse('The sum is out of range') : sum
      },
    },
  ],
  [
    'StringSplit',
    {
      arity: [2, 2],
      call(args) {
        const value = text(args, 0)
        const separators = new Set(text(args, 1))
        const parts: string[] = []
        let part = ''
        for (const character of value) {
          if (!separators.has(character)) part += character
          else if (part !== '') {
            parts.push(part)
            part = ''
          }
        }
        if (part !== '') parts.push(part)
        return parts
      },
    },
  ],
  ['UUID', { arity: [0, 0], call: (_, environment) => environment.uuid() }],
])

/** Parses JSON; of a blank text there is nothing to parse, and nothing is null. */
function parseJson(value: string): unknown {
  if (value.trim() === '') return null
  try {
    return JSON.parse(value)
  } catch {
    return refuse('The argument is not valid JSON')
  }
}

function unique(items: readonly unknown[]): unknown[] {
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = canonical(item)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** JSON text with the members in order, so that equal values have equal texts. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}
