import { isObject, member } from '../source/document.ts'
import type { SamResource } from './expand.ts'

const PROPERTIES = [
  'CompatibleArchitectures',
  'CompatibleRuntimes',
  'ContentUri',
  'Description',
  'LayerName',
  'LicenseInfo',
  'PublishLambdaVersion',
  'RetentionPolicy',
]

/** `AWS::Serverless::LayerVersion`. */
export function expandLayerVersion(resource: SamResource): void {
  const { declared, properties } = resource
  resource.checkNames(PROPERTIES)
  const content = member(properties, 'ContentUri')
  resource.add({
    logicalId: declared.logicalId,
    type: 'AWS::Lambda::LayerVersion',
    properties: {
      Content:
        isObject(content) && content['Key'] !== undefined
          ? { S3Bucket: content['Bucket'], S3Key: content['Key'] }
          : content,
      LayerName: member(properties, 'LayerName') ?? declared.logicalId,
      CompatibleRuntimes: member(properties, 'CompatibleRuntimes'),
      Description: member(properties, 'Description'),
    },
    written: { Content: ['ContentUri'] },
  })
}
