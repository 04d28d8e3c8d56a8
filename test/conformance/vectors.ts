/** `node test/conformance/vectors.ts [--vectors DIR]` runs the signature and token vectors of a folder, and prints the rates. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { sharedPath } from '../support/shared.ts'
import { acceptsJws, createTokenJudge, JWS_FILES, readJwsVectors, readTokenVectors } from './jwtVectors.ts'
import {
  expectedInHeader,
  expectedInQuery,
  readRequestVectors,
  readSigningVectors,
  refusalOf,
  signInHeader,
  signInQuery,
  verifySigned,
} from './sigv4Vectors.ts'

export interface VectorResult {
  file: string
  passed: number
  run: number
  /** Ids of those that failed, with what was wrong. */
  failed: string[]
}

/** Runs every vector of a folder of the form of the shared one. */
export async function runVectors(folder: string): Promise<VectorResult[]> {
  const requests = readRequestVectors(folder)
  const tokens = readTokenVectors(folder)
  const judges = { oidc: createTokenJudge(tokens, 'oidc'), cognito: createTokenJudge(tokens, 'cognito') }
  return [
    await collect('sigv4/signing.json', readSigningVectors(folder), async (vector) => {
      const steps: [what: string, made: unknown, expected: unknown][] = []
      if (vector.header !== undefined) {
        steps.push(['header', signInHeader(vector), expectedInHeader(vector)])
        verifySigned(vector, vector.header.signedRequest)
      }
      if (vector.query !== undefined) {
        steps.push(['query', signInQuery(vector), expectedInQuery(vector)])
        verifySigned(vector, vector.query.signedRequest)
      }
      return steps.find(([, made, expected]) => JSON.stringify(made) !== JSON.stringify(expected))?.[0]
    }),
    await collect('sigv4/requests.json', requests.vectors, async (vector) => {
      const refusal = await refusalOf(requests, vector)
      if (vector.expected.accept) return refusal
      if (refusal === undefined) return 'accepted'
      return refusal === vector.expected.errorType ? undefined : refusal
    }),
    ...(await Promise.all(
      JWS_FILES.map((file) =>
        collect(`jwt/${file}`, readJwsVectors(folder, file), async (vector) => {
          const accepted = await acceptsJws(vector)
          if (vector.mayRefuse === true || accepted === (vector.result === 'valid')) return undefined
          return `${vector.comment}: ${accepted ? 'accepted' : 'refused'}`
        }),
      ),
    )),
    await collect('jwt/tokens.json', tokens.vectors, async (vector) => {
      const accepted = await judges[vector.provider].identityOf(vector.jwt).then(
        () => true,
        () => false,
      )
      return accepted === vector.expected.accept ? undefined : accepted ? 'accepted' : 'refused'
    }),
  ]
}

async function collect<V extends { id: string }>(
  file: string,
  vectors: readonly V[],
  /** What is wrong; undefined when nothing is. */
  check: (vector: V) => Promise<string | undefined>,
): Promise<VectorResult> {
  const failed: string[] = []
  for (const vector of vectors) {
    const problem = await check(vector).catch((error: Error) => error.message)
    if (problem !== undefined) failed.push(`${vector.id}: ${problem}`)
  }
  return { file, passed: vectors.length - failed.length, run: vectors.length, failed }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { vectors: { type: 'string' } } })
  const results = await runVectors(values.vectors === undefined ? sharedPath('vectors') : resolve(values.vectors))
  for (const { file, passed, run, failed } of results) {
    console.log(`${file.padEnd(30)} ${passed} / ${run}`)
    for (const line of failed) console.log(`    ${line}`)
  }
  process.exitCode = results.some(({ failed }) => failed.length > 0) ? 1 : 0
}
