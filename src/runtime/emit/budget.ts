/**
 * What one run may spend. Emitted programs and utilities count every loop turn, call and visited element as a step and
 * every made character (1), element (8) and property (32) as size; running out throws `BudgetSpent`, which nothing in
 * an emitted program can catch.
 *
 * A run starts with the steps of a slice, about ten milliseconds of work. When the slice is spent the attempt is dropped and the
 * unit runs again in a killable worker with the full budget (`runSliced.ts`). That is sound because handlers and
 * templates are pure until they return.
 */
export class Budget {
  /** Steps left. */
  steps: number
  /** Size left. */
  size: number
  /** Where the program is: an offset in its source, set before each call that can fail. */
  at = 0

  constructor(steps: number = SLICE_STEPS, size: number = MAX_SIZE) {
    this.steps = steps
    this.size = size
  }

  charge(steps: number): void {
    // Written so that NaN and negative counts spend the budget instead of switching it off.
    const left = this.steps - steps
    if (!(steps >= 0 && left >= 0)) this.stepsSpent()
    this.steps = left
  }

  allocate(size: number): void {
    const left = this.size - size
    if (!(size >= 0 && left >= 0)) throw new BudgetSpent('size')
    this.size = left
  }

  stepsSpent(): never {
    this.steps = -1
    throw new BudgetSpent('steps')
  }
}

/** Steps of the attempt on the server's own thread: about ten milliseconds of work. */
export const SLICE_STEPS = 150_000

/** Steps of a whole evaluation, in the worker: well under a second of work. */
export const FULL_STEPS = 20_000_000

/** What one evaluation may make altogether, garbage included, in about bytes. */
export const MAX_SIZE = 64 * 1024 * 1024

/** The largest text a program may hold, and the largest result (AppSync quota "evaluated resolver template size"). */
export const MAX_EVALUATED_SIZE = 5 * 1024 * 1024

/** How deep a result, a parsed text or a printed value may be nested. */
export const MAX_NESTING = 1_000

/** Sizes by which made values are counted. */
export const ELEMENT_SIZE = 8
export const PROPERTY_SIZE = 32

/** Ends a run: the budget is spent. No emitted program and no utility catches it. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent'
  readonly reason: 'steps' | 'size' | 'nesting'

  constructor(reason: 'steps' | 'size' | 'nesting') {
    super(messages[reason])
    this.reason = reason
  }
}

const messages = {
  steps: 'The evaluation took more steps than allowed and was stopped.',
  size: 'The evaluation made more data than allowed and was stopped.',
  nesting: 'A value is nested more deeply than allowed.',
}
