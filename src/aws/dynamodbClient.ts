import type { Scope } from './arn.ts'
import type { MaybePromise } from './service.ts'

/**
 * The seam between those who use tables and those who keep them: the embedded engine answers synchronously, a
 * remote endpoint through the AWS SDK does not. Inputs and outputs are DynamoDB's own (PascalCase, AttributeValues with
 * binary as base64 text). Throws `AwsError` with DynamoDB's exception names and messages.
 */
export interface DynamoDBClient {
  send(operation: string, input: Record<string, unknown>, scope?: Scope): MaybePromise<Record<string, unknown>>
}
