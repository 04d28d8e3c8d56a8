import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadProject } from '../../src/loading/loadProject.ts'
import { plain } from '../../src/loading/source/document.ts'
import { parseDocument } from '../../src/loading/source/open.ts'
import { writeProject } from '../loading/support/project.ts'

const PROJECTS = resolve(import.meta.dirname, '../fixtures/projects')
const RUNS = Number(process.env['SIDESTAGE_FUZZ_RUNS'] ?? 150)
const SEED = Number(process.env['SIDESTAGE_FUZZ_SEED'] ?? 20_261_120)

/** Texts that mean something to the loader, in places where they should not be. */
const PIECES = [
  '!Ref ',
  '!GetAtt ',
  '!Sub ',
  '{}',
  '[]',
  'null',
  '0',
  '""',
  '- ',
  ': ',
  '\n',
  '    ',
  '${',
  '}',
  '&a ',
  '*a',
  '<<: ',
  '!!binary ',
  'Fn::If: ',
  '[1, 2]',
  '__proto__',
  '\u0000',
  '"',
  "'",
  '|',
  '%',
  'true',
  '1e999',
  '.nan',
]

/** A text with a few places changed: cut out, doubled, or with a piece put in. */
function mutated(text: string): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 0, max: 60 }),
    kind: fc.constantFrom('cut', 'double', 'put'),
    piece: fc.constantFrom(...PIECES),
  })
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let made = text
    for (const { at, length, kind, piece } of changes) {
      const start = Math.floor(at * made.length)
      const end = Math.min(made.length, start + length)
      if (kind === 'cut') made = made.slice(0, start) + made.slice(end)
      else if (kind === 'double') made = made.slice(0, end) + made.slice(start, end) + made.slice(end)
      else made = made.slice(0, start) + piece + made.slice(end)
    }
    return made
  })
}

const OTHERS = [
  null,
  0,
  -1.5,
  true,
  '',
  'x',
  [],
  [[]],
  {},
  { Ref: 'Api' },
  { 'Fn::GetAtt': 'x' },
  { 'Fn::Sub': ['${A}', null] },
  { 'Fn::If': [] },
  ['a', { b: null }],
  '${self:',
  '${file(.)}',
]

/** Paths of every value inside a value. */
function placesIn(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...at]]
  return [[...at], ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...at, key]))]
}

function put(root: unknown, path: readonly string[], other: unknown): void {
  let target = root as Record<string, unknown>
  for (const name of path.slice(0, -1)) {
    const next = target[name]
    if (typeof next !== 'object' || next === null) return
    target = next as Record<string, unknown>
  }
  const last = path.at(-1)
  if (last !== undefined) target[last] = structuredClone(other)
}

describe('a project with any mistake in it', () => {
  it.each([
    ['SAM', 'sam', 'template.yaml'],
    ['Serverless with the plugin v1', 'serverless-v1', 'serverless.yml'],
    ['Serverless with the plugin v2', 'serverless-v2', 'serverless.yml'],
    ['CDK', 'cdk', 'Api.template.json'],
    ['Amplify', 'amplify', 'amplify/backend/api/blog/build/cloudformation-template.json'],
  ])('loads or is told of: %s', async (_, name, file) => {
    const text = readFileSync(join(PROJECTS, name, file), 'utf8')
    const target = file.endsWith('.json') ? (name === 'cdk' ? 'template.json' : 'cloudformation-template.json') : file
    const folder = writeProject({ [target]: text })
    await fc.assert(
      fc.asyncProperty(mutated(text), async (changed) => {
        writeFileSync(join(folder, target), changed)
        const loaded = await loadProject(folder, { baseUrl: 'http://127.0.0.1:4000' })
        for (const { line, column } of loaded.problems) expect(line > 0 && column > 0).toBe(true)
      }),
      { numRuns: RUNS, seed: SEED },
    )
  })

  it.each([
    ['SAM', 'sam', 'template.yaml', 'template.json'],
    ['Serverless with the plugin v1', 'serverless-v1', 'serverless.yml', 'serverless.json'],
    ['Serverless with the plugin v2', 'serverless-v2', 'serverless.yml', 'serverless.json'],
    ['CDK', 'cdk', 'Api.template.json', 'template.json'],
  ])('loads or is told of values of another kind: %s', async (_, name, file, target) => {
    const text = readFileSync(join(PROJECTS, name, file), 'utf8')
    const value = plain(parseDocument(text, file, file).value)
    const places = placesIn(value)
    const folder = writeProject({})
    const change = fc.record({ place: fc.nat(places.length - 1), other: fc.constantFrom<unknown>(...OTHERS) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const copy: unknown = structuredClone(value)
        for (const { place, other } of changes) put(copy, places[place] ?? [], other)
        writeFileSync(join(folder, target), JSON.stringify(copy))
        await loadProject(folder, { baseUrl: 'http://127.0.0.1:4000' })
      }),
      { numRuns: RUNS, seed: SEED },
    )
  })

  it('loads or is told of: sidestage.yaml', async () => {
    const text =
      'port: 1\ncredentials: [{ accessKeyId: a, secretAccessKey: s }]\nuserPools:\n  p: { id: us-east-1_a, users: { u: { groups: [g] } }, groups: { g: { precedence: 1 } } }\napiKeys: { k: v }\nendpoints: { dynamodb: http://x }\nmockConfig: {}\nparameters: { a: 1 }\nworkflows: {}\n'
    const folder = writeProject({})
    await fc.assert(
      fc.asyncProperty(mutated(text), async (changed) => {
        writeFileSync(join(folder, 'sidestage.yaml'), changed)
        await loadProject(folder, { baseUrl: 'http://127.0.0.1:4000' })
      }),
      { numRuns: RUNS, seed: SEED },
    )
  })
})
