import { formatArn } from '../../../aws/arn.ts'
import { plain } from '../../source/document.ts'
import type { ResourceView } from '../stack.ts'
import type { TypeHandler, TypeHandlers } from './handler.ts'

/** Keeps a resource as it is declared, under its ARN: `AWS::CloudFormation::Kept`. */
export function keep(resource: ResourceView, arn: string): void {
  const { project } = resource.stack
  project.add(
    'AWS::CloudFormation::Kept',
    {
      arn,
      logicalId: resource.logicalId,
      type: resource.type,
      properties: plain(resource.all()) as Record<string, unknown>,
    },
    (message) => resource.report('error', [], message),
  )
}

/** ARN for what has none on AWS, or none that we know. */
export function keptArn(resource: ResourceView): string {
  return formatArn({
    service: 'cloudformation',
    ...resource.stack.scope,
    resource: `stack/${resource.stack.name}/resource/${resource.logicalId}`,
  })
}

function arnOf(resource: ResourceView, service: string, path: string, options: { global?: boolean } = {}): string {
  const { scope } = resource.stack
  return formatArn({
    service,
    region: options.global === true ? '' : scope.region,
    accountId: scope.accountId,
    resource: path,
    ...(options.global === true ? {} : {}),
  })
}

/** A type with a name and an ARN that are known without running it. */
function named(
  nameProperty: string,
  arn: (resource: ResourceView, name: string) => string,
  options: { ref?: 'name' | 'arn'; more?: TypeHandler['attributes'] } = {},
): TypeHandler {
  const nameOf = (resource: ResourceView): string => resource.physicalName(nameProperty)
  const arnOfResource = (resource: ResourceView): string => arn(resource, nameOf(resource))
  return {
    ref: options.ref === 'arn' ? arnOfResource : nameOf,
    attributes: { Arn: arnOfResource, ...options.more },
    load: (resource) => keep(resource, arnOfResource(resource)),
  }
}

const queueUrl = (resource: ResourceView): string =>
  `https://sqs.${resource.stack.scope.region}.amazonaws.com/${resource.stack.scope.accountId}/${resource.physicalName('QueueName', 80)}`

const lowerName = (resource: ResourceView, property: string): string =>
  resource.text(property) ?? resource.physicalName(property).toLowerCase()

/** Declared resources that other resources name, but that do not run here. */
export const keptTypes: TypeHandlers = {
  'AWS::SQS::Queue': {
    ref: queueUrl,
    attributes: {
      Arn: (resource) => arnOf(resource, 'sqs', resource.physicalName('QueueName', 80)),
      QueueName: (resource) => resource.physicalName('QueueName', 80),
      QueueUrl: queueUrl,
    },
    load: (resource) => keep(resource, arnOf(resource, 'sqs', resource.physicalName('QueueName', 80))),
  },
  'AWS::SQS::QueuePolicy': { ref: keptArn, attributes: {}, load: (resource) => keep(resource, keptArn(resource)) },
  'AWS::SNS::Topic': named('TopicName', (resource, name) => arnOf(resource, 'sns', name), {
    ref: 'arn',
    more: {
      TopicArn: (resource) => arnOf(resource, 'sns', resource.physicalName('TopicName')),
      TopicName: (resource) => resource.physicalName('TopicName'),
    },
  }),
  'AWS::SNS::Subscription': {
    ref: keptArn,
    attributes: { Arn: keptArn },
    load: (resource) => keep(resource, keptArn(resource)),
  },
  'AWS::SNS::TopicPolicy': { ref: keptArn, attributes: {}, load: (resource) => keep(resource, keptArn(resource)) },
  'AWS::Events::Rule': named('Name', (resource, name) => {
    const bus = resource.text('EventBusName')?.split('/').at(-1)
    return arnOf(resource, 'events', bus === undefined || bus === 'default' ? `rule/${name}` : `rule/${bus}/${name}`)
  }),
  'AWS::Events::EventBus': named('Name', (resource, name) => arnOf(resource, 'events', `event-bus/${name}`), {
    more: { Name: (resource) => resource.physicalName('Name') },
  }),
  'AWS::Scheduler::Schedule': named('Name', (resource, name) =>
    arnOf(resource, 'scheduler', `schedule/${resource.text('GroupName') ?? 'default'}/${name}`),
  ),
  'AWS::Logs::LogGroup': {
    ref: (resource) => resource.physicalName('LogGroupName'),
    // CloudFormation's ARN of a log group ends with `:*`.
    attributes: { Arn: (resource) => arnOf(resource, 'logs', `log-group:${resource.physicalName('LogGroupName')}:*`) },
    load: (resource) => keep(resource, arnOf(resource, 'logs', `log-group:${resource.physicalName('LogGroupName')}`)),
  },
  'AWS::S3::Bucket': {
    ref: (resource) => lowerName(resource, 'BucketName'),
    attributes: {
      Arn: (resource) => `arn:aws:s3:::${lowerName(resource, 'BucketName')}`,
      DomainName: (resource) => `${lowerName(resource, 'BucketName')}.s3.amazonaws.com`,
      RegionalDomainName: (resource) =>
        `${lowerName(resource, 'BucketName')}.s3.${resource.stack.scope.region}.amazonaws.com`,
    },
    load: (resource) => keep(resource, `arn:aws:s3:::${lowerName(resource, 'BucketName')}`),
  },
  'AWS::SSM::Parameter': {
    ref: (resource) => resource.physicalName('Name'),
    attributes: { Type: (resource) => resource.text('Type'), Value: (resource) => resource.text('Value') },
    load: (resource) =>
      keep(resource, arnOf(resource, 'ssm', `parameter/${resource.physicalName('Name').replace(/^\//, '')}`)),
  },
  'AWS::SecretsManager::Secret': named(
    'Name',
    (resource, name) => arnOf(resource, 'secretsmanager', `secret:${name}`),
    {
      ref: 'arn',
      more: { Id: (resource) => arnOf(resource, 'secretsmanager', `secret:${resource.physicalName('Name')}`) },
    },
  ),
  'AWS::Kinesis::Stream': named('Name', (resource, name) => arnOf(resource, 'kinesis', `stream/${name}`)),
  'AWS::KMS::Key': named('KeyId', (resource, name) => arnOf(resource, 'kms', `key/${name}`)),
  'AWS::Lambda::Permission': { ref: keptArn, attributes: {}, load: (resource) => keep(resource, keptArn(resource)) },
  'AWS::Lambda::EventInvokeConfig': {
    ref: keptArn,
    attributes: {},
    load: (resource) => keep(resource, keptArn(resource)),
  },
  'AWS::Lambda::Url': {
    ref: keptArn,
    load: (resource) => {
      note(resource)
      keep(resource, keptArn(resource))
    },
  },
  'AWS::CloudFormation::WaitConditionHandle': { ref: keptArn, attributes: {}, load: () => {} },
  'AWS::CDK::Metadata': { ref: keptArn, attributes: {}, load: () => {} },
}

function note(resource: ResourceView): void {
  const { unknownTypes } = resource.stack.project
  unknownTypes.set(resource.type, (unknownTypes.get(resource.type) ?? 0) + 1)
}

/** Any other type: kept, listed once; `Ref` is its name. */
export const unknownType: TypeHandler = {
  ref: (resource) => resource.physicalName('Name'),
  load(resource) {
    note(resource)
    keep(resource, keptArn(resource))
  },
}
