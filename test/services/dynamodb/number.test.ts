import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addNumbers,
  canonicalNumber,
  compareNumbers,
  encodeNumber,
  subtractNumbers,
} from '../../../src/services/dynamodb/number.ts'

/** Numbers as text and as an exact fraction of 10^40. */
const SCALE = 40
const numbers = fc
  .tuple(fc.boolean(), fc.bigInt(0n, 10n ** 18n), fc.integer({ min: -20, max: 20 }))
  .map(([negative, digits, exponent]) => ({
    text: `${negative ? '-' : ''}${digits}e${exponent}`,
    exact: (negative ? -digits : digits) * 10n ** BigInt(exponent + SCALE),
  }))

function exactOf(canonical: string): bigint {
  const [whole = '', fraction = ''] = canonical.replace('-', '').split('.')
  const value = BigInt(whole + fraction) * 10n ** BigInt(SCALE - fraction.length)
  return canonical.startsWith('-') ? -value : value
}

const sign = (value: bigint | number): number => (value > 0 ? 1 : value < 0 ? -1 : 0)

describe('numbers', () => {
  it('keep their value in canonical text', () =>
    fc.assert(fc.property(numbers, ({ text, exact }) => exactOf(canonicalNumber(text)) === exact)))

  it('have one canonical text', () =>
    fc.assert(
      fc.property(numbers, ({ text }) => {
        const canonical = canonicalNumber(text)
        return canonicalNumber(canonical) === canonical && /^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/.test(canonical)
      }),
    ))

  it('compare by value', () =>
    fc.assert(
      fc.property(
        numbers,
        numbers,
        (one, two) =>
          sign(compareNumbers(canonicalNumber(one.text), canonicalNumber(two.text))) === sign(one.exact - two.exact),
      ),
    ))

  it('are encoded in their order', () =>
    fc.assert(
      fc.property(
        numbers,
        numbers,
        (one, two) =>
          Buffer.compare(encodeNumber(canonicalNumber(one.text)), encodeNumber(canonicalNumber(two.text))) ===
          sign(one.exact - two.exact),
      ),
    ))

  it('are encoded in their order at the ends of the range', () => {
    const inOrder = [
      '-9.9e125',
      '-1e125',
      '-1',
      '-1e-129',
      '-1e-130',
      '0',
      '1e-130',
      '1.1e-130',
      '1e-129',
      '1',
      '1e125',
      '9.9e125',
    ]
    const encoded = inOrder.map((text) => Buffer.from(encodeNumber(canonicalNumber(text))))
    expect([...encoded].sort(Buffer.compare)).toEqual(encoded)
  })

  it('add and subtract without loss', () =>
    fc.assert(
      fc.property(numbers, numbers, (one, two) => {
        const left = canonicalNumber(one.text)
        const right = canonicalNumber(two.text)
        try {
          return (
            exactOf(addNumbers(left, right)) === one.exact + two.exact &&
            exactOf(subtractNumbers(left, right)) === one.exact - two.exact
          )
        } catch (error) {
          return (error as Error).message === 'Attempting to store more than 38 significant digits in a Number'
        }
      }),
    ))

  it('refuse a text that is long instead of reading it', () =>
    expect(() => canonicalNumber('1'.repeat(1_000_000))).toThrow('cannot be converted to a numeric value'))
})
