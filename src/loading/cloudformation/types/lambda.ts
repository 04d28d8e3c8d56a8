import { statSync } from 'node:fs'
import { join } from 'node:path'
import { formatArn } from '../../../aws/arn.ts'
import type { EventSourceMapping, LambdaFunction } from '../../../resources.ts'
import { didYouMean } from '../../nearestName.ts'
import { isInside, ProjectFileError } from '../../projectFiles.ts'
import { plain } from '../../source/document.ts'
import { stableId } from '../../stableId.ts'
import { localPathOf, localPathOfObject } from '../location.ts'
import type { ResourceView } from '../stack.ts'
import { asBoolean, asNumber, asObject, asTags, asText, asTextList } from '../values.ts'
import type { TypeHandlers } from './handler.ts'

const FUNCTION_PROPERTIES = [
  'Architectures',
  'CapacityProviderConfig',
  'Code',
  'CodeSigningConfigArn',
  'DeadLetterConfig',
  'Description',
  'DurableConfig',
  'Environment',
  'EphemeralStorage',
  'FileSystemConfigs',
  'FunctionName',
  'FunctionScalingConfig',
  'Handler',
  'ImageConfig',
  'KmsKeyArn',
  'Layers',
  'LoggingConfig',
  'MemorySize',
  'PackageType',
  'PublishToLatestPublished',
  'RecursiveLoop',
  'ReservedConcurrentExecutions',
  'Role',
  'Runtime',
  'RuntimeManagementConfig',
  'SnapStart',
  'Tags',
  'TenancyConfig',
  'Timeout',
  'TracingConfig',
  'VpcConfig',
]

const DEFAULT_TIMEOUT_SECONDS = 3
const DEFAULT_MEMORY_MB = 128

const nameOf = (resource: ResourceView): string => resource.physicalName('FunctionName', 64)
const arnOf = (resource: ResourceView): string =>
  formatArn({ service: 'lambda', ...resource.stack.scope, resource: `function:${nameOf(resource)}` })

/** Name of a function that a property gives by name, ARN or partial ARN. */
function functionNameOf(text: string): string {
  const parts = text.split(':')
  const at = parts.lastIndexOf('function')
  return (at === -1 ? parts[0] : parts[at + 1]) ?? text
}

const functionArn = (resource: ResourceView): string =>
  formatArn({
    service: 'lambda',
    ...resource.stack.scope,
    resource: `function:${functionNameOf(resource.text('FunctionName') ?? '')}`,
  })

/** The folder or zip file with a function's or layer's code; the expected one when it is missing, which is reported. */
function codePathOf(resource: ResourceView, property: string, inlineName: string): string | undefined {
  const { project } = resource.stack
  const code = resource.get(property)
  const members = asObject(code)
  const inline = asText(members?.['ZipFile'])
  if (inline !== undefined) return project.writeWorkFile(inlineName, inline)
  const key = asText(members?.['S3Key'])
  const location = asText(code)
  const { folder } = resource.declared
  try {
    const path =
      key !== undefined
        ? localPathOfObject(project, folder, asText(members?.['S3Bucket']), key)
        : location !== undefined
          ? localPathOf(project, folder, location)
          : undefined
    if (path === undefined) return undefined
    if (project.files.kindOf(path) === undefined)
      throw new ProjectFileError('MISSING', project.files.display(path), 'does not exist')
    project.files.use(path)
    return path
  } catch (error) {
    if (!(error instanceof ProjectFileError)) throw error
    resource.reportPartial([property], `${error.file} ${error.message}`, `it is the code of ${resource.logicalId}`)
    return join(folder, key === undefined ? (location ?? '') : `asset.${key}`)
  }
}

/** Extensions of the file that a handler stands in, by runtime. */
function handlerExtensions(runtime: string): string[] | undefined {
  if (runtime.startsWith('nodejs')) return ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.tsx']
  if (runtime.startsWith('python')) return ['.py']
  return undefined
}

function checkHandler(resource: ResourceView, codePath: string, runtime: string, handler: string): void {
  const extensions = handlerExtensions(runtime)
  const { files } = resource.stack.project
  // Inline code stands in a folder of ours, under the name that its handler must have.
  if (extensions === undefined || !isInside(codePath, files.boundary) || !isFolder(codePath)) return
  const dot = handler.lastIndexOf('.')
  if (dot <= 0) {
    resource.reportPartial(
      ['Handler'],
      `the handler ${handler} is not of the form FILE.FUNCTION`,
      'for example index.handler',
    )
    return
  }
  const stem = handler.slice(0, dot)
  const file = runtime.startsWith('python') ? stem.replaceAll('.', '/') : stem
  try {
    if (extensions.some((extension) => files.kindOf(files.resolveFrom(codePath, file + extension)) === 'file')) return
    resource.reportPartial(
      ['Handler'],
      `${files.display(join(codePath, file))} does not exist with any of ${extensions.join(' ')}`,
      `the handler is ${handler}`,
    )
  } catch (error) {
    if (!(error instanceof ProjectFileError)) return
    resource.reportPartial(['Handler'], `${error.file} ${error.message}`)
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

const layerName = (resource: ResourceView): string => resource.physicalName('LayerName', 64)
const layerArn = (resource: ResourceView): string =>
  formatArn({ service: 'lambda', ...resource.stack.scope, resource: `layer:${layerName(resource)}:1` })

/** Numbers of the versions of one function, by order of declaration. */
function versionOf(resource: ResourceView): number {
  const name = functionNameOf(resource.text('FunctionName') ?? '')
  let number = 0
  for (const other of resource.stack.resources.values()) {
    if (other.type !== 'AWS::Lambda::Version') continue
    if (functionNameOf(other.text('FunctionName') ?? '') !== name) continue
    number += 1
    if (other === resource) break
  }
  return number
}

const uuidOf = (resource: ResourceView): string => {
  const hex = Buffer.from(stableId(32, resource.stack.arn, resource.logicalId)).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
const mappingArn = (resource: ResourceView): string =>
  formatArn({ service: 'lambda', ...resource.stack.scope, resource: `event-source-mapping:${uuidOf(resource)}` })

export const lambdaTypes: TypeHandlers = {
  'AWS::Lambda::Function': {
    ref: nameOf,
    attributes: { Arn: arnOf },
    load(resource) {
      const { project } = resource.stack
      for (const property of Object.keys(resource.declared.properties)) {
        if (!FUNCTION_PROPERTIES.includes(property))
          resource.report(
            'error',
            [property],
            `Encountered unsupported property ${property}`,
            didYouMean(property, FUNCTION_PROPERTIES).hint,
          )
      }
      if (resource.text('PackageType') === 'Image' || asObject(resource.get('Code'))?.['ImageUri'] !== undefined) {
        resource.report(
          'warning',
          ['PackageType'],
          `function ${resource.logicalId} is a container image, which is not run here`,
        )
        project.unknownTypes.set('AWS::Lambda::Function (Image)', 1)
        return
      }
      const runtime = resource.text('Runtime')
      const handler = resource.text('Handler')
      if (runtime === undefined) resource.report('error', [], 'Runtime is required', 'for example Runtime: nodejs22.x')
      if (handler === undefined)
        resource.report('error', [], 'Handler is required', 'for example Handler: index.handler')
      const inlineName = runtime?.startsWith('python') === true ? 'index.py' : 'index.js'
      const codePath = codePathOf(resource, 'Code', inlineName)
      if (codePath === undefined) resource.report('error', [], 'Code is required')
      if (!resource.has('Role')) resource.report('error', [], 'Role is required')
      if (runtime === undefined || handler === undefined || codePath === undefined) return
      checkHandler(resource, codePath, runtime, handler)
      const timeout = asNumber(resource.get('Timeout')) ?? DEFAULT_TIMEOUT_SECONDS
      if (timeout < 1 || timeout > 900) resource.report('error', ['Timeout'], 'Timeout must be from 1 to 900 seconds')
      const environment = asTags(asObject(resource.get('Environment'))?.['Variables'])
      const layers = asTextList(resource.get('Layers'))
      const concurrency = asNumber(resource.get('ReservedConcurrentExecutions'))
      const target = asText(asObject(resource.get('DeadLetterConfig'))?.['TargetArn'])
      const tags = asTags(resource.get('Tags'))
      const role = resource.text('Role')
      const description = resource.text('Description')
      const fn: LambdaFunction = {
        arn: arnOf(resource),
        functionName: nameOf(resource),
        version: '$LATEST',
        runtime,
        handler,
        codePath,
        ...(isInside(codePath, project.files.boundary) ? { projectRoot: project.files.boundary } : {}),
        timeout,
        memorySize: asNumber(resource.get('MemorySize')) ?? DEFAULT_MEMORY_MB,
        ...(role === undefined ? {} : { role }),
        ...(description === undefined ? {} : { description }),
        ...(environment === undefined ? {} : { environment }),
        ...(layers.length === 0 ? {} : { layers }),
        ...(concurrency === undefined ? {} : { reservedConcurrentExecutions: concurrency }),
        ...(target === undefined ? {} : { deadLetterConfig: { targetArn: target } }),
        lastModified: new Date(project.now).toISOString().replace('Z', '+0000'),
        ...(tags === undefined ? {} : { tags }),
      }
      project.add('AWS::Lambda::Function', fn, (message) => resource.report('error', [], message))
      project.afterwards.push(() => {
        for (const [index, layer] of layers.entries()) {
          if (project.find('AWS::Lambda::LayerVersion', layer) === undefined && !layer.startsWith('unresolved:'))
            resource.report(
              'warning',
              ['Layers', index],
              `the layer ${layer} is not part of the project and is left out`,
            )
        }
      })
    },
  },

  'AWS::Lambda::Version': {
    ref: (resource) => `${functionArn(resource)}:${versionOf(resource)}`,
    attributes: {
      Version: (resource) => String(versionOf(resource)),
      FunctionArn: (resource) => `${functionArn(resource)}:${versionOf(resource)}`,
    },
    load(resource) {
      const { project } = resource.stack
      project.afterwards.push(() => {
        const latest = project.find('AWS::Lambda::Function', functionArn(resource))
        if (latest === undefined) return
        const version = String(versionOf(resource))
        const description = resource.text('Description')
        project.add(
          'AWS::Lambda::Function',
          {
            ...latest,
            arn: `${latest.arn}:${version}`,
            version,
            ...(description === undefined ? {} : { description }),
          },
          (message) => resource.report('error', [], message),
        )
      })
    },
  },

  'AWS::Lambda::Alias': {
    ref: (resource) => `${functionArn(resource)}:${resource.text('Name') ?? ''}`,
    attributes: { AliasArn: (resource) => `${functionArn(resource)}:${resource.text('Name') ?? ''}` },
    load(resource) {
      const name = resource.text('Name')
      const functionVersion = resource.text('FunctionVersion')
      if (name === undefined || functionVersion === undefined) {
        resource.report('error', [], 'an alias needs Name and FunctionVersion')
        return
      }
      const weights = asObject(resource.get('RoutingConfig'))?.['AdditionalVersionWeights']
      const description = resource.text('Description')
      resource.stack.project.add(
        'AWS::Lambda::Alias',
        {
          arn: `${functionArn(resource)}:${name}`,
          functionName: functionNameOf(resource.text('FunctionName') ?? ''),
          name,
          functionVersion,
          ...(description === undefined ? {} : { description }),
          ...(Array.isArray(weights) ? { routingConfig: { AdditionalVersionWeights: weightsOf(weights) } } : {}),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },

  'AWS::Lambda::LayerVersion': {
    ref: layerArn,
    attributes: { LayerVersionArn: layerArn },
    load(resource) {
      const contentPath = codePathOf(resource, 'Content', 'index.js')
      if (contentPath === undefined) {
        resource.report('error', [], 'Content is required')
        return
      }
      const runtimes = asTextList(resource.get('CompatibleRuntimes'))
      resource.stack.project.add(
        'AWS::Lambda::LayerVersion',
        {
          arn: layerArn(resource),
          layerName: layerName(resource),
          version: 1,
          contentPath,
          ...(runtimes.length === 0 ? {} : { compatibleRuntimes: runtimes }),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },

  'AWS::Lambda::EventSourceMapping': {
    ref: uuidOf,
    attributes: { Id: uuidOf, EventSourceMappingArn: mappingArn },
    load(resource) {
      const source = resource.text('EventSourceArn')
      if (source === undefined) {
        resource.report(
          'warning',
          [],
          `${resource.logicalId} has no EventSourceArn: this kind of source is not read here`,
        )
        return
      }
      const batchSize = asNumber(resource.get('BatchSize'))
      const enabled = asBoolean(resource.get('Enabled'))
      const position = resource.text('StartingPosition') as EventSourceMapping['startingPosition']
      const filter = resource.get('FilterCriteria')
      const name = resource.text('FunctionName') ?? ''
      resource.stack.project.add(
        'AWS::Lambda::EventSourceMapping',
        {
          arn: mappingArn(resource),
          uuid: uuidOf(resource),
          functionArn: name.startsWith('arn:') ? name : functionArn(resource),
          eventSourceArn: source,
          ...(batchSize === undefined ? {} : { batchSize }),
          ...(enabled === undefined ? {} : { enabled }),
          ...(position === undefined ? {} : { startingPosition: position }),
          ...(filter === undefined ? {} : { filterCriteria: plain(filter) }),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },
}

/** CloudFormation's list of versions and weights, as the API's map. */
function weightsOf(weights: readonly unknown[]): Record<string, number> {
  return Object.fromEntries(
    weights.flatMap((weight) => {
      const version = asText(asObject(weight)?.['FunctionVersion'])
      const share = asNumber(asObject(weight)?.['FunctionWeight'])
      return version === undefined || share === undefined ? [] : [[version, share]]
    }),
  )
}
