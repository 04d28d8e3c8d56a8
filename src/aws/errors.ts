/**
 * An error as an AWS API answers it. Thrown by services, turned into the wire shape by `http/`
 * (`x-amzn-ErrorType` and a JSON body).
 */
export class AwsError extends Error {
  /** The exception's name without namespace, for example `ResourceNotFoundException`. */
  readonly code: string
  /** HTTP status; 400 unless the service's model says otherwise. */
  readonly statusCode: number
  /** Further members of the error's body, for example `CancellationReasons`. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, options: AwsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = code
    this.code = code
    this.statusCode = options.statusCode ?? 400
    this.details = options.details ?? {}
  }
}

export interface AwsErrorOptions {
  /** @default 400 */
  statusCode?: number
  details?: Record<string, unknown>
  cause?: unknown
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
