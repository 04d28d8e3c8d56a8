import { describe, expect, it } from 'vitest'
import { NO_SUCH_METHOD } from '../../../src/runtime/util/environment.ts'
import { extensions, util, vtlUtil } from '../../../src/runtime/util/index.ts'
import { call, environmentOf, failureOf } from './environmentOf.ts'

describe('the tables', () => {
  it('are frozen and without prototype, so that no name finds anything of the host', () => {
    for (const table of [util, vtlUtil, extensions, util['time'], vtlUtil['dynamodb']]) {
      expect(Object.getPrototypeOf(table)).toBeNull()
      expect(Object.isFrozen(table)).toBe(true)
    }
  })

  it('have in APPSYNC_JS what its type package names, and nothing that JavaScript has itself', () => {
    expect(Object.keys(util).sort()).toEqual(
      [
        'appendError authType autoId autoKsuid autoUlid base64Decode base64Encode dynamodb error escapeJavaScript http',
        'matches math rds str time transform unauthorized urlDecode urlEncode xml',
      ]
        .join(' ')
        .split(' '),
    )
  })
})

describe('ids', () => {
  it('have the form of their kind', () => {
    expect(call('autoId', [])).toBe('80808080-8080-4080-8080-808080808080')
    expect(call('autoUlid', [])).toMatch(/^01C5P7XACE[0-9A-HJKMNP-TV-Z]{16}$/)
    expect(call('autoKsuid', [])).toMatch(/^10Bn7[0-9A-Za-z]{22}$/)
  })
})

describe('encodings', () => {
  it.each([
    ['urlEncode', 'a b&c=d/é😀*~', 'a+b%26c%3Dd%2F%C3%A9%F0%9F%98%80*%7E'],
    ['urlEncode', 'x\ud800', 'x%3F'],
    ['urlDecode', 'a+b%26c%3Dd%2Fe%C3%A9', 'a b&c=d/eé'],
    ['base64Encode', 'hellö', 'aGVsbMO2'],
    ['base64Decode', 'aGVsbMO2', 'hellö'],
    ['escapeJavaScript', 'it\'s "é"/\n\\', 'it\\\'s \\"\\u00E9\\"\\/\\n\\\\'],
  ])('%s %j', (name, given, expected) => {
    expect(call(name, [given])).toBe(expected)
  })

  it("refuse what cannot be decoded in Java's words", () => {
    expect(failureOf('urlDecode', ['%zz'])).toBe(
      'URLDecoder: Illegal hex characters in escape (%) pattern - For input string: "zz"',
    )
    expect(failureOf('urlDecode', ['%4'])).toBe('URLDecoder: Incomplete trailing escape (%) pattern')
  })
})

describe('questions about values', () => {
  it.each([
    ['typeOf', [null], 'Null'],
    ['typeOf', [1], 'Number'],
    ['typeOf', ['x'], 'String'],
    ['typeOf', [new Map()], 'Map'],
    ['typeOf', [[]], 'List'],
    ['typeOf', [true], 'Boolean'],
    ['isNull', [undefined], true],
    ['isNullOrEmpty', [''], true],
    ['isNullOrEmpty', [' '], false],
    ['isNullOrBlank', [' '], true],
    ['isNullOrBlank', [7], NO_SUCH_METHOD],
    ['defaultIfNull', [null, 'd'], 'd'],
    ['defaultIfNull', [false, 'd'], false],
    ['defaultIfNullOrEmpty', ['', 'd'], 'd'],
    ['defaultIfNullOrBlank', [' ', 'd'], 'd'],
    ['isString', ['x'], true],
    ['isNumber', [1], true],
    ['isBoolean', [1], false],
    ['isList', [[]], true],
    ['isMap', [[]], false],
  ] as [string, unknown[], unknown][])('%s %j', (name, args, expected) => {
    expect(call(name, args)).toBe(expected)
  })
})

describe('util.authType', () => {
  it.each([
    [null, 'API Key Authorization'],
    [{}, 'Lambda Authorization'],
    [{ accountId: '1', userArn: 'arn:aws:iam::1:user/u', username: 'u', sourceIp: ['1.2.3.4'] }, 'IAM Authorization'],
    [{ accountId: '1', userArn: 'arn:aws:iam::1:user/u', username: 'u', sourceIp: null }, 'API Key Authorization'],
    [{ sub: 's', username: 'u', claims: {}, issuer: 'i', defaultAuthStrategy: 'ALLOW' }, 'API Key Authorization'],
    [{ sub: 's', issuer: 'i', claims: {}, username: 'u' }, 'API Key Authorization'],
    [{ claims: {} }, 'API Key Authorization'],
    [{ handlerContext: {} }, 'Lambda Authorization'],
    [
      { sub: 's', username: 'u', claims: {}, issuer: 'i', defaultAuthStrategy: 'ALLOW', sourceIp: [], groups: null },
      'User Pool Authorization',
    ],
    [{ sub: 's', issuer: 'i', claims: {} }, 'Open ID Connect Authorization'],
    [{ resolverContext: { a: 'b' } }, 'Lambda Authorization'],
  ])('tells %j', (identity, expected) => {
    expect(call('authType', [], environmentOf('APPSYNC_JS', { identity }))).toBe(expected)
  })
})

describe('util.parseJson and util.toJson', () => {
  it('keep the digits of integers beyond 2^53', () => {
    const parsed = call('parseJson', ['{"a": 9007199254740993, "b": 1.5}'])
    expect(call('toJson', [parsed])).toBe('{"a":9007199254740993,"b":1.5}')
  })

  it('have own members only', () => {
    const parsed = call('parseJson', ['{"__proto__": {"polluted": 1}}']) as Record<string, unknown>
    expect(Object.keys(parsed)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('refuse what is no JSON', () => {
    expect(failureOf('parseJson', ['{'])).toMatch(/^Unable to parse the JSON document: '/)
  })
})

describe('util.list and util.map', () => {
  it.each([
    ['list.sortList', [[85, 5, 45], false, 'any'], [5, 45, 85]],
    ['list.sortList', [['b', 'a'], true, 'any'], ['b', 'a']],
    ['list.sortList', [[1, 'a', 2], false, 'any'], [1, 'a', 2]],
    ['list.sortList', [[{ a: 2 }, { a: 1 }], false, 'a'], [{ a: 1 }, { a: 2 }]],
    [
      'list.copyAndRetainAll',
      [
        [1, 2, 3],
        [3, 1],
      ],
      [1, 3],
    ],
    ['list.copyAndRemoveAll', [[1, { a: 1 }, 3], [{ a: 1 }]], [1, 3]],
  ] as [string, unknown[], unknown][])('%s %j', (name, args, expected) => {
    expect(call(name, args)).toEqual(expected)
  })

  it('leave lists of more than a thousand entries unsorted', () => {
    const list = Array.from({ length: 1001 }, (_, index) => 1001 - index)
    expect(call('list.sortList', [list, false, 'any'])).toEqual(list)
  })
})
