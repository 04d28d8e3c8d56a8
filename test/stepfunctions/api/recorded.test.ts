import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AwsError } from '../../../src/aws/errors.ts'
import { STEP_FUNCTIONS_EXCEPTIONS } from '../../conformance/stepfunctionsExceptions.ts'
import { hasShared, sharedPath } from '../../support/shared.ts'
import { type StepFunctions, startStepFunctions } from './startStepFunctions.ts'

// Single requests whose answers the service gave; whole executions and scripts are `npm run conformance`'s.

interface Case {
  id: string
  kind: string
  needs: string[]
  op: string
  params?: Record<string, unknown>
  definition?: unknown
  definitionText?: string
  input?: unknown
  inputText?: string
  expect: { response?: Record<string, unknown>; error?: { code: string; message: string } }
}

interface Matching {
  diff(expected: unknown, actual: unknown, bindings: object, options?: object): unknown[]
  resolve<T>(value: T, bindings: object): T
}

const AREAS = [
  'api-activities',
  'api-core',
  'api-express',
  'api-logs',
  'api-map-run',
  'api-versioning',
  'credentials',
  'jsonpath',
  'test-state',
  'validation',
  'wait',
]
const KINDS = new Set(['create-error', 'validate', 'test-state', 'test-state-error', 'api-error'])

const cases: Case[] = hasShared
  ? AREAS.flatMap(
      (area) =>
        JSON.parse(readFileSync(sharedPath('conformance', 'stepfunctions', `cases-${area}.json`), 'utf8')) as Case[],
    ).filter(({ kind, needs, id }) => KINDS.has(kind) && needs.length === 0 && !STEP_FUNCTIONS_EXCEPTIONS.has(id))
  : []

describe.skipIf(!hasShared)('recorded answers to single requests', () => {
  let service: StepFunctions
  let matching: Matching
  beforeAll(async () => {
    service = startStepFunctions()
    matching = (await import(sharedPath('conformance', 'stepfunctions', 'run', 'lib', 'match.mjs'))) as Matching
  })
  afterAll(() => service.close())

  it.each(cases.map((one) => [one.id, one] as const))('%s', async (id, one) => {
    const bindings: Record<string, string> = {
      region: 'us-east-1',
      account: '000000000000',
      roleArn: 'arn:aws:iam::000000000000:role/r',
    }
    for (const uid of ['uid-1', 'uid-2', 'uid-3'])
      bindings[uid] = `${cases.findIndex((other) => other.id === id)}${uid}`
    const definition = one.definitionText ?? (one.definition === undefined ? undefined : JSON.stringify(one.definition))
    const input = one.inputText ?? (one.input === undefined ? undefined : JSON.stringify(one.input))
    const request = matching.resolve(
      { ...one.params, ...(definition === undefined ? {} : { definition }), ...(input === undefined ? {} : { input }) },
      bindings,
    )
    const answer = await Promise.resolve()
      .then(() => service.call(one.op, request))
      .catch((error: unknown) => {
        if (error instanceof AwsError) return { code: error.code, message: error.message }
        throw error
      })
    const expected = one.expect.error ?? one.expect.response
    expect(matching.diff(expected, answer, bindings, { extra: 'ignore' })).toEqual([])
    if (one.expect.response !== undefined) expect(answer).not.toHaveProperty('code')
  })
})
