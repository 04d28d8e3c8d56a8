import { randomUUID } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { asEvaluationError } from './errors.ts'
import { compileExpression, type Expression } from './expression.ts'
import { MAX_RESULT_CHARACTERS } from './limits.ts'
import { plainValue, UnsupportedResultError } from './plainValue.ts'
import type { Answer, Job } from './workerPool.ts'

// The thread's side of `workerPool.ts`: one job at a time; whoever waits ends the thread when it takes too long.

const MAX_COMPILED = 64
const compiled = new Map<string, Expression>()

async function answer(job: Job): Promise<Answer> {
  try {
    const key = `${job.document === undefined}${job.text}`
    let expression = compiled.get(key)
    if (expression === undefined) {
      expression = compileExpression(job.text, 'worker', job.document !== undefined)
      if (compiled.size >= MAX_COMPILED) compiled.clear()
      compiled.set(key, expression)
    }
    const value = plainValue(
      await expression.evaluate(job.document, job.bindings, {
        now: () => job.now,
        random: Math.random,
        uuid: randomUUID,
      }),
    )
    if (value === undefined) return { type: 'value' }
    const text = JSON.stringify(value)
    return text.length > MAX_RESULT_CHARACTERS
      ? { type: 'error', message: asEvaluationError(new RangeError('Invalid string length')).message }
      : { type: 'value', value: text }
  } catch (error) {
    if (error instanceof UnsupportedResultError) return { type: 'unsupported' }
    const known = asEvaluationError(error)
    const code = 'code' in known ? known.code : undefined
    return { type: 'error', message: known.message, ...(code === undefined ? {} : { code }) }
  }
}

parentPort?.on('message', (job: Job) => {
  void answer(job).then((result) => parentPort?.postMessage(result))
})
