import type { RunUnit } from '../emit/runSliced.ts'
import type { HandlerName } from './check.ts'
import { runHandler } from './compile.ts'

/** A handler's evaluation in the worker; `part` is the handler's name. */
export const runUnit: RunUnit = (unit, context, steps) =>
  runHandler(unit.source, unit.part as HandlerName, context, steps)
