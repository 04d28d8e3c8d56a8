import { asNumber, asText } from '../cloudformation/values.ts'
import { didYouMean } from '../nearestName.ts'
import { tagList } from '../sam/tags.ts'
import { isObject, member, type Path, type PlainObject } from '../source/document.ts'
import { type ReadStep, readCode, readStep, substitute, substitutionsOf } from './code.ts'
import { addDataSource, dataSourceLogicalId } from './dataSources.ts'
import { readSchemaFiles } from './schemaFiles.ts'
import { entriesOf, normalized, type Service } from './service.ts'

const API = 'GraphQlApi'
const PREFIX = 'GraphQl'

const KEYS = [
  'name',
  'apiId',
  'schema',
  'authentication',
  'additionalAuthentications',
  'apiKeys',
  'domain',
  'xrayEnabled',
  'logging',
  'caching',
  'waf',
  'tags',
  'visibility',
  'introspection',
  'queryDepthLimit',
  'resolverCountLimit',
  'environment',
  'esbuild',
  'substitutions',
  'dataSources',
  'resolvers',
  'pipelineFunctions',
  'defaultMappingTemplates',
]

/** Code of a pipeline resolver that gives none. */
const DEFAULT_CODE = `export function request() {
  return {};
}
export function response(ctx) {
  return ctx.prev.result;
}
`
const RUNTIME = { Name: 'APPSYNC_JS', RuntimeVersion: '1.0.0' }

/** Everything of `appSync:`, version 2 of the plugin. */
export async function addAppSyncV2(service: Service, config: PlainObject, at: Path): Promise<void> {
  for (const key of Object.keys(config)) {
    if (!KEYS.includes(key)) service.report('error', [...at, key], `unknown key ${key}`, didYouMean(key, KEYS).hint)
  }
  const apiId = config['apiId'] ?? { 'Fn::GetAtt': [API, 'ApiId'] }
  if (config['apiId'] === undefined) addApi(service, config, at, apiId)

  const inlineSources: [string, unknown, Path][] = []
  const sources = new Set<string>()
  for (const { key, value, at: place } of entriesOf(config['dataSources'], [...at, 'dataSources'])) {
    const name = asText(member(value, 'name')) ?? key
    sources.add(key)
    addDataSource(service, PREFIX, apiId, name, value, place)
  }
  const sourceNames = new Map(
    entriesOf(config['dataSources'], []).map(({ key, value }) => [key, asText(member(value, 'name')) ?? key]),
  )
  /** Name of a data source: of one that exists, or of one that is written inside a resolver. */
  const sourceOf = (declared: unknown, fallback: string, place: Path): unknown => {
    const name = asText(declared)
    if (name !== undefined) {
      const known = sourceNames.get(name)
      if (known === undefined) {
        service.report(
          'error',
          [...place, 'dataSource'],
          `the data source ${name} is not defined`,
          didYouMean(name, sources).hint,
        )
        return name
      }
      return { 'Fn::GetAtt': [dataSourceLogicalId(PREFIX, known), 'Name'] }
    }
    if (!isObject(declared)) return undefined
    const inline = asText(member(declared, 'name')) ?? fallback
    inlineSources.push([inline, declared, place])
    return { 'Fn::GetAtt': [dataSourceLogicalId(PREFIX, inline), 'Name'] }
  }

  const functionNames = new Set<string>()
  const addFunction = async (name: string, declared: unknown, place: Path): Promise<void> => {
    functionNames.add(name)
    const steps = await readSteps(service, config, declared, place, undefined)
    service.add({
      logicalId: `GraphQlFunctionConfiguration${normalized(name)}`,
      type: 'AWS::AppSync::FunctionConfiguration',
      properties: {
        ApiId: apiId,
        Name: name,
        DataSourceName: sourceOf(member(declared, 'dataSource') ?? asText(declared) ?? undefined, `${name}`, place),
        Description: member(declared, 'description'),
        MaxBatchSize: member(declared, 'maxBatchSize'),
        SyncConfig: syncConfig(member(declared, 'sync')),
        ...(steps.properties['Runtime'] === undefined ? { FunctionVersion: '2018-05-29' } : {}),
        ...steps.properties,
      },
      at: place,
      sources: steps.sources,
      written: STEP_NAMES,
    })
  }
  for (const { key, value, at: place } of entriesOf(config['pipelineFunctions'], [...at, 'pipelineFunctions']))
    await addFunction(asText(member(value, 'name')) ?? key, value, place)

  for (const { key, value, at: place } of entriesOf(config['resolvers'], [...at, 'resolvers'])) {
    const [keyType = '', keyField = ''] = key.split('.')
    const typeName = asText(member(value, 'type')) ?? keyType
    const fieldName = asText(member(value, 'field')) ?? keyField
    const declared: unknown = asText(value) === undefined ? value : { kind: 'UNIT', dataSource: value }
    const kind = asText(member(declared, 'kind')) ?? 'PIPELINE'
    const steps = await readSteps(service, config, declared, place, kind)
    const called = member(declared, 'functions')
    const ids: unknown[] = []
    for (const [index, fn] of (Array.isArray(called) ? called : []).entries()) {
      const name = asText(fn) ?? `${typeName}_${fieldName}_${index}`
      if (asText(fn) === undefined) await addFunction(name, fn, [...place, 'functions', index])
      else if (!functionNames.has(name)) {
        service.report(
          'error',
          [...place, 'functions', index],
          `the pipeline function ${name} is not defined`,
          didYouMean(name, functionNames).hint,
        )
        continue
      }
      ids.push({ 'Fn::GetAtt': [`GraphQlFunctionConfiguration${normalized(name)}`, 'FunctionId'] })
    }
    service.add({
      logicalId: `GraphQlResolver${normalized(typeName)}${normalized(fieldName)}`,
      type: 'AWS::AppSync::Resolver',
      properties: {
        ApiId: apiId,
        TypeName: typeName,
        FieldName: fieldName,
        Kind: kind,
        DataSourceName:
          kind === 'UNIT' ? sourceOf(member(declared, 'dataSource'), `${typeName}_${fieldName}`, place) : undefined,
        PipelineConfig: kind === 'PIPELINE' ? { Functions: ids } : undefined,
        MaxBatchSize: member(declared, 'maxBatchSize'),
        SyncConfig: syncConfig(member(declared, 'sync')),
        CachingConfig: cachingConfig(member(declared, 'caching'), config),
        ...steps.properties,
      },
      at: place,
      sources: steps.sources,
      written: { ...STEP_NAMES, DataSourceName: ['dataSource'], PipelineConfig: ['functions'] },
    })
  }
  for (const [name, declared, place] of inlineSources)
    addDataSource(service, PREFIX, apiId, name, declared, [...place, 'dataSource'])
}

const STEP_NAMES: Readonly<Record<string, Path>> = {
  Code: ['code'],
  RequestMappingTemplate: ['request'],
  ResponseMappingTemplate: ['response'],
}

/** Code, or mapping templates, of a resolver or function. `kind` is undefined for functions. */
async function readSteps(
  service: Service,
  config: PlainObject,
  declared: unknown,
  at: Path,
  kind: string | undefined,
): Promise<{ properties: PlainObject; sources: Record<string, string> }> {
  const values = substitutionsOf(config['substitutions'], member(declared, 'substitutions'))
  const properties: PlainObject = {}
  const sources: Record<string, string> = {}
  const put = (property: string, read: ReadStep | undefined, style: 'template' | 'code', name: string): void => {
    const text = asText(read?.value)
    properties[property] =
      text === undefined
        ? style === 'code'
          ? missingCode(name)
          : missingTemplate(name)
        : substitute(text, values, style)
    sources[property] = read?.file ?? name
  }
  const request = member(declared, 'request')
  const response = member(declared, 'response')
  const code = asText(member(declared, 'code'))
  if (code !== undefined) {
    put('Code', await readCode(service, code, [...at, 'code']), 'code', code)
    properties['Runtime'] = RUNTIME
  } else if (request !== undefined || response !== undefined) {
    const requestFile = asText(request)
    const responseFile = asText(response)
    if (requestFile !== undefined && request !== false)
      put('RequestMappingTemplate', readStep(service, requestFile, [...at, 'request']), 'template', requestFile)
    if (responseFile !== undefined && response !== false)
      put('ResponseMappingTemplate', readStep(service, responseFile, [...at, 'response']), 'template', responseFile)
  } else if (kind === 'PIPELINE') {
    properties['Code'] = DEFAULT_CODE
    properties['Runtime'] = RUNTIME
  }
  return { properties, sources }
}

/** In the place of code that could not be read (which has been reported): its field fails and says why. */
export function missingCode(name: string): string {
  return `import { util } from '@aws-appsync/utils'\nexport function request() {\n  util.error(${JSON.stringify(`${name} could not be read when the project was loaded`)}, 'SidestageLoadError')\n}\nexport function response(ctx) {\n  return ctx.result\n}\n`
}

export function missingTemplate(name: string): string {
  return `$util.error("${name.replaceAll(/["\\$#\n]/g, ' ')} could not be read when the project was loaded", "SidestageLoadError")`
}

function addApi(service: Service, config: PlainObject, at: Path, apiId: unknown): void {
  const logging = config['logging']
  const withLogs = isObject(logging) && logging['enabled'] !== false
  const introspection = config['introspection']
  const roleId = 'GraphQlApiLogGroupRole'
  if (withLogs && logging['roleArn'] === undefined)
    service.add({
      logicalId: roleId,
      type: 'AWS::IAM::Role',
      properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: ['appsync.amazonaws.com'] }, Action: ['sts:AssumeRole'] },
          ],
        },
      },
      at: [...at, 'logging'],
    })
  const additional = config['additionalAuthentications']
  const tags = config['tags']
  service.add({
    logicalId: API,
    type: 'AWS::AppSync::GraphQLApi',
    properties: {
      Name: config['name'] ?? service.name,
      ...authentication(service, config['authentication'], [...at, 'authentication'], false),
      AdditionalAuthenticationProviders: Array.isArray(additional)
        ? additional.map((provider, index) =>
            authentication(service, provider, [...at, 'additionalAuthentications', index], true),
          )
        : undefined,
      XrayEnabled: config['xrayEnabled'],
      LogConfig: withLogs
        ? present({
            FieldLogLevel: logging['level'],
            CloudWatchLogsRoleArn: logging['roleArn'] ?? { 'Fn::GetAtt': [roleId, 'Arn'] },
            ExcludeVerboseContent: logging['excludeVerboseContent'],
          })
        : undefined,
      Visibility: config['visibility'],
      IntrospectionConfig: introspection === undefined ? undefined : introspection === false ? 'DISABLED' : 'ENABLED',
      QueryDepthLimit: config['queryDepthLimit'],
      ResolverCountLimit: config['resolverCountLimit'],
      EnvironmentVariables: config['environment'],
      Tags: isObject(tags) ? tagList(tags) : undefined,
    },
    at,
    written: {
      Name: ['name'],
      AuthenticationType: ['authentication', 'type'],
      LogConfig: ['logging'],
      AdditionalAuthenticationProviders: ['additionalAuthentications'],
    },
  })
  const declared = config['schema'] ?? 'schema.graphql'
  const names = Array.isArray(declared) ? declared.flatMap((name) => asText(name) ?? []) : [asText(declared) ?? '']
  const schema = readSchemaFiles(service, names, [...at, 'schema'])
  if (schema !== undefined)
    service.add({
      logicalId: 'GraphQlSchema',
      type: 'AWS::AppSync::GraphQLSchema',
      properties: { ApiId: apiId, Definition: schema.text },
      at: [...at, 'schema'],
      sources: { Definition: schema.file },
    })
  addApiKeys(service, config['apiKeys'], [...at, 'apiKeys'], apiId)
  const caching = config['caching']
  if (isObject(caching) && caching['enabled'] !== false)
    service.add({
      logicalId: 'GraphQlCaching',
      type: 'AWS::AppSync::ApiCache',
      properties: {
        ApiId: apiId,
        ApiCachingBehavior: caching['behavior'],
        Type: caching['type'] ?? 'T2_SMALL',
        Ttl: caching['ttl'] ?? 3600,
        AtRestEncryptionEnabled: caching['atRestEncryption'] ?? false,
        TransitEncryptionEnabled: caching['transitEncryption'] ?? false,
      },
      at: [...at, 'caching'],
      written: { ApiCachingBehavior: ['behavior'], Type: ['type'], Ttl: ['ttl'] },
    })
  for (const part of ['domain', 'waf']) {
    if (isObject(config[part]) && member(config[part], 'enabled') !== false) {
      const key = `appSync.${part}`
      service.project.unknownTypes.set(key, 1)
    }
  }
}

/** One mode: `{type, config}`. */
function authentication(service: Service, declared: unknown, at: Path, additional: boolean): PlainObject {
  const type = asText(member(declared, 'type'))
  if (type === undefined) service.report('error', at, 'authentication needs a type', 'for example API_KEY')
  const given = member(declared, 'config')
  const config: PlainObject = isObject(given) ? given : {}
  const region = config['awsRegion'] ?? { Ref: 'AWS::Region' }
  switch (type) {
    case 'AMAZON_COGNITO_USER_POOLS':
      return {
        AuthenticationType: type,
        UserPoolConfig: present({
          UserPoolId: config['userPoolId'],
          AwsRegion: region,
          AppIdClientRegex: config['appIdClientRegex'],
          DefaultAction: additional ? undefined : (config['defaultAction'] ?? 'ALLOW'),
        }),
      }
    case 'OPENID_CONNECT':
      return {
        AuthenticationType: type,
        OpenIDConnectConfig: present({
          Issuer: config['issuer'],
          ClientId: config['clientId'],
          IatTTL: config['iatTTL'],
          AuthTTL: config['authTTL'],
        }),
      }
    case 'AWS_LAMBDA': {
      const functionName = asText(config['functionName'])
      return {
        AuthenticationType: type,
        LambdaAuthorizerConfig: present({
          AuthorizerUri:
            config['functionArn'] ??
            (functionName === undefined
              ? undefined
              : { 'Fn::GetAtt': [`${normalized(functionName)}LambdaFunction`, 'Arn'] }),
          AuthorizerResultTtlInSeconds: config['authorizerResultTtlInSeconds'],
          IdentityValidationExpression: config['identityValidationExpression'],
        }),
      }
    }
    default:
      return { AuthenticationType: type }
  }
}

const SECONDS_BY_UNIT: Readonly<Record<string, number>> = {
  h: 3_600,
  d: 86_400,
  w: 604_800,
  m: 2_592_000,
  M: 2_592_000,
  y: 31_536_000,
}

function addApiKeys(service: Service, keys: unknown, at: Path, apiId: unknown): void {
  if (!Array.isArray(keys)) return
  for (const [index, key] of keys.entries()) {
    const name = asText(key) ?? asText(member(key, 'name')) ?? 'Default'
    const expiresAfter = member(key, 'expiresAfter')
    const expiresAt = asText(member(key, 'expiresAt'))
    service.add({
      logicalId: `${API}${normalized(name)}`,
      type: 'AWS::AppSync::ApiKey',
      properties: {
        ApiId: apiId,
        ApiKeyId: member(key, 'apiKeyId'),
        Description: member(key, 'description') ?? name,
        Expires:
          expiresAt === undefined
            ? expiry(service, expiresAfter, [...at, index])
            : Math.floor(Date.parse(expiresAt) / 1000),
      },
      at: [...at, index],
      written: { Expires: [expiresAt === undefined ? 'expiresAfter' : 'expiresAt'], Description: ['description'] },
      alsoNamed: [name],
    })
  }
}

/** `expiresAfter`: a number of hours, or a text such as `30d`; a year by default. */
function expiry(service: Service, after: unknown, at: Path): number {
  const now = Math.floor(service.project.now / 1000)
  const hours = asNumber(after)
  if (hours !== undefined) return now + hours * 3_600
  const match = /^(\d{1,6})([hdwmMy])$/.exec(asText(after) ?? '1y')
  if (match === null) {
    service.report(
      'error',
      [...at, 'expiresAfter'],
      `expiresAfter ${String(after)} is not understood`,
      'for example 30d',
    )
    return now + 7 * 86_400
  }
  return now + Math.min(Number(match[1]) * (SECONDS_BY_UNIT[match[2] ?? 'd'] ?? 0), 365 * 86_400)
}

export function syncConfig(sync: unknown): PlainObject | undefined {
  if (!isObject(sync)) return undefined
  const functionName = asText(sync['functionName'])
  const arn =
    sync['functionArn'] ??
    (functionName === undefined ? undefined : { 'Fn::GetAtt': [`${normalized(functionName)}LambdaFunction`, 'Arn'] })
  return present({
    ConflictDetection: sync['conflictDetection'],
    ConflictHandler: sync['conflictHandler'],
    LambdaConflictHandlerConfig: arn === undefined ? undefined : { LambdaConflictHandlerArn: arn },
  })
}

/** `true`, or a time and keys. */
export function cachingConfig(caching: unknown, config: PlainObject): PlainObject | undefined {
  if (caching === undefined || caching === null || caching === false) return undefined
  const ttl = member(caching, 'ttl') ?? member(config['caching'], 'ttl') ?? 3_600
  return present({ Ttl: ttl, CachingKeys: member(caching, 'keys') })
}

function present(value: PlainObject): PlainObject {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined && item !== null))
}
