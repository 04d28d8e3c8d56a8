import { describe, expect, it } from 'vitest'
import { evaluateCode } from '../../../src/runtime/evaluateCode.ts'
import { compileCode } from '../../../src/runtime/js/compile.ts'
import { UTILITIES } from '../../hostile/appsyncJsGrammar.ts'

const imports = ['dynamodb', 'rds', 'ai']
  .map((name) => `import * as ${name} from '@aws-appsync/utils/${name}'`)
  .join('\n')

describe('what the types of @aws-appsync/utils name', () => {
  it.each(UTILITIES)('is there: %s', (utility) => {
    expect(() => compileCode(`${imports}\nexport const request = () => ${utility}()`)).not.toThrow()
  })
})

describe('what only VTL has', () => {
  it.each([
    'util.toJson({})',
    'util.parseJson("{}")',
    'util.isNull(1)',
    'util.defaultIfNull(1, 2)',
    'util.qr(1)',
    'util.validate(true, "x")',
    'util.list.copyAndRetainAll([], [])',
    'util.map.copyAndRetainAllKeys({}, [])',
    'util.dynamodb.toDynamoDBJson(1)',
    'util.log.info("x")',
  ])('is refused: %s', (call) => {
    expect(() => compileCode(`export const request = () => ${call}`)).toThrow('The code contains one or more errors.')
  })
})

describe('a utility in a program', () => {
  it.each([
    ['util.dynamodb.fromS3ObjectJson(\'{"s3":{"key":"foo","bucket":"bar"}}\')', { key: 'foo', bucket: 'bar' }],
    ['util.urlDecode(util.urlEncode("a b&c"))', 'a b&c'],
    [
      'util.transform.toSubscriptionFilter({ a: { eq: 1 } })',
      { filterGroup: [{ filters: [{ fieldName: 'a', operator: 'eq', value: 1 }] }] },
    ],
    ['util.time.epochMilliSecondsToFormatted(0, "yyyy-MM-dd", "UTC")', '1970-01-01'],
    ['util.str.normalize("é", "nfd").length', 2],
    ['util.math.maxVal(1, 2)', 2],
  ])('%s', async (expression, expected) => {
    const { evaluationResult } = await evaluateCode({
      code: `export const request = (ctx) => ${expression}`,
      context: {},
    })
    expect(JSON.parse(evaluationResult ?? '')).toEqual(expected)
  })

  it('tells the engines what it asked of them', async () => {
    const code = `export function response(ctx) {
  extensions.setSubscriptionFilter({ filterGroup: [] })
  extensions.evictFromApiCache('Query', 'f', { 'context.arguments.id': 'x' })
  util.http.addResponseHeader('x-a', 'b')
}`
    expect(await compileCode(code).response?.run({ arguments: {}, stash: {} })).toMatchObject({
      type: 'value',
      value: null,
      effects: {
        subscriptionFilter: { filterGroup: [] },
        evictFromApiCache: [{ typeName: 'Query', fieldName: 'f', keys: { 'context.arguments.id': 'x' } }],
        responseHeaders: { 'x-a': 'b' },
      },
    })
  })
})
