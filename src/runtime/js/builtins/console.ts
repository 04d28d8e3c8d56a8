import { BudgetSpent, MAX_EVALUATED_SIZE } from '../../emit/budget.ts'
import type { JsRun } from '../jsRun.ts'
import { stringifyJson } from './json.ts'

/** An argument of `console.log` as the service prints it: as JSON, texts in quotes. */
export function consoleText(run: JsRun, value: unknown): string {
  const text = stringifyJson(run, [value])
  const printed = typeof text === 'string' ? text : typeof value === 'function' ? '[Function]' : String(value)
  if (printed.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  return printed
}
