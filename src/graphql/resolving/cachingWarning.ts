import type { AppSyncFunction, Resolver } from '../../resources.ts'
import { normalizeKeyName } from './cache.ts'

type Steps = Pick<AppSyncFunction, 'code' | 'requestMappingTemplate' | 'responseMappingTemplate'>

/**
 * Says that a cached resolver would show one caller what it found for another: its steps look at who is calling, and its
 * caching keys do not. The service caches as told, so this is a warning and no error.
 *
 * @param functions The functions of its pipeline.
 * @returns undefined where there is nothing to say.
 */
export function cachingWarning(resolver: Resolver, functions: readonly Steps[] = []): string | undefined {
  const keys = resolver.cachingConfig?.cachingKeys ?? []
  // Without keys of its own a resolver is cached by arguments, source and identity.
  if (resolver.cachingConfig === undefined || keys.length === 0) return undefined
  if (keys.some((key) => normalizeKeyName(key).startsWith('context.identity'))) return undefined
  if (![resolver, ...functions].some(looksAtIdentity)) return undefined
  const place = `${resolver.typeName}.${resolver.fieldName}`
  return `${place} is cached by ${keys.join(', ')} although its resolver looks at ctx.identity: callers would see each other's results. Add a key such as $context.identity.sub`
}

function looksAtIdentity({ code, requestMappingTemplate, responseMappingTemplate }: Steps): boolean {
  return [code, requestMappingTemplate, responseMappingTemplate].some(
    (text) =>
      text !== undefined &&
      /\b(?:ctx|context)\s*\??\.\s*identity\b|\{[^}]*\bidentity\b[^}]*\}\s*=\s*(?:ctx|context)\b/.test(text),
  )
}
