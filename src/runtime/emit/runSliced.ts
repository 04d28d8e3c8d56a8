import type { Outcome, ResolverContext } from '../context.ts'
import { BudgetSpent, FULL_STEPS, SLICE_STEPS } from './budget.ts'
import { runInWorker, type Unit } from './worker/pool.ts'

/**
 * How every emitted program is run, whichever its language.
 *
 *     run(context) {
 *       return runSliced(unit, context, (steps) => evaluate(compiled, context, steps))
 *     }
 *
 * `attempt` makes a `Run` with that many steps, evaluates, and turns everything thrown into an Outcome except a
 * `BudgetSpent` whose reason is `steps`, which it lets through. The first attempt has a slice; when that is spent, its
 * work is dropped and the unit, given by language and source text, runs again in a worker, which calls the `runUnit` of
 * `../js/unit.ts` or `../vtl/unit.ts` with the full number of steps, and is killed when it takes too long.
 * Inside the worker itself there is no further rerun: `runUnit` calls its `attempt` directly.
 */
export function runSliced(
  unit: Unit,
  context: ResolverContext,
  attempt: (steps: number) => Outcome,
): Outcome | Promise<Outcome> {
  const { overruns = 0 } = unit
  // One that keeps outlasting its slice starts in the worker; now and then it is tried here again.
  if (overruns >= PATIENCE && overruns % RETRY_EVERY !== 0) {
    unit.overruns = overruns + 1
    return runInWorker(unit, context, FULL_STEPS)
  }
  try {
    const outcome = attempt(SLICE_STEPS)
    if (overruns > 0) unit.overruns = 0
    return outcome
  } catch (error) {
    if (!(error instanceof BudgetSpent && error.reason === 'steps')) throw error
    unit.overruns = overruns + 1
    return runInWorker(unit, context, FULL_STEPS)
  }
}

const PATIENCE = 3
const RETRY_EVERY = 16

/** What `../js/unit.ts` and `../vtl/unit.ts` export under the name `runUnit`; called in the worker. */
export type RunUnit = (unit: Unit, context: ResolverContext, steps: number) => Outcome
