import type { MaybePromise } from '../../aws/service.ts'

export type QueryLanguage = 'JSONPath' | 'JSONata'

/** What a state's fields are evaluated against. One per visit of a state; evaluators only read it. */
export interface EvaluationEnvironment {
  /** The state's raw input. */
  readonly input: unknown
  /** The context object (`$$`, `$states.context`), complete for this moment: `State`, `Task.Token`, `Map.Item`… */
  readonly context: Readonly<Record<string, unknown>>
  readonly variables: Variables
  /** Milliseconds since the epoch, on the engine's clock. */
  now(): number
  /** In [0, 1). */
  random(): number
  /** A version 4 UUID. */
  uuid(): string
  /** Told every intermediate value, for TestState; absent otherwise. */
  readonly inspect?: (stage: InspectionStage, value: unknown) => void
}

/** The variables that a state sees: its own scope first, then the scopes around it. */
export interface Variables {
  /** The value, or undefined when no such variable has been assigned. */
  get(name: string): unknown
}

export const NO_VARIABLES: Variables = { get: () => undefined }

/** Intermediate values, named as TestState's inspection data names them. */
export type InspectionStage =
  | 'afterInputPath'
  | 'afterParameters'
  | 'afterArguments'
  | 'result'
  | 'afterResultSelector'
  | 'afterResultPath'
  | 'afterItemsPath'
  | 'afterItemsPointer'
  | 'afterItemSelector'
  | 'afterItemBatcher'
  | 'variables'
  | 'maxConcurrency'
  | 'toleratedFailureCount'
  | 'toleratedFailurePercentage'

/** Evaluates one field. Throws `StatesError`. Synchronous for JSONPath, a promise where JSONata takes part. */
export type Evaluator<T = unknown> = (environment: EvaluationEnvironment) => MaybePromise<T>

/** What a state leaves behind: its output and the variables that it assigns (absent without `Assign`). */
export interface Departure {
  output: unknown
  /** In the order of the definition. Apply to the scope that the state runs in. */
  assigned?: ReadonlyMap<string, unknown>
}

/**
 * A state's way out: ResultSelector, ResultPath, OutputPath or Output, and Assign, after `result` is known. For states
 * without a result (Wait, Succeed) pass what `input` gave.
 */
export type Leave = (environment: EvaluationEnvironment, result: unknown) => MaybePromise<Departure>

/** `Error` and `Cause` of a failed attempt, as Catch hands them on. `Cause` is absent where the failure had none. */
export interface ErrorOutput {
  Error: string
  Cause?: string
}

/** Where a state goes: another state of its block, or out of the block. */
export type Transition = { next: string } | { end: true }

/** A set of states with a start: the machine, a branch of a Parallel, or a Map's processor. */
export interface Block {
  startAt: string
  states: ReadonlyMap<string, CompiledState>
}

/** A compiled definition. Immutable; shared by all executions of one revision. */
export interface Program extends Block {
  comment?: string
  /** `Version` of the definition. */
  version?: string
  queryLanguage: QueryLanguage
  /** Top-level `TimeoutSeconds`. */
  timeoutSeconds?: number
  /** Names of the variables that each JSONata/JSONPath field refers to, as DescribeStateMachine tells them, by state. */
  variableReferences: Readonly<Record<string, readonly string[]>>
}

interface StateBase {
  name: string
  queryLanguage: QueryLanguage
  comment?: string
}

interface Flowing extends StateBase {
  transition: Transition
  /** After InputPath and Parameters/Arguments: what the task, branches or result are made from. */
  input: Evaluator
  leave: Leave
}

export interface Retrier {
  errorEquals: readonly string[]
  /** Seconds before the first retry. @default 1 */
  intervalSeconds: number
  /** 0 never retries. @default 3 */
  maxAttempts: number
  /** @default 2 */
  backoffRate: number
  maxDelaySeconds?: number
  /** @default 'NONE' */
  jitterStrategy: 'FULL' | 'NONE'
}

export interface Catcher {
  errorEquals: readonly string[]
  next: string
  /** ResultPath, or Output, and Assign over the error output. */
  leave(environment: EvaluationEnvironment, errorOutput: ErrorOutput): MaybePromise<Departure>
}

export interface TaskState extends Flowing {
  type: 'Task'
  /** ARN as written; see `tasks/` for what it names. */
  resource: string
  retry: readonly Retrier[]
  catch: readonly Catcher[]
  /** Whole seconds; undefined without one. */
  timeoutSeconds?: Evaluator<number>
  heartbeatSeconds?: Evaluator<number>
  /** `Credentials`, for example `{ RoleArn }`. */
  credentials?: Evaluator
}

export interface PassState extends Flowing {
  type: 'Pass'
  /** `Result` is part of this: `leave(env, await result(env))`. In JSONata, the input (Output decides). */
  result: Evaluator
}

export interface ChoiceState extends StateBase {
  type: 'Choice'
  /**
   * The first rule that holds, or the default, with the state's output and its assigned variables. Throws
   * `States.NoChoiceMatched` when nothing matches.
   */
  choose: Evaluator<Departure & { next: string }>
}

export interface WaitState extends StateBase {
  type: 'Wait'
  transition: Transition
  input: Evaluator
  /** Milliseconds since the epoch when the wait ends; at or before `now()` for no wait. */
  until: Evaluator<number>
  leave: Leave
}

export interface SucceedState extends StateBase {
  type: 'Succeed'
  input: Evaluator
  leave: Leave
}

export interface FailState extends StateBase {
  type: 'Fail'
  /** Absent members were not given. */
  failure: Evaluator<{ error?: string; cause?: string }>
}

export interface ParallelState extends Flowing {
  type: 'Parallel'
  branches: readonly Block[]
  retry: readonly Retrier[]
  catch: readonly Catcher[]
}

/** `ItemReader` or `ResultWriter`: an integration with evaluated arguments. */
export interface ItemReader {
  resource: string
  /** `ReaderConfig` with its `…Path` members resolved: `{InputType, MaxItems?, CSVHeaderLocation?, …}`. */
  readerConfig: Evaluator<Record<string, unknown>>
  /** `Parameters`/`Arguments`: `{Bucket, Key, …}`. */
  arguments: Evaluator
}

export interface ResultWriter {
  /** Absent where only `WriterConfig` is given. */
  resource?: string
  /** `{OutputType?, Transformation?}` */
  writerConfig: Readonly<Record<string, unknown>>
  arguments: Evaluator
}

export interface ItemBatcher {
  maxItemsPerBatch?: Evaluator<number>
  maxInputBytesPerBatch?: Evaluator<number>
  /** Evaluated once a Map state; undefined without one. */
  batchInput?: Evaluator
}

export interface MapItem {
  index: number
  value: unknown
}

export interface MapState extends Flowing {
  type: 'Map'
  mode: 'INLINE' | 'DISTRIBUTED'
  /** Type of the child executions of DISTRIBUTED; STANDARD where none is given. */
  executionType: 'STANDARD' | 'EXPRESS'
  processor: Block
  label?: string
  /** ItemsPath or Items over `input`; the array to iterate over. Absent with an ItemReader. */
  items: Evaluator<readonly unknown[]>
  /**
   * An iteration's input: ItemSelector (or the legacy Parameters), else the item. `environment.context.Map.Item` must
   * hold `{Index, Value}` of the item.
   */
  itemInput(environment: EvaluationEnvironment, item: MapItem): MaybePromise<unknown>
  /** Whether `itemInput` is more than the item itself. */
  hasItemSelector: boolean
  itemReader?: ItemReader
  itemBatcher?: ItemBatcher
  resultWriter?: ResultWriter
  /** 0 is no limit. */
  maxConcurrency: Evaluator<number>
  toleratedFailureCount?: Evaluator<number>
  /** 0–100. */
  toleratedFailurePercentage?: Evaluator<number>
  retry: readonly Retrier[]
  catch: readonly Catcher[]
}

/** A compiled state, told apart by `type`. */
export type CompiledState =
  | TaskState
  | PassState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState

export type StateType = CompiledState['type']
