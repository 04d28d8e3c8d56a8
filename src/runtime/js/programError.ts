/** A failure of the program itself, as JavaScript names it: `TypeError`, `RangeError`, `ReferenceError`. Becomes `code.js:LINE:COLUMN: NAME: message`. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError'
  readonly kind: 'TypeError' | 'RangeError' | 'ReferenceError' | 'SyntaxError'

  constructor(kind: ProgramError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

export function typeError(message: string): ProgramError {
  return new ProgramError('TypeError', message)
}

/** Thrown by `runtime.earlyReturn`: ends the handler with a value. No error, and no stack is kept for it. */
export class EarlyReturn {
  readonly value: unknown
  readonly skipTo: 'NEXT' | 'END' | undefined

  constructor(value: unknown, skipTo: 'NEXT' | 'END' | undefined) {
    this.value = value
    this.skipTo = skipTo
  }
}
