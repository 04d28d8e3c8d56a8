/**
 * `npm run conformance`: the recorded cases against a server that it starts; prints the rates by area and exits 1 below
 * the floors. `-- --cases DIR` and `-- --vectors DIR` run other folders of the same form (without floors).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { hasShared, sharedPath } from '../support/shared.ts'
import { runAppSyncConformance } from './appsync.ts'
import { runStepFunctionsConformance } from './stepfunctions.ts'
import { runVectors } from './vectors.ts'

interface Row {
  name: string
  /** Passed and run, per level. */
  levels: Record<string, [passed: number, run: number]>
  skipped: number
  failed: string[]
}

const { values } = parseArgs({
  options: {
    cases: { type: 'string' },
    vectors: { type: 'string' },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    'write-floors': { type: 'boolean', default: false },
  },
})
const FLOORS = join(import.meta.dirname, 'floors.json')
/** Cases that the service has outgrown or that contradict another, with the evidence: told, not counted. */
const EXCEPTIONS = new Map<string, string>(
  Object.entries(
    JSON.parse(readFileSync(join(import.meta.dirname, 'exceptions.json'), 'utf8')) as Record<string, string>,
  ),
)

if (!hasShared && values.cases === undefined && values.vectors === undefined) {
  console.error(
    `The recorded cases are not at ${sharedPath()}: set SIDESTAGE_SHARED to the folder that holds conformance/ and vectors/.`,
  )
  process.exit(1)
}

const rows: Row[] = []
const exceptions: string[] = []
const given = values.cases === undefined ? undefined : resolve(values.cases)
const wants = (part: string): boolean => values.only === undefined || values.only.split(',').includes(part)
const everything = given === undefined && values.vectors === undefined

if (wants('appsync') && (everything || (given !== undefined && !isStepFunctions(given)))) {
  const byArea = Map.groupBy(await runAppSyncConformance(given), ({ area }) => area)
  for (const [area, results] of [...byArea].sort(([a], [b]) => a.localeCompare(b))) {
    const excepted = results.filter(({ id, outcome }) => outcome === 'fail' && EXCEPTIONS.has(id))
    for (const { id } of excepted) exceptions.push(`${id}: ${EXCEPTIONS.get(id)}`)
    const run = results.filter((result) => result.outcome !== 'skip' && !excepted.includes(result))
    rows.push({
      name: `appsync/${area}`,
      levels: { pass: [run.filter(({ outcome }) => outcome === 'pass').length, run.length] },
      skipped: results.length - run.length - excepted.length,
      failed: run.filter(({ outcome }) => outcome === 'fail').map(({ id, why }) => `${id}: ${why ?? ''}`),
    })
  }
}
if (wants('stepfunctions') && (everything || (given !== undefined && isStepFunctions(given)))) {
  for (const area of await runStepFunctionsConformance(given === undefined ? {} : { cases: given })) {
    rows.push({
      name: `stepfunctions/${area.area}`,
      levels: { L1: [area.L1, area.run], L2: [area.L2, area.run], L3: [area.L3, area.run] },
      skipped: area.skipped,
      failed: area.failed,
    })
    exceptions.push(...area.excepted)
  }
}
if (wants('vectors') && (everything || values.vectors !== undefined)) {
  for (const { file, passed, run, failed } of await runVectors(
    values.vectors === undefined ? sharedPath('vectors') : resolve(values.vectors),
  )) {
    const excepted = failed.filter((line) => EXCEPTIONS.has(idOf(line)))
    for (const line of excepted) exceptions.push(`${idOf(line)}: ${EXCEPTIONS.get(idOf(line))}`)
    rows.push({
      name: `vectors/${file}`,
      levels: { pass: [passed, run - excepted.length] },
      skipped: 0,
      failed: failed.filter((line) => !excepted.includes(line)),
    })
  }
}

const floors: Record<string, Record<string, number>> = (everything || values.only !== undefined) &&
given === undefined &&
existsSync(FLOORS)
  ? JSON.parse(readFileSync(FLOORS, 'utf8'))
  : {}
let passed = 0
let failed = 0
const below: string[] = []
for (const row of rows) {
  const texts = Object.entries(row.levels).map(([level, [good = 0, run = 0]]) => {
    const floor = floors[row.name]?.[level]
    if (floor !== undefined && run > 0 && good < floor)
      below.push(`${row.name} ${level}: ${good} is below the floor of ${floor}`)
    return `${level} ${String(good).padStart(4)} / ${String(run).padEnd(4)} ${run === 0 ? '    -' : `${((100 * good) / run).toFixed(1).padStart(5)}%`}`
  })
  const [good = 0, run = 0] = Object.values(row.levels).at(-1) ?? []
  passed += good
  failed += run - good
  console.log(`${row.name.padEnd(46)} ${texts.join('   ')}${row.skipped > 0 ? `   (${row.skipped} skipped)` : ''}`)
  if (values.verbose) for (const line of row.failed) console.log(`    ${line}`)
}
for (const service of ['appsync', 'stepfunctions']) {
  const own = rows.filter(
    ({ name, levels }) => name.startsWith(`${service}/`) && Object.values(levels).some(([, run]) => run > 0),
  )
  if (own.length === 0) continue
  const levels = Object.keys(own[0]?.levels ?? {})
  const means = levels.map((level) => {
    const rates = own.map(({ levels: all }): [number, number] => all[level] ?? [0, 0]).filter(([, run]) => run > 0)
    return `${level} ${((100 * rates.reduce((sum, [good, run]) => sum + good / run, 0)) / rates.length).toFixed(1)}%`
  })
  console.log(`${service}: mean of areas ${means.join('  ')}`)
}
for (const line of exceptions) console.log(`exception: ${line}`)
console.log(`cases at their highest level: ${passed} passed, ${failed} below`)

if (values['write-floors']) {
  const raised: Record<string, Record<string, number>> = { ...floors }
  for (const { name, levels } of rows)
    raised[name] = Object.fromEntries(
      Object.entries(levels).map(([level, [good]]) => [level, Math.max(good, raised[name]?.[level] ?? 0)]),
    )
  writeFileSync(FLOORS, `${JSON.stringify(Object.fromEntries(Object.entries(raised).sort()), null, 2)}\n`)
}
mkdirSync(resolve(import.meta.dirname, '../../bench-results'), { recursive: true })
writeFileSync(resolve(import.meta.dirname, '../../bench-results/conformance.json'), JSON.stringify(rows, null, 1))
for (const line of below) console.error(line)
process.exit(below.length > 0 ? 1 : 0)

/** Of a line `ID: why`. */
function idOf(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf(': ')))
}

/** Step Functions' cases are files named `cases-AREA.json`. */
function isStepFunctions(folder: string): boolean {
  return readdirSync(folder).some((name) => /^cases-.*\.json$/.test(name))
}
