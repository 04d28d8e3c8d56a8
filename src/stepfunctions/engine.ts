import type { Scope } from '../aws/arn.ts'
import type { Clock } from '../aws/clock.ts'
import type { DynamoDBClient } from '../aws/dynamodbClient.ts'
import type { LambdaInvoker } from '../aws/lambdaInvoker.ts'
import type { MaybePromise } from '../aws/service.ts'
import type { Log } from '../observability/log.ts'
import type { DataFolder } from '../storage/dataFolder.ts'
import type { Program } from './asl/program.ts'
import type { HistoryEvent } from './history.ts'

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE'

/** What an execution runs: one revision of a state machine, as it was when the execution started. */
export interface MachineRevision {
  /** `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`, without version, alias or test case. */
  stateMachineArn: string
  name: string
  /** JSON text as created. */
  definition: string
  roleArn: string
  type: 'STANDARD' | 'EXPRESS'
  revisionId?: string
  /** Where the execution was started through a version, or an alias that chose one. */
  stateMachineVersionArn?: string
  stateMachineAliasArn?: string
  loggingConfiguration?: Readonly<Record<string, unknown>>
  tracingConfiguration?: Readonly<Record<string, unknown>>
  encryptionConfiguration?: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch. */
  updateDate?: number
}

/** What the engine asks about machines and activities; the catalog answers. */
export interface MachineLookup {
  /**
   * The revision that an ARN names: of a machine (the latest), a version, or an alias (which chooses by weight).
   * Undefined when there is none. The ARN has no `#TestCase`.
   */
  resolve(arn: string): MachineRevision | undefined
  hasActivity(arn: string): boolean
}

/** Calls `SERVICE:ACTION` of the AWS SDK integrations and of services that have an integration of their own. */
export interface AwsCall {
  /** As the resource writes it, for example `sfn`, `dynamodb`, `sqs`. */
  service: string
  /** camelCase, for example `sendMessage`. */
  action: string
  /** PascalCase members, as the state's Parameters have them. */
  input: Readonly<Record<string, unknown>>
  scope: Scope
  /** The role that the task runs as. */
  roleArn: string
  executionArn: string
  signal: AbortSignal
}

/**
 * How tasks reach other services. Throws `AwsError` with the service's exception name and message; anything else is
 * an error of ours and fails the task as `States.TaskFailed`.
 */
export interface WorkflowIntegrations {
  lambda?: LambdaInvoker
  dynamodb?: DynamoDBClient
  /** For `http:invoke`. @default the global fetch */
  fetch?: typeof fetch
  /** Connection of `http:invoke`: headers, query and body members that it adds. */
  connection?: (
    arn: string,
    scope: Scope,
  ) => MaybePromise<
    { headers?: Record<string, string>; query?: Record<string, string>; body?: Record<string, unknown> } | undefined
  >
  /** What an `ItemReader` names (S3). Throws `StatesError`-like errors; without it an ItemReader fails clearly. */
  readItems?: (reader: {
    resource: string
    arguments: unknown
    readerConfig: Readonly<Record<string, unknown>>
    scope: Scope
  }) => Promise<readonly unknown[]>
  /** Every other call. Rejects clearly when there is no such service here. */
  awsSdk?: (call: AwsCall) => Promise<unknown>
}

/** Step Functions Local's mock configuration. */
export interface MockConfiguration {
  StateMachines: Record<string, { TestCases: Record<string, Record<string, string>> }>
  /** Keys of a response are attempts: `0`, `1-3`. */
  MockedResponses: Record<string, Record<string, MockedResponse>>
}

export type MockedResponse = { Return: unknown } | { Throw: { Error: string; Cause?: string } }

export interface WorkflowEngineOptions {
  /**
   * Leaves what was open when the engine was made, and every timer, until `resume()` is called: for a server whose
   * functions and tables are not loaded yet. @default false
   */
  paused?: boolean
  folder: DataFolder
  machines: MachineLookup
  /** Compiles a definition, which has been validated before; asked once per revision. */
  compile: (definition: string, type: 'STANDARD' | 'EXPRESS') => Program
  /** @default the system's clock */
  clock?: Clock
  /** Waits, timeouts, heartbeats and retry intervals last this much shorter. @default 1 */
  timeScale?: number
  /** In [0, 1). @default Math.random */
  random?: () => number
  log?: Log
  integrations?: WorkflowIntegrations
  mocks?: MockConfiguration
  /** Told what execution logs want to know, of machines whose `loggingConfiguration` asks for it. */
  onLogEvent?: (execution: ExecutionDescription, event: HistoryEvent, machine: MachineRevision) => void
}

export interface StartExecutionOptions {
  /** ARN of a machine, version or alias, with `#TestCase` where a mocked test case is wanted. */
  stateMachineArn: string
  /** 1–80 characters, checked before. @default a UUID */
  name?: string
  /** JSON text, checked before. @default '{}' */
  input?: string
  traceHeader?: string
  /** For StartSyncExecution: ends the wait, not the execution. */
  signal?: AbortSignal
}

/** Dates are milliseconds since the epoch; `input` and `output` JSON text. */
export interface ExecutionDescription {
  executionArn: string
  stateMachineArn: string
  name: string
  status: ExecutionStatus
  startDate: number
  stopDate?: number
  input: string
  output?: string
  error?: string
  cause?: string
  traceHeader?: string
  mapRunArn?: string
  stateMachineVersionArn?: string
  stateMachineAliasArn?: string
  /** Of STANDARD executions. */
  redriveCount: number
  redriveDate?: number
  redriveStatus?: 'REDRIVABLE' | 'NOT_REDRIVABLE' | 'REDRIVABLE_BY_MAP_RUN'
  redriveStatusReason?: string
}

export type ExecutionListItem = Omit<
  ExecutionDescription,
  'input' | 'output' | 'error' | 'cause' | 'traceHeader' | 'redriveStatus' | 'redriveStatusReason'
> & { itemCount?: number }

export interface SyncExecutionResult extends ExecutionDescription {
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT'
  stopDate: number
  billingDetails: { billedMemoryUsedInMB: number; billedDurationInMilliseconds: number }
}

export interface ListExecutionsOptions {
  /** Of a machine, version or alias; or a Map Run's. Exactly one of the two. */
  stateMachineArn?: string
  mapRunArn?: string
  statusFilter?: ExecutionStatus
  redriveFilter?: 'REDRIVEN' | 'NOT_REDRIVEN'
  /** 1–1000. @default 100 */
  maxResults?: number
  /** `next` of the page before. */
  after?: number
}

export interface Page<T> {
  items: T[]
  /** Where the next page starts; absent on the last. */
  next?: number
}

export interface HistoryOptions {
  executionArn: string
  reverseOrder?: boolean
  /** @default true */
  includeExecutionData?: boolean
  /** 1–1000. @default 100 */
  maxResults?: number
  after?: number
}

export interface MapRunCounts {
  pending: number
  running: number
  succeeded: number
  failed: number
  timedOut: number
  aborted: number
  total: number
  resultsWritten: number
  failuresNotRedrivable?: number
  pendingRedrive?: number
}

export interface MapRunDescription {
  mapRunArn: string
  executionArn: string
  /** `…:stateMachine:NAME/LABEL` */
  stateMachineArn: string
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED'
  startDate: number
  stopDate?: number
  maxConcurrency: number
  toleratedFailurePercentage: number
  toleratedFailureCount: number
  itemCounts: MapRunCounts
  executionCounts: MapRunCounts
  redriveCount: number
  redriveDate?: number
}

export interface ActivityTask {
  taskToken: string
  /** JSON text. */
  input: string
}

/** What subscribers hear, always after it is on the disk and in order per execution. */
export interface WorkflowChange {
  execution: ExecutionDescription
  /** The events that the change added; empty where only the status is of interest. */
  events: readonly HistoryEvent[]
  /** Whether the status changed: started, ended, redriven. */
  statusChanged: boolean
}

export interface ChangeFilter {
  executionArn?: string
  stateMachineArn?: string
}

export interface WorkflowStatistics {
  /** Executions in memory. */
  resident: number
  /** Transactions made durable, each with one fsync. */
  commits: number
  /** Commits of executions that shared them. */
  groups: number
  /** Milliseconds that the writer was busy, fsync included. */
  writing: number
}

/**
 * Runs state machines. Everything that an operation answers is on the disk. Operations throw `AwsError` with Step
 * Functions' error names (`ExecutionDoesNotExist`, `ExecutionAlreadyExists`, `StateMachineDoesNotExist`,
 * `StateMachineTypeNotSupported`, `TaskTimedOut`, `TaskDoesNotExist`, `InvalidToken`, `InvalidOutput`,
 * `ActivityDoesNotExist`, `ExecutionNotRedrivable`, `ResourceNotFound`, …); formats of names, ARNs and JSON have been
 * checked by the API before.
 */
export interface WorkflowEngine {
  startExecution(options: StartExecutionOptions): Promise<{ executionArn: string; startDate: number }>
  /** EXPRESS only. */
  startSyncExecution(options: StartExecutionOptions): Promise<SyncExecutionResult>
  describeExecution(executionArn: string): MaybePromise<ExecutionDescription>
  /** The revision that an execution runs, for DescribeStateMachineForExecution. */
  machineOf(executionArn: string): MachineRevision & { mapRunArn?: string; label?: string }
  listExecutions(options: ListExecutionsOptions): Page<ExecutionListItem>
  stopExecution(options: { executionArn: string; error?: string; cause?: string }): Promise<{ stopDate: number }>
  redriveExecution(options: { executionArn: string; clientToken?: string }): Promise<{ redriveDate: number }>
  getExecutionHistory(options: HistoryOptions): MaybePromise<Page<HistoryEvent>>
  sendTaskSuccess(options: { taskToken: string; output: string }): Promise<void>
  sendTaskFailure(options: { taskToken: string; error?: string; cause?: string }): Promise<void>
  sendTaskHeartbeat(options: { taskToken: string }): Promise<void>
  /** Waits 60 s for work; undefined where none came or the signal was aborted. */
  getActivityTask(options: {
    activityArn: string
    workerName?: string
    signal?: AbortSignal
    /** Milliseconds. @default 60000 */
    waitMilliseconds?: number
  }): Promise<ActivityTask | undefined>
  /** Tells that an activity is gone: its waiting tasks can no longer be taken. */
  forgetActivity(activityArn: string): void
  describeMapRun(mapRunArn: string): MapRunDescription
  listMapRuns(options: { executionArn: string; maxResults?: number; after?: number }): Page<MapRunDescription>
  updateMapRun(options: {
    mapRunArn: string
    maxConcurrency?: number
    toleratedFailureCount?: number
    toleratedFailurePercentage?: number
  }): Promise<void>
  /** Returns a function that ends the subscription. */
  subscribe(filter: ChangeFilter, listener: (change: WorkflowChange) => void): () => void
  /** Goes on with what was open, where the engine was made `paused`. */
  resume(): void
  /** For metrics and benchmarks. */
  statistics(): WorkflowStatistics
  /** Resolves when no execution has work that does not wait for something outside; for tests and draining. */
  idle(): Promise<void>
  /** Lets running effects end or drops them, makes everything durable. Executions go on at the next start. */
  close(): Promise<void>
}

/** Largest input, output, result or cause, in bytes of UTF-8 (Step Functions quotas). */
export const MAX_DATA_BYTES = 262_144
/** Events of a STANDARD execution; the last one is its failure (Step Functions quotas). */
export const MAX_EXECUTION_HISTORY_EVENTS = 25_000
