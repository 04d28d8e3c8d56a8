import type { GraphQLSchema } from 'graphql'
import type { Caller } from '../auth/caller.ts'
import type { MaybePromise } from '../aws/service.ts'
import type { GraphqlApi } from '../resources.ts'
import type { GraphqlErrorObject } from './errors.ts'

/** What a client sent: the members of a GraphQL request, parsed but not checked. */
export interface GraphqlRequest {
  query: string
  variables?: Readonly<Record<string, unknown>> | null | undefined
  operationName?: string | null | undefined
}

/** What resolvers see of the request as `ctx.request`, and how the work is given up. */
export interface RequestInfo {
  /** Lower-case names; a name that was sent more than once has its values joined with `,`. */
  headers: Record<string, string>
  /** Custom domain that the request was sent to; null otherwise. */
  domainName: string | null
  /** Also the value of `x-amzn-RequestId`. */
  requestId: string
  /** Aborted when the client goes away. */
  signal?: AbortSignal | undefined
}

/** Body of an answer; members are left out when there is nothing to say. */
export interface GraphqlBody {
  data?: unknown
  errors?: readonly GraphqlErrorObject[]
  extensions?: Readonly<Record<string, unknown>>
}

/** An answer, whatever carries it. */
export interface GraphqlAnswer {
  /** 200, also for validation errors; 400, 404 or 502 for requests that never became an operation. */
  status: number
  body: GraphqlBody
  /** Value of `x-amzn-ErrorType`; set when `status` is not 200. */
  errorType?: string
  /** Set by `util.http.addResponseHeader(s)`, names in lower case. */
  headers?: Readonly<Record<string, string>>
}

/** A mutation's top-level field that ended without an error, told so that subscriptions can hear of it. */
export interface MutationEvent {
  apiId: string
  /** Name of the field on the mutation type; never an alias. */
  fieldName: string
  /**
   * The field's value with exactly what the mutation selected, as clients see it (AWSJSON as text). By field names,
   * not aliases; each object has its `__typename`. Plain data that survives JSON, so it can travel between processes.
   */
  result: PublishedValue
  arguments: Readonly<Record<string, unknown>>
  caller: Caller
  requestId: string
}

export type PublishedValue =
  | null
  | boolean
  | number
  | string
  | readonly PublishedValue[]
  | { readonly [field: string]: PublishedValue }

/** `extensions.invalidateSubscriptions` of one resolver, in the order called. */
export interface InvalidationEvent {
  apiId: string
  requestId: string
  /** Each as given: `{ subscriptionField, payload }`, unchecked. */
  invalidations: readonly unknown[]
}

/** A subscription operation that was validated, authorized and whose resolver (if any) has run. */
export interface PreparedSubscription {
  apiId: string
  /** Field of the subscription type. */
  fieldName: string
  /** Alias, or the field's name: the key under `data`. */
  responseKey: string
  /**
   * Arguments that the operation gave, coerced; null is a value. Those left out have no member. Events are delivered only
   * when the published result's top-level field of each name is there and equal; enhanced filters replace this.
   */
  arguments: Readonly<Record<string, unknown>>
  /** Fields of the mutation type named by `@aws_subscribe(mutations: […])`. */
  mutations: readonly string[]
  /** Given to `extensions.setSubscriptionFilter` by the resolver's response step, unchecked. */
  filter: unknown
  /** Given to `extensions.setSubscriptionInvalidationFilter`, unchecked. */
  invalidationFilter: unknown
  /** Subscriptions of one API with equal keys have equal frames for equal events: selection, variables, authorization outcome. */
  projectionKey: string
  /**
   * Lays a published value under this selection without running resolvers: what the mutation did not select is null,
   * denied fields are null with an `Unauthorized` error. Synchronous, and the same for every subscription of one `projectionKey`.
   */
  project(result: PublishedValue): GraphqlBody
  /** What the subscription field itself answered when it was subscribed to (`{data: {field: null}}` as a rule). */
  body: GraphqlBody
}

export type SubscriptionOutcome =
  | { type: 'prepared'; subscription: PreparedSubscription }
  /** Refused; the errors are complete GraphQL errors. `status` and `errorType` as in a `GraphqlAnswer`. */
  | { type: 'refused'; answer: GraphqlAnswer }

/** What a caller may use of one schema; made by `auth/` when the schema changes. */
export interface FieldRules {
  /** Asked once per field of an operation, not per object. */
  allows(caller: Caller, typeName: string, fieldName: string): boolean
}

export interface GraphqlEngine {
  /**
   * Runs a query or mutation; a subscription operation is prepared and answered as AppSync answers it over HTTP.
   * Answers at once when nothing in the operation waits. Never throws or rejects: failures are answers.
   */
  execute(apiId: string, request: GraphqlRequest, caller: Caller, info: RequestInfo): MaybePromise<GraphqlAnswer>
  /** Checks a subscription operation, asks whether the caller may use it and runs its resolver. Never rejects. */
  prepareSubscription(
    apiId: string,
    request: GraphqlRequest,
    caller: Caller,
    info: RequestInfo,
  ): MaybePromise<SubscriptionOutcome>
  /** 'query', 'mutation', 'subscription', or undefined when the request cannot be run. Cached; for choosing a transport. */
  operationTypeOf(apiId: string, request: GraphqlRequest): 'query' | 'mutation' | 'subscription' | undefined
  apiOf(apiId: string): GraphqlApi | undefined
  /** The schema that clients see; undefined when the API has none that is active. */
  schemaOf(apiId: string): GraphQLSchema | undefined
  /** Empties an API's cache (FlushApiCache). */
  flushCache(apiId: string): void
  close(): void
}
