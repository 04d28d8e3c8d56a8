import { type Budget, BudgetSpent, ELEMENT_SIZE, MAX_EVALUATED_SIZE } from '../../emit/budget.ts'
import { replaceMatches } from '../../util/regex/replace.ts'
import { CHARACTERS_PER_STEP, madeList, madeText, rangeError, toInteger, toNumber, toText } from '../coerce.ts'
import { typeError } from '../programError.ts'
import { methodTable } from './methodTable.ts'

export type StringMethod = (budget: Budget, text: string, args: readonly unknown[]) => unknown

/** Characters that mean something in a pattern; a text without them is found as it is. */
const META = /[\\^$.|?*+()[\]{}]/

/**
 * `replace` and `replaceAll`: AppSync documents that the pattern is read as java.util.regex.Pattern. A pattern without
 * special characters is found as it is, and its replacement is JavaScript's (`$&`, `$$`); otherwise the replacement is
 * Java's too.
 */
function replace(budget: Budget, text: string, args: readonly unknown[], isAll: boolean): string {
  if (typeof args[0] === 'function' || typeof args[1] === 'function') {
    throw typeError('Functions can not be passed as an argument')
  }
  const pattern = toText(budget, args[0])
  const given = toText(budget, args[1])
  budget.charge((text.length + pattern.length) / 8)
  if (META.test(pattern)) return madeText(budget, replaceMatches(text, pattern, given, isAll, budget))
  const replacement = given.includes('$')
    ? given.replace(/\$([$&])/g, (_, mark) => (mark === '$' ? '$' : pattern))
    : given
  if (isAll) chargePlaces(budget, text, pattern, replacement)
  else if (text.length + replacement.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  // As a function, so that nothing in the replacement is read as a pattern once more.
  const result = isAll ? text.replaceAll(pattern, () => replacement) : text.replace(pattern, () => replacement)
  return madeText(budget, result)
}

/** Counts the places that are replaced before they are, and refuses a result that would be too large. */
function chargePlaces(budget: Budget, text: string, pattern: string, replacement: string): void {
  let places = 0
  if (pattern === '') places = text.length + 1
  else for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + pattern.length)) places++
  budget.charge(places * 4)
  const length = text.length + places * (replacement.length - pattern.length)
  if (length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
}

function search(budget: Budget, text: string, wanted: string): void {
  budget.charge((text.length + wanted.length) / CHARACTERS_PER_STEP)
}

function index(budget: Budget, value: unknown, length: number): number {
  return Math.min(Math.max(toInteger(budget, value), 0), length)
}

function split(budget: Budget, text: string, args: readonly unknown[]): unknown[] {
  const limit = args[1] === undefined ? undefined : toInteger(budget, args[1])
  if (args[0] === undefined) return limit === 0 ? [] : madeList(budget, [text])
  const separator = toText(budget, args[0])
  search(budget, text, separator)
  let count = text.length
  if (separator !== '') {
    count = 1
    for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + separator.length)) count++
  }
  budget.charge(count)
  budget.allocate(count * (ELEMENT_SIZE + 16) + text.length)
  return limit === undefined ? text.split(separator) : text.split(separator, limit)
}

function normalize(budget: Budget, text: string, form: unknown): string {
  const name = form === undefined ? 'NFC' : toText(budget, form)
  if (!['NFC', 'NFD', 'NFKC', 'NFKD'].includes(name)) {
    throw rangeError('The normalization form should be one of NFC, NFD, NFKC, NFKD.')
  }
  budget.charge(text.length)
  return madeText(budget, text.normalize(name))
}

const trimmed = (budget: Budget, text: string, result: string): string => {
  budget.charge(text.length / CHARACTERS_PER_STEP)
  return result
}

/** AppSync's documented methods, and those that its linter lets pass. */
export const stringMethods = methodTable<StringMethod>({
  at: (budget, text, [at]) => {
    budget.charge(text.length / CHARACTERS_PER_STEP / 16)
    return text.at(toInteger(budget, at))
  },
  charAt: (budget, text, [at]) => {
    budget.charge(text.length / CHARACTERS_PER_STEP / 16)
    return text.charAt(toInteger(budget, at))
  },
  codePointAt: (budget, text, [at]) => {
    budget.charge(text.length / CHARACTERS_PER_STEP / 16)
    return text.codePointAt(toInteger(budget, at))
  },
  concat: (budget, text, args) => {
    let result = text
    for (const arg of args) {
      budget.charge(1)
      result += toText(budget, arg)
      if (result.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
    }
    return madeText(budget, result)
  },
  endsWith: (budget, text, [wanted, end]) => {
    const part = toText(budget, wanted)
    search(budget, text, part)
    return text.endsWith(part, end === undefined ? undefined : index(budget, end, text.length))
  },
  includes: (budget, text, [wanted, from]) => {
    const part = toText(budget, wanted)
    search(budget, text, part)
    return text.includes(part, index(budget, from, text.length))
  },
  indexOf: (budget, text, [wanted, from]) => {
    const part = toText(budget, wanted)
    search(budget, text, part)
    return text.indexOf(part, index(budget, from, text.length))
  },
  lastIndexOf: (budget, text, [wanted, from]) => {
    const part = toText(budget, wanted)
    search(budget, text, part)
    const position = toNumber(budget, from)
    return text.lastIndexOf(part, Number.isNaN(position) ? undefined : position)
  },
  normalize: (budget, text, [form]) => normalize(budget, text, form),
  replace: (budget, text, args) => replace(budget, text, args, false),
  replaceAll: (budget, text, args) => replace(budget, text, args, true),
  slice: (budget, text, [from, to]) =>
    madeText(budget, text.slice(toInteger(budget, from), to === undefined ? undefined : toInteger(budget, to))),
  split: (budget, text, args) => split(budget, text, args),
  startsWith: (budget, text, [wanted, from]) => {
    const part = toText(budget, wanted)
    search(budget, text, part)
    return text.startsWith(part, index(budget, from, text.length))
  },
  substr: (budget, text, [from, length]) => {
    const start = toInteger(budget, from)
    const first = start < 0 ? Math.max(text.length + start, 0) : Math.min(start, text.length)
    const count = length === undefined ? text.length - first : Math.max(toInteger(budget, length), 0)
    return madeText(budget, text.slice(first, first + count))
  },
  substring: (budget, text, [from, to]) =>
    madeText(budget, text.substring(toInteger(budget, from), to === undefined ? text.length : toInteger(budget, to))),
  toLowerCase: (budget, text) => madeText(budget, text.toLowerCase()),
  toString: (_: Budget, text: string) => text,
  toUpperCase: (budget, text) => madeText(budget, text.toUpperCase()),
  trim: (budget, text) => trimmed(budget, text, text.trim()),
  trimEnd: (budget, text) => trimmed(budget, text, text.trimEnd()),
  trimStart: (budget, text) => trimmed(budget, text, text.trimStart()),
})
