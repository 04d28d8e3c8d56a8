import { asText } from '../cloudformation/values.ts'
import { isObject, member, type PlainObject } from '../source/document.ts'
import { addEvents } from './events.ts'
import type { SamResource } from './expand.ts'
import { addRole, managedPolicy } from './roles.ts'
import { tagList } from './tags.ts'

const PROPERTIES = [
  'Architectures',
  'AssumeRolePolicyDocument',
  'AutoPublishAlias',
  'AutoPublishAliasAllProperties',
  'AutoPublishCodeSha256',
  'CapacityProviderConfig',
  'CodeSigningConfigArn',
  'CodeUri',
  'DeadLetterQueue',
  'DeploymentPreference',
  'Description',
  'DurableConfig',
  'Environment',
  'EphemeralStorage',
  'EventInvokeConfig',
  'Events',
  'FileSystemConfigs',
  'FunctionName',
  'FunctionScalingConfig',
  'FunctionUrlConfig',
  'Handler',
  'ImageConfig',
  'ImageUri',
  'InlineCode',
  'KmsKeyArn',
  'Layers',
  'LoggingConfig',
  'MemorySize',
  'PackageType',
  'PermissionsBoundary',
  'Policies',
  'PropagateTags',
  'ProvisionedConcurrencyConfig',
  'PublishToLatestPublished',
  'RecursiveLoop',
  'ReservedConcurrentExecutions',
  'Role',
  'RolePath',
  'Runtime',
  'RuntimeManagementConfig',
  'SnapStart',
  'SourceKMSKeyArn',
  'Tags',
  'TenancyConfig',
  'Timeout',
  'Tracing',
  'VersionDeletionPolicy',
  'VersionDescription',
  'VpcConfig',
]

/** Properties that AWS::Lambda::Function has under the same name. */
const SAME = [
  'Architectures',
  'Description',
  'Environment',
  'EphemeralStorage',
  'FileSystemConfigs',
  'FunctionName',
  'Handler',
  'ImageConfig',
  'KmsKeyArn',
  'Layers',
  'LoggingConfig',
  'MemorySize',
  'PackageType',
  'RecursiveLoop',
  'ReservedConcurrentExecutions',
  'Runtime',
  'RuntimeManagementConfig',
  'SnapStart',
  'Timeout',
  'VpcConfig',
]

/** Extensions by which esbuild's entry points are named. */
const ENTRY_EXTENSION = /\.[cm]?[jt]sx?$/

/** `AWS::Serverless::Function`: the function, its role, and what its events and aliases need. */
export function expandFunction(resource: SamResource): void {
  const { declared, properties } = resource
  const { logicalId } = declared
  resource.checkNames(PROPERTIES)
  const property = (name: string): unknown => member(properties, name)

  const inline = property('InlineCode')
  const image = property('ImageUri')
  const codeUri = property('CodeUri')
  const code =
    image !== undefined
      ? { ImageUri: image }
      : inline !== undefined
        ? { ZipFile: inline }
        : isObject(codeUri) && codeUri['Key'] !== undefined
          ? { S3Bucket: codeUri['Bucket'], S3Key: codeUri['Key'], S3ObjectVersion: codeUri['Version'] }
          : (codeUri ?? (property('PackageType') === 'Image' ? { ImageUri: 'local' } : undefined))

  if (code === undefined)
    resource.report(
      'error',
      [],
      "'InlineCode', 'CodeUri' or 'ImageUri' must be set.",
      'for example CodeUri: functions/hello',
    )
  const deadLetterQueue = property('DeadLetterQueue')
  const tracing = property('Tracing')
  const made: PlainObject = {
    Code: code,
    Role: property('Role') ?? addRole(resource, 'lambda.amazonaws.com', basicPolicies(resource)),
    Tags: tagList(property('Tags')),
    DeadLetterConfig: isObject(deadLetterQueue) ? { TargetArn: deadLetterQueue['TargetArn'] } : undefined,
    TracingConfig: tracing === undefined ? undefined : { Mode: tracing },
  }
  for (const name of SAME) made[name] = property(name)
  if (made['Handler'] === undefined && made['PackageType'] === undefined && image === undefined)
    resource.report('error', [], 'Handler is required', 'for example Handler: index.handler')
  resource.add({
    logicalId,
    type: 'AWS::Lambda::Function',
    properties: { ...made, Handler: builtHandler(resource, made['Handler']) },
    written: { Code: inline === undefined ? ['CodeUri'] : ['InlineCode'], DeadLetterConfig: ['DeadLetterQueue'] },
  })
  addVersionAndAlias(resource)
  addEvents(resource, { 'Fn::GetAtt': [logicalId, 'Arn'] })
  if (property('FunctionUrlConfig') !== undefined)
    resource.report('info', ['FunctionUrlConfig'], `the URL of function ${logicalId} is not served here`)
}

/** A handler of `sam build`'s esbuild is named after its entry point, which may lie deeper than the built file. */
function builtHandler(resource: SamResource, handler: unknown): unknown {
  const { metadata } = resource.declared
  if (asText(member(metadata, 'BuildMethod')) !== 'esbuild') return handler
  const text = asText(handler)
  const entries = member(member(metadata, 'BuildProperties'), 'EntryPoints')
  const entry = Array.isArray(entries) ? asText(entries[0]) : undefined
  if (text === undefined || entry === undefined) return handler
  const stem = entry.replace(ENTRY_EXTENSION, '')
  const dot = text.lastIndexOf('.')
  return stem.split('/').at(-1) === text.slice(0, dot) ? `${stem}${text.slice(dot)}` : handler
}

function basicPolicies(resource: SamResource): PlainObject[] {
  const policies = [managedPolicy('service-role/AWSLambdaBasicExecutionRole')]
  if (member(resource.properties, 'Tracing') === 'Active') policies.push(managedPolicy('AWSXrayWriteOnlyAccess'))
  if (member(resource.properties, 'VpcConfig') !== undefined)
    policies.push(managedPolicy('service-role/AWSLambdaVPCAccessExecutionRole'))
  return policies
}

/** AutoPublishAlias makes a version and an alias; `!Ref Function.Alias` and `.Version` mean these. */
function addVersionAndAlias(resource: SamResource): void {
  const { template, declared, properties } = resource
  const alias = asText(member(properties, 'AutoPublishAlias'))
  if (alias === undefined) {
    if (member(properties, 'AutoPublishAlias') !== undefined)
      resource.report('warning', ['AutoPublishAlias'], 'an alias by a function of the template is not made here')
    return
  }
  const { logicalId } = declared
  const versionId = `${logicalId}Version`
  const aliasId = `${logicalId}Alias${alias.replaceAll(/[^A-Za-z0-9]/g, '')}`
  resource.add({
    logicalId: versionId,
    type: 'AWS::Lambda::Version',
    properties: { FunctionName: { Ref: logicalId }, Description: member(properties, 'VersionDescription') },
    at: ['AutoPublishAlias'],
  })
  resource.add({
    logicalId: aliasId,
    type: 'AWS::Lambda::Alias',
    properties: {
      Name: alias,
      FunctionName: { Ref: logicalId },
      FunctionVersion: { 'Fn::GetAtt': [versionId, 'Version'] },
    },
    at: ['AutoPublishAlias'],
  })
  template.aliases.set(`${logicalId}.Version`, versionId)
  template.aliases.set(`${logicalId}.Alias`, aliasId)
}
