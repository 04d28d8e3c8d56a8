import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { evaluateMappingTemplate } from '../../../src/runtime/evaluateMappingTemplate.ts'
import { hasShared, sharedPath } from '../../support/shared.ts'

interface Case {
  id: string
  template: string
  context: Record<string, unknown>
}

const AREAS = [
  'vtl-dynamodb',
  'vtl-errors',
  'vtl-language',
  'vtl-list-map',
  'vtl-operators',
  'vtl-resolvers-in-use',
  'vtl-str-math',
  'vtl-time',
  'vtl-transform',
  'vtl-util',
]

describe.skipIf(!hasShared)('the shared cases of mapping templates (skipped without the shared material)', async () => {
  if (!hasShared) return
  const { compareEvaluation } = (await import(sharedPath('conformance/appsync/run/compare.mjs'))) as {
    compareEvaluation(given: Case, answer: unknown): string | null
  }
  describe.each(AREAS)('%s', (area) => {
    const cases = JSON.parse(readFileSync(sharedPath('conformance/appsync/cases', `${area}.json`), 'utf8')) as Case[]
    it.each(cases.map((one) => [one.id, one] as const))('%s', async (_id, one) => {
      expect(compareEvaluation(one, await evaluateMappingTemplate(one))).toBeNull()
    })
  })
})
