import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { startServer } from '../../src/server.ts'
import { sharedPath } from '../support/shared.ts'
import { copyRunner, runRunner } from './runner.ts'

export interface CaseResult {
  id: string
  area: string
  outcome: 'pass' | 'fail' | 'skip'
  why?: string
}

/**
 * Runs the AppSync cases against two servers that it starts: one with embedded tables, and one whose tables are the
 * runner's own DynamoDB, for the cases that look at the calls.
 * @param casesFolder @default the shared cases
 */
export async function runAppSyncConformance(
  casesFolder = sharedPath('conformance', 'appsync', 'cases'),
): Promise<CaseResult[]> {
  const folder = copyRunner('appsync')
  const dynamodbPort = await freePort()
  const embedded = await startServer({ memory: true, port: 0, environment: {} })
  const remote = await startServer({
    memory: true,
    port: 0,
    environment: { AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${dynamodbPort}` },
  })
  try {
    const run = async (endpoint: string, environment: Record<string, string>): Promise<CaseResult[]> => {
      const report = join(folder, 'report.json')
      await runRunner(folder, ['--cases', casesFolder, '--json', report], {
        APPSYNC_ENDPOINT: endpoint,
        ...environment,
      })
      return JSON.parse(readFileSync(report, 'utf8')) as CaseResult[]
    }
    const results = await run(embedded.url, {})
    const skipped = new Set(results.filter(({ outcome }) => outcome === 'skip').map(({ id }) => id))
    if (skipped.size === 0) return results
    const withTables = await run(remote.url, { DYNAMODB_PORT: String(dynamodbPort) })
    return [...results.filter(({ id }) => !skipped.has(id)), ...withTables.filter(({ id }) => skipped.has(id))]
  } finally {
    await Promise.all([embedded.close(), remote.close()])
  }
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
