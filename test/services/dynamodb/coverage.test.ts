import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TagResourceCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UntagResourceCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams'
import {
  DeleteCommand,
  QueryCommand as DocumentQueryCommand,
  DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AwsJsonServer, serveAwsJson } from '../../support/awsJsonServer.ts'
import { engineInMemory, globalIndex, table } from './fixture.ts'

/**
 * What the API does, one expectation a check, through the AWS SDK over HTTP: against the embedded engine, or against
 * the endpoint that `DYNAMODB_SUITE_ENDPOINT` names (another engine as oracle, or DynamoDB itself).
 */
const ELSEWHERE = process.env['DYNAMODB_SUITE_ENDPOINT']

let server: AwsJsonServer | undefined
let embedded: ReturnType<typeof engineInMemory> | undefined
let options: ConstructorParameters<typeof DynamoDBClient>[0] & object
let client: DynamoDBClient
let streams: DynamoDBStreamsClient
let documents: DynamoDBDocumentClient

// biome-ignore lint/suspicious/noExplicitAny: what the SDK's commands take and give is checked by the expectations
type Loose = any

const run = async (command: Loose): Promise<Loose> => {
  const { $metadata: _, ...output } = (await client.send(command)) as Loose
  return output
}
const refused = async (command: Loose): Promise<Loose> => {
  try {
    await client.send(command)
  } catch (error) {
    const { name, message, CancellationReasons, Item } = error as Loose
    return {
      name,
      message,
      ...(CancellationReasons === undefined ? {} : { CancellationReasons }),
      ...(Item === undefined ? {} : { Item }),
    }
  }
  throw new Error('it was not refused')
}
const invalid = (message: string): Loose => ({ name: 'ValidationException', message })
const one = (message: string): Loose => invalid(`1 validation error detected: ${message}`)
const S = (text: string): Loose => ({ S: text })
const N = (number: number | string): Loose => ({ N: String(number) })

const put = (Item: Loose, more: Loose = {}) => run(new PutItemCommand({ TableName: 'Hash', Item, ...more }))
const get = async (pk: string, more: Loose = {}) =>
  (await run(new GetItemCommand({ TableName: 'Hash', Key: { pk: S(pk) }, ...more }))).Item
const update = (pk: string, UpdateExpression: string, values: Loose = undefined, more: Loose = {}) =>
  run(
    new UpdateItemCommand({
      TableName: 'Hash',
      Key: { pk: S(pk) },
      UpdateExpression,
      ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
      ReturnValues: 'ALL_NEW',
      ...more,
    }),
  )
const updated = async (item: Loose, expression: string, values: Loose = undefined, more: Loose = {}) => {
  await put(item)
  const { Attributes } = await update(item.pk.S, expression, values, more)
  return Attributes
}
const updateRefused = async (item: Loose, expression: string, values: Loose = undefined, more: Loose = {}) => {
  await put(item)
  return refused(
    new UpdateItemCommand({
      TableName: 'Hash',
      Key: { pk: item.pk },
      UpdateExpression: expression,
      ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
      ...more,
    }),
  )
}
/** Whether a condition holds of an item. */
const holds = async (item: Loose, condition: string, values: Loose = undefined, names: Loose = undefined) => {
  await put(item)
  try {
    await client.send(
      new DeleteItemCommand({
        TableName: 'Hash',
        Key: { pk: item.pk },
        ConditionExpression: condition,
        ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
        ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
      }),
    )
    return true
  } catch (error) {
    if ((error as Error).name === 'ConditionalCheckFailedException') return false
    throw error
  }
}
const conditionRefused = (condition: string, values: Loose = undefined, names: Loose = undefined) =>
  refused(
    new PutItemCommand({
      TableName: 'Hash',
      Item: { pk: S('refused') },
      ConditionExpression: condition,
      ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
      ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
    }),
  )
const query = (KeyConditionExpression: string, values: Loose, more: Loose = {}) =>
  run(new QueryCommand({ TableName: 'Pair', KeyConditionExpression, ExpressionAttributeValues: values, ...more }))
const sortKeys = async (condition: string, values: Loose, more: Loose = {}) =>
  (await query(condition, { ':p': S('q'), ...values }, more)).Items.map((item: Loose) => item.sk.N)
const queryRefused = (KeyConditionExpression: string, values: Loose, more: Loose = {}) =>
  refused(new QueryCommand({ TableName: 'Pair', KeyConditionExpression, ExpressionAttributeValues: values, ...more }))

beforeAll(async () => {
  if (ELSEWHERE === undefined) {
    embedded = engineInMemory()
    server = await serveAwsJson([embedded.engine.service, embedded.engine.streamsService])
  }
  options = {
    endpoint: ELSEWHERE ?? (server as AwsJsonServer).endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  }
  client = new DynamoDBClient(options)
  streams = new DynamoDBStreamsClient(options)
  documents = DynamoDBDocumentClient.from(client)
  await run(new CreateTableCommand(table('Hash', 'S') as Loose))
  await run(
    new CreateTableCommand(
      table('Pair', 'SN', {
        AttributeDefinitions: ['g', 'h', 'l'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        GlobalSecondaryIndexes: [
          globalIndex('byG', 'g', 'h'),
          globalIndex('keys', 'g', undefined, { ProjectionType: 'KEYS_ONLY' }),
          globalIndex('some', 'h', undefined, { ProjectionType: 'INCLUDE', NonKeyAttributes: ['seen'] }),
        ],
        LocalSecondaryIndexes: [
          {
            IndexName: 'byL',
            KeySchema: [
              { AttributeName: 'pk', KeyType: 'HASH' },
              { AttributeName: 'l', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      }) as Loose,
    ),
  )
  for (let sk = -3; sk <= 6; sk++)
    await run(
      new PutItemCommand({
        TableName: 'Pair',
        Item: {
          pk: S('q'),
          sk: N(sk),
          g: S(sk % 2 === 0 ? 'even' : 'odd'),
          ...(sk < 3 ? { h: S(`h${sk + 3}`) } : {}),
          ...(sk > 0 ? { l: S(`l${9 - sk}`) } : {}),
          seen: N(sk * 10),
          hid: S('x'),
        },
      }),
    )
})

afterAll(async () => {
  client.destroy()
  streams.destroy()
  await server?.close()
  embedded?.close()
})

describe('items', () => {
  it('are answered as they were put', async () => {
    const item = {
      pk: S('types'),
      s: S('text ü 😀'),
      n: N('12.5'),
      b: { B: new Uint8Array([0, 1, 255]) },
      t: { BOOL: true },
      f: { BOOL: false },
      z: { NULL: true },
      ss: { SS: ['a', 'b'] },
      ns: { NS: ['1', '2.5'] },
      bs: { BS: [new Uint8Array([1]), new Uint8Array([2])] },
      l: { L: [N(1), S('x'), { L: [] }, { M: {} }] },
      m: { M: { inner: { M: { deep: { L: [{ NULL: true }] } } }, empty: S('') } },
    }
    await put(item)
    expect(await get('types')).toEqual(item)
  })
  it('that are not there are answered without an Item', async () =>
    expect(await run(new GetItemCommand({ TableName: 'Hash', Key: { pk: S('nobody') } }))).toEqual({}))
  it('replace what was there', async () => {
    await put({ pk: S('replace'), old: N(1) })
    await put({ pk: S('replace'), new: N(2) })
    expect(await get('replace')).toEqual({ pk: S('replace'), new: N(2) })
  })
  it('give back what they replaced with ALL_OLD', async () => {
    await put({ pk: S('allOld'), v: N(1) })
    expect(await put({ pk: S('allOld') }, { ReturnValues: 'ALL_OLD' })).toEqual({
      Attributes: { pk: S('allOld'), v: N(1) },
    })
  })
  it('that are new give back nothing with ALL_OLD', async () =>
    expect(await put({ pk: S('allOldNew') }, { ReturnValues: 'ALL_OLD' })).toEqual({}))
  it('give back what was deleted with ALL_OLD', async () => {
    await put({ pk: S('deleted'), v: N(1) })
    expect(
      await run(new DeleteItemCommand({ TableName: 'Hash', Key: { pk: S('deleted') }, ReturnValues: 'ALL_OLD' })),
    ).toEqual({ Attributes: { pk: S('deleted'), v: N(1) } })
  })
  it('are not given back as they would become', async () =>
    expect(
      await refused(new DeleteItemCommand({ TableName: 'Hash', Key: { pk: S('x') }, ReturnValues: 'ALL_NEW' })),
    ).toEqual(one('ReturnValues can only be ALL_OLD or NONE')))
  it('are gone when deleted', async () => {
    await put({ pk: S('gone') })
    await run(new DeleteItemCommand({ TableName: 'Hash', Key: { pk: S('gone') } }))
    expect(await get('gone')).toBeUndefined()
  })
  it('that are not there are deleted without complaint', async () =>
    expect(await run(new DeleteItemCommand({ TableName: 'Hash', Key: { pk: S('never') } }))).toEqual({}))
  it('are found by the ARN of their table', async () => {
    await put({ pk: S('by arn') })
    expect(
      await run(
        new GetItemCommand({
          TableName: 'arn:aws:dynamodb:us-east-1:000000000000:table/Hash',
          Key: { pk: S('by arn') },
        }),
      ),
    ).toEqual({ Item: { pk: S('by arn') } })
  })
  it('are not found by the ARN of a table elsewhere', async () =>
    expect(
      await refused(
        new GetItemCommand({
          TableName: 'arn:aws:dynamodb:eu-west-1:000000000000:table/Hash',
          Key: { pk: S('by arn') },
        }),
      ),
    ).toEqual({ name: 'ResourceNotFoundException', message: 'Requested resource not found' }))
  it('keep attribute names that JavaScript has a meaning for', async () => {
    const item = JSON.parse('{"pk":{"S":"proto"},"__proto__":{"S":"a"},"constructor":{"M":{"__proto__":{"N":"1"}}}}')
    embedded?.engine.send('PutItem', { TableName: 'Hash', Item: item })
    const found = embedded?.engine.send('GetItem', { TableName: 'Hash', Key: { pk: S('proto') } })
    expect(JSON.stringify(found?.['Item'])).toBe(JSON.stringify(item))
  })
  it('are projected to what was asked for', async () => {
    await put({ pk: S('project'), a: { M: { b: N(1), c: N(2) } }, l: { L: [N(0), N(1), N(2)] }, d: N(3) })
    expect(
      await get('project', {
        ProjectionExpression: 'a.b, #l[2], #l[0], nothing',
        ExpressionAttributeNames: { '#l': 'l' },
      }),
    ).toEqual({ a: { M: { b: N(1) } }, l: { L: [N(0), N(2)] } })
  })
  it('are an empty Item when nothing of them was asked for', async () => {
    await put({ pk: S('projectNothing') })
    expect(await get('projectNothing', { ProjectionExpression: 'absent' })).toEqual({})
  })
  it('answer half a unit for an eventually consistent read', async () =>
    expect(
      await run(
        new GetItemCommand({ TableName: 'Hash', Key: { pk: S('types') }, ReturnConsumedCapacity: 'TOTAL' }),
      ).then((output) => output.ConsumedCapacity),
    ).toEqual({ TableName: 'Hash', CapacityUnits: 0.5 }))
  it('answer a unit for a consistent read, by index', async () =>
    expect(
      await run(
        new GetItemCommand({
          TableName: 'Hash',
          Key: { pk: S('types') },
          ReturnConsumedCapacity: 'INDEXES',
          ConsistentRead: true,
        }),
      ).then((output) => output.ConsumedCapacity),
    ).toEqual({ TableName: 'Hash', CapacityUnits: 1, Table: { CapacityUnits: 1 } }))
  it('cost a unit for each kilobyte written', async () =>
    expect(
      (await put({ pk: S('units'), v: S('x'.repeat(2_500)) }, { ReturnConsumedCapacity: 'TOTAL' })).ConsumedCapacity,
    ).toEqual({ TableName: 'Hash', CapacityUnits: 3 }))
  it('of 400 KB fit', async () => {
    await put({ pk: S('size'), v: S('x'.repeat(409_600 - 7)) })
    expect((await get('size')).v.S.length).toBe(409_593)
  })
  it('of more than 400 KB do not', async () =>
    expect(
      await refused(new PutItemCommand({ TableName: 'Hash', Item: { pk: S('size'), v: S('x'.repeat(409_600 - 6)) } })),
    ).toEqual(invalid('Item size has exceeded the maximum allowed size')))
})

describe('keys', () => {
  const keyRefused = (Key: Loose, TableName = 'Hash') => refused(new GetItemCommand({ TableName, Key }))
  const MISMATCH = invalid('The provided key element does not match the schema')
  it('of another type do not match', async () => expect(await keyRefused({ pk: N(1) })).toEqual(MISMATCH))
  it('with another attribute do not match', async () => expect(await keyRefused({ id: S('1') })).toEqual(MISMATCH))
  it('with one attribute too many do not match', async () =>
    expect(await keyRefused({ pk: S('1'), sk: S('2') })).toEqual(MISMATCH))
  it('without their sort key do not match', async () =>
    expect(await keyRefused({ pk: S('1') }, 'Pair')).toEqual(MISMATCH))
  it('may not be empty', async () =>
    expect(await keyRefused({ pk: S('') })).toEqual(
      invalid(
        'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
      ),
    ))
  it('have at most 2048 bytes', async () =>
    expect(await keyRefused({ pk: S('x'.repeat(2_049)) })).toEqual(
      invalid(
        'One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes',
      ),
    ))
  it('must be in an item', async () =>
    expect(await refused(new PutItemCommand({ TableName: 'Hash', Item: { v: N(1) } }))).toEqual(
      invalid('One or more parameter values were invalid: Missing the key pk in the item'),
    ))
  it('must have their type in an item', async () =>
    expect(await refused(new PutItemCommand({ TableName: 'Hash', Item: { pk: N(1) } }))).toEqual(
      invalid('One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N'),
    ))
  it('of indexes must have their type in an item', async () =>
    expect(await refused(new PutItemCommand({ TableName: 'Pair', Item: { pk: S('x'), sk: N(1), g: N(1) } }))).toEqual(
      invalid(
        'One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: byG',
      ),
    ))
  it('are the same number however it is written', async () => {
    await run(new PutItemCommand({ TableName: 'Pair', Item: { pk: S('numbers'), sk: N('1.50'), v: N(1) } }))
    expect(
      (await run(new GetItemCommand({ TableName: 'Pair', Key: { pk: S('numbers'), sk: N('15e-1') } }))).Item,
    ).toEqual({ pk: S('numbers'), sk: N('1.5'), v: N(1) })
  })
})

describe('values', () => {
  const valueRefused = (value: Loose) =>
    refused(new PutItemCommand({ TableName: 'Hash', Item: { pk: S('values'), v: value } }))
  const stored = async (value: Loose) => {
    await put({ pk: S('stored'), v: value })
    return (await get('stored')).v
  }
  it.each([
    ['1e126', 'Number overflow. Attempting to store a number with magnitude larger than supported range'],
    ['-1e126', 'Number overflow. Attempting to store a number with magnitude larger than supported range'],
    ['1e-131', 'Number underflow. Attempting to store a number with magnitude smaller than supported range'],
    ['abc', 'The parameter cannot be converted to a numeric value: abc'],
    ['1.2.3', 'The parameter cannot be converted to a numeric value: 1.2.3'],
    [' 1', 'The parameter cannot be converted to a numeric value:  1'],
    ['NaN', 'The parameter cannot be converted to a numeric value: NaN'],
    ['', 'The parameter cannot be converted to a numeric value: '],
    ['0x10', 'The parameter cannot be converted to a numeric value: 0x10'],
    ['1234567890123456789012345678901234567890', 'Attempting to store more than 38 significant digits in a Number'],
  ])('refuse the number %j', async (number, message) => expect(await valueRefused(N(number))).toEqual(one(message)))
  it.each([
    ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
    ['-0.12345678901234567890123456789012345678', '-0.12345678901234567890123456789012345678'],
    ['9.9999999999999999999999999999999999999E+125', `9${'9'.repeat(37)}${'0'.repeat(88)}`],
    ['1E-130', `0.${'0'.repeat(129)}1`],
    ['+007.700', '7.7'],
    ['-0', '0'],
    ['1e3', '1000'],
  ])('keep the number %s', async (number, expected) => expect(await stored(N(number))).toEqual(N(expected)))
  it.each([
    [{ SS: ['b', '', 'ä', 'a'] }, { SS: ['', 'a', 'b', 'ä'] }],
    [{ NS: ['10', '9', '-1', '0.5'] }, { NS: ['-1', '0.5', '9', '10'] }],
    [{ BS: [new Uint8Array([255]), new Uint8Array([1])] }, { BS: [new Uint8Array([1]), new Uint8Array([255])] }],
  ])('keep the members of %j in order', async (value, expected) => expect(await stored(value)).toEqual(expected))
  it.each([
    ['0', 1],
    ['1', 2],
    ['123456', 4],
    ['3.14159', 5],
    ['-5', 3],
    ['1E125', 2],
    ['1.05', 3],
  ])('count the number %s as %i bytes', async (number, bytes) => {
    const rest = 409_600 - 'pk'.length - 'bytes'.length - 'n'.length - 'p'.length - bytes
    const item = (more: number) => ({ pk: S('bytes'), n: N(number), p: S('x'.repeat(rest + more)) })
    await put(item(0))
    expect(await refused(new PutItemCommand({ TableName: 'Hash', Item: item(1) }))).toEqual(
      invalid('Item size has exceeded the maximum allowed size'),
    )
  })
  it('refuse an empty string set', async () =>
    expect(await valueRefused({ SS: [] })).toEqual(
      one('One or more parameter values were invalid: An string set  may not be empty'),
    ))
  it('refuse an empty number set', async () =>
    expect(await valueRefused({ NS: [] })).toEqual(
      one('One or more parameter values were invalid: An number set  may not be empty'),
    ))
  it('refuse an empty binary set', async () =>
    expect(await valueRefused({ BS: [] })).toEqual(
      one('One or more parameter values were invalid: Binary sets should not be empty'),
    ))
  it('refuse a string twice in a set', async () =>
    expect(await valueRefused({ SS: ['b', 'a', 'b'] })).toEqual(
      one('One or more parameter values were invalid: Input collection ["a", "b", "b"] contains duplicates.'),
    ))
  it('refuse a number twice in a set', async () =>
    expect(await valueRefused({ NS: ['1', '1.0'] })).toEqual(
      one('One or more parameter values were invalid: Input collection contains duplicates.'),
    ))
  it('refuse a NULL that is not true', async () =>
    expect(await valueRefused({ NULL: false })).toEqual(
      one('One or more parameter values were invalid: Null attribute value types must have the value of true'),
    ))
  it('refuse an attribute without a name', async () =>
    expect(await refused(new PutItemCommand({ TableName: 'Hash', Item: { pk: S('x'), '': N(1) } }))).toEqual(
      one('Empty attribute name'),
    ))
  it('refuse 33 levels', async () => {
    let value: Loose = S('leaf')
    for (let level = 0; level < 32; level++) value = { M: { n: value } }
    expect(await valueRefused(value)).toEqual(
      one(
        'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
      ),
    )
  })
  it('have up to 32 levels', async () => {
    let value: Loose = S('leaf')
    for (let level = 0; level < 31; level++) value = { M: { n: value } }
    expect(await stored(value)).toEqual(value)
  })
})

describe('conditions', () => {
  const item = {
    pk: S('condition'),
    n: N(5),
    s: S('hello'),
    b: { B: new Uint8Array([1, 2, 3]) },
    ss: { SS: ['a', 'b'] },
    ns: { NS: ['1', '2'] },
    l: { L: [S('x'), N(1)] },
    m: { M: { deep: { M: { v: N(7) } }, lst: { L: [{ M: { id: S('first') } }] } } },
    t: { BOOL: true },
    z: { NULL: true },
  }
  it.each([
    ['attribute_exists(n)', undefined, true],
    ['attribute_exists(absent)', undefined, false],
    ['attribute_not_exists(absent)', undefined, true],
    ['attribute_not_exists(m.deep.v)', undefined, false],
    ['attribute_exists(m.lst[0].id)', undefined, true],
    ['attribute_exists(m.lst[1])', undefined, false],
    ['n = :v', { ':v': N('5.0') }, true],
    ['n = :v', { ':v': S('5') }, false],
    ['n <> :v', { ':v': N(6) }, true],
    ['n <> :v', { ':v': S('5') }, true],
    ['absent <> :v', { ':v': N(6) }, true],
    ['absent = :v', { ':v': N(6) }, false],
    ['n < :v', { ':v': N(10) }, true],
    ['n < :v', { ':v': N(5) }, false],
    ['n <= :v', { ':v': N(5) }, true],
    ['n > :v', { ':v': N('-100') }, true],
    ['n >= :v', { ':v': N('5.00001') }, false],
    ['s < :v', { ':v': S('hellp') }, true],
    ['n < :v', { ':v': S('z') }, false],
    [':v < n', { ':v': N(4) }, true],
    ['n BETWEEN :a AND :b', { ':a': N(5), ':b': N(6) }, true],
    ['n BETWEEN :a AND :b', { ':a': N(6), ':b': N(7) }, false],
    ['n IN (:a, :b)', { ':a': N(4), ':b': N(5) }, true],
    ['n IN (:a)', { ':a': S('5') }, false],
    ['begins_with(s, :v)', { ':v': S('hel') }, true],
    ['begins_with(s, :v)', { ':v': S('el') }, false],
    ['contains(s, :v)', { ':v': S('ell') }, true],
    ['contains(ss, :v)', { ':v': S('b') }, true],
    ['contains(ns, :v)', { ':v': N('2.0') }, true],
    ['contains(l, :v)', { ':v': N(1) }, true],
    ['contains(l, :v)', { ':v': S('1') }, false],
    ['attribute_type(m, :v)', { ':v': S('M') }, true],
    ['attribute_type(t, :v)', { ':v': S('S') }, false],
    ['size(s) = :v', { ':v': N(5) }, true],
    ['size(ss) > :v', { ':v': N(2) }, false],
    ['size(m) = :v', { ':v': N(2) }, true],
    ['size(b) = :v', { ':v': N(3) }, true],
    ['size(n) = :v', { ':v': N(1) }, false],
    ['ss = :v', { ':v': { SS: ['b', 'a'] } }, true],
    ['l = :v', { ':v': { L: [N(1), S('x')] } }, false],
    ['z = :v', { ':v': { NULL: true } }, true],
    ['NOT n = :v', { ':v': N(5) }, false],
    ['n = :a OR s = :b AND t = :c', { ':a': N(5), ':b': S('no'), ':c': { BOOL: false } }, true],
    ['(n = :a OR s = :b) AND t = :c', { ':a': N(5), ':b': S('no'), ':c': { BOOL: false } }, false],
    ['not (n = :a) or (s) = (:b)', { ':a': N(5), ':b': S('hello') }, true],
    ['m.deep.v = :v', { ':v': N(7) }, true],
    ['n = m.deep.v', undefined, false],
  ] as [string, Loose, boolean][])('%s with %j is %s', async (condition, values, expected) =>
    expect(await holds(item, condition, values)).toBe(expected),
  )
  it('take placeholders for names', async () =>
    expect(
      await holds(
        { pk: S('names'), 'a.b': N(1), size: N(2) },
        '#dotted = :v AND #size = :w',
        { ':v': N(1), ':w': N(2) },
        {
          '#dotted': 'a.b',
          '#size': 'size',
        },
      ),
    ).toBe(true))
  it('that fail say so', async () => {
    await put({ pk: S('fails') })
    expect(
      await refused(
        new PutItemCommand({
          TableName: 'Hash',
          Item: { pk: S('fails') },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    ).toEqual({ name: 'ConditionalCheckFailedException', message: 'The conditional request failed' })
  })
  it('that fail show the item when asked', async () => {
    await put({ pk: S('shows'), v: N(1) })
    expect(
      await refused(
        new DeleteItemCommand({
          TableName: 'Hash',
          Key: { pk: S('shows') },
          ConditionExpression: 'v = :v',
          ExpressionAttributeValues: { ':v': N(2) },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    ).toEqual({
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: { pk: S('shows'), v: N(1) },
    })
  })
  it.each([
    ['', undefined, 'The expression can not be empty;'],
    ['n =', undefined, 'Syntax error; token: "<EOF>", near: "="'],
    ['n = = :v', { ':v': N(1) }, 'Syntax error; token: "=", near: "= = :v"'],
    ['!!!', undefined, 'Syntax error; token: "!", near: "!!"'],
    ['n', undefined, 'Syntax error; token: "<EOF>", near: "n"'],
    ['attribute_not_exists(', undefined, 'Syntax error; token: "<EOF>", near: "("'],
    ['n = 5', undefined, 'Syntax error; token: "5", near: "= 5"'],
    ['((n = :v))', { ':v': N(1) }, 'The expression has redundant parentheses;'],
    ['status = :v', { ':v': N(1) }, 'Attribute name is a reserved keyword; reserved keyword: status'],
    ['exists(n)', undefined, 'Invalid function name; function: exists'],
    ['size(n)', undefined, 'The function is not allowed to be used this way in an expression; function: size'],
    [
      'contains(n, :v) = :v',
      { ':v': N(1) },
      'The function is not allowed to be used this way in an expression; function: contains',
    ],
    [
      'n = :missing',
      undefined,
      'An expression attribute value used in expression is not defined; attribute value: :missing',
    ],
    [
      '#n = :v',
      { ':v': N(1) },
      'An expression attribute name used in the document path is not defined; attribute name: #n',
    ],
    [
      'begins_with(n)',
      undefined,
      'Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1',
    ],
    [
      'begins_with(n, :v)',
      { ':v': N(1) },
      'Incorrect operand type for operator or function; operator or function: begins_with, operand type: N',
    ],
    [
      'attribute_exists(:v)',
      { ':v': S('x') },
      'Operator or function requires a document path; operator or function: attribute_exists',
    ],
    [
      'attribute_type(n, :v)',
      { ':v': S('X') },
      'Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}',
    ],
    [
      'n < :v',
      { ':v': { BOOL: true } },
      'Incorrect operand type for operator or function; operator or function: <, operand type: BOOL',
    ],
    [
      'n BETWEEN :a AND :b',
      { ':a': N(2), ':b': N(1) },
      'The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}',
    ],
    [
      'n BETWEEN :a AND :b',
      { ':a': N(2), ':b': S('1') },
      'The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {S:1}',
    ],
    [
      'n = n',
      undefined,
      'The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [n]',
    ],
  ] as [string, Loose, string][])('refuse %j with %j', async (condition, values, message) =>
    expect(await conditionRefused(condition, values)).toEqual(one(`Invalid ConditionExpression: ${message}`)),
  )
  it('refuse values that no expression uses', async () =>
    expect(await conditionRefused('n = :v', { ':v': N(1), ':w': N(2) })).toEqual(
      one('Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}'),
    ))
  it('refuse names that no expression uses', async () =>
    expect(await conditionRefused('attribute_exists(n)', undefined, { '#n': 'n' })).toEqual(
      one('Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}'),
    ))
  it('refuse values without an expression', async () =>
    expect(
      await refused(
        new PutItemCommand({ TableName: 'Hash', Item: { pk: S('x') }, ExpressionAttributeValues: { ':v': N(1) } }),
      ),
    ).toEqual(one('ExpressionAttributeValues can only be specified when using expressions')))
  it('refuse a placeholder that is none', async () =>
    expect(await conditionRefused('n = :v', { ':v': N(1), v: N(2) })).toEqual(
      one('ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),
    ))
  it('refuse the parameters of 2012 beside an expression', async () =>
    expect(
      await refused(
        new PutItemCommand({
          TableName: 'Hash',
          Item: { pk: S('x') },
          Expected: { pk: { Exists: false } },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    ).toEqual(
      one(
        'Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}',
      ),
    ))
  it('refuse the parameters of 2012 and say what to use', async () =>
    expect(
      await refused(
        new PutItemCommand({ TableName: 'Hash', Item: { pk: S('x') }, Expected: { pk: { Exists: false } } }),
      ),
    ).toEqual(one('The legacy parameter Expected is not supported by this server; use ConditionExpression instead')))
  it('refuse more than 4 KB', async () =>
    expect(
      (await conditionRefused(Array.from({ length: 300 }, (_, index) => `attribute_exists(a${index})`).join(' OR ')))
        .message,
    ).toMatch(/Expression size has exceeded the maximum allowed size/))
})

describe('updates', () => {
  const pk = S('update')
  it.each([
    ['SET', { pk }, 'SET a = :v, b = :w', { ':v': N(1), ':w': S('x') }, { pk, a: N(1), b: S('x') }],
    ['sums', { pk, a: N('0.1') }, 'SET a = a + :v', { ':v': N('0.2') }, { pk, a: N('0.3') }],
    ['differences', { pk, a: N(1) }, 'SET b = a - :v', { ':v': N('1.5') }, { pk, a: N(1), b: N('-0.5') }],
    [
      'sums of 38 digits',
      { pk, a: N('99999999999999999999999999999999999998') },
      'SET a = a + :v',
      { ':v': N(1) },
      { pk, a: N('99999999999999999999999999999999999999') },
    ],
    [
      'if_not_exists of what is not there',
      { pk },
      'SET a = if_not_exists(a, :z) + :v',
      { ':z': N(10), ':v': N(1) },
      { pk, a: N(11) },
    ],
    [
      'if_not_exists of what is there',
      { pk, a: N(1) },
      'SET a = if_not_exists(a, :z)',
      { ':z': N(10) },
      { pk, a: N(1) },
    ],
    [
      'list_append behind',
      { pk, l: { L: [N(1)] } },
      'SET l = list_append(l, :v)',
      { ':v': { L: [N(2)] } },
      { pk, l: { L: [N(1), N(2)] } },
    ],
    [
      'list_append before',
      { pk, l: { L: [N(1)] } },
      'SET l = list_append(:v, l)',
      { ':v': { L: [N(0)] } },
      { pk, l: { L: [N(0), N(1)] } },
    ],
    [
      'list_append to what is not there',
      { pk },
      'SET l = list_append(if_not_exists(l, :e), :v)',
      { ':e': { L: [] }, ':v': { L: [N(1)] } },
      { pk, l: { L: [N(1)] } },
    ],
    [
      'a member of a map',
      { pk, m: { M: { a: N(1) } } },
      'SET m.b = :v, m.a = :w',
      { ':v': N(2), ':w': N(3) },
      { pk, m: { M: { a: N(3), b: N(2) } } },
    ],
    [
      'a member of a list',
      { pk, l: { L: [N(1), N(2)] } },
      'SET l[1] = :v',
      { ':v': N(3) },
      { pk, l: { L: [N(1), N(3)] } },
    ],
    [
      'members behind the end of a list',
      { pk, l: { L: [N(1)] } },
      'SET l[20] = :b, l[10] = :a',
      { ':a': S('a'), ':b': S('b') },
      { pk, l: { L: [N(1), S('a'), S('b')] } },
    ],
    ['a sum in parentheses', { pk, a: N(10) }, 'SET a = (a - :v)', { ':v': N(3) }, { pk, a: N(7) }],
    ['swaps', { pk, a: N(1), b: N(2) }, 'SET a = b, b = a', undefined, { pk, a: N(2), b: N(1) }],
    ['REMOVE', { pk, a: N(1), b: N(2) }, 'REMOVE a, absent', undefined, { pk, b: N(2) }],
    [
      'REMOVE of members by their indexes before the update',
      { pk, l: { L: [N(0), N(1), N(2), N(3)] } },
      'REMOVE l[0], l[2], l[9]',
      undefined,
      { pk, l: { L: [N(1), N(3)] } },
    ],
    ['REMOVE in a map', { pk, m: { M: { a: N(1), b: N(2) } } }, 'REMOVE m.a', undefined, { pk, m: { M: { b: N(2) } } }],
    ['ADD to a number', { pk, a: N(1) }, 'ADD a :v', { ':v': N('-3') }, { pk, a: N('-2') }],
    ['ADD to nothing', { pk }, 'ADD a :v', { ':v': N(5) }, { pk, a: N(5) }],
    ['ADD to a set', { pk, s: { SS: ['a'] } }, 'ADD s :v', { ':v': { SS: ['a', 'b'] } }, { pk, s: { SS: ['a', 'b'] } }],
    [
      'DELETE from a set',
      { pk, s: { NS: ['1', '2'] } },
      'DELETE s :v',
      { ':v': { NS: ['2.0', '3'] } },
      { pk, s: { NS: ['1'] } },
    ],
    ['DELETE of a whole set', { pk, s: { SS: ['a'] } }, 'DELETE s :v', { ':v': { SS: ['a'] } }, { pk }],
    [
      'all sections at once',
      { pk, a: N(1), b: N(1), s: { SS: ['x', 'y'] }, r: N(1) },
      'set a = :a remove r add b :b delete s :s',
      { ':a': N(9), ':b': N(1), ':s': { SS: ['x'] } },
      { pk, a: N(9), b: N(2), s: { SS: ['y'] } },
    ],
  ] as [string, Loose, string, Loose, Loose][])('do %s', async (_, item, expression, values, expected) =>
    expect(await updated(item, expression, values)).toEqual(expected),
  )
  it.each([
    [
      'SET g = :v',
      { ':v': S('') },
      'One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.',
    ],
    [
      'SET g = :v',
      { ':v': N(5) },
      'One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: byG',
    ],
    [
      'SET g = seen',
      undefined,
      'The update expression attempted to update the secondary index key to unsupported type',
    ],
    [
      'SET g.x = :v',
      { ':v': N(5) },
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: g",
    ],
  ] as [string, Loose, string][])('refuse an index key from %s with %j', async (UpdateExpression, values, message) =>
    expect(
      await refused(
        new UpdateItemCommand({
          TableName: 'Pair',
          Key: { pk: S('q'), sk: N(0) },
          UpdateExpression,
          ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
        }),
      ),
    ).toEqual(invalid(message)),
  )
  it('make an item that was not there', async () => {
    await run(new DeleteItemCommand({ TableName: 'Hash', Key: { pk: S('made') } }))
    await update('made', 'SET a = :v', { ':v': N(1) })
    expect(await get('made')).toEqual({ pk: S('made'), a: N(1) })
  })
  it.each([
    ['NONE', undefined],
    ['ALL_OLD', { pk: S('returned'), a: N(1), m: { M: { x: N(1), y: N(2) } } }],
    ['ALL_NEW', { pk: S('returned'), a: N(2), m: { M: { x: N(9), y: N(2) } } }],
    ['UPDATED_OLD', { a: N(1), m: { M: { x: N(1) } } }],
    ['UPDATED_NEW', { a: N(2), m: { M: { x: N(9) } } }],
  ])('answer %s', async (ReturnValues, expected) => {
    await put({ pk: S('returned'), a: N(1), m: { M: { x: N(1), y: N(2) } } })
    const { Attributes } = await update(
      'returned',
      'SET a = :a, m.x = :x',
      { ':a': N(2), ':x': N(9) },
      { ReturnValues },
    )
    expect(Attributes).toEqual(expected)
  })
  it.each([
    ['', undefined, one('Invalid UpdateExpression: The expression can not be empty;')],
    [
      'INVALID SYNTAX HERE',
      undefined,
      one('Invalid UpdateExpression: Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
    ],
    ['ADD hits : incr', undefined, one('Invalid UpdateExpression: Syntax error; token: ":", near: "hits : incr"')],
    ['SET a = :v,', { ':v': N(1) }, one('Invalid UpdateExpression: Syntax error; token: "<EOF>", near: ","')],
    [
      'SET a = :v SET b = :v',
      { ':v': N(1) },
      one('Invalid UpdateExpression: The "SET" section can only be used once in an update expression;'),
    ],
    [
      'SET a = :v, a.b = :v',
      { ':v': N(1) },
      one(
        'Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]',
      ),
    ],
    [
      'SET a[1] = :v, a.b = :v',
      { ':v': N(1) },
      one(
        'Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, [1]], path two: [a, b]',
      ),
    ],
    [
      'SET a = (b + :v) + :v',
      { ':v': N(1) },
      one('Invalid UpdateExpression: Syntax error; token: "+", near: ") + :v"'),
    ],
    ['SET a = now()', undefined, one('Invalid UpdateExpression: Syntax error; token: ")", near: "()"')],
    ['SET a = now(b)', undefined, one('Invalid UpdateExpression: Invalid function name; function: now')],
    [
      'ADD a :v',
      { ':v': S('x') },
      one(
        'Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING',
      ),
    ],
    [
      'DELETE a :v',
      { ':v': N(1) },
      one(
        'Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER',
      ),
    ],
    [
      'SET a = b + :v',
      { ':v': S('x') },
      one(
        'Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S',
      ),
    ],
    [
      'SET pk = :v',
      { ':v': S('x') },
      invalid(
        'One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key',
      ),
    ],
    [
      'SET a = absent',
      undefined,
      invalid('The provided expression refers to an attribute that does not exist in the item'),
    ],
    [
      'SET absent.a = :v',
      { ':v': N(1) },
      invalid('The document path provided in the update expression is invalid for update'),
    ],
    [
      'SET text.a = :v',
      { ':v': N(1) },
      one('Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: text'),
    ],
    ['SET a = s + :v', { ':v': N(1) }, invalid('An operand in the update expression has an incorrect data type')],
    ['ADD s :v', { ':v': N(1) }, invalid('An operand in the update expression has an incorrect data type')],
    [
      'SET a = list_append(s, :v)',
      { ':v': { L: [] } },
      invalid('An operand in the update expression has an incorrect data type'),
    ],
  ] as [string, Loose, Loose][])('refuse %j', async (expression, values, expected) =>
    expect(await updateRefused({ pk: S('updateRefused'), s: S('text') }, expression, values)).toEqual(expected),
  )
  it('refuse items that become too large', async () =>
    expect(
      await updateRefused({ pk: S('grows'), a: S('x'.repeat(300_000)) }, 'SET b = :v', {
        ':v': S('x'.repeat(200_000)),
      }),
    ).toEqual(invalid('Item size to update has exceeded the maximum allowed size')))
  it('refuse a sum of 39 digits', async () =>
    expect(await updateRefused({ pk: S('digits'), a: N('1e38') }, 'SET a = a + :v', { ':v': N('0.1') })).toEqual(
      invalid('Attempting to store more than 38 significant digits in a Number'),
    ))
})

describe('queries', () => {
  it.each([
    ['all of a partition in order', 'pk = :p', {}, ['-3', '-2', '-1', '0', '1', '2', '3', '4', '5', '6']],
    ['=', 'pk = :p AND sk = :v', { ':v': N('2.0') }, ['2']],
    ['<', 'pk = :p AND sk < :v', { ':v': N('-1') }, ['-3', '-2']],
    ['<=', 'pk = :p AND sk <= :v', { ':v': N('-2') }, ['-3', '-2']],
    ['>', 'pk = :p AND sk > :v', { ':v': N('4.5') }, ['5', '6']],
    ['>=', 'pk = :p AND sk >= :v', { ':v': N(5) }, ['5', '6']],
    ['a value on the left', 'pk = :p AND :v < sk', { ':v': N(5) }, ['6']],
    ['BETWEEN', 'pk = :p AND sk BETWEEN :v AND :w', { ':v': N('-1'), ':w': N(1) }, ['-1', '0', '1']],
    ['terms in any order and parentheses', '((sk > :v)) AND ((pk = :p))', { ':v': N(5) }, ['6']],
  ] as [string, string, Loose, string[]][])('find %s', async (_, condition, values, expected) =>
    expect(await sortKeys(condition, values)).toEqual(expected),
  )
  it('go backwards', async () =>
    expect(await sortKeys('pk = :p AND sk > :v', { ':v': N(3) }, { ScanIndexForward: false })).toEqual(['6', '5', '4']))
  it('find strings by their beginning', async () => {
    await run(new CreateTableCommand(table('Strings', 'SS') as Loose))
    for (const sk of ['a', 'ab', 'abc', 'b', 'a\u{10ffff}', 'ä'])
      await run(new PutItemCommand({ TableName: 'Strings', Item: { pk: S('p'), sk: S(sk) } }))
    const found = await run(
      new QueryCommand({
        TableName: 'Strings',
        KeyConditionExpression: 'pk = :p AND begins_with(sk, :v)',
        ExpressionAttributeValues: { ':p': S('p'), ':v': S('a') },
      }),
    )
    expect(found.Items.map((item: Loose) => item.sk.S)).toEqual(['a', 'ab', 'abc', 'a\u{10ffff}'])
  })
  it('order strings by their UTF-8', async () => {
    for (const sk of ['\u{1f600}', '\uffee', 'z'])
      await run(new PutItemCommand({ TableName: 'Strings', Item: { pk: S('order'), sk: S(sk) } }))
    const found = await run(
      new QueryCommand({
        TableName: 'Strings',
        KeyConditionExpression: 'pk = :p',
        ExpressionAttributeValues: { ':p': S('order') },
      }),
    )
    expect(found.Items.map((item: Loose) => item.sk.S)).toEqual(['z', '\uffee', '\u{1f600}'])
  })
  it('order binary by its bytes', async () => {
    await run(new CreateTableCommand(table('Bytes', 'BB') as Loose))
    for (const bytes of [[255], [0], [1, 0], [1]])
      await run(
        new PutItemCommand({
          TableName: 'Bytes',
          Item: { pk: { B: new Uint8Array([1]) }, sk: { B: new Uint8Array(bytes) } },
        }),
      )
    const found = await run(
      new QueryCommand({
        TableName: 'Bytes',
        KeyConditionExpression: 'pk = :p',
        ExpressionAttributeValues: { ':p': { B: new Uint8Array([1]) } },
      }),
    )
    expect(found.Items.map((item: Loose) => [...item.sk.B])).toEqual([[0], [1], [1, 0], [255]])
  })
  it('filter after reading', async () =>
    expect(
      await query(
        'pk = :p',
        { ':p': S('q'), ':v': N(30) },
        { FilterExpression: 'seen > :v', ProjectionExpression: 'sk', Limit: 9 },
      ),
    ).toEqual({
      Items: [{ sk: N(4) }, { sk: N(5) }],
      Count: 2,
      ScannedCount: 9,
      LastEvaluatedKey: { pk: S('q'), sk: N(5) },
    }))
  it('count only', async () =>
    expect(await query('pk = :p', { ':p': S('q') }, { Select: 'COUNT' })).toEqual({ Count: 10, ScannedCount: 10 }))
  it('go on where they stopped', async () => {
    const pages: string[][] = []
    let start: Loose
    do {
      const page = await query('pk = :p', { ':p': S('q') }, { Limit: 4, ExclusiveStartKey: start })
      pages.push(page.Items.map((item: Loose) => item.sk.N))
      start = page.LastEvaluatedKey
    } while (start !== undefined)
    expect(pages).toEqual([
      ['-3', '-2', '-1', '0'],
      ['1', '2', '3', '4'],
      ['5', '6'],
    ])
  })
  it('go on backwards where they stopped', async () =>
    expect(
      await sortKeys('pk = :p', {}, { ScanIndexForward: false, Limit: 2, ExclusiveStartKey: { pk: S('q'), sk: N(0) } }),
    ).toEqual(['-1', '-2']))
  it('stop at 1 MB', async () => {
    for (let sk = 0; sk < 4; sk++)
      await run(
        new PutItemCommand({ TableName: 'Pair', Item: { pk: S('large'), sk: N(sk), v: S('x'.repeat(390_000)) } }),
      )
    const page = await query('pk = :p', { ':p': S('large') }, { ProjectionExpression: 'sk' })
    expect(page).toEqual({
      Items: [{ sk: N(0) }, { sk: N(1) }, { sk: N(2) }],
      Count: 3,
      ScannedCount: 3,
      LastEvaluatedKey: { pk: S('large'), sk: N(2) },
    })
  })
  it('of a global index have its order', async () =>
    expect((await query('g = :g', { ':g': S('even') }, { IndexName: 'byG', ProjectionExpression: 'h' })).Items).toEqual(
      [{ h: S('h1') }, { h: S('h3') }, { h: S('h5') }],
    ))
  it('of a global index have only what it projects', async () =>
    expect((await query('h = :h', { ':h': S('h0') }, { IndexName: 'some' })).Items).toEqual([
      { pk: S('q'), sk: N(-3), h: S('h0'), seen: N(-30) },
    ]))
  it('of a global index go on where they stopped', async () => {
    const first = await query('g = :g', { ':g': S('odd') }, { IndexName: 'keys', Limit: 3 })
    const second = await query(
      'g = :g',
      { ':g': S('odd') },
      { IndexName: 'keys', ExclusiveStartKey: first.LastEvaluatedKey },
    )
    expect([...first.Items, ...second.Items].map((item) => item.sk.N).sort()).toEqual(['-1', '-3', '1', '3', '5'])
  })
  it('of a local index have its order', async () =>
    expect(
      await sortKeys('pk = :p AND l BETWEEN :v AND :w', { ':v': S('l4'), ':w': S('l7') }, { IndexName: 'byL' }),
    ).toEqual(['5', '4', '3', '2']))
  it('of a local index fetch what it does not project', async () =>
    expect(
      (
        await query(
          'pk = :p AND l = :v',
          { ':p': S('q'), ':v': S('l8') },
          { IndexName: 'byL', Select: 'ALL_ATTRIBUTES' },
        )
      ).Items,
    ).toEqual([{ pk: S('q'), sk: N(1), g: S('odd'), h: S('h4'), l: S('l8'), seen: N(10), hid: S('x') }]))
  it.each([
    ['sk = :v', { ':v': N(1) }, {}, 'Query condition missed key schema element: pk'],
    ['hid = :v', { ':v': N(1) }, {}, 'Query condition missed key schema element: pk'],
    ['pk = :v AND hid = :v', { ':v': S('x') }, {}, 'Query condition missed key schema element: sk'],
    ['pk > :v', { ':v': S('x') }, {}, 'Query key condition not supported'],
    [
      'pk = :v',
      { ':v': N(1) },
      {},
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    ],
    ['pk = :v OR sk = :v', { ':v': S('x') }, {}, 'Invalid operator used in KeyConditionExpression: OR'],
    [
      'pk = :p AND sk > :a AND sk < :b',
      { ':p': S('q'), ':a': N(1), ':b': N(5) },
      {},
      'Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key',
    ],
    [
      'pk = :p AND sk > :a AND extra = :b',
      { ':p': S('q'), ':a': N(1), ':b': N(5) },
      {},
      'The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)',
    ],
    [
      'pk = :p AND begins_with(sk, :v)',
      { ':p': S('q'), ':v': N(1) },
      {},
      'Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N',
    ],
    ['pk = :v', { ':v': S('x') }, { IndexName: 'none' }, 'The table does not have the specified index: none'],
    [
      'g = :v',
      { ':v': S('x') },
      { IndexName: 'byG', ConsistentRead: true },
      'Consistent reads are not supported on global secondary indexes',
    ],
    [
      'pk = :v',
      { ':v': S('x') },
      { Select: 'ALL_PROJECTED_ATTRIBUTES' },
      'One or more parameter values were invalid: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName',
    ],
    [
      'pk = :v',
      { ':v': S('x') },
      { Select: 'ALL_ATTRIBUTES', ProjectionExpression: 'sk' },
      'Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES',
    ],
    [
      'g = :v',
      { ':v': S('x') },
      { IndexName: 'keys', Select: 'ALL_ATTRIBUTES' },
      'One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index keys because its projection type is not ALL',
    ],
    [
      'pk = :v',
      { ':v': S('x') },
      { FilterExpression: 'sk = :v' },
      'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk',
    ],
    ['pk = :v', { ':v': S('x') }, { ExclusiveStartKey: { pk: S('x') } }, 'The provided starting key is invalid'],
    [
      'pk = :v',
      { ':v': S('x') },
      { ExclusiveStartKey: { pk: S('y'), sk: N(1) } },
      'The provided starting key is outside query boundaries based on provided conditions',
    ],
    [
      'pk = :v',
      { ':v': S('x') },
      { Limit: 0 },
      "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      'pk = :v',
      { ':v': S('x') },
      { Select: 'EVERYTHING' },
      "1 validation error detected: Value 'EVERYTHING' at 'select' failed to satisfy constraint: Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
    ],
  ] as [string, Loose, Loose, string][])('refuse %s with %j, %j', async (condition, values, more, message) =>
    expect(await queryRefused(condition, values, more)).toEqual(invalid(message)),
  )
  it('refuse to go without a key condition', async () =>
    expect(await refused(new QueryCommand({ TableName: 'Pair' }))).toEqual(
      invalid('Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.'),
    ))
  it('of a table that is not there say so', async () =>
    expect(
      await refused(
        new QueryCommand({
          TableName: 'Missing',
          KeyConditionExpression: 'pk = :v',
          ExpressionAttributeValues: { ':v': S('x') },
        }),
      ),
    ).toEqual({ name: 'ResourceNotFoundException', message: 'Requested resource not found' }))
})

describe('an index whose key has several attributes', () => {
  beforeAll(async () => {
    await run(
      new CreateTableCommand({
        TableName: 'Many',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'h', 'a', 'b', 'c', 'd'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'many',
            KeySchema: [
              { AttributeName: 'h', KeyType: 'HASH' },
              ...['a', 'b', 'c', 'd'].map((AttributeName) => ({ AttributeName, KeyType: 'RANGE' })),
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      } as Loose),
    )
    const items = [
      ['p1', 'T', 'live', 'b', 'r1'],
      ['p2', 'T', 'live', 'a', 'r2'],
      ['p3', 'T', 'live', 'a', 'r1'],
      ['p4', 'T', 'draft', 'c', 'r1'],
      ['p5', 'F', 'live', 'a', 'r0'],
      ['p6', 'T', 'live', undefined, 'r1'],
    ]
    for (const values of items) {
      const Item: Loose = { h: S('o1') }
      for (const [index, name] of ['pk', 'a', 'b', 'c', 'd'].entries())
        if (values[index] !== undefined) Item[name] = S(values[index])
      await run(new PutItemCommand({ TableName: 'Many', Item }))
    }
  })
  const values: Loose = {
    ':h': S('o1'),
    ':a': S('T'),
    ':b': S('live'),
    ':c': S('a'),
    ':d': S('r'),
    ':x': S('r1'),
    ':y': S('r1'),
  }
  const command = (KeyConditionExpression: string, more: Loose = {}) =>
    new QueryCommand({
      TableName: 'Many',
      IndexName: 'many',
      KeyConditionExpression,
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(values).filter(([name]) => KeyConditionExpression.includes(name)),
      ) as Loose,
      ...more,
    })
  it.each([
    ['h = :h', {}, ['p5', 'p4', 'p3', 'p2', 'p1']],
    ['h = :h AND a = :a', { ScanIndexForward: false }, ['p1', 'p2', 'p3', 'p4']],
    ['h = :h AND a = :a AND b = :b', {}, ['p3', 'p2', 'p1']],
    ['h = :h AND a = :a AND b = :b AND c > :c', {}, ['p1']],
    ['h = :h AND a = :a AND b < :b', {}, ['p4']],
    ['h = :h AND a < :a', {}, ['p5']],
    ['h = :h AND a = :a AND b = :b AND c = :c AND begins_with(d, :d)', {}, ['p3', 'p2']],
    ['h = :h AND a = :a AND b = :b AND c = :c AND d BETWEEN :x AND :y', {}, ['p3']],
    ['b = :b AND h = :h AND a = :a', {}, ['p3', 'p2', 'p1']],
  ] as [string, Loose, string[]][])('answers %s', async (condition, more, expected) =>
    expect((await run(command(condition, more))).Items.map((item: Loose) => item.pk.S)).toEqual(expected),
  )
  it('refuses a gap', async () =>
    expect(await refused(command('h = :h AND a = :a AND c = :c'))).toEqual(
      invalid(
        'RANGE key attributes b must have equality conditions specified in the query because a condition is present on key attribute c',
      ),
    ))
})

describe('scans', () => {
  beforeAll(async () => {
    await run(new CreateTableCommand(table('Scanned', 'S') as Loose))
    for (let index = 0; index < 60; index++)
      await run(new PutItemCommand({ TableName: 'Scanned', Item: { pk: S(`item ${index}`), n: N(index) } }))
  })
  it('find everything once, in pages', async () => {
    const found: string[] = []
    let start: Loose
    do {
      const page = await run(new ScanCommand({ TableName: 'Scanned', Limit: 7, ExclusiveStartKey: start }))
      found.push(...page.Items.map((item: Loose) => item.pk.S))
      start = page.LastEvaluatedKey
    } while (start !== undefined)
    expect([found.length, new Set(found).size]).toEqual([60, 60])
  })
  it('find everything once, in segments', async () => {
    const pages = await Promise.all(
      Array.from({ length: 7 }, (_, Segment) =>
        run(new ScanCommand({ TableName: 'Scanned', Segment, TotalSegments: 7 })),
      ),
    )
    const found = pages.flatMap((page) => page.Items.map((item: Loose) => item.pk.S))
    expect([found.length, new Set(found).size]).toEqual([60, 60])
  })
  it("have DynamoDB's order of string partitions", async () => {
    await run(new CreateTableCommand(table('Ordered', 'S') as Loose))
    for (const pk of ['a', 'b', 'c', 'd', 'e', 'user#1', 'user#2', '\u{1f600}'])
      await run(new PutItemCommand({ TableName: 'Ordered', Item: { pk: S(pk) } }))
    const { Items } = await run(new ScanCommand({ TableName: 'Ordered' }))
    expect(Items.map((item: Loose) => item.pk.S)).toEqual(['\u{1f600}', 'user#2', 'b', 'user#1', 'c', 'd', 'e', 'a'])
  })
  it("have DynamoDB's order of number partitions", async () => {
    await run(new CreateTableCommand(table('OrderedNumbers', 'N') as Loose))
    for (const pk of ['0', '1', '-1', '1.5', '100', '-12.25'])
      await run(new PutItemCommand({ TableName: 'OrderedNumbers', Item: { pk: N(pk) } }))
    const { Items } = await run(new ScanCommand({ TableName: 'OrderedNumbers' }))
    expect(Items.map((item: Loose) => item.pk.N)).toEqual(['-1', '100', '1.5', '-12.25', '1', '0'])
  })
  it('filter', async () =>
    expect(
      await run(
        new ScanCommand({
          TableName: 'Scanned',
          FilterExpression: 'n < :v',
          ExpressionAttributeValues: { ':v': N(3) },
          Select: 'COUNT',
        }),
      ),
    ).toEqual({ Count: 3, ScannedCount: 60 }))
  it('of an index find what it has', async () =>
    expect((await run(new ScanCommand({ TableName: 'Pair', IndexName: 'some', Select: 'COUNT' }))).Count).toBe(6))
  it.each([
    [
      { Segment: 0 },
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    ],
    [
      { TotalSegments: 4 },
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    ],
    [
      { Segment: 5, TotalSegments: 5 },
      'The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5',
    ],
    [
      { Limit: 0 },
      "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      { ExclusiveStartKey: { pk: S('x'), more: S('y') } },
      'The provided starting key is invalid: The provided key element does not match the schema',
    ],
    [
      { ExclusiveStartKey: { pk: N(1) } },
      'The provided starting key is invalid: The provided key element does not match the schema',
    ],
  ] as [Loose, string][])('refuse %j', async (more, message) =>
    expect(await refused(new ScanCommand({ TableName: 'Scanned', ...more }))).toEqual(invalid(message)),
  )
})

describe('batches', () => {
  it('write and read', async () => {
    await run(
      new BatchWriteItemCommand({
        RequestItems: {
          Hash: [
            { PutRequest: { Item: { pk: S('batch 1'), v: N(1) } } },
            { PutRequest: { Item: { pk: S('batch 2'), v: N(2) } } },
            { DeleteRequest: { Key: { pk: S('batch 3') } } },
          ],
        },
      }),
    )
    const { Responses } = await run(
      new BatchGetItemCommand({
        RequestItems: {
          Hash: { Keys: [{ pk: S('batch 1') }, { pk: S('batch 2') }, { pk: S('batch 3') }], ProjectionExpression: 'v' },
        },
      }),
    )
    expect(Responses).toEqual({ Hash: [{ v: N(1) }, { v: N(2) }] })
  })
  it('answer that everything was processed', async () =>
    expect(
      await run(
        new BatchWriteItemCommand({ RequestItems: { Hash: [{ PutRequest: { Item: { pk: S('batch 1') } } }] } }),
      ),
    ).toEqual({ UnprocessedItems: {} }))
  it('leave keys for the next request beyond 16 MB', async () => {
    for (let sk = 0; sk < 45; sk++)
      await run(
        new PutItemCommand({ TableName: 'Pair', Item: { pk: S('batch'), sk: N(sk), v: S('x'.repeat(390_000)) } }),
      )
    const output = await run(
      new BatchGetItemCommand({
        RequestItems: { Pair: { Keys: Array.from({ length: 45 }, (_, sk) => ({ pk: S('batch'), sk: N(sk) })) } },
      }),
    )
    expect([output.Responses.Pair.length, output.UnprocessedKeys.Pair.Keys.length]).toEqual([43, 2])
  })
  it.each([
    [
      'a key twice',
      new BatchWriteItemCommand({
        RequestItems: {
          Hash: [{ PutRequest: { Item: { pk: S('twice') } } }, { DeleteRequest: { Key: { pk: S('twice') } } }],
        },
      }),
      invalid('Provided list of item keys contains duplicates'),
    ],
    [
      'a key twice to read',
      new BatchGetItemCommand({ RequestItems: { Hash: { Keys: [{ pk: S('twice') }, { pk: S('twice') }] } } }),
      invalid('Provided list of item keys contains duplicates'),
    ],
    [
      'a key of another type',
      new BatchWriteItemCommand({ RequestItems: { Hash: [{ PutRequest: { Item: { pk: N(5) } } }] } }),
      invalid('The provided key element does not match the schema'),
    ],
    [
      'a table that is not there',
      new BatchWriteItemCommand({ RequestItems: { Missing: [{ PutRequest: { Item: { pk: S('x') } } }] } }),
      { name: 'ResourceNotFoundException', message: 'Requested resource not found' },
    ],
    [
      '101 keys',
      new BatchGetItemCommand({
        RequestItems: { Hash: { Keys: Array.from({ length: 101 }, (_, index) => ({ pk: S(`${index}`) })) } },
      }),
      one(
        "Value at 'RequestItems.Hash.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100",
      ),
    ],
    [
      'no requests for a table',
      new BatchWriteItemCommand({ RequestItems: { Hash: [] } }),
      one(
        "Value '{Hash=[]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]",
      ),
    ],
    [
      'a malformed table name',
      new BatchGetItemCommand({ RequestItems: { 'bad!name': { Keys: [{ pk: S('a') }] } } }),
      one(
        'Value \'{"bad!name":{"Keys":[{"pk":{"S":"a"}}]}}\' at \'requestItems\' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 255, Member must have length greater than or equal to 3, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]',
      ),
    ],
    [
      'a malformed number in the older words',
      new BatchWriteItemCommand({ RequestItems: { Hash: [{ PutRequest: { Item: { pk: S('x'), n: N('') } } }] } }),
      invalid('The parameter cannot be converted to a numeric value'),
    ],
  ] as [string, Loose, Loose][])('refuse %s', async (_, command, expected) =>
    expect(await refused(command)).toEqual(expected),
  )
  it('report what else is wrong before a malformed table name, or with it', async () => {
    const bogus =
      "Value 'BOGUS' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
    const write = await refused(
      new BatchWriteItemCommand({
        RequestItems: { 'bad!name': [{ PutRequest: { Item: { pk: S('x') } } }] },
        ReturnConsumedCapacity: 'BOGUS' as Loose,
      }),
    )
    const read = await refused(
      new BatchGetItemCommand({
        RequestItems: { 'bad!name': { Keys: [{ pk: S('a') }] } },
        ReturnConsumedCapacity: 'BOGUS' as Loose,
      }),
    )
    expect([
      write,
      read.message.startsWith('2 validation errors detected: '),
      read.message.endsWith(`; ${bogus}`),
    ]).toEqual([one(bogus), true, true])
  })
  it('refuse 26 requests', async () =>
    expect(
      (
        await refused(
          new BatchWriteItemCommand({
            RequestItems: {
              Hash: Array.from({ length: 26 }, (_, index) => ({ PutRequest: { Item: { pk: S(`bw ${index}`) } } })),
            },
          }),
        )
      ).message,
    ).toMatch(
      /^1 validation error detected: Value '\{Hash=\[.+\]\}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: \[Member must have length less than or equal to 25, Member must have length greater than or equal to 1\]$/,
    ))
})

describe('transactions', () => {
  const write = (...TransactItems: Loose[]) => new TransactWriteItemsCommand({ TransactItems })
  const putAction = (pk: string, more: Loose = {}) => ({
    Put: { TableName: 'Hash', Item: { pk: S(pk), ...more.item }, ...more.put },
  })
  const canceled = (...reasons: Loose[]) => ({
    name: 'TransactionCanceledException',
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
    CancellationReasons: reasons,
  })
  it('do everything', async () => {
    await put({ pk: S('tx updated'), n: N(1) })
    await put({ pk: S('tx deleted') })
    await put({ pk: S('tx checked'), ok: { BOOL: true } })
    await run(
      write(
        putAction('tx put', { item: { v: N(1) } }),
        {
          Update: {
            TableName: 'Hash',
            Key: { pk: S('tx updated') },
            UpdateExpression: 'ADD n :v',
            ExpressionAttributeValues: { ':v': N(1) },
          },
        },
        { Delete: { TableName: 'Hash', Key: { pk: S('tx deleted') } } },
        {
          ConditionCheck: {
            TableName: 'Hash',
            Key: { pk: S('tx checked') },
            ConditionExpression: 'ok = :v',
            ExpressionAttributeValues: { ':v': { BOOL: true } },
          },
        },
      ),
    )
    expect([await get('tx put'), await get('tx updated'), await get('tx deleted'), await get('tx checked')]).toEqual([
      { pk: S('tx put'), v: N(1) },
      { pk: S('tx updated'), n: N(2) },
      undefined,
      { pk: S('tx checked'), ok: { BOOL: true } },
    ])
  })
  it('do nothing when a condition fails, and say which', async () => {
    await put({ pk: S('tx exists'), v: N(1) })
    const error = await refused(
      write(putAction('tx none'), putAction('tx exists', { put: { ConditionExpression: 'attribute_not_exists(pk)' } })),
    )
    expect([error, await get('tx none')]).toEqual([
      canceled({ Code: 'None' }, { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' }),
      undefined,
    ])
  })
  it('show the item that a condition failed on', async () => {
    await put({ pk: S('tx shows'), v: N(1) })
    expect(
      (
        await refused(
          write(
            putAction('tx shows', {
              put: { ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
            }),
          ),
        )
      ).CancellationReasons,
    ).toEqual([
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { pk: S('tx shows'), v: N(1) },
      },
    ])
  })
  it('are cancelled by a key of another type', async () =>
    expect(await refused(write({ Put: { TableName: 'Hash', Item: { pk: N(5) } } }))).toEqual(
      canceled({
        Code: 'ValidationError',
        Message: 'One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N',
      }),
    ))
  it('are refused by an empty index key', async () =>
    expect(await refused(write({ Put: { TableName: 'Pair', Item: { pk: S('tx'), sk: N(1), g: S('') } } }))).toEqual(
      invalid(
        'One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: byG, IndexKey: g',
      ),
    ))
  it('are cancelled by an update that cannot be', async () => {
    await put({ pk: S('tx text'), s: S('x') })
    expect(
      await refused(
        write({
          Update: {
            TableName: 'Hash',
            Key: { pk: S('tx text') },
            UpdateExpression: 'SET s = s + :v',
            ExpressionAttributeValues: { ':v': N(1) },
          },
        }),
      ),
    ).toEqual(
      canceled({
        Code: 'ValidationError',
        Message: 'An operand in the update expression has an incorrect data type',
      }),
    )
  })
  it('happen once for one token', async () => {
    const command = {
      ClientRequestToken: 'token 1',
      TransactItems: [
        {
          Update: {
            TableName: 'Hash',
            Key: { pk: S('tx once') },
            UpdateExpression: 'ADD n :v',
            ExpressionAttributeValues: { ':v': N(1) },
          },
        },
      ],
    }
    await run(new TransactWriteItemsCommand(command as Loose))
    await run(new TransactWriteItemsCommand(command as Loose))
    expect(await get('tx once')).toEqual({ pk: S('tx once'), n: N(1) })
  })
  it('refuse a token with another request', async () => {
    await run(
      new TransactWriteItemsCommand({ ClientRequestToken: 'token 2', TransactItems: [putAction('tx token')] } as Loose),
    )
    expect(
      (
        await refused(
          new TransactWriteItemsCommand({
            ClientRequestToken: 'token 2',
            TransactItems: [putAction('tx other')],
          } as Loose),
        )
      ).name,
    ).toBe('IdempotentParameterMismatchException')
  })
  it('cost twice', async () =>
    expect(
      (
        await run(
          new TransactWriteItemsCommand({
            TransactItems: [putAction('tx cost')],
            ReturnConsumedCapacity: 'TOTAL',
          } as Loose),
        )
      ).ConsumedCapacity,
    ).toEqual([{ TableName: 'Hash', CapacityUnits: 2, WriteCapacityUnits: 2 }]))
  it('read', async () => {
    await put({ pk: S('tx read'), a: N(1), b: N(2) })
    const { Responses } = await run(
      new TransactGetItemsCommand({
        TransactItems: [
          { Get: { TableName: 'Hash', Key: { pk: S('tx read') }, ProjectionExpression: 'b' } },
          { Get: { TableName: 'Hash', Key: { pk: S('tx nobody') } } },
        ],
      }),
    )
    expect(Responses).toEqual([{ Item: { b: N(2) } }, {}])
  })
  it.each([
    [
      'an item twice',
      write(putAction('tx twice'), putAction('tx twice')),
      invalid('Transaction request cannot include multiple operations on one item'),
    ],
    [
      'two actions in one',
      write({ ...putAction('x'), Delete: { TableName: 'Hash', Key: { pk: S('x') } } }),
      invalid('TransactItems can only contain one of Check, Put, Update or Delete'),
    ],
    [
      'a table that is not there',
      write({ Put: { TableName: 'Missing', Item: { pk: S('x') } } }),
      { name: 'ResourceNotFoundException', message: 'Requested resource not found' },
    ],
    [
      'an empty key before they begin',
      write({ Put: { TableName: 'Hash', Item: { pk: S('') } } }),
      invalid(
        'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
      ),
    ],
    [
      'an expression that does not parse, before a missing table',
      write(
        { Put: { TableName: 'Missing', Item: { pk: S('x') } } },
        {
          ConditionCheck: {
            TableName: 'Hash',
            Key: { pk: S('x') },
            ConditionExpression: 'attribute_not_exists(',
          },
        },
      ),
      invalid('Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("'),
    ],
    [
      'a value in the older words',
      write({
        Update: {
          TableName: 'Hash',
          Key: { pk: S('x') },
          UpdateExpression: 'SET n = :v',
          ExpressionAttributeValues: { ':v': N('abc') },
        },
      }),
      invalid(
        'ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: abc for key :v',
      ),
    ],
    [
      'an unknown ReturnConsumedCapacity',
      new TransactWriteItemsCommand({ TransactItems: [putAction('x')], ReturnConsumedCapacity: 'BOGUS' } as Loose),
      one(
        "Value 'BOGUS' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
      ),
    ],
    [
      'no actions',
      write(),
      one(
        "Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
      ),
    ],
  ] as [string, Loose, Loose][])('refuse %s', async (_, command, expected) =>
    expect(await refused(command)).toEqual(expected),
  )
  it('refuse 101 actions', async () =>
    expect(
      (await refused(write(...Array.from({ length: 101 }, (_, index) => putAction(`tx ${index}`))))).message,
    ).toMatch(
      /^1 validation error detected: Value '\[.+\]' at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100$/s,
    ))
})

describe('tables', () => {
  const create = (input: Loose) => refused(new CreateTableCommand(input))
  it('are described', async () => {
    await run(new CreateTableCommand(table('Described', 'SN') as Loose))
    await run(new PutItemCommand({ TableName: 'Described', Item: { pk: S('ab'), sk: N(12) } }))
    const { Table } = await run(new DescribeTableCommand({ TableName: 'Described' }))
    expect({ ...Table, TableId: 'id', CreationDateTime: 'then', BillingModeSummary: 'on demand' }).toEqual({
      TableName: 'Described',
      TableArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/Described',
      TableId: 'id',
      TableStatus: 'ACTIVE',
      CreationDateTime: 'then',
      ItemCount: 1,
      TableSizeBytes: 8,
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
      BillingModeSummary: 'on demand',
      DeletionProtectionEnabled: false,
      WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: 'ACTIVE' },
    })
  })
  it('are being created when they are made', async () =>
    expect((await run(new CreateTableCommand(table('Made', 'S') as Loose))).TableDescription.TableStatus).toBe(
      'CREATING',
    ))
  it('are made once', async () =>
    expect(await create(table('Hash', 'S'))).toEqual({
      name: 'ResourceInUseException',
      message: 'Table already exists: Hash',
    }))
  it('are deleted with their items', async () => {
    await run(new CreateTableCommand(table('Again', 'S') as Loose))
    await run(new PutItemCommand({ TableName: 'Again', Item: { pk: S('x') } }))
    await run(new DeleteTableCommand({ TableName: 'Again' }))
    await run(new CreateTableCommand(table('Again', 'S') as Loose))
    expect((await run(new ScanCommand({ TableName: 'Again' }))).Count).toBe(0)
  })
  it('that are protected are not deleted', async () => {
    await run(new CreateTableCommand({ ...table('Protected', 'S'), DeletionProtectionEnabled: true } as Loose))
    expect((await refused(new DeleteTableCommand({ TableName: 'Protected' }))).name).toBe('ValidationException')
  })
  it('that are not there are not described', async () =>
    expect(await refused(new DescribeTableCommand({ TableName: 'Missing' }))).toEqual({
      name: 'ResourceNotFoundException',
      message: 'Requested resource not found: Table: Missing not found',
    }))
  it('are listed in pages', async () => {
    const first = await run(new ListTablesCommand({ Limit: 2 }))
    const second = await run(new ListTablesCommand({ Limit: 1, ExclusiveStartTableName: first.LastEvaluatedTableName }))
    expect(first.TableNames[1] < second.TableNames[0]).toBe(true)
  })
  it.each([
    [
      'a short name',
      table('ab', 'S'),
      one("Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3"),
    ],
    [
      'no name',
      { ...table('x', 'S'), TableName: undefined },
      invalid("The parameter 'TableName' is required but was not present in the request"),
    ],
    [
      'three key attributes',
      {
        ...table('Bad', 'S'),
        KeySchema: ['a', 'b', 'c'].map((AttributeName, index) => ({
          AttributeName,
          KeyType: index === 0 ? 'HASH' : 'RANGE',
        })),
      },
      one(
        "Value '[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=b, keyType=RANGE), KeySchemaElement(attributeName=c, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2",
      ),
    ],
    [
      'an unknown key type',
      { ...table('Bad', 'S'), KeySchema: [{ AttributeName: 'pk', KeyType: 'INVALID' }] },
      one(
        "Value 'INVALID' at 'keySchema.1.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]",
      ),
    ],
    [
      'an unknown attribute type',
      { ...table('Bad', 'S'), AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'INVALID' }] },
      one(
        "Value 'INVALID' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]",
      ),
    ],
    [
      'a key without a definition',
      { ...table('Bad', 'S'), KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] },
      invalid(
        'One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [id], AttributeDefinitions: [pk]',
      ),
    ],
    [
      'throughput on demand',
      { ...table('Bad', 'S'), ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 } },
      invalid(
        'One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
      ),
    ],
    [
      'no throughput',
      { ...table('Bad', 'S'), BillingMode: 'PROVISIONED' },
      invalid(
        'One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED',
      ),
    ],
    [
      'an index twice',
      table('Bad', 'S', {
        AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
        GlobalSecondaryIndexes: [globalIndex('same', 'g'), globalIndex('same', 'g')],
      }),
      invalid('One or more parameter values were invalid: Duplicate index name: same'),
    ],
    [
      'an index that includes nothing',
      table('Bad', 'S', {
        AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
        GlobalSecondaryIndexes: [globalIndex('inc', 'g', undefined, { ProjectionType: 'INCLUDE' })],
      }),
      invalid(
        'One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified',
      ),
    ],
    [
      'a local index without a sort key',
      table('Bad', 'S', {
        AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
        LocalSecondaryIndexes: [globalIndex('loc', 'pk', 'g')],
      }),
      invalid(
        'One or more parameter values were invalid: Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex',
      ),
    ],
    [
      'a stream that is disabled and has a view type',
      { ...table('Bad', 'S'), StreamSpecification: { StreamEnabled: false, StreamViewType: 'NEW_IMAGE' } },
      invalid(
        'One or more parameter values were invalid: Table is being created with a stream disabled, UpdateViewType should not be specified',
      ),
    ],
  ] as [string, Loose, Loose][])('are refused with %s', async (_, input, expected) =>
    expect(await create(input)).toEqual(expected),
  )
  it('get an index that has the items that were there', async () => {
    await run(new CreateTableCommand(table('Grows', 'S') as Loose))
    for (let index = 0; index < 5; index++)
      await run(new PutItemCommand({ TableName: 'Grows', Item: { pk: S(`${index}`), g: S(index < 3 ? 'a' : 'b') } }))
    await run(
      new UpdateTableCommand({
        TableName: 'Grows',
        AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [{ Create: globalIndex('byG', 'g') as Loose }],
      }),
    )
    const { Count } = await run(
      new QueryCommand({
        TableName: 'Grows',
        IndexName: 'byG',
        KeyConditionExpression: 'g = :g',
        ExpressionAttributeValues: { ':g': S('a') },
      }),
    )
    expect(Count).toBe(3)
  })
  it('lose an index', async () => {
    await run(
      new UpdateTableCommand({ TableName: 'Grows', GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byG' } }] }),
    )
    const { Table } = await run(new DescribeTableCommand({ TableName: 'Grows' }))
    expect([Table.GlobalSecondaryIndexes, Table.AttributeDefinitions.length]).toEqual([undefined, 1])
  })
  it('do not lose an index that they do not have', async () =>
    expect(
      await refused(
        new UpdateTableCommand({ TableName: 'Hash', GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'none' } }] }),
      ),
    ).toEqual({
      name: 'ResourceNotFoundException',
      message: 'Requested resource not found: Index none for table Hash',
    }))
  it('change nothing without a change', async () =>
    expect((await refused(new UpdateTableCommand({ TableName: 'Hash' }))).name).toBe('ValidationException'))
  describe('that are provisioned', () => {
    const throughput = (ReadCapacityUnits: number, WriteCapacityUnits: number) => ({
      ReadCapacityUnits,
      WriteCapacityUnits,
    })
    const change = (input: Loose) => run(new UpdateTableCommand({ TableName: 'Provisioned', ...input }))
    const changeRefused = (input: Loose) => refused(new UpdateTableCommand({ TableName: 'Provisioned', ...input }))
    const described = async () => {
      const { Table } = await run(new DescribeTableCommand({ TableName: 'Provisioned' }))
      const { ReadCapacityUnits, WriteCapacityUnits } = Table.ProvisionedThroughput
      return [Table.BillingModeSummary?.BillingMode, ReadCapacityUnits, WriteCapacityUnits]
    }
    beforeAll(async () => {
      const { BillingMode: _, ...input } = table('Provisioned', 'S', {
        AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'S' }],
        GlobalSecondaryIndexes: [{ ...globalIndex('byG', 'g'), ProvisionedThroughput: throughput(1, 1) }],
      })
      await run(new CreateTableCommand({ ...input, ProvisionedThroughput: throughput(5, 6) } as Loose))
    })
    it('say with what', async () => expect(await described()).toEqual([undefined, 5, 6]))
    it('are not changed to what they have', async () =>
      expect((await changeRefused({ ProvisionedThroughput: throughput(5, 6) })).message).toMatch(
        /^The provisioned throughput for the table will not change\. The requested value equals the current value\. Current ReadCapacityUnits provisioned for the table: 5\. Requested ReadCapacityUnits: 5\./,
      ))
    it('get more', async () => {
      await change({ ProvisionedThroughput: throughput(20, 15) })
      expect(await described()).toEqual([undefined, 20, 15])
    })
    it('get more for an index', async () => {
      await change({
        GlobalSecondaryIndexUpdates: [{ Update: { IndexName: 'byG', ProvisionedThroughput: throughput(7, 8) } }],
      })
      const { Table } = await run(new DescribeTableCommand({ TableName: 'Provisioned' }))
      expect(Table.GlobalSecondaryIndexes[0].ProvisionedThroughput).toMatchObject(throughput(7, 8))
    })
    it('go on demand', async () => {
      await change({ BillingMode: 'PAY_PER_REQUEST' })
      expect(await described()).toEqual(['PAY_PER_REQUEST', 0, 0])
    })
    it('take no throughput on demand', async () =>
      expect(await changeRefused({ ProvisionedThroughput: throughput(1, 1) })).toEqual(
        invalid(
          'One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
        ),
      ))
    it('do not come back without throughput for their indexes', async () =>
      expect(await changeRefused({ BillingMode: 'PROVISIONED', ProvisionedThroughput: throughput(1, 1) })).toEqual(
        invalid('One or more parameter values were invalid: ProvisionedThroughput must be specified for index: byG'),
      ))
    it('come back', async () => {
      await change({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byG' } }] })
      await change({ BillingMode: 'PROVISIONED', ProvisionedThroughput: throughput(2, 3) })
      expect(await described()).toEqual(['PROVISIONED', 2, 3])
    })
    it('get a stream once', async () => {
      const on = { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }
      await change(on)
      expect(await changeRefused(on)).toEqual(invalid('Table already has an enabled stream: TableName: Provisioned'))
    })
    it('change two indexes at a time not', async () =>
      expect(
        await changeRefused({
          GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'one' } }, { Delete: { IndexName: 'two' } }],
        }),
      ).toEqual({
        name: 'LimitExceededException',
        message: 'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
      }))
  })
  it('do not get an index that they have', async () =>
    expect(
      await refused(
        new UpdateTableCommand({
          TableName: 'Pair',
          GlobalSecondaryIndexUpdates: [{ Create: globalIndex('byG', 'g') as Loose }],
        }),
      ),
    ).toEqual(invalid('Attempting to create an index which already exists')))
  it('are not tagged by another ARN', async () =>
    expect(
      await refused(new TagResourceCommand({ ResourceArn: 'not-an-arn', Tags: [{ Key: 'a', Value: 'b' }] })),
    ).toEqual(invalid('Invalid TableArn: Invalid ResourceArn provided as input not-an-arn')))
  it('have tags', async () => {
    const { Table } = await run(new DescribeTableCommand({ TableName: 'Hash' }))
    const ResourceArn = Table.TableArn
    await run(
      new TagResourceCommand({
        ResourceArn,
        Tags: [
          { Key: 'env', Value: 'test' },
          { Key: 'team', Value: 'a' },
        ],
      }),
    )
    await run(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'env', Value: 'prod' }] }))
    await run(new UntagResourceCommand({ ResourceArn, TagKeys: ['team'] }))
    expect(await run(new ListTagsOfResourceCommand({ ResourceArn }))).toEqual({ Tags: [{ Key: 'env', Value: 'prod' }] })
  })
  it('have no time to live at first', async () =>
    expect(await run(new DescribeTimeToLiveCommand({ TableName: 'Hash' }))).toEqual({
      TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' },
    }))
  it('get a time to live', async () => {
    await run(new CreateTableCommand(table('Expiring', 'S') as Loose))
    await run(
      new UpdateTimeToLiveCommand({
        TableName: 'Expiring',
        TimeToLiveSpecification: { Enabled: true, AttributeName: 'until' },
      }),
    )
    expect(await run(new DescribeTimeToLiveCommand({ TableName: 'Expiring' }))).toEqual({
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'until' },
    })
  })
  it('tell their limits', async () =>
    expect(Object.keys(await run(new DescribeLimitsCommand())).sort()).toEqual([
      'AccountMaxReadCapacityUnits',
      'AccountMaxWriteCapacityUnits',
      'TableMaxReadCapacityUnits',
      'TableMaxWriteCapacityUnits',
    ]))
  it('refuse PartiQL by name', async () =>
    expect(await refused(new ExecuteStatementCommand({ Statement: 'SELECT * FROM "Hash"' }))).toEqual(
      invalid('The operation ExecuteStatement is not supported by this server'),
    ))
})

describe('streams', () => {
  let StreamArn: string
  const records = async (arn: string): Promise<Loose[]> => {
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }))
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({
        StreamArn: arn,
        ShardId: StreamDescription?.Shards?.[0]?.ShardId as string,
        ShardIteratorType: 'TRIM_HORIZON',
      }),
    )
    const { Records = [] } = await streams.send(new GetRecordsCommand({ ShardIterator: ShardIterator as string }))
    return Records
  }
  beforeAll(async () => {
    await run(
      new CreateTableCommand({
        ...table('Streamed', 'S'),
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      } as Loose),
    )
    const { Table } = await run(new DescribeTableCommand({ TableName: 'Streamed' }))
    StreamArn = Table.LatestStreamArn
    for (const [pk, v] of [
      ['a', 1],
      ['a', 2],
      ['a', 2],
    ] as const)
      await run(new PutItemCommand({ TableName: 'Streamed', Item: { pk: S(pk), v: N(v) } }))
    await run(new DeleteItemCommand({ TableName: 'Streamed', Key: { pk: S('a') } }))
    await run(new DeleteItemCommand({ TableName: 'Streamed', Key: { pk: S('a') } }))
  })
  it('are listed', async () =>
    expect(
      (await streams.send(new ListStreamsCommand({ TableName: 'Streamed' }))).Streams?.map((one) => one.StreamArn),
    ).toEqual([StreamArn]))
  it('tell each change once, and nothing where nothing changed', async () =>
    expect(
      (await records(StreamArn)).map(({ eventName, dynamodb }) => [eventName, dynamodb.OldImage, dynamodb.NewImage]),
    ).toEqual([
      ['INSERT', undefined, { pk: S('a'), v: N(1) }],
      ['MODIFY', { pk: S('a'), v: N(1) }, { pk: S('a'), v: N(2) }],
      ['REMOVE', { pk: S('a'), v: N(2) }, undefined],
    ]))
  it('have records as AWS words them', async () => {
    const [{ dynamodb, ...record }] = await records(StreamArn)
    expect({
      ...record,
      eventID: record.eventID.length,
      dynamodb: {
        ...dynamodb,
        ApproximateCreationDateTime: dynamodb.ApproximateCreationDateTime instanceof Date,
        SequenceNumber: dynamodb.SequenceNumber.length,
      },
    }).toEqual({
      eventID: 32,
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      dynamodb: {
        ApproximateCreationDateTime: true,
        Keys: { pk: S('a') },
        NewImage: { pk: S('a'), v: N(1) },
        SequenceNumber: 21,
        SizeBytes: 9,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    })
  })
  it('begin at LATEST with what comes', async () => {
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }))
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({
        StreamArn,
        ShardId: StreamDescription?.Shards?.[0]?.ShardId as string,
        ShardIteratorType: 'LATEST',
      }),
    )
    await run(new PutItemCommand({ TableName: 'Streamed', Item: { pk: S('late') } }))
    const { Records } = await streams.send(new GetRecordsCommand({ ShardIterator: ShardIterator as string }))
    expect(Records?.map(({ dynamodb }) => dynamodb?.Keys)).toEqual([{ pk: S('late') }])
  })
  it.each([
    ['KEYS_ONLY', {}],
    ['NEW_IMAGE', { NewImage: { pk: S('v'), v: N(1) } }],
    ['OLD_IMAGE', {}],
  ])('have the images of %s', async (StreamViewType, images) => {
    const TableName = `View-${StreamViewType}`
    await run(
      new CreateTableCommand({
        ...table(TableName, 'S'),
        StreamSpecification: { StreamEnabled: true, StreamViewType },
      } as Loose),
    )
    await run(new PutItemCommand({ TableName, Item: { pk: S('v'), v: N(1) } }))
    const { Table } = await run(new DescribeTableCommand({ TableName }))
    const [record] = await records(Table.LatestStreamArn)
    const { NewImage, OldImage } = record.dynamodb
    expect({ ...(NewImage && { NewImage }), ...(OldImage && { OldImage }) }).toEqual(images)
  })
  it('end when they are switched off', async () => {
    await run(new UpdateTableCommand({ TableName: 'View-KEYS_ONLY', StreamSpecification: { StreamEnabled: false } }))
    const { Streams = [] } = await streams.send(new ListStreamsCommand({ TableName: 'View-KEYS_ONLY' }))
    const { StreamDescription } = await streams.send(
      new DescribeStreamCommand({ StreamArn: Streams[0]?.StreamArn as string }),
    )
    expect([
      StreamDescription?.StreamStatus,
      StreamDescription?.Shards?.[0]?.SequenceNumberRange?.EndingSequenceNumber !== undefined,
    ]).toEqual(['DISABLED', true])
  })
  it('that are not there say so', async () =>
    await expect(streams.send(new DescribeStreamCommand({ StreamArn: `${StreamArn}x` }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    }))
  it('refuse an iterator that was not made here', async () =>
    await expect(streams.send(new GetRecordsCommand({ ShardIterator: `${StreamArn}|1|AAAA` }))).rejects.toMatchObject({
      name: 'ValidationException',
    }))
})

describe('the document client', () => {
  it('puts and gets plain values', async () => {
    const Item = { pk: 'document', n: 1.5, list: [1, 'two', null, true], map: { deep: { er: 'x' } } }
    await documents.send(new PutCommand({ TableName: 'Hash', Item }))
    expect((await documents.send(new GetCommand({ TableName: 'Hash', Key: { pk: 'document' } }))).Item).toEqual(Item)
  })
  it('puts and gets sets and bytes', async () => {
    const Item = { pk: 'document sets', set: new Set(['a', 'b']), bytes: new Uint8Array([1, 2, 3]) }
    await documents.send(new PutCommand({ TableName: 'Hash', Item }))
    expect((await documents.send(new GetCommand({ TableName: 'Hash', Key: { pk: 'document sets' } }))).Item).toEqual(
      Item,
    )
  })
  it('updates', async () => {
    await documents.send(new PutCommand({ TableName: 'Hash', Item: { pk: 'document update', n: 1 } }))
    const { Attributes } = await documents.send(
      new UpdateCommand({
        TableName: 'Hash',
        Key: { pk: 'document update' },
        UpdateExpression: 'SET n = n + :one',
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'UPDATED_NEW',
      }),
    )
    expect(Attributes).toEqual({ n: 2 })
  })
  it('keeps 38 digits', async () => {
    // A document client changes the client that it is made from.
    const own = new DynamoDBClient(options)
    const exact = DynamoDBDocumentClient.from(own, { unmarshallOptions: { wrapNumbers: true } })
    const n = NumberValue.from('12345678901234567890123456789012345678')
    await exact.send(new PutCommand({ TableName: 'Hash', Item: { pk: 'document digits', n } }))
    const { Item } = await exact.send(new GetCommand({ TableName: 'Hash', Key: { pk: 'document digits' } }))
    own.destroy()
    expect(String(Item?.['n'])).toBe('12345678901234567890123456789012345678')
  })
  it('queries', async () =>
    expect(
      (
        await documents.send(
          new DocumentQueryCommand({
            TableName: 'Pair',
            KeyConditionExpression: 'pk = :p AND sk > :s',
            ExpressionAttributeValues: { ':p': 'q', ':s': 5 },
          }),
        )
      ).Items?.map((item) => item['sk']),
    ).toEqual([6]))
  it('deletes', async () => {
    await documents.send(new PutCommand({ TableName: 'Hash', Item: { pk: 'document gone' } }))
    await documents.send(new DeleteCommand({ TableName: 'Hash', Key: { pk: 'document gone' } }))
    expect(
      (await documents.send(new GetCommand({ TableName: 'Hash', Key: { pk: 'document gone' } }))).Item,
    ).toBeUndefined()
  })
})
