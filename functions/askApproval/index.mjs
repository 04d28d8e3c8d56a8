import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'

const dynamodb = new DynamoDBClient({})

/** Keeps the task token with the order: `approveOrder` answers it. A real shop would also send somebody a message. */
export const handler = async ({ orderId, taskToken }) => {
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: process.env.ORDERS_TABLE,
      Key: { id: { S: orderId } },
      UpdateExpression: 'SET #status = :charged, taskToken = :token',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':charged': { S: 'CHARGED' }, ':token': { S: taskToken } },
    }),
  )
}
