/**
 * Whether a value is a function as the evaluator holds one: an object with a mark and parts that run. Data may have a member
 * of the mark's name (an execution's input can say `{"_jsonata_lambda": true}`) and stays data: it can hold no code.
 */
export function isEvaluatorFunction(value: object): boolean {
  const { _jsonata_lambda, _jsonata_function, environment, implementation } = value as Record<string, unknown>
  if (_jsonata_lambda === true) {
    const lookup = (environment as { lookup?: unknown } | null | undefined)?.lookup
    return typeof lookup === 'function'
  }
  return _jsonata_function === true && typeof implementation === 'function'
}
