import { describe, expect, it } from 'vitest'
import { Run } from '../../../src/runtime/emit/run.ts'
import { dynamodbExpression } from '../../../src/runtime/util/transform/dynamodbExpression.ts'

function expressionOf(filter: unknown): string | null {
  const run = new Run('APPSYNC_JS', { arguments: {}, stash: {} })
  return dynamodbExpression(run, filter)?.expression ?? null
}

/** As the service was recorded to answer (the tests of localstack/appsync-utils store its answers). */
describe('the DynamoDB expression of a filter', () => {
  it.each([
    [{ v: { eq: 'x' } }, '(#v = :v_eq)'],
    [{ v: { contains: 'x' } }, '(contains(#v,:v_contains))'],
    [{ v: { notContains: 'x' } }, '(NOT contains(#v,:v_notContains))'],
    [{ v: { between: [1, 2, 3] } }, '(#v BETWEEN :v_between_start AND :v_between_end)'],
    [{ v: { in: ['a', 'b'] } }, '(#v IN (:v_in_0, :v_in_1))'],
    [{ v: { in: [] } }, '(null)'],
    [{ v: { attributeExists: false } }, '(attribute_not_exists(#v))'],
    [{ v: { attributeType: 'numberSet' } }, '(attribute_type(#v,:v_attributeType))'],
    [{ v: { ge: 1, le: 5 } }, '((#v >= :v_ge) AND (#v <= :v_le))'],
    [{ v: { size: { gt: 2 } } }, '(size(#v) > :v_size_gt)'],
    [{ v: { size: { gt: 2, lt: 5 } } }, '((size(#v) > :v_size_gt) AND (size(#v) < :v_size_lt))'],
    [{ v: { size: { size: { gt: 1 } } } }, '(size(#v) > :v_size_size_gt)'],
    [{ a: { eq: 1 }, b: { eq: 2 } }, '(#a = :a_eq) AND (#b = :b_eq)'],
    [{ a: { eq: 1 }, b: {} }, '(#a = :a_eq) AND '],
    [{ and: [{ a: { eq: 1 } }] }, '(#a = :and_0_a_eq)'],
    [{ and: [{ a: { eq: 1 } }, {}] }, '((#a = :and_0_a_eq) AND )'],
    [
      { or: [{ and: [{ a: { eq: 1 } }, { b: { eq: 2 } }] }, { c: { eq: 3 } }] },
      '(((#a = :or_0_and_0_a_eq) AND (#b = :or_0_and_1_b_eq)) OR (#c = :or_1_c_eq))',
    ],
    [{ not: { not: { a: { eq: 1 } } } }, '(NOT (NOT (#a = :not_not_a_eq)))'],
    [{ not: {} }, '(NOT )'],
    [{ 'a.b': { eq: 1 } }, '(#a.b = :a.b_eq)'],
    [{}, ''],
    [{ and: [] }, ''],
  ])('of %j is %s', (filter, expression) => {
    expect(expressionOf(filter)).toBe(expression)
  })

  it.each([
    undefined,
    null,
    [],
    'string',
    { v: { foo: 1 } },
    { v: 'x' },
    { a: { b: { eq: 1 } } },
    { and: { a: { eq: 1 } } },
    { and: null },
    { and: [{ a: { eq: 1 } }, null] },
    { not: [{ a: { eq: 1 } }] },
    { v: { between: [1] } },
    { v: { in: 'x' } },
    { v: { attributeExists: 'yes' } },
    { v: { attributeType: 'S' } },
    { v: { size: 3 } },
  ])('of %j is none', (filter) => {
    expect(expressionOf(filter)).toBeNull()
  })

  it('names what it compares, and the values', () => {
    const run = new Run('APPSYNC_JS', { arguments: {}, stash: {} })
    expect(dynamodbExpression(run, { v: { eq: null }, w: { in: ['a'] } })).toEqual({
      expression: '(#v = :v_eq) AND (#w IN (:w_in_0))',
      expressionNames: { '#v': 'v', '#w': 'w' },
      expressionValues: { ':v_eq': { NULL: null }, ':w_in_0': { S: 'a' } },
    })
  })
})
