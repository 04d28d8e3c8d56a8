/** Error names that the language itself reserves. */
export type StatesErrorName =
  | 'States.ALL'
  | 'States.BranchFailed'
  | 'States.DataLimitExceeded'
  | 'States.ExceedToleratedFailureThreshold'
  | 'States.HeartbeatTimeout'
  | 'States.Http.Socket'
  | 'States.IntrinsicFailure'
  | 'States.ItemReaderFailed'
  | 'States.NoChoiceMatched'
  | 'States.ParameterPathFailure'
  | 'States.Permissions'
  | 'States.QueryEvaluationError'
  | 'States.ResultPathMatchFailure'
  | 'States.ResultWriterFailed'
  | 'States.Runtime'
  | 'States.TaskFailed'
  | 'States.Timeout'

/**
 * An error that a state raises while its fields are evaluated. `cause` is the bare text; in an execution the service
 * puts the state in front of it ({@link executionCause}), TestState does not.
 */
export class StatesError extends Error {
  override readonly name = 'StatesError'
  readonly error: StatesErrorName
  override readonly cause: string
  /**
   * The field whose JSONata expression failed, for example `Output/v`. Present exactly when an `EvaluationFailed`
   * event precedes the failure.
   */
  readonly location: string | undefined

  constructor(error: StatesErrorName, cause: string, location?: string) {
    super(cause)
    this.error = error
    this.cause = cause
    this.location = location
  }
}

/** The cause of an evaluation error as an execution's history words it. */
export function executionCause(error: StatesError, stateName: string, enteredEventId: number): string {
  return `An error occurred while executing the state '${stateName}' (entered at the event id #${enteredEventId}). ${error.cause}`
}
