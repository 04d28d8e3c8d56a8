import { ELEMENT_SIZE, PROPERTY_SIZE } from '../../emit/budget.ts'
import { newMap } from '../../emit/fromHost.ts'
import { isMap, madeList, type ProgramMap, toKey, toNumber, toText } from '../coerce.ts'
import type { JsRun } from '../jsRun.ts'
import { keys, set } from '../operators.ts'
import { typeError } from '../programError.ts'
import { consoleText } from './console.ts'
import { parseJson, stringifyJson } from './json.ts'

/** A function of the language, called with its arguments; never a value. */
export type Builtin = (run: JsRun, args: readonly unknown[]) => unknown

/** A namespace of the language: functions, and numbers that are constants. */
export interface BuiltinTable {
  readonly [name: string]: Builtin | number
}

function table<T extends object>(members: T): Readonly<T> {
  return Object.freeze(Object.assign(Object.create(null), members))
}

const numeric =
  (compute: (value: number) => number): Builtin =>
  (run, args) =>
    compute(toNumber(run, args[0]))

const numbers =
  (compute: (...values: number[]) => number): Builtin =>
  (run, args) => {
    run.charge(args.length)
    let result = compute()
    for (const arg of args) result = compute(result, toNumber(run, arg))
    return result
  }

/** AppSync documents random, min, max, round, floor and ceil; the others are as harmless. */
const math: BuiltinTable = table({
  abs: numeric(Math.abs),
  cbrt: numeric(Math.cbrt),
  ceil: numeric(Math.ceil),
  exp: numeric(Math.exp),
  floor: numeric(Math.floor),
  log: numeric(Math.log),
  log10: numeric(Math.log10),
  log2: numeric(Math.log2),
  max: numbers(Math.max),
  min: numbers(Math.min),
  pow: (run, args) => toNumber(run, args[0]) ** toNumber(run, args[1]),
  random: (run) => run.random(),
  round: numeric(Math.round),
  sign: numeric(Math.sign),
  sqrt: numeric(Math.sqrt),
  trunc: numeric(Math.trunc),
  E: Math.E,
  LN10: Math.LN10,
  LN2: Math.LN2,
  LOG10E: Math.LOG10E,
  LOG2E: Math.LOG2E,
  PI: Math.PI,
  SQRT1_2: Math.SQRT1_2,
  SQRT2: Math.SQRT2,
})

/** What `Object.keys` and its like see of a value. */
function members(run: JsRun, value: unknown): { names: string[]; read: (name: string) => unknown } {
  if (value === null || value === undefined) throw typeError('Cannot convert undefined or null to object')
  const names = keys(run, value)
  if (typeof value === 'string') return { names, read: (name) => value[Number(name)] }
  const source = value as ProgramMap
  return { names, read: (name) => source[name] }
}

const object: BuiltinTable = table({
  assign: (run: JsRun, args: readonly unknown[]) => {
    const [target, ...sources] = args
    if (!isMap(target) && !Array.isArray(target)) throw typeError('Cannot convert undefined or null to object')
    for (const source of sources) {
      if (source === null || source === undefined) continue
      const { names, read } = members(run, source)
      for (const name of names) set(run, target, name, read(name), run.at)
    }
    return target
  },
  entries: (run: JsRun, args: readonly unknown[]) => {
    const { names, read } = members(run, args[0])
    run.allocate(names.length * ELEMENT_SIZE * 4)
    return names.map((name) => [name, read(name)])
  },
  fromEntries: (run: JsRun, args: readonly unknown[]) => {
    const [entries] = args
    if (!Array.isArray(entries)) throw typeError('object is not iterable')
    const result: ProgramMap = newMap()
    for (const entry of entries) {
      if (!Array.isArray(entry)) throw typeError('Iterator value is not an entry object')
      run.charge(1)
      run.allocate(PROPERTY_SIZE)
      result[toKey(run, entry[0])] = entry[1]
    }
    return result
  },
  hasOwn: (run: JsRun, args: readonly unknown[]) => {
    const [value, name] = args
    if (value === null || value === undefined) throw typeError('Cannot convert undefined or null to object')
    if (typeof value === 'function') return false
    return Object.hasOwn(value as object, toKey(run, name))
  },
  keys: (run: JsRun, args: readonly unknown[]) => members(run, args[0]).names,
  values: (run: JsRun, args: readonly unknown[]) => {
    const { names, read } = members(run, args[0])
    return madeList(run, names.map(read))
  },
})

const parseFloatOf: Builtin = (run, args) => {
  const text = toText(run, args[0])
  run.charge(text.length / 16)
  return Number.parseFloat(text)
}

const parseIntOf: Builtin = (run, args) => {
  const text = toText(run, args[0])
  run.charge(text.length / 16)
  return Number.parseInt(text, args[1] === undefined ? undefined : toNumber(run, args[1]))
}

const number: BuiltinTable = table({
  isFinite: (_: JsRun, args: readonly unknown[]) => Number.isFinite(args[0]),
  isInteger: (_: JsRun, args: readonly unknown[]) => Number.isInteger(args[0]),
  isNaN: (_: JsRun, args: readonly unknown[]) => Number.isNaN(args[0]),
  isSafeInteger: (_: JsRun, args: readonly unknown[]) => Number.isSafeInteger(args[0]),
  parseFloat: parseFloatOf,
  parseInt: parseIntOf,
  EPSILON: Number.EPSILON,
  MAX_SAFE_INTEGER: Number.MAX_SAFE_INTEGER,
  MAX_VALUE: Number.MAX_VALUE,
  MIN_SAFE_INTEGER: Number.MIN_SAFE_INTEGER,
  MIN_VALUE: Number.MIN_VALUE,
})

const log =
  (level: 'INFO' | 'ERROR'): Builtin =>
  (run, args) => {
    const line = `${level} - ${run.place}: ${args.map((arg) => consoleText(run, arg)).join(' ')}`
    run.allocate(line.length)
    run.logs.push(line)
    return undefined
  }

/** The namespaces that a program can name without importing them. */
export const builtinTables: Readonly<Record<string, BuiltinTable>> = table({
  Array: table({ isArray: (_: JsRun, args: readonly unknown[]) => Array.isArray(args[0]) }),
  JSON: table({ parse: parseJson, stringify: stringifyJson }),
  Math: math,
  Number: number,
  Object: object,
  console: table({ error: log('ERROR'), log: log('INFO') }),
})

/**
 * The functions that a program can call by a bare name. `String(x)` is not among them: the service refuses it
 * (`Invalid function: String`).
 */
export const builtinFunctions: Readonly<Record<string, Builtin>> = table({
  Boolean: (_: JsRun, args: readonly unknown[]) => Boolean(args[0]),
  Number: (run: JsRun, args: readonly unknown[]) => (args.length === 0 ? 0 : toNumber(run, args[0])),
  isFinite: (run: JsRun, args: readonly unknown[]) => Number.isFinite(toNumber(run, args[0])),
  isNaN: (run: JsRun, args: readonly unknown[]) => Number.isNaN(toNumber(run, args[0])),
  parseFloat: parseFloatOf,
  parseInt: parseIntOf,
})
