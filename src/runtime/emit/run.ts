import type { Effects, ResolverContext, ResolverError } from '../context.ts'
import type { UtilEnvironment } from '../util/environment.ts'
import { secureRandom } from '../util/random.ts'
import { Budget } from './budget.ts'

/** Where a run's time and chance come from; tests give their own. A rerun in the worker has the real ones. */
export interface RunOptions {
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number
  /** 0 ≤ x < 1. @default from the operating system */
  random?: () => number
}

/**
 * One run of an emitted program: its budget, and at the same time the environment that utilities get. Made per run, so
 * nothing is shared between requests. Never reachable from the program.
 */
export class Run extends Budget implements UtilEnvironment {
  readonly language: 'VTL' | 'APPSYNC_JS'
  context: ResolverContext
  readonly appendedErrors: ResolverError[] = []
  readonly effects: Effects = {}
  readonly logs: string[] = []
  readonly now: () => number
  readonly random: () => number

  constructor(
    language: 'VTL' | 'APPSYNC_JS',
    context: ResolverContext,
    options: RunOptions = {},
    steps?: number,
    size?: number,
  ) {
    super(steps, size)
    this.language = language
    this.context = context
    this.now = options.now ?? Date.now
    this.random = options.random ?? secureRandom
  }
}
