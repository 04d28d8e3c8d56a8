import { describe, expect, it } from 'vitest'
import { nearestName } from '../../src/loading/nearestName.ts'

describe('the nearest known name', () => {
  it.each([
    ['prot', 'port'],
    ['Handlr', 'Handler'],
    ['SchemaURI', 'SchemaUri'],
    ['credential', 'credentials'],
    ['parametres', 'parameters'],
    ['zzzzzz', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ])('of %j is %j', (name, nearest) => {
    expect(nearestName(name, ['port', 'Handler', 'SchemaUri', 'credentials', 'parameters'])).toBe(nearest)
  })
})
