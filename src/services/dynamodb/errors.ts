import { AwsError } from '../../aws/errors.ts'

/** A request that DynamoDB refuses for what it says: `ValidationException`. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message)
}

/**
 * A request that is refused before any table is looked at: for its values or expressions. DynamoDB words these by
 * operation, see `wording.ts`.
 */
export class RequestError extends AwsError {
  /** What the operations say that still have the older checks, where it differs. */
  readonly older: string

  constructor(message: string, older = message) {
    super('ValidationException', message)
    this.older = older
  }
}

/** A key attribute with a value that no key can have. It refuses a whole transaction instead of cancelling it. */
export class KeyValueError extends AwsError {
  constructor(message: string) {
    super('ValidationException', `One or more parameter values are not valid. ${message}`)
  }
}

/** A body whose JSON types do not fit the operation: `SerializationException`. */
export function serializationError(message: string): AwsError {
  return new AwsError('SerializationException', message)
}

/** A table that an operation on items names and that is not there. */
export function tableNotFound(): AwsError {
  return new AwsError('ResourceNotFoundException', 'Requested resource not found')
}

/** A table that an operation on tables names and that is not there. */
export function namedTableNotFound(tableName: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${tableName} not found`)
}

/** A condition that did not hold; `item` when the request asked for it. */
export function conditionalCheckFailed(item?: Record<string, unknown>): AwsError {
  return new AwsError('ConditionalCheckFailedException', 'The conditional request failed', {
    ...(item === undefined ? {} : { details: { Item: item } }),
  })
}

/** Prefix of the messages about values that break a rule. */
export const INVALID_VALUES = 'One or more parameter values were invalid: '
