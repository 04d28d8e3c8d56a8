import type { Catalog } from '../catalog.ts'
import type { ApiSummary } from './options.ts'

/** Every GraphQL API with its address and, where it has one, a key that is valid at `now` (milliseconds). */
export function apiSummaries(catalog: Catalog, baseUrl: string, now: number): ApiSummary[] {
  const keys = catalog.collection('AWS::AppSync::ApiKey')
  return catalog
    .collection('AWS::AppSync::GraphQLApi')
    .list()
    .map(({ arn, apiId, name }) => {
      const key = keys.list(`${arn}/`).find(({ expires }) => expires * 1000 > now)
      return { apiId, name, url: `${baseUrl}/apis/${apiId}/graphql`, ...(key !== undefined && { apiKey: key.id }) }
    })
}
