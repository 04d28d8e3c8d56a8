import { RE2JS } from 're2js'
import { type Budget, BudgetSpent, ELEMENT_SIZE, MAX_EVALUATED_SIZE } from '../../emit/budget.ts'
import { CHARACTERS_PER_STEP, madeList, madeText, rangeError, toInteger, toText } from '../coerce.ts'
import { ProgramError, typeError } from '../programError.ts'
import { methodTable } from './methodTable.ts'

export type StringMethod = (budget: Budget, text: string, args: readonly unknown[]) => unknown

/** Compiled patterns of `replace` and `replaceAll`; the oldest goes when it is full. */
const patterns = new Map<string, RE2JS>()
const MAX_PATTERNS = 200

/** Characters that mean something in a pattern; a text without them is found as it is. */
const META = /[\\^$.|?*+()[\]{}]/

function compilePattern(pattern: string): RE2JS {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    try {
      compiled = RE2JS.compile(pattern)
    } catch (error) {
      throw new ProgramError(
        'SyntaxError',
        `Invalid regular expression: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    const oldest = patterns.keys().next()
    if (patterns.size >= MAX_PATTERNS && oldest.done !== true) patterns.delete(oldest.value)
    patterns.set(pattern, compiled)
  }
  return compiled
}

/**
 * `replace` and `replaceAll`: AppSync reads the pattern as java.util.regex.Pattern (documented on both methods); the
 * replacement's `$1`, `$&` and `$$` mean what they mean in JavaScript.
 */
function replace(budget: Budget, text: string, args: readonly unknown[], isAll: boolean): string {
  if (typeof args[0] === 'function' || typeof args[1] === 'function') {
    throw typeError('Functions can not be passed as an argument')
  }
  const pattern = toText(budget, args[0])
  const replacement = toText(budget, args[1])
  budget.charge((text.length * (1 + pattern.length / 8)) / 8)
  if (!META.test(pattern) && !replacement.includes('$')) {
    if (replacement.length > pattern.length) {
      const most = pattern === '' ? text.length + 1 : text.length / pattern.length
      if (text.length + most * replacement.length > MAX_EVALUATED_SIZE)
        boundReplaced(budget, text, pattern, replacement)
    }
    // As functions, so that nothing in the replacement is read as a pattern.
    return madeText(
      budget,
      isAll ? text.replaceAll(pattern, () => replacement) : text.replace(pattern, () => replacement),
    )
  }
  const matcher = compilePattern(pattern).matcher(text)
  const parts: string[] = []
  let length = 0
  let end = 0
  const append = (part: string): void => {
    length += part.length
    if (length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
    parts.push(part)
  }
  while (matcher.find()) {
    budget.charge(4)
    append(text.slice(end, matcher.start()))
    append(expand(replacement, (group) => (group <= matcher.groupCount() ? (matcher.group(group) ?? '') : undefined)))
    end = matcher.end()
    if (!isAll) break
  }
  append(text.slice(end))
  return madeText(budget, parts.join(''))
}

/** Counts the places exactly where the cautious guess would be too large. */
function boundReplaced(budget: Budget, text: string, pattern: string, replacement: string): void {
  let places = 0
  if (pattern === '') places = text.length + 1
  else for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + pattern.length)) places++
  budget.charge(places)
  if (text.length + places * replacement.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
}

function expand(replacement: string, group: (index: number) => string | undefined): string {
  if (!replacement.includes('$')) return replacement
  return replacement.replace(/\$(\$|&|\d{1,2})/g, (whole, mark: string) => {
    if (mark === '$') return '$'
    if (mark === '&') return group(0) ?? ''
    const two = group(Number(mark))
    if (two !== undefined && mark !== '0' && mark !== '00') return two
    const one = mark.length === 2 && mark[0] !== '0' ? group(Number(mark[0])) : undefined
    return one === undefined ? whole : one + (mark[1] ?? '')
  })
}

function search(budget: Budget, text: string, wanted: string): void {
  budget.charge((text.length + wanted.length) / CHARACTERS_PER_STEP)
}

function index(budget: Budget, value: unknown, length: number): number {
  return Math.min(Math.max(toInteger(budget, value), 0), length)
}

function split(budget: Budget, text: string, args: readonly unknown[]): unknown[] {
  const limit = args[1] === undefined ? undefined : toInteger(budget, args[1])
  if (args[0] === undefined) return madeList(budget, [text])
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
    return text.lastIndexOf(part, from === undefined ? undefined : index(budget, from, text.length))
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
