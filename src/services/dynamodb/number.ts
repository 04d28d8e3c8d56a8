import { RequestError } from './errors.ts'

/**
 * DynamoDB's numbers: decimals of up to 38 significant digits between 1E-130 and 9.99…E+125, kept as canonical text
 * in plain notation (`-0.5`, `1000`), never as a JavaScript number.
 */

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-data-types-number */
const MAX_DIGITS = 38
const MAX_EXPONENT = 125
const MIN_EXPONENT = -130

/** Longest text that is looked at: far above any number that fits, far below what would cost time. */
const MAX_TEXT_LENGTH = 1_000

/** A number taken apart: sign × 0.d₁d₂… × 10^(exponent + 1), without leading or trailing zeros; zero has no digits. */
export interface Decimal {
  negative: boolean
  digits: string
  /** Power of ten of the first digit. */
  exponent: number
}

const SHORT_INTEGER = /^(?:0|-?[1-9][0-9]{0,14})$/
const NUMBER = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?$/

/** The canonical text of a number as a client wrote it. Throws DynamoDB's ValidationException. */
export function canonicalNumber(text: string): string {
  if (SHORT_INTEGER.test(text)) return text
  return formatDecimal(parseNumber(text))
}

/** Reads and bounds a number. Throws DynamoDB's ValidationException. */
export function parseNumber(text: string): Decimal {
  if (text === '')
    throw new RequestError(
      'The parameter cannot be converted to a numeric value: ',
      'The parameter cannot be converted to a numeric value',
    )
  const notNumeric = (): Error =>
    new RequestError(`The parameter cannot be converted to a numeric value: ${text.slice(0, MAX_TEXT_LENGTH)}`)
  if (text.length > MAX_TEXT_LENGTH) throw notNumeric()
  const match = NUMBER.exec(text)
  if (match === null) throw notNumeric()
  const [, sign = '', whole = '', fraction = '', power = '0'] = match
  if (whole === '' && fraction === '') throw notNumeric()
  return bounded(normalised(sign === '-', whole + fraction, Number(power) + whole.length - 1))
}

function normalised(negative: boolean, digits: string, exponent: number): Decimal {
  let start = 0
  while (start < digits.length && digits[start] === '0') start++
  let end = digits.length
  while (end > start && digits[end - 1] === '0') end--
  if (start === end) return { negative: false, digits: '', exponent: 0 }
  return { negative, digits: digits.slice(start, end), exponent: exponent - start }
}

function bounded(decimal: Decimal): Decimal {
  if (decimal.digits === '') return decimal
  if (decimal.exponent > MAX_EXPONENT)
    throw new RequestError('Number overflow. Attempting to store a number with magnitude larger than supported range')
  if (decimal.exponent < MIN_EXPONENT)
    throw new RequestError('Number underflow. Attempting to store a number with magnitude smaller than supported range')
  if (decimal.digits.length > MAX_DIGITS)
    throw new RequestError('Attempting to store more than 38 significant digits in a Number')
  return decimal
}

function formatDecimal({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '0'
  const sign = negative ? '-' : ''
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return sign + digits + '0'.repeat(exponent + 1 - digits.length)
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

/** Takes canonical text apart. */
export function decimalOf(canonical: string): Decimal {
  const negative = canonical.startsWith('-')
  const text = negative ? canonical.slice(1) : canonical
  const point = text.indexOf('.')
  if (point === -1) return normalised(negative, text, text.length - 1)
  return normalised(negative, text.slice(0, point) + text.slice(point + 1), point - 1)
}

/** Sum of two canonical numbers. Throws when the result has more digits or a larger magnitude than DynamoDB stores. */
export function addNumbers(left: string, right: string): string {
  if (SHORT_INTEGER.test(left) && SHORT_INTEGER.test(right)) {
    const sum = Number(left) + Number(right)
    return String(sum === 0 ? 0 : sum)
  }
  const a = decimalOf(left)
  const b = decimalOf(right)
  if (a.digits === '') return right
  if (b.digits === '') return left
  // Digits that lie further apart than can be stored cannot add up to a number that can.
  const scale = Math.max(a.digits.length - 1 - a.exponent, b.digits.length - 1 - b.exponent)
  const sum = scaled(a, scale) + scaled(b, scale)
  const digits = (sum < 0n ? -sum : sum).toString()
  return formatDecimal(bounded(normalised(sum < 0n, digits, digits.length - 1 - scale)))
}

function scaled({ negative, digits, exponent }: Decimal, scale: number): bigint {
  const value = BigInt(digits) * 10n ** BigInt(scale - (digits.length - 1 - exponent))
  return negative ? -value : value
}

/** Difference of two canonical numbers; limits as `addNumbers`. */
export function subtractNumbers(left: string, right: string): string {
  return addNumbers(left, negated(right))
}

function negated(canonical: string): string {
  if (canonical === '0') return canonical
  return canonical.startsWith('-') ? canonical.slice(1) : `-${canonical}`
}

/** Orders canonical numbers: negative, zero or positive. */
export function compareNumbers(left: string, right: string): number {
  if (left === right) return 0
  if (SHORT_INTEGER.test(left) && SHORT_INTEGER.test(right)) return Number(left) - Number(right)
  const a = decimalOf(left)
  const b = decimalOf(right)
  const signs = signOf(a) - signOf(b)
  if (signs !== 0) return signs
  const magnitude =
    a.exponent !== b.exponent ? a.exponent - b.exponent : a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0
  return a.negative ? -magnitude : magnitude
}

function signOf({ negative, digits }: Decimal): number {
  return digits === '' ? 0 : negative ? -1 : 1
}

/**
 * The bytes of a number, ordered as the numbers are. An exponent byte and base-100 digits, as DynamoDB keeps them:
 * its order of partitions follows a hash of these bytes.
 */
export function encodeNumber(canonical: string): Uint8Array {
  const { negative, digits, exponent } = decimalOf(canonical)
  if (digits === '') return Uint8Array.of(0x80)
  const power = exponent + 1
  const padded = (power % 2 === 0 ? '' : '0') + digits
  const pairs = (padded.length + 1) >> 1
  const terminated = negative && pairs < 20
  const bytes = new Uint8Array(1 + pairs + (terminated ? 1 : 0))
  const head = (Math.ceil(power / 2) + 192) & 0xff
  bytes[0] = negative ? head ^ 0xff : head
  for (let index = 0; index < pairs; index++) {
    const tens = padded.charCodeAt(index * 2) - 48
    const unit = index * 2 + 1 < padded.length ? padded.charCodeAt(index * 2 + 1) - 48 : 0
    const value = tens * 10 + unit
    bytes[index + 1] = negative ? 101 - value : value + 1
  }
  if (terminated) bytes[pairs + 1] = 102
  return bytes
}
