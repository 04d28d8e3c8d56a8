import { createHash } from 'node:crypto'
import type { Caller, RequestCredentials } from '../auth/caller.ts'
import type { Catalog } from '../catalog.ts'
import type { Realtime } from '../realtime/realtime.ts'

/** Ends subscriptions when the key that they were opened with, or their API, is deleted. */
export function createRevocation(catalog: Catalog) {
  /** Digests, so that no key outlives its request in memory. */
  const keyOf = new WeakMap<Caller, string>()
  return {
    /** Remembers which key a caller came with. */
    note(caller: Caller, { headers }: RequestCredentials): Caller {
      if (caller.mode !== 'API_KEY') return caller
      const key = headers.find(([name]) => name.toLowerCase() === 'x-api-key')?.[1]
      if (key !== undefined) keyOf.set(caller, digest(key))
      return caller
    },
    follow(realtime: Pick<Realtime, 'endWhere'>): () => void {
      const stops = [
        catalog.collection('AWS::AppSync::ApiKey').subscribe(({ type, resource, previous }) => {
          const gone = type === 'delete' ? resource : previous
          if (gone === undefined || (type === 'put' && resource.expires >= gone.expires)) return
          const revoked = digest(gone.id)
          realtime.endWhere(gone.apiId, 'revoked', (caller) => keyOf.get(caller) === revoked)
        }),
        catalog.collection('AWS::AppSync::GraphQLApi').subscribe(({ type, resource }) => {
          if (type === 'delete') realtime.endWhere(resource.apiId, 'api-deleted', () => true)
        }),
      ]
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64')
}
