import { describe, expect, it } from 'vitest'
import { coercionOf } from '../../src/graphql/scalars/index.ts'

const accepts = (scalar: string, value: unknown): boolean => {
  try {
    coercionOf(scalar).parseValue(value)
    return true
  } catch {
    return false
  }
}

describe('what each scalar takes', () => {
  it.each<[string, unknown[]]>([
    ['AWSDate', ['2020-02-29', '-0001-12-31', '2021-12-31Z', '2021-12-31+18:00']],
    ['AWSTime', ['00:00', '23:59:59.999999999', '12:30:24Z', '12:30-07:00']],
    ['AWSDateTime', ['2020-01-01T00:00Z', '2020-01-01T23:59:59.1-18:00', '2023-11-30T11:04:03+08:00:30']],
    ['AWSTimestamp', [0, -1, 1_700_000_000, 9007199254740991]],
    ['AWSEmail', ['a@b.co', 'first.last+tag@sub.example.com', '"quoted name"@example.com', 'a@localhost']],
    ['AWSJSON', ['{}', '"text"', 'null', ' [1] ', '1.5e3']],
    [
      'AWSURL',
      ['https://a.b/c?d=//e#f', 'mailto:a@b.c', 'ftp://x/y', 'http://localhost:3000', 's3://bucket/key', 'urn:isbn:1'],
    ],
    ['AWSPhone', ['+44 20 7946 0958', '+12025550123', '(202) 555-0123', '202-555-0123']],
    ['AWSIPAddress', ['0.0.0.0', '10.0.0.0/8', '::', '2001:db8::/32', '::ffff:1.2.3.4']],
    ['Int', [1, -2147483648, '7', 3.0]],
    ['Float', [1, 1.5, '2.5']],
    ['ID', ['x', 5]],
    ['Boolean', [true, 'true']],
  ])('%s: %j', (scalar, values) => {
    expect(values.filter((value) => !accepts(scalar, value))).toEqual([])
  })
})

describe('what each scalar refuses', () => {
  it.each<[string, unknown[]]>([
    [
      'AWSDate',
      [
        '2021-02-29',
        '2021-13-01',
        '2021-00-10',
        '21-01-01',
        '2021-1-1',
        '2021-01-01+0800',
        '2021-01-01+19:00',
        20210101,
        '2021-01-01\n',
      ],
    ],
    ['AWSTime', ['24:00', '12:60', '12:00:60', '12:00:00.', '12', '1:00', '12:00+5']],
    [
      'AWSDateTime',
      [
        '2020-01-01',
        '2020-01-01T00:00',
        '2020-01-01 00:00Z',
        '2020-02-30T00:00Z',
        '2020-01-01T00:00:00.1234567890Z',
        '2020-01-01T00Z',
      ],
    ],
    ['AWSTimestamp', ['1', 1.5, 9007199254740992, Number.POSITIVE_INFINITY, '']],
    ['AWSEmail', ['a b@c.d', 'a@b@c', '.a@b.c', 'a..b@c.d', 'a@-b.c', 'a@b..c', `a@${'x'.repeat(64)}.c`, 5]],
    ['AWSJSON', ['{a: 1}', "{'a': 1}", 'bare', '', '[1,]', { a: 1 }, 1]],
    [
      'AWSURL',
      ['//example', 'example', 'http://', 'http:example', 'https://a.b//c', 'https://a b', 'https://a.b/"', ''],
    ],
    ['AWSPhone', ['1110004444', '+999123', 'call 202 555 0123', '+1 202 555 0123 ext x', '']],
    ['AWSIPAddress', ['256.0.0.1', '1.2.3', '10.0.0.0/33', '::/129', 'fe80::1%eth0', '1.2.3.4/', ' 1.2.3.4']],
    ['Int', [2147483648, 1.5, 'x', true, null, [1], '']],
    ['Float', ['x', true, {}, 'NaN', Number.NaN, '0x10']],
    ['ID', [1.5, {}, true]],
    ['Boolean', [[], {}]],
  ])('%s: %j', (scalar, values) => {
    expect(values.filter((value) => accepts(scalar, value))).toEqual([])
  })
})

describe('what clients see', () => {
  it.each<[string, unknown, unknown]>([
    ['AWSJSON', { a: [1] }, '{"a":[1]}'],
    ['AWSJSON', '{"a":1}', '{"a":1}'],
    ['AWSJSON', 'no json', '"no json"'],
    ['AWSJSON', false, 'false'],
    ['AWSTimestamp', '17', 17],
    ['String', 5, '5'],
    ['String', true, 'true'],
    ['String', { a: { b: [1, null] } }, '{a={b=[1, null]}}'],
    ['ID', 7, '7'],
    ['Int', '7', 7],
    ['Int', -0, 0],
    ['Boolean', 'TRUE', true],
    ['Boolean', 0, false],
    ['Float', 3, 3],
  ])('%s of %j is %j', (scalar, value, seen) => {
    expect(coercionOf(scalar).serialize(value)).toBe(seen)
  })
})
