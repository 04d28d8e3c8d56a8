import { appsyncArn } from '../aws/appsync.ts'
import type { ApiCache } from '../resources.ts'
import { badRequest, notFound } from './errors.ts'
import { type Call, given, type Operations, requireApi, shown } from './operation.ts'

/** Seconds (API_CreateApiCache). */
const MAX_TTL_SECONDS = 3_600

const show = (cache: ApiCache): Record<string, unknown> => shown('ApiCache', cache)

function requireCache(call: Call): ApiCache {
  const { apiId } = requireApi(call)
  const cache = call.options.catalog.collection('AWS::AppSync::ApiCache').get(appsyncArn.apiCache(call.scope, apiId))
  if (cache === undefined) throw notFound('Unable to find an API cache.')
  return cache
}

function checkTtl(ttl: unknown): void {
  if (typeof ttl !== 'number' || ttl < 1 || ttl > MAX_TTL_SECONDS)
    throw badRequest(`Cache TTL must be from 1 to ${MAX_TTL_SECONDS} seconds.`)
}

export const apiCaches: Operations = {
  CreateApiCache(call) {
    const { apiId } = requireApi(call)
    const caches = call.options.catalog.collection('AWS::AppSync::ApiCache')
    const arn = appsyncArn.apiCache(call.scope, apiId)
    if (caches.has(arn)) throw badRequest('The API has a cache already.')
    checkTtl(call.input['ttl'])
    const cache = {
      arn,
      apiId,
      transitEncryptionEnabled: false,
      atRestEncryptionEnabled: false,
      ...given(
        call.input,
        'ttl',
        'transitEncryptionEnabled',
        'atRestEncryptionEnabled',
        'apiCachingBehavior',
        'type',
        'healthMetricsConfig',
      ),
      status: 'AVAILABLE',
    } as unknown as ApiCache
    caches.put(cache)
    return { apiCache: show(cache) }
  },

  GetApiCache: (call) => ({ apiCache: show(requireCache(call)) }),

  UpdateApiCache(call) {
    const cache = requireCache(call)
    checkTtl(call.input['ttl'])
    const updated = {
      ...cache,
      ...given(call.input, 'ttl', 'apiCachingBehavior', 'type', 'healthMetricsConfig'),
    } as ApiCache
    call.options.catalog.collection('AWS::AppSync::ApiCache').put(updated)
    return { apiCache: show(updated) }
  },

  DeleteApiCache(call) {
    call.options.catalog.collection('AWS::AppSync::ApiCache').delete(requireCache(call).arn)
    call.options.flushCache?.(requireApi(call).apiId)
    return {}
  },

  FlushApiCache(call) {
    const { apiId } = requireCache(call)
    call.options.flushCache?.(apiId)
    return {}
  },
}
