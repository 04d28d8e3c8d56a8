import type { ResolverContext } from '../../../src/runtime/context.ts'
import { Budget } from '../../../src/runtime/emit/budget.ts'
import {
  type UtilEnvironment,
  UtilError,
  type UtilFunction,
  type UtilTable,
} from '../../../src/runtime/util/environment.ts'
import { util, vtlUtil } from '../../../src/runtime/util/index.ts'

/** An environment with a full budget, a fixed time (2018-02-06T19:01:35.758Z) and a fixed chance (0.5). */
export function environmentOf(
  language: UtilEnvironment['language'] = 'VTL',
  context: Partial<ResolverContext> = {},
): UtilEnvironment {
  const budget = new Budget(30_000_000)
  return {
    language,
    context: { arguments: {}, stash: {}, ...context },
    now: () => 1517943695758,
    random: () => 0.5,
    appendedErrors: [],
    effects: {},
    logs: [],
    charge: (steps) => budget.charge(steps),
    allocate: (size) => budget.allocate(size),
  }
}

/** Calls a utility by its path in the table of the language: `call('time.nowFormatted', ['yyyy'])`. */
export function call(path: string, args: unknown[], environment: UtilEnvironment = environmentOf()): unknown {
  let member: UtilFunction | UtilTable = environment.language === 'VTL' ? vtlUtil : util
  for (const name of path.split('.')) member = (member as UtilTable)[name] as UtilFunction | UtilTable
  return (member as UtilFunction)(environment, args)
}

/** The message with which a call fails. */
export function failureOf(path: string, args: unknown[], environment?: UtilEnvironment): string {
  try {
    call(path, args, environment)
  } catch (error) {
    if (error instanceof UtilError) return error.detail.message
    throw error
  }
  throw new Error(`${path} did not fail`)
}
