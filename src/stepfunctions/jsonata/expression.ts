import jsonata from 'jsonata'
import { addedFunctions, type Chance } from './addedFunctions.ts'
import { type Analysis, analyse, analysePath } from './analyse.ts'
import { asEvaluationError, Handover, JsonataEvaluationError, JsonataSyntaxError, memoryError } from './errors.ts'
import { isEvaluatorFunction } from './evaluatorFunction.ts'
import {
  EVALUATION_TIMEOUT_MS,
  IN_PROCESS_CHARACTERS,
  IN_PROCESS_NODES,
  IN_PROCESS_TIMEOUT_MS,
  MAX_EVALUATION_DEPTH,
  MAX_SEQUENCE_LENGTH,
  MAX_STRING_LENGTH,
} from './limits.ts'
import { regexEngine } from './regexEngine.ts'
import { createScales } from './scales.ts'

/** `bounded`: on the event loop, gives up early with `Handover`. `worker`: in a thread that can be ended. */
export type Mode = 'bounded' | 'worker'

export interface Expression {
  text: string
  analysis: Analysis
  /**
   * @param document what `$` is at the top level; the service gives none
   * @param bindings values of free variables, without `$`
   * @throws JsonataEvaluationError | Handover
   */
  evaluate(document: unknown, bindings: Record<string, unknown>, surroundings: Surroundings): Promise<unknown>
}

/** What an expression may ask of the world. */
export interface Surroundings extends Chance {
  /** Milliseconds since the epoch. */
  now(): number
}

const ADDED = ['partition', 'range', 'hash', 'random', 'uuid', 'parse']

interface BuiltIn {
  implementation: (...args: unknown[]) => unknown
}

/** Reads a built-in function off the library, which exports none of them. */
async function builtIn(name: string): Promise<BuiltIn> {
  const found: unknown = await jsonata(`$${name}`).evaluate(undefined)
  if (typeof found === 'object' && found !== null && 'implementation' in found) return found as BuiltIn
  throw new Error(`JSONata has no function $${name}`)
}

/** Functions that walk or make data outside of the evaluator's own checks, with their signatures. */
const CHARGED: Readonly<Record<string, string>> = {
  pad: '<s-ns?:s>',
  join: '<a<s>s?:s>',
  replace: '<s-(sf)(sf)n?:s>',
  split: '<s-(sf)n?:a<s>>',
  string: '<x-b?:s>',
  distinct: '<x:x>',
  max: '<a<n>:n>',
  min: '<a<n>:n>',
  sort: '<af?:a>',
  shuffle: '<a:a>',
  zip: '<a+>',
  append: '<xx:a>',
  merge: '<a<o>:o>',
  clone: '<(oa)-:o>',
  spread: '<x-:a<o>>',
  keys: '<x-:a<s>>',
  lookup: '<x-s:x>',
  reverse: '<a:a>',
}

const originals = new Map(
  await Promise.all([...Object.keys(CHARGED), 'fromMillis'].map(async (name) => [name, await builtIn(name)] as const)),
)

/** Expressions that stay compiled: each keeps the parser that read it. One that fell out is compiled again when it is needed. */
const MAX_COMPILED = 1_000
/** Characters of an expression that is counted among them; a longer one stays as long as whoever has it. */
const MAX_COUNTED_LENGTH = 2_048

interface Holder {
  compiled: jsonata.Expression | undefined
}

const holders = new Set<Holder>()

function keep(holder: Holder, compiled: jsonata.Expression): void {
  holder.compiled = compiled
  holders.add(holder)
  if (holders.size <= MAX_COMPILED) return
  const [oldest] = holders
  if (oldest === undefined) return
  oldest.compiled = undefined
  holders.delete(oldest)
}

/**
 * Compiles an expression. Throws `JsonataSyntaxError`.
 *
 * @param hasDocument whether it is evaluated over a document, which the service never does
 */
export function compileExpression(text: string, mode: Mode, hasDocument = false): Expression {
  const bounded = mode === 'bounded'
  const holder: Holder = { compiled: undefined }
  const analysis = (hasDocument ? undefined : analysePath(text)) ?? compileNow()
  const calls = (name: string): boolean => analysis.free.has(name)
  const callsAdded = ADDED.some(calls)

  function compileNow(): Analysis {
    const compiled = parse(text, bounded)
    const found = analyseSafely(compiled, hasDocument)
    if (text.length > MAX_COUNTED_LENGTH) holder.compiled = compiled
    else if (holders.size < MAX_COMPILED) keep(holder, compiled)
    prepare(compiled, found, bounded)
    return found
  }

  function compileAgain(): jsonata.Expression {
    const compiled = parse(text, bounded)
    prepare(compiled, analysis, bounded)
    keep(holder, compiled)
    return compiled
  }

  return {
    text,
    analysis,
    async evaluate(document, bindings, surroundings) {
      const frame: Record<string, unknown> = Object.assign(Object.create(null), bindings)
      if (callsAdded) {
        for (const [name, implementation] of Object.entries(addedFunctions(surroundings))) {
          if (calls(name) && !Object.hasOwn(bindings, name)) frame[name] = implementation
        }
      }
      if (calls('now')) {
        const now = surroundings.now()
        frame['now'] = (picture?: unknown, zone?: unknown) =>
          originals.get('fromMillis')?.implementation(now, picture, zone)
      }
      if (calls('millis')) frame['millis'] = () => surroundings.now()
      const compiled = holder.compiled ?? compileAgain()
      try {
        return await compiled.evaluate(document, frame)
      } catch (error) {
        const known = asEvaluationError(error)
        if (bounded && known instanceof JsonataEvaluationError && isTimeout(error)) throw new Handover()
        throw known
      }
    },
  }
}

/** Puts the functions and checks of ours into the place of the library's. */
function prepare(compiled: jsonata.Expression, { free, builds }: Analysis, bounded: boolean): void {
  for (const [name, signature] of Object.entries(CHARGED)) {
    // Every transform, which builds, calls `clone`; the others are called only where they are named.
    if (free.has(name) || (name === 'clone' && builds)) {
      compiled.registerFunction(name, charge(name, bounded), signature)
    }
  }
  // The library looks its hooks up under symbols, which its types leave out.
  if (builds) (compiled.assign as (name: string | symbol, value: unknown) => void)(EXIT, watch(bounded))
  // Not bound at all, so that a call of it is a call of no function.
  compiled.assign('eval', undefined)
}

const EXIT = Symbol.for('jsonata.__evaluate_exit')

function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'D1012'
}

const BOUNDED_REGEX = regexEngine(true)
const WORKER_REGEX = regexEngine(false)

function parse(text: string, bounded: boolean): jsonata.Expression {
  try {
    return jsonata(text, {
      RegexEngine: bounded ? BOUNDED_REGEX : WORKER_REGEX,
      timeout: bounded ? IN_PROCESS_TIMEOUT_MS : EVALUATION_TIMEOUT_MS,
      stack: MAX_EVALUATION_DEPTH,
      sequence: MAX_SEQUENCE_LENGTH,
    })
  } catch (error) {
    const message =
      error instanceof RangeError
        ? 'The expression is nested too deeply'
        : typeof error === 'object' && error !== null && 'message' in error
          ? String(error.message)
          : String(error)
    throw new JsonataSyntaxError('INVALID_JSONATA_EXPRESSION', message)
  }
}

function analyseSafely(compiled: jsonata.Expression, hasDocument: boolean): Analysis {
  try {
    return analyse(compiled.ast(), hasDocument)
  } catch (error) {
    if (error instanceof RangeError) {
      throw new JsonataSyntaxError('INVALID_JSONATA_EXPRESSION', 'The expression is nested too deeply')
    }
    throw error
  }
}

/** Looks at every value that an expression builds, so that sharing cannot make it larger than what its size says. */
function watch(
  bounded: boolean,
): (expression: { type?: string }, input: unknown, frame: unknown, result: unknown) => void {
  const scales = createScales(bounded ? IN_PROCESS_NODES : Number.POSITIVE_INFINITY)
  return (expression, _input, _frame, result) => {
    if (typeof result === 'string') {
      if (result.length > MAX_STRING_LENGTH) throw memoryError()
      if (bounded && result.length > IN_PROCESS_CHARACTERS) throw new Handover()
    } else if (bounded && isData(result) && expression.type !== 'variable') {
      if (scales.weigh(result) > IN_PROCESS_NODES) throw new Handover()
    }
  }
}

/** Functions are objects of the evaluator, which know their surroundings; they are no data. */
function isData(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isEvaluatorFunction(value)
}

function charge(name: string, bounded: boolean): (...args: unknown[]) => unknown {
  const original = originals.get(name)
  if (original === undefined) throw new Error(`JSONata has no function $${name}`)
  const run = original.implementation
  const charged = function (this: unknown, ...args: unknown[]): unknown {
    const cost = costOf(name, args)
    if (cost.characters > MAX_STRING_LENGTH) throw memoryError()
    if (bounded && (cost.characters > IN_PROCESS_CHARACTERS || cost.nodes > IN_PROCESS_NODES)) throw new Handover()
    return SHORTCUTS[name]?.(...args) ?? run.apply(this, args)
  }
  // JSONata hands a function as many arguments as it declares.
  return Object.defineProperty(charged, 'length', { value: run.length })
}

/** What the library takes far longer for than it need, or cannot do with long lists; undefined leaves it to it. */
const SHORTCUTS: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  distinct: distinctScalars,
  sort: sortedScalars,
  max: (list) => extreme(list, (left, right) => (left > right ? left : right)),
  min: (list) => extreme(list, (left, right) => (left < right ? left : right)),
}

/** The list of numbers or of texts in their order, where no function says what the order is. */
function sortedScalars(list: unknown, order: unknown): unknown[] | undefined {
  if (!Array.isArray(list) || list.length < 2 || order !== undefined) return undefined
  if (list.every((item) => typeof item === 'string')) return list.slice().sort()
  if (list.every((item) => typeof item === 'number')) return list.slice().sort((left, right) => left - right)
  return undefined
}

function extreme(list: unknown, better: (left: number, right: number) => number): number | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined
  return list.reduce((best: number, item: number) => better(best, item), list[0] as number)
}

/** The distinct items of a list of scalars, in one walk; undefined for any other list. */
function distinctScalars(list: unknown): unknown[] | undefined {
  if (!Array.isArray(list) || list.length < 2) return undefined
  if (list.some((item) => typeof item === 'object' && item !== null)) return undefined
  const items = [...new Set<unknown>(list)]
  return 'sequence' in list ? Object.defineProperty(items, 'sequence', { value: true }) : items
}

interface Cost {
  nodes: number
  characters: number
}

function costOf(name: string, args: readonly unknown[]): Cost {
  const [first, second, third] = args
  const characters = typeof first === 'string' ? first.length : 0
  switch (name) {
    case 'pad':
      return { nodes: 0, characters: Math.max(characters, typeof second === 'number' ? Math.abs(second) : 0) }
    case 'join': {
      const items = Array.isArray(first) ? first : []
      const separator = typeof second === 'string' ? second.length : 0
      let total = separator * Math.max(0, items.length - 1)
      for (const item of items) total += typeof item === 'string' ? item.length : 0
      return { nodes: items.length, characters: total }
    }
    case 'replace': {
      const pattern = typeof second === 'string' ? second.length : 1
      const growth = typeof third === 'string' ? third.length / Math.max(1, pattern) : 1
      const long = characters * Math.max(1, growth)
      // Only an upper bound: beyond the limit the matches are counted.
      if (long <= MAX_STRING_LENGTH || typeof second !== 'string' || typeof first !== 'string' || second === '')
        return { nodes: 0, characters: Math.min(long, MAX_STRING_LENGTH) }
      const matches = first.split(second).length - 1
      const added = typeof third === 'string' ? third.length - pattern : 0
      return { nodes: 0, characters: characters + matches * Math.max(0, added) }
    }
    case 'distinct': {
      const items = Array.isArray(first) ? first.length : 1
      if (Array.isArray(first) && typeof first[0] !== 'object') return { nodes: items, characters: 0 }
      // Every item is compared with every one before it.
      return { nodes: (items * items) / 50, characters: 0 }
    }
    case 'split':
      return { nodes: 0, characters }
    default: {
      const scales = createScales(IN_PROCESS_NODES)
      return { nodes: args.reduce<number>((sum, arg) => sum + scales.weigh(arg), 0), characters }
    }
  }
}
