// Runs one Node.js handler against Lambda's runtime API, as AWS's own runtime does. Started by instance.ts with the
// function's environment; speaks to nothing but AWS_LAMBDA_RUNTIME_API. Plain JavaScript: it also runs from dist/.
import { existsSync, realpathSync } from 'node:fs'
import http from 'node:http'
import { createRequire, registerHooks } from 'node:module'
import { extname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const base = '/2018-06-01/runtime'
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
const sdkFrom = process.env.SIDESTAGE_SDK_FROM
const projectRoot = process.env.SIDESTAGE_CODE_ROOT
delete process.env.SIDESTAGE_SDK_FROM
delete process.env.SIDESTAGE_CODE_ROOT

let requestId = '-'

function call(method, path, body, headers = {}) {
  return new Promise((ok, failed) => {
    const request = http.request({ host, port, method, path: base + path, agent, headers }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => ok({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }))
      response.on('error', failed)
    })
    request.on('error', failed)
    request.end(body)
  })
}

for (const [method, level] of [
  ['log', 'INFO'],
  ['info', 'INFO'],
  ['debug', 'DEBUG'],
  ['trace', 'TRACE'],
  ['warn', 'WARN'],
  ['error', 'ERROR'],
]) {
  console[method] = (...args) =>
    void process.stdout.write(
      `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...args).replaceAll('\n', '\r')}\n`,
    )
}

/** Bare names that the function does not ship are looked up as in AWS's runtimes: layers first, then the SDK beside us. */
function findAsInRuntime() {
  const places = (process.env.NODE_PATH ?? '').split(':').filter(Boolean)
  const requires = [
    ...places.map((place) => createRequire(join(place, 'x.js'))),
    ...(sdkFrom ? [createRequire(sdkFrom)] : []),
  ]
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context)
      } catch (error) {
        const code = error?.code
        if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(code) || /^[./]|^[a-z]+:/.test(specifier))
          throw error
        for (const [index, require] of requires.entries()) {
          const isSdk = index === places.length
          if (isSdk && !/^@(aws-sdk|smithy|aws-crypto)\//.test(specifier)) break
          try {
            return next(pathToFileURL(require.resolve(specifier)).href, context)
          } catch {}
        }
        throw error
      }
    },
  })
}

class HandlerError extends Error {
  constructor(name, message) {
    super(message)
    this.name = name
  }
}

async function loadHandler() {
  const root = process.env.LAMBDA_TASK_ROOT
  const handler = process.env._HANDLER
  const match = /^(.*?)([^/]*?)\.([^/]+)$/.exec(handler)
  if (!match || handler.includes('..')) throw new HandlerError('Runtime.MalformedHandlerName', 'Bad handler')
  const [, folder, file, path] = match
  const stem = resolve(root, folder, file)
  const candidates = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'].map((extension) => stem + extension)
  const found = candidates.find((candidate) => extname(candidate) !== '' && existsSync(candidate))
  if (found === undefined)
    throw new HandlerError('Runtime.ImportModuleError', `Error: Cannot find module '${join(folder, file)}'`)
  const real = realpathSync(found)
  const allowed = [root, projectRoot].filter(Boolean).map((place) => realpathSync(place))
  if (!allowed.some((place) => real === place || real.startsWith(place + sep)))
    throw new HandlerError('Runtime.ImportModuleError', `Error: '${handler}' lies outside of the function's folder`)
  let module
  try {
    module = await import(pathToFileURL(real).href)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new HandlerError('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
    if (['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(error?.code))
      throw new HandlerError('Runtime.ImportModuleError', `Error: ${error.message.split('\n')[0]}`)
    throw error
  }
  let value = module
  let fallback = module.default
  for (const name of path.split('.')) {
    value = own(value, name)
    fallback = own(fallback, name)
  }
  const found2 = value ?? fallback
  if (found2 === undefined) throw new HandlerError('Runtime.HandlerNotFound', `${handler} is undefined or not exported`)
  if (typeof found2 !== 'function') throw new HandlerError('Runtime.HandlerNotFound', `${handler} is not a function`)
  return found2
}

function own(holder, name) {
  if (holder === null || (typeof holder !== 'object' && typeof holder !== 'function')) return undefined
  return Object.hasOwn(holder, name) ? holder[name] : undefined
}

function describe(error) {
  if (
    error instanceof Error ||
    (error !== null && typeof error === 'object' && 'message' in error && 'stack' in error)
  ) {
    return {
      errorType: error.name ?? 'Error',
      errorMessage: String(error.message),
      trace: String(error.stack ?? '').split('\n'),
    }
  }
  return { errorType: typeof error, errorMessage: format(error), trace: [] }
}

function makeContext(headers, settle) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  const parse = (text) => (text === undefined || text === '' ? undefined : JSON.parse(text))
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse(headers['lambda-runtime-client-context']),
    identity: parse(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, result) => settle(error, result),
    succeed: (result) => settle(null, result),
    fail: (error) => settle(error ?? 'handled'),
  }
}

function invoke(handler, event, headers) {
  return new Promise((ok, failed) => {
    // Without a promise the answer comes by callback or context; an empty event loop ends the invocation with null.
    const emptied = () => ok(null)
    const settle = (error, result) => {
      process.off('beforeExit', emptied)
      if (error === null || error === undefined) ok(result)
      else failed(error)
    }
    const answer = handler(event, makeContext(headers, settle), settle)
    if (answer !== null && typeof answer === 'object' && typeof answer.then === 'function') answer.then(ok, failed)
    else process.once('beforeExit', emptied)
  })
}

function textOf(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null'
  } catch {
    throw new HandlerError('Runtime.MarshalError', 'Unable to stringify response body')
  }
}

async function report(path, error) {
  const detail = describe(error)
  await call('POST', path, JSON.stringify(detail), {
    'content-type': 'application/json',
    'lambda-runtime-function-error-type': `${detail.errorType}`.replace(/[^\x20-\x7e]/g, '?'),
  })
}

function endWith(error, kind) {
  const detail = describe(error)
  const path = requestId === '-' ? '/init/error' : `/invocation/${requestId}/error`
  const wrapped = { ...detail, errorType: kind, errorMessage: `${detail.errorType}: ${detail.errorMessage}` }
  console.error(kind, wrapped)
  call('POST', path, JSON.stringify(wrapped), { 'lambda-runtime-function-error-type': kind }).finally(() =>
    process.exit(129),
  )
}
process.on('uncaughtException', (error) => endWith(error, 'Runtime.UnhandledException'))
process.on('unhandledRejection', (error) => endWith(error, 'Runtime.UnhandledPromiseRejection'))

let handler
try {
  findAsInRuntime()
  handler = await loadHandler()
} catch (error) {
  console.error('Uncaught Exception', describe(error))
  await report('/init/error', error)
  process.exit(1)
}
for (;;) {
  const { headers, body } = await call('GET', '/invocation/next')
  requestId = headers['lambda-runtime-aws-request-id']
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? ''
  const id = requestId
  try {
    const text = textOf(await invoke(handler, JSON.parse(body), headers))
    await call('POST', `/invocation/${id}/response`, text, { 'content-type': 'application/json' })
  } catch (error) {
    console.error('Invoke Error', JSON.stringify(describe(error)))
    await report(`/invocation/${id}/error`, error)
  }
}
