import { messageOf } from '../../aws/errors.ts'
import { isObject, type JsonObject, member } from '../asl/json.ts'
import type { WorkflowIntegrations } from '../engine.ts'
import { textOf } from '../history.ts'
import type { TaskCall, TaskOutcome } from './outcome.ts'

/** An HTTP task lasts this long at most (Step Functions quotas). */
const HTTP_TASK_TIMEOUT_MS = 60_000
/** Largest answer that is read: what a task may return. */
const MAX_RESPONSE_BYTES = 262_144

/** `http:invoke`: sends a request to a third party and returns `{ResponseBody, Headers, StatusCode, StatusText}`. */
export async function invokeHttp(integrations: WorkflowIntegrations, call: TaskCall): Promise<TaskOutcome> {
  const parameters = isObject(call.parameters) ? call.parameters : {}
  const failed = (error: string, cause: string): TaskOutcome => ({ type: 'failed', error, cause })
  const endpoint = member(parameters, 'ApiEndpoint')
  const method = member(parameters, 'Method')
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) {
    return failed('States.Runtime', `The value of ApiEndpoint is not a valid URL: ${textOf(endpoint)}`)
  }
  if (typeof method !== 'string') return failed('States.Runtime', 'The Method of an HTTP Task must be a string')
  const url = new URL(endpoint)
  const headers = new Headers()
  let body = member(parameters, 'RequestBody')
  try {
    addAll(member(parameters, 'Headers'), (name, value) => headers.append(name, value))
    addAll(member(parameters, 'QueryParameters'), (name, value) => url.searchParams.append(name, value))
    const connection = await connectionOf(integrations, call, parameters)
    for (const [name, value] of Object.entries(connection?.headers ?? {})) headers.set(name, value)
    for (const [name, value] of Object.entries(connection?.query ?? {})) url.searchParams.append(name, value)
    if (connection?.body !== undefined) body = { ...(isObject(body) ? body : {}), ...connection.body }
  } catch (error) {
    return failed('Events.ConnectionResource.ConnectionNotFound', messageOf(error))
  }
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(HTTP_TASK_TIMEOUT_MS)])
  const init: RequestInit = { method, headers, signal, redirect: 'manual' }
  if (body !== undefined && method !== 'GET' && method !== 'HEAD') {
    init.body = encodeBody(body, headers, parameters)
  }
  let response: Response
  let text: string
  try {
    response = await (integrations.fetch ?? fetch)(url, init)
    text = await readBounded(response)
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    return failed(timedOut ? 'States.Timeout' : 'States.Http.Socket', messageOf(error))
  }
  if (response.status < 200 || response.status > 299) {
    return failed(`States.Http.StatusCode.${response.status}`, text)
  }
  const answered: Record<string, string[]> = Object.create(null)
  for (const [name, value] of response.headers) answered[name] = [value]
  return {
    type: 'succeeded',
    output: {
      Headers: answered,
      ResponseBody: parseBody(text, response.headers.get('content-type')),
      StatusCode: response.status,
      StatusText: response.statusText,
    },
  }
}

async function connectionOf(integrations: WorkflowIntegrations, call: TaskCall, parameters: JsonObject) {
  const authentication = member(parameters, 'Authentication')
  const invocation = member(parameters, 'InvocationConfig')
  const config = isObject(authentication) ? authentication : isObject(invocation) ? invocation : undefined
  const arn = config === undefined ? undefined : member(config, 'ConnectionArn')
  if (typeof arn !== 'string') return undefined
  const connection = await integrations.connection?.(arn, call.scope)
  if (connection === undefined) throw new Error(`Connection ${arn} does not exist`)
  return connection
}

function addAll(given: unknown, add: (name: string, value: string) => void): void {
  if (!isObject(given)) return
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) add(name, typeof one === 'string' ? one : textOf(one))
  }
}

function encodeBody(body: unknown, headers: Headers, parameters: JsonObject): string {
  const transform = member(parameters, 'Transform')
  const encoding = isObject(transform) ? member(transform, 'RequestBodyEncoding') : undefined
  if (encoding === 'URL_ENCODED' && isObject(body)) {
    const form = new URLSearchParams()
    addAll(body, (name, value) => form.append(name, value))
    if (!headers.has('content-type')) headers.set('content-type', 'application/x-www-form-urlencoded')
    return form.toString()
  }
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return typeof body === 'string' ? body : textOf(body)
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > MAX_RESPONSE_BYTES) throw new Error('the response is larger than a task may return')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseBody(text: string, contentType: string | null): unknown {
  if (contentType !== null && !contentType.includes('json')) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
