import type { Outcome, ResolverContext } from '../context.ts'
import { BudgetSpent } from '../emit/budget.ts'
import type { RunOptions } from '../emit/run.ts'
import type { RunUnit } from '../emit/runSliced.ts'
import { evaluateTemplate, renderOf, renderTemplate, TEMPLATE_NAME } from './compile.ts'

/** Runs a template in the worker, with the full budget. */
export const runUnit: RunUnit = (unit, context, steps) => {
  const render = renderOf(unit.source, TEMPLATE_NAME)
  try {
    if (unit.part === 'text') return textOutcome(render, context, steps)
    return evaluateTemplate(render, unit.part === 'request' ? 'request' : 'response', context, steps)
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error
    return {
      type: 'error',
      error: { message: error.message, errorType: 'MappingTemplate' },
      stash: context.stash ?? {},
      appendedErrors: [],
      logs: [],
      effects: {},
    }
  }
}

/** For EvaluateMappingTemplate, which answers with the text itself. */
export function textOutcome(
  render: ReturnType<typeof renderOf>,
  context: ResolverContext,
  steps: number,
  options?: RunOptions,
): Outcome {
  const rendered = renderTemplate(render, context, steps, options, true)
  if (rendered.type === 'error') return { ...rendered.effects, type: 'error', error: rendered.error }
  if (rendered.type === 'returned')
    return { ...rendered.effects, type: 'earlyReturn', value: rendered.value, skipTo: 'NEXT' }
  return { ...rendered.effects, type: 'value', value: rendered.type === 'text' ? rendered.text : rendered.value }
}
