/**
 * What AppSync refuses beyond its shapes' limits: asked by the management API of a request, and by the loader of a
 * resource that says the same. Each answers the first reason, or undefined.
 */

/** Authentication providers per API (AppSync quotas). */
const MAX_PROVIDERS = 50
/** Functions of a pipeline (AppSync quotas). */
const MAX_PIPELINE_FUNCTIONS = 10
/** Caching keys of a resolver (AppSync quotas). */
const MAX_CACHING_KEYS = 25

type Members = Readonly<Record<string, unknown>>

/** What a mode of authorization needs beside its name. */
const MODE_CONFIGS: Readonly<Record<string, string>> = {
  AMAZON_COGNITO_USER_POOLS: 'userPoolConfig',
  OPENID_CONNECT: 'openIDConnectConfig',
  AWS_LAMBDA: 'lambdaAuthorizerConfig',
}

/** Of an API's modes: each has its configuration, and none occurs twice (pools and issuers may, when they differ). */
export function authenticationProblem(api: Members): string | undefined {
  const additional = Array.isArray(api['additionalAuthenticationProviders'])
    ? api['additionalAuthenticationProviders']
    : []
  const providers = [api, ...additional].filter(isMembers)
  if (providers.length > MAX_PROVIDERS) return `An API can have at most ${MAX_PROVIDERS} authentication providers.`
  const seen = new Set<string>()
  for (const provider of providers) {
    const mode = String(provider['authenticationType'])
    const member = Object.hasOwn(MODE_CONFIGS, mode) ? MODE_CONFIGS[mode] : undefined
    if (member !== undefined && provider[member] === undefined)
      return `Invalid authentication configuration: ${member} is required for ${mode}.`
    const identity = `${mode} ${identityOf(mode, provider)}`.trim()
    if (seen.has(identity)) return `Invalid authentication configuration: ${identity} is configured more than once.`
    seen.add(identity)
  }
  return undefined
}

function identityOf(mode: string, provider: Members): string {
  const pool = provider['userPoolConfig']
  const issuer = provider['openIDConnectConfig']
  if (mode === 'AMAZON_COGNITO_USER_POOLS' && isMembers(pool)) return String(pool['userPoolId'])
  if (mode === 'OPENID_CONNECT' && isMembers(issuer)) return String(issuer['issuer'])
  return ''
}

/** The configuration that each type of data source cannot do without. */
const SOURCE_CONFIGS: Readonly<Record<string, string>> = {
  AMAZON_DYNAMODB: 'dynamodbConfig',
  AWS_LAMBDA: 'lambdaConfig',
  HTTP: 'httpConfig',
  RELATIONAL_DATABASE: 'relationalDatabaseConfig',
  AMAZON_ELASTICSEARCH: 'elasticsearchConfig',
  AMAZON_OPENSEARCH_SERVICE: 'openSearchServiceConfig',
  AMAZON_EVENTBRIDGE: 'eventBridgeConfig',
}

export function dataSourceProblem(source: Members): string | undefined {
  const type = String(source['type'])
  const member = Object.hasOwn(SOURCE_CONFIGS, type) ? SOURCE_CONFIGS[type] : undefined
  return member === undefined || source[member] !== undefined
    ? undefined
    : `${member} is required for a data source of type ${type}.`
}

/** Of the code and templates of a resolver or function: one kind of them, and code with its runtime. */
export function stepProblem(step: Members): string | undefined {
  const { code, runtime, requestMappingTemplate, responseMappingTemplate } = step
  if (code !== undefined && runtime === undefined) return 'Runtime must be specified when code is specified.'
  if (code === undefined && runtime !== undefined) return 'Code must be specified when runtime is specified.'
  if (code !== undefined && (requestMappingTemplate !== undefined || responseMappingTemplate !== undefined))
    return 'Mapping templates cannot be specified together with code.'
  return undefined
}

/** Of a resolver's kind, pipeline and caching. */
export function resolverProblem(resolver: Members): string | undefined {
  const { kind, dataSourceName, pipelineConfig, cachingConfig } = resolver
  if ((kind ?? 'UNIT') === 'UNIT' && typeof dataSourceName !== 'string')
    return 'Data source name must be specified for a UNIT resolver.'
  const functions = isMembers(pipelineConfig) ? pipelineConfig['functions'] : undefined
  if (Array.isArray(functions) && functions.length > MAX_PIPELINE_FUNCTIONS)
    return `A pipeline resolver can have at most ${MAX_PIPELINE_FUNCTIONS} functions.`
  const keys = isMembers(cachingConfig) ? cachingConfig['cachingKeys'] : undefined
  if (Array.isArray(keys) && keys.length > MAX_CACHING_KEYS)
    return `A resolver can have at most ${MAX_CACHING_KEYS} caching keys.`
  return undefined
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
