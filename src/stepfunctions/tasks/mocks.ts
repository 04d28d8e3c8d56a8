import { randomUUID } from 'node:crypto'
import { isObject, member } from '../asl/json.ts'
import type { MockConfiguration, MockedResponse } from '../engine.ts'
import { invokeOutput } from './lambda.ts'
import { type TaskOutcome, withTransport } from './outcome.ts'
import type { TaskResource } from './resource.ts'

/** Integrations whose answers show how the SDK was answered, mocked ones too. */
const WITH_TRANSPORT: ReadonlySet<string> = new Set(['dynamodb', 'sns', 'sqs', 'states'])

/**
 * The response of a mock configuration for the `attempt`-th call of a state, counted from 0 in an execution. Keys of a
 * response are numbers or ranges (`1-3`).
 */
export function mockedResponse(
  mocks: MockConfiguration,
  machine: string,
  testCase: string,
  state: string,
  attempt: number,
): MockedResponse | undefined {
  const cases = own(mocks.StateMachines, machine)?.TestCases
  const name = own(own(cases, testCase), state)
  if (name === undefined) return undefined
  const responses = own(mocks.MockedResponses, name)
  if (responses === undefined) return undefined
  for (const [key, response] of Object.entries(responses)) {
    const [from, to] = key.split('-', 2).map(Number)
    if (from !== undefined && attempt >= from && attempt <= (to ?? from)) return response
  }
  return { Throw: { Error: 'States.Runtime', Cause: `The mocked response ${name} has none for invocation ${attempt}` } }
}

export function hasTestCase(mocks: MockConfiguration | undefined, machine: string, testCase: string): boolean {
  return own(own(mocks?.StateMachines, machine)?.TestCases, testCase) !== undefined
}

/** What a mocked response makes of a task. */
export function mockedOutcome(resource: TaskResource, response: MockedResponse): TaskOutcome {
  if ('Throw' in response) {
    const { Error: error, Cause: cause } = response.Throw
    return { type: 'failed', error, ...(cause === undefined ? {} : { cause }) }
  }
  const given = response.Return
  if (resource.kind === 'lambda') {
    const payload = isObject(given) && Object.hasOwn(given, 'Payload') ? member(given, 'Payload') : given
    return { type: 'succeeded', output: payload }
  }
  if (resource.kind !== 'service' || resource.sdk || !isObject(given)) return { type: 'succeeded', output: given }
  if (resource.service === 'lambda') {
    const version = member(given, 'ExecutedVersion')
    const output = invokeOutput(undefined, {
      executedVersion: typeof version === 'string' ? version : '$LATEST',
      statusCode: 200,
    })
    return { type: 'succeeded', output: { ...output, ...given } }
  }
  return {
    type: 'succeeded',
    output: WITH_TRANSPORT.has(resource.service) ? { ...withTransport(given, randomUUID()), ...given } : given,
  }
}

function own<T>(record: Record<string, T> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
