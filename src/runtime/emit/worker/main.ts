import { extname } from 'node:path'
import { parentPort } from 'node:worker_threads'
import type { ResolverContext } from '../../context.ts'
import type { RunUnit } from '../runSliced.ts'
import type { Unit } from './pool.ts'

/**
 * The worker's side of `pool.ts`: one evaluation after the other, each with the full budget. Both languages are loaded
 * before the first one comes, because its time is counted from when it is given.
 */
const port = parentPort
const extension = extname(import.meta.filename)
const languages: readonly Unit['language'][] = ['js', 'vtl']
const units = new Map<Unit['language'], RunUnit>()

for (const language of languages) {
  const module = new URL(`../../${language}/unit${extension}`, import.meta.url).href
  units.set(language, ((await import(module)) as { runUnit: RunUnit }).runUnit)
}

port?.on('message', (message: string) => {
  const { unit, context, steps } = JSON.parse(message) as { unit: Unit; context: ResolverContext; steps: number }
  port.postMessage(JSON.stringify(units.get(unit.language)?.(unit, context, steps)))
})
port?.postMessage('ready')
