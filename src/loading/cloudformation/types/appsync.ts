import {
  apiKeyTimes,
  appsyncArn,
  appsyncEndpoints,
  CUSTOM_ID_TAG,
  GRAPHQL_API_DEFAULTS,
  isUsableId,
} from '../../../aws/appsync.ts'
import { authenticationProblem, dataSourceProblem, resolverProblem, stepProblem } from '../../../aws/appsyncRules.ts'
import type {
  ApiCache,
  ApiKey,
  AppSyncFunction,
  DataSource,
  GraphqlApi,
  Resolver,
  SourceFiles,
} from '../../../resources.ts'
import { APPSYNC_ID_LENGTH, stableId } from '../../stableId.ts'
import { readLocated } from '../location.ts'
import { readModelProperties } from '../modelProperties.ts'
import type { ResourceView } from '../stack.ts'
import { asTags, asText } from '../values.ts'
import type { TypeHandlers } from './handler.ts'
import { keep, keptArn } from './kept.ts'

function idOf(resource: ResourceView): string {
  const { scope, name, project } = resource.stack
  const custom = asTags(resource.get('Tags'))?.[CUSTOM_ID_TAG]
  if (custom !== undefined && isUsableId(custom)) return custom
  return stableId(
    APPSYNC_ID_LENGTH,
    resource.type,
    scope.accountId,
    scope.region,
    project.files.root,
    name,
    resource.logicalId,
  )
}

const apiIdOf = (resource: ResourceView): string => resource.text('ApiId') ?? ''

function keyIdOf(resource: ResourceView): string {
  const { project, name } = resource.stack
  const { apiKeys } = project.settings
  for (const known of [resource.logicalId, ...(resource.declared.alsoNamed ?? [])]) {
    const fixed = apiKeys.get(known)
    if (fixed !== undefined) return fixed
  }
  return resource.text('ApiKeyId') ?? `da2-${stableId(APPSYNC_ID_LENGTH, project.seed, name, resource.logicalId)}`
}

const apiArn = (resource: ResourceView): string => appsyncArn.api(resource.stack.scope, idOf(resource))
const keyArn = (resource: ResourceView): string =>
  appsyncArn.apiKey(resource.stack.scope, apiIdOf(resource), keyIdOf(resource))
const dataSourceArn = (resource: ResourceView): string =>
  appsyncArn.dataSource(resource.stack.scope, apiIdOf(resource), resource.text('Name') ?? '')
const functionArn = (resource: ResourceView): string =>
  appsyncArn.function(resource.stack.scope, apiIdOf(resource), idOf(resource))
const resolverArn = (resource: ResourceView): string =>
  appsyncArn.resolver(
    resource.stack.scope,
    apiIdOf(resource),
    resource.text('TypeName') ?? '',
    resource.text('FieldName') ?? '',
  )

/** Code that refuses to run: in the place of code that could not be read, so that its field fails and says why. */
function failingCode(message: string): string {
  return `import { util } from '@aws-appsync/utils'\nexport function request() {\n  util.error(${JSON.stringify(message)}, 'SidestageLoadError')\n}\nexport function response(ctx) {\n  return ctx.result\n}\n`
}

function failingTemplate(message: string): string {
  const text = message.replaceAll(/["\\$#\n]/g, ' ')
  return `$util.error("${text}", "SidestageLoadError")`
}

/** The file that an inline text comes from. */
function sourceOf(resource: ResourceView, property: string): string {
  const { sources, document } = resource.declared
  return (sources !== undefined && Object.hasOwn(sources, property) ? sources[property] : undefined) ?? document.file
}

/** `Code`, or the file that `CodeS3Location` names; and so for both templates. */
function readSteps(resource: ResourceView): {
  steps: { code?: string; requestMappingTemplate?: string; responseMappingTemplate?: string }
  sourceFiles: SourceFiles
} {
  const steps: ReturnType<typeof readSteps>['steps'] = {}
  const sourceFiles: SourceFiles = {}
  const kinds = [
    ['code', 'Code', 'CodeS3Location'],
    ['requestMappingTemplate', 'RequestMappingTemplate', 'RequestMappingTemplateS3Location'],
    ['responseMappingTemplate', 'ResponseMappingTemplate', 'ResponseMappingTemplateS3Location'],
  ] as const
  for (const [member, inline, located] of kinds) {
    const text = resource.text(inline)
    const location = resource.text(located)
    if (text !== undefined) {
      steps[member] = text
      sourceFiles[member] = sourceOf(resource, inline)
    } else if (location !== undefined) {
      const read = readLocated(resource, located, location)
      const failing = member === 'code' ? failingCode : failingTemplate
      steps[member] = read?.text ?? failing(`${location} could not be read when the project was loaded`)
      sourceFiles[member] = read?.file ?? location
      if (read !== undefined && read.text.trim() === '') {
        resource.reportPartial([located], `${read.file} is empty`)
        steps[member] = failing(`${read.file} is empty`)
      }
    }
  }
  return { steps, sourceFiles }
}

const STEP_PROPERTIES = [
  'Code',
  'CodeS3Location',
  'RequestMappingTemplate',
  'RequestMappingTemplateS3Location',
  'ResponseMappingTemplate',
  'ResponseMappingTemplateS3Location',
]

function fail(resource: ResourceView): (message: string) => void {
  return (message) => resource.report('error', [], message)
}

/** Reports what AppSync would refuse. */
function refuse(resource: ResourceView, problem: string | undefined): void {
  if (problem !== undefined) resource.report('error', [], problem)
}

/** Reports an API that the project does not have; `apiId` may also be one made through the management API. */
function knownApi(resource: ResourceView): boolean {
  const apiId = resource.text('ApiId')
  if (apiId !== undefined && !apiId.startsWith('unresolved:')) return true
  if (apiId === undefined) resource.report('error', [], 'ApiId is required', 'for example ApiId: !GetAtt Api.ApiId')
  return false
}

const keptInAppSync = {
  ref: keptArn,
  load: (resource: ResourceView): void => {
    const { unknownTypes } = resource.stack.project
    unknownTypes.set(resource.type, (unknownTypes.get(resource.type) ?? 0) + 1)
    keep(resource, keptArn(resource))
  },
}

/** Types that `datasources/` has no client for: their fields fail with an error that says so. */
const NOT_RUN: readonly string[] = [
  'RELATIONAL_DATABASE',
  'AMAZON_ELASTICSEARCH',
  'AMAZON_OPENSEARCH_SERVICE',
  'AMAZON_EVENTBRIDGE',
  'AMAZON_BEDROCK_RUNTIME',
] satisfies DataSource['type'][]

export const appsyncTypes: TypeHandlers = {
  'AWS::AppSync::GraphQLApi': {
    ref: apiArn,
    attributes: {
      ApiId: idOf,
      Arn: apiArn,
      GraphQLUrl: (resource) => appsyncEndpoints(resource.stack.project.baseUrl, idOf(resource)).uris.GRAPHQL,
      RealtimeUrl: (resource) => appsyncEndpoints(resource.stack.project.baseUrl, idOf(resource)).uris.REALTIME,
      GraphQLDns: (resource) => appsyncEndpoints(resource.stack.project.baseUrl, idOf(resource)).dns.GRAPHQL,
      RealtimeDns: (resource) => appsyncEndpoints(resource.stack.project.baseUrl, idOf(resource)).dns.REALTIME,
      GraphQLEndpointArn: (resource) => {
        const { scope } = resource.stack
        return `arn:aws:appsync:${scope.region}:${scope.accountId}:endpoints/graphql-api/${idOf(resource)}`
      },
    },
    load(resource) {
      const request = readModelProperties(resource, 'CreateGraphqlApiRequest', ['EnvironmentVariables'])
      if (request === undefined) return
      refuse(resource, authenticationProblem(request))
      if (request['apiType'] === 'MERGED')
        resource.report(
          'warning',
          ['ApiType'],
          `the merged API ${request['name']} is not merged here: it has only the schema that it declares`,
        )
      const variables = asTags(resource.get('EnvironmentVariables'))
      const api = {
        ...GRAPHQL_API_DEFAULTS,
        ...request,
        arn: apiArn(resource),
        apiId: idOf(resource),
        ...appsyncEndpoints(resource.stack.project.baseUrl, idOf(resource)),
        owner: resource.stack.scope.accountId,
        tags: asTags(resource.get('Tags')) ?? {},
        ...(variables === undefined ? {} : { environmentVariables: variables }),
      }
      resource.stack.project.add('AWS::AppSync::GraphQLApi', api as unknown as GraphqlApi, fail(resource))
    },
  },

  'AWS::AppSync::GraphQLSchema': {
    ref: (resource) => `${apiIdOf(resource)}GraphQLSchema`,
    attributes: { Id: (resource) => `${apiIdOf(resource)}GraphQLSchema` },
    properties: ['ApiId', 'Definition', 'DefinitionS3Location'],
    load(resource) {
      if (!knownApi(resource)) return
      const { scope, project } = resource.stack
      const inline = resource.text('Definition')
      const location = resource.text('DefinitionS3Location')
      if (inline === undefined && location === undefined) {
        resource.report('error', [], 'a schema needs Definition or DefinitionS3Location')
        return
      }
      const read =
        inline === undefined
          ? readLocated(resource, 'DefinitionS3Location', location ?? '', 'by the API')
          : { text: inline, file: sourceOf(resource, 'Definition') }
      const common = { arn: appsyncArn.schema(scope, apiIdOf(resource)), apiId: apiIdOf(resource) }
      project.add(
        'AWS::AppSync::GraphQLSchema',
        read === undefined
          ? { ...common, definition: '', status: 'FAILED', details: `${location} could not be read` }
          : { ...common, definition: read.text, status: 'SUCCESS', sourceFile: read.file },
        fail(resource),
      )
    },
  },

  'AWS::AppSync::ApiKey': {
    ref: keyArn,
    attributes: { ApiKey: keyIdOf, ApiKeyId: keyIdOf, Arn: keyArn },
    load(resource) {
      if (!knownApi(resource)) return
      const request = readModelProperties(resource, 'CreateApiKeyRequest', ['ApiKeyId'])
      if (request === undefined) return
      const { project } = resource.stack
      const given = typeof request['expires'] === 'number' ? request['expires'] : undefined
      const times = apiKeyTimes(given, project.now)
      const id = keyIdOf(resource)
      if (times.expires * 1000 <= project.now)
        resource.report(
          'warning',
          ['Expires'],
          `the API key ended on ${new Date(times.expires * 1000).toISOString()}`,
          'leave Expires out for seven days from now',
        )
      const key: ApiKey = {
        arn: keyArn(resource),
        apiId: apiIdOf(resource),
        id,
        ...(typeof request['description'] === 'string' ? { description: request['description'] } : {}),
        ...times,
      }
      project.add('AWS::AppSync::ApiKey', key, fail(resource))
    },
  },

  'AWS::AppSync::DataSource': {
    ref: dataSourceArn,
    attributes: { DataSourceArn: dataSourceArn, Name: (resource) => resource.text('Name') },
    load(resource) {
      if (!knownApi(resource)) return
      const request = readModelProperties(resource, 'CreateDataSourceRequest', [])
      if (request === undefined) return
      const source = { ...request, arn: dataSourceArn(resource), apiId: apiIdOf(resource) }
      refuse(resource, dataSourceProblem(request))
      const type = request['type']
      if (NOT_RUN.includes(String(type)))
        resource.report(
          'warning',
          ['Type'],
          `data sources of type ${type} are not run here: fields that use ${resource.text('Name')} fail`,
        )
      resource.stack.project.add('AWS::AppSync::DataSource', source as unknown as DataSource, fail(resource))
    },
  },

  'AWS::AppSync::FunctionConfiguration': {
    ref: functionArn,
    attributes: {
      FunctionId: idOf,
      FunctionArn: functionArn,
      Name: (resource) => resource.text('Name'),
      DataSourceName: (resource) => resource.text('DataSourceName'),
    },
    load(resource) {
      if (!knownApi(resource)) return
      const { steps, sourceFiles } = readSteps(resource)
      const request = readModelProperties(resource, 'CreateFunctionRequest', STEP_PROPERTIES, steps)
      if (request === undefined) return
      const made = {
        ...(request['runtime'] === undefined ? { functionVersion: '2018-05-29' } : {}),
        ...request,
        arn: functionArn(resource),
        apiId: apiIdOf(resource),
        functionId: idOf(resource),
        sourceFiles,
      } as unknown as AppSyncFunction
      refuse(resource, stepProblem(request))
      resource.stack.project.add('AWS::AppSync::FunctionConfiguration', made, fail(resource))
      requireDataSource(resource, made.dataSourceName)
    },
  },

  'AWS::AppSync::Resolver': {
    ref: resolverArn,
    attributes: {
      ResolverArn: resolverArn,
      TypeName: (resource) => resource.text('TypeName'),
      FieldName: (resource) => resource.text('FieldName'),
    },
    load(resource) {
      if (!knownApi(resource)) return
      const { steps, sourceFiles } = readSteps(resource)
      const request = readModelProperties(resource, 'CreateResolverRequest', STEP_PROPERTIES, steps)
      if (request === undefined) return
      const made = {
        kind: 'UNIT',
        ...request,
        arn: resolverArn(resource),
        apiId: apiIdOf(resource),
        sourceFiles,
      } as unknown as Resolver
      resource.stack.project.add('AWS::AppSync::Resolver', made, fail(resource))
      if (made.kind === 'UNIT' && made.dataSourceName !== undefined) requireDataSource(resource, made.dataSourceName)
      refuse(resource, resolverProblem(request) ?? stepProblem(request))
      requireFunctions(resource, made.pipelineConfig?.functions ?? [])
    },
  },

  'AWS::AppSync::ApiCache': {
    ref: (resource) => appsyncArn.apiCache(resource.stack.scope, apiIdOf(resource)),
    attributes: { Id: (resource) => appsyncArn.apiCache(resource.stack.scope, apiIdOf(resource)) },
    load(resource) {
      if (!knownApi(resource)) return
      const request = readModelProperties(resource, 'CreateApiCacheRequest', [])
      if (request === undefined) return
      const cache = {
        ...request,
        arn: appsyncArn.apiCache(resource.stack.scope, apiIdOf(resource)),
        apiId: apiIdOf(resource),
        status: 'AVAILABLE',
      }
      resource.stack.project.add('AWS::AppSync::ApiCache', cache as unknown as ApiCache, fail(resource))
    },
  },

  'AWS::AppSync::DomainName': {
    ...keptInAppSync,
    ref: (resource) => resource.text('DomainName'),
    attributes: {
      DomainName: (resource) => resource.text('DomainName'),
      AppSyncDomainName: (resource) => resource.text('DomainName'),
      HostedZoneId: () => 'Z00000000000000000000',
      Arn: keptArn,
      DomainNameArn: keptArn,
    },
  },
  'AWS::AppSync::DomainNameApiAssociation': keptInAppSync,
  'AWS::AppSync::SourceApiAssociation': keptInAppSync,
  'AWS::AppSync::Api': {
    ...keptInAppSync,
    ref: apiArn,
    attributes: {
      ApiId: idOf,
      ApiArn: apiArn,
      'Dns.Http': (resource) => new URL(resource.stack.project.baseUrl).host,
      'Dns.Realtime': (resource) => new URL(resource.stack.project.baseUrl).host,
    },
  },
  'AWS::AppSync::ChannelNamespace': { ...keptInAppSync, attributes: { ChannelNamespaceArn: keptArn } },
}

/** Checked when all is loaded: CreateResolver and CreateFunction refuse a data source that is not there. */
function requireDataSource(resource: ResourceView, name: string | undefined): void {
  const { project, scope } = resource.stack
  if (name === undefined || name.startsWith('unresolved:')) {
    if (name === undefined) resource.report('error', [], 'DataSourceName is required')
    return
  }
  project.afterwards.push(() => {
    if (project.find('AWS::AppSync::DataSource', appsyncArn.dataSource(scope, apiIdOf(resource), name)) === undefined)
      resource.report('error', ['DataSourceName'], `No data source found named ${name}`)
  })
}

function requireFunctions(resource: ResourceView, functionIds: readonly unknown[]): void {
  const { project, scope } = resource.stack
  project.afterwards.push(() => {
    for (const [index, id] of functionIds.entries()) {
      const functionId = asText(id) ?? ''
      if (functionId.startsWith('unresolved:')) continue
      if (
        project.find(
          'AWS::AppSync::FunctionConfiguration',
          appsyncArn.function(scope, apiIdOf(resource), functionId),
        ) === undefined
      )
        resource.report(
          'error',
          ['PipelineConfig', 'Functions', index],
          `The specified functions [${functionId}] must exist before referencing them from a resolver.`,
        )
    }
  })
}
