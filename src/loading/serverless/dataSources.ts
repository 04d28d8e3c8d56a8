import { asText } from '../cloudformation/values.ts'
import { isObject, member, type Path, type PlainObject } from '../source/document.ts'
import { addFunction, functionLogicalId } from './functions.ts'
import { normalized, type Service } from './service.ts'

/** Actions that the plugins' generated roles allow, by type of source. */
const TABLE_ACTIONS = [
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
  'BatchGetItem',
  'BatchWriteItem',
  'ConditionCheckItem',
].map((name) => `dynamodb:${name}`)

/** Logical id of a data source, in both versions of the plugin. */
export function dataSourceLogicalId(prefix: string, name: string): string {
  return `${prefix}Ds${normalized(name)}`
}

/** One data source of either version of the plugin, with the role that it makes for it. */
export function addDataSource(
  service: Service,
  prefix: string,
  apiId: unknown,
  name: string,
  declared: unknown,
  at: Path,
): void {
  const type = asText(member(declared, 'type'))
  const given = member(declared, 'config')
  const config: PlainObject = isObject(given) ? given : {}
  const logicalId = dataSourceLogicalId(prefix, name)
  if (type === undefined) {
    service.report('error', at, `data source ${name} has no type`)
    return
  }
  const region = config['region'] ?? { Ref: 'AWS::Region' }
  const made: PlainObject = {}
  let statements: PlainObject[] = []
  switch (type) {
    case 'AMAZON_DYNAMODB': {
      const delta = config['deltaSyncConfig']
      made['DynamoDBConfig'] = present({
        TableName: config['tableName'],
        AwsRegion: region,
        UseCallerCredentials: config['useCallerCredentials'],
        Versioned: config['versioned'],
        DeltaSyncConfig: isObject(delta)
          ? present({
              DeltaSyncTableName: delta['deltaSyncTableName'],
              BaseTableTTL: delta['baseTableTTL'] ?? 0,
              DeltaSyncTableTTL: delta['deltaSyncTableTTL'] ?? 60,
            })
          : undefined,
      })
      const tables = [config['tableName'], isObject(delta) ? delta['deltaSyncTableName'] : undefined].filter(
        (table) => table !== undefined,
      )
      statements = [
        {
          Effect: 'Allow',
          Action: TABLE_ACTIONS,
          Resource: tables.flatMap((table) => ['', '/*'].map((suffix) => tableArn(table, region, suffix))),
        },
      ]
      break
    }
    case 'AWS_LAMBDA': {
      const arn = lambdaArn(service, prefix, name, config, [...at, 'config'])
      if (arn === undefined) return
      made['LambdaConfig'] = { LambdaFunctionArn: arn }
      statements = [
        { Effect: 'Allow', Action: ['lambda:invokeFunction'], Resource: [arn, { 'Fn::Join': [':', [arn, '*']] }] },
      ]
      break
    }
    case 'HTTP': {
      const authorization = config['authorizationConfig']
      const iam = member(authorization, 'awsIamConfig')
      made['HttpConfig'] = present({
        Endpoint: config['endpoint'],
        AuthorizationConfig: isObject(authorization)
          ? present({
              AuthorizationType: authorization['authorizationType'],
              AwsIamConfig: isObject(iam)
                ? { SigningRegion: iam['signingRegion'] ?? region, SigningServiceName: iam['signingServiceName'] }
                : undefined,
            })
          : undefined,
      })
      break
    }
    case 'AMAZON_ELASTICSEARCH':
    case 'AMAZON_OPENSEARCH_SERVICE': {
      const domain = config['domain']
      const endpoint =
        config['endpoint'] ??
        (domain === undefined
          ? undefined
          : { 'Fn::Join': ['', ['https://', { 'Fn::GetAtt': [domain, 'DomainEndpoint'] }]] })
      made[type === 'AMAZON_ELASTICSEARCH' ? 'ElasticsearchConfig' : 'OpenSearchServiceConfig'] = present({
        AwsRegion: region,
        Endpoint: endpoint,
      })
      break
    }
    case 'RELATIONAL_DATABASE':
      made['RelationalDatabaseConfig'] = {
        RelationalDatabaseSourceType: config['relationalDatabaseSourceType'] ?? 'RDS_HTTP_ENDPOINT',
        RdsHttpEndpointConfig: present({
          AwsRegion: region,
          DbClusterIdentifier: config['dbClusterIdentifier'],
          DatabaseName: config['databaseName'],
          Schema: config['schema'],
          AwsSecretStoreArn: config['awsSecretStoreArn'],
        }),
      }
      statements = [
        { Effect: 'Allow', Action: ['rds-data:*'], Resource: [config['dbClusterIdentifier']] },
        { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: [config['awsSecretStoreArn']] },
      ]
      break
    case 'AMAZON_EVENTBRIDGE':
      made['EventBridgeConfig'] = present({ EventBusArn: config['eventBusArn'] })
      statements = [{ Effect: 'Allow', Action: ['events:PutEvents'], Resource: [config['eventBusArn']] }]
      break
    default:
  }
  const given2 = config['iamRoleStatements']
  if (Array.isArray(given2)) statements = given2 as PlainObject[]
  const roleId = `${logicalId}Role`
  const role = config['serviceRoleArn'] ?? (statements.length === 0 ? undefined : { 'Fn::GetAtt': [roleId, 'Arn'] })
  if (config['serviceRoleArn'] === undefined && statements.length > 0)
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
        Policies: [
          {
            PolicyName: `GraphQlDs${normalized(name)}Policy`,
            PolicyDocument: { Version: '2012-10-17', Statement: statements },
          },
        ],
      },
      at,
    })
  service.add({
    logicalId,
    type: 'AWS::AppSync::DataSource',
    properties: {
      ApiId: apiId,
      Name: name,
      Description: member(declared, 'description'),
      Type: type,
      ServiceRoleArn: role,
      ...made,
    },
    at,
    written: {
      Type: ['type'],
      DynamoDBConfig: ['config'],
      LambdaConfig: ['config'],
      HttpConfig: ['config'],
      OpenSearchServiceConfig: ['config', 'endpoint'],
      ElasticsearchConfig: ['config', 'endpoint'],
      RelationalDatabaseConfig: ['config'],
      EventBridgeConfig: ['config'],
    },
  })
}

function tableArn(table: unknown, region: unknown, suffix: string): PlainObject {
  return { 'Fn::Join': ['', ['arn:aws:dynamodb:', region, ':', { Ref: 'AWS::AccountId' }, ':table/', table, suffix]] }
}

function lambdaArn(service: Service, prefix: string, name: string, config: PlainObject, at: Path): unknown {
  const arn = config['functionArn'] ?? config['lambdaFunctionArn']
  if (arn !== undefined) return arn
  const functionName = asText(config['functionName'])
  if (functionName !== undefined) {
    if (member(member(service.config, 'functions'), functionName) === undefined) {
      service.report('error', [...at, 'functionName'], `the service has no function ${functionName}`)
      return undefined
    }
    return { 'Fn::GetAtt': [functionLogicalId(functionName), 'Arn'] }
  }
  if (isObject(config['function'])) {
    const inner = `${prefix}Ds${normalized(name)}`
    addFunction(service, member(service.config, 'provider'), inner, config['function'], [...at, 'function'])
    return { 'Fn::GetAtt': [functionLogicalId(inner), 'Arn'] }
  }
  service.report('error', at, `data source ${name} names no function`, 'one of functionName, functionArn, function')
  return undefined
}

function present(value: PlainObject): PlainObject {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined && item !== null))
}
