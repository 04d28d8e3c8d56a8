import type { Budget } from '../../emit/budget.ts'
import { NO_SUCH_METHOD } from '../../util/environment.ts'
import { type BigNumber, type FloatNumber, isNumber, numberOf } from '../../util/values.ts'
import { bigOf, compareNumbers, floatOf, integerOf, javaEquals, numberText, type VtlValue } from '../values.ts'
import { hashOf, javaException, type Method, tableOf, withArguments } from './method.ts'

type Numeric = number | FloatNumber | BigNumber

/** The integer part in so many bits, wrapped around as a Java cast does. */
function narrowed(value: Numeric, bits: number): VtlValue {
  const exact = bigOf(value)
  if (exact !== undefined) return integerOf(BigInt.asIntN(bits, exact))
  const number = numberOf(value) as number
  if (Number.isNaN(number)) return 0
  const limit = 2 ** (bits - 1)
  // Casting a double goes to the nearest end instead.
  if (number >= limit) return integerOf((1n << BigInt(bits - 1)) - 1n)
  if (number <= -limit) return integerOf(-(1n << BigInt(bits - 1)))
  return Math.trunc(number) + 0
}

function parseInteger(text: VtlValue, bits: number, radix = 10): VtlValue {
  const problem = () => {
    const shown = typeof text === 'string' ? `For input string: "${text.slice(0, 100)}"` : 'null'
    return javaException('NumberFormatException', shown)
  }
  if (typeof text !== 'string' || !/^[+-]?[0-9a-zA-Z]{1,100}$/.test(text)) throw problem()
  if (radix !== 10) {
    const value = Number.parseInt(text, radix)
    if (!Number.isSafeInteger(value)) throw problem()
    return value
  }
  if (!/^[+-]?\d+$/.test(text)) throw problem()
  const value = BigInt(text.replace('+', ''))
  if (BigInt.asIntN(bits, value) !== value) throw problem()
  return integerOf(value)
}

const parsing =
  (bits: number): Method<Numeric> =>
  (_self, args) => {
    const [text, radix] = args
    if (args.length === 1 && (typeof text === 'string' || text === null || text === undefined))
      return parseInteger(text, bits)
    const isRadix = typeof radix === 'number' && radix >= 2 && radix <= 36
    return args.length === 2 && typeof text === 'string' && isRadix ? parseInteger(text, bits, radix) : NO_SUCH_METHOD
  }

function parseDouble(text: VtlValue): VtlValue {
  if (typeof text !== 'string') throw javaException('NullPointerException', 'null')
  const trimmed = text.trim()
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?$/.test(trimmed)) {
    throw javaException(
      'NumberFormatException',
      trimmed === '' ? 'empty String' : `For input string: "${trimmed.slice(0, 100)}"`,
    )
  }
  return floatOf(Number(trimmed.replace(/[dDfF]$/, '')))
}

const twoNumbers = (work: (a: Numeric, b: Numeric) => VtlValue): Method<Numeric> =>
  withArguments(['any', 'any'], (_self, [a, b]) => (isNumber(a) && isNumber(b) ? work(a, b) : NO_SUCH_METHOD))

/** Methods of java.lang.Integer, Long and Double, static ones included, which templates call on any number. */
export const numberMethods = tableOf<Numeric>({
  intValue: withArguments([], (self) => narrowed(self, 32)),
  longValue: withArguments([], (self) => narrowed(self, 64)),
  shortValue: withArguments([], (self) => narrowed(self, 16)),
  byteValue: withArguments([], (self) => narrowed(self, 8)),
  doubleValue: withArguments([], (self) => floatOf(numberOf(self) as number)),
  floatValue: withArguments([], (self) => floatOf(Math.fround(numberOf(self) as number))),
  isNaN: withArguments([], (self) => Number.isNaN(numberOf(self))),
  isInfinite: withArguments([], (self) => Math.abs(numberOf(self) as number) === Number.POSITIVE_INFINITY),
  equals: withArguments(['any'], (self, [other], budget) => javaEquals(self, other, budget)),
  compareTo: withArguments(['any'], (self, [other]) =>
    isNumber(other) ? compareNumbers(self, other) : NO_SUCH_METHOD,
  ),
  hashCode: withArguments([], (self, _args, budget) => {
    const exact = bigOf(self)
    return exact !== undefined && BigInt.asIntN(32, exact) === exact ? Number(exact) : hashOf(numberText(self), budget)
  }),
  toString: (self: Numeric, args: readonly VtlValue[]) => {
    if (args.length === 0) return numberText(self)
    const [value] = args
    return args.length === 1 && isNumber(value) ? numberText(value) : NO_SUCH_METHOD
  },
  parseInt: parsing(32),
  parseLong: parsing(64),
  parseDouble: withArguments(['any'], (_self, [text]) => parseDouble(text)),
  parseFloat: withArguments(['any'], (_self, [text]) => parseDouble(text)),
  valueOf: (self: Numeric, args: readonly VtlValue[], budget: Budget) => {
    const [value] = args
    if (args.length === 1 && isNumber(value)) return value
    return bigOf(self) !== undefined && typeof self === 'number' ? parsing(64)(self, args, budget) : parseDouble(value)
  },
  max: twoNumbers((a, b) => (compareNumbers(a, b) >= 0 ? a : b)),
  min: twoNumbers((a, b) => (compareNumbers(a, b) <= 0 ? a : b)),
  compare: twoNumbers((a, b) => compareNumbers(a, b)),
  signum: withArguments(['any'], (_self, [a]) => (isNumber(a) ? compareNumbers(a, 0) : NO_SUCH_METHOD)),
})

/** Methods of java.lang.Boolean. */
export const booleanMethods = tableOf<boolean>({
  booleanValue: withArguments([], (self) => self),
  equals: withArguments(['any'], (self, [other]) => self === other),
  compareTo: withArguments(['any'], (self, [other]) =>
    typeof other === 'boolean' ? Number(self) - Number(other) : NO_SUCH_METHOD,
  ),
  hashCode: withArguments([], (self) => (self ? 1231 : 1237)),
  toString: withArguments([], (self) => String(self)),
  parseBoolean: withArguments(['any'], (_self, [text]) => typeof text === 'string' && text.toLowerCase() === 'true'),
  valueOf: withArguments(
    ['any'],
    (_self, [text]) => text === true || (typeof text === 'string' && text.toLowerCase() === 'true'),
  ),
})
