import type { Scope } from '../../aws/arn.ts'
import { readWorkflowsConfig } from './config.ts'
import { type GeneratedResolver, generateWorkflows, STATES_SOURCE, SYNC_STATES_SOURCE } from './generate.ts'

/**
 * The same mutations and queries as files that deploy to AWS: SDL, one resolver a field, and a CloudFormation template
 * of their resources (`sam package` puts the code where it points). Without the subscriptions, which are this server's
 * alone.
 */
export function deployableWorkflows(
  settings: unknown,
  scope: Scope,
): { files: Map<string, string> } | { problems: string[] } {
  const read = readWorkflowsConfig(settings)
  if ('problems' in read) return read
  const generated = generateWorkflows(read.config, { ...scope, subscriptions: false })
  const files = new Map<string, string>()
  const roots = (['Query', 'Mutation'] as const).map((name) => {
    const lines = generated.fields[name].map((line) => `  ${line}\n`).join('')
    return `# Fields for your type ${name}:\nextend type ${name} {\n${lines}}\n`
  })
  files.set('workflows.graphql', `${roots.join('\n')}\n${generated.types}`)
  for (const resolver of generated.resolvers) files.set(fileOf(resolver), resolver.code)
  files.set(
    'workflows.template.json',
    `${JSON.stringify(template(generated.resolvers, generated.endpoints, scope.region), null, 2)}\n`,
  )
  return { files }
}

function fileOf({ typeName, fieldName }: GeneratedResolver): string {
  return `resolvers/${typeName}.${fieldName}.js`
}

function template(
  resolvers: readonly GeneratedResolver[],
  endpoints: Readonly<Record<string, string>>,
  region: string,
): unknown {
  const api = { Ref: 'ApiId' }
  const sources = [STATES_SOURCE, SYNC_STATES_SOURCE].map((name) => [
    name,
    {
      Type: 'AWS::AppSync::DataSource',
      Properties: {
        ApiId: api,
        Name: name,
        Type: 'HTTP',
        ServiceRoleArn: { Ref: 'RoleArn' },
        HttpConfig: {
          Endpoint: endpoints[name],
          AuthorizationConfig: {
            AuthorizationType: 'AWS_IAM',
            AwsIamConfig: { SigningRegion: region, SigningServiceName: 'states' },
          },
        },
      },
    },
  ])
  const fields = resolvers.map((resolver) => [
    `${resolver.typeName}${resolver.fieldName.charAt(0).toUpperCase()}${resolver.fieldName.slice(1)}`,
    {
      Type: 'AWS::AppSync::Resolver',
      DependsOn: resolver.dataSource,
      Properties: {
        ApiId: api,
        TypeName: resolver.typeName,
        FieldName: resolver.fieldName,
        DataSourceName: resolver.dataSource,
        Runtime: { Name: 'APPSYNC_JS', RuntimeVersion: '1.0.0' },
        CodeS3Location: fileOf(resolver),
      },
    },
  ])
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Workflows as fields of a GraphQL API',
    Parameters: {
      ApiId: { Type: 'String', Description: 'Id of the AppSync API' },
      RoleArn: { Type: 'String', Description: 'Role that AppSync assumes; may use states:* of the machines' },
    },
    Resources: Object.fromEntries([...sources, ...fields]) as Record<string, unknown>,
  }
}
