import { BudgetSpent, ELEMENT_SIZE, MAX_EVALUATED_SIZE, PROPERTY_SIZE } from '../emit/budget.ts'
import { Run } from '../emit/run.ts'
import { NO_SUCH_METHOD, type UtilFunction, type UtilTable } from '../util/environment.ts'
import { type BigNumber, type FloatNumber, isNumber } from '../util/values.ts'
import { add, divide, multiply, negate, remainder, subtract } from './arithmetic.ts'
import { iteratorMethods, listMethods } from './methods/list.ts'
import { entryMethods, mapMethods, valuesOf } from './methods/map.ts'
import { javaException, type Method } from './methods/method.ts'
import { booleanMethods, numberMethods } from './methods/number.ts'
import { stringMethods } from './methods/string.ts'
import {
  areEqual,
  bigOf,
  compareNumbers,
  Definition,
  element,
  ListIterator,
  Loop,
  MapEntry,
  member,
  Namespace,
  owned,
  textOf,
  VtlError,
  VtlList,
  type VtlValue,
} from './values.ts'

/** Iterations of one `#foreach` (AppSync quota "Iterations in a foreach loop in mapping templates"). */
export const MAX_FOREACH_ITERATIONS = 1_000
/** Velocity's `velocimacro.max.depth`. */
export const MAX_MACRO_DEPTH = 20

/** Steps of calling a utility, besides what it charges itself. */
const UTILITY_COST = 4

/** One run of a template. */
export class VtlRun extends Run {
  depth = 0
  /** What the callers of the running macros have made so far. */
  readonly outer: string[] = []
  /** Set by a template that is nothing but `$util.toJson(…)`, instead of its text. */
  whole: { before: string; value: VtlValue; after: string } | undefined
  /** Set by `#return`. */
  returned: { value: VtlValue } | undefined
}

/** Thrown by `#stop` and `#return` inside a macro or an interpolated text; ends the rendering with what was made. */
export class Halt {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What emitted templates may call; nothing else is in their reach. */
export const runtime = {
  add,
  subtract,
  multiply,
  divide,
  remainder,
  negate,

  truth(value: VtlValue): boolean {
    return value !== null && value !== undefined && value !== false
  },

  equal(run: VtlRun, a: VtlValue, b: VtlValue): boolean {
    if (a === b) return true
    return !(typeof a === 'string' && typeof b === 'string') && areEqual(a, b, run)
  },

  /** The order of two numbers or two strings; undefined when they have none, for which every comparison is false. */
  compare(run: VtlRun, a: VtlValue, b: VtlValue): number | undefined {
    if (typeof a === 'number' && typeof b === 'number') return a - b
    if (isNumber(a) && isNumber(b)) return compareNumbers(a, b)
    if (typeof a === 'string' && typeof b === 'string') {
      run.charge(Math.min(a.length, b.length) >> 3)
      return a < b ? -1 : a > b ? 1 : 0
    }
    return undefined
  },

  /** Appends a reference in text: null prints as it is written. */
  print(run: VtlRun, output: string, value: VtlValue, source: string): string {
    if (value === null || value === undefined) return output + source
    const text = typeof value === 'string' ? value : textOf(value, run)
    if (output.length + text.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
    return output + text
  },

  /** Appends a reference after backslashes: `\$x` prints `$x` when x has a value, and as it is written otherwise. */
  printEscaped(run: VtlRun, output: string, value: VtlValue, source: string, backslashes: number): string {
    if (value === null || value === undefined) return output + '\\'.repeat(backslashes) + source
    const before = output + '\\'.repeat(backslashes >> 1)
    return (backslashes & 1) === 1 ? before + source : runtime.print(run, before, value, '')
  },

  /** Bounds what a loop or macro has made. */
  bounded(output: string): void {
    if (output.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  },

  /** An interpolated text. */
  made(run: VtlRun, text: string): string {
    if (text.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
    run.allocate(text.length)
    return text
  },

  /** A value with text behind it; null stays null. */
  suffixed(run: VtlRun, value: VtlValue, rest: string): VtlValue {
    return value === null || value === undefined ? value : runtime.made(run, textOf(value, run) + rest)
  },

  /** A reference in an interpolated text. */
  show(run: VtlRun, value: VtlValue, source: string): string {
    if (typeof value === 'string') return value
    return value === null || value === undefined ? source : textOf(value, run)
  },

  property(run: VtlRun, base: VtlValue, name: string): VtlValue {
    if (base instanceof Map) return member(base, name, run)
    if (base instanceof MapEntry) return name === 'key' ? base.key : name === 'value' ? base.value : undefined
    if (base === null || base === undefined || typeof base === 'string') return undefined
    const value = owned(base, run)
    if (value instanceof Map) return member(value, name, run)
    if (value instanceof Namespace) return namespaceMember(value.table, name)
    if (value instanceof Loop) return loopProperty(value, name)
    if (value instanceof VtlList && name === 'empty') return value.length === 0
    return undefined
  },

  index(run: VtlRun, base: VtlValue, index: VtlValue): VtlValue {
    const value = owned(base, run)
    if (value instanceof Map) return mapMethods['get']?.(value, [index], run)
    if (value instanceof VtlList && typeof index === 'number') return element(value, listIndex(value, index), run)
    return undefined
  },

  call(run: VtlRun, base: VtlValue, selector: Selector, args: readonly VtlValue[], at: number): VtlValue {
    if (base === null || base === undefined) return undefined
    run.at = at
    if (--run.steps < 0) run.stepsSpent()
    const value = owned(base, run)
    if (value instanceof Namespace) {
      const found = value.table[selector.name]
      return typeof found === 'function' ? runtime.util(run, found, args, at) : undefined
    }
    const result = invoke(run, value, selector, args)
    return result === NO_SUCH_METHOD ? undefined : result
  },

  util(run: VtlRun, utility: UtilFunction, args: readonly VtlValue[], at: number): VtlValue {
    run.at = at
    run.steps -= UTILITY_COST
    if (run.steps < 0) run.stepsSpent()
    const result = utility(run, args)
    return result === NO_SUCH_METHOD ? undefined : result
  },

  setProperty(run: VtlRun, base: VtlValue, name: string, value: VtlValue): void {
    const target = owned(base, run)
    if (!(target instanceof Map)) return
    run.allocate(PROPERTY_SIZE)
    target.set(name, value ?? null)
  },

  setIndex(run: VtlRun, base: VtlValue, index: VtlValue, value: VtlValue): void {
    const target = owned(base, run)
    if (target instanceof Map) mapMethods['put']?.(target, [index, value], run)
    else if (target instanceof VtlList && typeof index === 'number') target[listIndex(target, index)] = value ?? null
  },

  list(run: VtlRun, elements: readonly VtlValue[]): VtlList {
    run.allocate(ELEMENT_SIZE * (elements.length + 2))
    const list = new VtlList()
    for (let index = 0; index < elements.length; index++) list[index] = elements[index] ?? null
    return list
  },

  /** A map of keys and values in turn. */
  map(run: VtlRun, parts: readonly VtlValue[]): Map<unknown, VtlValue> {
    run.allocate(PROPERTY_SIZE * ((parts.length >> 1) + 1))
    const map = new Map<unknown, VtlValue>()
    for (let index = 0; index < parts.length; index += 2) {
      const key = parts[index]
      map.set(typeof key === 'object' && key !== null ? textOf(key, run) : (key ?? null), parts[index + 1] ?? null)
    }
    return map
  },

  /** `[from..to]`, upwards or downwards; null when a bound is no integer. */
  range(run: VtlRun, from: VtlValue, to: VtlValue): VtlList | null {
    const [first, last] = [bigOf(from), bigOf(to)]
    if (first === undefined || last === undefined) return null
    const length = Number(first <= last ? last - first : first - last) + 1
    run.allocate(ELEMENT_SIZE * length)
    run.charge(length)
    return runtime.rangeStart(run, first, last, length)
  },

  /** The elements over which `#foreach` goes for a range: never more than it takes. */
  rangeItems(run: VtlRun, from: VtlValue, to: VtlValue): VtlList {
    const [first, last] = [bigOf(from), bigOf(to)]
    if (first === undefined || last === undefined) return new VtlList()
    const length = Number(first <= last ? last - first : first - last) + 1
    return runtime.rangeStart(run, first, last, Math.min(length, MAX_FOREACH_ITERATIONS + 1))
  },

  rangeStart(_run: VtlRun, first: bigint, last: bigint, length: number): VtlList {
    const list = new VtlList()
    const step = first <= last ? 1 : -1
    const start = Number(first)
    for (let index = 0; index < length; index++) list[index] = start + step * index
    return list
  },

  /** The elements over which `#foreach` goes: of a list, or the values of a map; nothing for what is neither. */
  items(run: VtlRun, value: VtlValue): VtlList {
    const own = owned(value, run)
    if (own instanceof VtlList) return own
    if (own instanceof ListIterator) return own.list
    return own instanceof Map ? valuesOf(own, run) : new VtlList()
  },

  element,

  loop(length: number, parent: VtlValue): Loop {
    return new Loop(Math.min(length, MAX_FOREACH_ITERATIONS), parent instanceof Loop ? parent : undefined)
  },

  define(render: () => string): Definition {
    return new Definition(render)
  },

  enter(run: VtlRun, name: string): void {
    run.charge(1)
    if (++run.depth > MAX_MACRO_DEPTH) {
      throw new VtlError(`Max calling depth of ${MAX_MACRO_DEPTH} was exceeded in macro '${name}'`)
    }
  },

  leave(run: VtlRun): void {
    run.depth--
  },

  halt(run: VtlRun, text: string): never {
    throw new Halt(run.outer.join('') + text)
  },
}

export type VtlRuntime = typeof runtime

function namespaceMember(table: UtilTable, name: string): VtlValue {
  const found = table[name]
  return typeof found === 'object' ? new Namespace(found) : undefined
}

function loopProperty(loop: Loop, name: string): VtlValue {
  switch (name) {
    case 'index':
      return loop.index
    case 'count':
      return loop.index + 1
    case 'hasNext':
      return loop.index + 1 < loop.length
    case 'first':
      return loop.index === 0
    case 'last':
      return loop.index + 1 === loop.length
    case 'parent':
      return loop.parent
    case 'topmost': {
      let top = loop
      while (top.parent !== undefined) top = top.parent
      return top
    }
    default:
      return undefined
  }
}

/** Negative indexes count from the end, as Velocity has it. */
function listIndex(list: VtlList, index: number): number {
  const at = index < 0 ? list.length + index : index
  if (!Number.isInteger(at) || at < 0 || at >= list.length) {
    throw javaException('IndexOutOfBoundsException', `Index ${index} out of bounds for length ${list.length}`)
  }
  return at
}

/** A method's name with what it is for each class of values, looked up when the template is compiled. */
export interface Selector {
  name: string
  string: Method<string> | undefined
  boolean: Method<boolean> | undefined
  map: Method<Map<unknown, VtlValue>> | undefined
  list: Method<VtlList> | undefined
  number: Method<number | FloatNumber | BigNumber> | undefined
  entry: Method<MapEntry> | undefined
  iterator: Method<ListIterator> | undefined
}

export function selectorOf(name: string): Selector {
  return {
    name,
    string: stringMethods[name],
    boolean: booleanMethods[name],
    map: mapMethods[name],
    list: listMethods[name],
    number: numberMethods[name],
    entry: entryMethods[name],
    iterator: iteratorMethods[name],
  }
}

function invoke(run: VtlRun, value: VtlValue, selector: Selector, args: readonly VtlValue[]): VtlValue {
  if (value instanceof Map) return apply(selector.map, value, args, run)
  if (typeof value === 'string') return apply(selector.string, value, args, run)
  if (value instanceof VtlList) return apply(selector.list, value, args, run)
  if (typeof value === 'boolean') return apply(selector.boolean, value, args, run)
  if (isNumber(value)) return apply(selector.number, value, args, run)
  if (value instanceof MapEntry) return apply(selector.entry, value, args, run)
  if (value instanceof ListIterator) return apply(selector.iterator, value, args, run)
  if (value instanceof Loop && args.length === 0) return loopMethod(value, selector.name)
  return NO_SUCH_METHOD
}

function loopMethod(loop: Loop, name: string): VtlValue {
  switch (name) {
    case 'hasNext':
      return loopProperty(loop, 'hasNext')
    case 'getIndex':
      return loop.index
    case 'getCount':
      return loop.index + 1
    case 'isFirst':
      return loop.index === 0
    case 'isLast':
      return loopProperty(loop, 'last')
    case 'getParent':
      return loop.parent
    default:
      return NO_SUCH_METHOD
  }
}

function apply<T>(method: Method<T> | undefined, self: T, args: readonly VtlValue[], run: VtlRun): VtlValue {
  return method === undefined ? NO_SUCH_METHOD : method(self, args, run)
}
