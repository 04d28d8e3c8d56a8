/** What a request to a GraphQL API is for. */
export interface GraphqlRoute {
  apiId: string
  /** Path of the GraphQL endpoint: what signatures of the real-time protocol are made over. */
  endpointPath: string
  kind: 'graphql' | 'realtime'
}

const API_HOST = /^([a-z0-9]+)\.appsync-(api|realtime-api)\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/
const BY_PATH = /^(\/apis\/([^/]+)\/graphql|\/graphql\/([^/]+)|\/graphql)(\/realtime)?$/

/**
 * Tells which API a path and host name; undefined when none.
 * @param path Without the query.
 * @param host Host name in lower case without the port.
 * @param defaultApiId The API of plain `/graphql`: the project's first.
 */
export function graphqlRoute(
  path: string,
  host: string,
  defaultApiId: () => string | undefined,
): GraphqlRoute | undefined {
  // What nearly every request is: worth more than the two patterns below.
  if (path === '/graphql' && !host.includes('.appsync-'))
    return { apiId: defaultApiId() ?? '', endpointPath: path, kind: 'graphql' }
  const byHost = API_HOST.exec(host)
  if (byHost !== null && (path === '/graphql' || path === '/graphql/realtime'))
    return {
      apiId: byHost[1]!,
      endpointPath: '/graphql',
      kind: byHost[2] === 'realtime-api' || path.endsWith('/realtime') ? 'realtime' : 'graphql',
    }
  // `/graphql/realtime` is the default API's socket, not an API named "realtime".
  const match =
    path === '/graphql/realtime' ? [path, '/graphql', undefined, undefined, '/realtime'] : BY_PATH.exec(path)
  if (match === null) return undefined
  const [, endpointPath = '/graphql', byApis, byAlias, realtime] = match
  const apiId = byApis ?? byAlias ?? defaultApiId()
  return { apiId: apiId ?? '', endpointPath, kind: realtime === undefined ? 'graphql' : 'realtime' }
}
