import type { MockConfiguration } from '../stepfunctions/engine.ts'
import { StartError } from './options.ts'

/** Stands for what should have been a mapping: one entry that no check accepts. */
const NOTHING: [string, unknown][] = [['', undefined]]

/** Reads `mockConfig:` of the settings: a file as Step Functions Local takes it (`MockConfigFile`). */
export function mockConfiguration(given: { value: unknown; file: string } | undefined): MockConfiguration | undefined {
  if (given === undefined) return undefined
  const refuse = (what: string): never => {
    throw new StartError([
      `${given.file}:1:1: error: ${what} (mocked task results have StateMachines and MockedResponses)`,
    ])
  }
  const { value } = given
  if (!isMapping(value)) return refuse('the mock configuration is no mapping')
  const { StateMachines, MockedResponses } = value
  if (!isMapping(StateMachines)) return refuse('StateMachines is no mapping')
  if (!isMapping(MockedResponses)) return refuse('MockedResponses is no mapping')
  for (const [name, machine] of Object.entries(StateMachines)) {
    const cases = isMapping(machine) ? machine['TestCases'] : undefined
    if (!isMapping(cases)) return refuse(`StateMachines.${name}.TestCases is no mapping`)
    for (const [test, states] of Object.entries(cases)) {
      for (const [state, response] of isMapping(states) ? Object.entries(states) : NOTHING) {
        if (typeof response !== 'string' || !Object.hasOwn(MockedResponses, response))
          return refuse(`StateMachines.${name}.TestCases.${test}.${state} names no entry of MockedResponses`)
      }
    }
  }
  for (const [name, attempts] of Object.entries(MockedResponses)) {
    for (const [attempt, result] of isMapping(attempts) ? Object.entries(attempts) : NOTHING) {
      const known = isMapping(result) && (Object.hasOwn(result, 'Return') || isMapping(result['Throw']))
      if (!known || !/^\d+(-\d+)?$/.test(attempt))
        return refuse(`MockedResponses.${name}.${attempt} is no attempt ("0", "1-2") with Return or Throw`)
    }
  }
  return { StateMachines, MockedResponses } as unknown as MockConfiguration
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
