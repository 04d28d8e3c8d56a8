import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { AwsError } from '../../src/aws/errors.ts'
import { createPageTokens } from '../../src/aws/pagination.ts'
import { createCatalog } from '../../src/catalog.ts'
import type { DataSourceOutcome } from '../../src/datasources/dataSource.ts'
import { createDynamoDBDataSource } from '../../src/datasources/dynamodb/index.ts'
import { createDynamoDB, type DynamoDBEngine } from '../../src/services/dynamodb/engine.ts'
import { openMemoryFolder } from '../../src/storage/dataFolder.ts'

const S = (value: string) => ({ S: value })
const N = (value: number) => ({ N: value })

let engine: DynamoDBEngine
const opened: (() => void)[] = []
afterAll(() => {
  for (const close of opened) close()
})

const handlerPayloads: unknown[] = []
let handlerAnswer: unknown

beforeEach(() => {
  handlerPayloads.length = 0
  const folder = openMemoryFolder()
  engine = createDynamoDB({ folder, tables: createCatalog().collection('AWS::DynamoDB::Table') })
  const made = engine
  opened.push(() => {
    made.close()
    folder.close()
  })
  for (const TableName of ['Table', 'Other']) {
    engine.send('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    })
  }
})

function createSource(versioned = false) {
  return createDynamoDBDataSource(
    {
      arn: 'arn:source',
      apiId: 'a',
      name: 'table',
      type: 'AMAZON_DYNAMODB',
      dynamodbConfig: { tableName: 'Table', awsRegion: 'us-east-1', versioned },
    },
    {
      dynamodb: engine,
      lambda: {
        async invoke(invocation) {
          handlerPayloads.push([invocation.functionName, JSON.parse(invocation.payload)])
          return {
            statusCode: 200,
            payload: JSON.stringify(handlerAnswer),
            executedVersion: '$LATEST',
            requestId: 'r',
          }
        },
      },
      pageTokens: createPageTokens(Buffer.from('secret')),
    },
  )
}

async function call(request: unknown, versioned = false): Promise<DataSourceOutcome> {
  return createSource(versioned).invoke({
    request,
    scope: { accountId: '000000000000', region: 'us-east-1' },
    requestId: 'r',
    signal: () => new AbortController().signal,
    fieldName: 'Query.f',
    headers: {},
  })
}

async function resultOf(request: unknown): Promise<unknown> {
  const outcome = await call(request)
  if (outcome.type !== 'result') throw new Error(JSON.stringify(outcome))
  return JSON.parse(JSON.stringify(outcome.result))
}

const put = (pk: string, sk: number, attributes: Record<string, unknown> = {}) =>
  resultOf({ operation: 'PutItem', key: { pk: S(pk), sk: N(sk) }, attributeValues: attributes })

describe('single items', () => {
  it('puts, gets, updates and deletes, handing back plain JSON', async () => {
    const attributes = {
      text: S('x'),
      list: { L: [N(1), { NULL: null }, { BOOL: true }] },
      map: { M: { __proto__: S('p'), inner: { SS: ['a', 'b'] } } },
      numbers: { NS: [1, 2] },
      binary: { B: 'YQ==' },
    }
    const written = await put('a', 1, attributes)
    const read = await resultOf({ operation: 'GetItem', key: { pk: S('a'), sk: N(1) }, consistentRead: true })
    expect(written).toEqual({
      pk: 'a',
      sk: 1,
      text: 'x',
      list: [1, null, true],
      map: { inner: ['a', 'b'] },
      numbers: [1, 2],
      binary: 'YQ==',
    })
    expect(read).toEqual(written)
    const updated = await resultOf({
      operation: 'UpdateItem',
      key: { pk: S('a'), sk: N(1) },
      update: {
        expression: 'SET #t = :t REMOVE #l, #m, numbers, #b',
        expressionNames: { '#t': 'text', '#l': 'list', '#m': 'map', '#b': 'binary' },
        expressionValues: { ':t': S('y') },
      },
    })
    expect(updated).toEqual({ pk: 'a', sk: 1, text: 'y' })
    expect(await resultOf({ operation: 'DeleteItem', key: { pk: S('a'), sk: N(1) } })).toEqual(updated)
    expect(await resultOf({ operation: 'DeleteItem', key: { pk: S('a'), sk: N(1) } })).toBeNull()
    expect(await resultOf({ operation: 'GetItem', key: { pk: S('a'), sk: N(1) } })).toBeNull()
  })

  it('keeps numbers that a double would alter', async () => {
    await put('a', 1, { big: { N: '12345678901234567890' }, small: { N: '0.1' } })
    expect(await resultOf({ operation: 'GetItem', key: { pk: S('a'), sk: N(1) } })).toEqual({
      pk: 'a',
      sk: 1,
      big: '12345678901234567890',
      small: 0.1,
    })
  })
})

describe('a condition that fails', () => {
  const failingPut = (attributes: Record<string, unknown>, condition: Record<string, unknown> = {}) =>
    call({
      operation: 'PutItem',
      key: { pk: S('a'), sk: N(1) },
      attributeValues: attributes,
      condition: { expression: 'attribute_not_exists(pk)', ...condition },
    })

  it('is an error in AppSync’s words', async () => {
    await put('a', 1, { text: S('x') })
    expect(await failingPut({ text: S('y') })).toEqual({
      type: 'error',
      error: {
        type: 'DynamoDB:ConditionalCheckFailedException',
        message: expect.stringMatching(
          /^The conditional request failed \(Service: DynamoDb, Status Code: 400, Request ID: [A-Z0-9]{52}\)$/,
        ),
      },
      result: null,
    })
  })

  it('counts as written when the item is already as it would have been', async () => {
    await put('a', 1, { text: S('x') })
    expect(await failingPut({ text: S('x') })).toEqual({ type: 'result', result: { pk: 'a', sk: 1, text: 'x' } })
  })

  it('leaves attributes of equalsIgnore out of that comparison', async () => {
    await put('a', 1, { text: S('x'), at: N(1) })
    expect(await failingPut({ text: S('x'), at: N(2) }, { equalsIgnore: ['at'] })).toEqual({
      type: 'result',
      result: { pk: 'a', sk: 1, text: 'x', at: 1 },
    })
  })

  it('counts as deleted when the item is not there', async () => {
    const request = {
      operation: 'DeleteItem',
      key: { pk: S('a'), sk: N(1) },
      condition: { expression: 'attribute_exists(pk)' },
    }
    expect(await call(request)).toEqual({ type: 'result', result: null })
  })

  const custom = { conditionalCheckFailedHandler: { strategy: 'Custom', lambdaArn: 'arn:handler' } }

  it('asks the function of a Custom handler, which may discard, retry or reject', async () => {
    await put('a', 1, { text: S('x') })
    handlerAnswer = { action: 'discard' }
    expect(await failingPut({ text: S('y') }, custom)).toEqual({
      type: 'result',
      result: { pk: 'a', sk: 1, text: 'x' },
    })
    expect(handlerPayloads).toEqual([
      [
        'arn:handler',
        {
          arguments: {
            currentValue: { pk: 'a', sk: 1, text: 'x' },
            requestMapping: {
              operation: 'PutItem',
              key: { pk: S('a'), sk: N(1) },
              attributeValues: { text: S('y') },
              condition: { expression: 'attribute_not_exists(pk)', ...custom },
            },
          },
        },
      ],
    ])
    handlerAnswer = { action: 'retry', retryMapping: { condition: null, attributeValues: { text: S('z') } } }
    expect(await failingPut({ text: S('y') }, custom)).toEqual({
      type: 'result',
      result: { pk: 'a', sk: 1, text: 'z' },
    })
    handlerAnswer = { action: 'reject' }
    expect(await failingPut({ text: S('y') }, custom)).toMatchObject({ type: 'error' })
  })

  it('gives up on a handler that asks for retries without end', async () => {
    await put('a', 1, { text: S('x') })
    handlerAnswer = { action: 'retry', retryMapping: {} }
    expect(await failingPut({ text: S('y') }, custom)).toMatchObject({ type: 'error' })
    expect(handlerPayloads.length).toBeLessThanOrEqual(6)
  })
})

describe('queries and scans', () => {
  const query = (rest: Record<string, unknown> = {}) => ({
    operation: 'Query',
    query: { expression: 'pk = :pk', expressionValues: { ':pk': S('a') } },
    ...rest,
  })

  it('page with opaque tokens', async () => {
    for (const sk of [1, 2, 3]) await put('a', sk)
    const first = (await resultOf(query({ limit: 2, nextToken: null }))) as { nextToken: string }
    expect(first).toEqual({
      items: [
        { pk: 'a', sk: 1 },
        { pk: 'a', sk: 2 },
      ],
      nextToken: expect.any(String),
      scannedCount: 2,
    })
    expect(await resultOf(query({ nextToken: first.nextToken }))).toEqual({
      items: [{ pk: 'a', sk: 3 }],
      nextToken: null,
      scannedCount: 1,
    })
    expect(await call(query({ nextToken: `x${first.nextToken}` }))).toEqual({
      type: 'invalidRequest',
      error: { type: 'MappingTemplate', message: 'Invalid pagination token given.' },
    })
  })

  it('filter, project and turn round', async () => {
    for (const sk of [1, 2, 3]) await put('a', sk, { text: S(`t${sk}`), other: N(sk) })
    const rest = {
      scanIndexForward: false,
      filter: { expression: '#o > :o', expressionNames: { '#o': 'other' }, expressionValues: { ':o': N(1) } },
      projection: { expression: '#t', expressionNames: { '#t': 'text' } },
    }
    expect(await resultOf(query(rest))).toEqual({
      items: [{ text: 't3' }, { text: 't2' }],
      nextToken: null,
      scannedCount: 3,
    })
    expect(await resultOf({ operation: 'Scan', totalSegments: 1, segment: 0, limit: 10 })).toMatchObject({
      scannedCount: 3,
    })
  })
})

describe('batches', () => {
  it('put, get in the order of the keys and delete', async () => {
    const items = [1, 2].map((sk) => ({ pk: S('a'), sk: N(sk) }))
    expect(await resultOf({ operation: 'BatchPutItem', tables: { Table: items, Other: [items[0]] } })).toEqual({
      data: {
        Table: [
          { pk: 'a', sk: 1 },
          { pk: 'a', sk: 2 },
        ],
        Other: [{ pk: 'a', sk: 1 }],
      },
      unprocessedItems: { Table: [], Other: [] },
    })
    const keys = [
      { pk: S('a'), sk: N(2) },
      { pk: S('none'), sk: N(1) },
      { pk: S('a'), sk: { N: '1.0' } },
    ]
    expect(await resultOf({ operation: 'BatchGetItem', tables: { Table: { keys, consistentRead: true } } })).toEqual({
      data: { Table: [{ pk: 'a', sk: 2 }, null, { pk: 'a', sk: 1 }] },
      unprocessedKeys: { Table: [] },
    })
    expect(await resultOf({ operation: 'BatchDeleteItem', tables: { Table: [keys[0]] } })).toEqual({
      data: { Table: [{ pk: 'a', sk: 2 }] },
      unprocessedKeys: { Table: [] },
    })
  })
})

describe('transactions', () => {
  it('write and read, and give reasons when they are cancelled', async () => {
    await put('a', 1, { text: S('x') })
    const key = (sk: number) => ({ pk: S('a'), sk: N(sk) })
    const write = {
      operation: 'TransactWriteItems',
      transactItems: [
        { table: 'Table', operation: 'PutItem', key: key(2), attributeValues: { text: S('y') } },
        {
          table: 'Table',
          operation: 'UpdateItem',
          key: key(3),
          update: { expression: 'SET n = :n', expressionValues: { ':n': N(3) } },
        },
        { table: 'Table', operation: 'DeleteItem', key: key(4) },
        { table: 'Table', operation: 'ConditionCheck', key: key(1), condition: { expression: 'attribute_exists(pk)' } },
      ],
    }
    expect(await resultOf(write)).toEqual({
      keys: [2, 3, 4, 1].map((sk) => ({ pk: 'a', sk })),
      cancellationReasons: null,
    })
    const read = {
      operation: 'TransactGetItems',
      transactItems: [
        { table: 'Table', key: key(2) },
        { table: 'Table', key: key(9) },
        { table: 'Table', key: key(3), projection: { expression: 'n' } },
      ],
    }
    expect(await resultOf(read)).toEqual({
      items: [{ pk: 'a', sk: 2, text: 'y' }, null, { n: 3 }],
      cancellationReasons: null,
    })
    const cancelled = await call({
      operation: 'TransactWriteItems',
      transactItems: [
        { table: 'Table', operation: 'DeleteItem', key: key(2) },
        {
          table: 'Table',
          operation: 'PutItem',
          key: key(1),
          attributeValues: {},
          condition: { expression: 'attribute_not_exists(pk)', returnValuesOnConditionCheckFailure: true },
        },
      ],
    })
    expect(JSON.parse(JSON.stringify(cancelled))).toMatchObject({
      type: 'error',
      error: { type: 'DynamoDB:TransactionCanceledException' },
      result: {
        keys: null,
        cancellationReasons: [
          { type: 'None', message: 'None' },
          {
            type: 'ConditionalCheckFailed',
            message: 'The conditional request failed',
            item: { pk: 'a', sk: 1, text: 'x' },
          },
        ],
      },
    })
  })
})

describe('requests that do not fit', () => {
  const key = { pk: S('a'), sk: N(1) }
  it.each([
    [{}, "Value for field '$[operation]' not found."],
    ['text', "Value for field '$[operation]' not found."],
    [{ operation: 'Fly' }, "Unsupported operation 'Fly'."],
    [{ operation: '__proto__' }, "Unsupported operation '__proto__'."],
    [{ operation: 'GetItem' }, "Value for field '$[key]' not found."],
    [{ operation: 'GetItem', key, index: 'x' }, "Unsupported element '$[index]'."],
    [
      { operation: 'GetItem', key: { pk: 'a' } },
      "Expected JSON object for attribute value '$[key][pk]' but got 'STRING' instead.",
    ],
    [
      { operation: 'PutItem', key, condition: { expression: 'a', other: 1 } },
      "Unsupported element '$[condition][other]'.",
    ],
    [
      { operation: 'PutItem', key, attributeValues: { a: { X: 1 } } },
      "Unsupported element '$[attributeValues][a][X]'.",
    ],
    [{ operation: 'Query' }, "Value for field '$[query]' not found."],
    [{ operation: 'Query', query: {} }, "Value for field '$[query][expression]' not found."],
    [{ operation: 'BatchGetItem' }, "Value for field '$[tables]' not found."],
    [
      { operation: 'TransactWriteItems', transactItems: [{ table: 'Table', operation: 'Fly', key }] },
      "Unsupported operation 'Fly'.",
    ],
  ])('%j: %s', async (request, message) => {
    expect(await call(request)).toEqual({ type: 'invalidRequest', error: { type: 'MappingTemplate', message } })
  })

  it('refuses what a versioned table would need, naming the field', async () => {
    expect(await call({ operation: 'PutItem', key }, true)).toEqual({
      type: 'invalidRequest',
      error: {
        type: 'UnsupportedOperation',
        message: "PutItem on versioned data sources is not supported: field Query.f uses the data source 'table'.",
      },
    })
    expect(await call({ operation: 'Sync' })).toMatchObject({ error: { type: 'UnsupportedOperation' } })
  })
})

describe('hostile requests', () => {
  it.each<[string, unknown, string]>([
    ['a key of the wrong type', { operation: 'GetItem', key: { pk: N(1), sk: N(1) } }, 'ValidationException'],
    ['an empty key', { operation: 'GetItem', key: { pk: S(''), sk: N(1) } }, 'ValidationException'],
    [
      'an item above 400 KB',
      { operation: 'PutItem', key: { pk: S('a'), sk: N(1) }, attributeValues: { x: S('x'.repeat(409_601)) } },
      'ValidationException',
    ],
    [
      'a batch of 101 keys',
      {
        operation: 'BatchGetItem',
        tables: { Table: { keys: Array.from({ length: 101 }, (_, sk) => ({ pk: S('a'), sk: N(sk) })) } },
      },
      'ValidationException',
    ],
    [
      'a table that is not there',
      { operation: 'BatchGetItem', tables: { none: { keys: [{ pk: S('a'), sk: N(1) }] } } },
      'ResourceNotFoundException',
    ],
  ])('%s ends in the service’s own error', async (_name, request, code) => {
    expect(await call(request)).toMatchObject({ type: 'error', error: { type: `DynamoDB:${code}` } })
  })

  it('keeps a value a value, and a name a name', async () => {
    const text = 'x\'; DELETE FROM "Table" WHERE 1=1; --'
    await put('a', 1, { text: S(text) })
    const named = await resultOf({
      operation: 'UpdateItem',
      key: { pk: S('a'), sk: N(1) },
      update: {
        expression: 'SET #p = :v',
        expressionNames: JSON.parse('{"#p": "__proto__"}'),
        expressionValues: { ':v': S(text) },
      },
    })
    expect(named).toEqual(JSON.parse(JSON.stringify({ pk: 'a', sk: 1, text, ['__proto__']: text })))
    expect(({} as Record<string, unknown>)['text']).toBeUndefined()
  })

  it('tells what the table did not process, without asking again', async () => {
    let calls = 0
    const source = createDynamoDBDataSource(
      {
        arn: 'arn:source',
        apiId: 'a',
        name: 'table',
        type: 'AMAZON_DYNAMODB',
        dynamodbConfig: { tableName: 'Table', awsRegion: 'us-east-1' },
      },
      {
        dynamodb: {
          send(_operation, input) {
            calls++
            return { Responses: {}, UnprocessedKeys: (input as { RequestItems: unknown }).RequestItems }
          },
        },
        lambda: { invoke: () => Promise.reject(new Error('no function')) },
        pageTokens: createPageTokens(Buffer.from('secret')),
      },
    )
    const outcome = await source.invoke({
      request: { operation: 'BatchGetItem', tables: { Table: { keys: [{ pk: S('a') }] } } },
      scope: { accountId: '0', region: 'r' },
      requestId: 'r',
      signal: () => new AbortController().signal,
      fieldName: 'Query.f',
      headers: {},
    })
    expect(JSON.parse(JSON.stringify(outcome))).toEqual({
      type: 'result',
      result: { data: { Table: [null] }, unprocessedKeys: { Table: [{ pk: 'a' }] } },
    })
    expect(calls).toBe(1)
  })

  it('is an error of its own when the endpoint is down', async () => {
    const dynamodb = {
      send: () => Promise.reject(new AwsError('NetworkingError', 'connect ECONNREFUSED', { statusCode: 500 })),
    }
    const source = createDynamoDBDataSource(
      {
        arn: 'arn:source',
        apiId: 'a',
        name: 'table',
        type: 'AMAZON_DYNAMODB',
        dynamodbConfig: { tableName: 'Table', awsRegion: 'us-east-1' },
      },
      {
        dynamodb,
        lambda: { invoke: () => Promise.reject(new Error('no function')) },
        pageTokens: createPageTokens(Buffer.from('secret')),
      },
    )
    const outcome = await source.invoke({
      request: { operation: 'GetItem', key: { pk: S('a') } },
      scope: { accountId: '0', region: 'r' },
      requestId: 'r',
      signal: () => new AbortController().signal,
      fieldName: 'Query.f',
      headers: {},
    })
    expect(outcome).toMatchObject({ type: 'error', error: { type: 'DynamoDB:NetworkingError' } })
  })
})
