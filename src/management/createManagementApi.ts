import type { RestService } from '../aws/service.ts'
import { apiCaches } from './apiCaches.ts'
import { apiKeys } from './apiKeys.ts'
import { dataSources } from './dataSources.ts'
import { evaluate } from './evaluate.ts'
import { functions } from './functions.ts'
import { graphqlApis } from './graphqlApis.ts'
import { type Operation, RawBody } from './operation.ts'
import type { ManagementApiOptions } from './options.ts'
import { refusals } from './refusals.ts'
import { resolvers } from './resolvers.ts'
import { matchRoute, readInput } from './routes.ts'
import { schemas } from './schemas.ts'
import { tags } from './tags.ts'
import { types } from './types.ts'

/** Every operation of the service's model, by name. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  [
    graphqlApis,
    apiKeys,
    schemas,
    types,
    dataSources,
    resolvers,
    functions,
    apiCaches,
    tags,
    evaluate,
    refusals,
  ].flatMap((group) => Object.entries(group)),
)

/** AppSync's management API over the catalog: what it makes is stored with the catalog, and engines hear of it at once. */
export function createManagementApi(options: ManagementApiOptions): RestService {
  const now = (): number => options.clock?.now() ?? Date.now()
  return {
    async handle(request, context) {
      const route = matchRoute(request.method, request.path)
      if (route === undefined) return undefined
      const { name, http } = route.operation
      const operation = operations.get(name)
      if (operation === undefined) return undefined
      const input = readInput(route, request)
      const scope = { accountId: context.accountId, region: context.region }
      const answer = await operation({ operation: name, input, context, scope, options, now })
      const status = http.responseCode ?? 200
      return answer instanceof RawBody
        ? { status, headers: { 'content-type': answer.contentType }, body: answer.text }
        : { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) }
    },
  }
}
