import type { ErrorOutput } from '../asl/program.ts'

/** Milliseconds since the epoch. */
type Time = number

/**
 * What the journal records: decisions (what an expression gave, which rule held, when a retry is due) and facts from
 * outside (a task's result, a stop). Applying an entry is pure and never evaluates anything again, so that an
 * execution resumed from its journal is the one that wrote it.
 */
export type Entry =
  | Started
  | Entered
  | Exited
  | Waiting
  | Scheduled
  | TaskStarted
  | Submitted
  | Heartbeat
  | Returned
  | TaskSucceeded
  | TaskFailed
  | EvaluationFailed
  | Retried
  | Branched
  | MapStarted
  | IterationStarted
  | BranchFailed
  | ForkAborted
  | StateFailed
  | MapRunStarted
  | MapRunItems
  | MapRunUpdated
  | MapRunEnded
  | Ended
  | Redriven

export interface Started {
  type: 'started'
  at: Time
  /** JSON text as given. */
  input: string
  /** Which execution waits for this one (`.sync`), or ran it as an item. */
  parent?: ParentTask
  traceHeader?: string
  /** Test case of the mock configuration. */
  testCase?: string
  /** Items of a batch, for ListExecutions. */
  itemCount?: number
}

/** The task of another execution that a nested execution reports to. */
export interface ParentTask {
  execution: number
  flow: number
  attempt: number
}

export interface Entered {
  type: 'entered'
  at: Time
  flow: number
  state: string
}

export interface Exited {
  type: 'exited'
  at: Time
  flow: number
  /** Absent: the state's input, unchanged. */
  output?: unknown
  assigned?: [name: string, value: unknown][]
  /** Where a choice or a catcher leads; absent: where the state itself does. */
  next?: string
}

export interface Waiting {
  type: 'waiting'
  at: Time
  flow: number
  until: Time
}

export interface Scheduled {
  type: 'scheduled'
  at: Time
  flow: number
  parameters: unknown
  timeoutSeconds?: number
  heartbeatSeconds?: number
  roleArn?: string
  /** When the attempt has timed out. */
  deadline?: Time
  /** Milliseconds without a heartbeat after which it has timed out. */
  heartbeat?: number
}

export interface TaskStarted {
  type: 'taskStarted'
  at: Time
  flow: number
  workerName?: string
}

export interface Submitted {
  type: 'submitted'
  at: Time
  flow: number
  output: unknown
  /** The nested execution whose end is the task's. */
  child?: string
}

export interface Heartbeat {
  type: 'heartbeat'
  at: Time
  flow: number
}

/** A token came back while the call that hands it out had not been answered: kept until it is. */
export interface Returned {
  type: 'returned'
  at: Time
  flow: number
  result: TaskResult
}

export type TaskResult = { output: unknown } | { failed: true; error?: string; cause?: string }

export interface TaskSucceeded {
  type: 'taskSucceeded'
  at: Time
  flow: number
  output: unknown
}

/** How an attempt failed, which tells its event. */
export type TaskFailure = 'Failed' | 'TimedOut' | 'SubmitFailed' | 'StartFailed' | 'ScheduleFailed'

export interface TaskFailed {
  type: 'taskFailed'
  at: Time
  flow: number
  how: TaskFailure
  error?: string
  cause?: string
  /** A missing heartbeat: `States.HeartbeatTimeout` matches as well. */
  heartbeat?: true
}

export interface EvaluationFailed {
  type: 'evaluationFailed'
  at: Time
  flow: number
  error: string
  cause: string
  location: string
}

export interface Retried {
  type: 'retried'
  at: Time
  flow: number
  /** Index of the Retry rule. */
  retrier: number
  due: Time
}

export interface Branched {
  type: 'branched'
  at: Time
  flow: number
  input: unknown
}

export interface MapStarted {
  type: 'mapStarted'
  at: Time
  flow: number
  items: readonly unknown[]
  /** 0 is no limit. */
  maxConcurrency: number
  /** Absent with an ItemReader, which tells the number later. */
  length?: number
}

export interface IterationStarted {
  type: 'iterationStarted'
  at: Time
  flow: number
  index: number
  input: unknown
}

/** A branch or iteration failed, with it the state that it belongs to; its siblings are aborted. */
export interface BranchFailed {
  type: 'branchFailed'
  at: Time
  /** The branch. */
  flow: number
  error?: string
  cause?: string
}

/** A Map state failed by itself while iterations ran: they are aborted. */
export interface ForkAborted {
  type: 'forkAborted'
  at: Time
  flow: number
  error?: string
  cause?: string
}

/** A Parallel or Map state failed and no retry follows. */
export interface StateFailed {
  type: 'stateFailed'
  at: Time
  flow: number
}

export interface MapRunStarted {
  type: 'mapRunStarted'
  at: Time
  flow: number
  mapRunArn: string
  /** Row of the Map Run. */
  mapRun: number
  /** 0 is no limit. */
  maxConcurrency: number
  toleratedFailureCount: number
  toleratedFailurePercentage: number
}

/** Outcomes of child executions that keep no journal of their own (EXPRESS). */
export interface MapRunItems {
  type: 'mapRunItems'
  at: Time
  flow: number
  outcomes: ItemOutcome[]
}

export type ItemOutcome =
  | [index: number, status: 'S', output: unknown]
  | [index: number, status: 'F' | 'T' | 'A', failure: ErrorOutput]

export interface MapRunUpdated {
  type: 'mapRunUpdated'
  at: Time
  flow: number
  maxConcurrency?: number
  toleratedFailureCount?: number
  toleratedFailurePercentage?: number
}

export interface MapRunEnded {
  type: 'mapRunEnded'
  at: Time
  flow: number
  status: 'SUCCEEDED' | 'FAILED'
  /** The state's result where it succeeded. */
  result?: unknown
  error?: string
  cause?: string
}

/** The output of one that succeeded is what its last state left. */
export interface Ended {
  type: 'ended'
  at: Time
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'
  /** Where a branch ended the whole execution (`States.Runtime`), that branch. */
  flow?: number
  error?: string
  cause?: string
}

export interface Redriven {
  type: 'redriven'
  at: Time
}
