import { AwsError } from '../../../aws/errors.ts'
import type { Item } from '../attributeValue.ts'
import { KeyValueError } from '../errors.ts'

/** Why an action kept a transaction from happening; `None` for those that did not. */
export interface CancellationReason {
  Code: string
  Message?: string
  Item?: Item
}

export const NO_REASON: CancellationReason = Object.freeze({ Code: 'None' })

/** The reason that a refused action gives. Errors that are no refusal of one action are thrown on. */
export function validationReason(error: unknown): CancellationReason {
  if (!(error instanceof AwsError) || error instanceof KeyValueError) throw error
  if (error.code === 'ConditionalCheckFailedException') {
    const item = error.details['Item'] as Item | undefined
    return { Code: 'ConditionalCheckFailed', Message: error.message, ...(item === undefined ? {} : { Item: item }) }
  }
  if (error.code !== 'ValidationException') throw error
  return { Code: 'ValidationError', Message: error.message }
}

/** The error of a transaction that did not happen: a reason for each action, in order. */
export function canceled(reasons: readonly CancellationReason[]): AwsError {
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
    { details: { CancellationReasons: reasons.map((reason) => ({ ...reason })) } },
  )
}
