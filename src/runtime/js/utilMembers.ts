/** Names of a namespace's members; a namespace below it has a list of its own. */
export interface MemberList {
  readonly [name: string]: true | MemberList
}

function list(names: string, below: Record<string, MemberList> = {}): MemberList {
  const result: Record<string, true | MemberList> = Object.create(null)
  for (const name of names.split(' ')) result[name] = true
  return Object.freeze(Object.assign(result, below))
}

const util = list(
  'appendError authType autoId autoKsuid autoUlid base64Decode base64Encode error escapeJavaScript matches unauthorized ' +
    'urlDecode urlEncode',
  {
    dynamodb: list(
      'fromS3ObjectJson toBinary toBinarySet toBoolean toDynamoDB toList toMap toMapValues toNull toNumber toNumberSet ' +
        'toS3Object toString toStringSet',
    ),
    http: list('addResponseHeader addResponseHeaders copyHeaders'),
    math: list('maxVal minVal randomDouble randomWithinRange roundNum'),
    rds: list('toJsonObject'),
    str: list('normalize'),
    time: list(
      'epochMilliSecondsToFormatted epochMilliSecondsToISO8601 epochMilliSecondsToSeconds nowEpochMilliSeconds ' +
        'nowEpochSeconds nowFormatted nowISO8601 parseFormattedToEpochMilliSeconds parseISO8601ToEpochMilliSeconds',
    ),
    transform: list(
      'toDynamoDBConditionExpression toDynamoDBFilterExpression toElasticsearchQueryDSL toSubscriptionFilter',
    ),
    xml: list('toJsonString toMap'),
  },
)

const extensions = list(
  'evictFromApiCache invalidateSubscriptions setSubscriptionFilter setSubscriptionInvalidationFilter',
)

/**
 * What APPSYNC_JS has of the utilities (the types of @aws-appsync/utils). The service checks a program's types before
 * it runs it, so that a name which only VTL has is refused.
 */
export const members = { util, extensions, module: list('util extensions runtime') }
