import type { MaybePromise } from '../../aws/service.ts'
import type { ApiCache, Resolver } from '../../resources.ts'
import type { RequestState } from '../execution/requestState.ts'
import type { FieldCall, FieldResolver, Resolved } from './resolver.ts'
import { andThen } from './resolver.ts'

/** Where results of resolvers and operations are kept. In memory by default; a shared cache fills the same seam. */
export interface ResolverCache {
  /** Undefined when there is nothing; a kept null is null. */
  get(apiId: string, key: string): MaybePromise<unknown>
  put(apiId: string, key: string, value: unknown, ttlSeconds: number): MaybePromise<void>
  delete(apiId: string, key: string): MaybePromise<void>
  /** Empties the cache of one API. */
  flush(apiId: string): MaybePromise<void>
}

/** A cache key as configured: `$context.arguments.id`, `ctx.identity`, … */
interface KeyPart {
  /** Normalised: `context.arguments.id`. */
  name: string
  read(call: FieldCall): unknown
}

/** Used where a cached resolver names no keys. */
const DEFAULT_KEYS = ['$context.arguments', '$context.source', '$context.identity']

/** `$ctx.args.id`, `$context.arguments.id` and `context.arguments.id` are one key. */
export function normalizeKeyName(name: string): string {
  const [root = '', map = '', ...rest] = name
    .trim()
    .replace(/^\$\{?/, '')
    .replace(/\}$/, '')
    .split('.')
  return [root === 'ctx' ? 'context' : root, map === 'args' ? 'arguments' : map, ...rest].join('.')
}

function parseKey(name: string): KeyPart {
  const normalized = normalizeKeyName(name)
  const [, map = '', ...rest] = normalized.split('.')
  return {
    name: normalized,
    read(call) {
      let value: unknown =
        map === 'arguments' ? call.arguments : map === 'source' ? call.source : call.request.caller.identity
      for (const member of rest) {
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return null
        value = (value as Record<string, unknown>)[member]
      }
      return value ?? null
    },
  }
}

/** Text of a value that is equal for equal values, whatever the order of their members. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.keys(value).sort()
  const record = value as Record<string, unknown>
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(record[name])}`).join(',')}}`
}

function keyOf(typeName: string, fieldName: string, parts: readonly (readonly [string, unknown])[]): string {
  return `${typeName}.${fieldName}\n${parts.map(([name, value]) => `${name}=${canonical(value)}`).join('\n')}`
}

/** The key of the entry that `evictFromApiCache` names. */
export function evictionKey(typeName: string, fieldName: string, keys: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(keys).map(([name, value]) => [normalizeKeyName(name), value ?? null] as const)
  return keyOf(typeName, fieldName, parts)
}

/** The key of a whole operation's answer. */
export function operationKey(request: RequestState, query: string, operationName: string | null | undefined): string {
  const { variables, caller } = request
  return `operation\n${query}\n${operationName ?? ''}\n${canonical(variables)}\n${canonical([caller.mode, caller.identity, caller.groups ?? [], caller.deniedFields ?? []])}`
}

/**
 * A resolver whose results are kept as the API's cache says: all resolvers for FULL_REQUEST_CACHING, those with a caching
 * configuration for PER_RESOLVER_CACHING. Only queries use it; results with errors are not kept.
 */
export function withCache(
  resolver: FieldResolver,
  resource: Resolver,
  cache: ApiCache | undefined,
  store: ResolverCache,
): FieldResolver {
  const setting = settingOf(resource, cache)
  if (setting === undefined) return resolver
  const { apiId, typeName, fieldName } = resource
  const parts = setting.keys.map(parseKey)
  return {
    kind: resolver.kind,
    resolve(call): MaybePromise<Resolved> {
      if (!call.request.mayCache) return resolver.resolve(call)
      const key = keyOf(
        typeName,
        fieldName,
        parts.map((part) => [part.name, part.read(call)] as const),
      )
      return andThen(store.get(apiId, key), (kept) => {
        if (kept !== undefined) return { value: kept, errors: undefined }
        return andThen(resolver.resolve(call), (resolved) => {
          if (resolved.errors !== undefined) return resolved
          return andThen(store.put(apiId, key, resolved.value ?? null, setting.ttl), () => resolved)
        })
      })
    },
  }
}

function settingOf(
  resource: Resolver,
  cache: ApiCache | undefined,
): { keys: readonly string[]; ttl: number } | undefined {
  switch (cache?.apiCachingBehavior) {
    case 'FULL_REQUEST_CACHING':
      // The service documents arguments and identity; without the source, objects of a list would share one value.
      return { keys: DEFAULT_KEYS, ttl: cache.ttl }
    case 'PER_RESOLVER_CACHING': {
      const config = resource.cachingConfig
      if (config === undefined) return undefined
      const keys = config.cachingKeys ?? []
      return { keys: keys.length === 0 ? DEFAULT_KEYS : keys, ttl: config.ttl }
    }
    default:
      return undefined
  }
}
