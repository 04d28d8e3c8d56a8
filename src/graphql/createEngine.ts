import type { GraphQLSchema } from 'graphql'
import type { Caller } from '../auth/caller.ts'
import { compileFieldRules as defaultFieldRules } from '../auth/fieldRules.ts'
import type { Clock } from '../aws/clock.ts'
import { systemClock } from '../aws/clock.ts'
import type { MaybePromise } from '../aws/service.ts'
import type { Catalog } from '../catalog.ts'
import type { DataSourceClient } from '../datasources/dataSource.ts'
import type { Log } from '../observability/log.ts'
import { silentLog } from '../observability/log.ts'
import type { DataSource, GraphqlApi } from '../resources.ts'
import type { Effects } from '../runtime/context.ts'
import { compileCode as defaultCompileCode } from '../runtime/js/compile.ts'
import { compileTemplate as defaultCompileTemplate } from '../runtime/vtl/compile.ts'
import type { ApiRuntime } from './apiRuntime.ts'
import { buildApiRuntime, createSchemaStore } from './apiRuntime.ts'
import type { PreparedOperation } from './documents.ts'
import type {
  FieldRules,
  GraphqlAnswer,
  GraphqlEngine,
  GraphqlRequest,
  InvalidationEvent,
  MutationEvent,
  PreparedSubscription,
  RequestInfo,
  SubscriptionOutcome,
} from './engine.ts'
import { argumentsOf } from './execution/argumentsOf.ts'
import { executeOperation } from './execution/executeOperation.ts'
import { createLifetime } from './execution/lifetime.ts'
import type { RequestState } from './execution/requestState.ts'
import type { OperationPlan } from './planning/planOperation.ts'
import { PlanTooLargeError } from './planning/planOperation.ts'
import { publishedValue } from './publish.ts'
import type { Compilers } from './resolving/buildResolver.ts'
import { evictionKey, operationKey, type ResolverCache } from './resolving/cache.ts'
import { createMemoryCache } from './resolving/memoryCache.ts'
import { prepareSubscription } from './subscription.ts'

export interface GraphqlEngineOptions extends Partial<Compilers> {
  catalog: Catalog
  /**
   * Makes the client of a data source; `createDataSources` in `datasources/` makes such a function.
   * @param owner The resolver or function that uses it.
   */
  createDataSource(source: DataSource, owner: { arn: string; maxBatchSize?: number }): DataSourceClient
  /** @default that of `auth/` */
  compileFieldRules?(schema: GraphQLSchema, api: GraphqlApi): FieldRules
  /** Told once per top-level field of a mutation that ended without a null, and that a subscription listens to. */
  onMutation?(event: MutationEvent): void
  /** Told when resolvers call `extensions.invalidateSubscriptions`. */
  onInvalidation?(event: InvalidationEvent): void
  /** Where resolvers' results are kept. @default in memory */
  cache?: ResolverCache
  /**
   * `extensions` of the answer to a subscription operation that came over HTTP, as MQTT clients send it.
   * @default none
   */
  announceSubscription?(
    subscription: PreparedSubscription,
    caller: Caller,
  ): Readonly<Record<string, unknown>> | undefined
  clock?: Clock
  log?: Log
}

/** Makes the engine that runs GraphQL operations against the APIs of the catalog. */
export function createGraphqlEngine(options: GraphqlEngineOptions): GraphqlEngine {
  const { catalog } = options
  const clock = options.clock ?? systemClock
  const log = options.log ?? silentLog
  const cache = options.cache ?? createMemoryCache(clock)
  const runtimeOptions = {
    catalog,
    compileFieldRules: options.compileFieldRules ?? defaultFieldRules,
    compileCode: options.compileCode ?? defaultCompileCode,
    compileTemplate: options.compileTemplate ?? defaultCompileTemplate,
    createDataSource: options.createDataSource,
    cache,
  }
  const schemas = createSchemaStore((schema, error) =>
    log('error', 'schema cannot be run', { apiId: schema.apiId, problems: error.message }),
  )

  function flushCache(apiId: string): void {
    const flushed = cache.flush(apiId)
    if (flushed instanceof Promise) {
      flushed.catch((error: unknown) => log('error', 'cache failed', { error: String(error) }))
    }
  }

  const apis = new Map<string, GraphqlApi>()
  const runtimes = new Map<string, ApiRuntime | undefined>()
  for (const api of catalog.collection('AWS::AppSync::GraphQLApi').list()) apis.set(api.apiId, api)
  const subscriptions = [
    catalog.collection('AWS::AppSync::GraphQLApi').subscribe(({ type, resource }) => {
      runtimes.delete(resource.apiId)
      if (type === 'delete') apis.delete(resource.apiId)
      else apis.set(resource.apiId, resource)
    }),
    ...(
      [
        'AWS::AppSync::GraphQLSchema',
        'AWS::AppSync::DataSource',
        'AWS::AppSync::Resolver',
        'AWS::AppSync::FunctionConfiguration',
        'AWS::AppSync::ApiCache',
      ] as const
    ).map((type) =>
      catalog.collection(type).subscribe(({ resource }) => {
        runtimes.delete(resource.apiId)
      }),
    ),
    // What an earlier cache kept is none of a new one's.
    catalog.collection('AWS::AppSync::ApiCache').subscribe(({ type, resource, previous }) => {
      if (type === 'delete' || previous === undefined) flushCache(resource.apiId)
    }),
  ]

  const runtimeOf = (apiId: string): ApiRuntime | undefined => {
    const known = runtimes.get(apiId)
    if (known !== undefined || runtimes.has(apiId)) return known
    const api = apis.get(apiId)
    const runtime = api === undefined ? undefined : buildApiRuntime(api, schemas, runtimeOptions)
    if (api !== undefined) runtimes.set(apiId, runtime)
    return runtime
  }

  const onInternalError: RequestState['onInternalError'] = (error, field) =>
    log('error', 'field failed unexpectedly', {
      field: `${field.parentType.name}.${field.name}`,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })

  function onEffects(effects: Effects, request: RequestState): void {
    const { effects: all } = request
    if (effects.responseHeaders !== undefined)
      all.responseHeaders = { ...all.responseHeaders, ...effects.responseHeaders }
    if (effects.subscriptionFilter !== undefined) all.subscriptionFilter = effects.subscriptionFilter
    if (effects.subscriptionInvalidationFilter !== undefined) {
      all.subscriptionInvalidationFilter = effects.subscriptionInvalidationFilter
    }
    if (effects.invalidateSubscriptions !== undefined) {
      all.invalidateSubscriptions = [...(all.invalidateSubscriptions ?? []), ...effects.invalidateSubscriptions]
    }
    // The service evicts for mutations only.
    if (effects.evictFromApiCache !== undefined && request.plan.operation.operation === 'mutation') {
      for (const { typeName, fieldName, keys } of effects.evictFromApiCache) {
        const evicted = cache.delete(request.apiId, evictionKey(typeName, fieldName, keys))
        if (evicted instanceof Promise)
          evicted.catch((error: unknown) => log('error', 'cache failed', { error: String(error) }))
      }
    }
  }

  /** What listeners make of an event is none of the client's business: the mutation has happened. */
  function told(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      log('error', 'telling of a mutation failed', { error: error instanceof Error ? error.stack : String(error) })
    }
  }

  /** Finds what to run, or the answer to a request that cannot be run. */
  function findOperation(
    apiId: string,
    request: GraphqlRequest,
  ): { runtime: ApiRuntime; operation: PreparedOperation; plan: OperationPlan } | GraphqlAnswer {
    const runtime = runtimeOf(apiId)
    if (runtime === undefined) {
      return apis.has(apiId)
        ? refusal(502, 'GraphQLSchemaException', 'No schema definition exists.')
        : refusal(404, 'NotFoundException', `GraphQL API ${apiId} not found.`)
    }
    const document = runtime.documents.prepare(request.query)
    if (document.type === 'unparsable') {
      return refusal(400, 'MalformedHttpRequestException', 'Unable to parse GraphQL query.')
    }
    if (document.type === 'invalid') return { status: 200, body: { data: null, errors: document.errors } }
    const name = request.operationName
    const operation =
      name === undefined || name === null || name === '' ? document.single : document.operations.get(name)
    if (operation === undefined) {
      return document.count > 1 && (name === undefined || name === null || name === '')
        ? refusal(400, 'BadRequestException', 'Missing operation name.')
        : refusal(400, 'BadRequestException', `Unknown operation named '${name ?? ''}'.`)
    }
    const plan = operation.plan()
    if (plan === undefined) {
      const message = `Schema is not configured for ${operation.operation.operation}s.`
      return { status: 200, body: { data: null, errors: [{ path: null, locations: null, message }] } }
    }
    if (plan instanceof PlanTooLargeError) {
      return { status: 200, body: { data: null, errors: [{ path: null, locations: null, message: plan.message }] } }
    }
    return { runtime, operation, plan }
  }

  function startRequest(
    runtime: ApiRuntime,
    plan: OperationPlan,
    request: GraphqlRequest,
    caller: Caller,
    info: RequestInfo,
  ): RequestState | GraphqlAnswer {
    const variables = plan.coerceVariables(request.variables)
    if (variables.type === 'error') return { status: 200, body: { data: null, errors: [variables.error] } }
    const isMutation = plan.operation.operation === 'mutation'
    return {
      apiId: runtime.api.apiId,
      plan,
      variables: variables.values,
      rawVariables: request.variables,
      caller,
      rules: runtime.rules,
      info,
      httpRequest: { headers: info.headers, domainName: info.domainName },
      environment: runtime.environment,
      clock,
      lifetime: createLifetime(clock, info),
      errors: [],
      resolversLeft: runtime.resolverLimit,
      resolverLimit: runtime.resolverLimit,
      depthLimit: runtime.depthLimit,
      denied: [],
      runsResolvers: true,
      mayCache: plan.operation.operation === 'query' && runtime.cache !== undefined,
      madeBy:
        isMutation &&
        options.onMutation !== undefined &&
        plan.root.fields.some(({ name }) => runtime.schema.publishedMutations.has(name))
          ? new WeakMap()
          : undefined,
      effects: {},
      onEffects,
      onInternalError,
    }
  }

  function finish(runtime: ApiRuntime, state: RequestState, data: unknown): GraphqlAnswer {
    state.lifetime.end()
    const { effects, errors } = state
    if (state.madeBy !== undefined && data !== null) publish(runtime, state, data as Record<string, unknown>)
    const { invalidateSubscriptions: invalidations } = effects
    if (invalidations !== undefined) {
      told(() =>
        options.onInvalidation?.({
          apiId: runtime.api.apiId,
          requestId: state.info.requestId,
          invalidations,
        }),
      )
    }
    const answer: GraphqlAnswer = { status: 200, body: errors.length === 0 ? { data } : { data, errors } }
    if (effects.responseHeaders !== undefined) answer.headers = effects.responseHeaders
    return answer
  }

  function publish(runtime: ApiRuntime, state: RequestState, data: Record<string, unknown>): void {
    const failed = new Set(state.errors.map(({ path }) => path?.[0]))
    for (const field of state.plan.root.fields) {
      if (!runtime.schema.publishedMutations.has(field.name) || !Object.hasOwn(data, field.responseKey)) continue
      const value = data[field.responseKey]
      if (value === null && failed.has(field.responseKey)) continue
      told(() =>
        options.onMutation?.({
          apiId: runtime.api.apiId,
          fieldName: field.name,
          result: publishedValue(state, field, value),
          arguments: argumentsOf(field, state.variables),
          caller: state.caller,
          requestId: state.info.requestId,
        }),
      )
    }
  }

  /** The last net: whatever goes wrong in here is an answer, told to the log and not to the client. */
  function masked(error: unknown): GraphqlAnswer {
    log('error', 'request failed unexpectedly', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return refusal(500, 'InternalFailureException', 'Internal Failure')
  }

  function execute(
    apiId: string,
    request: GraphqlRequest,
    caller: Caller,
    info: RequestInfo,
  ): MaybePromise<GraphqlAnswer> {
    try {
      const found = findOperation(apiId, request)
      if ('status' in found) return found
      const { runtime, plan } = found
      if (plan.operation.operation === 'subscription') return answerSubscription(apiId, request, caller, info)
      const state = startRequest(runtime, plan, request, caller, info)
      if ('status' in state) return state
      if (runtime.cache?.apiCachingBehavior === 'OPERATION_LEVEL_CACHING' && state.mayCache) {
        return executeCached(runtime, state, request, runtime.cache.ttl)
      }
      const data = executeOperation(state, null)
      return data instanceof Promise
        ? data.then((settled) => finish(runtime, state, settled)).catch(masked)
        : finish(runtime, state, data)
    } catch (error) {
      return masked(error)
    }
  }

  /** OPERATION_LEVEL_CACHING: the whole answer to a query is kept; answers with errors are not. */
  async function executeCached(
    runtime: ApiRuntime,
    state: RequestState,
    request: GraphqlRequest,
    ttl: number,
  ): Promise<GraphqlAnswer> {
    try {
      const { apiId } = runtime.api
      const key = operationKey(state, request.query, request.operationName)
      const kept = await cache.get(apiId, key)
      if (kept !== undefined) return { status: 200, body: { data: kept } }
      const data = await executeOperation(state, null)
      const answer = finish(runtime, state, data)
      if (answer.body.errors === undefined) await cache.put(apiId, key, data, ttl)
      return answer
    } catch (error) {
      return masked(error)
    }
  }

  async function answerSubscription(
    apiId: string,
    request: GraphqlRequest,
    caller: Caller,
    info: RequestInfo,
  ): Promise<GraphqlAnswer> {
    const outcome = await prepare(apiId, request, caller, info)
    if (outcome.type === 'refused') return outcome.answer
    const extensions = options.announceSubscription?.(outcome.subscription, caller)
    const { body } = outcome.subscription
    return { status: 200, body: extensions === undefined ? body : { ...body, extensions } }
  }

  function prepare(
    apiId: string,
    request: GraphqlRequest,
    caller: Caller,
    info: RequestInfo,
  ): MaybePromise<SubscriptionOutcome> {
    try {
      const found = findOperation(apiId, request)
      if ('status' in found) return { type: 'refused', answer: found }
      const { runtime, plan } = found
      const state = startRequest(runtime, plan, request, caller, info)
      if ('status' in state) return { type: 'refused', answer: state }
      const outcome = prepareSubscription(runtime, state, () => startRequest(runtime, plan, request, caller, info))
      return outcome instanceof Promise
        ? outcome.catch((error: unknown) => ({ type: 'refused', answer: masked(error) }) as const)
        : outcome
    } catch (error) {
      return { type: 'refused', answer: masked(error) }
    }
  }

  return {
    execute,
    prepareSubscription: prepare,
    operationTypeOf(apiId, request) {
      const found = findOperation(apiId, request)
      return 'status' in found ? undefined : found.operation.operation.operation
    },
    apiOf: (apiId) => apis.get(apiId),
    schemaOf: (apiId) => runtimeOf(apiId)?.schema.schema,
    flushCache,
    close() {
      for (const unsubscribe of subscriptions) unsubscribe()
      runtimes.clear()
    },
  }
}

function refusal(status: number, errorType: string, message: string): GraphqlAnswer {
  return { status, errorType, body: { errors: [{ errorType, message }] } }
}
