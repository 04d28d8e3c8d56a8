import { randomBytes } from 'node:crypto'
import type { AwsError } from '../../aws/errors.ts'
import type { DataSourceError } from '../dataSource.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
/** Length of DynamoDB's request ids. */
const REQUEST_ID_LENGTH = 52

function requestId(): string {
  let id = ''
  for (const byte of randomBytes(REQUEST_ID_LENGTH)) id += ALPHABET[byte % ALPHABET.length]
  return id
}

/** An exception of DynamoDB as AppSync words it. */
export function dynamoDBError(error: AwsError): DataSourceError {
  return {
    type: `DynamoDB:${error.code}`,
    message: `${error.message} (Service: DynamoDb, Status Code: ${error.statusCode}, Request ID: ${requestId()})`,
  }
}
