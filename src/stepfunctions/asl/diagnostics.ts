/** Codes of ValidateStateMachineDefinition's diagnostics that this server gives. */
export type DiagnosticCode =
  | 'DUPLICATE_LABEL_NAME'
  | 'DUPLICATE_STATE_NAME'
  | 'INVALID_JSONATA_EXPRESSION'
  | 'INVALID_JSON_DESCRIPTION'
  | 'INVALID_STATE_NAME'
  | 'MISSING_END_STATE'
  | 'MISSING_TRANSITION_TARGET'
  | 'NO_DOLLAR'
  | 'NO_PATH'
  | 'PASS_RESULT_IS_STATIC'
  | 'SCHEMA_VALIDATION_FAILED'
  | 'UNSUPPORTED_JSONATA_EXPRESSION'

/** One problem of a definition, as ValidateStateMachineDefinition answers it. */
export interface Diagnostic {
  severity: 'ERROR' | 'WARNING'
  code: DiagnosticCode
  message: string
  /** JSON pointer of the place, for example `/States/Wait/Timestamp`; absent where there is none. */
  location?: string
}

/** A definition that cannot run. `message` is that of the InvalidDefinition error. */
export class InvalidDefinitionError extends Error {
  override readonly name = 'InvalidDefinitionError'
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[], message = invalidDefinitionMessage(diagnostics)) {
    super(message)
    this.diagnostics = diagnostics
  }
}

/** Characters of the sentence; it has thousands of problems only where somebody wants it to. */
const MAX_MESSAGE_LENGTH = 65_536

/** The service's sentence for the errors among the diagnostics. */
export function invalidDefinitionMessage(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'ERROR')
  const list = errors.map(({ code, message, location }) => {
    if (code === 'INVALID_JSON_DESCRIPTION') return `${code}: ${message}`
    // A definition that is no object has no place to name; a missing end has the place `null`.
    return location === undefined && code !== 'MISSING_END_STATE'
      ? `${code}: ${message}`
      : `${code}: ${message} at ${location ?? 'null'}`
  })
  return `Invalid State Machine Definition: '${list.join(', ').slice(0, MAX_MESSAGE_LENGTH)}'`
}
