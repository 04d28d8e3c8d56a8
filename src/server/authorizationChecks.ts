import type { Authenticator } from '../auth/authenticator.ts'
import { schemaWarnings } from '../auth/fieldRules.ts'
import type { Catalog } from '../catalog.ts'
import type { GraphqlEngine } from '../graphql/engine.ts'
import type { LoadedProject, Problem } from '../loading/index.ts'
import { formatProblem } from '../loading/problem.ts'

/** Asks the providers of a project's APIs who they say they are: an issuer of another name would refuse every token. */
export async function checkProviders(
  { resources }: Pick<LoadedProject, 'resources'>,
  authenticator: Pick<Authenticator, 'checkProviders'>,
): Promise<Problem[]> {
  const apis = resources.flatMap((entry) => (entry.type === 'AWS::AppSync::GraphQLApi' ? [entry.resource] : []))
  const found = await Promise.all(
    apis.map(async (api) =>
      (await authenticator.checkProviders(api)).map(
        ({ severity, message }): Problem => ({ severity, file: api.name, line: 1, column: 1, message }),
      ),
    ),
  )
  return found.flat()
}

/** Places of the schemas whose authorization is surely not as meant, one line each. */
export function schemaProblems(catalog: Catalog, engine: Pick<GraphqlEngine, 'schemaOf'>): string[] {
  const sources = catalog.collection('AWS::AppSync::GraphQLSchema')
  return catalog
    .collection('AWS::AppSync::GraphQLApi')
    .list()
    .flatMap((api) => {
      const schema = engine.schemaOf(api.apiId)
      if (schema === undefined) return []
      const file = sources.get(`${api.arn}/schema`)?.sourceFile ?? api.name
      return schemaWarnings(schema, api).map(({ message, location }) =>
        formatProblem({ severity: 'warning', file, line: location?.line ?? 1, column: location?.column ?? 1, message }),
      )
    })
}
