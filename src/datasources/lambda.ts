import { parseArn, type Scope } from '../aws/arn.ts'
import { AwsError } from '../aws/errors.ts'
import type { LambdaInvocation, LambdaInvoker, LambdaResult } from '../aws/lambdaInvoker.ts'
import type { DataSource } from '../resources.ts'
import type { DataSourceCall, DataSourceClient, DataSourceError, DataSourceOutcome } from './dataSource.ts'
import { invalidRequest, isRecord, memberOf } from './dataSource.ts'

/** Largest `maxBatchSize` (API reference of CreateResolver). */
const MAX_BATCH_SIZE = 2_000
/** Items of one invocation where a request says `BatchInvoke` and no size is configured (Lambda tutorial of the developer guide). */
const DEFAULT_BATCH_SIZE = 5

const TIMED_OUT: DataSourceError = { type: 'Lambda:ExecutionTimeoutException', message: 'Execution timed out.' }

/** AWS_LAMBDA: `Invoke`, and `BatchInvoke` which gathers the calls of one field in one request. */
export function createLambdaDataSource(
  source: DataSource,
  lambda: LambdaInvoker,
  maxBatchSize: number,
): DataSourceClient {
  const functionName = source.lambdaConfig?.lambdaFunctionArn
  const batchSize = maxBatchSize > 0 ? Math.min(maxBatchSize, MAX_BATCH_SIZE) : DEFAULT_BATCH_SIZE
  const batches = new Map<string, Batch>()

  const invoke = async (call: DataSourceCall, payload: unknown, isEvent: boolean): Promise<LambdaOutcome> => {
    if (functionName === undefined) {
      return { error: { type: 'MappingTemplate', message: `The data source '${source.name}' has no function.` } }
    }
    const signal = call.signal()
    const invocation: LambdaInvocation = {
      functionName,
      payload: JSON.stringify(payload ?? null),
      invocationType: isEvent ? 'Event' : 'RequestResponse',
      signal,
      ...(source.serviceRoleArn !== undefined && { principalArn: source.serviceRoleArn }),
    }
    try {
      return outcomeOf(await lambda.invoke(invocation, scopeOf(functionName, call.scope)), isEvent)
    } catch (error) {
      if (signal.aborted) return { error: TIMED_OUT }
      if (error instanceof AwsError) return { error: serviceError(error) }
      throw error
    }
  }

  const enqueue = (call: DataSourceCall, payload: unknown): Promise<DataSourceOutcome> => {
    const key = `${call.requestId}\n${call.fieldName}`
    let batch = batches.get(key)
    if (batch === undefined) {
      batch = { entries: [] }
      batches.set(key, batch)
      const made = batch
      // All objects of a list are resolved in one turn, so their calls are here before the next microtask.
      queueMicrotask(() => {
        batches.delete(key)
        for (let start = 0; start < made.entries.length; start += batchSize) {
          void flush(made.entries.slice(start, start + batchSize))
        }
      })
    }
    const entries = batch.entries
    return new Promise((resolve, reject) => entries.push({ call, payload, resolve, reject }))
  }

  const flush = async (entries: readonly BatchEntry[]): Promise<void> => {
    const [first] = entries
    if (first === undefined) return
    try {
      const payload = entries.map((entry) => entry.payload ?? null)
      const answer = await invoke(first.call, payload, false)
      for (const [index, entry] of entries.entries()) entry.resolve(itemOf(answer, index, entries.length))
    } catch (error) {
      for (const entry of entries) entry.reject(error)
    }
  }

  return {
    invoke(call) {
      const { request } = call
      const operation = memberOf(request, 'operation')
      if (operation === undefined || operation === null)
        return invalidRequest("Value for field '$[operation]' not found.")
      if (operation !== 'Invoke' && operation !== 'BatchInvoke') {
        return invalidRequest(`Unsupported operation '${String(operation)}'.`)
      }
      const type = memberOf(request, 'invocationType') ?? 'RequestResponse'
      if (type !== 'RequestResponse' && type !== 'Event') {
        return invalidRequest(`Unsupported invocation type '${String(type)}'.`)
      }
      const payload = memberOf(request, 'payload')
      if (operation === 'BatchInvoke' && type === 'RequestResponse') return enqueue(call, payload)
      return invoke(call, payload, type === 'Event').then(toOutcome)
    },
  }
}

interface BatchEntry {
  call: DataSourceCall
  payload: unknown
  resolve(outcome: DataSourceOutcome): void
  reject(error: unknown): void
}

interface Batch {
  entries: BatchEntry[]
}

type LambdaOutcome = { result: unknown } | { error: DataSourceError }

function toOutcome(outcome: LambdaOutcome): DataSourceOutcome {
  return 'error' in outcome
    ? { type: 'error', error: outcome.error, result: null }
    : { type: 'result', result: outcome.result }
}

function outcomeOf(answer: LambdaResult, isEvent: boolean): LambdaOutcome {
  if (isEvent) return { result: null }
  let value: unknown
  try {
    value = answer.payload === '' ? null : JSON.parse(answer.payload)
  } catch {
    return { error: { type: 'Lambda:Unhandled', message: 'The function returned a payload that is no JSON.' } }
  }
  if (answer.functionError === undefined) return { result: value }
  const message = memberOf(value, 'errorMessage')
  return {
    error: {
      type: 'Lambda:Unhandled',
      message: typeof message === 'string' ? message : answer.payload.slice(0, 1_000),
    },
  }
}

function serviceError(error: AwsError): DataSourceError {
  const message = `${error.message} (Service: AWSLambda; Status Code: ${error.statusCode}; Error Code: ${error.code})`
  return { type: `Lambda:${error.code}`, message }
}

const ITEM_MEMBERS: ReadonlySet<string> = new Set(['data', 'errorMessage', 'errorType'])

/** One item of a batch's answer: a value, or `{ data, errorMessage, errorType }`. */
function itemOf(answer: LambdaOutcome, index: number, count: number): DataSourceOutcome {
  if ('error' in answer) return { type: 'error', error: answer.error, result: null }
  if (!Array.isArray(answer.result)) {
    const message = 'The function must return a list for a batch invocation.'
    return { type: 'error', error: { type: 'Lambda:InvalidBatchResponse', message }, result: null }
  }
  if (answer.result.length !== count) {
    const message = `The function returned ${answer.result.length} results for a batch of ${count}.`
    return { type: 'error', error: { type: 'Lambda:InvalidBatchResponse', message }, result: null }
  }
  const item: unknown = answer.result[index]
  const isWrapped =
    isRecord(item) && Object.hasOwn(item, 'errorMessage') && Object.keys(item).every((name) => ITEM_MEMBERS.has(name))
  if (!isWrapped) return { type: 'result', result: item }
  const data = memberOf(item, 'data') ?? null
  const { errorMessage, errorType } = item
  if (typeof errorMessage !== 'string') return { type: 'result', result: data }
  const type = typeof errorType === 'string' ? errorType : 'Lambda:Unhandled'
  return { type: 'error', error: { type, message: errorMessage, data }, result: data }
}

/** A function may live in another region or account than the API. */
function scopeOf(functionArn: string, scope: Scope): Scope {
  const arn = parseArn(functionArn)
  return arn === undefined ? scope : { accountId: arn.accountId || scope.accountId, region: arn.region || scope.region }
}
