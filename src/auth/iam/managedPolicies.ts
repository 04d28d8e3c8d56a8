import type { PolicyDocument } from '../../resources.ts'

const allow = (actions: string | string[], resources: string | string[] = '*'): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: resources }],
})

/** Policies that AWS itself keeps, as far as they concern services that are here; by the name after `arn:aws:iam::aws:policy/`. */
export const awsManagedPolicies: ReadonlyMap<string, PolicyDocument> = new Map([
  ['AdministratorAccess', allow('*')],
  [
    'PowerUserAccess',
    {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' }],
    },
  ],
  ['AWSAppSyncAdministrator', allow('appsync:*')],
  [
    'AWSAppSyncInvokeFullAccess',
    allow(['appsync:GraphQL', 'appsync:GetGraphqlApi', 'appsync:ListGraphqlApis', 'appsync:ListApiKeys']),
  ],
  ['AWSStepFunctionsFullAccess', allow('states:*')],
  [
    'AWSStepFunctionsReadOnlyAccess',
    allow([
      'states:ListStateMachines',
      'states:ListActivities',
      'states:Describe*',
      'states:ListExecutions',
      'states:GetExecutionHistory',
    ]),
  ],
  ['AmazonDynamoDBFullAccess', allow('dynamodb:*')],
  [
    'AmazonDynamoDBReadOnlyAccess',
    allow([
      'dynamodb:BatchGetItem',
      'dynamodb:Describe*',
      'dynamodb:Get*',
      'dynamodb:List*',
      'dynamodb:PartiQLSelect',
      'dynamodb:Query',
      'dynamodb:Scan',
    ]),
  ],
  ['AWSLambda_FullAccess', allow('lambda:*')],
  ['service-role/AWSLambdaRole', allow('lambda:InvokeFunction')],
  [
    'service-role/AWSLambdaBasicExecutionRole',
    allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']),
  ],
  [
    'service-role/AWSAppSyncPushToCloudWatchLogs',
    allow(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']),
  ],
])
