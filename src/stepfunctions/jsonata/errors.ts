/** A text between `{%` and `%}` that is no expression which the service accepts. */
export class JsonataSyntaxError extends Error {
  override readonly name = 'JsonataSyntaxError'
  readonly code: 'INVALID_JSONATA_EXPRESSION' | 'UNSUPPORTED_JSONATA_EXPRESSION'

  constructor(code: JsonataSyntaxError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** An expression that failed while it was evaluated. */
export class JsonataEvaluationError extends Error {
  override readonly name = 'JsonataEvaluationError'
  /** JSONata's code, for example `T1006`; absent for a limit of the service. */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

/** The attempt on the event loop has become too large and goes to a worker. */
export class Handover extends Error {
  override readonly name = 'Handover'
}

// The service's words for its own limits.
const TIMEOUT = 'Expression evaluation timeout: Check for infinite loop'
const STACK = 'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive'
export const MEMORY = 'Expression evaluation memory limit exceeded: Check for excessive memory usage'

export function timeoutError(): JsonataEvaluationError {
  return new JsonataEvaluationError(TIMEOUT)
}

export function memoryError(): JsonataEvaluationError {
  return new JsonataEvaluationError(MEMORY)
}

/** Brings whatever an evaluation threw into one form. `Handover` stays what it is. */
export function asEvaluationError(thrown: unknown): JsonataEvaluationError | Handover {
  if (thrown instanceof Handover || thrown instanceof JsonataEvaluationError) return thrown
  if (thrown instanceof RangeError) {
    return /call stack/i.test(thrown.message) ? new JsonataEvaluationError(STACK) : memoryError()
  }
  if (typeof thrown !== 'object' || thrown === null) return new JsonataEvaluationError(String(thrown))
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
  const message = 'message' in thrown && typeof thrown.message === 'string' ? thrown.message : 'Unknown error'
  switch (code) {
    case 'D1011':
      return new JsonataEvaluationError(STACK)
    case 'D1012':
      return timeoutError()
    case 'D2014':
    case 'D2015':
      return memoryError()
    default:
      return new JsonataEvaluationError(message, code)
  }
}
