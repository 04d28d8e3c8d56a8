import type { Caller } from '../auth/caller.ts'
import type { Clock } from '../aws/clock.ts'
import type { InvalidationEvent, MutationEvent, PreparedSubscription, PublishedValue } from '../graphql/engine.ts'
import type { Log } from '../observability/log.ts'
import { type FieldFilter, matchesFilter, parseSubscriptionFilter, type SubscriptionFilter } from './filter.ts'

/** Why a subscription ended without its client asking. */
export type EndReason = 'invalidated' | 'expired' | 'revoked' | 'api-deleted'

/** Where a subscription's events go; one per subscription, made by a protocol. */
export interface EventSink {
  /** @param payload JSON text of `{data, errors?}`. */
  deliver(payload: string): void
  end(reason: EndReason): void
}

/** What the console and metrics see of an open subscription. */
export interface SubscriptionInfo {
  apiId: string
  fieldName: string
  arguments: Readonly<Record<string, unknown>>
  filter: unknown
  mode: Caller['mode']
}

export interface SubscriptionRegistry {
  /** Throws `SubscriptionFilterError` for a filter that AppSync refuses. */
  add(prepared: PreparedSubscription, caller: Caller, sink: EventSink): RegisteredSubscription
  publish(event: Pick<MutationEvent, 'apiId' | 'fieldName' | 'result'>): void
  invalidate(event: InvalidationEvent): void
  /** Ends the subscriptions of one API that `choose` picks. */
  endWhere(apiId: string, reason: EndReason, choose: (caller: Caller) => boolean): void
  /** Ends those whose credential has ended. */
  sweep(): void
  list(): SubscriptionInfo[]
  readonly size: number
}

export interface RegisteredSubscription {
  remove(): void
}

/** Largest event that is delivered (AppSync quotas: subscription payload size). */
export const MAX_PAYLOAD_BYTES = 240 * 1024

interface Entry extends RegisteredSubscription {
  prepared: PreparedSubscription
  caller: Caller
  sink: EventSink
  /** Beside the caller's own, because every delivery asks. */
  expiresAt: number
  filter: SubscriptionFilter | undefined
  invalidationFilter: SubscriptionFilter | undefined
}

/** Entries with one projection: one projected and serialised payload serves them all. */
type Projections = Map<string, Set<Entry>>

/** A place in an index: which fields of a result are read, and which entries wait for which of their values. */
interface ValueIndex {
  names: readonly string[]
  buckets: Map<string, Projections>
}

/** The subscriptions to one mutation field of one API. */
interface Topic {
  /** By the names of the arguments that the subscription gave: `''` for none. */
  byArguments: Map<string, ValueIndex>
  /** By one field that every group of the enhanced filter compares with `eq` or `in`. */
  byFilterField: Map<string, ValueIndex>
  /** Enhanced filters that no index serves. */
  scanned: Projections
}

/**
 * All open subscriptions of this process, indexed by API, mutation field and the values of their arguments or filters,
 * so that a publish costs what it reaches and not what is connected.
 */
export function createSubscriptionRegistry(options: { clock: Clock; log: Log }): SubscriptionRegistry {
  const topics = new Map<string, Topic>()
  const byApi = new Map<string, Set<Entry>>()
  let size = 0

  const topicOf = (apiId: string, mutation: string): Topic => {
    const key = `${apiId}\n${mutation}`
    let topic = topics.get(key)
    if (topic === undefined) {
      topic = { byArguments: new Map(), byFilterField: new Map(), scanned: new Map() }
      topics.set(key, topic)
    }
    return topic
  }

  /** The buckets that an entry stands in, for one mutation: made when missing. */
  function places(topic: Topic, entry: Entry): { index?: ValueIndex; key?: string; projections: Projections }[] {
    if (entry.filter === undefined) {
      const names = Object.keys(entry.prepared.arguments).sort()
      const index = indexOf(topic.byArguments, names)
      const key = keyOf(names.map((name) => entry.prepared.arguments[name]))
      return [{ index, key, projections: bucketOf(index, key) }]
    }
    const keys = indexableKeys(entry.filter)
    if (keys === undefined) return [{ projections: topic.scanned }]
    return keys.map(({ field, value }) => {
      const index = indexOf(topic.byFilterField, [field])
      const key = keyOf([value])
      return { index, key, projections: bucketOf(index, key) }
    })
  }

  function insert(entry: Entry): void {
    for (const mutation of entry.prepared.mutations) {
      for (const { projections } of places(topicOf(entry.prepared.apiId, mutation), entry)) {
        const entries = projections.get(entry.prepared.projectionKey) ?? new Set()
        projections.set(entry.prepared.projectionKey, entries)
        entries.add(entry)
      }
    }
  }

  function take(entry: Entry): void {
    for (const mutation of entry.prepared.mutations) {
      const topic = topicOf(entry.prepared.apiId, mutation)
      for (const { index, key, projections } of places(topic, entry)) {
        const entries = projections.get(entry.prepared.projectionKey)
        entries?.delete(entry)
        if (entries?.size === 0) projections.delete(entry.prepared.projectionKey)
        if (projections.size === 0 && index !== undefined && key !== undefined) index.buckets.delete(key)
      }
      tidy(entry.prepared.apiId, mutation, topic)
    }
  }

  /** Forgets indexes that nobody stands in: which there are is up to the users' arguments and filters. */
  function tidy(apiId: string, mutation: string, topic: Topic): void {
    for (const indexes of [topic.byArguments, topic.byFilterField])
      for (const [name, { buckets }] of indexes) if (buckets.size === 0) indexes.delete(name)
    if (topic.byArguments.size + topic.byFilterField.size + topic.scanned.size === 0)
      topics.delete(`${apiId}\n${mutation}`)
  }

  function remove(entry: Entry): void {
    const entries = byApi.get(entry.prepared.apiId)
    if (entries?.delete(entry) !== true) return
    if (entries.size === 0) byApi.delete(entry.prepared.apiId)
    size--
    take(entry)
  }

  function end(entry: Entry, reason: EndReason): void {
    remove(entry)
    entry.sink.end(reason)
  }

  /** Delivers to the entries of a bucket; each projection is made and serialised once. */
  function deliver(
    projections: Projections,
    event: Pick<MutationEvent, 'apiId' | 'fieldName' | 'result'>,
    made: Map<string, string>,
  ): void {
    const now = options.clock.now()
    for (const [projectionKey, entries] of projections) {
      // An entry that ends here leaves the set that is walked, which sets allow.
      for (const entry of entries) {
        if (entry.expiresAt <= now) {
          end(entry, 'expired')
          continue
        }
        if (entry.filter !== undefined && !matchesFilter(entry.filter, event.result)) continue
        let payload = made.get(projectionKey)
        if (payload === undefined) {
          payload = JSON.stringify(entry.prepared.project(event.result))
          if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
            options.log('error', 'an event is larger than 240 KB and was dropped', {
              apiId: event.apiId,
              mutation: event.fieldName,
              subscription: entry.prepared.fieldName,
            })
            payload = ''
          }
          made.set(projectionKey, payload)
        }
        if (payload !== '') entry.sink.deliver(payload)
      }
    }
  }

  return {
    add(prepared, caller, sink) {
      const entry: Entry = {
        prepared,
        caller,
        sink,
        expiresAt: caller.expiresAt ?? Number.POSITIVE_INFINITY,
        filter: parseSubscriptionFilter(prepared.filter),
        invalidationFilter: parseSubscriptionFilter(prepared.invalidationFilter),
        remove: () => remove(entry),
      }
      insert(entry)
      const entries = byApi.get(prepared.apiId) ?? new Set()
      byApi.set(prepared.apiId, entries)
      entries.add(entry)
      size++
      return entry
    },
    publish(event) {
      const topic = topics.get(`${event.apiId}\n${event.fieldName}`)
      if (topic === undefined) return
      const made = new Map<string, string>()
      for (const indexes of [topic.byArguments, topic.byFilterField]) {
        for (const { names, buckets } of indexes.values()) {
          const values = names.map((name) => fieldOf(event.result, name))
          // A field that the mutation did not select matches no argument, not even null; a filter sees it as null.
          if (indexes === topic.byArguments && values.includes(undefined)) continue
          const projections = buckets.get(keyOf(values))
          if (projections !== undefined) deliver(projections, event, made)
        }
      }
      deliver(topic.scanned, event, made)
    },
    invalidate(event) {
      for (const given of event.invalidations) {
        const field = memberOf(given, 'subscriptionField')
        const payload = memberOf(given, 'payload')
        for (const entry of [...(byApi.get(event.apiId) ?? [])]) {
          if (entry.prepared.fieldName !== field || entry.invalidationFilter === undefined) continue
          if (matchesFilter(entry.invalidationFilter, (payload ?? null) as PublishedValue)) end(entry, 'invalidated')
        }
      }
    },
    endWhere(apiId, reason, choose) {
      for (const entry of [...(byApi.get(apiId) ?? [])]) if (choose(entry.caller)) end(entry, reason)
    },
    sweep() {
      const now = options.clock.now()
      for (const entries of byApi.values()) {
        for (const entry of [...entries]) {
          if (entry.expiresAt <= now) end(entry, 'expired')
        }
      }
    },
    list: () =>
      [...byApi.values()].flatMap((entries) =>
        [...entries].map(({ prepared, caller }) => ({
          apiId: prepared.apiId,
          fieldName: prepared.fieldName,
          arguments: prepared.arguments,
          filter: prepared.filter,
          mode: caller.mode,
        })),
      ),
    get size() {
      return size
    },
  }
}

function indexOf(indexes: Map<string, ValueIndex>, names: readonly string[]): ValueIndex {
  const key = names.join('\n')
  let index = indexes.get(key)
  if (index === undefined) {
    index = { names, buckets: new Map() }
    indexes.set(key, index)
  }
  return index
}

function bucketOf({ buckets }: ValueIndex, key: string): Projections {
  let projections = buckets.get(key)
  if (projections === undefined) {
    projections = new Map()
    buckets.set(key, projections)
  }
  return projections
}

/** One text per tuple of values: equal for equal values, whatever the order of an object's members. */
function keyOf(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => (value === undefined ? null : canonical(value))))
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .filter(([name]) => name !== '__typename')
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, item]) => [name, canonical(item)])
}

/** For a filter whose every group compares one and the same top-level field with `eq` or `in`: the values that may match. */
function indexableKeys(filter: SubscriptionFilter): { field: string; value: unknown }[] | undefined {
  const fields = (group: readonly FieldFilter[]): FieldFilter[] =>
    group.filter(({ path, operator }) => path.length === 1 && (operator === 'eq' || operator === 'in'))
  const keys = new Map<string, { field: string; value: unknown }>()
  const first = fields(filter[0] ?? []).find(({ path }) =>
    filter.every((group) => fields(group).some((other) => other.path[0] === path[0])),
  )
  if (first === undefined) return undefined
  const field = first.path[0] as string
  for (const group of filter) {
    const chosen = fields(group).find(({ path }) => path[0] === field)
    for (const value of chosen?.operator === 'in' ? (chosen.value as unknown[]) : [chosen?.value])
      keys.set(keyOf([value]), { field, value })
  }
  return [...keys.values()]
}

function fieldOf(result: PublishedValue, name: string): unknown {
  return memberOf(result, name)
}

function memberOf(holder: unknown, name: string): unknown {
  if (holder instanceof Map) return holder.get(name)
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined
  return (holder as Record<string, unknown>)[name]
}
