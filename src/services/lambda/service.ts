import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Scope } from '../../aws/arn.ts'
import { AwsError, messageOf } from '../../aws/errors.ts'
import type { LambdaInvocation, LambdaInvoker, LambdaResult } from '../../aws/lambdaInvoker.ts'
import type { RestService } from '../../aws/service.ts'
import type { Catalog } from '../../catalog.ts'
import type { Log } from '../../observability/log.ts'
import type { LambdaAlias, LambdaFunction } from '../../resources.ts'
import { createLambdaApi } from './api.ts'
import { prepareCode, removeBundles, temporaryWorkFolder } from './code.ts'
import { instanceCommand } from './command.ts'
import { functionEnvironment, type RoleCredentials } from './environment.ts'
import { functionArn, parseFunctionName } from './functionName.ts'
import { type Instance, type InstanceResult, startInstance } from './instance.ts'
import { createWatchdog } from './watchdog.ts'

export interface LambdaServiceOptions {
  catalog: Catalog
  /** Folder for unpacked and bundled code; a temporary one without it. */
  workFolder?: string
  /** Where this server is reached, for `AWS_ENDPOINT_URL` of functions. */
  endpointUrl: () => string | undefined
  /** Temporary credentials of a function's role. */
  credentialsFor: (roleArn: string | undefined, functionName: string, scope: Scope) => RoleCredentials
  /** `AWS_ENDPOINT_URL_*` variables handed on to functions. */
  serviceEndpoints?: Readonly<Record<string, string>>
  certificateAuthorityFile?: () => string | undefined
  log: Log
}

/** A line of a function's log. */
export interface FunctionLogLine {
  functionArn: string
  requestId: string | undefined
  time: number
  line: string
}

export interface LambdaService extends LambdaInvoker {
  /** The REST API under `/2015-03-31/functions`. */
  api: RestService
  /** Told every log line; returns a function that ends it. */
  onLog(listener: (line: FunctionLogLine) => void): () => void
  /** Ends idle instances of a function (busy ones end after their invocation), so that new code is loaded. */
  recycle(functionArn: string): void
  close(): Promise<void>
}

/** Largest event of a synchronous and an asynchronous invocation (Lambda quotas). */
export const MAX_REQUEST_BYTES = 6_291_456
export const MAX_ASYNC_REQUEST_BYTES = 1_048_576
/** Concurrent executions of an account and region (Lambda quotas). */
const ACCOUNT_CONCURRENCY = 1000
/** Processes at once on one machine; further invocations wait for one of them. */
const MAX_PROCESSES = 64
/** An instance that nobody asked for this long is ended. */
const IDLE_MS = 5 * 60_000
/** Waits before the two retries of an asynchronous invocation (Lambda: "1 minute, 2 minutes"). */
const ASYNC_RETRY_DELAYS_MS = [60_000, 120_000]
const LOG_TAIL_BYTES = 4096

interface PooledInstance {
  instance: Instance
  busy: boolean
  /** Set when newer code or configuration replaced the function it was started for. */
  stale: boolean
  idleTimer?: NodeJS.Timeout
  logTail: string[]
}

interface Pool {
  fn: LambdaFunction
  instances: Set<PooledInstance>
  starting: number
  code?: Promise<string>
}

export function createLambdaService(options: LambdaServiceOptions): LambdaService {
  const functions = options.catalog.collection('AWS::Lambda::Function')
  const aliases = options.catalog.collection('AWS::Lambda::Alias')
  const layers = options.catalog.collection('AWS::Lambda::LayerVersion')
  const watchdog = createWatchdog()
  const pools = new Map<string, Pool>()
  const listeners = new Set<(line: FunctionLogLine) => void>()
  const retries = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<unknown>>()
  /** Invocations that wait for a process to become free. */
  const waiting: (() => void)[] = []
  let processes = 0
  let closed = false
  let workFolder = options.workFolder === undefined ? undefined : join(options.workFolder, 'functions')
  if (workFolder !== undefined) removeBundles(workFolder)
  /** Also when the process ends without a chance to close. */
  const removeWork = (): void => {
    if (workFolder === undefined) return
    if (options.workFolder === undefined) rmSync(workFolder, { recursive: true, force: true })
    else removeBundles(workFolder)
  }
  const work = (): string => {
    if (workFolder === undefined) {
      workFolder = temporaryWorkFolder()
      process.once('exit', removeWork)
    }
    return workFolder
  }

  const wakeAll = (): void => {
    for (const wake of waiting.splice(0)) wake()
  }

  const recycle = (arn: string): void => {
    const pool = pools.get(arn)
    if (pool === undefined) return
    pools.delete(arn)
    for (const pooled of pool.instances) {
      pooled.stale = true
      if (!pooled.busy) endInstance(pooled)
    }
    wakeAll()
  }
  const stopFollowing = functions.subscribe(({ resource }) => recycle(resource.arn))

  function resolve(invocation: LambdaInvocation, scope: Scope): LambdaFunction {
    const reference = parseFunctionName(invocation.functionName, scope, invocation.qualifier)
    if (reference === undefined)
      throw new AwsError(
        'ValidationException',
        `1 validation error detected: Value '${invocation.functionName.slice(0, 200)}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
      )
    const arn = functionArn(reference)
    const found = functions.get(arn) ?? viaAlias(aliases.get(arn))
    if (found === undefined)
      throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArn(reference)}`, {
        statusCode: 404,
        details: { Type: 'User' },
      })
    return found
  }

  function viaAlias(alias: LambdaAlias | undefined): LambdaFunction | undefined {
    if (alias === undefined) return undefined
    const base = alias.arn.slice(0, alias.arn.lastIndexOf(':'))
    let version = alias.functionVersion
    let roll = Math.random()
    for (const [other, weight] of Object.entries(alias.routingConfig?.AdditionalVersionWeights ?? {})) {
      roll -= weight
      if (roll < 0) {
        version = other
        break
      }
    }
    return functions.get(version === '$LATEST' ? base : `${base}:${version}`)
  }

  function poolOf(fn: LambdaFunction): Pool {
    let pool = pools.get(fn.arn)
    if (pool === undefined || pool.fn !== fn) {
      if (pool !== undefined) recycle(fn.arn)
      pool = { fn, instances: new Set(), starting: 0 }
      pools.set(fn.arn, pool)
    }
    return pool
  }

  function endInstance(pooled: PooledInstance): void {
    clearTimeout(pooled.idleTimer)
    pooled.instance.end()
  }

  function endOneIdle(): void {
    for (const pool of pools.values()) {
      for (const pooled of pool.instances) if (!pooled.busy) return endInstance(pooled)
    }
  }

  async function acquire(fn: LambdaFunction): Promise<PooledInstance> {
    for (;;) {
      if (closed) throw stopping()
      const pool = poolOf(functions.get(fn.arn) ?? fn)
      for (const pooled of pool.instances) {
        if (pooled.busy || pooled.stale || !pooled.instance.alive) continue
        pooled.busy = true
        clearTimeout(pooled.idleTimer)
        return pooled
      }
      const limit = Math.min(pool.fn.reservedConcurrentExecutions ?? ACCOUNT_CONCURRENCY, ACCOUNT_CONCURRENCY)
      if (pool.instances.size + pool.starting >= limit) throw throttled(pool.fn)
      if (processes >= MAX_PROCESSES) endOneIdle()
      if (processes < MAX_PROCESSES) return start(pool)
      await new Promise<void>((wake) => waiting.push(wake))
    }
  }

  async function start(pool: Pool): Promise<PooledInstance> {
    const { fn } = pool
    pool.starting++
    processes++
    let counted = true
    const release = (): void => {
      if (counted) processes--
      counted = false
    }
    try {
      pool.code ??= prepareCode(fn, work())
      const codeFolder = await pool.code
      const ownLayers = (fn.layers ?? []).flatMap((arn) => layers.get(arn) ?? [])
      const command = instanceCommand(
        fn,
        codeFolder,
        ownLayers.map((layer) => layer.contentPath),
      )
      const scope = scopeOf(fn)
      const authority = options.certificateAuthorityFile?.()
      const logTail: string[] = []
      let pooled: PooledInstance | undefined
      const instance = await startInstance({
        command: command.command,
        args: command.args,
        cwd: codeFolder,
        environment: {
          ...functionEnvironment(fn, {
            codeFolder,
            layers: ownLayers,
            credentials: options.credentialsFor(fn.role, fn.functionName, scope),
            endpointUrl: options.endpointUrl(),
            logStreamName: `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[${fn.version}]${randomUUID().replaceAll('-', '')}`,
            serviceEndpoints: options.serviceEndpoints ?? {},
            path: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
            ...(authority !== undefined && { certificateAuthorityFile: authority }),
          }),
          ...command.environment,
        },
        watchdog,
        onLog: (line, requestId) => {
          logTail.push(line)
          if (logTail.length > 200) logTail.shift()
          tell(fn, line, requestId)
        },
        onEnd: () => {
          release()
          if (pooled !== undefined) pool.instances.delete(pooled)
          wakeAll()
        },
      })
      if (closed) {
        instance.end()
        throw stopping()
      }
      pooled = { instance, busy: true, stale: false, logTail }
      if (instance.alive) pool.instances.add(pooled)
      return pooled
    } catch (error) {
      release()
      delete pool.code
      throw error
    } finally {
      pool.starting--
    }
  }

  function putBack(pooled: PooledInstance): void {
    pooled.busy = false
    if (pooled.stale || closed || !pooled.instance.alive) endInstance(pooled)
    else {
      pooled.idleTimer = setTimeout(() => endInstance(pooled), IDLE_MS)
      pooled.idleTimer.unref()
    }
    wakeAll()
  }

  function tell(fn: LambdaFunction, line: string, requestId: string | undefined): void {
    for (const listener of listeners) listener({ functionArn: fn.arn, requestId, time: Date.now(), line })
  }

  async function runOnce(fn: LambdaFunction, invocation: LambdaInvocation, requestId: string): Promise<LambdaResult> {
    const pooled = await acquire(fn)
    const started = performance.now()
    pooled.logTail.length = 0
    const note = (line: string): void => {
      pooled.logTail.push(line)
      tell(fn, line, requestId)
    }
    note(`START RequestId: ${requestId} Version: ${fn.version}`)
    let result: InstanceResult
    try {
      result = await pooled.instance.invoke({
        requestId,
        payload: invocation.payload,
        invokedFunctionArn: fn.arn,
        timeout: fn.timeout * 1000,
        ...(invocation.clientContext !== undefined && { clientContext: clientContextOf(invocation.clientContext) }),
      })
    } finally {
      putBack(pooled)
    }
    const duration = performance.now() - started
    note(`END RequestId: ${requestId}`)
    note(
      `REPORT RequestId: ${requestId}\tDuration: ${duration.toFixed(2)} ms\tBilled Duration: ${Math.ceil(duration)} ms\tMemory Size: ${fn.memorySize} MB\t`,
    )
    const tail = Buffer.from(`${pooled.logTail.join('\n')}\n`).subarray(-LOG_TAIL_BYTES)
    return {
      statusCode: 200,
      payload: result.payload,
      ...(result.type !== 'response' && { functionError: 'Unhandled' as const }),
      executedVersion: fn.version,
      logResult: tail.toString('base64'),
      requestId,
    }
  }

  function runAsync(fn: LambdaFunction, invocation: LambdaInvocation, requestId: string, attempt = 0): void {
    const done = runOnce(fn, invocation, requestId)
      .then((result) => {
        if (result.functionError === undefined) return
        retry(`${result.functionError}: ${result.payload.slice(0, 300)}`)
      })
      .catch((error: unknown) => retry(messageOf(error)))
      .finally(() => running.delete(done))
    running.add(done)
    function retry(reason: string): void {
      if (closed) return
      const delay = ASYNC_RETRY_DELAYS_MS[attempt]
      options.log('warn', 'an asynchronous invocation failed', {
        functionArn: fn.arn,
        requestId,
        attempt: attempt + 1,
        reason,
        next: delay === undefined ? 'given up' : `again in ${delay / 1000} s`,
      })
      if (delay === undefined) return
      const timer = setTimeout(() => {
        retries.delete(timer)
        const current = functions.get(fn.arn)
        if (current !== undefined) runAsync(current, invocation, requestId, attempt + 1)
      }, delay)
      timer.unref()
      retries.add(timer)
    }
  }

  const invoker: LambdaInvoker = {
    async invoke(invocation, scope) {
      const type = invocation.invocationType ?? 'RequestResponse'
      const size = Buffer.byteLength(invocation.payload)
      const limit = type === 'Event' ? MAX_ASYNC_REQUEST_BYTES : MAX_REQUEST_BYTES
      if (size > limit)
        throw new AwsError(
          'RequestTooLargeException',
          `${size} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`,
          { statusCode: 413, details: { Type: 'User' } },
        )
      try {
        JSON.parse(invocation.payload)
      } catch (error) {
        throw new AwsError(
          'InvalidRequestContentException',
          `Could not parse request body into json: ${messageOf(error)}`,
          {
            details: { Type: 'User' },
          },
        )
      }
      const fn = resolve(invocation, scope)
      if (invocation.clientContext !== undefined) clientContextOf(invocation.clientContext)
      const requestId = randomUUID()
      if (type === 'DryRun') return { statusCode: 204, payload: '', executedVersion: fn.version, requestId }
      if (type === 'Event') {
        if (fn.deadLetterConfig !== undefined)
          options.log('warn', 'dead-letter queues are not served: a failed event is only logged', {
            functionArn: fn.arn,
          })
        runAsync(fn, invocation, requestId)
        return { statusCode: 202, payload: '', executedVersion: fn.version, requestId }
      }
      return runOnce(fn, invocation, requestId)
    },
  }
  return {
    ...invoker,
    api: createLambdaApi({ catalog: options.catalog, invoker, workFolder: work }),
    onLog(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    recycle,
    async close() {
      closed = true
      stopFollowing()
      for (const timer of retries) clearTimeout(timer)
      for (const pool of pools.values()) {
        for (const pooled of pool.instances) endInstance(pooled)
      }
      wakeAll()
      await Promise.allSettled(running)
      watchdog.close()
      process.off('exit', removeWork)
      removeWork()
    },
  }
}

function stopping(): AwsError {
  return new AwsError('ServiceException', 'The server is stopping.', { statusCode: 503 })
}

/** The client context as the runtime API's header takes it: JSON in ASCII. */
function clientContextOf(base64: string): string {
  try {
    const text = JSON.stringify(JSON.parse(Buffer.from(base64, 'base64').toString('utf8')))
    return text.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  } catch (cause) {
    throw new AwsError('InvalidRequestContentException', 'Client context must be a valid Base64-encoded JSON object.', {
      details: { Type: 'User' },
      cause,
    })
  }
}

function throttled(fn: LambdaFunction): AwsError {
  return new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
    statusCode: 429,
    details: {
      Type: 'User',
      Reason:
        fn.reservedConcurrentExecutions === undefined
          ? 'ConcurrentInvocationLimitExceeded'
          : 'ReservedFunctionConcurrentInvocationLimitExceeded',
    },
  })
}

function scopeOf(fn: LambdaFunction): Scope {
  const [, , , region = '', accountId = ''] = fn.arn.split(':')
  return { region, accountId }
}
