import { join, resolve } from 'node:path'
import { createAuthenticator } from './auth/authenticator.ts'
import type { Caller, RequestCredentials } from './auth/caller.ts'
import { AuthenticationError } from './auth/caller.ts'
import { compileFieldRules } from './auth/fieldRules.ts'
import { mayAssumeRole } from './auth/iam/assumeRole.ts'
import { type Credential, createCredentialStore } from './auth/iam/credentialStore.ts'
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, type Scope } from './aws/arn.ts'
import { systemClock } from './aws/clock.ts'
import type { DynamoDBClient } from './aws/dynamodbClient.ts'
import type { LambdaInvoker } from './aws/lambdaInvoker.ts'
import { createPageTokens } from './aws/pagination.ts'
import type { CallContext, JsonService, MaybePromise, RestRequest, RestResponse } from './aws/service.ts'
import { type Catalog, createCatalog } from './catalog.ts'
import { createDataSourceFactory } from './datasources/createDataSource.ts'
import { createHttpSender } from './datasources/http/send.ts'
import { createGraphqlEngine } from './graphql/createEngine.ts'
import { createGraphqlHttpHandler } from './http/graphql.ts'
import { isLoopbackHost } from './http/origin.ts'
import { type HttpServer, startHttpServer } from './http/server.ts'
import type { LoadProjectOptions } from './loading/index.ts'
import { createProblemList } from './loading/problem.ts'
import { createProjectFiles } from './loading/projectFiles.ts'
import { NO_SETTINGS, readSettings, SETTINGS_FILES, type Settings } from './loading/settings.ts'
import { createManagementApi } from './management/createManagementApi.ts'
import { createLog } from './observability/log.ts'
import { createMetrics } from './observability/metrics.ts'
import { createMemoryBus } from './realtime/bus.ts'
import { createRealtime } from './realtime/realtime.ts'
import { isEventStreamRequest } from './realtime/sse.ts'
import { evaluateCode } from './runtime/evaluateCode.ts'
import { evaluateMappingTemplate } from './runtime/evaluateMappingTemplate.ts'
import { compileCode } from './runtime/js/compile.ts'
import { apiSummaries } from './server/apiSummaries.ts'
import { createAwsCalls } from './server/awsCalls.ts'
import { createCallers, PUBLIC_TARGETS } from './server/callers.ts'
import { createConnections } from './server/connections.ts'
import { announceServer, createControl } from './server/control.ts'
import { createEmbeddedServices } from './server/embeddedServices.ts'
import { endpointVariables, refuseSelf, serviceEndpoints } from './server/endpoints.ts'
import { createExecutionLogs } from './server/executionLogs.ts'
import { mockConfiguration } from './server/mockConfiguration.ts'
import { type ServerOptions, type SidestageServer, StartError, type TokenOptions } from './server/options.ts'
import { createRevocation } from './server/revocation.ts'
import { createRoleCredentials } from './server/roleCredentials.ts'
import { serveProject } from './server/serveProject.ts'
import { createTlsMaterial } from './server/tlsMaterial.ts'
import { createCognito } from './services/cognito/createCognito.ts'
import { createDynamoDB } from './services/dynamodb/engine.ts'
import { createRemoteDynamoDB } from './services/dynamodb/remote.ts'
import { createRemoteLambda } from './services/lambda/remote.ts'
import { createLambdaService } from './services/lambda/service.ts'
import { createStsService, stsErrorResponse } from './services/sts.ts'
import { createMachineLookup, type TemporaryMachines } from './stepfunctions/api/machineLookup.ts'
import { createCompiler, createStepFunctionsService } from './stepfunctions/api/service.ts'
import { createWorkflowEngine } from './stepfunctions/createWorkflowEngine.ts'
import { exposeWorkflows } from './stepfunctions/graphql/exposeWorkflows.ts'
import { type DataFolder, DataFolderError, openDataFolder, openMemoryFolder } from './storage/dataFolder.ts'

const DEFAULT_PORT = 4000
const DEFAULT_HOST = '127.0.0.1'
const SCOPE: Scope = { accountId: DEFAULT_ACCOUNT_ID, region: DEFAULT_REGION }
/** Time that requests under way have to end when the server stops. */
const DRAIN_MS = 10_000

/** Starts a server: the only place where the rooms are wired together. Rejects with `StartError`. */
export async function startServer(options: ServerOptions = {}): Promise<SidestageServer> {
  const stack = new AsyncDisposableStack()
  try {
    return await wire(options, stack)
  } catch (error) {
    await stack.disposeAsync()
    if (error instanceof DataFolderError) throw new StartError([error.message])
    throw error
  }
}

async function wire(options: ServerOptions, stack: AsyncDisposableStack): Promise<SidestageServer> {
  const project = resolve(options.project ?? '.')
  const hasProject = options.project !== undefined
  const environment = options.environment ?? process.env
  const clock = options.clock ?? systemClock
  const log = createLog(options.logLevel ?? 'warn', options.onLogLine)
  const metrics = createMetrics()
  const settings = hasProject ? readProjectSettings(project) : NO_SETTINGS
  const host = options.host ?? DEFAULT_HOST
  const loopbackOnly = isLoopbackHost(host)
  if (!loopbackOnly && settings.credentials.length === 0)
    throw new StartError([
      `--host ${host} can be reached from other machines: add credentials to sidestage.yaml (credentials: [{ accessKeyId: …, secretAccessKey: … }]) or listen on 127.0.0.1.`,
    ])
  const endpoints = serviceEndpoints(environment, settings.endpoints)

  const folder = openFolder(options, project)
  stack.defer(() => folder.close())
  const pageTokens = createPageTokens(folder.secret('pages'))
  const catalog = createCatalog(folder.database('catalog', { synchronous: 'FULL' }), (error) =>
    log('error', 'following a change of resources failed', { error: String((error as Error)?.stack ?? error) }),
  )
  const credentials = createCredentialStore({
    configured: settings.credentials.map(({ principalArn, ...credential }) => ({
      ...credential,
      ...(principalArn !== undefined && { arn: principalArn }),
    })),
    loopbackOnly,
    catalog,
    secret: folder.secret('credentials'),
    clock,
    log,
  })
  const roleCredentials = createRoleCredentials(credentials, clock)

  let http: HttpServer | undefined
  const baseUrl = (): string => http?.url ?? `http://${host}:${options.port ?? settings.port ?? DEFAULT_PORT}`
  const tls = createTlsMaterial(options.certificate, folder.path, [
    'localhost',
    '127.0.0.1',
    '::1',
    ...(loopbackOnly ? [] : [host]),
  ])

  const embeddedTables = createDynamoDB({
    folder,
    tables: catalog.collection('AWS::DynamoDB::Table'),
    clock,
    log,
    pageTokens,
  })
  stack.defer(() => embeddedTables.close())
  const accountCredentials = {
    accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? 'test',
    secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? 'test',
    ...(environment['AWS_SESSION_TOKEN'] !== undefined && { sessionToken: environment['AWS_SESSION_TOKEN'] }),
  }
  const elsewhere = createHttpSender()
  stack.defer(() => elsewhere.close())
  const remoteTables = endpoints.get('DYNAMODB')
  const dynamodb: DynamoDBClient =
    remoteTables === undefined
      ? embeddedTables
      : createRemoteDynamoDB({ endpoint: remoteTables, region: DEFAULT_REGION, credentials: accountCredentials })

  const functions = createLambdaService({
    catalog,
    ...(folder.path !== undefined && { workFolder: folder.path }),
    endpointUrl: () => http?.url,
    credentialsFor: roleCredentials,
    serviceEndpoints: endpointVariables(endpoints),
    certificateAuthorityFile: () => tls.known()?.authorityFile,
    log,
  })
  stack.defer(() => functions.close())
  const remoteFunctions = endpoints.get('LAMBDA')
  const lambda: LambdaInvoker =
    remoteFunctions === undefined
      ? functions
      : createRemoteLambda({ endpoint: remoteFunctions, credentials: accountCredentials })

  const temporary: TemporaryMachines = new Map()
  const machines = createMachineLookup(catalog, { temporary })
  const mocks = mockConfiguration(settings.mockConfig)
  const jsonServices: JsonService[] = []
  const compile = createCompiler()
  const executionLogs = createExecutionLogs(folder, log)
  stack.defer(() => executionLogs.close())
  const workflows = createWorkflowEngine({
    folder,
    machines,
    paused: true,
    compile,
    onLogEvent: executionLogs.onEvent,
    clock,
    log,
    ...(options.timeScale !== undefined && { timeScale: options.timeScale }),
    ...(mocks !== undefined && { mocks }),
    integrations: {
      lambda,
      dynamodb,
      connection: createConnections(catalog),
      awsSdk: createAwsCalls({
        services: () => jsonServices,
        lambda,
        endpoints,
        sender: elsewhere,
        credentials: accountCredentials,
      }),
    },
  })
  stack.defer(() => workflows.close())
  jsonServices.push(
    createStepFunctionsService({ catalog, engine: workflows, pageTokens, clock, temporary, compile }),
    embeddedTables.service,
    embeddedTables.streamsService,
  )

  const cognito = createCognito({
    catalog,
    folder,
    userPools: settings.userPools,
    baseUrl,
    issueTemporary: (request) => credentials.issueTemporary(request),
    defaultScope: SCOPE,
    clock,
    log,
  })
  stack.defer(() => cognito.close())
  jsonServices.push(cognito.userPools, cognito.identityPools)
  const cognitoEndpoint = endpoints.get('COGNITO_IDENTITY_PROVIDER')
  const authenticator = createAuthenticator({
    catalog,
    credentials,
    lambda,
    localIssuers: cognito.issuers,
    ...(cognitoEndpoint !== undefined && { cognitoEndpoint }),
    clock,
    log,
  })
  stack.defer(() => authenticator.close())
  const requireSigned = options.requireSigned ?? !loopbackOnly
  const callers = createCallers({
    credentials,
    requireSigned,
    clock,
    defaultScope: SCOPE,
  })

  const bus = createMemoryBus()
  const engine = createGraphqlEngine({
    catalog,
    createDataSource: createDataSourceFactory({
      dynamodb,
      lambda,
      pageTokens,
      http: {
        credentialsFor: (scope, roleArn) => roleCredentials(roleArn, 'APPSYNC_ASSUME_ROLE', scope),
        embedded: createEmbeddedServices({
          services: jsonServices,
          publicTargets: PUBLIC_TARGETS,
          verify: callers.verifyEmbedded,
          endpoints,
          sender: elsewhere,
        }),
        now: () => clock.now(),
      },
    }),
    compileFieldRules: (schema, api) => compileFieldRules(schema, api, log),
    onMutation: (event) => bus.publish({ type: 'mutation', event }),
    onInvalidation: (event) => bus.publish({ type: 'invalidation', event }),
    clock,
    log,
  })
  stack.defer(() => engine.close())
  const revocation = createRevocation(catalog)
  const authenticate = (apiId: string, request: RequestCredentials): MaybePromise<Caller> => {
    const api = engine.apiOf(apiId)
    if (api === undefined)
      throw new AuthenticationError('UnauthorizedException', 'You are not authorized to make this call.')
    const caller = authenticator.authenticate(api, request)
    return caller instanceof Promise
      ? caller.then((known) => revocation.note(known, request))
      : revocation.note(caller, request)
  }
  const realtime = createRealtime({ engine, authenticate, bus, clock, log })
  stack.defer(() => realtime.close())
  stack.defer(revocation.follow(realtime))
  const graphql = createGraphqlHttpHandler({
    engine,
    authenticate: (api, request) => authenticator.authenticate(api, request),
    log,
  })
  stack.defer(() => graphql.close())
  const management = createManagementApi({
    catalog,
    pageTokens,
    baseUrl,
    clock,
    evaluateCode,
    evaluateMappingTemplate,
    checkCode: (code) => void compileCode(code),
    flushCache: (apiId) => engine.flushCache(apiId),
  })

  const sts = createStsService<CallContext & { userId: string; credential?: Credential }>({
    mayAssume: (caller, roleArn) => mayAssumeRole(catalog, caller, roleArn, { now: clock.now(), log }),
    issueTemporary: (request) => credentials.issueTemporary(request),
  })
  const mintToken = ({ pool, client, sub, groups, claims, use }: TokenOptions): Promise<string> =>
    cognito.mintToken({
      ...(pool === undefined ? { oidc: true } : { pool }),
      ...(client !== undefined && { clientId: client }),
      ...(sub !== undefined && { sub }),
      ...(groups !== undefined && { groups }),
      ...(claims !== undefined && { claims }),
      ...(use !== undefined && { use }),
    })

  metrics.gauge('sidestage_websocket_connections', 'Open WebSocket connections', () => realtime.connections)
  metrics.gauge('sidestage_subscriptions', 'Open subscriptions', () => realtime.subscriptions)
  metrics.gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())

  let ready = false
  const port = options.port ?? settings.port ?? DEFAULT_PORT
  const listening = await startHttpServer({
    host,
    port,
    isReady: () => ready,
    tls: tls.get,
    defaultApiId: followFirstApi(catalog),
    graphql: (request, response, route) => graphql(request, response, route.apiId),
    isEventStream: isEventStreamRequest,
    eventStream: (request, response, { apiId, endpointPath }, body) =>
      realtime.eventStream(request, response, { apiId, endpointPath, domainName: null }, body),
    upgrade: (request, socket, head, { apiId, endpointPath }) =>
      realtime.upgrade(request, socket, head, { apiId, endpointPath, domainName: null }),
    jsonServices,
    openTargets: PUBLIC_TARGETS,
    management,
    lambda: functions.api,
    query: {
      handle: (request, context) =>
        sts.handle(formOf(request), { ...context, userId: context.userId ?? context.accountId }),
    },
    queryError: stsErrorResponse,
    control: createControl(folder, mintToken),
    wellKnown: async (path) => documentOf(await cognito.issuers.wellKnown(path)),
    contextOf: callers.contextOf,
    metrics,
    log,
  }).catch((error: NodeJS.ErrnoException) => {
    throw listenFailure(error, host, port)
  })
  http = listening
  stack.defer(() => listening.close(DRAIN_MS))
  refuseSelf(endpoints, listening.url)

  const loading: LoadProjectOptions = {
    ...SCOPE,
    baseUrl: listening.url,
    env: environment,
    parameters: options.parameters ?? {},
    seed: folder.secret('project'),
    ...(folder.path !== undefined && { workFolder: folder.path }),
  }
  let stopExposing = (): void => {}
  stack.defer(() => stopExposing())
  /** Gives an API the fields of its workflows, as the settings say. @returns what is wrong with them, one line each */
  const expose = (given: unknown): string[] => {
    stopExposing()
    const { problems, close } = exposeWorkflows({
      catalog,
      engine: workflows,
      settings: given,
      scope: SCOPE,
      publish: (event) => bus.publish({ type: 'mutation', event }),
    })
    stopExposing = close
    return problems.map((message) => `${settings.file ?? 'sidestage.yaml'}:1:1: error: ${message}`)
  }
  let problems: readonly string[] = []
  if (hasProject) {
    const served = await serveProject(project, {
      load: loading,
      catalog,
      engine,
      authenticator,
      expose,
      watch: options.watch === true,
      onReload: options.onReload,
      log,
    })
    stack.defer(() => served.close())
    problems = served.problems
  }
  // What was open goes on now that its functions are there.
  workflows.resume()
  stack.defer(announceServer(folder, listening.url))
  ready = true

  return {
    url: listening.url,
    port: listening.port,
    requireSigned,
    problems,
    apis: () => apiSummaries(catalog, listening.url, clock.now()),
    authorityFile: () => tls.get().authorityFile,
    mintToken,
    async close() {
      realtime.close()
      await stack.disposeAsync()
    },
  }
}

/** What must be known before the server listens; problems are reported when the project is loaded. */
function readProjectSettings(folder: string): Settings {
  const files = createProjectFiles(folder)
  for (const name of SETTINGS_FILES) {
    const path = join(files.root, name)
    if (files.kindOf(path) === 'file') return readSettings({ files, problems: createProblemList() }, path)
  }
  return NO_SETTINGS
}

/** The API of plain `/graphql`: the first one, kept at hand because every request asks. */
function followFirstApi(catalog: Catalog): () => string | undefined {
  const apis = catalog.collection('AWS::AppSync::GraphQLApi')
  let first = apis.list()[0]?.apiId
  apis.subscribe(() => {
    first = apis.list()[0]?.apiId
  })
  return () => first
}

function formOf({ body }: RestRequest): URLSearchParams {
  return new URLSearchParams(Buffer.from(body).toString('utf8'))
}

function documentOf(document: unknown): RestResponse | undefined {
  if (document === undefined) return undefined
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) }
}

function openFolder(options: ServerOptions, project: string): DataFolder {
  if (options.memory === true) return openMemoryFolder()
  return openDataFolder(resolve(options.data ?? join(project, '.sidestage')))
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new StartError([`port ${port} on ${host} is in use: choose another with --port, or 0 for any free one`])
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL')
    return new StartError([`cannot listen on ${host}:${port}: ${error.message}`])
  return error
}
