import { AwsError } from '../aws/errors.ts'
import { type OperationModel, type Shape, serviceModel } from '../aws/model.ts'
import type { RestRequest } from '../aws/service.ts'
import { type ConstraintViolation, constraintMessage, validateShape } from '../aws/validateShape.ts'
import { badRequest } from './errors.ts'

/** An operation that a request's method and path ask for. */
export interface MatchedRoute {
  operation: OperationModel
  /** Values of the path's variables, decoded. */
  path: ReadonlyMap<string, string>
}

interface Route {
  operation: OperationModel
  /** Literal texts, or the names of variables. */
  segments: readonly { literal?: string; variable?: string }[]
}

/** Variables that may hold slashes, also when a client does not encode them. */
const GREEDY = new Set(['resourceArn'])

let routes: ReadonlyMap<string, readonly Route[]> | undefined

/** Finds the operation for a method and a path as sent; undefined when the API has none. */
export function matchRoute(method: string, path: string): MatchedRoute | undefined {
  routes ??= readRoutes()
  const sent = path.replace(/^\/+/, '').replace(/\/$/, '').split('/')
  let best: MatchedRoute | undefined
  let bestLiterals = -1
  for (const route of routes.get(method) ?? []) {
    const values = matchSegments(route, sent)
    if (values === undefined) continue
    const literals = route.segments.filter(({ literal }) => literal !== undefined).length
    if (literals > bestLiterals) {
      best = { operation: route.operation, path: values }
      bestLiterals = literals
    }
  }
  return best
}

function readRoutes(): Map<string, Route[]> {
  const made = new Map<string, Route[]>()
  for (const operation of Object.values(serviceModel('appsync').operations)) {
    const { method, requestUri } = operation.http
    const segments = requestUri
      .replace(/^\//, '')
      .split('/')
      .map((segment) => {
        const variable = /^\{(\w+)\}$/.exec(segment)?.[1]
        return variable === undefined ? { literal: segment } : { variable }
      })
    made.set(method, [...(made.get(method) ?? []), { operation, segments }])
  }
  return made
}

function matchSegments(route: Route, sent: readonly string[]): Map<string, string> | undefined {
  const values = new Map<string, string>()
  for (const [index, { literal, variable = '' }] of route.segments.entries()) {
    const given = sent[index]
    if (given === undefined || given === '') return undefined
    if (literal !== undefined) {
      if (given !== literal) return undefined
      continue
    }
    const last = index === route.segments.length - 1
    const text = last && GREEDY.has(variable) ? sent.slice(index).join('/') : given
    const decoded = decode(text)
    if (decoded === undefined) return undefined
    values.set(variable, decoded)
    if (last && GREEDY.has(variable)) return values
  }
  return sent.length === route.segments.length ? values : undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** An operation's input, checked against its shape. Null-prototype at the top. */
export type Input = Readonly<Record<string, unknown>>

/** Gathers an operation's input from path, query and body, and checks it. Throws `AwsError`. */
export function readInput({ operation, path }: MatchedRoute, request: RestRequest): Input {
  const model = serviceModel('appsync')
  const shapeName = operation.input?.shape
  const input = Object.create(null) as Record<string, unknown>
  if (shapeName === undefined) return input
  const members = model.shapes[shapeName]?.members ?? {}
  const body = bodyOf(request)
  for (const [name, member] of Object.entries(members)) {
    const wire = member.locationName ?? name
    const shape = model.shapes[member.shape]
    if (member.location === 'uri') input[name] = path.get(wire)
    else if (member.location === 'querystring') {
      const value = fromQuery(request.query, wire, shape)
      if (value !== undefined) input[name] = value
    } else if (body !== undefined && Object.hasOwn(body, name) && body[name] !== null) input[name] = body[name]
  }
  const violations = validateShape(model, shapeName, input)
  const wrongType = violations.find((violation) => violation.kind === 'type')
  if (wrongType !== undefined)
    throw new AwsError('SerializationException', `${wrongType.path} must be of type ${wrongType.expected}`)
  const constraints = violations.filter(
    (violation): violation is ConstraintViolation => violation.kind === 'constraint',
  )
  if (constraints.length > 0) throw badRequest(constraintMessage(constraints))
  return input
}

function bodyOf(request: RestRequest): Record<string, unknown> | undefined {
  if (request.body.length === 0) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body))
  } catch {
    throw new AwsError('SerializationException', 'Unable to parse the request body as JSON.')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new AwsError('SerializationException', 'The request body must be a JSON object.')
  return parsed as Record<string, unknown>
}

function fromQuery(query: URLSearchParams, name: string, shape: Shape | undefined): unknown {
  if (shape?.type === 'list') {
    const values = query.getAll(name)
    return values.length === 0 ? undefined : values
  }
  const text = query.get(name)
  if (text === null) return undefined
  if (shape?.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (shape?.type === 'integer' || shape?.type === 'long') return /^-?\d{1,15}$/.test(text) ? Number(text) : text
  return text
}
