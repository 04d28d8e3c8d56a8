import { describe, expect, it } from 'vitest'
import { evaluateCode } from '../../../../src/runtime/evaluateCode.ts'

async function made(expression: string): Promise<unknown> {
  const { evaluationResult, error } = await evaluateCode({
    code: `import * as ddb from '@aws-appsync/utils/dynamodb'\nexport function request(ctx) {\n  return ${expression}\n}`,
    context: {},
  })
  if (error !== undefined) return { error: error.message }
  return JSON.parse(evaluationResult ?? 'null')
}

const key = { id: { S: 'a' } }

describe('@aws-appsync/utils/dynamodb', () => {
  it.each([
    ['ddb.get({ key: { id: "a" } })', { operation: 'GetItem', key }],
    [
      'ddb.get({ key: { id: "a" }, consistentRead: true, projection: ["id", "nested.field", "list[0].id"] })',
      {
        operation: 'GetItem',
        key,
        consistentRead: true,
        projection: {
          expression: '#expName_1, #expName_2.#expName_3, #expName_4[0].#expName_1',
          expressionNames: {
            '#expName_1': 'id',
            '#expName_2': 'nested',
            '#expName_3': 'field',
            '#expName_4': 'list',
          },
        },
      },
    ],
    [
      'ddb.put({ key: { id: "a" }, item: { n: 1 }, condition: { id: { attributeExists: false } }, _version: 3, customPartitionKey: null })',
      {
        operation: 'PutItem',
        key,
        attributeValues: { n: { N: 1 } },
        condition: { expression: '(attribute_not_exists(#id))', expressionNames: { '#id': 'id' } },
        _version: 3,
      },
    ],
    [
      'ddb.remove({ key: { id: "a" }, condition: { n: { ge: 1, lt: 5 } } })',
      {
        operation: 'DeleteItem',
        key,
        condition: {
          expression: '((#n >= :n_ge) AND (#n < :n_lt))',
          expressionNames: { '#n': 'n' },
          expressionValues: { ':n_ge': { N: 1 }, ':n_lt': { N: 5 } },
        },
      },
    ],
    [
      'ddb.update({ key: { id: "a" }, update: { a: 1, b: ddb.operations.remove(), c: ddb.operations.increment(2), d: ddb.operations.decrement(), e: undefined, f: null } })',
      {
        operation: 'UpdateItem',
        key,
        update: {
          expression:
            'SET #expName_1 = :expValue_1, #expName_2 = #expName_2 + :expValue_2, #expName_3 = #expName_3 - :expValue_3, #expName_4 = :expValue_4 REMOVE #expName_5',
          expressionNames: {
            '#expName_1': 'a',
            '#expName_2': 'c',
            '#expName_3': 'd',
            '#expName_4': 'f',
            '#expName_5': 'b',
          },
          expressionValues: {
            ':expValue_1': { N: 1 },
            ':expValue_2': { N: 2 },
            ':expValue_3': { N: 1 },
            ':expValue_4': { NULL: null },
          },
        },
      },
    ],
    [
      'ddb.update({ key: { id: "a" }, update: { address: { city: "x", old: ddb.operations.remove() }, all: ddb.operations.replace({ city: "y" }) } })',
      {
        operation: 'UpdateItem',
        key,
        update: {
          expression: 'SET #expName_1.#expName_2 = :expValue_1, #expName_3 = :expValue_2 REMOVE #expName_1.#expName_4',
          expressionNames: { '#expName_1': 'address', '#expName_2': 'city', '#expName_3': 'all', '#expName_4': 'old' },
          expressionValues: { ':expValue_1': { S: 'x' }, ':expValue_2': { M: { city: { S: 'y' } } } },
        },
      },
    ],
    [
      'ddb.query({ query: { id: { eq: "a" }, at: { between: [1, 2] } }, index: "byAt", limit: 5, scanIndexForward: false, nextToken: null, filter: { or: [{ a: { eq: 1 } }, { b: { contains: "x" } }] }, select: "ALL_ATTRIBUTES" })',
      {
        operation: 'Query',
        query: {
          expression: '(#id = :id_eq) AND (#at BETWEEN :at_between_start AND :at_between_end)',
          expressionNames: { '#id': 'id', '#at': 'at' },
          expressionValues: { ':id_eq': { S: 'a' }, ':at_between_start': { N: 1 }, ':at_between_end': { N: 2 } },
        },
        index: 'byAt',
        limit: 5,
        scanIndexForward: false,
        select: 'ALL_ATTRIBUTES',
        filter: {
          expression: '((#a = :or_0_a_eq) OR (contains(#b,:or_1_b_contains)))',
          expressionNames: { '#a': 'a', '#b': 'b' },
          expressionValues: { ':or_0_a_eq': { N: 1 }, ':or_1_b_contains': { S: 'x' } },
        },
      },
    ],
    ['ddb.scan()', { operation: 'Scan' }],
    [
      'ddb.scan({ limit: 10, nextToken: "abc", totalSegments: 2, segment: 0 })',
      { operation: 'Scan', limit: 10, nextToken: 'abc', totalSegments: 2, segment: 0 },
    ],
    [
      'ddb.batchGet({ tables: { posts: { keys: [{ id: "a" }], consistentRead: false, projection: ["id"] } } })',
      {
        operation: 'BatchGetItem',
        tables: {
          posts: {
            keys: [key],
            consistentRead: false,
            projection: { expression: '#expName_1', expressionNames: { '#expName_1': 'id' } },
          },
        },
      },
    ],
    ['ddb.batchPut({ tables: { posts: [{ id: "a" }] } })', { operation: 'BatchPutItem', tables: { posts: [key] } }],
    [
      'ddb.batchDelete({ tables: { posts: [{ id: "a" }] } })',
      { operation: 'BatchDeleteItem', tables: { posts: [key] } },
    ],
    [
      'ddb.transactGet({ items: [{ table: "posts", key: { id: "a" }, projection: ["n"] }] })',
      {
        operation: 'TransactGetItems',
        transactItems: [
          { table: 'posts', key, projection: { expression: '#expName_1', expressionNames: { '#expName_1': 'n' } } },
        ],
      },
    ],
    [
      'ddb.transactWrite({ items: [{ putItem: { table: "t", key: { id: "a" }, item: { n: 1 } } }, { updateItem: { table: "t", key: { id: "a" }, update: { n: 2 } } }, { deleteItem: { table: "t", key: { id: "a" } } }, { conditionCheck: { table: "t", key: { id: "a" }, condition: { n: { attributeExists: true } } } }] })',
      {
        operation: 'TransactWriteItems',
        transactItems: [
          { table: 't', operation: 'PutItem', key, attributeValues: { n: { N: 1 } } },
          {
            table: 't',
            operation: 'UpdateItem',
            key,
            update: {
              expression: 'SET #expName_1 = :expValue_1',
              expressionNames: { '#expName_1': 'n' },
              expressionValues: { ':expValue_1': { N: 2 } },
            },
          },
          { table: 't', operation: 'DeleteItem', key },
          {
            table: 't',
            operation: 'ConditionCheck',
            key,
            condition: { expression: '(attribute_exists(#n))', expressionNames: { '#n': 'n' } },
          },
        ],
      },
    ],
    [
      '[ddb.toStringSet(["a"]), ddb.toNumberSet([1]), ddb.toBinarySet(["eA=="])]',
      [{ SS: ['a'] }, { NS: [1] }, { BS: ['eA=='] }],
    ],
    ['ddb.get()', { error: 'code.js:3:10: The payload is expected to be an object.' }],
    ['ddb.batchPut({ tables: { a: 1 } })', { error: 'code.js:3:10: A list of items is expected to be a list.' }],
    [
      'ddb.transactWrite({ items: [{}] })',
      { error: 'code.js:3:10: An item is expected to have putItem, updateItem, deleteItem or conditionCheck.' },
    ],
  ])('%s', async (expression, expected) => {
    expect(await made(expression)).toEqual(expected)
  })
})
