import { RequestError, validationError } from './errors.ts'

/**
 * How an operation words what is wrong with a request's values and expressions. DynamoDB has two generations of these
 * checks; which one an operation has is known from recorded answers of October 2026.
 */
export type Wording =
  /** The newer words, as the service's other violated constraints: `1 validation error detected: …`. */
  | 'enveloped'
  /** The newer words alone. */
  | 'bare'
  | 'older'

const WORDINGS: ReadonlyMap<string, Wording> = new Map<string, Wording>([
  ['PutItem', 'enveloped'],
  ['UpdateItem', 'enveloped'],
  ['DeleteItem', 'enveloped'],
  ['GetItem', 'bare'],
  ['BatchGetItem', 'bare'],
  ['Query', 'bare'],
])

/** An error as the operation's callers see it. */
export function worded(operation: string, error: unknown): unknown {
  if (!(error instanceof RequestError)) return error
  switch (WORDINGS.get(operation) ?? 'older') {
    case 'enveloped':
      return validationError(`1 validation error detected: ${error.message}`)
    case 'bare':
      return validationError(error.message)
    default:
      return validationError(error.older)
  }
}

/** Operations that name a member that is too long or out of range instead of showing it. */
export const NAMES_MEMBERS: ReadonlySet<string> = new Set(['Query', 'BatchGetItem'])
