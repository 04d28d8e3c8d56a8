import type { ModelName } from '../aws/model.ts'
import type { ServiceEndpoints } from './endpoints.ts'

/** How a service of AWS is reached that another process answers for. */
export interface RemoteService {
  /** As in `AWS_ENDPOINT_URL_VARIABLE`: the model's serviceId. */
  variable: string
  /** First label of the service's hosts at AWS. */
  host: string
  signingName: string
  protocol: { type: 'json'; version: '1.0' | '1.1'; targetPrefix: string } | { type: 'query' }
  /** Where the service's shapes are known: names and types of members go by them. */
  model?: ModelName
}

const json = (version: '1.0' | '1.1', targetPrefix: string): RemoteService['protocol'] => ({
  type: 'json',
  version,
  targetPrefix,
})

const EVENTBRIDGE: RemoteService = {
  variable: 'EVENTBRIDGE',
  host: 'events',
  signingName: 'events',
  protocol: json('1.1', 'AWSEvents'),
  model: 'events',
}
const STEP_FUNCTIONS: RemoteService = {
  variable: 'SFN',
  host: 'states',
  signingName: 'states',
  protocol: json('1.0', 'AWSStepFunctions'),
  model: 'stepfunctions',
}

/** By the names that resources of tasks use: `sqs:sendMessage`, `aws-sdk:secretsmanager:getSecretValue`. */
const SERVICES: Readonly<Record<string, RemoteService>> = {
  cloudwatchlogs: {
    variable: 'CLOUDWATCH_LOGS',
    host: 'logs',
    signingName: 'logs',
    protocol: json('1.1', 'Logs_20140328'),
    model: 'logs',
  },
  cognitoidentityprovider: {
    variable: 'COGNITO_IDENTITY_PROVIDER',
    host: 'cognito-idp',
    signingName: 'cognito-idp',
    protocol: json('1.1', 'AWSCognitoIdentityProviderService'),
    model: 'cognito-idp',
  },
  dynamodb: {
    variable: 'DYNAMODB',
    host: 'dynamodb',
    signingName: 'dynamodb',
    protocol: json('1.0', 'DynamoDB_20120810'),
    model: 'dynamodb',
  },
  dynamodbstreams: {
    variable: 'DYNAMODB_STREAMS',
    host: 'streams.dynamodb',
    signingName: 'dynamodb',
    protocol: json('1.0', 'DynamoDBStreams_20120810'),
    model: 'dynamodbstreams',
  },
  eventbridge: EVENTBRIDGE,
  events: EVENTBRIDGE,
  kms: { variable: 'KMS', host: 'kms', signingName: 'kms', protocol: json('1.1', 'TrentService') },
  secretsmanager: {
    variable: 'SECRETS_MANAGER',
    host: 'secretsmanager',
    signingName: 'secretsmanager',
    protocol: json('1.1', 'secretsmanager'),
  },
  sfn: STEP_FUNCTIONS,
  sns: { variable: 'SNS', host: 'sns', signingName: 'sns', protocol: { type: 'query' }, model: 'sns' },
  sqs: { variable: 'SQS', host: 'sqs', signingName: 'sqs', protocol: json('1.0', 'AmazonSQS'), model: 'sqs' },
  ssm: { variable: 'SSM', host: 'ssm', signingName: 'ssm', protocol: json('1.1', 'AmazonSSM') },
  states: STEP_FUNCTIONS,
}

/** @param name As a task's resource writes it. */
export function remoteService(name: string): RemoteService | undefined {
  return Object.hasOwn(SERVICES, name) ? SERVICES[name] : undefined
}

const AWS_HOST = /^([a-z0-9.-]+)\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?$/

/** The endpoint that is set for the service of an AWS host (`sqs.eu-west-1.amazonaws.com`), if any. */
export function endpointOfHost(hostname: string, endpoints: ServiceEndpoints): string | undefined {
  const label = AWS_HOST.exec(hostname)?.[1]?.replace(/^sync-/, '')
  if (label === undefined) return undefined
  const known = Object.values(SERVICES).find(({ host }) => host === label)
  // Of the others the host's label and the serviceId are mostly the same words: bedrock-runtime, BEDROCK_RUNTIME.
  return endpoints.get(known?.variable ?? label.toUpperCase().replaceAll(/[.-]/g, '_'))
}
