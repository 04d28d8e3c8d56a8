import { randomUUID } from 'node:crypto'
import { AwsError, messageOf } from '../../aws/errors.ts'
import { type ModelName, serviceModel } from '../../aws/model.ts'
import type { TaskOutcome } from './outcome.ts'

/** How AWS's SDK for Java 2 writes a service's name in errors, by the name that resources use. */
const SDK_NAMES: Readonly<Record<string, string>> = {
  apigateway: 'ApiGateway',
  athena: 'Athena',
  batch: 'Batch',
  cloudwatch: 'CloudWatch',
  cloudwatchlogs: 'CloudWatchLogs',
  cognitoidentityprovider: 'CognitoIdentityProvider',
  dynamodb: 'DynamoDb',
  ecs: 'Ecs',
  eventbridge: 'EventBridge',
  glue: 'Glue',
  kms: 'Kms',
  lambda: 'Lambda',
  s3: 'S3',
  scheduler: 'Scheduler',
  secretsmanager: 'SecretsManager',
  sfn: 'Sfn',
  sns: 'Sns',
  sqs: 'Sqs',
  ssm: 'Ssm',
  sts: 'Sts',
}

/** How the integrations of their own (the older SDK) name services: in errors, in causes, and what is unknown to them. */
const OPTIMIZED: Readonly<Record<string, { error: string; service: string; unmodeled: string }>> = {
  dynamodb: { error: 'DynamoDB', service: 'AmazonDynamoDBv2', unmodeled: 'AmazonDynamoDBException' },
  events: { error: 'EventBridge', service: 'AmazonEventBridge', unmodeled: 'AmazonEventBridgeException' },
  lambda: { error: 'Lambda', service: 'AWSLambda', unmodeled: 'AWSLambdaException' },
  sns: { error: 'SNS', service: 'AmazonSNS', unmodeled: 'AmazonSNSException' },
  sqs: { error: 'SQS', service: 'AmazonSQS', unmodeled: 'AmazonSQSException' },
  states: { error: 'StepFunctions', service: 'AWSStepFunctions', unmodeled: 'AWSStepFunctionsException' },
}

const MODELS: Readonly<Record<string, ModelName>> = {
  dynamodb: 'dynamodb',
  sfn: 'stepfunctions',
  states: 'stepfunctions',
  lambda: 'lambda',
}

/** A call of an AWS SDK integration that failed, as its task tells it. */
export function sdkFailure(service: string, error: unknown): TaskOutcome {
  const name = SDK_NAMES[service] ?? capitalized(service)
  if (!(error instanceof AwsError)) {
    return { type: 'failed', error: `${name}.SdkClientException`, cause: messageOf(error) }
  }
  const code = isModeled(service, error.code) ? exceptionName(error.code) : `${name}Exception`
  return {
    type: 'failed',
    error: `${name}.${code}`,
    cause: `${error.message} (Service: ${name}, Status Code: ${error.statusCode}, Request ID: ${requestIdOf(error)}) (SDK Attempt Count: 1)`,
  }
}

/** The same for the services that have an integration of their own. */
export function optimizedFailure(service: string, error: unknown): TaskOutcome {
  const names = OPTIMIZED[service] ?? {
    error: capitalized(service),
    service: capitalized(service),
    unmodeled: undefined,
  }
  if (!(error instanceof AwsError)) {
    return { type: 'failed', error: `${names.error}.SdkClientException`, cause: messageOf(error) }
  }
  const code =
    names.unmodeled === undefined || isModeled(service, error.code) ? exceptionName(error.code) : names.unmodeled
  return {
    type: 'failed',
    error: `${names.error}.${code}`,
    cause: `${error.message} (Service: ${names.service}; Status Code: ${error.statusCode}; Error Code: ${error.code}; Request ID: ${requestIdOf(error)}; Proxy: null)`,
  }
}

/** Whether the SDK has a class for the error; for services without a model here, every error is taken to have one. */
function isModeled(service: string, code: string): boolean {
  const model = MODELS[service]
  return model === undefined || Object.hasOwn(serviceModel(model).shapes, code)
}

function exceptionName(code: string): string {
  const name = code.replaceAll('.', '')
  return name.endsWith('Exception') ? name : `${name}Exception`
}

function requestIdOf(error: AwsError): string {
  const given = error.details['requestId']
  return typeof given === 'string' ? given : randomUUID()
}

function capitalized(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1)
}
