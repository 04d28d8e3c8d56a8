import { type Budget, ELEMENT_SIZE } from '../../emit/budget.ts'
import { NO_SUCH_METHOD } from '../../util/environment.ts'
import { patternOf, replaceMatches, splitMatches } from '../../util/regex/replace.ts'
import { javaEquals, listOf, textOf, type VtlValue } from '../values.ts'
import { formatText } from './format.ts'
import { hashOf, javaException, type Method, overloaded, tableOf, withArguments } from './method.ts'

function indexError(index: number, length: number): Error {
  return javaException('StringIndexOutOfBoundsException', `String index out of range: ${index} (length ${length})`)
}

/** Charges what a pass over the text costs. */
function passing(work: Method<string>): Method<string> {
  return (self, args, budget) => {
    budget.charge(self.length >> 3)
    return work(self, args, budget)
  }
}

/** A text made from the text. */
function making(work: (self: string) => string): Method<string> {
  return withArguments([], (self, _args, budget) => made(work(self), budget))
}

function made(text: string, budget: Budget): string {
  budget.charge(text.length >> 3)
  budget.allocate(text.length)
  return text
}

function character(value: VtlValue): string {
  return String(value)
}

function substring(self: string, from: number, to: number, budget: Budget): string {
  if (from < 0 || to > self.length || from > to) {
    throw javaException('StringIndexOutOfBoundsException', `begin ${from}, end ${to}, length ${self.length}`)
  }
  return made(self.slice(from, to), budget)
}

function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = a.charCodeAt(index) - b.charCodeAt(index)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function isBlankCode(code: number): boolean {
  return code <= 32
}

/** Java's `trim`: everything up to the space at both ends. */
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlankCode(text.charCodeAt(start))) start++
  while (end > start && isBlankCode(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const replaceAll = (isAll: boolean) =>
  withArguments<string>(['string', 'string'], (self, [pattern, replacement], budget) => {
    budget.charge(self.length >> 3)
    return replaceMatches(self, pattern as string, replacement as string, isAll, budget)
  })

function split(self: string, pattern: string, limit: number, budget: Budget): VtlValue {
  budget.charge(self.length >> 3)
  return listOf(splitMatches(self, pattern, limit, budget), budget)
}

function indexOf(isLast: boolean): Method<string> {
  const find = (self: string, part: string, from: number | undefined) =>
    isLast ? self.lastIndexOf(part, from) : self.indexOf(part, from)
  return passing(
    overloaded<string>(
      withArguments(['string'], (self, [part]) => find(self, part as string, undefined)),
      withArguments(['string', 'int'], (self, [part, from]) => {
        if (isLast && (from as number) < 0) return -1
        return find(self, part as string, from as number)
      }),
      withArguments(['int'], (self, [code]) => find(self, codeText(code as number), undefined)),
    ),
  )
}

function codeText(code: number): string {
  return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\uffff\uffff'
}

/** Methods of java.lang.String. */
export const stringMethods = tableOf<string>({
  length: withArguments([], (self) => self.length),
  isEmpty: withArguments([], (self) => self === ''),
  isBlank: withArguments([], (self) => self.trim() === ''),
  charAt: withArguments(['int'], (self, [index]) => {
    const at = index as number
    if (at < 0 || at >= self.length) throw indexError(at, self.length)
    return self[at]
  }),
  codePointAt: withArguments(['int'], (self, [index]) => {
    const at = index as number
    if (at < 0 || at >= self.length) throw indexError(at, self.length)
    return self.codePointAt(at)
  }),
  substring: overloaded(
    withArguments(['int'], (self, [from], budget) => substring(self, from as number, self.length, budget)),
    withArguments(['int', 'int'], (self, [from, to], budget) => substring(self, from as number, to as number, budget)),
  ),
  subSequence: withArguments(['int', 'int'], (self, [from, to], budget) =>
    substring(self, from as number, to as number, budget),
  ),
  indexOf: indexOf(false),
  lastIndexOf: indexOf(true),
  contains: passing(withArguments(['string'], (self, [part]) => self.includes(part as string))),
  startsWith: overloaded(
    withArguments(['string'], (self, [part]) => self.startsWith(part as string)),
    withArguments(
      ['string', 'int'],
      (self, [part, at]) => (at as number) >= 0 && self.startsWith(part as string, at as number),
    ),
  ),
  endsWith: withArguments(['string'], (self, [part]) => self.endsWith(part as string)),
  equals: withArguments(['any'], (self, [other], budget) => javaEquals(self, other, budget)),
  equalsIgnoreCase: passing(
    withArguments(['any'], (self, [other]) => typeof other === 'string' && self.toLowerCase() === other.toLowerCase()),
  ),
  contentEquals: passing(withArguments(['string'], (self, [other]) => self === other)),
  compareTo: passing(withArguments(['string'], (self, [other]) => compare(self, other as string))),
  compareToIgnoreCase: passing(
    withArguments(['string'], (self, [other]) => compare(self.toLowerCase(), (other as string).toLowerCase())),
  ),
  concat: withArguments(['string'], (self, [other], budget) => made(self + (other as string), budget)),
  repeat: withArguments(['int'], (self, [count], budget) => {
    const times = count as number
    if (times < 0) throw javaException('IllegalArgumentException', `count is negative: ${times}`)
    budget.allocate(self.length * times)
    return self.repeat(times)
  }),
  replace: withArguments(['text', 'text'], (self, [part, replacement], budget) => {
    const from = character(part)
    const to = character(replacement)
    budget.charge(self.length >> 3)
    const parts = self.split(from)
    budget.allocate(self.length + parts.length * (to.length + ELEMENT_SIZE))
    return self.replaceAll(from, () => to)
  }),
  replaceAll: replaceAll(true),
  replaceFirst: replaceAll(false),
  split: overloaded(
    withArguments(['string'], (self, [pattern], budget) => split(self, pattern as string, 0, budget)),
    withArguments(['string', 'int'], (self, [pattern, limit], budget) =>
      split(self, pattern as string, limit as number, budget),
    ),
  ),
  matches: withArguments(['string'], (self, [pattern], budget) => {
    budget.charge((pattern as string).length)
    return patternOf(pattern as string).matches(self, budget)
  }),
  toUpperCase: making((self) => self.toUpperCase()),
  toLowerCase: making((self) => self.toLowerCase()),
  trim: making(trim),
  strip: making((self) => self.trim()),
  stripLeading: making((self) => self.trimStart()),
  stripTrailing: making((self) => self.trimEnd()),
  intern: withArguments([], (self) => self),
  toString: withArguments([], (self) => self),
  hashCode: withArguments([], (self, _args, budget) => hashOf(self, budget)),
  toCharArray: withArguments([], (self, _args, budget) => listOf(self.split(''), budget)),
  // Static methods, which templates call on any string.
  valueOf: withArguments(['any'], (_self, [value], budget) => textOf(value, budget)),
  format: (_self, args, budget) => {
    const [pattern, ...values] = args
    if (typeof pattern !== 'string') return NO_SUCH_METHOD
    return made(
      formatText(pattern, values.length === 1 && Array.isArray(values[0]) ? values[0] : values, budget),
      budget,
    )
  },
  join: (_self, args, budget) => {
    const [separator, ...values] = args
    if (typeof separator !== 'string' || values.length === 0) return NO_SUCH_METHOD
    const parts: readonly VtlValue[] = values.length === 1 && Array.isArray(values[0]) ? values[0] : values
    let size = 0
    const texts = parts.map((part) => {
      const text = textOf(part, budget)
      size += text.length + separator.length
      return text
    })
    budget.allocate(size)
    budget.charge(parts.length)
    return texts.join(separator)
  },
})
