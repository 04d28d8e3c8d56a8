import type { AppSyncFunction, Resolver } from '../../resources.ts'
import type { CompiledStep } from '../../runtime/context.ts'
import { ResolverSyntaxError } from '../../runtime/context.ts'
import type { BoundDataSource } from './callDataSource.ts'
import { directLambdaRequest } from './directLambda.ts'
import type { Exchange } from './exchange.ts'
import { createPipelineResolver, MAX_PIPELINE_FUNCTIONS } from './pipelineResolver.ts'
import type { FieldResolver } from './resolver.ts'
import { failed } from './resolver.ts'
import { createUnitResolver } from './unitResolver.ts'

/** The compilers of the two resolver languages; both throw `ResolverSyntaxError`. */
export interface Compilers {
  compileCode(code: string): { request?: CompiledStep; response?: CompiledStep }
  compileTemplate(text: string, options: { side: 'request' | 'response' }): CompiledStep
}

export interface ResolverSources extends Compilers {
  /** @param owner The resolver or function that uses it, for its `maxBatchSize`. */
  dataSource(name: string, owner: { arn: string; maxBatchSize?: number }): BoundDataSource | undefined
  functionById(functionId: string): AppSyncFunction | undefined
}

/** A resolver that cannot run: what is wrong with it is what its field answers. */
class UnusableResolverError extends Error {}

type Sourced = Pick<
  AppSyncFunction,
  'code' | 'requestMappingTemplate' | 'responseMappingTemplate' | 'sourceFiles' | 'maxBatchSize' | 'arn'
>

/**
 * Compiles a resolver. One that cannot be compiled answers its field with the reason, so that all other fields keep working.
 */
export function buildResolver(resolver: Resolver, sources: ResolverSources): FieldResolver {
  try {
    return resolver.kind === 'PIPELINE' ? buildPipeline(resolver, sources) : buildUnit(resolver, sources)
  } catch (error) {
    if (!(error instanceof ResolverSyntaxError) && !(error instanceof UnusableResolverError)) throw error
    const message = `${resolver.typeName}.${resolver.fieldName}: ${describe(error, resolver)}`
    return { kind: resolver.kind, resolve: () => failed({ message, errorType: 'ResolverConfigurationError' }) }
  }
}

function describe(error: ResolverSyntaxError | UnusableResolverError, resolver: Resolver): string {
  if (!(error instanceof ResolverSyntaxError)) return error.message
  const [problem] = error.problems
  const file = resolver.sourceFiles?.code ?? resolver.sourceFiles?.requestMappingTemplate
  const at = problem === undefined ? '' : ` (${file ?? 'code'}:${problem.location.line}:${problem.location.column})`
  return `${problem?.value ?? error.message}${at}`
}

function buildUnit(resolver: Resolver, sources: ResolverSources): FieldResolver {
  if (resolver.dataSourceName === undefined) throw new UnusableResolverError('the resolver has no data source')
  return createUnitResolver(buildExchange(resolver, resolver.dataSourceName, sources))
}

function buildPipeline(resolver: Resolver, sources: ResolverSources): FieldResolver {
  const ids = resolver.pipelineConfig?.functions ?? []
  if (ids.length > MAX_PIPELINE_FUNCTIONS) {
    throw new UnusableResolverError(`a pipeline has at most ${MAX_PIPELINE_FUNCTIONS} functions`)
  }
  const functions = ids.map((id) => {
    const found = sources.functionById(id)
    if (found === undefined) throw new UnusableResolverError(`the function '${id}' of the pipeline does not exist`)
    return buildExchange(found, found.dataSourceName, sources)
  })
  const { request, response } = compileSteps(resolver, sources)
  return createPipelineResolver({ before: request, functions, after: response })
}

function compileSteps(
  sourced: Omit<Sourced, 'arn'>,
  sources: ResolverSources,
): { request: CompiledStep | undefined; response: CompiledStep | undefined } {
  if (sourced.code !== undefined) {
    const { request, response } = sources.compileCode(sourced.code)
    return { request, response }
  }
  const template = (text: string | undefined, side: 'request' | 'response'): CompiledStep | undefined =>
    text === undefined || text === '' ? undefined : sources.compileTemplate(text, { side })
  return {
    request: template(sourced.requestMappingTemplate, 'request'),
    response: template(sourced.responseMappingTemplate, 'response'),
  }
}

function buildExchange(sourced: Sourced, dataSourceName: string, sources: ResolverSources): Exchange {
  const dataSource = sources.dataSource(dataSourceName, sourced)
  if (dataSource === undefined) throw new UnusableResolverError(`the data source '${dataSourceName}' does not exist`)
  const { request, response } = compileSteps(sourced, sources)
  const isDirect = request === undefined && dataSource.isLambda
  if (request === undefined && !isDirect) {
    throw new UnusableResolverError(
      sourced.code === undefined ? 'the request mapping template is missing' : 'the code exports no function request',
    )
  }
  return {
    language: sourced.code === undefined ? 'VTL' : 'APPSYNC_JS',
    request,
    response,
    dataSource,
    directRequest: isDirect ? directLambdaRequest(sourced.maxBatchSize ?? 0) : undefined,
  }
}
