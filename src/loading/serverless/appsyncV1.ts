import { asText } from '../cloudformation/values.ts'
import { didYouMean } from '../nearestName.ts'
import { tagList } from '../sam/tags.ts'
import { isObject, member, type Path, type PlainObject } from '../source/document.ts'
import { cachingConfig, missingTemplate, syncConfig } from './appsyncV2.ts'
import { readStep, substitute, substitutionsOf } from './code.ts'
import { addDataSource, dataSourceLogicalId } from './dataSources.ts'
import { readSchemaFiles } from './schemaFiles.ts'
import { normalized, type Service } from './service.ts'

/** Everything of one API of `custom.appSync:`, version 1 of the plugin. `suffix` tells several APIs apart. */
export function addAppSyncV1(service: Service, config: PlainObject, at: Path, suffix: string): void {
  const prefix = `GraphQl${suffix}`
  const api = `${prefix}Api`
  const apiId = config['apiId'] ?? { 'Fn::GetAtt': [api, 'ApiId'] }
  if (config['apiId'] === undefined) addApi(service, config, at, api, prefix, apiId)

  const sources = new Set<string>()
  for (const [index, source] of flat(config['dataSources'], [...at, 'dataSources'])) {
    const name = asText(member(source, 'name')) ?? ''
    sources.add(name)
    addDataSource(service, prefix, apiId, name, source, index)
  }
  const sourceOf = (declared: unknown, place: Path): unknown => {
    const name = asText(declared)
    if (name === undefined) return declared
    if (!sources.has(name)) {
      service.report(
        'error',
        [...place, 'dataSource'],
        `the data source ${name} is not defined`,
        didYouMean(name, sources).hint,
      )
      return name
    }
    return { 'Fn::GetAtt': [dataSourceLogicalId(prefix, name), 'Name'] }
  }

  const functions = new Set<string>()
  const functionFolder =
    asText(config['functionConfigurationsLocation']) ??
    asText(config['mappingTemplatesLocation']) ??
    'mapping-templates'
  for (const [place, declared] of flat(config['functionConfigurations'], [...at, 'functionConfigurations'])) {
    const name = asText(member(declared, 'name')) ?? ''
    functions.add(name)
    const steps = readTemplates(service, config, declared, place, functionFolder, name)
    service.add({
      logicalId: `${prefix}FunctionConfiguration${normalized(name)}`,
      type: 'AWS::AppSync::FunctionConfiguration',
      properties: {
        ApiId: apiId,
        Name: name,
        DataSourceName: sourceOf(member(declared, 'dataSource'), place),
        Description: member(declared, 'description'),
        FunctionVersion: '2018-05-29',
        MaxBatchSize: member(declared, 'maxBatchSize'),
        SyncConfig: syncConfig(member(declared, 'sync')),
        ...steps.properties,
      },
      at: place,
      sources: steps.sources,
      written: { RequestMappingTemplate: ['request'], ResponseMappingTemplate: ['response'] },
    })
  }

  const folder = asText(config['mappingTemplatesLocation']) ?? 'mapping-templates'
  for (const [place, declared] of flat(config['mappingTemplates'], [...at, 'mappingTemplates'])) {
    const typeName = asText(member(declared, 'type')) ?? ''
    const fieldName = asText(member(declared, 'field')) ?? ''
    const kind = asText(member(declared, 'kind')) ?? 'UNIT'
    const steps = readTemplates(service, config, declared, place, folder, `${typeName}.${fieldName}`)
    const called = member(declared, 'functions')
    const ids = (Array.isArray(called) ? called : []).flatMap((fn, index) => {
      const name = asText(fn) ?? ''
      if (functions.has(name))
        return [{ 'Fn::GetAtt': [`${prefix}FunctionConfiguration${normalized(name)}`, 'FunctionId'] }]
      service.report(
        'error',
        [...place, 'functions', index],
        `the function ${name} is not defined`,
        didYouMean(name, functions).hint,
      )
      return []
    })
    service.add({
      logicalId: `${prefix}Resolver${normalized(typeName)}${normalized(fieldName)}`,
      type: 'AWS::AppSync::Resolver',
      properties: {
        ApiId: apiId,
        TypeName: typeName,
        FieldName: fieldName,
        Kind: kind,
        DataSourceName: kind === 'UNIT' ? sourceOf(member(declared, 'dataSource'), place) : undefined,
        PipelineConfig: kind === 'PIPELINE' ? { Functions: ids } : undefined,
        MaxBatchSize: member(declared, 'maxBatchSize'),
        SyncConfig: syncConfig(member(declared, 'sync')),
        CachingConfig: cachingConfig(member(declared, 'caching'), config),
        ...steps.properties,
      },
      at: place,
      sources: steps.sources,
      written: {
        RequestMappingTemplate: ['request'],
        ResponseMappingTemplate: ['response'],
        DataSourceName: ['dataSource'],
        PipelineConfig: ['functions'],
        TypeName: ['type'],
        FieldName: ['field'],
      },
    })
  }
}

/** Items of a list that may hold lists (files of several resolvers), each with its place. */
function flat(value: unknown, at: Path): [Path, unknown][] {
  if (!Array.isArray(value))
    return isObject(value)
      ? Object.entries(value).map(([key, item]) => [
          [...at, key],
          isObject(item) && item['name'] === undefined ? { name: key, ...item } : item,
        ])
      : []
  return value.flatMap((item, index): [Path, unknown][] =>
    Array.isArray(item) ? flat(item, [...at, index]) : [[[...at, index], item]],
  )
}

/** Templates by the names that are given, by the defaults, or by the name of the field; `false` is none. */
function readTemplates(
  service: Service,
  config: PlainObject,
  declared: unknown,
  at: Path,
  folder: string,
  stem: string,
): { properties: PlainObject; sources: Record<string, string> } {
  const values = substitutionsOf(config['substitutions'], member(declared, 'substitutions'))
  const properties: PlainObject = {}
  const sources: Record<string, string> = {}
  for (const [side, property] of [
    ['request', 'RequestMappingTemplate'],
    ['response', 'ResponseMappingTemplate'],
  ] as const) {
    const given = member(declared, side) ?? member(config['defaultMappingTemplates'], side)
    if (given === false) continue
    const name = `${folder}/${asText(given) ?? `${stem}.${side}.vtl`}`
    const read = readStep(service, name, [...at, side])
    properties[property] =
      read === undefined ? missingTemplate(name) : substitute(asText(read.value) ?? '', values, 'template')
    sources[property] = read?.file ?? name
  }
  return { properties, sources }
}

function addApi(service: Service, config: PlainObject, at: Path, api: string, prefix: string, apiId: unknown): void {
  const log = config['logConfig']
  const additional = config['additionalAuthenticationProviders']
  const tags = config['tags']
  service.add({
    logicalId: api,
    type: 'AWS::AppSync::GraphQLApi',
    properties: {
      Name: config['name'] ?? service.name,
      ...mode(config, false),
      AdditionalAuthenticationProviders: Array.isArray(additional)
        ? additional.map((provider) => mode(provider, true))
        : undefined,
      XrayEnabled: config['xrayEnabled'],
      LogConfig: isObject(log)
        ? present({
            FieldLogLevel: log['level'],
            CloudWatchLogsRoleArn: log['loggingRoleArn'] ?? 'arn:aws:iam::000000000000:role/logs',
            ExcludeVerboseContent: log['excludeVerboseContent'],
          })
        : undefined,
      Tags: isObject(tags) ? tagList(tags) : undefined,
    },
    at,
    written: { Name: ['name'], AuthenticationType: ['authenticationType'], LogConfig: ['logConfig'] },
  })
  const declared = config['schema'] ?? 'schema.graphql'
  const names = Array.isArray(declared) ? declared.flatMap((name) => asText(name) ?? []) : [asText(declared) ?? '']
  const schema = readSchemaFiles(service, names, [...at, 'schema'])
  if (schema !== undefined)
    service.add({
      logicalId: `${prefix}Schema`,
      type: 'AWS::AppSync::GraphQLSchema',
      properties: { ApiId: apiId, Definition: schema.text },
      at: [...at, 'schema'],
      sources: { Definition: schema.file },
    })
  const keys = config['apiKeys']
  const names2 = Array.isArray(keys) ? keys : config['authenticationType'] === 'API_KEY' ? ['Default'] : []
  for (const [index, key] of names2.entries()) {
    const name = asText(key) ?? asText(member(key, 'name')) ?? 'Default'
    service.add({
      logicalId: `${api}Key${normalized(name)}`,
      type: 'AWS::AppSync::ApiKey',
      properties: {
        ApiId: apiId,
        Description: member(key, 'description') ?? name,
        Expires: Math.floor(service.project.now / 1000) + 365 * 86_400,
      },
      at: Array.isArray(keys) ? [...at, 'apiKeys', index] : at,
      alsoNamed: [name],
    })
  }
  const caching = config['caching']
  if (isObject(caching))
    service.add({
      logicalId: `${prefix}Caching`,
      type: 'AWS::AppSync::ApiCache',
      properties: {
        ApiId: apiId,
        ApiCachingBehavior: caching['behavior'],
        Type: caching['type'] ?? 'T2_SMALL',
        Ttl: caching['ttl'] ?? 3_600,
        AtRestEncryptionEnabled: caching['atRestEncryption'] ?? false,
        TransitEncryptionEnabled: caching['transitEncryption'] ?? false,
      },
      at: [...at, 'caching'],
    })
  if (isObject(config['wafConfig'])) service.project.unknownTypes.set('appSync.wafConfig', 1)
}

function mode(declared: unknown, additional: boolean): PlainObject {
  const pool = member(declared, 'userPoolConfig')
  const oidc = member(declared, 'openIdConnectConfig')
  const lambda = member(declared, 'lambdaAuthorizerConfig')
  const functionName = asText(member(lambda, 'functionName'))
  return present({
    AuthenticationType: member(declared, 'authenticationType'),
    UserPoolConfig: isObject(pool)
      ? present({
          UserPoolId: pool['userPoolId'],
          AwsRegion: pool['awsRegion'] ?? { Ref: 'AWS::Region' },
          AppIdClientRegex: pool['appIdClientRegex'],
          DefaultAction: additional ? undefined : (pool['defaultAction'] ?? 'ALLOW'),
        })
      : undefined,
    OpenIDConnectConfig: isObject(oidc)
      ? present({
          Issuer: oidc['issuer'],
          ClientId: oidc['clientId'],
          IatTTL: oidc['iatTTL'],
          AuthTTL: oidc['authTTL'],
        })
      : undefined,
    LambdaAuthorizerConfig: isObject(lambda)
      ? present({
          AuthorizerUri:
            lambda['lambdaFunctionArn'] ??
            lambda['functionArn'] ??
            (functionName === undefined
              ? undefined
              : { 'Fn::GetAtt': [`${normalized(functionName)}LambdaFunction`, 'Arn'] }),
          AuthorizerResultTtlInSeconds: lambda['authorizerResultTtlInSeconds'],
          IdentityValidationExpression: lambda['identityValidationExpression'],
        })
      : undefined,
  })
}

function present(value: PlainObject): PlainObject {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined && item !== null))
}
