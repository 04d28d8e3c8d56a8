import type { DatabaseSync } from 'node:sqlite'
import type { ResourceType, ResourceTypes } from './resources.ts'

/**
 * Where a resource came from. `project`: read from the project's files, again at every start, never stored.
 * `api`: made through an AWS API, stored in the data folder.
 */
export type Origin = 'project' | 'api'

export interface Change<R> {
  type: 'put' | 'delete'
  resource: R
  previous: R | undefined
  origin: Origin
}

/** All resources of one type, by ARN, in the order in which they were first put. */
export interface Collection<R extends { arn: string }> {
  get(arn: string): R | undefined
  has(arn: string): boolean
  /** Those whose ARN starts with `prefix`; all without one. */
  list(prefix?: string): R[]
  /** Adds or replaces. The resource is frozen from now on: to change it, put a new one. */
  put(resource: R, origin?: Origin): void
  /** @returns whether it was there. */
  delete(arn: string): boolean
  originOf(arn: string): Origin | undefined
  /** Told after each change (and after the whole batch of a `transaction`). Returns a function that ends it. */
  subscribe(listener: (change: Change<R>) => void): () => void
  readonly size: number
}

/** The live set of resources: loaders fill it, the management APIs edit it, engines subscribe to it. */
export interface Catalog {
  collection<T extends ResourceType>(type: T): Collection<ResourceTypes[T]>
  /**
   * Runs `edit`; its changes are stored together or, when it throws, not at all, and listeners hear of them afterwards.
   * Synchronous: nothing else can come between.
   */
  transaction<T>(edit: () => T): T
}

interface Entry {
  resource: { arn: string }
  origin: Origin
}

interface PendingChange {
  type: ResourceType
  change: Change<{ arn: string }>
}

type Listener = (change: Change<{ arn: string }>) => void

/**
 * @param database Where resources of origin `api` are kept (WAL, FULL); without one they live in memory.
 * @param onListenerError Told when a listener throws: others are still told, the change stays.
 */
export function createCatalog(
  database?: DatabaseSync,
  onListenerError: (error: unknown) => void = (error) => {
    throw error
  },
): Catalog {
  const entries = new Map<ResourceType, Map<string, Entry>>()
  const listeners = new Map<ResourceType, Set<Listener>>()
  const store = database === undefined ? undefined : createResourceStore(database)
  let pending: PendingChange[] | undefined

  const entriesOf = (type: ResourceType): Map<string, Entry> => {
    let map = entries.get(type)
    if (map === undefined) {
      map = new Map()
      entries.set(type, map)
    }
    return map
  }
  for (const { type, resource } of store?.all() ?? []) entriesOf(type).set(resource.arn, { resource, origin: 'api' })

  const tell = ({ type, change }: PendingChange): void => {
    for (const listener of [...(listeners.get(type) ?? [])]) {
      try {
        listener(change)
      } catch (error) {
        onListenerError(error)
      }
    }
  }
  const undo = ({ type, change }: PendingChange): void => {
    const map = entriesOf(type)
    const { arn } = change.resource
    if (change.previous === undefined) map.delete(arn)
    else map.set(arn, { resource: change.previous, origin: change.origin })
  }

  function transaction<T>(edit: () => T): T {
    if (pending !== undefined) return edit()
    pending = []
    store?.begin()
    let changes: PendingChange[]
    try {
      const result = edit()
      store?.commit()
      changes = pending
      pending = undefined
      for (const change of changes) tell(change)
      return result
    } catch (error) {
      if (pending !== undefined) {
        for (const change of pending.reverse()) undo(change)
        pending = undefined
        store?.rollback()
      }
      throw error
    }
  }

  function collection(type: ResourceType): Collection<{ arn: string }> {
    const map = entriesOf(type)
    return {
      get: (arn) => map.get(arn)?.resource,
      has: (arn) => map.has(arn),
      list(prefix) {
        const found: { arn: string }[] = []
        for (const [arn, entry] of map) if (prefix === undefined || arn.startsWith(prefix)) found.push(entry.resource)
        return found
      },
      put(resource, origin = 'api') {
        transaction(() => {
          const previous = map.get(resource.arn)
          pending?.push({ type, change: { type: 'put', resource, previous: previous?.resource, origin } })
          map.set(resource.arn, { resource, origin })
          if (origin === 'api') store?.put(type, resource)
          else if (previous?.origin === 'api') store?.delete(type, resource.arn)
        })
      },
      delete(arn) {
        const entry = map.get(arn)
        if (entry === undefined) return false
        transaction(() => {
          pending?.push({
            type,
            change: { type: 'delete', resource: entry.resource, previous: entry.resource, origin: entry.origin },
          })
          map.delete(arn)
          if (entry.origin === 'api') store?.delete(type, arn)
        })
        return true
      },
      originOf: (arn) => map.get(arn)?.origin,
      subscribe(listener) {
        const set = listeners.get(type) ?? new Set()
        listeners.set(type, set)
        set.add(listener)
        return () => void set.delete(listener)
      },
      get size() {
        return map.size
      },
    }
  }

  const collections = new Map<ResourceType, Collection<{ arn: string }>>()
  return {
    collection<T extends ResourceType>(type: T) {
      const made = collections.get(type) ?? collection(type)
      collections.set(type, made)
      return made as unknown as Collection<ResourceTypes[T]>
    },
    transaction,
  }
}

function createResourceStore(database: DatabaseSync) {
  database.exec(
    'CREATE TABLE IF NOT EXISTS resource (type TEXT NOT NULL, arn TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (type, arn))',
  )
  const upsert = database.prepare(
    'INSERT INTO resource (type, arn, body) VALUES (?, ?, ?) ON CONFLICT (type, arn) DO UPDATE SET body = excluded.body',
  )
  const remove = database.prepare('DELETE FROM resource WHERE type = ? AND arn = ?')
  return {
    all: (): { type: ResourceType; resource: { arn: string } }[] =>
      database
        .prepare('SELECT type, body FROM resource ORDER BY rowid')
        .all()
        .map((row) => ({ type: row['type'] as ResourceType, resource: JSON.parse(row['body'] as string) })),
    put: (type: ResourceType, resource: { arn: string }) =>
      void upsert.run(type, resource.arn, JSON.stringify(resource)),
    delete: (type: ResourceType, arn: string) => void remove.run(type, arn),
    begin: () => database.exec('BEGIN IMMEDIATE'),
    commit: () => database.exec('COMMIT'),
    rollback: () => database.exec('ROLLBACK'),
  }
}
