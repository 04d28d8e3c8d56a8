import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GraphqlEngine } from '../graphql/engine.ts'

export interface GraphqlPageOptions {
  engine: GraphqlEngine
}

/** Serves a page in a browser, where to try out an API. */
export type GraphqlPage = (request: IncomingMessage, response: ServerResponse, apiId: string) => Promise<void>

/**
 * GraphiQL by graphql-yoga, which is loaded when a browser first asks. The page sends its operations back to the same
 * path as any client does, so yoga itself runs none.
 */
export function createGraphqlPage({ engine }: GraphqlPageOptions): GraphqlPage {
  return async (request, response, apiId) => {
    const schema = engine.schemaOf(apiId)
    const endpoint = (request.url ?? '/graphql').split('?', 1)[0] ?? '/graphql'
    if (schema === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('This API does not exist or has no schema.\n')
      return
    }
    const { createYoga } = await import('graphql-yoga')
    const yoga = createYoga({
      schema,
      graphqlEndpoint: endpoint,
      landingPage: false,
      cors: false,
      logging: false,
      graphiql: {
        title: engine.apiOf(apiId)?.name ?? 'GraphQL',
        headers: JSON.stringify({ 'x-api-key': '' }, null, 2),
        shouldPersistHeaders: true,
      },
    })
    await yoga(request, response)
  }
}
