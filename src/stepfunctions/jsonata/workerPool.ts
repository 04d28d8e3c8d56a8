import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { JsonataEvaluationError, memoryError, timeoutError } from './errors.ts'
import { WORKER_HEAP_MB, WORKER_KILL_MS } from './limits.ts'
import { UnsupportedResultError } from './plainValue.ts'

/** What a worker is asked. */
export interface Job {
  text: string
  /** Values of the expression's free variables. */
  bindings: Record<string, unknown>
  document: unknown
  now: number
}

/** What it answers. `value` is JSON text; absent when the expression returned nothing. */
export type Answer =
  | { type: 'value'; value?: string }
  | { type: 'unsupported' }
  | { type: 'error'; code?: string; message: string }

/** Workers that run at once; more jobs wait. */
const MAX_WORKERS = 2
/** Milliseconds without a job after which a worker ends. */
const IDLE_MS = 10_000

interface Waiting {
  job: Job
  resolve(value: unknown): void
  reject(error: Error): void
}

const waiting: Waiting[] = []
const idle: { worker: Worker; timer: NodeJS.Timeout }[] = []
let running = 0

/** Evaluates an expression in a thread that is ended when it takes too long or too much. */
export function evaluateInWorker(job: Job): Promise<unknown> {
  return new Promise((resolve, reject) => {
    waiting.push({ job, resolve, reject })
    startNext()
  })
}

/** Ends all idle workers; running ones end with their job. */
export function closeWorkers(): void {
  for (const { worker, timer } of idle.splice(0)) {
    clearTimeout(timer)
    void worker.terminate()
  }
}

function startNext(): void {
  if (running >= MAX_WORKERS) return
  const next = waiting.shift()
  if (next === undefined) return
  running += 1
  const spare = idle.pop()
  clearTimeout(spare?.timer)
  const worker = spare?.worker ?? createWorker()
  worker.ref()
  // Starting a thread takes its time; the clock of the job starts with the job.
  if (spare === undefined) worker.once('online', () => run(worker, next))
  else run(worker, next)
}

function createWorker(): Worker {
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  })
  return worker
}

function run(worker: Worker, { job, resolve, reject }: Waiting): void {
  let done = false
  const finish = (reusable: boolean, settle: () => void): void => {
    if (done) return
    done = true
    clearTimeout(kill)
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event)
    // A thread that dies later, on its way out, has nobody to tell.
    worker.on('error', () => {})
    running -= 1
    if (reusable) keep(worker)
    else void worker.terminate()
    settle()
    startNext()
  }
  const kill = setTimeout(() => finish(false, () => reject(timeoutError())), WORKER_KILL_MS)
  worker.on('message', (answer: Answer) => finish(true, () => settle(answer, resolve, reject)))
  worker.on('error', (error: Error & { code?: string }) =>
    finish(false, () =>
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? memoryError() : new JsonataEvaluationError(error.message)),
    ),
  )
  worker.on('exit', () => finish(false, () => reject(memoryError())))
  worker.postMessage(job)
}

function settle(answer: Answer, resolve: (value: unknown) => void, reject: (error: Error) => void): void {
  switch (answer.type) {
    case 'value':
      resolve(answer.value === undefined ? undefined : JSON.parse(answer.value))
      return
    case 'unsupported':
      reject(new UnsupportedResultError())
      return
    case 'error':
      reject(new JsonataEvaluationError(answer.message, answer.code))
      return
    default:
      answer satisfies never
  }
}

function keep(worker: Worker): void {
  worker.unref()
  const entry = {
    worker,
    timer: setTimeout(() => {
      idle.splice(idle.indexOf(entry), 1)
      void worker.terminate()
    }, IDLE_MS).unref(),
  }
  worker.once('exit', () => {
    const at = idle.indexOf(entry)
    if (at >= 0) idle.splice(at, 1)
    clearTimeout(entry.timer)
  })
  idle.push(entry)
}
