import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Outcome, ResolverContext } from '../../context.ts'
import { fromHost } from '../fromHost.ts'

/** A program as a worker can make it again: its language, its text, and what else its compiler needs. */
export interface Unit {
  language: 'js' | 'vtl'
  source: string
  /** Which part of the source runs (a handler's name, a template's kind); JSON. */
  part: string
  /** How often it has outlasted its slice in a row; kept by `runSliced`. @default 0 */
  overruns?: number
}

/** How long an evaluation may take in the worker before the worker is killed. */
export const WORKER_TIME_MS = 750
/** Evaluations that run at the same time; further ones wait. */
const MAX_WORKERS = 2
/** Evaluations that wait; further ones fail at once. */
const MAX_WAITING = 200
/** An idle worker ends after this. */
const IDLE_MS = 30_000

const limits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 }

interface Job {
  unit: Unit
  context: ResolverContext
  steps: number
  settle(outcome: Outcome): void
}

interface PoolWorker {
  thread: Worker
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
  ready: boolean
}

const workers = new Set<PoolWorker>()
const waiting: Job[] = []

/**
 * Runs a unit on another thread, which is killed when it takes longer than `WORKER_TIME_MS` or more memory than it
 * may. Always answers with an Outcome.
 */
export function runInWorker(unit: Unit, context: ResolverContext, steps: number): Promise<Outcome> {
  return new Promise((settle) => {
    if (waiting.length >= MAX_WAITING) {
      settle(failed(unit, context, 'Too many evaluations are waiting for a worker.'))
      return
    }
    waiting.push({ unit, context, steps, settle })
    assign()
  })
}

/** Ends the idle and running workers; waiting evaluations fail. For a server that stops, and for tests. */
export async function closeWorkers(): Promise<void> {
  for (const job of waiting.splice(0)) job.settle(failed(job.unit, job.context, 'The server is stopping.'))
  await Promise.all([...workers].map((worker) => worker.thread.terminate()))
}

function assign(): void {
  while (waiting.length > 0) {
    const free = [...workers].find((worker) => worker.ready && worker.job === undefined)
    if (free === undefined) {
      const starting = [...workers].filter((worker) => !worker.ready).length
      if (workers.size < MAX_WORKERS && starting < waiting.length) start()
      return
    }
    const job = waiting.shift()
    if (job !== undefined) give(free, job)
  }
}

function give(worker: PoolWorker, job: Job): void {
  clearTimeout(worker.timer)
  worker.job = job
  worker.thread.ref()
  worker.timer = setTimeout(() => {
    finish(worker, failed(job.unit, job.context, 'The evaluation took too long and was stopped.'))
    void worker.thread.terminate()
    workers.delete(worker)
    assign()
  }, WORKER_TIME_MS)
  // Through JSON: a context is JSON by definition, and nothing of the host can be cloned along with it.
  worker.thread.postMessage(JSON.stringify({ unit: job.unit, context: job.context, steps: job.steps }))
}

function finish(worker: PoolWorker, outcome: Outcome): void {
  clearTimeout(worker.timer)
  const { job } = worker
  worker.job = undefined
  job?.settle(outcome)
}

function start(): void {
  const thread = new Worker(new URL(`./main${extname(import.meta.filename)}`, import.meta.url), {
    resourceLimits: limits,
    execArgv: [],
    env: {},
  })
  const worker: PoolWorker = { thread, job: undefined, timer: undefined, ready: false }
  workers.add(worker)
  thread.on('message', (message: unknown) => {
    if (message === 'ready') worker.ready = true
    else if (worker.job !== undefined) finish(worker, received(String(message)))
    else return
    assign()
    if (worker.job !== undefined) return
    thread.unref()
    clearTimeout(worker.timer)
    worker.timer = setTimeout(() => void thread.terminate(), IDLE_MS)
    worker.timer.unref()
  })
  const ended = (message: string): void => {
    workers.delete(worker)
    if (worker.job !== undefined) finish(worker, failed(worker.job.unit, worker.job.context, message))
    // A worker that never came up takes its turn's job with it, so that a broken start cannot loop.
    else if (!worker.ready) {
      const job = waiting.shift()
      job?.settle(failed(job.unit, job.context, message))
    }
    assign()
  }
  thread.on('error', (error: NodeJS.ErrnoException) =>
    ended(
      error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? 'The evaluation took more memory than allowed and was stopped.'
        : 'The evaluation failed unexpectedly.',
    ),
  )
  thread.on('exit', () => {
    clearTimeout(worker.timer)
    if (workers.has(worker)) ended('The evaluation was stopped.')
  })
}

/** An outcome from a worker; its data inherits nothing, as that of an outcome made here. */
function received(message: string): Outcome {
  const outcome = JSON.parse(message) as Outcome
  outcome.stash = fromHost(outcome.stash) as Outcome['stash']
  if (outcome.type !== 'error') outcome.value = fromHost(outcome.value)
  return outcome
}

function failed(unit: Unit, context: ResolverContext, message: string): Outcome {
  const errorType = unit.language === 'js' ? 'Code' : 'MappingTemplate'
  return {
    type: 'error',
    error: { message, errorType },
    stash: context.stash,
    appendedErrors: [],
    logs: [],
    effects: {},
  }
}
