import { formatArn } from '../../../aws/arn.ts'
import { didYouMean } from '../../nearestName.ts'
import { isObject, type PlainObject, plain } from '../../source/document.ts'
import { stableId } from '../../stableId.ts'
import type { ResourceView } from '../stack.ts'
import { asBoolean, asList, asNumber, asObject, asTags, asText } from '../values.ts'
import type { TypeHandler, TypeHandlers } from './handler.ts'

const MAX_TABLE_NAME = 255
/** Label of the streams of tables that a project declares: AWS's is the time at which the stream was switched on. */
const STREAM_LABEL = '2020-01-01T00:00:00.000'

const nameOf = (resource: ResourceView): string =>
  resource.has('TableName')
    ? resource.physicalName('TableName', MAX_TABLE_NAME)
    : (resource.text('tableName') ?? resource.physicalName('TableName', MAX_TABLE_NAME))

const arnOf = (resource: ResourceView): string =>
  formatArn({ service: 'dynamodb', ...resource.stack.scope, resource: `table/${nameOf(resource)}` })

const streamArnOf = (resource: ResourceView): string => `${arnOf(resource)}/stream/${STREAM_LABEL}`

const TABLE_PROPERTIES = [
  'AttributeDefinitions',
  'BillingMode',
  'ContributorInsightsSpecification',
  'DeletionProtectionEnabled',
  'GlobalSecondaryIndexes',
  'ImportSourceSpecification',
  'KeySchema',
  'KinesisStreamSpecification',
  'LocalSecondaryIndexes',
  'OnDemandThroughput',
  'PointInTimeRecoverySpecification',
  'ProvisionedThroughput',
  'ResourcePolicy',
  'SSESpecification',
  'StreamSpecification',
  'TableClass',
  'TableName',
  'Tags',
  'TimeToLiveSpecification',
  'WarmThroughput',
]

function throughput(value: unknown): PlainObject {
  const declared = asObject(value)
  return {
    NumberOfDecreasesToday: 0,
    ReadCapacityUnits: asNumber(declared?.['ReadCapacityUnits']) ?? 0,
    WriteCapacityUnits: asNumber(declared?.['WriteCapacityUnits']) ?? 0,
  }
}

/** What DescribeTable would answer of a table with these properties. */
function describe(resource: ResourceView, properties: PlainObject): Record<string, unknown> {
  const arn = arnOf(resource)
  const provisioned = properties['ProvisionedThroughput']
  const mode = asText(properties['BillingMode']) ?? (provisioned === undefined ? 'PAY_PER_REQUEST' : 'PROVISIONED')
  const indexes = (name: string, isGlobal: boolean): PlainObject[] | undefined => {
    const declared = asList(properties[name]).filter(isObject)
    if (declared.length === 0) return undefined
    return declared.map((index) => ({
      IndexName: asText(index['IndexName']),
      KeySchema: plain(index['KeySchema']),
      Projection: plain(index['Projection'] ?? { ProjectionType: 'ALL' }),
      ...(isGlobal ? { IndexStatus: 'ACTIVE', ProvisionedThroughput: throughput(index['ProvisionedThroughput']) } : {}),
      IndexSizeBytes: 0,
      ItemCount: 0,
      IndexArn: `${arn}/index/${asText(index['IndexName'])}`,
    }))
  }
  const globalIndexes = indexes('GlobalSecondaryIndexes', true)
  const localIndexes = indexes('LocalSecondaryIndexes', false)
  const stream = asText(asObject(properties['StreamSpecification'])?.['StreamViewType'])
  const tableClass = asText(properties['TableClass'])
  return {
    AttributeDefinitions: plain(properties['AttributeDefinitions'] ?? []),
    TableName: nameOf(resource),
    KeySchema: plain(properties['KeySchema'] ?? []),
    TableStatus: 'ACTIVE',
    CreationDateTime: Math.floor(resource.stack.project.now / 1000),
    ProvisionedThroughput: throughput(provisioned),
    TableSizeBytes: 0,
    ItemCount: 0,
    TableArn: arn,
    TableId: uuidOf(arn),
    ...(mode === 'PAY_PER_REQUEST' ? { BillingModeSummary: { BillingMode: mode } } : {}),
    ...(localIndexes === undefined ? {} : { LocalSecondaryIndexes: localIndexes }),
    ...(globalIndexes === undefined ? {} : { GlobalSecondaryIndexes: globalIndexes }),
    ...(stream === undefined
      ? {}
      : {
          StreamSpecification: { StreamEnabled: true, StreamViewType: stream },
          LatestStreamLabel: STREAM_LABEL,
          LatestStreamArn: streamArnOf(resource),
        }),
    ...(tableClass === undefined ? {} : { TableClassSummary: { TableClass: tableClass } }),
    DeletionProtectionEnabled: asBoolean(properties['DeletionProtectionEnabled']) ?? false,
  }
}

function uuidOf(text: string): string {
  const hex = Buffer.from(stableId(32, 'uuid', text)).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

function loadTable(resource: ResourceView, properties: PlainObject): void {
  const { project } = resource.stack
  const keys = asList(properties['KeySchema']).filter(isObject)
  const defined = new Set(
    asList(properties['AttributeDefinitions']).map((one) => asText(asObject(one)?.['AttributeName'])),
  )
  if (keys.length === 0) resource.report('error', ['KeySchema'], 'KeySchema is required')
  for (const [index, key] of keys.entries()) {
    const name = asText(key['AttributeName'])
    if (!defined.has(name))
      resource.report('error', ['KeySchema', index], `the key attribute ${name} is not among AttributeDefinitions`)
  }
  const timeToLive = asObject(properties['TimeToLiveSpecification'])
  const attribute = asText(timeToLive?.['AttributeName'])
  const tags = asTags(properties['Tags'])
  project.add(
    'AWS::DynamoDB::Table',
    {
      arn: arnOf(resource),
      tableName: nameOf(resource),
      description: describe(resource, properties),
      ...(attribute === undefined
        ? {}
        : { timeToLive: { AttributeName: attribute, Enabled: asBoolean(timeToLive?.['Enabled']) ?? true } }),
      ...(tags === undefined ? {} : { tags }),
    },
    (message) => resource.report('error', [], message),
  )
}

function tableType(
  known: readonly string[],
  toProperties: (resource: ResourceView) => PlainObject = (resource) => resource.all(),
): TypeHandler {
  return {
    ref: nameOf,
    attributes: {
      Arn: arnOf,
      StreamArn: streamArnOf,
      TableId: (resource) => uuidOf(arnOf(resource)),
      // Names that Amplify's custom resource gives its attributes.
      TableArn: arnOf,
      TableName: nameOf,
      TableStreamArn: streamArnOf,
    },
    load(resource) {
      for (const property of Object.keys(resource.declared.properties)) {
        if (!known.includes(property))
          resource.report(
            'error',
            [property],
            `Encountered unsupported property ${property}`,
            didYouMean(property, known).hint,
          )
      }
      loadTable(resource, toProperties(resource))
    },
  }
}

/** Amplify's custom table resource spells its properties in lower case. */
function amplifyProperties(resource: ResourceView): PlainObject {
  const made: PlainObject = {}
  for (const [name, value] of Object.entries(resource.all()))
    made[name.charAt(0).toUpperCase() + name.slice(1)] = pascal(value)
  const ttl = asObject(made['TimeToLiveSpecification'])
  if (ttl !== undefined)
    made['TimeToLiveSpecification'] = {
      AttributeName: ttl['AttributeName'],
      Enabled: ttl['Enabled'] ?? ttl['TtlEnabled'],
    }
  return made
}

function pascal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascal)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.charAt(0).toUpperCase() + key.slice(1), pascal(item)]),
  )
}

/** A global table declares its throughput and streams by replica. */
function globalTableProperties(resource: ResourceView): PlainObject {
  const properties = resource.all()
  const replica = asList(properties['Replicas'])
    .map(asObject)
    .find((one) => one?.['Region'] === resource.stack.scope.region)
  const { Replicas: _, ...rest } = properties
  return {
    BillingMode: 'PAY_PER_REQUEST',
    ...rest,
    ...(replica?.['Tags'] === undefined ? {} : { Tags: replica['Tags'] }),
  }
}

export const dynamodbTypes: TypeHandlers = {
  'AWS::DynamoDB::Table': tableType(TABLE_PROPERTIES),
  'AWS::DynamoDB::GlobalTable': tableType(
    [
      ...TABLE_PROPERTIES,
      'Replicas',
      'WriteProvisionedThroughputSettings',
      'WriteOnDemandThroughputSettings',
      'MultiRegionConsistency',
      'GlobalTableWitnesses',
      'ReadProvisionedThroughputSettings',
      'ReadOnDemandThroughputSettings',
    ],
    globalTableProperties,
  ),
  'Custom::AmplifyDynamoDBTable': tableType(
    [
      'ServiceToken',
      'tableName',
      'attributeDefinitions',
      'keySchema',
      'globalSecondaryIndexes',
      'localSecondaryIndexes',
      'billingMode',
      'provisionedThroughput',
      'streamSpecification',
      'sseSpecification',
      'pointInTimeRecoverySpecification',
      'timeToLiveSpecification',
      'deletionProtectionEnabled',
      'allowDestructiveGraphqlSchemaUpdates',
      'replaceTableUponGsiUpdate',
      'isImported',
      'tags',
    ],
    amplifyProperties,
  ),
}
