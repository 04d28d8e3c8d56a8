import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { AwsError } from '../../aws/errors.ts'
import type { LambdaInvoker } from '../../aws/lambdaInvoker.ts'
import { serviceModel } from '../../aws/model.ts'
import type { CallContext, RestRequest, RestResponse, RestService } from '../../aws/service.ts'
import { constraintMessage, validateShape } from '../../aws/validateShape.ts'
import type { Catalog } from '../../catalog.ts'
import type { LambdaAlias, LambdaFunction } from '../../resources.ts'
import { unpack } from './code.ts'
import { functionArn, parseFunctionName } from './functionName.ts'

export interface LambdaApiOptions {
  catalog: Catalog
  invoker: LambdaInvoker
  /** Folder for uploaded code. */
  workFolder: () => string
}

interface Call {
  request: RestRequest
  context: CallContext
  /** Path parameters, decoded. */
  name: string
  item: string
}

type Handler = (call: Call) => RestResponse | Promise<RestResponse>

const FUNCTIONS = '/2015-03-31/functions'
const MAX_PAGE = 50
/** Longest timeout of a function (Lambda quotas); the model has no maximum. */
const MAX_TIMEOUT_SECONDS = 900

/** Lambda's REST API for functions, versions, aliases and invocations (API reference 2015-03-31). */
export function createLambdaApi({ catalog, invoker, workFolder }: LambdaApiOptions): RestService {
  const functions = catalog.collection('AWS::Lambda::Function')
  const aliases = catalog.collection('AWS::Lambda::Alias')

  const find = ({ name, request, context }: Call): LambdaFunction => {
    const reference = parseFunctionName(name, context, request.query.get('Qualifier') ?? undefined)
    const found = reference && functions.get(functionArn(reference))
    if (reference === undefined || found === undefined)
      throw notFound(`Function not found: ${reference === undefined ? name : functionArn(reference)}`)
    return found
  }
  /** What a call describes: an alias stands for its version, under the alias's ARN. */
  const described = (call: Call): LambdaFunction => {
    const reference = parseFunctionName(call.name, call.context, call.request.query.get('Qualifier') ?? undefined)
    const alias = reference && aliases.get(functionArn(reference))
    if (reference === undefined || alias === undefined) return find(call)
    const version = functions.get(functionArn({ ...reference, qualifier: alias.functionVersion }))
    if (version === undefined) throw notFound(`Function not found: ${alias.arn}`)
    return { ...version, arn: alias.arn }
  }
  const latest = (call: Call): LambdaFunction => {
    const fn = find(call)
    return fn.version === '$LATEST' ? fn : (functions.get(fn.arn.slice(0, fn.arn.lastIndexOf(':'))) ?? fn)
  }
  const versionsOf = (fn: LambdaFunction): LambdaFunction[] => [
    fn,
    ...functions.list(`${fn.arn}:`).sort((a, b) => Number(a.version) - Number(b.version)),
  ]
  const change = (fn: LambdaFunction, changes: Partial<LambdaFunction>): LambdaFunction => {
    const changed = { ...fn, ...changes, lastModified: timestamp() }
    functions.put(changed)
    return changed
  }
  const aliasOf = (call: Call): LambdaAlias => {
    const alias = aliases.get(`${latest(call).arn}:${call.item}`)
    if (alias === undefined) throw notFound(`Cannot find alias arn: ${latest(call).arn}:${call.item}`)
    return alias
  }

  const handlers: Record<string, Handler> = {
    async 'POST invocations'({ request, context, name }) {
      const type = request.headers.get('x-amz-invocation-type') ?? 'RequestResponse'
      if (type !== 'RequestResponse' && type !== 'Event' && type !== 'DryRun')
        throw invalid(`Value '${type}' at 'invocationType' is not one of [Event, RequestResponse, DryRun]`)
      const clientContext = request.headers.get('x-amz-client-context')
      const qualifier = request.query.get('Qualifier')
      const payload = Buffer.from(request.body).toString('utf8')
      const result = await invoker.invoke(
        {
          functionName: name,
          payload: payload === '' ? '{}' : payload,
          invocationType: type,
          principalArn: context.principalArn,
          ...(qualifier !== null && { qualifier }),
          ...(clientContext !== undefined && { clientContext }),
          ...(context.signal !== undefined && { signal: context.signal }),
        },
        context,
      )
      return {
        status: result.statusCode,
        headers: {
          'content-type': 'application/json',
          'x-amzn-requestid': result.requestId,
          'x-amz-executed-version': result.executedVersion,
          ...(result.functionError !== undefined && { 'x-amz-function-error': result.functionError }),
          ...(request.headers.get('x-amz-log-type') === 'Tail' &&
            result.logResult !== undefined && { 'x-amz-log-result': result.logResult }),
        },
        body: result.payload,
      }
    },
    'GET '(call) {
      const fn = described(call)
      return json(200, {
        Configuration: configurationOf(fn),
        Code: { RepositoryType: 'S3', Location: `file://${fn.codePath}` },
        Tags: fn.tags ?? {},
      })
    },
    'GET configuration': (call) => json(200, configurationOf(described(call))),
    'PUT configuration'(call) {
      const input = inputOf('UpdateFunctionConfigurationRequest', call.request.body, { FunctionName: call.name })
      const fn = latest(call)
      checkRevision(fn, input)
      return json(200, configurationOf(change(fn, settingsOf(input))))
    },
    'PUT code'(call) {
      const input = inputOf('UpdateFunctionCodeRequest', call.request.body, { FunctionName: call.name })
      const fn = latest(call)
      checkRevision(fn, input)
      const code = codeOf(input, workFolder())
      if (input['DryRun'] === true) return json(200, configurationOf({ ...fn, ...code }))
      const changed = change(fn, code)
      return json(200, configurationOf(input['Publish'] === true ? publish(changed) : changed))
    },
    'DELETE '(call) {
      const fn = find(call)
      catalog.transaction(() => {
        if (fn.version === '$LATEST') for (const version of versionsOf(fn)) functions.delete(version.arn)
        else functions.delete(fn.arn)
        if (fn.version === '$LATEST') for (const alias of aliases.list(`${fn.arn}:`)) aliases.delete(alias.arn)
      })
      return { status: 204, body: '' }
    },
    'GET versions': (call) => page(call.request, 'Versions', versionsOf(latest(call)).map(configurationOf)),
    'POST versions'(call) {
      const input = inputOf('PublishVersionRequest', call.request.body, { FunctionName: call.name })
      const fn = latest(call)
      checkRevision(fn, input)
      const wanted = input['CodeSha256']
      const { CodeSha256: has } = configurationOf(fn)
      if (typeof wanted === 'string' && wanted !== '' && wanted !== has)
        throw invalid(
          `CodeSHA256 (${wanted}) is different from current CodeSHA256 in $LATEST (${String(has)}). Please try again with the CodeSHA256 in $LATEST.`,
        )
      return json(201, configurationOf(publish(fn, input['Description'])))
    },
    'GET aliases': (call) => page(call.request, 'Aliases', aliases.list(`${latest(call).arn}:`).map(aliasShape)),
    'POST aliases'(call) {
      const fn = latest(call)
      const input = inputOf('CreateAliasRequest', call.request.body, { FunctionName: call.name })
      const name = String(input['Name'])
      const arn = `${fn.arn}:${name}`
      if (aliases.has(arn))
        throw new AwsError('ResourceConflictException', `Alias already exists: ${arn}`, { statusCode: 409 })
      const alias = aliasFrom(fn, name, input)
      aliases.put(alias)
      return json(201, aliasShape(alias))
    },
    'GET aliases/': (call) => json(200, aliasShape(aliasOf(call))),
    'PUT aliases/'(call) {
      const before = aliasOf(call)
      const input = inputOf('UpdateAliasRequest', call.request.body, { FunctionName: call.name, Name: call.item })
      const alias = aliasFrom(latest(call), before.name, { ...aliasShape(before), ...input })
      aliases.put(alias)
      return json(200, aliasShape(alias))
    },
    'DELETE aliases/'(call) {
      aliases.delete(aliasOf(call).arn)
      return { status: 204, body: '' }
    },
    'PUT concurrency'(call) {
      const input = inputOf('PutFunctionConcurrencyRequest', call.request.body, { FunctionName: call.name })
      const reservedConcurrentExecutions = Number(input['ReservedConcurrentExecutions'])
      change(latest(call), { reservedConcurrentExecutions })
      return json(200, { ReservedConcurrentExecutions: reservedConcurrentExecutions })
    },
    'GET concurrency'(call) {
      const { reservedConcurrentExecutions } = latest(call)
      return json(
        200,
        reservedConcurrentExecutions === undefined
          ? {}
          : { ReservedConcurrentExecutions: reservedConcurrentExecutions },
      )
    },
    'DELETE concurrency'(call) {
      const { reservedConcurrentExecutions: _, ...rest } = latest(call)
      functions.put(rest)
      return { status: 204, body: '' }
    },
  }

  /** A new version; the last one again when nothing has changed since, as Lambda does. */
  function publish(fn: LambdaFunction, description?: unknown): LambdaFunction {
    const last = versionsOf(fn).at(-1)
    if (last !== undefined && last.version !== '$LATEST' && contentOf(last) === contentOf(fn)) return last
    const version = String(last === undefined || last.version === '$LATEST' ? 1 : Number(last.version) + 1)
    const published = {
      ...fn,
      arn: `${fn.arn}:${version}`,
      version,
      ...(typeof description === 'string' && { description }),
    }
    functions.put(published)
    return published
  }

  function aliasFrom(fn: LambdaFunction, name: string, input: Record<string, unknown>): LambdaAlias {
    const functionVersion = String(input['FunctionVersion'])
    if (functionVersion !== '$LATEST' && !functions.has(`${fn.arn}:${functionVersion}`))
      throw notFound(`Function not found: ${fn.arn}:${functionVersion}`)
    const routing = input['RoutingConfig'] as LambdaAlias['routingConfig'] | undefined
    return {
      arn: `${fn.arn}:${name}`,
      functionName: fn.functionName,
      name,
      functionVersion,
      ...(typeof input['Description'] === 'string' && { description: input['Description'] }),
      ...(routing !== undefined && { routingConfig: routing }),
    }
  }

  function create(request: RestRequest, context: CallContext): RestResponse {
    const input = inputOf('CreateFunctionRequest', request.body, {})
    const reference = parseFunctionName(String(input['FunctionName']), context)
    if (reference === undefined) throw invalid(`FunctionName '${String(input['FunctionName'])}' is no function name`)
    const arn = functionArn({ ...reference, qualifier: '$LATEST' })
    if (functions.has(arn))
      throw new AwsError('ResourceConflictException', `Function already exist: ${reference.name}`, {
        statusCode: 409,
        details: { Type: 'User' },
      })
    const code = codeOf((input['Code'] ?? {}) as Record<string, unknown>, workFolder())
    const fn: LambdaFunction = {
      arn,
      functionName: reference.name,
      version: '$LATEST',
      runtime: 'provided.al2023',
      handler: 'bootstrap',
      timeout: 3,
      memorySize: 128,
      lastModified: timestamp(),
      ...code,
      ...settingsOf(input),
      ...(typeof input['Tags'] === 'object' && { tags: input['Tags'] as Record<string, string> }),
    }
    functions.put(fn)
    return json(201, configurationOf(input['Publish'] === true ? publish(fn) : fn))
  }

  return {
    handle(request, context) {
      const match = /^\/\d{4}-\d{2}-\d{2}\/functions(?:\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?\/?$/.exec(request.path)
      if (match === null) return undefined
      const [, encodedName, action = '', encodedItem] = match
      if (encodedName === undefined) {
        if (request.path.startsWith(FUNCTIONS) && request.method === 'POST') return create(request, context)
        if (request.method === 'GET') {
          const prefix = `arn:aws:lambda:${context.region}:${context.accountId}:function:`
          const all = functions.list(prefix)
          const wanted =
            request.query.get('FunctionVersion') === 'ALL' ? all : all.filter((fn) => fn.version === '$LATEST')
          return page(request, 'Functions', wanted.map(configurationOf))
        }
        return undefined
      }
      const handler = handlers[`${request.method} ${action}${encodedItem === undefined ? '' : '/'}`]
      const call = { request, context, name: decode(encodedName), item: decode(encodedItem ?? '') }
      if (handler === undefined)
        throw new AwsError('InvalidAction', `${request.method} ${request.path} is not served here.`, {
          statusCode: 501,
        })
      return handler(call)
    },
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid(`'${text.slice(0, 100)}' is not percent-encoded UTF-8`)
  }
}

function inputOf(shape: string, body: Uint8Array, path: Record<string, unknown>): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = body.length === 0 ? {} : JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json', {
      details: { Type: 'User' },
    })
  }
  const input = { ...(parsed as Record<string, unknown>), ...path }
  const violations = validateShape(serviceModel('lambda'), shape, input)
  const wrongType = violations.find((violation) => violation.kind === 'type')
  if (wrongType !== undefined)
    throw new AwsError('SerializationException', `${wrongType.path}: ${wrongType.expected} expected`)
  const broken = violations.filter((violation) => violation.kind === 'constraint')
  const timeout = input['Timeout']
  if (typeof timeout === 'number' && timeout > MAX_TIMEOUT_SECONDS)
    broken.push({
      kind: 'constraint',
      path: 'timeout',
      value: timeout,
      constraint: `Member must have value less than or equal to ${MAX_TIMEOUT_SECONDS}`,
    })
  if (broken.length > 0) throw new AwsError('ValidationException', constraintMessage(broken))
  return input
}

/** Reserved names of AWS's "Defined runtime environment variables" that a function's environment cannot set. */
const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
])
/** All variables of a function together, as JSON (Lambda quotas: 4 KB). */
const MAX_ENVIRONMENT_BYTES = 4096

function checkEnvironment(variables: Readonly<Record<string, string>>): void {
  const cannot =
    'Lambda was unable to configure your environment variables because the environment variables you have provided'
  const reserved = Object.keys(variables).filter((name) => RESERVED_VARIABLES.has(name))
  if (reserved.length > 0)
    throw invalid(
      `${cannot} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    )
  const text = JSON.stringify(variables)
  if (Buffer.byteLength(text) > MAX_ENVIRONMENT_BYTES)
    throw invalid(`${cannot} exceeded the 4KB limit. String measured: ${text}`)
}

function checkRevision(fn: LambdaFunction, { RevisionId }: Record<string, unknown>): void {
  if (typeof RevisionId !== 'string' || RevisionId === revisionOf(fn)) return
  throw new AwsError(
    'PreconditionFailedException',
    'The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId',
    { statusCode: 412, details: { Type: 'User' } },
  )
}

/** What makes two versions different; when it was changed and under which name does not. */
function contentOf({
  arn: _,
  version: _v,
  lastModified: _l,
  tags: _t,
  description: _d,
  reservedConcurrentExecutions: _r,
  ...content
}: LambdaFunction): string {
  return JSON.stringify(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The same as long as the function is. */
function revisionOf({ arn: _, ...fn }: LambdaFunction): string {
  const hex = createHash('sha256').update(JSON.stringify(fn)).digest('hex')
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Members of CreateFunction and UpdateFunctionConfiguration as the catalog keeps them. */
function settingsOf(input: Record<string, unknown>): Partial<LambdaFunction> {
  const environment = (input['Environment'] as { Variables?: Record<string, string> } | undefined)?.Variables
  if (environment !== undefined) checkEnvironment(environment)
  return {
    ...(typeof input['Runtime'] === 'string' && { runtime: input['Runtime'] }),
    ...(typeof input['Handler'] === 'string' && { handler: input['Handler'] }),
    ...(typeof input['Role'] === 'string' && { role: input['Role'] }),
    ...(typeof input['Description'] === 'string' && { description: input['Description'] }),
    ...(typeof input['Timeout'] === 'number' && { timeout: input['Timeout'] }),
    ...(typeof input['MemorySize'] === 'number' && { memorySize: input['MemorySize'] }),
    ...(Array.isArray(input['Layers']) && { layers: input['Layers'] as string[] }),
    ...(environment !== undefined && { environment }),
  }
}

/** The code of CreateFunction or UpdateFunctionCode: a zip in the request. */
function codeOf(
  input: Record<string, unknown>,
  workFolder: string,
): Pick<LambdaFunction, 'codePath' | 'codeSha256' | 'codeSize'> {
  if (typeof input['ZipFile'] === 'string') {
    const zip = Buffer.from(input['ZipFile'], 'base64')
    return {
      codePath: unpack(zip, workFolder),
      codeSha256: createHash('sha256').update(zip).digest('base64'),
      codeSize: zip.length,
    }
  }
  throw new AwsError(
    'InvalidParameterValueException',
    'Only code that comes with the request (ZipFile) can be used here: S3 locations and container images are not served.',
    { details: { Type: 'User' } },
  )
}

/** FunctionConfiguration of the API. */
function configurationOf(fn: LambdaFunction): Record<string, unknown> {
  const { sha256, size } =
    fn.codeSha256 === undefined ? fingerprint(fn.codePath) : { sha256: fn.codeSha256, size: fn.codeSize ?? 0 }
  return {
    FunctionName: fn.functionName,
    FunctionArn: fn.arn,
    Runtime: fn.runtime,
    Role: fn.role ?? '',
    Handler: fn.handler,
    CodeSize: size,
    CodeSha256: sha256,
    Description: fn.description ?? '',
    Timeout: fn.timeout,
    MemorySize: fn.memorySize,
    LastModified: fn.lastModified ?? timestamp(0),
    Version: fn.version,
    ...(fn.environment !== undefined && { Environment: { Variables: fn.environment } }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: revisionOf(fn),
    ...(fn.layers !== undefined && { Layers: fn.layers.map((Arn) => ({ Arn })) }),
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: ['x86_64'],
  }
}

function fingerprint(codePath: string): { sha256: string; size: number } {
  const isFile = existsSync(codePath) && statSync(codePath).isFile()
  const bytes = isFile ? readFileSync(codePath) : Buffer.from(codePath)
  return { sha256: createHash('sha256').update(bytes).digest('base64'), size: isFile ? bytes.length : 0 }
}

function aliasShape(alias: LambdaAlias): Record<string, unknown> {
  return {
    AliasArn: alias.arn,
    Name: alias.name,
    FunctionVersion: alias.functionVersion,
    Description: alias.description ?? '',
    ...(alias.routingConfig !== undefined && { RoutingConfig: alias.routingConfig }),
  }
}

/** A page after the item that `Marker` names; markers are positions of items and tell nothing else. */
function page(request: RestRequest, member: string, items: unknown[]): RestResponse {
  const start = Math.max(0, Number.parseInt(request.query.get('Marker') ?? '0', 10) || 0)
  const wanted = Number.parseInt(request.query.get('MaxItems') ?? String(MAX_PAGE), 10)
  const size = Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, MAX_PAGE) : MAX_PAGE
  const next = start + size
  return json(200, { [member]: items.slice(start, next), ...(next < items.length && { NextMarker: String(next) }) })
}

function json(status: number, body: unknown): RestResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message, { statusCode: 404, details: { Type: 'User' } })
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message, { details: { Type: 'User' } })
}

/** Lambda's form of a time: `2026-11-20T12:00:00.000+0000`. */
function timestamp(at = Date.now()): string {
  return new Date(at).toISOString().replace('Z', '+0000')
}
