import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onLines } from './lines.ts'
import type { Watchdog } from './watchdog.ts'

/** How one invocation in an instance ended. */
export type InstanceResult =
  | { type: 'response'; payload: string }
  | { type: 'functionError'; payload: string }
  /** The instance is gone: timed out, exited, or never became ready. */
  | { type: 'ended'; payload: string }

export interface InstanceInvocation {
  requestId: string
  payload: string
  invokedFunctionArn: string
  clientContext?: string
  /** Milliseconds. */
  timeout: number
}

export interface InstanceOptions {
  command: string
  args: readonly string[]
  cwd: string
  environment: Readonly<Record<string, string>>
  watchdog: Watchdog
  /** A line that the function wrote. */
  onLog: (line: string, requestId: string | undefined) => void
  /** Told once, when the process is gone. */
  onEnd: () => void
}

/** One execution environment: a child process that handles one invocation at a time. */
export interface Instance {
  invoke(invocation: InstanceInvocation): Promise<InstanceResult>
  /** Kills the process and all it started. */
  end(): void
  readonly alive: boolean
}

/** Largest answer of a function (Lambda quotas: 6 MB). */
export const MAX_RESPONSE_BYTES = 6_291_556
/** Time that a function has to become ready, beyond its own timeout (Lambda runtime environment: init phase). */
const INIT_TIMEOUT_MS = 10_000
const RUNTIME_API = '/2018-06-01/runtime'

/**
 * Starts an execution environment: a runtime API on a loopback port of its own, and the process that polls it.
 * Between invocations the process is stopped (SIGSTOP), as AWS freezes it.
 */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  let waitingPoll: ServerResponse | undefined
  let current: { invocation: InstanceInvocation; settle: (result: InstanceResult) => void } | undefined
  let lastRequestId: string | undefined
  let initError: string | undefined
  let child: ChildProcess | undefined
  let ended = false
  let frozen = false
  let ready: (() => void) | undefined
  const becameReady = new Promise<void>((resolve) => {
    ready = resolve
  })

  const freeze = (): void => {
    if (frozen || ended || child?.pid === undefined) return
    frozen = signalGroup(child.pid, 'SIGSTOP')
  }
  const thaw = (): void => {
    if (!frozen || child?.pid === undefined) return
    signalGroup(child.pid, 'SIGCONT')
    frozen = false
  }
  const finish = (result: InstanceResult): void => {
    const { settle } = current ?? {}
    current = undefined
    // What the function wrote before its answer waits in a pipe of its own: it is read first.
    setImmediate(() => settle?.(result))
  }

  const deliver = (): void => {
    if (current === undefined || waitingPoll === undefined) return
    const poll = waitingPoll
    waitingPoll = undefined
    const { invocation } = current
    thaw()
    poll.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': invocation.requestId,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + invocation.timeout),
      'Lambda-Runtime-Invoked-Function-Arn': invocation.invokedFunctionArn,
      'Lambda-Runtime-Trace-Id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${invocation.requestId.replaceAll('-', '').slice(0, 24)};Sampled=0`,
      ...(invocation.clientContext !== undefined && { 'Lambda-Runtime-Client-Context': invocation.clientContext }),
    })
    poll.end(invocation.payload)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    if (request.method === 'GET' && path === `${RUNTIME_API}/invocation/next`) {
      waitingPoll?.destroy()
      waitingPoll = response
      ready?.()
      if (current === undefined) freeze()
      else deliver()
      return
    }
    const body = await readBounded(request)
    const accepted = (): void => {
      response.writeHead(202, { 'Content-Type': 'application/json' })
      response.end('{"status":"OK"}')
    }
    if (request.method === 'POST' && path === `${RUNTIME_API}/init/error`) {
      initError = body
      accepted()
      return
    }
    const match = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path)
    if (request.method !== 'POST' || match === null || match[1] !== current?.invocation.requestId) {
      response.writeHead(400, { 'Content-Type': 'application/json' })
      response.end('{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}')
      return
    }
    if (body === undefined) {
      response.writeHead(413, { 'Content-Type': 'application/json' })
      response.end('{"errorType":"RequestEntityTooLarge","errorMessage":"Exceeded maximum allowed payload size"}')
      finish({
        type: 'functionError',
        payload: JSON.stringify({
          errorType: 'Function.ResponseSizeTooLarge',
          errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
        }),
      })
      return
    }
    accepted()
    finish({ type: match[2] === 'response' ? 'response' : 'functionError', payload: body })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo

  const end = (): void => {
    if (ended) return
    ended = true
    closeServer(server)
    waitingPoll?.destroy()
    if (child?.pid !== undefined) {
      signalGroup(child.pid, 'SIGKILL')
      options.watchdog.release(child.pid)
    }
    ready?.()
    options.onEnd()
  }
  const exited = (reason: string): void => {
    const result: InstanceResult = {
      type: 'ended',
      payload:
        initError ??
        JSON.stringify({
          errorType: 'Runtime.ExitError',
          errorMessage: `RequestId: ${current?.invocation.requestId ?? '-'} Error: ${reason}`,
        }),
    }
    end()
    finish(result)
  }

  child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: { ...options.environment, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  if (child.pid !== undefined) options.watchdog.guard(child.pid)
  child.once('error', (error) => exited(`Couldn't find valid bootstrap(s): ${error.message}`))
  child.once('exit', (code, signal) =>
    exited(
      signal !== null
        ? `Runtime exited with error: signal: ${signal === 'SIGKILL' ? 'killed' : signal}`
        : code === 0
          ? 'Runtime exited without providing a reason'
          : `Runtime exited with error: exit status ${code}`,
    ),
  )
  for (const stream of [child.stdout, child.stderr]) {
    // Undefined where the process could not be started for want of file descriptors.
    if (stream) onLines(stream, (line) => options.onLog(line, lastRequestId))
  }
  const initTimer = setTimeout(() => ready?.(), INIT_TIMEOUT_MS)
  await becameReady
  clearTimeout(initTimer)

  return {
    invoke(invocation) {
      if (ended)
        return Promise.resolve({
          type: 'ended',
          payload: initError ?? '{"errorType":"Runtime.ExitError","errorMessage":"Error: Runtime exited"}',
        })
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          const seconds = (invocation.timeout / 1000).toFixed(2)
          end()
          finish({
            type: 'ended',
            payload: JSON.stringify({
              errorType: 'Sandbox.Timedout',
              errorMessage: `RequestId: ${invocation.requestId} Error: Task timed out after ${seconds} seconds`,
            }),
          })
        }, invocation.timeout)
        lastRequestId = invocation.requestId
        current = {
          invocation,
          settle(result) {
            clearTimeout(timer)
            resolve(result)
          },
        }
        deliver()
      })
    },
    end,
    get alive() {
      return !ended
    },
  }
}

/** @returns the body as text; undefined when it is larger than a function may answer. */
async function readBounded(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_RESPONSE_BYTES) chunks.push(chunk)
  }
  return size > MAX_RESPONSE_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}

function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}

function closeServer(server: Server): void {
  server.close()
  server.closeAllConnections()
}
