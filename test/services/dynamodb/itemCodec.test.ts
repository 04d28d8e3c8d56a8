import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttributeValue, Item } from '../../../src/services/dynamodb/attributeValue.ts'
import { createItemCodec } from '../../../src/services/dynamodb/itemCodec.ts'

const names = fc.oneof(
  fc.constantFrom('pk', 'sk', '__proto__', 'constructor', '', 'a:1', '1', '0', 'a\u001f'),
  fc.string({ maxLength: 8 }),
)
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.record({
      S: fc.oneof(fc.string(), fc.constantFrom('', 'sText', '😀', '\ud800', '"\\\n', 'a\u001fb', '\u001f', 'a\0b')),
    }),
    fc.record({ N: fc.constantFrom('0', '1', '-12.5') }),
    fc.record({ B: fc.constantFrom('', 'AA==', 'AQID') }),
    fc.record({ BOOL: fc.boolean() }),
    fc.constant({ NULL: true as const }),
    fc.record({
      SS: fc.uniqueArray(fc.oneof(fc.string(), fc.constantFrom('SS', '', 'x\u001f')), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ NS: fc.uniqueArray(fc.constantFrom('1', '2'), { minLength: 1 }) }),
    fc.record({ BS: fc.uniqueArray(fc.constantFrom('', 'AA=='), { minLength: 1 }) }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 4 }) }),
    fc.record({ M: fc.dictionary(names, tie('value'), { maxKeys: 4 }) }),
  ),
}))
const items = fc.dictionary(names, value, { maxKeys: 6 }) as fc.Arbitrary<Item>

function codecOver(stored: [number, string][]) {
  return createItemCodec(stored, {
    add(definition) {
      stored.push([stored.length + 1, definition])
      return stored.length
    },
  })
}

describe('stored items', () => {
  it('are read as they were written, by the same process and by another', () =>
    fc.assert(
      fc.property(fc.array(items, { maxLength: 8 }), (list) => {
        const stored: [number, string][] = []
        const codec = codecOver(stored)
        const encoded = list.map((item) => codec.encode(item))
        const expected = JSON.stringify(list)
        expect(JSON.stringify(encoded.map((one) => codec.decode(one)))).toBe(expected)
        expect(JSON.stringify(encoded.map((one) => codecOver(stored).decode(one)))).toBe(expected)
      }),
      { numRuns: 300 },
    ))

  it('share one shape', () => {
    const stored: [number, string][] = []
    const codec = codecOver(stored)
    for (let index = 0; index < 10; index++) codec.encode({ pk: { S: String(index) }, m: { M: { n: { N: '1' } } } })
    expect(stored).toHaveLength(1)
  })

  it('do not make shapes without end', () => {
    const stored: [number, string][] = []
    const codec = codecOver(stored)
    for (let index = 0; index < 2_000; index++) codec.encode({ [`name ${index}`]: { S: 'x' } })
    expect(stored.length).toBeLessThanOrEqual(512)
  })
})
