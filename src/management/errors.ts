import { AwsError } from '../aws/errors.ts'
import type { CodeProblem } from '../runtime/context.ts'

/** Statuses of the errors that are no 400 (the service's model). */
const STATUSES: Readonly<Record<string, number>> = {
  UnauthorizedException: 401,
  ServiceQuotaExceededException: 402,
  AccessDeniedException: 403,
  NotFoundException: 404,
  ConcurrentModificationException: 409,
  ConflictException: 409,
  LimitExceededException: 429,
  InternalFailureException: 500,
}

export function fault(code: string, message: string, details?: Record<string, unknown>): AwsError {
  return new AwsError(code, message, {
    statusCode: STATUSES[code] ?? 400,
    ...(details === undefined ? {} : { details }),
  })
}

export const badRequest = (message: string): AwsError => fault('BadRequestException', message)
export const notFound = (message: string): AwsError => fault('NotFoundException', message)

/** Code that does not compile: refused as CreateResolver and CreateFunction refuse it. */
export function codeErrors(problems: readonly CodeProblem[]): AwsError {
  return fault('BadRequestException', 'The code contains one or more errors.', {
    reason: 'CODE_ERROR',
    detail: { codeErrors: problems },
  })
}

/** An operation of the API that this server does not have yet. */
export function notOffered(operation: string, instead: string): AwsError {
  return badRequest(`${operation} is not offered by this server: ${instead}`)
}
