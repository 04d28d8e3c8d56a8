import { randomUUID } from 'node:crypto'
import { AwsError, messageOf } from '../aws/errors.ts'
import { type ServiceModel, serviceModel } from '../aws/model.ts'
import { queryForm, queryRefusal, queryResult } from '../aws/queryProtocol.ts'
import { type SigningCredentials, signRequest } from '../aws/sigv4.ts'
import type { HttpAnswer, HttpSender } from '../datasources/http/send.ts'
import type { AwsCall } from '../stepfunctions/engine.ts'
import type { RemoteService } from './remoteServices.ts'

export interface RemoteCallOptions {
  sender: HttpSender
  credentials: SigningCredentials
}

/** Longest that one call may take, in milliseconds: longer than SQS's long polls. */
const CALL_TIMEOUT_MS = 60_000

/**
 * Calls one operation of a service at an endpoint, as the AWS SDK would: names and types of members are those of
 * `aws-sdk` tasks. Throws `AwsError` with the service's exception; anything else means that it was not reached.
 */
export async function callRemote(
  { sender, credentials }: RemoteCallOptions,
  service: RemoteService,
  endpoint: string,
  { action, input, scope, signal }: Pick<AwsCall, 'action' | 'input' | 'scope' | 'signal'>,
): Promise<unknown> {
  const operation = action.charAt(0).toUpperCase() + action.slice(1)
  const model = service.model === undefined ? undefined : serviceModel(service.model)
  if (model !== undefined && !Object.hasOwn(model.operations, operation))
    throw new AwsError('UnknownOperationException', `${service.variable} has no operation ${operation}`)
  const { headers, body } = encode(service, model, operation, input)
  const url = new URL(endpoint)
  const signed = signRequest({
    method: 'POST',
    url,
    headers,
    body,
    credentials,
    region: scope.region,
    service: service.signingName,
  })
  let answer: HttpAnswer
  try {
    answer = await sender.send({
      method: 'POST',
      url,
      headers: signed.headers,
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    })
  } catch (cause) {
    throw new Error(`Unable to execute HTTP request to AWS_ENDPOINT_URL_${service.variable}: ${messageOf(cause)}`, {
      cause,
    })
  }
  if (answer.statusCode < 200 || answer.statusCode > 299) throw refusal(service, answer)
  return decode(service, model, operation, answer.body)
}

function encode(
  { protocol }: RemoteService,
  model: ServiceModel | undefined,
  operation: string,
  input: AwsCall['input'],
): { headers: [string, string][]; body: string } {
  if (protocol.type === 'query' && model !== undefined)
    return {
      headers: [['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8']],
      body: queryForm(model, operation, input),
    }
  if (protocol.type === 'query') throw new Error('the query protocol needs a model')
  const shape = model?.operations[operation]?.input?.shape
  return {
    headers: [
      ['Content-Type', `application/x-amz-json-${protocol.version}`],
      ['X-Amz-Target', `${protocol.targetPrefix}.${operation}`],
      ...(model?.metadata['awsQueryCompatible'] === undefined
        ? []
        : [['x-amzn-query-mode', 'true'] as [string, string]]),
    ],
    body: JSON.stringify(model === undefined || shape === undefined ? input : translate(model, shape, input, toWire)),
  }
}

function decode(service: RemoteService, model: ServiceModel | undefined, operation: string, body: string): unknown {
  try {
    if (service.protocol.type === 'query' && model !== undefined) return queryResult(model, operation, body)
    const output: unknown = body === '' ? {} : JSON.parse(body)
    if (model === undefined) return withDates(output)
    const shape = model.operations[operation]?.output?.shape
    return shape === undefined ? {} : translate(model, shape, output, fromWire)
  } catch (cause) {
    throw new Error(`Unable to unmarshall the response of AWS_ENDPOINT_URL_${service.variable}: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function refusal({ protocol }: RemoteService, { statusCode, headers, body }: HttpAnswer): AwsError {
  const header = (name: string): string =>
    Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? ''
  const said = protocol.type === 'query' ? queryRefusal(body) : jsonRefusal(header('x-amzn-errortype'), body)
  return new AwsError(said.code || `HTTP${statusCode}`, said.message || body.slice(0, 1000), {
    statusCode,
    details: { requestId: said.requestId || header('x-amzn-requestid') || randomUUID() },
  })
}

/** The header goes before the body; namespaces and addresses around the name are cut, as the SDKs cut them. */
function jsonRefusal(errorType: string, body: string): { code: string; message: string; requestId: string } {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    parsed = undefined
  }
  const given = isObject(parsed) ? parsed : {}
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const code = (errorType || text(given['__type']) || text(given['code'])).replace(/^.*#/, '').replace(/[:,].*$/, '')
  return { code, message: text(given['message']) || text(given['Message']), requestId: '' }
}

/** How members are written on the two sides. */
interface Direction {
  /** The name that a member has where the value comes from. */
  from(name: string): string
  to(name: string): string
  scalar(type: string, value: unknown): unknown
}

const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
const asIs = (name: string): string => name

/** Tasks write members in PascalCase whatever the service writes; texts may be given as JSON. */
const toWire: Direction = {
  from: capitalized,
  to: asIs,
  scalar: (type, value) =>
    type === 'string' && typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
}
const fromWire: Direction = {
  from: asIs,
  to: capitalized,
  scalar: (type, value) => (type === 'timestamp' && typeof value === 'number' ? isoDate(value) : value),
}

function translate(model: ServiceModel, shapeName: string, value: unknown, direction: Direction): unknown {
  const shape = model.shapes[shapeName]
  if (shape === undefined || value === null) return value
  if (shape.type === 'structure' && isObject(value)) {
    const members = new Map(
      Object.entries(shape.members ?? {}).map(([name, member]) => [
        direction.from(name),
        [name, member.shape] as const,
      ]),
    )
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const [name, itemShape] = members.get(key) ?? [key, '']
        return [direction.to(name), translate(model, itemShape, item, direction)]
      }),
    )
  }
  if (shape.type === 'list' && Array.isArray(value))
    return value.map((item) => translate(model, shape.member?.shape ?? '', item, direction))
  if (shape.type === 'map' && isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, translate(model, shape.value?.shape ?? '', item, direction)]),
    )
  return direction.scalar(shape.type, value)
}

/** The dates of services whose shapes are not known here: members that say so in their name. */
function withDates(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDates)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      /Date$/.test(name) && typeof item === 'number' ? isoDate(item) : withDates(item),
    ]),
  )
}

/** @param seconds Since the epoch, with fractions. */
function isoDate(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
