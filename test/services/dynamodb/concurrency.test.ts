import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AwsJsonServer, serveAwsJson } from '../../support/awsJsonServer.ts'
import { engineInMemory, table } from './fixture.ts'

const WRITERS = 32
const EACH = 20

let server: AwsJsonServer
let client: DynamoDBClient
const { engine, close } = engineInMemory()

beforeAll(async () => {
  engine.send('CreateTable', table('Race', 'S'))
  server = await serveAwsJson([engine.service])
  client = new DynamoDBClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
})
afterAll(async () => {
  client.destroy()
  await server.close()
  close()
})

describe(`${WRITERS} writers at once`, () => {
  it('add exactly', async () => {
    const add = () =>
      client.send(
        new UpdateItemCommand({
          TableName: 'Race',
          Key: { pk: { S: 'sum' } },
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        }),
      )
    await Promise.all(
      Array.from({ length: WRITERS }, async () => {
        for (let left = EACH; left > 0; left--) await add()
      }),
    )
    const { Item } = await client.send(new GetItemCommand({ TableName: 'Race', Key: { pk: { S: 'sum' } } }))
    expect(Item?.['n']).toEqual({ N: String(WRITERS * EACH) })
  })

  it('elect one winner', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: WRITERS }, (_, writer) =>
        client.send(
          new PutItemCommand({
            TableName: 'Race',
            Item: { pk: { S: 'lease' }, owner: { N: String(writer) } },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      ),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
