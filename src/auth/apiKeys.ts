import { createHash } from 'node:crypto'
import type { Catalog } from '../catalog.ts'
import type { ApiKey, GraphqlApi } from '../resources.ts'
import { AuthenticationError, type Caller } from './caller.ts'
import { NOT_AUTHORIZED } from './jwt/tokenVerifier.ts'

/** Finds API keys by their digest, so that the time of a look-up says nothing about a key. */
export interface ApiKeyIndex {
  /** @returns the key of this API, expired or not. */
  find(api: GraphqlApi, text: string): ApiKey | undefined
  close(): void
}

/** Longer texts are no keys, and are not hashed. */
const MAX_KEY_LENGTH = 512

/** Keeps the keys of a catalog by API and digest. */
export function createApiKeyIndex(catalog: Catalog): ApiKeyIndex {
  const byApi = new Map<string, Map<string, ApiKey>>()
  const ownerOf = (key: ApiKey): string => key.arn.slice(0, key.arn.lastIndexOf('/apikeys/'))
  const put = (key: ApiKey): void => {
    const keys = byApi.get(ownerOf(key)) ?? new Map<string, ApiKey>()
    keys.set(digestOf(key.id), key)
    byApi.set(ownerOf(key), keys)
  }
  const collection = catalog.collection('AWS::AppSync::ApiKey')
  for (const key of collection.list()) put(key)
  const unsubscribe = collection.subscribe(({ type, resource, previous }) => {
    if (previous !== undefined) byApi.get(ownerOf(previous))?.delete(digestOf(previous.id))
    if (type === 'put') put(resource)
  })
  return {
    find: (api, text) => (text.length > MAX_KEY_LENGTH ? undefined : byApi.get(api.arn)?.get(digestOf(text))),
    close: unsubscribe,
  }
}

/** Verifies the API key of a request; a key works until the hour in which it expires begins. */
export function authenticateApiKey(api: GraphqlApi, text: string, keys: ApiKeyIndex, now: number): Caller {
  const key = keys.find(api, text)
  const expiresAt = key && key.expires * 1000
  if (expiresAt === undefined || expiresAt <= now)
    throw new AuthenticationError('UnauthorizedException', NOT_AUTHORIZED)
  return { mode: 'API_KEY', identity: null, expiresAt }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
