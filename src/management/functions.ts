import { appsyncArn } from '../aws/appsync.ts'
import type { AppSyncFunction } from '../resources.ts'
import { requireDataSource } from './dataSources.ts'
import { badRequest, notFound } from './errors.ts'
import { newId } from './ids.ts'
import { type Call, given, type Operations, page, requireApi, shown, text } from './operation.ts'
import { showResolver } from './resolvers.ts'
import { checkSteps } from './steps.ts'

const SETTINGS = [
  'name',
  'description',
  'dataSourceName',
  'requestMappingTemplate',
  'responseMappingTemplate',
  'functionVersion',
  'syncConfig',
  'maxBatchSize',
  'runtime',
  'code',
] as const

/** The only version of the function model with mapping templates. */
const FUNCTION_VERSION = '2018-05-29'

const show = (fn: AppSyncFunction): Record<string, unknown> =>
  shown('FunctionConfiguration', fn, { functionArn: fn.arn })

function requireFunction(call: Call): AppSyncFunction {
  const api = requireApi(call)
  const id = text(call.input, 'functionId')
  const fn = call.options.catalog
    .collection('AWS::AppSync::FunctionConfiguration')
    .get(appsyncArn.function(call.scope, api.apiId, id))
  if (fn === undefined) throw notFound(`Function ${id} not found`)
  return fn
}

function make(call: Call, arn: string, apiId: string, functionId: string): AppSyncFunction {
  const { input } = call
  if (input['functionVersion'] !== undefined && input['functionVersion'] !== FUNCTION_VERSION)
    throw badRequest(`Invalid function version: only ${FUNCTION_VERSION} is supported.`)
  checkSteps(call)
  return {
    arn,
    apiId,
    functionId,
    ...(input['runtime'] === undefined ? { functionVersion: FUNCTION_VERSION } : {}),
    ...given(input, ...SETTINGS),
  } as unknown as AppSyncFunction
}

export const functions: Operations = {
  CreateFunction(call) {
    const { scope, options } = call
    const api = requireApi(call)
    requireDataSource(call, api, text(call.input, 'dataSourceName'))
    const functionId = newId(options)
    const fn = make(call, appsyncArn.function(scope, api.apiId, functionId), api.apiId, functionId)
    options.catalog.collection('AWS::AppSync::FunctionConfiguration').put(fn)
    return { functionConfiguration: show(fn) }
  },

  GetFunction: (call) => ({ functionConfiguration: show(requireFunction(call)) }),

  ListFunctions(call) {
    const api = requireApi(call)
    const all = call.options.catalog.collection('AWS::AppSync::FunctionConfiguration').list(`${api.arn}/functions/`)
    return page(call, 'functions', all, show)
  },

  UpdateFunction(call) {
    const before = requireFunction(call)
    requireDataSource(call, requireApi(call), text(call.input, 'dataSourceName'))
    const fn = make(call, before.arn, before.apiId, before.functionId)
    call.options.catalog.collection('AWS::AppSync::FunctionConfiguration').put(fn)
    return { functionConfiguration: show(fn) }
  },

  DeleteFunction(call) {
    const { catalog } = call.options
    const fn = requireFunction(call)
    const user = catalog
      .collection('AWS::AppSync::Resolver')
      .list(`${requireApi(call).arn}/types/`)
      .find(({ pipelineConfig }) => pipelineConfig?.functions?.includes(fn.functionId) === true)
    if (user !== undefined)
      throw badRequest('Cannot delete a function which is currently used by a resolver. Update the resolver(s) first.')
    catalog.collection('AWS::AppSync::FunctionConfiguration').delete(fn.arn)
    return {}
  },

  ListResolversByFunction(call) {
    const fn = requireFunction(call)
    const resolvers = call.options.catalog
      .collection('AWS::AppSync::Resolver')
      .list(`${requireApi(call).arn}/types/`)
      .filter(({ pipelineConfig }) => pipelineConfig?.functions?.includes(fn.functionId) === true)
    return page(call, 'resolvers', resolvers, showResolver)
  },
}
