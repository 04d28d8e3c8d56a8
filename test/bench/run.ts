/**
 * `npm run bench`: side by side with the alternatives, in one run; prints ratios and saves JSON in bench-results/.
 * `-- --only http,realtime` runs some sections.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benchHttp } from './http.ts'
import type { BenchRow } from './row.ts'
import { printRows } from './row.ts'

const { values } = parseArgs({ options: { only: { type: 'string' } } })

/** Sections in the order in which they run; each loads its modules when it comes. */
const SECTIONS: Record<string, [title: string, run: () => Promise<unknown>]> = {
  http: ['GraphQL over HTTP, one process, 32 connections', () => benchHttp()],
  resolvers: ['Resolver languages, in process', async () => (await import('./resolverLanguages.ts')).bench()],
  tables: ['Tables, in process and over HTTP', async () => (await import('./dynamodb.ts')).bench()],
  auth: ['Authentication, in process', async () => (await import('./auth.ts')).bench()],
  realtime: [
    'Real time, one process and its subscribers in another',
    async () => (await import('./realtime.ts')).bench(),
  ],
  workflowApi: [
    'Step Functions over HTTP, one process, 64 connections',
    async () => (await import('./workflowApi.ts')).bench(),
  ],
  workflows: ['Workflows', async () => (await import('./workflows.ts')).bench()],
}

const wanted = values.only?.split(',') ?? Object.keys(SECTIONS)
const results: Record<string, unknown> = {
  at: new Date().toISOString(),
  node: process.version,
  cpus: navigator.hardwareConcurrency,
}
for (const name of wanted) {
  const section = SECTIONS[name]
  if (section === undefined) throw new Error(`there is no section ${name}: ${Object.keys(SECTIONS).join(', ')}`)
  const [title, run] = section
  const rows = await run()
  results[name] = rows
  if (Array.isArray(rows) && rows.every(isRow)) printRows(title, rows)
  else {
    console.log(`\n${title}`)
    console.table(rows)
  }
}
const folder = resolve(import.meta.dirname, '../../bench-results')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(results, null, 1)}\n`)
process.exit(0)

function isRow(value: unknown): value is BenchRow {
  return typeof value === 'object' && value !== null && 'ours' in value && 'beside' in value
}
