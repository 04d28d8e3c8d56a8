import type { PlainObject } from '../source/document.ts'

/** `${Name}` stands for the template's parameter of that name. */
interface Statement {
  actions: readonly string[]
  resources: readonly string[]
}

const ARN = 'arn:${AWS::Partition}'
const HERE = '${AWS::Region}:${AWS::AccountId}'
const table = [`${ARN}:dynamodb:${HERE}:table/\${TableName}`, `${ARN}:dynamodb:${HERE}:table/\${TableName}/index/*`]
const bucket = [`${ARN}:s3:::\${BucketName}`, `${ARN}:s3:::\${BucketName}/*`]

/** SAM's policy templates for what runs here: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html */
const templates: Readonly<Record<string, readonly Statement[]>> = {
  DynamoDBCrudPolicy: [
    {
      actions: [
        'GetItem',
        'DeleteItem',
        'PutItem',
        'Scan',
        'Query',
        'UpdateItem',
        'BatchWriteItem',
        'BatchGetItem',
        'DescribeTable',
        'ConditionCheckItem',
      ].map((name) => `dynamodb:${name}`),
      resources: table,
    },
  ],
  DynamoDBReadPolicy: [
    {
      actions: ['GetItem', 'Scan', 'Query', 'BatchGetItem', 'DescribeTable'].map((name) => `dynamodb:${name}`),
      resources: table,
    },
  ],
  DynamoDBWritePolicy: [
    { actions: ['PutItem', 'UpdateItem', 'BatchWriteItem'].map((name) => `dynamodb:${name}`), resources: table },
  ],
  DynamoDBReconfigurePolicy: [
    { actions: ['dynamodb:UpdateTable'], resources: [`${ARN}:dynamodb:${HERE}:table/\${TableName}`] },
  ],
  DynamoDBBackupFullAccessPolicy: [
    {
      actions: ['dynamodb:CreateBackup', 'dynamodb:DescribeContinuousBackups'],
      resources: [`${ARN}:dynamodb:${HERE}:table/\${TableName}`],
    },
  ],
  DynamoDBStreamReadPolicy: [
    {
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [`${ARN}:dynamodb:${HERE}:table/\${TableName}/stream/\${StreamName}`],
    },
    { actions: ['dynamodb:ListStreams'], resources: [`${ARN}:dynamodb:${HERE}:table/\${TableName}/stream/*`] },
  ],
  LambdaInvokePolicy: [
    { actions: ['lambda:InvokeFunction'], resources: [`${ARN}:lambda:${HERE}:function:\${FunctionName}*`] },
  ],
  StepFunctionsExecutionPolicy: [
    { actions: ['states:StartExecution'], resources: [`${ARN}:states:${HERE}:stateMachine:\${StateMachineName}`] },
  ],
  SQSPollerPolicy: [
    {
      actions: [
        'ChangeMessageVisibility',
        'ChangeMessageVisibilityBatch',
        'DeleteMessage',
        'DeleteMessageBatch',
        'GetQueueAttributes',
        'ReceiveMessage',
      ].map((name) => `sqs:${name}`),
      resources: [`${ARN}:sqs:${HERE}:\${QueueName}`],
    },
  ],
  SQSSendMessagePolicy: [{ actions: ['sqs:SendMessage*'], resources: [`${ARN}:sqs:${HERE}:\${QueueName}`] }],
  SNSPublishMessagePolicy: [{ actions: ['sns:Publish'], resources: [`${ARN}:sns:${HERE}:\${TopicName}`] }],
  SNSCrudPolicy: [
    {
      actions: [
        'sns:ListSubscriptionsByTopic',
        'sns:CreateTopic',
        'sns:SetTopicAttributes',
        'sns:Subscribe',
        'sns:Publish',
      ],
      resources: [`${ARN}:sns:${HERE}:\${TopicName}*`],
    },
  ],
  EventBridgePutEventsPolicy: [
    { actions: ['events:PutEvents'], resources: [`${ARN}:events:${HERE}:event-bus/\${EventBusName}`] },
  ],
  S3ReadPolicy: [
    {
      actions: [
        's3:GetObject',
        's3:ListBucket',
        's3:GetBucketLocation',
        's3:GetObjectVersion',
        's3:GetLifecycleConfiguration',
      ],
      resources: bucket,
    },
  ],
  S3WritePolicy: [{ actions: ['s3:PutObject', 's3:PutObjectAcl', 's3:PutLifecycleConfiguration'], resources: bucket }],
  S3CrudPolicy: [
    {
      actions: [
        's3:GetObject',
        's3:ListBucket',
        's3:GetBucketLocation',
        's3:GetObjectVersion',
        's3:PutObject',
        's3:PutObjectAcl',
        's3:GetLifecycleConfiguration',
        's3:PutLifecycleConfiguration',
        's3:DeleteObject',
      ],
      resources: bucket,
    },
  ],
  SSMParameterReadPolicy: [
    { actions: ['ssm:DescribeParameters'], resources: ['*'] },
    {
      actions: ['ssm:GetParameters', 'ssm:GetParameter', 'ssm:GetParametersByPath'],
      resources: [`${ARN}:ssm:${HERE}:parameter/\${ParameterName}`],
    },
  ],
  AWSSecretsManagerGetSecretValuePolicy: [{ actions: ['secretsmanager:GetSecretValue'], resources: ['${SecretArn}'] }],
  KMSDecryptPolicy: [{ actions: ['kms:Decrypt'], resources: [`${ARN}:kms:${HERE}:key/\${KeyId}`] }],
  KMSEncryptPolicy: [{ actions: ['kms:Encrypt'], resources: [`${ARN}:kms:${HERE}:key/\${KeyId}`] }],
  KinesisStreamReadPolicy: [
    { actions: ['kinesis:ListStreams', 'kinesis:DescribeLimits'], resources: [`${ARN}:kinesis:${HERE}:stream/*`] },
    {
      actions: [
        'kinesis:DescribeStream',
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
      ],
      resources: [`${ARN}:kinesis:${HERE}:stream/\${StreamName}`],
    },
  ],
  CloudWatchPutMetricPolicy: [{ actions: ['cloudwatch:PutMetricData'], resources: ['*'] }],
  SESCrudPolicy: [
    {
      actions: [
        'ses:GetIdentityVerificationAttributes',
        'ses:SendEmail',
        'ses:SendRawEmail',
        'ses:VerifyEmailIdentity',
      ],
      resources: [`${ARN}:ses:${HERE}:identity/\${IdentityName}`],
    },
  ],
  VPCAccessPolicy: [
    {
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DetachNetworkInterface',
      ],
      resources: ['*'],
    },
  ],
}

export const policyTemplateNames: readonly string[] = Object.keys(templates)

/** Statements that a policy template makes; undefined when there is none of that name. */
export function policyTemplate(name: string, parameters: PlainObject): PlainObject[] | undefined {
  const statements = Object.hasOwn(templates, name) ? templates[name] : undefined
  return statements?.map(({ actions, resources }) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: resources.map((resource) => (resource.includes('${') ? { 'Fn::Sub': [resource, parameters] } : resource)),
  }))
}
