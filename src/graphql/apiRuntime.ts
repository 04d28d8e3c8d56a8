import type { GraphQLSchema } from 'graphql'
import { parseArn } from '../aws/arn.ts'
import type { Catalog } from '../catalog.ts'
import type { DataSourceClient } from '../datasources/dataSource.ts'
import type { ApiCache, DataSource, GraphqlApi, GraphqlSchema, Resolver } from '../resources.ts'
import type { DocumentStore } from './documents.ts'
import { createDocumentStore } from './documents.ts'
import type { FieldRules } from './engine.ts'
import type { Compilers } from './resolving/buildResolver.ts'
import { buildResolver } from './resolving/buildResolver.ts'
import { type ResolverCache, withCache } from './resolving/cache.ts'
import type { BoundDataSource } from './resolving/callDataSource.ts'
import type { FieldResolver } from './resolving/resolver.ts'
import type { ApiSchema } from './schema/buildSchema.ts'
import { buildSchema, SchemaError } from './schema/buildSchema.ts'

/** Resolvers of one request (`resolverCountLimit` 0), an AppSync quota. */
export const MAX_RESOLVERS = 10_000

/** Everything of one API that requests use; made anew when one of its resources changes. */
export interface ApiRuntime {
  api: GraphqlApi
  schema: ApiSchema
  documents: DocumentStore
  rules: FieldRules
  environment: Record<string, string>
  cache: ApiCache | undefined
  resolverLimit: number
  depthLimit: number
  dataSources: readonly DataSourceClient[]
}

export interface ApiRuntimeOptions extends Compilers {
  catalog: Catalog
  compileFieldRules(schema: GraphQLSchema, api: GraphqlApi): FieldRules
  createDataSource(source: DataSource, owner: { arn: string; maxBatchSize?: number }): DataSourceClient
  cache: ResolverCache
}

/** Builds schemas once per text: most changes of an API leave its schema as it was. */
export type SchemaStore = (schema: GraphqlSchema) => ApiSchema | undefined

export function createSchemaStore(onInvalid: (schema: GraphqlSchema, error: SchemaError) => void): SchemaStore {
  const built = new WeakMap<GraphqlSchema, ApiSchema | 'invalid'>()
  return (schema) => {
    let result = built.get(schema)
    if (result === undefined) {
      try {
        result = buildSchema(schema.definition)
      } catch (error) {
        if (!(error instanceof SchemaError)) throw error
        onInvalid(schema, error)
        result = 'invalid'
      }
      built.set(schema, result)
    }
    return result === 'invalid' ? undefined : result
  }
}

/** @returns undefined when the API has no schema that can be run. */
export function buildApiRuntime(
  api: GraphqlApi,
  schemas: SchemaStore,
  options: ApiRuntimeOptions,
): ApiRuntime | undefined {
  const { catalog } = options
  const definition = catalog.collection('AWS::AppSync::GraphQLSchema').get(`${api.arn}/schema`)
  const usable = definition !== undefined && (definition.status === 'ACTIVE' || definition.status === 'SUCCESS')
  const schema = usable ? schemas(definition) : undefined
  if (schema === undefined) return undefined

  const [cache] = catalog.collection('AWS::AppSync::ApiCache').list(`${api.arn}/apicache`)
  const resolvers = new Map<string, Resolver>()
  for (const resolver of catalog.collection('AWS::AppSync::Resolver').list(`${api.arn}/`)) {
    resolvers.set(`${resolver.typeName}.${resolver.fieldName}`, resolver)
  }
  const built = new Map<string, FieldResolver>()
  const bound = new Map<string, BoundDataSource>()
  const clients: DataSourceClient[] = []
  const scope = scopeOf(api)

  const dataSource = (name: string, owner: { arn: string; maxBatchSize?: number }): BoundDataSource | undefined => {
    // Batches belong to one resolver, so a batching Lambda data source is made per resolver.
    const key = (owner.maxBatchSize ?? 0) > 0 ? `${name}\n${owner.arn}` : name
    const known = bound.get(key)
    if (known !== undefined) return known
    const source = catalog.collection('AWS::AppSync::DataSource').get(`${api.arn}/datasources/${name}`)
    if (source === undefined) return undefined
    const client = options.createDataSource(source, owner)
    clients.push(client)
    const made: BoundDataSource = {
      client,
      scope,
      isLambda: source.type === 'AWS_LAMBDA',
      isNone: source.type === 'NONE',
    }
    bound.set(key, made)
    return made
  }

  const resolverOf = (typeName: string, fieldName: string): FieldResolver | undefined => {
    const key = `${typeName}.${fieldName}`
    const known = built.get(key)
    if (known !== undefined) return known
    const resolver = resolvers.get(key)
    if (resolver === undefined) return undefined
    const compiled = buildResolver(resolver, {
      compileCode: options.compileCode,
      compileTemplate: options.compileTemplate,
      dataSource,
      functionById: (id) => catalog.collection('AWS::AppSync::FunctionConfiguration').get(`${api.arn}/functions/${id}`),
    })
    const made = withCache(compiled, resolver, cache, options.cache)
    built.set(key, made)
    return made
  }

  return {
    api,
    schema,
    documents: createDocumentStore({ schema, introspection: api.introspectionConfig !== 'DISABLED', resolverOf }),
    rules: options.compileFieldRules(schema.schema, api),
    environment: api.environmentVariables ?? {},
    cache,
    resolverLimit:
      api.resolverCountLimit === undefined || api.resolverCountLimit === 0 ? MAX_RESOLVERS : api.resolverCountLimit,
    depthLimit:
      api.queryDepthLimit === undefined || api.queryDepthLimit === 0 ? Number.POSITIVE_INFINITY : api.queryDepthLimit,
    dataSources: clients,
  }
}

function scopeOf(api: GraphqlApi): { accountId: string; region: string } {
  const arn = parseArn(api.arn)
  return { accountId: arn?.accountId ?? '', region: arn?.region ?? '' }
}
