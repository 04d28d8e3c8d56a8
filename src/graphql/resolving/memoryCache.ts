import type { Clock } from '../../aws/clock.ts'
import type { ResolverCache } from './cache.ts'

/** Characters of JSON that all entries together may have. */
const MAX_CHARACTERS = 64 * 1024 * 1024
/** Entries above this size are not kept (the service's bound of a cached response), in characters. */
const MAX_ENTRY_CHARACTERS = 15 * 1024 * 1024

interface Entry {
  value: unknown
  expiresAt: number
  size: number
}

/** A cache in this process, bounded; what was longest unused goes first. */
export function createMemoryCache(clock: Clock, maxCharacters = MAX_CHARACTERS): ResolverCache {
  const entries = new Map<string, Entry>()
  let characters = 0

  const remove = (key: string): void => {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    characters -= entry.size
  }
  return {
    get(apiId, key) {
      const full = `${apiId}\n${key}`
      const entry = entries.get(full)
      if (entry === undefined) return undefined
      if (entry.expiresAt <= clock.now()) {
        remove(full)
        return undefined
      }
      entries.delete(full)
      entries.set(full, entry)
      return entry.value
    },
    put(apiId, key, value, ttlSeconds) {
      const full = `${apiId}\n${key}`
      remove(full)
      const size = full.length + (JSON.stringify(value)?.length ?? 0)
      if (size > MAX_ENTRY_CHARACTERS || size > maxCharacters) return
      entries.set(full, { value, expiresAt: clock.now() + ttlSeconds * 1_000, size })
      characters += size
      for (const oldest of entries.keys()) {
        if (characters <= maxCharacters) break
        remove(oldest)
      }
    },
    delete(apiId, key) {
      remove(`${apiId}\n${key}`)
    },
    flush(apiId) {
      const prefix = `${apiId}\n`
      for (const key of [...entries.keys()]) if (key.startsWith(prefix)) remove(key)
    },
  }
}
