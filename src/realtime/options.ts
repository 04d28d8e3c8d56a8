import type { Caller, RequestCredentials } from '../auth/caller.ts'
import type { Clock } from '../aws/clock.ts'
import type { MaybePromise } from '../aws/service.ts'
import type { GraphqlEngine } from '../graphql/engine.ts'
import type { Log } from '../observability/log.ts'
import type { SubscriptionRegistry } from './subscriptions.ts'

/** What every protocol works with. */
export interface ProtocolOptions {
  engine: GraphqlEngine
  registry: SubscriptionRegistry
  /** Throws or rejects with `AuthenticationError`. */
  authenticate: (apiId: string, credentials: RequestCredentials) => MaybePromise<Caller>
  clock: Clock
  log: Log
}

/** Where a connection or request was sent. */
export interface Route {
  apiId: string
  /** Path of the GraphQL endpoint, for example `/graphql`: what signatures are made over. */
  endpointPath: string
  /** Custom domain, for `ctx.request.domainName`; null otherwise. */
  domainName: string | null
}
