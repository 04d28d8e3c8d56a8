import { type Budget, BudgetSpent, ELEMENT_SIZE, MAX_NESTING } from '../../emit/budget.ts'
import { asClosure, type Closure, joinText, madeList, toInteger, toText } from '../coerce.ts'
import { same } from '../operators.ts'
import { typeError } from '../programError.ts'
import { methodTable } from './methodTable.ts'

export type ArrayMethod = (budget: Budget, list: unknown[], args: readonly unknown[]) => unknown

/** A position as `slice`, `fill`, `splice` and `at` read it: negative counts from the end, cut to the list. */
function position(budget: Budget, value: unknown, length: number, missing: number): number {
  if (value === undefined) return missing
  const index = toInteger(budget, value)
  return index < 0 ? Math.max(length + index, 0) : Math.min(index, length)
}

/** Walks a list with a callback; elements added meanwhile are not visited, as in JavaScript. */
function each(
  budget: Budget,
  list: unknown[],
  callback: unknown,
  visit: (result: unknown, element: unknown, index: number) => boolean | undefined,
): void {
  const closure = asClosure(callback)
  const { length } = list
  for (let index = 0; index < length && index < list.length; index++) {
    if (--budget.steps < 0) budget.stepsSpent()
    const element = list[index]
    if (visit(closure(element, index, list), element, index) === true) return
  }
}

function eachBackwards(
  budget: Budget,
  list: unknown[],
  callback: unknown,
  visit: (result: unknown, element: unknown, index: number) => boolean,
): void {
  const closure = asClosure(callback)
  for (let index = list.length - 1; index >= 0; index--) {
    if (--budget.steps < 0) budget.stepsSpent()
    const element = list[index]
    if (visit(closure(element, index, list), element, index)) return
  }
}

function fold(budget: Budget, list: unknown[], args: readonly unknown[], order: (index: number) => number): unknown {
  const closure: Closure = asClosure(args[0])
  const { length } = list
  let start = 0
  let value = args[1]
  if (args.length < 2) {
    if (length === 0) throw typeError('Reduce of empty array with no initial value')
    value = list[order(0)]
    start = 1
  }
  for (let turn = start; turn < length; turn++) {
    if (--budget.steps < 0) budget.stepsSpent()
    const index = order(turn)
    value = closure(value, list[index], index, list)
  }
  return value
}

function flatten(budget: Budget, list: readonly unknown[], depth: number, into: unknown[], level: number): unknown[] {
  if (level >= MAX_NESTING) throw new BudgetSpent('nesting')
  for (let index = 0; index < list.length; index++) {
    budget.charge(1)
    const element = list[index]
    if (depth > 0 && Array.isArray(element)) flatten(budget, element, depth - 1, into, level + 1)
    else {
      budget.allocate(ELEMENT_SIZE)
      into.push(element)
    }
  }
  return into
}

/** The comparison of `sort()` without arguments: by text, undefined last. */
function sortedByText(budget: Budget, list: unknown[]): unknown[] {
  budget.charge(list.length * 4)
  const texts = list
    .filter((element) => element !== undefined)
    .map((element) => ({ element, text: toText(budget, element) }))
  let characters = 0
  for (const { text } of texts) characters += Math.min(text.length, 64)
  const turns = Math.ceil(Math.log2(texts.length + 2))
  budget.charge((texts.length + characters / 8) * turns)
  texts.sort((a, b) => {
    if (a.text.length > 64 && b.text.length > 64) budget.charge(Math.min(a.text.length, b.text.length) / 64)
    return a.text < b.text ? -1 : a.text > b.text ? 1 : 0
  })
  const { length } = list
  for (let index = 0; index < length; index++) list[index] = texts[index]?.element
  return list
}

export const arrayMethods = methodTable<ArrayMethod>({
  at: (budget, list, [index]) => {
    const at = toInteger(budget, index)
    return list[at < 0 ? list.length + at : at]
  },
  concat: (budget, list, args) => {
    let length = list.length
    for (const arg of args) length += Array.isArray(arg) ? arg.length : 1
    budget.charge(length)
    budget.allocate(length * ELEMENT_SIZE)
    const result = list.slice()
    for (const arg of args) {
      if (Array.isArray(arg)) for (let index = 0; index < arg.length; index++) result.push(arg[index])
      else result.push(arg)
    }
    return result
  },
  every: (budget, list, [callback]) => {
    let result = true
    each(budget, list, callback, (kept) => {
      if (!kept) result = false
      return !kept
    })
    return result
  },
  fill: (budget, list, [value, from, to]) => {
    const start = position(budget, from, list.length, 0)
    const end = position(budget, to, list.length, list.length)
    budget.charge(Math.max(0, end - start))
    return list.fill(value, start, end)
  },
  filter: (budget, list, [callback]) => {
    const result: unknown[] = []
    each(budget, list, callback, (kept, element) => {
      if (kept) {
        budget.allocate(ELEMENT_SIZE)
        result.push(element)
      }
      return undefined
    })
    return result
  },
  find: (budget, list, [callback]) => {
    let result: unknown
    each(budget, list, callback, (found, element) => {
      if (found) result = element
      return Boolean(found)
    })
    return result
  },
  findIndex: (budget, list, [callback]) => {
    let result = -1
    each(budget, list, callback, (found, _, index) => {
      if (found) result = index
      return Boolean(found)
    })
    return result
  },
  findLast: (budget, list, [callback]) => {
    let result: unknown
    eachBackwards(budget, list, callback, (found, element) => {
      if (found) result = element
      return Boolean(found)
    })
    return result
  },
  findLastIndex: (budget, list, [callback]) => {
    let result = -1
    eachBackwards(budget, list, callback, (found, _, index) => {
      if (found) result = index
      return Boolean(found)
    })
    return result
  },
  flat: (budget, list, [depth]) => flatten(budget, list, depth === undefined ? 1 : toInteger(budget, depth), [], 0),
  flatMap: (budget, list, [callback]) => {
    const result: unknown[] = []
    each(budget, list, callback, (made) => {
      flatten(budget, [made], 1, result, 0)
      return undefined
    })
    return result
  },
  forEach: (budget, list, [callback]) => {
    each(budget, list, callback, () => undefined)
    return undefined
  },
  includes: (budget, list, [wanted, from]) => {
    for (let index = position(budget, from, list.length, 0); index < list.length; index++) {
      budget.charge(1)
      const element = list[index]
      if (same(budget, element, wanted) || (Number.isNaN(wanted) && Number.isNaN(element))) return true
    }
    return false
  },
  indexOf: (budget, list, [wanted, from]) => {
    for (let index = position(budget, from, list.length, 0); index < list.length; index++) {
      budget.charge(1)
      if (same(budget, list[index], wanted)) return index
    }
    return -1
  },
  join: (budget, list, [separator]) =>
    joinText(budget, list, separator === undefined ? ',' : toText(budget, separator)),
  lastIndexOf: (budget, list, args) => {
    const from = args.length < 2 ? list.length - 1 : toInteger(budget, args[1])
    for (let index = from < 0 ? list.length + from : Math.min(from, list.length - 1); index >= 0; index--) {
      budget.charge(1)
      if (same(budget, list[index], args[0])) return index
    }
    return -1
  },
  map: (budget, list, [callback]) => {
    const { length } = list
    const result: unknown[] = []
    each(budget, list, callback, (made) => {
      budget.allocate(ELEMENT_SIZE)
      result.push(made)
      return undefined
    })
    // Elements that the callback took away leave holes.
    while (result.length < length) result.push(undefined)
    return result
  },
  pop: (_, list) => list.pop(),
  push: (budget, list, args) => {
    budget.charge(args.length)
    budget.allocate(args.length * ELEMENT_SIZE)
    for (let index = 0; index < args.length; index++) list.push(args[index])
    return list.length
  },
  reduce: (budget, list, args) => fold(budget, list, args, (turn) => turn),
  reduceRight: (budget, list, args) => {
    const last = list.length - 1
    return fold(budget, list, args, (turn) => last - turn)
  },
  reverse: (budget, list) => {
    budget.charge(list.length)
    return list.reverse()
  },
  shift: (budget, list) => {
    budget.charge(list.length / 8)
    return list.shift()
  },
  slice: (budget, list, [from, to]) => {
    const start = position(budget, from, list.length, 0)
    const end = position(budget, to, list.length, list.length)
    budget.charge(Math.max(0, end - start))
    return madeList(budget, list.slice(start, end))
  },
  some: (budget, list, [callback]) => {
    let result = false
    each(budget, list, callback, (found) => {
      if (found) result = true
      return Boolean(found)
    })
    return result
  },
  sort: (budget, list, args) => {
    if (args[0] !== undefined) throw typeError('Array.prototype.sort does not support arguments')
    return sortedByText(budget, list)
  },
  splice: (budget, list, args) => {
    budget.charge(list.length + args.length)
    budget.allocate((list.length + args.length) * ELEMENT_SIZE)
    if (args.length === 0) return []
    const start = position(budget, args[0], list.length, 0)
    const count =
      args.length === 1 ? list.length - start : Math.min(Math.max(toInteger(budget, args[1]), 0), list.length - start)
    return list.splice(start, count, ...args.slice(2))
  },
  unshift: (budget, list, args) => {
    budget.charge(list.length / 8 + args.length)
    budget.allocate(args.length * ELEMENT_SIZE)
    return list.unshift(...args)
  },
})

/** Methods whose argument is a callback: the only places where a function may be handed on. */
export const CALLBACK_METHODS: ReadonlySet<string> = new Set([
  'every',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'flatMap',
  'forEach',
  'map',
  'reduce',
  'reduceRight',
  'some',
])
