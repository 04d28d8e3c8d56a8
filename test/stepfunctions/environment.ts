import type { EvaluationEnvironment } from '../../src/stepfunctions/asl/program.ts'

/** The moment that tests of evaluation happen at. */
export const NOW = Date.parse('2026-01-02T03:04:05.678Z')

/** An environment for evaluating one state; everything in it can be given. */
export function environmentOf(input: unknown, more: Partial<EvaluationEnvironment> = {}): EvaluationEnvironment {
  return {
    input,
    context: { Execution: { Id: 'arn', Input: { from: 'context' } }, State: { Name: 'S' } },
    variables: { get: () => undefined },
    now: () => NOW,
    random: () => 0.5,
    uuid: () => '00000000-0000-4000-8000-000000000000',
    ...more,
  }
}

/** Variables with fixed values. */
export function variablesOf(values: Record<string, unknown>): EvaluationEnvironment['variables'] {
  const known = new Map(Object.entries(values))
  return { get: (name) => known.get(name) }
}
