import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { after, afterPrefix, encodeKey, joinKeys, segmentStart } from '../../../src/services/dynamodb/keyEncoding.ts'

const bytes = fc.uint8Array({ maxLength: 6 })
const sign = Math.sign

describe('keys as bytes', () => {
  it('of strings are in the order of their UTF-8', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (one, two) =>
          sign(Buffer.compare(encodeKey('S', one), encodeKey('S', two))) ===
          sign(Buffer.compare(Buffer.from(one), Buffer.from(two))),
      ),
    ))

  it('joined are in the order of the lists', () =>
    fc.assert(
      fc.property(
        fc.array(bytes, { minLength: 2, maxLength: 4 }),
        fc.array(bytes, { minLength: 2, maxLength: 4 }),
        (one, two) => {
          fc.pre(one.length === two.length)
          const expected = one.reduce((order, key, index) => order || Buffer.compare(key, two[index] as Uint8Array), 0)
          return sign(Buffer.compare(joinKeys(one), joinKeys(two))) === sign(expected)
        },
      ),
    ))

  it('have nothing between them and what comes after', () =>
    fc.assert(
      fc.property(bytes, bytes, (one, two) => Buffer.compare(two, one) <= 0 || Buffer.compare(two, after(one)) >= 0),
    ))

  it('with a prefix end before what comes after the prefix, which stays as it is', () =>
    fc.assert(
      fc.property(bytes, bytes, (prefix, other) => {
        const before = Buffer.from(prefix).toString('hex')
        const end = afterPrefix(Buffer.from(prefix))
        const has = Buffer.from(other).subarray(0, prefix.length).equals(prefix)
        const within = Buffer.compare(other, prefix) >= 0 && (end === undefined || Buffer.compare(other, end) < 0)
        return has === within && Buffer.from(prefix).toString('hex') === before
      }),
    ))

  it('fall into exactly one of a million segments', () => {
    const total = 1_000_000
    const starts = [0, 1, 2, 499_999, 999_999].map((segment) => Buffer.from(segmentStart(segment, total) as Uint8Array))
    expect([...starts].sort(Buffer.compare)).toEqual(starts)
    expect(new Set(starts.map((start) => start.toString('hex'))).size).toBe(starts.length)
    expect(segmentStart(total, total)).toBeUndefined()
  })
})
