import { randomUUID } from 'node:crypto'
import type { DynamoDBClient } from '../../aws/dynamodbClient.ts'
import { AwsError } from '../../aws/errors.ts'
import { isObject } from '../asl/json.ts'
import { type TaskCall, type TaskOutcome, withTransport } from './outcome.ts'
import { optimizedFailure } from './serviceErrors.ts'

const OPERATIONS: Readonly<Record<string, string>> = {
  getItem: 'GetItem',
  putItem: 'PutItem',
  updateItem: 'UpdateItem',
  deleteItem: 'DeleteItem',
}

/** `dynamodb:getItem`, `putItem`, `updateItem`, `deleteItem`. */
export async function callDynamoDB(client: DynamoDBClient, call: TaskCall, action: string): Promise<TaskOutcome> {
  const operation = OPERATIONS[action]
  if (operation === undefined) {
    return optimizedFailure('dynamodb', new AwsError('UnknownOperationException', `There is no operation ${action}`))
  }
  try {
    const output = await client.send(operation, isObject(call.parameters) ? call.parameters : {}, call.scope)
    return { type: 'succeeded', output: withTransport(output, randomUUID()) }
  } catch (error) {
    return optimizedFailure('dynamodb', error)
  }
}
