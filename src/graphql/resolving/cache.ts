import type { ApiCache, Resolver } from '../../resources.ts'
import type { FieldResolver } from './resolver.ts'

/** Where results of resolvers and operations are kept. In memory by default; a shared cache fills the same seam. */
export interface ResolverCache {
  get(apiId: string, key: string): unknown
}

export function withCache(
  resolver: FieldResolver,
  _resource: Resolver,
  _cache: ApiCache | undefined,
  _store: ResolverCache,
): FieldResolver {
  return resolver
}
