import { asText, asTextList } from '../cloudformation/values.ts'
import { didYouMean } from '../nearestName.ts'
import { isObject, member, type Path, type PlainObject } from '../source/document.ts'
import { connectorStatements } from './connector.ts'
import type { SamResource } from './expand.ts'
import { inlinePolicy, managedPolicy, trustOf } from './roles.ts'
import { tagList } from './tags.ts'

const PROPERTIES = [
  'ApiKeys',
  'Auth',
  'Cache',
  'DataSources',
  'DomainName',
  'Functions',
  'IntrospectionConfig',
  'Logging',
  'Name',
  'OwnerContact',
  'QueryDepthLimit',
  'ResolverCountLimit',
  'Resolvers',
  'SchemaInline',
  'SchemaUri',
  'Tags',
  'Visibility',
  'XrayEnabled',
]
const AUTH = ['Type', 'LambdaAuthorizer', 'OpenIDConnect', 'UserPool', 'Additional']
const FUNCTION = ['CodeUri', 'DataSource', 'Description', 'Id', 'InlineCode', 'MaxBatchSize', 'Name', 'Runtime', 'Sync']
const RESOLVER = ['Caching', 'CodeUri', 'FieldName', 'InlineCode', 'MaxBatchSize', 'Pipeline', 'Runtime', 'Sync']

/** Code of a resolver that gives none: it hands on what the last function answered. */
const PIPELINE_CODE = `export function request(ctx) {
  return {};
}
export function response(ctx) {
  return ctx.prev.result;
}
`

/** `AWS::Serverless::GraphQLApi`: the API with its schema, keys, data sources, functions and resolvers. */
export function expandGraphQLApi(resource: SamResource): void {
  const { declared, properties } = resource
  const { logicalId } = declared
  resource.checkNames(PROPERTIES)
  const property = (name: string): unknown => member(properties, name)
  const apiId = { 'Fn::GetAtt': [logicalId, 'ApiId'] }

  resource.add({
    logicalId,
    type: 'AWS::AppSync::GraphQLApi',
    properties: {
      Name: property('Name') ?? logicalId,
      ...authentication(resource),
      XrayEnabled: property('XrayEnabled'),
      Visibility: property('Visibility'),
      OwnerContact: property('OwnerContact'),
      IntrospectionConfig: property('IntrospectionConfig'),
      QueryDepthLimit: property('QueryDepthLimit'),
      ResolverCountLimit: property('ResolverCountLimit'),
      LogConfig: logging(resource),
      Tags: tagList(property('Tags')),
    },
    written: {
      AuthenticationType: ['Auth', 'Type'],
      AdditionalAuthenticationProviders: ['Auth', 'Additional'],
      LogConfig: ['Logging'],
    },
  })
  addSchema(resource, apiId)
  for (const [name, key] of entries(resource, 'ApiKeys')) {
    resource.checkNames(['ApiKeyId', 'Description', 'ExpiresOn'], isObject(key) ? key : {}, ['ApiKeys', name])
    resource.add({
      logicalId: `${logicalId}${name}`,
      type: 'AWS::AppSync::ApiKey',
      properties: {
        ApiId: apiId,
        ApiKeyId: member(key, 'ApiKeyId'),
        Description: member(key, 'Description'),
        Expires: member(key, 'ExpiresOn'),
      },
      at: ['ApiKeys', name],
      written: { Expires: ['ExpiresOn'] },
      alsoNamed: [name],
    })
  }
  const cache = property('Cache')
  if (isObject(cache))
    resource.add({
      logicalId: `${logicalId}ApiCache`,
      type: 'AWS::AppSync::ApiCache',
      properties: { ApiId: apiId, ...cache },
      at: ['Cache'],
    })
  addDomainName(resource, apiId)

  const dataSourceOf = addDataSources(resource, apiId)
  const functionIds = addFunctions(resource, apiId, dataSourceOf)
  addResolvers(resource, apiId, functionIds)
}

function entries(resource: SamResource, name: string): [string, unknown][] {
  const value = member(resource.properties, name)
  return isObject(value) ? Object.entries(value) : []
}

function authentication(resource: SamResource): PlainObject {
  const auth = member(resource.properties, 'Auth')
  if (!isObject(auth)) {
    resource.report('error', [], "Missing required property 'Auth'", 'for example Auth: { Type: API_KEY }')
    return { AuthenticationType: 'API_KEY' }
  }
  resource.checkNames(AUTH, auth, ['Auth'])
  const additional = member(auth, 'Additional')
  const providers = Array.isArray(additional)
    ? additional.map((provider, index) => {
        resource.checkNames(AUTH, isObject(provider) ? provider : {}, ['Auth', 'Additional', index])
        return authorizer(provider, true)
      })
    : undefined
  return { ...authorizer(auth, false), AdditionalAuthenticationProviders: providers }
}

function authorizer(auth: unknown, additional: boolean): PlainObject {
  const made: PlainObject = { AuthenticationType: member(auth, 'Type') }
  const configs = {
    LambdaAuthorizer: 'LambdaAuthorizerConfig',
    OpenIDConnect: 'OpenIDConnectConfig',
    UserPool: 'UserPoolConfig',
  }
  for (const [written, name] of Object.entries(configs)) {
    const config = member(auth, written)
    if (!isObject(config)) continue
    const { DefaultAction, ...others } = config
    made[name] =
      written === 'UserPool'
        ? withRegion(additional ? others : { ...others, ...(DefaultAction === undefined ? {} : { DefaultAction }) })
        : config
  }
  return made
}

function withRegion(config: PlainObject): PlainObject {
  return config['AwsRegion'] === undefined ? { ...config, AwsRegion: { Ref: 'AWS::Region' } } : config
}

/** Without `Logging: false` SAM logs everything, under a role that it makes. */
function logging(resource: SamResource): PlainObject | undefined {
  const given = member(resource.properties, 'Logging')
  if (given === false) return undefined
  const config = isObject(given) ? given : {}
  const role = member(config, 'CloudWatchLogsRoleArn')
  const roleId = `${resource.declared.logicalId}CloudWatchRole`
  if (role === undefined)
    resource.add({
      logicalId: roleId,
      type: 'AWS::IAM::Role',
      properties: {
        AssumeRolePolicyDocument: trustOf('appsync.amazonaws.com'),
        ManagedPolicyArns: [managedPolicy('service-role/AWSAppSyncPushToCloudWatchLogs')],
      },
      at: ['Logging'],
    })
  const exclude = member(config, 'ExcludeVerboseContent')
  return {
    FieldLogLevel: member(config, 'FieldLogLevel') ?? 'ALL',
    CloudWatchLogsRoleArn: role ?? { 'Fn::GetAtt': [roleId, 'Arn'] },
    ...(exclude === undefined ? {} : { ExcludeVerboseContent: exclude }),
  }
}

function addSchema(resource: SamResource, apiId: PlainObject): void {
  const inline = member(resource.properties, 'SchemaInline')
  const uri = member(resource.properties, 'SchemaUri')
  if (inline === undefined && uri === undefined) {
    resource.report('error', [], "One of 'SchemaInline' or 'SchemaUri' must be set.")
    return
  }
  if (inline !== undefined && uri !== undefined)
    resource.report('error', ['SchemaUri'], "Both 'SchemaInline' and 'SchemaUri' cannot be defined at the same time.")
  resource.add({
    logicalId: `${resource.declared.logicalId}Schema`,
    type: 'AWS::AppSync::GraphQLSchema',
    properties: { ApiId: apiId, Definition: inline, DefinitionS3Location: uri },
    written: { DefinitionS3Location: ['SchemaUri'], Definition: ['SchemaInline'] },
  })
}

function addDomainName(resource: SamResource, apiId: PlainObject): void {
  const domain = member(resource.properties, 'DomainName')
  if (!isObject(domain)) return
  const { logicalId } = resource.declared
  resource.add({
    logicalId: `${logicalId}DomainName`,
    type: 'AWS::AppSync::DomainName',
    properties: domain,
    at: ['DomainName'],
  })
  resource.add({
    logicalId: `${logicalId}DomainNameApiAssociation`,
    type: 'AWS::AppSync::DomainNameApiAssociation',
    properties: { ApiId: apiId, DomainName: { 'Fn::GetAtt': [`${logicalId}DomainName`, 'DomainName'] } },
    at: ['DomainName'],
  })
}

/** @returns the name of a data source, for a `DataSource` as it is written; undefined (and reports) when there is none. */
function addDataSources(resource: SamResource, apiId: PlainObject): (written: unknown, at: Path) => unknown {
  const { logicalId } = resource.declared
  const declared = member(resource.properties, 'DataSources')
  if (isObject(declared)) resource.checkNames(['DynamoDb', 'Lambda'], declared, ['DataSources'])
  const names = new Map<string, string>()

  for (const [kind, source, service] of dataSources(declared)) {
    const { name, config } = source
    const at: Path = ['DataSources', kind, name]
    const sourceId = `${logicalId}${name}${service}DataSource`
    const isTable = kind === 'DynamoDb'
    const target = member(config, isTable ? 'TableArn' : 'FunctionArn')
    const role = member(config, 'ServiceRoleArn')
    if (role === undefined && target === undefined)
      resource.report(
        'error',
        at,
        isTable
          ? "'TableArn' must be defined to create the role and policy if 'ServiceRoleArn' is not defined."
          : "'FunctionArn' must be defined.",
      )
    if (role === undefined)
      resource.add({
        logicalId: `${sourceId}Role`,
        type: 'AWS::IAM::Role',
        properties: {
          AssumeRolePolicyDocument: trustOf('appsync.amazonaws.com'),
          Policies: [
            inlinePolicy(
              `${sourceId}Policy`,
              connectorStatements(
                isTable ? 'AWS::DynamoDB::Table' : 'AWS::Lambda::Function',
                target,
                isTable ? permissionsOf(config) : ['Write'],
              ) ?? [],
            ),
          ],
        },
        at,
      })
    const delta = member(config, 'DeltaSync')
    resource.add({
      logicalId: sourceId,
      type: 'AWS::AppSync::DataSource',
      properties: {
        ApiId: apiId,
        Name: member(config, 'Name') ?? name,
        Description: member(config, 'Description'),
        Type: isTable ? 'AMAZON_DYNAMODB' : 'AWS_LAMBDA',
        ServiceRoleArn: role ?? { 'Fn::GetAtt': [`${sourceId}Role`, 'Arn'] },
        ...(isTable
          ? {
              DynamoDBConfig: present({
                TableName: member(config, 'TableName'),
                AwsRegion: member(config, 'Region') ?? { Ref: 'AWS::Region' },
                UseCallerCredentials: member(config, 'UseCallerCredentials'),
                Versioned: member(config, 'Versioned'),
                DeltaSyncConfig: delta,
              }),
            }
          : { LambdaConfig: { LambdaFunctionArn: target } }),
      },
      at,
    })
    names.set(name, sourceId)
  }

  const noneId = `${logicalId}NoneDataSource`
  let hasNone = false
  return (written, at) => {
    const name = asText(written)
    if (written === undefined) {
      resource.report('error', at, "'DataSource' must be set.")
      return undefined
    }
    if (name === undefined) return written
    if (name.toLowerCase() === 'none') {
      if (!hasNone)
        resource.add({
          logicalId: noneId,
          type: 'AWS::AppSync::DataSource',
          properties: { ApiId: apiId, Name: noneId, Type: 'NONE' },
          at,
        })
      hasNone = true
      return noneId
    }
    const sourceId = names.get(name)
    if (sourceId !== undefined) return { 'Fn::GetAtt': [sourceId, 'Name'] }
    resource.report(
      'error',
      [...at, 'DataSource'],
      `DataSource '${name}' is not among 'DataSources'`,
      didYouMean(name, [...names.keys(), 'None']).hint ?? 'one of another resource is named by !GetAtt LogicalId.Name',
    )
    return `unresolved:${name}`
  }
}

function dataSources(declared: unknown): [kind: string, source: { name: string; config: unknown }, service: string][] {
  const kinds = [
    ['DynamoDb', 'DynamoDB'],
    ['Lambda', 'Lambda'],
  ] as const
  return kinds.flatMap(([kind, service]) => {
    const sources = member(declared, kind)
    return isObject(sources)
      ? Object.entries(sources).map(([name, config]): [string, { name: string; config: unknown }, string] => [
          kind,
          { name, config },
          service,
        ])
      : []
  })
}

function permissionsOf(config: unknown): string[] {
  const given = asTextList(member(config, 'Permissions'))
  return given.length === 0 ? ['Read', 'Write'] : given
}

function present(value: PlainObject): PlainObject {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined))
}

function runtimeOf(resource: SamResource, declared: unknown, at: Path): PlainObject | undefined {
  const runtime = member(declared, 'Runtime')
  if (!isObject(runtime)) {
    resource.report(
      'error',
      at,
      "'Runtime' must be defined",
      'for example Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }',
    )
    return undefined
  }
  return { Name: runtime['Name'], RuntimeVersion: runtime['Version'] }
}

/** @returns the id of each function by the name that resolvers call it. */
function addFunctions(
  resource: SamResource,
  apiId: PlainObject,
  dataSourceOf: (written: unknown, at: Path) => unknown,
): Map<string, unknown> {
  const ids = new Map<string, unknown>()
  for (const [name, declared] of entries(resource, 'Functions')) {
    const at: Path = ['Functions', name]
    if (!isObject(declared)) {
      resource.report('error', at, `function ${name} must be a mapping`)
      continue
    }
    resource.checkNames(FUNCTION, declared, at)
    const given = member(declared, 'Id')
    if (given !== undefined) {
      ids.set(name, given)
      continue
    }
    const functionId = `${resource.declared.logicalId}${name}`
    const inline = member(declared, 'InlineCode')
    const uri = member(declared, 'CodeUri')
    if (inline === undefined && uri === undefined)
      resource.report('error', at, "One of 'InlineCode' or 'CodeUri' must be set.")
    if (inline !== undefined && uri !== undefined)
      resource.report('error', at, "Both 'InlineCode' and 'CodeUri' cannot be defined at the same time.")
    resource.add({
      logicalId: functionId,
      type: 'AWS::AppSync::FunctionConfiguration',
      properties: {
        ApiId: apiId,
        Name: member(declared, 'Name') ?? name,
        DataSourceName: dataSourceOf(member(declared, 'DataSource'), at),
        Description: member(declared, 'Description'),
        Code: inline,
        CodeS3Location: uri,
        Runtime: runtimeOf(resource, declared, at),
        MaxBatchSize: member(declared, 'MaxBatchSize'),
        SyncConfig: member(declared, 'Sync'),
      },
      at,
      written: {
        Code: ['InlineCode'],
        CodeS3Location: ['CodeUri'],
        DataSourceName: ['DataSource'],
        SyncConfig: ['Sync'],
      },
    })
    ids.set(name, { 'Fn::GetAtt': [functionId, 'FunctionId'] })
  }
  return ids
}

function addResolvers(resource: SamResource, apiId: PlainObject, functionIds: ReadonlyMap<string, unknown>): void {
  for (const [typeName, fields] of entries(resource, 'Resolvers')) {
    if (!isObject(fields)) continue
    for (const [name, declared] of Object.entries(fields)) {
      const at: Path = ['Resolvers', typeName, name]
      if (!isObject(declared)) {
        resource.report('error', at, `resolver ${typeName}.${name} must be a mapping`)
        continue
      }
      resource.checkNames(RESOLVER, declared, at)
      const inline = member(declared, 'InlineCode')
      const uri = member(declared, 'CodeUri')
      if (inline !== undefined && uri !== undefined)
        resource.report('error', at, "Both 'InlineCode' and 'CodeUri' cannot be defined at the same time.")
      const pipeline = member(declared, 'Pipeline')
      if (!Array.isArray(pipeline) || pipeline.length === 0) {
        resource.report(
          'error',
          at,
          `Resolver '${name}' must have Pipeline defined. Unit resolvers are not supported. If you need a Unit resolver you can use AppSync resource.`,
        )
        continue
      }
      resource.add({
        logicalId: `${resource.declared.logicalId}${typeName}${name}`,
        type: 'AWS::AppSync::Resolver',
        properties: {
          ApiId: apiId,
          TypeName: typeName,
          FieldName: member(declared, 'FieldName') ?? name,
          Kind: 'PIPELINE',
          PipelineConfig: {
            Functions: pipeline.flatMap((called, index) =>
              functionIdOf(resource, functionIds, called, [...at, 'Pipeline', index]),
            ),
          },
          Code: inline ?? (uri === undefined ? PIPELINE_CODE : undefined),
          CodeS3Location: uri,
          Runtime: runtimeOf(resource, declared, at),
          CachingConfig: member(declared, 'Caching'),
          MaxBatchSize: member(declared, 'MaxBatchSize'),
          SyncConfig: member(declared, 'Sync'),
        },
        at,
        written: {
          Code: ['InlineCode'],
          CodeS3Location: ['CodeUri'],
          CachingConfig: ['Caching'],
          SyncConfig: ['Sync'],
        },
      })
    }
  }
}

function functionIdOf(resource: SamResource, ids: ReadonlyMap<string, unknown>, called: unknown, at: Path): unknown[] {
  const name = asText(called) ?? ''
  if (ids.has(name)) return [ids.get(name)]
  resource.report('error', at, `Function '${name}' does not exist.`, didYouMean(name, ids.keys()).hint)
  return []
}
