import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AwsError } from '../../../src/aws/errors.ts'
import { createRemoteDynamoDB, type RemoteDynamoDB } from '../../../src/services/dynamodb/remote.ts'
import { type AwsJsonServer, serveAwsJson } from '../../support/awsJsonServer.ts'
import { engineInMemory, table } from './fixture.ts'

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }
const { engine, close } = engineInMemory()
let server: AwsJsonServer
let remote: RemoteDynamoDB

beforeAll(async () => {
  engine.send('CreateTable', table('Notes', 'S'))
  engine.send('PutItem', {
    TableName: 'Notes',
    Item: {
      pk: { S: 'there' },
      b: { B: 'AQID' },
      bs: { BS: ['AA=='] },
      m: { M: { l: { L: [{ B: '/w==' }, { NULL: true }] } } },
    },
  })
  server = await serveAwsJson([engine.service])
  remote = createRemoteDynamoDB({ endpoint: server.endpoint, region: 'us-east-1', credentials: CREDENTIALS })
})
afterAll(async () => {
  remote.close()
  await server.close()
  close()
})

const outcome = async (send: () => unknown): Promise<unknown> => {
  try {
    return { output: await send() }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return { code: error.code, message: error.message, details: error.details, statusCode: error.statusCode }
  }
}

describe('tables elsewhere', () => {
  it.each([
    ['GetItem', { TableName: 'Notes', Key: { pk: { S: 'there' } } }],
    ['GetItem', { TableName: 'Notes', Key: { pk: { S: 'nobody' } } }],
    ['DescribeTable', { TableName: 'Notes' }],
    ['Scan', { TableName: 'Notes', FilterExpression: 'b = :b', ExpressionAttributeValues: { ':b': { B: 'AQID' } } }],
    ['GetItem', { TableName: 'Missing', Key: { pk: { S: 'x' } } }],
    [
      'PutItem',
      {
        TableName: 'Notes',
        Item: { pk: { S: 'there' } },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    ],
    [
      'TransactWriteItems',
      {
        ClientRequestToken: 'one',
        TransactItems: [
          {
            Put: {
              TableName: 'Notes',
              Item: { pk: { S: 'there' } },
              ConditionExpression: 'attribute_not_exists(pk)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
        ],
      },
    ],
    ['UpdateItem', { TableName: 'Notes', Key: { pk: { S: 'there' } }, UpdateExpression: 'SET' }],
  ])('answer %s as the embedded engine does: %j', async (operation, input) =>
    expect(await outcome(() => remote.send(operation, input))).toEqual(
      await outcome(() => engine.send(operation, input)),
    ),
  )

  it('that cannot be reached say so, after a bounded number of attempts', async () => {
    const blackHole = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await new Promise((resolve) => blackHole.once('listening', resolve))
    let connections = 0
    blackHole.on('connection', () => connections++)
    const unreachable = createRemoteDynamoDB({
      endpoint: `http://127.0.0.1:${(blackHole.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: CREDENTIALS,
      maxAttempts: 2,
    })
    const failed = await outcome(() => unreachable.send('GetItem', { TableName: 'Notes', Key: { pk: { S: 'x' } } }))
    unreachable.close()
    blackHole.close()
    expect([failed, connections]).toEqual([
      expect.objectContaining({ code: 'DynamoDBUnavailable', statusCode: 503 }),
      2,
    ])
  })
})
