import { asText } from '../cloudformation/values.ts'
import { member } from '../source/document.ts'
import type { SamResource } from './expand.ts'
import { tagList } from './tags.ts'

const PROPERTIES = [
  'PrimaryKey',
  'PointInTimeRecoverySpecification',
  'ProvisionedThroughput',
  'TableName',
  'Tags',
  'SSESpecification',
]
const KEY_TYPES: Readonly<Record<string, string>> = { String: 'S', Number: 'N', Binary: 'B' }

/** `AWS::Serverless::SimpleTable`: a table with one key, by default `id` of type String. */
export function expandSimpleTable(resource: SamResource): void {
  const { properties } = resource
  resource.checkNames(PROPERTIES)
  const key = member(properties, 'PrimaryKey')
  const name = member(key, 'Name') ?? 'id'
  const declaredType = asText(member(key, 'Type')) ?? 'String'
  const type = Object.hasOwn(KEY_TYPES, declaredType) ? KEY_TYPES[declaredType] : undefined
  if (type === undefined)
    resource.report(
      'error',
      ['PrimaryKey', 'Type'],
      `Invalid 'PrimaryKey' "${declaredType}".`,
      'String, Number or Binary',
    )
  const throughput = member(properties, 'ProvisionedThroughput')
  resource.add({
    logicalId: resource.declared.logicalId,
    type: 'AWS::DynamoDB::Table',
    properties: {
      TableName: member(properties, 'TableName'),
      AttributeDefinitions: [{ AttributeName: name, AttributeType: type ?? 'S' }],
      KeySchema: [{ AttributeName: name, KeyType: 'HASH' }],
      BillingMode: throughput === undefined ? 'PAY_PER_REQUEST' : undefined,
      ProvisionedThroughput: throughput,
      SSESpecification: member(properties, 'SSESpecification'),
      PointInTimeRecoverySpecification: member(properties, 'PointInTimeRecoverySpecification'),
      Tags: tagList(member(properties, 'Tags')),
    },
    written: { KeySchema: ['PrimaryKey'], AttributeDefinitions: ['PrimaryKey'] },
  })
}
