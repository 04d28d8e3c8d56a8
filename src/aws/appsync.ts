import { formatArn, type Scope } from './arn.ts'

/** ARNs of AppSync's resources. Field and type names are GraphQL names, so nothing needs escaping. */
export const appsyncArn = {
  api: (scope: Scope, apiId: string): string => formatArn({ service: 'appsync', ...scope, resource: `apis/${apiId}` }),
  apiKey: (scope: Scope, apiId: string, id: string): string => `${appsyncArn.api(scope, apiId)}/apikeys/${id}`,
  schema: (scope: Scope, apiId: string): string => `${appsyncArn.api(scope, apiId)}/schema`,
  dataSource: (scope: Scope, apiId: string, name: string): string =>
    `${appsyncArn.api(scope, apiId)}/datasources/${name}`,
  function: (scope: Scope, apiId: string, functionId: string): string =>
    `${appsyncArn.api(scope, apiId)}/functions/${functionId}`,
  type: (scope: Scope, apiId: string, typeName: string): string => `${appsyncArn.api(scope, apiId)}/types/${typeName}`,
  resolver: (scope: Scope, apiId: string, typeName: string, fieldName: string): string =>
    `${appsyncArn.type(scope, apiId, typeName)}/resolvers/${fieldName}`,
  apiCache: (scope: Scope, apiId: string): string => `${appsyncArn.api(scope, apiId)}/apicache`,
} as const

/** Where an API is served: the members of `uris` and `dns` that CreateGraphqlApi answers. */
export function appsyncEndpoints(
  baseUrl: string,
  apiId: string,
): { uris: { GRAPHQL: string; REALTIME: string }; dns: { GRAPHQL: string; REALTIME: string } } {
  const base = baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl
  const graphql = `${base}/apis/${apiId}/graphql`
  const { host } = new URL(base)
  return {
    uris: { GRAPHQL: graphql, REALTIME: `${graphql.replace(/^http/, 'ws')}/realtime` },
    dns: { GRAPHQL: host, REALTIME: host },
  }
}

/** What an API has that nobody asked for otherwise. */
export const GRAPHQL_API_DEFAULTS = {
  xrayEnabled: false,
  visibility: 'GLOBAL',
  apiType: 'GRAPHQL',
  introspectionConfig: 'ENABLED',
  queryDepthLimit: 0,
  resolverCountLimit: 0,
} as const

/** Tag whose value becomes the id of the resource that carries it. */
export const CUSTOM_ID_TAG = '_custom_id_'

/** An id that can stand in paths and ARNs. */
export function isUsableId(id: string): boolean {
  return /^[0-9A-Za-z_-]{1,64}$/.test(id)
}

const SECONDS_PER_HOUR = 3_600
const SECONDS_PER_DAY = 86_400
/** Days that an API key lives when nobody says (CreateApiKey). */
const DEFAULT_KEY_DAYS = 7
/** Days after its end when a key is deleted. */
const KEY_DELETION_DAYS = 60

/**
 * The times of an API key in seconds since the epoch: its end, rounded down to the hour, and its deletion 60 days later.
 * @param expires Seconds since the epoch. @default 7 days from now
 * @param now Milliseconds since the epoch.
 */
export function apiKeyTimes(expires: number | undefined, now: number): { expires: number; deletes: number } {
  const end = expires ?? Math.floor(now / 1000) + DEFAULT_KEY_DAYS * SECONDS_PER_DAY
  const rounded = end - (end % SECONDS_PER_HOUR)
  return { expires: rounded, deletes: rounded + KEY_DELETION_DAYS * SECONDS_PER_DAY }
}

/** Least and greatest life of a key (API_CreateApiKey). */
export const API_KEY_DAYS = { min: 1, max: 365 } as const
