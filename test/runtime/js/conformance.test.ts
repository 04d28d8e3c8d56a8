import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { evaluateCode } from '../../../src/runtime/evaluateCode.ts'
import { hasShared, sharedPath } from '../../support/shared.ts'

interface Case {
  id: string
  area: string
  kind: string
  code: string
  function?: string
  context: Record<string, unknown>
}

describe.skipIf(!hasShared)('EvaluateCode on the shared AppSync cases', async () => {
  if (!hasShared) return
  const { compareEvaluation } = await import(sharedPath('conformance/appsync/run/compare.mjs'))
  const folder = sharedPath('conformance/appsync/cases')
  const cases = readdirSync(folder)
    .flatMap((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Case[])
    .filter(({ kind }) => kind === 'js')

  it('finds cases', () => {
    expect(cases.length).toBeGreaterThan(150)
  })

  it.each(cases)('$area: $id', async (given) => {
    const { code, context } = given
    const answer = await evaluateCode({
      code,
      context,
      ...(given.function === undefined ? {} : { function: given.function }),
    })
    expect(compareEvaluation(given, answer)).toBeNull()
  })
})
