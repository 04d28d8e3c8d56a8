import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { JsonataEvaluationError, JsonataSyntaxError } from '../../../src/stepfunctions/jsonata/errors.ts'
import { evaluateExpression, parseExpression } from '../../../src/stepfunctions/jsonata/evaluate.ts'
import { closeWorkers } from '../../../src/stepfunctions/jsonata/workerPool.ts'
import { hasShared, sharedPath } from '../../support/shared.ts'

interface Case {
  id: string
  expr: string
  data?: unknown
  dataset?: string | null
  bindings?: Record<string, unknown>
  result?: unknown
  undefinedResult?: boolean
  code?: string
  error?: { code: string; message?: string }
  unordered?: boolean
}

const surroundings = { now: () => Date.now(), random: Math.random, uuid: () => crypto.randomUUID() }

/** What the service changes about the language; a case that meets it is answered otherwise there, and here. */
function restriction({ id, expr, code }: Case): string | undefined {
  if (/\$eval\b/.test(expr)) return '$eval is not there'
  if (id.startsWith('range-operator/') && /\d{7,}|1e[67]/.test(expr)) return 'a sequence has at most 873,782 items'
  if (id.startsWith('tail-recursion/') || code === 'D1011') return 'evaluations nest at most 100 deep'
  if (/\$(random|parse|partition|range|hash|uuid)\(/.test(expr)) return 'a function of the same name is replaced'
  return undefined
}

function load(): { cases: Case[]; datasets: Record<string, unknown> } {
  if (!hasShared) return { cases: [], datasets: {} }
  const read = (name: string): unknown => JSON.parse(readFileSync(sharedPath('conformance', 'jsonata', name), 'utf8'))
  return { cases: read('cases.json') as Case[], datasets: read('datasets.json') as Record<string, unknown> }
}

const { cases, datasets } = load()

async function run(test: Case): Promise<unknown> {
  const document = typeof test.dataset === 'string' ? datasets[test.dataset] : test.data
  const expression = parseExpression(test.expr, true)
  return evaluateExpression(expression, test.bindings ?? {}, surroundings, document)
}

/** As JSON: the service hands results on as JSON text. */
const json = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))

describe.skipIf(!hasShared)('the JSONata test suite', () => {
  afterAll(closeWorkers)

  it('passes through the evaluator wherever the service does not restrict the language', {
    timeout: 120_000,
  }, async () => {
    const failed: string[] = []
    const restricted = new Map<string, number>()
    for (const test of cases) {
      const why = restriction(test)
      if (why !== undefined) {
        restricted.set(why, (restricted.get(why) ?? 0) + 1)
        continue
      }
      const expected = test.code ?? test.error?.code
      try {
        const value = await run(test)
        if (expected !== undefined) failed.push(`${test.id}: expected ${expected}, got ${JSON.stringify(value)}`)
        else if (test.undefinedResult === true ? value !== undefined : !same(value, test.result, test.unordered)) {
          failed.push(
            `${test.id}: ${JSON.stringify(value)?.slice(0, 200)} for ${JSON.stringify(test.result)?.slice(0, 200)}`,
          )
        }
      } catch (error) {
        const isParse = error instanceof JsonataSyntaxError
        const code = error instanceof JsonataEvaluationError ? error.code : undefined
        if (expected === undefined || (isParse ? !expected.startsWith('S') : code !== expected)) {
          failed.push(
            `${test.id}: ${String(error)} ${code} for ${expected ?? JSON.stringify(test.result)?.slice(0, 80)}`,
          )
        }
      }
    }
    if (process.env['JSONATA_REPORT'] !== undefined) console.log(restricted)
    expect(failed).toEqual([])
    expect(cases.length).toBe(1686)
  })
})

function same(actual: unknown, expected: unknown, unordered: boolean | undefined): boolean {
  const sort = (value: unknown): unknown =>
    unordered === true && Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value
  try {
    expect(sort(json(actual))).toEqual(sort(expected))
    return true
  } catch {
    return false
  }
}
