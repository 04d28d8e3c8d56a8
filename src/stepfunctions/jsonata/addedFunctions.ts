import { hashText } from '../intrinsics/functions.ts'
import { javaRandom } from '../intrinsics/javaRandom.ts'
import { memoryError } from './errors.ts'
import { MAX_RANGE_LENGTH } from './limits.ts'

/** Where chance comes from. */
export interface Chance {
  random(): number
  uuid(): string
}

type Added = (...args: unknown[]) => unknown

/** A wrong argument, with the code and in the form that JSONata itself throws. */
function signature(index: number, token: string): never {
  throw {
    code: 'T0410',
    index,
    token,
    message: `Argument ${index} of function "${token}" does not match function signature`,
  }
}

function dynamic(message: string): never {
  throw { code: 'D3137', message }
}

function wholeNumber(value: unknown, index: number, token: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) signature(index, token)
  return Math.trunc(value)
}

/** A list that JSONata unwraps when it has one item and drops when it has none. */
function sequence(items: unknown[]): unknown[] {
  return Object.defineProperty(items, 'sequence', { value: true })
}

/**
 * The functions that the service adds to JSONata.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#built-in-functions
 */
export function addedFunctions(chance: Chance): Readonly<Record<string, Added>> {
  return {
    partition(items: unknown, size?: unknown, ...surplus: unknown[]) {
      if (surplus.length > 0) signature(3, 'partition')
      if (items === undefined) return undefined
      if (items === null) {
        throw { code: 'T0412', message: 'Argument 1 of function "partition" must be an array of "any"' }
      }
      const list = Array.isArray(items) ? items : [items]
      const length = size === undefined ? list.length : wholeNumber(size, 2, 'partition')
      if (length < 0) dynamic('Second argument must be zero or greater')
      if (length === 0 || list.length === 0) return undefined
      const chunks: unknown[][] = []
      for (let at = 0; at < list.length; at += length) chunks.push(list.slice(at, at + length))
      return chunks
    },
    range(first: unknown, last: unknown, delta?: unknown, ...surplus: unknown[]) {
      if (surplus.length > 0) signature(4, 'range')
      if (last === undefined) signature(2, 'range')
      if (first === undefined || delta === undefined) return undefined
      const [start, end, step] = [
        wholeNumber(first, 1, 'range'),
        wholeNumber(last, 2, 'range'),
        wholeNumber(delta, 3, 'range'),
      ]
      if (step === 0) return undefined
      const count = Math.floor((end - start) / step) + 1
      if (count <= 0) return undefined
      if (count > MAX_RANGE_LENGTH) throw memoryError()
      return sequence(Array.from({ length: count }, (_, at) => start + at * step))
    },
    hash(value: unknown, algorithm?: unknown, ...surplus: unknown[]) {
      if (surplus.length > 0) signature(3, 'hash')
      if (value !== undefined && typeof value !== 'string') signature(1, 'hash')
      if (algorithm !== undefined && typeof algorithm !== 'string') signature(2, 'hash')
      if (value === undefined || algorithm === undefined) return undefined
      return hashText(value, algorithm) ?? dynamic(`Unsupported hash algorithm: ${algorithm}`)
    },
    random(seed?: unknown, ...surplus: unknown[]) {
      if (surplus.length > 0) signature(2, 'random')
      if (seed === undefined) return chance.random()
      return javaRandom(BigInt(wholeNumber(seed, 1, 'random'))).nextDouble()
    },
    uuid(...surplus: unknown[]) {
      if (surplus.length > 0) signature(1, 'uuid')
      return chance.uuid()
    },
    parse(text: unknown, ...surplus: unknown[]) {
      if (surplus.length > 0) signature(2, 'parse')
      if (text === undefined) return undefined
      if (typeof text !== 'string') signature(1, 'parse')
      return parseStrictly(text)
    },
  }
}

/** Parses JSON; a key that is there twice and a number beyond a double are refused as well. */
function parseStrictly(text: string): unknown {
  let tooLarge = false
  let value: unknown
  try {
    value = JSON.parse(text, (_, inner: unknown) => {
      if (typeof inner === 'number' && !Number.isFinite(inner)) tooLarge = true
      return inner === 0 ? 0 : inner
    })
  } catch {
    dynamic('Invalid JSON')
  }
  if (tooLarge || hasDuplicateKey(text)) dynamic('Invalid JSON')
  return value
}

/** Whether an object of a valid JSON text has a key twice. */
function hasDuplicateKey(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  let expectsKey = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '{') {
      open.push(new Set())
      expectsKey = true
    } else if (character === '[') {
      open.push(undefined)
      expectsKey = false
    } else if (character === '}' || character === ']') {
      open.pop()
      expectsKey = false
    } else if (character === ',') expectsKey = open.at(-1) !== undefined
    else if (character === '"') {
      const start = at
      for (at += 1; text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1
      const keys = open.at(-1)
      if (expectsKey && keys !== undefined) {
        const key = JSON.parse(text.slice(start, at + 1)) as string
        if (keys.has(key)) return true
        keys.add(key)
        expectsKey = false
      }
    }
  }
  return false
}
