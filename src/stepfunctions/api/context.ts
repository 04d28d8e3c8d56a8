import type { PageTokens } from '../../aws/pagination.ts'
import type { CallContext, MaybePromise } from '../../aws/service.ts'
import type { Catalog } from '../../catalog.ts'
import type { Program } from '../asl/program.ts'
import type { WorkflowEngine } from '../engine.ts'
import type { TemporaryMachines } from './machineLookup.ts'

/** What the operations share. */
export interface Api {
  catalog: Catalog
  engine: WorkflowEngine
  pageTokens: PageTokens
  now(): number
  uuid(): string
  /** In [0, 1). */
  random(): number
  /** Runs a task once the time has come; returns a function that cancels it. */
  at(at: number, task: () => void): () => void
  compile(definition: string, type: 'STANDARD' | 'EXPRESS'): Program
  temporary: TemporaryMachines
  logGroupExists?: (arn: string) => boolean
}

/** One operation: a checked input in, the answer out. */
export type Operation = (api: Api, input: Record<string, unknown>, context: CallContext) => MaybePromise<unknown>
