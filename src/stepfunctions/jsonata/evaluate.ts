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

/** Compiles an expression for {@link evaluateExpression}. Throws `JsonataSyntaxError`. */
export function parseExpression(text: string, hasDocument = false): Expression {
  return compileExpression(text, 'bounded', hasDocument)
}
