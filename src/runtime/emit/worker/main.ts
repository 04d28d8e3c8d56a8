import { extname } from 'node:path'
import { parentPort } from 'node:worker_threads'
import type { ResolverContext } from '../../context.ts'
import type { RunUnit } from '../runSliced.ts'
import type { Unit } from './pool.ts'

/** The worker's side of `pool.ts`: one evaluation after the other, each with the full budget. */
const port = parentPort
const extension = extname(import.meta.filename)
const units = new Map<string, RunUnit>()

async function unitOf(language: Unit['language']): Promise<RunUnit> {
  let run = units.get(language)
  if (run === undefined) {
    run = ((await import(new URL(`../../${language}/unit${extension}`, import.meta.url).href)) as { runUnit: RunUnit })
      .runUnit
    units.set(language, run)
  }
  return run
}

port?.on('message', async (message: string) => {
  const { unit, context, steps } = JSON.parse(message) as { unit: Unit; context: ResolverContext; steps: number }
  const run = await unitOf(unit.language)
  port.postMessage(JSON.stringify(run(unit, context, steps)))
})
port?.postMessage('ready')
