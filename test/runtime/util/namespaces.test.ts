import { describe, expect, it } from 'vitest'
import type { UtilFunction } from '../../../src/runtime/util/environment.ts'
import { extensions } from '../../../src/runtime/util/index.ts'
import { call, environmentOf, failureOf } from './environmentOf.ts'

const js = () => environmentOf('APPSYNC_JS')

describe('util.dynamodb', () => {
  it.each([
    ['toDynamoDB', ['x'], { S: 'x' }],
    ['toDynamoDB', [10], { N: 10 }],
    ['toDynamoDB', [null], { NULL: null }],
    ['toDynamoDB', [{ a: [true, { b: 1.5 }] }], { M: { a: { L: [{ BOOL: true }, { M: { b: { N: 1.5 } } }] } } }],
    ['toString', ['x'], { S: 'x' }],
    ['toStringSet', [['a', 'b']], { SS: ['a', 'b'] }],
    ['toNumber', [1], { N: 1 }],
    ['toNumberSet', [[1, 2.5]], { NS: [1, 2.5] }],
    ['toBinary', ['foo'], { B: 'foo' }],
    ['toBinarySet', [['foo']], { BS: ['foo'] }],
    ['toBoolean', [false], { BOOL: false }],
    ['toNull', [], { NULL: null }],
    ['toList', [['a', 1]], { L: [{ S: 'a' }, { N: 1 }] }],
    ['toMap', [{ a: 1 }], { M: { a: { N: 1 } } }],
    ['toMapValues', [{ a: 1, b: 'x' }], { a: { N: 1 }, b: { S: 'x' } }],
    ['toString', [null], null],
    ['toS3Object', ['k', 'b', 'r', 'v'], { S: '{"s3":{"key":"k","bucket":"b","region":"r","version":"v"}}' }],
  ] as [string, unknown[], unknown][])('%s %j', (name, args, expected) => {
    expect(JSON.parse(JSON.stringify(call(`dynamodb.${name}`, args, js())))).toEqual(expected)
    expect(JSON.parse(call(`dynamodb.${name}Json`, args) as string)).toEqual(expected)
  })

  it('reads S3 objects back', () => {
    expect(call('dynamodb.fromS3ObjectJson', ['{"s3":{"key":"k","bucket":"b"}}'])).toEqual({ key: 'k', bucket: 'b' })
  })
})

describe('util.rds.toJsonObject', () => {
  it('names columns by label, leaves NULL out and nests arrays', () => {
    const answer = {
      sqlStatementResults: [
        {
          records: [
            [
              { stringValue: 'x' },
              { isNull: true },
              { longValue: 3 },
              { arrayValue: { arrayValues: [{ longValues: [1, 2] }] } },
              { blobValue: 'Zm8=' },
            ],
          ],
          columnMetadata: [
            { label: 'a', name: 'b' },
            { name: 'c' },
            { label: '', name: 'd' },
            { label: 'e' },
            { label: 'f' },
          ],
        },
        { numberOfRecordsUpdated: 1, generatedFields: [] },
      ],
    }
    expect(JSON.parse(JSON.stringify(call('rds.toJsonObject', [JSON.stringify(answer)], js())))).toEqual([
      [{ a: 'x', d: 3, e: [[1, 2]], f: 'Zm8=' }],
      [{}],
    ])
    expect(call('rds.toJsonString', [JSON.stringify(answer)])).toBe('[[{"a":"x","d":3,"e":[[1,2]],"f":"Zm8="}],[{}]]')
  })
})

describe('util.xml', () => {
  const posts =
    '<?xml version="1.0"?><!-- c --><posts n="1"><post><id>1</id><title>A &amp; B</title></post><post>x<![CDATA[<y>]]></post><e/></posts>'

  it('reads elements, attributes and texts', () => {
    expect(JSON.parse(JSON.stringify(call('xml.toMap', [posts], js())))).toEqual({
      posts: { n: 1, post: [{ id: 1, title: 'A & B' }, ['x', '<y>']], e: '' },
    })
    expect(call('xml.toJsonString', ['<a>1</a>'])).toBe('{"a":1}')
    expect(call('xml.toJsonString', ['<a>1</a>', true])).toBe('"{\\"a\\":1}"')
  })

  it('refuses document types, so that no entity can grow or name a file', () => {
    expect(failureOf('xml.toMap', ['<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'])).toMatch(
      /^Document type declarations are not supported/,
    )
    expect(failureOf('xml.toMap', ['<a><b></a>'])).toMatch(/^Mismatched b and a/)
    expect(failureOf('xml.toMap', ['<a>'.repeat(1000)])).toMatch(/^Elements nested too deeply/)
  })

  it('has own members only', () => {
    const map = call('xml.toMap', ['<__proto__><polluted>1</polluted></__proto__>'], js())
    expect(Object.keys(map as object)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('util.http', () => {
  it('copies headers but for those of the connection', () => {
    expect(call('http.copyHeaders', [{ Host: 'h', 'x-a': '1', 'Content-Length': '3', TE: 't' }], js())).toEqual({
      'x-a': '1',
    })
  })

  it('adds response headers, and an error for those that are not allowed', () => {
    const environment = js()
    for (const [name, value] of [
      ['x-a', 7],
      ['x-b', { c: 1 }],
      ['Vary', '*'],
      ['x-amz-date', 'now'],
      ['', 'x'],
      ['x-c', null],
      ['x-d', 'a\r\nset-cookie: b'],
      ['x d', 'a'],
      ['x-e', 'x'.repeat(5000)],
    ] as const) {
      call('http.addResponseHeader', [name, value], environment)
    }
    expect(environment.effects.responseHeaders).toEqual({ 'x-a': '7', 'x-b': '{"c":1}' })
    expect(environment.appendedErrors.map(({ errorType }) => errorType)).toEqual(Array(7).fill('ResponseHeaderError'))
  })
})

describe('util.math and util.str', () => {
  it.each([
    ['math.roundNum', [10.5], 11],
    ['math.roundNum', [-10.5], -10],
    ['math.minVal', [1, 2.5], 1],
    ['math.maxVal', [1, 2.5], 2.5],
    ['math.randomDouble', [], 0.5],
    ['math.randomWithinRange', [1, 11], 6],
    ['str.normalize', ['e\u0301', 'nfc'], 'é'],
    ['str.toUpper', ['aé'], 'AÉ'],
    ['str.toLower', ['AÉ'], 'aé'],
    ['str.toReplace', ['a.a', '.', '$&'], 'a$&a'],
  ] as [string, unknown[], unknown][])('%s %j', (name, args, expected) => {
    expect(call(name, args)).toBe(expected)
  })
})

describe('util.transform.toSubscriptionFilter', () => {
  const filter = {
    percentageUp: { lte: 50, gte: 20 },
    and: [{ title: { ne: 'Book1' } }, { downvotes: { gt: 2000 } }],
    or: [{ author: { eq: 'Admin' } }, { isPublished: { eq: false } }],
  }
  const one = (fieldName: string, operator: string, value: unknown) => ({ fieldName, operator, value })
  const both = [one('title', 'ne', 'Book1'), one('downvotes', 'gt', 2000)]

  it('multiplies alternatives out', () => {
    expect(call('transform.toSubscriptionFilter', [filter])).toEqual({
      filterGroup: [
        { filters: [one('percentageUp', 'lte', 50), ...both, one('author', 'eq', 'Admin')] },
        { filters: [one('percentageUp', 'lte', 50), ...both, one('isPublished', 'eq', false)] },
        { filters: [one('percentageUp', 'gte', 20), ...both, one('author', 'eq', 'Admin')] },
        { filters: [one('percentageUp', 'gte', 20), ...both, one('isPublished', 'eq', false)] },
      ],
    })
  })

  it('leaves fields out, and adds rules of which one must hold', () => {
    const rules = { upvotes: { gte: 250 }, author: { eq: 'Person1' } }
    expect(call('transform.toSubscriptionFilter', [filter, ['percentageUp', 'author'], rules])).toEqual({
      filterGroup: [
        { filters: [...both, one('isPublished', 'eq', false), one('upvotes', 'gte', 250)] },
        { filters: [...both, one('isPublished', 'eq', false), one('author', 'eq', 'Person1')] },
      ],
    })
  })

  it('makes no group of nothing', () => {
    for (const empty of [{}, { a: {} }, { and: [] }]) {
      expect(call('transform.toSubscriptionFilter', [empty])).toEqual({ filterGroup: [] })
    }
    expect(call('transform.toSubscriptionFilter', [{}, [], { r: { eq: 1 } }])).toEqual({
      filterGroup: [{ filters: [one('r', 'eq', 1)] }],
    })
  })

  it('takes `not` and operators that it does not know as they are', () => {
    expect(call('transform.toSubscriptionFilter', [{ not: { a: { eq: 1 } }, b: { bogus: [1] } }])).toEqual({
      filterGroup: [{ filters: [one('not', 'a', { eq: 1 }), one('b', 'bogus', [1])] }],
    })
  })

  it.each([[[]], [[null]], [[[]]], [['{"a":{"eq":1}}']]])(
    'is null in APPSYNC_JS for %j, which is no filter',
    (args) => {
      expect(call('transform.toSubscriptionFilter', args, js())).toBeNull()
    },
  )

  it('ends before it has too many groups', () => {
    const wide = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${index}`, { eq: 1, ne: 2 }]))
    expect(failureOf('transform.toSubscriptionFilter', [wide])).toBe('The filter has too many groups.')
  })
})

describe('util.transform for OpenSearch', () => {
  it('knows the operators', () => {
    const query = (filter: unknown) =>
      JSON.parse(call('transform.toElasticsearchQueryDSL', [filter]) as string) as unknown
    expect(query({ a: { eq: 1 } })).toEqual({ term: { a: 1 } })
    expect(query({ a: { ne: 1 } })).toEqual({ bool: { must_not: { term: { a: 1 } } } })
    expect(query({ a: { gt: 1, exists: true } })).toEqual({
      bool: { must: [{ range: { a: { gt: 1 } } }, { exists: { field: 'a' } }] },
    })
    expect(query({ or: [{ a: { match: 'x' } }, { b: { matchPhrase: 'y' } }] })).toEqual({
      bool: { should: [{ match: { a: 'x' } }, { match_phrase: { b: 'y' } }], minimum_should_match: 1 },
    })
    expect(query({ not: { a: { regexp: 'x.*' } } })).toEqual({ bool: { must_not: { regexp: { a: 'x.*' } } } })
  })
})

describe('extensions', () => {
  const extension = (name: string) => extensions[name] as UtilFunction

  it('record what the engines are to do', () => {
    const environment = js()
    extension('evictFromApiCache')(environment, ['Query', 'f', { 'context.arguments.id': 1 }])
    extension('setSubscriptionFilter')(environment, [{ filterGroup: [] }])
    extension('setSubscriptionInvalidationFilter')(environment, [{ filterGroup: [] }])
    extension('invalidateSubscriptions')(environment, [{ subscriptionField: 'onX', payload: { id: 1 } }])
    expect(JSON.parse(JSON.stringify(environment.effects))).toEqual({
      evictFromApiCache: [{ typeName: 'Query', fieldName: 'f', keys: { 'context.arguments.id': 1 } }],
      subscriptionFilter: { filterGroup: [] },
      subscriptionInvalidationFilter: { filterGroup: [] },
      invalidateSubscriptions: [{ subscriptionField: 'onX', payload: { id: 1 } }],
    })
  })

  it('invalidate at most five times', () => {
    const environment = js()
    const invalidate = () =>
      extension('invalidateSubscriptions')(environment, [{ subscriptionField: 'onX', payload: {} }])
    for (let count = 0; count < 5; count++) invalidate()
    expect(invalidate).toThrow('at most 5 times')
  })
})
