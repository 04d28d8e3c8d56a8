import { Kind, type ObjectTypeDefinitionNode } from 'graphql'
import { appsyncArn } from '../aws/appsync.ts'
import { resolverProblem } from '../aws/appsyncRules.ts'
import type { GraphqlApi, GraphqlSchema, Resolver } from '../resources.ts'
import { requireDataSource } from './dataSources.ts'
import { badRequest, notFound } from './errors.ts'
import { type Call, given, type Operations, page, requireApi, shown, text } from './operation.ts'
import { definitionsOf, schemaOf } from './schemas.ts'
import { checkSteps } from './steps.ts'

const SETTINGS = [
  'typeName',
  'fieldName',
  'dataSourceName',
  'requestMappingTemplate',
  'responseMappingTemplate',
  'pipelineConfig',
  'syncConfig',
  'cachingConfig',
  'maxBatchSize',
  'runtime',
  'code',
  'metricsConfig',
] as const

export function showResolver(resolver: Resolver): Record<string, unknown> {
  return shown('Resolver', resolver, { resolverArn: resolver.arn })
}

/** Names of the fields of each type of a schema; read once for each. */
const fields = new WeakMap<GraphqlSchema, ReadonlyMap<string, ReadonlySet<string>>>()

function fieldsOf(schema: GraphqlSchema): ReadonlyMap<string, ReadonlySet<string>> {
  let known = fields.get(schema)
  if (known === undefined) {
    const made = new Map<string, Set<string>>()
    for (const node of definitionsOf(schema.definition)) {
      if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue
      const { name, fields: declared = [] } = node as ObjectTypeDefinitionNode
      const names = made.get(name.value) ?? new Set()
      made.set(name.value, names)
      for (const field of declared) names.add(field.name.value)
    }
    fields.set(schema, made)
    known = made
  }
  return known
}

function requireField(call: Call, api: GraphqlApi, typeName: string, fieldName: string): void {
  const schema = schemaOf(call, api)
  const names = schema === undefined ? undefined : fieldsOf(schema).get(typeName)
  if (names === undefined) throw notFound(`Type ${typeName} not found`)
  if (!names.has(fieldName)) throw notFound(`No field named ${fieldName} found on type ${typeName}`)
}

function requireResolver(call: Call): Resolver {
  const api = requireApi(call)
  const arn = appsyncArn.resolver(call.scope, api.apiId, text(call.input, 'typeName'), text(call.input, 'fieldName'))
  const resolver = call.options.catalog.collection('AWS::AppSync::Resolver').get(arn)
  if (resolver === undefined) throw notFound('No resolver found.')
  return resolver
}

function make(call: Call, api: GraphqlApi, arn: string): Resolver {
  const { input, scope, options } = call
  const kind = input['kind'] ?? 'UNIT'
  const dataSourceName = input['dataSourceName']
  const pipeline = (input['pipelineConfig'] as Resolver['pipelineConfig'])?.functions ?? []
  const problem = resolverProblem(input)
  if (problem !== undefined) throw badRequest(problem)
  if (typeof dataSourceName === 'string') requireDataSource(call, api, dataSourceName)
  const known = options.catalog.collection('AWS::AppSync::FunctionConfiguration')
  const missing = pipeline.filter((id) => !known.has(appsyncArn.function(scope, api.apiId, id)))
  if (missing.length > 0)
    throw notFound(`The specified functions [${missing.join(',')}] must exist before referencing them from a resolver.`)
  checkSteps(call)
  return { arn, apiId: api.apiId, kind, ...given(input, ...SETTINGS) } as unknown as Resolver
}

export const resolvers: Operations = {
  CreateResolver(call) {
    const { input, scope, options } = call
    const api = requireApi(call)
    const typeName = text(input, 'typeName')
    const fieldName = text(input, 'fieldName')
    requireField(call, api, typeName, fieldName)
    const arn = appsyncArn.resolver(scope, api.apiId, typeName, fieldName)
    const all = options.catalog.collection('AWS::AppSync::Resolver')
    if (all.has(arn)) throw badRequest('Only one resolver is allowed per field.')
    const resolver = make(call, api, arn)
    all.put(resolver)
    return { resolver: showResolver(resolver) }
  },

  GetResolver: (call) => ({ resolver: showResolver(requireResolver(call)) }),

  ListResolvers(call) {
    const api = requireApi(call)
    const prefix = `${appsyncArn.type(call.scope, api.apiId, text(call.input, 'typeName'))}/resolvers/`
    return page(call, 'resolvers', call.options.catalog.collection('AWS::AppSync::Resolver').list(prefix), showResolver)
  },

  UpdateResolver(call) {
    const { arn } = requireResolver(call)
    const resolver = make(call, requireApi(call), arn)
    call.options.catalog.collection('AWS::AppSync::Resolver').put(resolver)
    return { resolver: showResolver(resolver) }
  },

  DeleteResolver(call) {
    call.options.catalog.collection('AWS::AppSync::Resolver').delete(requireResolver(call).arn)
    return {}
  },
}
