import { describe, expect, it } from 'vitest'
import type { ResolverContext } from '../../../src/runtime/context.ts'
import { evaluateMappingTemplate } from '../../../src/runtime/evaluateMappingTemplate.ts'
import { hasShared } from '../../support/shared.ts'
import { normalized, renderWithAmplify } from './amplifyVelocity.ts'
import { type SampleTemplate, sampleTemplates } from './sampleTemplates.ts'

async function renderWithOurs(template: string, context: ResolverContext): Promise<unknown> {
  const answer = await evaluateMappingTemplate({ template, context, run: { now: () => 0, random: () => 0.5 } })
  if (answer.error === undefined) return normalized(answer.evaluationResult ?? '')
  return `${/\[line \d+, column \d+\]/.test(answer.error.message) ? 'refused' : 'error'}: ${answer.error.message}`
}

/**
 * Why amplify-velocity-template and we differ, and how such a difference is told. In each the recorded answers of the
 * service, where there are some, agree with us: they are the expectations of the same cases in `cases.test.ts`.
 */
const explanations: { why: string; applies(sample: SampleTemplate, theirs: string): boolean }[] = [
  {
    why: 'the peer leaves a function called `eval` behind in every map of which a method was called, and lists it as a member',
    applies: (_sample, theirs) => /\beval\b/.test(theirs),
  },
  {
    why: 'the peer escapes what utilities return for HTML (`<>` becomes `&lt;&gt;`, `&` becomes `&amp;`); the service prints it as it is',
    applies: (_sample, theirs) => theirs.includes('&lt;') || theirs.includes('&amp;'),
  },
  {
    why: "the peer does not parse a quote doubled inside a quoted text ('it''s')",
    applies: ({ template }, theirs) => theirs.startsWith('"refused: Parse error') && /''|""/.test(template),
  },
  {
    why: 'texts of the peer are JavaScript strings without the methods of java.lang.String: `length()` has no value there',
    applies: ({ template }, theirs) => template.includes('.length()') && /^"error: .*(too short|at least)/.test(theirs),
  },
  {
    why: 'the peer calls that `eval`, without arguments, when a loop over the entries of a map reaches it',
    applies: (_sample, theirs) => theirs === '"error: Cannot read properties of undefined (reading \'replace\')"',
  },
]

describe.skipIf(!hasShared)('every template of the samples and cases, beside amplify-velocity-template', () => {
  const samples = hasShared ? sampleTemplates() : []

  it('renders alike, but for differences of the peer that are known', async () => {
    expect(samples.length).toBeGreaterThan(200)
    const unexplained: unknown[] = []
    const used = new Set<string>()
    let alike = 0
    for (const sample of samples) {
      const ours = JSON.stringify(await renderWithOurs(sample.template, structuredClone(sample.context)))
      const theirs = JSON.stringify(renderWithAmplify(sample.template, structuredClone(sample.context))) ?? ''
      if (ours === theirs) {
        alike++
        continue
      }
      const explanation = explanations.find(({ applies }) => applies(sample, theirs))
      if (explanation === undefined) unexplained.push({ id: sample.id, ours, theirs })
      else used.add(explanation.why)
    }
    expect(unexplained).toEqual([])
    expect([...used].sort()).toEqual(explanations.map(({ why }) => why).sort())
    expect(alike).toBeGreaterThan(190)
  })

  it('renders templates of the samples without a syntax error', async () => {
    for (const sample of samples) {
      const ours = await renderWithOurs(sample.template, sample.context)
      expect(typeof ours === 'string' && ours.startsWith('refused: '), sample.id).toBe(false)
    }
  })
})
