import type { Budget } from '../../emit/budget.ts'
import { isNumber, numberOf } from '../../util/values.ts'
import { bigOf, textOf, type VtlValue } from '../values.ts'
import { hashOf, javaException } from './method.ts'

const SPECIFIER = /%(\d+\$)?([-#+ 0,(]*)(\d{1,4})?(?:\.(\d{1,3}))?([a-zA-Z%])/g
/** Widths above this are refused. */
const MAX_WIDTH = 1_000

/** Java's `String.format` for the conversions s, d, f, e, x, o, b, c, h, n and %, in US English. */
export function formatText(pattern: string, values: readonly VtlValue[], budget: Budget): string {
  let next = 0
  budget.charge(pattern.length)
  const result = pattern.replace(
    SPECIFIER,
    (
      whole,
      position: string | undefined,
      flags: string,
      widthText?: string,
      precisionText?: string,
      conversion = '',
    ) => {
      if (conversion === 'n') return '\n'
      if (conversion === '%') return padded('%', flags, Number(widthText ?? 0))
      const index = position === undefined ? next++ : Number.parseInt(position, 10) - 1
      if (index < 0 || index >= values.length)
        throw format('MissingFormatArgumentException', `Format specifier '${whole}'`)
      const width = Number(widthText ?? 0)
      if (width > MAX_WIDTH) throw format('IllegalFormatWidthException', String(width))
      const precision = precisionText === undefined ? undefined : Number(precisionText)
      const text = converted(values[index], conversion, flags, width, precision, whole, budget)
      budget.allocate(text.length)
      return text
    },
  )
  if (/%/.test(pattern.replace(SPECIFIER, ''))) throw format('UnknownFormatConversionException', "Conversion = '%'")
  return result
}

function format(name: string, message: string): Error {
  return javaException(name, message, 'java.util')
}

function padded(text: string, flags: string, width: number): string {
  return flags.includes('-') ? text.padEnd(width) : text.padStart(width)
}

function converted(
  value: VtlValue,
  conversion: string,
  flags: string,
  width: number,
  precision: number | undefined,
  whole: string,
  budget: Budget,
): string {
  const isUpper = conversion !== conversion.toLowerCase()
  const done = (text: string) => padded(isUpper ? text.toUpperCase() : text, flags, width)
  const cut = (text: string) => (precision === undefined ? text : text.slice(0, precision))
  const isNull = value === null || value === undefined
  switch (conversion.toLowerCase()) {
    case 's':
      return done(cut(textOf(value ?? null, budget)))
    case 'b':
      return done(cut(isNull ? 'false' : typeof value === 'boolean' ? String(value) : 'true'))
    case 'h':
      return done(isNull ? 'null' : (hashOf(textOf(value, budget), budget) >>> 0).toString(16))
    case 'c': {
      if (isNull) return done('null')
      const code = numberOf(value)
      if (code !== undefined && code >= 0 && code <= 0x10ffff) return done(String.fromCodePoint(code))
      if (typeof value === 'string' && value.length === 1) return done(value)
      break
    }
    case 'd':
    case 'x':
    case 'o': {
      if (isNull) return done('null')
      const integer = bigOf(value)
      if (integer === undefined || !isNumber(value)) break
      if (conversion !== 'd') {
        // Two's complement of an int or a long.
        const unsigned = integer >= 0n ? integer : BigInt.asUintN(integer >= -0x8000_0000n ? 32 : 64, integer)
        return signed(unsigned.toString(conversion.toLowerCase() === 'x' ? 16 : 8), false, flags, width, isUpper)
      }
      return signed((integer < 0n ? -integer : integer).toString(), integer < 0n, flags, width, false)
    }
    case 'f':
    case 'e': {
      if (isNull) return done('null')
      const number = numberOf(value)
      if (number === undefined) break
      if (!Number.isFinite(number)) return done(String(number))
      const digits = Math.min(precision ?? 6, 100)
      const absolute = Math.abs(number)
      const text =
        conversion === 'f' ? fixed(absolute, digits) : absolute.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2')
      return signed(text, number < 0, flags, width, isUpper)
    }
    default:
      throw format('UnknownFormatConversionException', `Conversion = '${conversion}'`)
  }
  const className =
    typeof value === 'string' ? 'java.lang.String' : isNumber(value) ? 'java.lang.Double' : 'java.lang.Object'
  throw format('IllegalFormatConversionException', `${whole.at(-1)} != ${className}`)
}

function fixed(value: number, digits: number): string {
  return value < 1e21 ? value.toFixed(digits) : `${BigInt(value)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`
}

function signed(digits: string, isNegative: boolean, flags: string, width: number, isUpper: boolean): string {
  let text = isUpper ? digits.toUpperCase() : digits
  if (flags.includes(',')) {
    const [whole, fraction] = text.split('.') as [string, string | undefined]
    text = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`)
  }
  const sign = isNegative
    ? flags.includes('(')
      ? '('
      : '-'
    : flags.includes('+')
      ? '+'
      : flags.includes(' ')
        ? ' '
        : ''
  const tail = sign === '(' ? ')' : ''
  if (flags.includes('0')) text = text.padStart(width - sign.length - tail.length, '0')
  return padded(sign + text + tail, flags, width)
}
