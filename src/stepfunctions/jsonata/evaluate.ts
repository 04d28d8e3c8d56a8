import { isObject } from '../asl/json.ts'
import { Handover } from './errors.ts'
import { compileExpression, type Expression, type Surroundings } from './expression.ts'
import { plainValue } from './plainValue.ts'
import { evaluateInWorker } from './workerPool.ts'

/**
 * Evaluates a compiled expression to plain JSON data, or undefined where it returns nothing. Small expressions run on
 * the event loop; one that turns out large is dropped there and run again in a worker, with the service's limits.
 *
 * @throws JsonataEvaluationError | UnsupportedResultError
 */
export async function evaluateExpression(
  expression: Expression,
  bindings: Record<string, unknown>,
  surroundings: Surroundings,
  document?: unknown,
): Promise<unknown> {
  try {
    return plainValue(await expression.evaluate(document, bindings, surroundings))
  } catch (error) {
    if (!(error instanceof Handover)) throw error
    return evaluateInWorker({ text: expression.text, bindings, document, now: surroundings.now() })
  }
}

/**
 * The value of an expression that is only a variable and names below it, read without the evaluator. Undefined where
 * that is not the same: a list on the way (JSONata maps over it), or something missing.
 */
export function readDirectly(expression: Expression, variable: (name: string) => unknown): unknown {
  const { direct } = expression.analysis
  if (direct === undefined) return undefined
  let value = variable(direct.variable)
  for (const name of direct.names) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

/** Compiled expressions that are kept, and characters of one that is worth keeping: states repeat each other's. */
const MAX_KEPT = 2_000
const MAX_KEPT_LENGTH = 2_048
const kept = new Map<string, Expression>()

/** Compiles an expression for {@link evaluateExpression}. Throws `JsonataSyntaxError`. */
export function parseExpression(text: string, hasDocument = false): Expression {
  if (hasDocument || text.length > MAX_KEPT_LENGTH) return compileExpression(text, 'bounded', hasDocument)
  let expression = kept.get(text)
  if (expression === undefined) {
    expression = compileExpression(text, 'bounded')
    if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value ?? '')
    kept.set(text, expression)
  }
  return expression
}
