import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AwsError } from '../../src/aws/errors.ts'
import { engineInMemory, globalIndex, refusal, table } from '../services/dynamodb/fixture.ts'

const { engine, close } = engineInMemory()
beforeAll(() => {
  engine.send('CreateTable', table('Hash', 'S'))
  engine.send(
    'CreateTable',
    table('Indexed', 'SN', {
      AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
      GlobalSecondaryIndexes: [globalIndex('byG', 'g')],
    }),
  )
})
afterAll(close)

const put = (item: unknown) => refusal(engine, 'PutItem', { TableName: 'Hash', Item: item })
const update = (UpdateExpression: string, more = {}) =>
  refusal(engine, 'UpdateItem', { TableName: 'Hash', Key: { pk: { S: 'x' } }, UpdateExpression, ...more })

describe('hostile table requests', () => {
  it("with a key of the wrong type get the service's own error", () =>
    expect(refusal(engine, 'GetItem', { TableName: 'Hash', Key: { pk: { N: '1' } } })).toEqual({
      name: 'ValidationException',
      message: 'The provided key element does not match the schema',
    }))
  it("with an empty key get the service's own error", () =>
    expect(put({ pk: { S: '' } }).message).toBe(
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
    ))
  it('with 400 KB and one byte are refused', () =>
    expect(put({ pk: { S: 'x' }, v: { S: 'x'.repeat(400 * 1_024 - 3) } }).message).toBe(
      'Item size has exceeded the maximum allowed size',
    ))
  it('with names that mean something to JavaScript keep them as names', () => {
    const names = { '#__proto__': '__proto__', '#m': 'constructor', '#p': 'prototype' }
    const item = JSON.parse('{"pk":{"S":"proto"},"constructor":{"M":{}}}') as Record<string, unknown>
    engine.send('PutItem', { TableName: 'Hash', Item: item })
    const { Attributes } = engine.send('UpdateItem', {
      TableName: 'Hash',
      Key: { pk: { S: 'proto' } },
      UpdateExpression: 'SET #__proto__ = :v, #m.#p = :v, #m.#__proto__ = :v',
      ConditionExpression: 'attribute_not_exists(toString) AND attribute_not_exists(#m.#__proto__)',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ':v': { S: 'value' } },
      ReturnValues: 'ALL_NEW',
    })
    expect(JSON.stringify(Attributes)).toBe(
      '{"pk":{"S":"proto"},"constructor":{"M":{"prototype":{"S":"value"},"__proto__":{"S":"value"}}},"__proto__":{"S":"value"}}',
    )
    expect(({} as Record<string, unknown>)['value']).toBeUndefined()
  })
  it('that name placeholders like members of objects are not confused by them', () =>
    expect(update('SET a = :constructor').message).toBe(
      '1 validation error detected: Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :constructor',
    ))
  it('with PartiQL in a value keep it a value', () => {
    const text = "'; DELETE FROM \"Hash\" WHERE pk = 'x'; --"
    engine.send('PutItem', { TableName: 'Hash', Item: { pk: { S: text }, v: { S: text } } })
    expect(engine.send('GetItem', { TableName: 'Hash', Key: { pk: { S: text } } })).toEqual({
      Item: { pk: { S: text }, v: { S: text } },
    })
  })
  it('with SQL in a table or index name are refused', () =>
    expect([
      refusal(engine, 'CreateTable', table('x"; DROP TABLE storage; --', 'S')).name,
      refusal(engine, 'Scan', { TableName: 'Indexed', IndexName: 'byG" JOIN' }).name,
    ]).toEqual(['ValidationException', 'ValidationException']))
  it('with NUL, lone surrogates and huge code points in keys keep them apart', () => {
    const keys = ['\0', 'a\0', 'a\0b', 'a', '\ufffd', '\u{10ffff}']
    for (const pk of keys) engine.send('PutItem', { TableName: 'Hash', Item: { pk: { S: pk }, own: { S: pk } } })
    expect(keys.map((pk) => engine.send('GetItem', { TableName: 'Hash', Key: { pk: { S: pk } } })['Item'])).toEqual(
      keys.map((pk) => ({ pk: { S: pk }, own: { S: pk } })),
    )
  })
  it('with half a character in a key are refused', () =>
    expect(put({ pk: { S: '\ud800' } }).name).toBe('SerializationException'))
  it('with half a character in a value keep it', () => {
    engine.send('PutItem', { TableName: 'Hash', Item: { pk: { S: 'half' }, v: { S: 'a\ud800' } } })
    expect(engine.send('GetItem', { TableName: 'Hash', Key: { pk: { S: 'half' } } })['Item']).toEqual({
      pk: { S: 'half' },
      v: { S: 'a\ud800' },
    })
  })
  it('nested ten thousand levels deep are refused, not crashed on', () => {
    let value: unknown = { S: 'leaf' }
    for (let level = 0; level < 10_000; level++) value = { L: [value] }
    expect(put({ pk: { S: 'x' }, v: value }).message).toMatch(/Nesting Levels have exceeded supported limits/)
  })
  it('with expressions of nothing but parentheses or NOTs are refused quickly', () => {
    const started = performance.now()
    for (const condition of [
      `${'('.repeat(2_000)}a = :v${')'.repeat(2_000)}`,
      `${'NOT '.repeat(1_000)}a = :v`,
      `${'('.repeat(4_000)}`,
      `a = ${'size('.repeat(800)}`,
    ])
      expect(
        refusal(engine, 'PutItem', {
          TableName: 'Hash',
          Item: { pk: { S: 'x' } },
          ConditionExpression: condition,
          ExpressionAttributeValues: { ':v': { N: '1' } },
        }).name,
      ).toBe('ValidationException')
    expect(performance.now() - started).toBeLessThan(1_000)
  })
  it('with list indexes beyond any list do not make one', () => {
    engine.send('PutItem', { TableName: 'Hash', Item: { pk: { S: 'list' }, l: { L: [] } } })
    const { Attributes } = engine.send('UpdateItem', {
      TableName: 'Hash',
      Key: { pk: { S: 'list' } },
      UpdateExpression: 'SET l[4294967295] = :v',
      ExpressionAttributeValues: { ':v': { N: '1' } },
      ReturnValues: 'ALL_NEW',
    })
    expect(Attributes).toEqual({ pk: { S: 'list' }, l: { L: [{ N: '1' }] } })
  })
  it.each([
    ['a text', 'text'],
    ['a list', []],
    ['nothing', null],
    ['a number', 1],
  ])('that are %s are refused', (_, input) => {
    expect(() => engine.send('GetItem', input as never)).toThrow(AwsError)
  })
  it.each([
    ['S', 1, 'NUMBER_VALUE cannot be converted to String'],
    ['S', { a: 1 }, 'Start of structure or map found where not expected'],
    ['N', 1, 'NUMBER_VALUE cannot be converted to String'],
    ['B', 'not base64!', 'Base64 encoded length is expected a multiple of 4 bytes but found: 11'],
    ['B', 'AB==', 'Invalid last non-pad Base64 character dectected'],
    ['BOOL', 'maybe', 'Unexpected token received from parser'],
    ['L', { length: 1 }, 'Start of structure or map found where not expected'],
    ['M', 'text', 'Unexpected field type'],
    ['SS', 'text', 'Unexpected field type'],
  ])('with %s %j are no values', (type, content, message) =>
    expect(put({ pk: { S: 'x' }, v: { [type]: content } })).toEqual({ name: 'SerializationException', message }),
  )
  it('with two types in one value are refused', () =>
    expect(put({ pk: { S: 'x', N: '1' } }).message).toBe(
      '1 validation error detected: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    ))
  it('with a type that there is not are refused', () =>
    expect(put({ pk: { X: '1' } }).message).toBe(
      '1 validation error detected: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
    ))
  it('for another table through a stream iterator are refused', () =>
    expect(refusal(engine, 'GetRecords', { ShardIterator: 'arn|1|e30=' }).name).toBe('ValidationException'))
})
