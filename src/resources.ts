/**
 * The resources of an account, named and shaped as the AWS APIs (or, where there is no API for it, CloudFormation)
 * have them. Types only. Every resource has the ARN that the catalog keeps it under.
 */

interface Resource {
  arn: string
}

export type AuthenticationType = 'API_KEY' | 'AWS_IAM' | 'AMAZON_COGNITO_USER_POOLS' | 'OPENID_CONNECT' | 'AWS_LAMBDA'

export interface OpenIDConnectConfig {
  issuer: string
  clientId?: string
  /** Milliseconds. */
  iatTTL?: number
  /** Milliseconds. */
  authTTL?: number
}

export interface UserPoolConfig {
  userPoolId: string
  awsRegion: string
  defaultAction?: 'ALLOW' | 'DENY'
  appIdClientRegex?: string
}

export interface LambdaAuthorizerConfig {
  authorizerUri: string
  /** Seconds, 0–3600. @default 300 */
  authorizerResultTtlInSeconds?: number
  identityValidationExpression?: string
}

export interface AuthenticationProvider {
  authenticationType: AuthenticationType
  openIDConnectConfig?: OpenIDConnectConfig
  userPoolConfig?: UserPoolConfig
  lambdaAuthorizerConfig?: LambdaAuthorizerConfig
}

/** `arn:aws:appsync:REGION:ACCOUNT:apis/ID` */
export interface GraphqlApi extends Resource, AuthenticationProvider {
  name: string
  apiId: string
  uris: Record<string, string>
  dns?: Record<string, string>
  additionalAuthenticationProviders?: AuthenticationProvider[]
  logConfig?: { fieldLogLevel: string; cloudWatchLogsRoleArn: string; excludeVerboseContent?: boolean }
  xrayEnabled?: boolean
  wafWebAclArn?: string
  visibility?: 'GLOBAL' | 'PRIVATE'
  apiType?: 'GRAPHQL' | 'MERGED'
  mergedApiExecutionRoleArn?: string
  owner?: string
  ownerContact?: string
  introspectionConfig?: 'ENABLED' | 'DISABLED'
  /** 0 is no limit. */
  queryDepthLimit?: number
  /** 0 is 10,000. */
  resolverCountLimit?: number
  tags?: Record<string, string>
  enhancedMetricsConfig?: Record<string, unknown>
  environmentVariables?: Record<string, string>
}

/** `…:apis/ID/apikeys/KEY` */
export interface ApiKey extends Resource {
  apiId: string
  id: string
  description?: string
  /** Seconds since the epoch, rounded down to the hour. */
  expires: number
  deletes?: number
}

/** `…:apis/ID/schema` */
export interface GraphqlSchema extends Resource {
  apiId: string
  /** SDL as uploaded. */
  definition: string
  status: 'PROCESSING' | 'ACTIVE' | 'DELETING' | 'FAILED' | 'SUCCESS' | 'NOT_APPLICABLE'
  details?: string
  /** How the last upload ended: one that failed leaves `definition` as it was before. */
  creation?: { status: 'SUCCESS' | 'FAILED'; details?: string }
  /** Where it came from, for messages. */
  sourceFile?: string
}

export type DataSourceType =
  | 'NONE'
  | 'AMAZON_DYNAMODB'
  | 'AWS_LAMBDA'
  | 'HTTP'
  | 'RELATIONAL_DATABASE'
  | 'AMAZON_ELASTICSEARCH'
  | 'AMAZON_OPENSEARCH_SERVICE'
  | 'AMAZON_EVENTBRIDGE'
  | 'AMAZON_BEDROCK_RUNTIME'

/** `…:apis/ID/datasources/NAME`; the API calls the ARN `dataSourceArn`. */
export interface DataSource extends Resource {
  apiId: string
  name: string
  description?: string
  type: DataSourceType
  serviceRoleArn?: string
  dynamodbConfig?: {
    tableName: string
    awsRegion: string
    useCallerCredentials?: boolean
    versioned?: boolean
    deltaSyncConfig?: Record<string, unknown>
  }
  lambdaConfig?: { lambdaFunctionArn: string }
  httpConfig?: {
    endpoint?: string
    authorizationConfig?: {
      authorizationType: 'AWS_IAM'
      awsIamConfig?: { signingRegion?: string; signingServiceName?: string }
    }
  }
  elasticsearchConfig?: { endpoint: string; awsRegion: string }
  openSearchServiceConfig?: { endpoint: string; awsRegion: string }
  relationalDatabaseConfig?: Record<string, unknown>
  eventBridgeConfig?: { eventBusArn: string }
  metricsConfig?: 'ENABLED' | 'DISABLED'
}

export interface AppSyncRuntime {
  name: 'APPSYNC_JS'
  runtimeVersion: string
}

export interface SyncConfig {
  conflictHandler?: 'OPTIMISTIC_CONCURRENCY' | 'LAMBDA' | 'AUTOMERGE' | 'NONE'
  conflictDetection?: 'VERSION' | 'NONE'
  lambdaConflictHandlerConfig?: { lambdaConflictHandlerArn?: string }
}

/** Where code or a template came from, so that errors can name it. */
export interface SourceFiles {
  code?: string
  requestMappingTemplate?: string
  responseMappingTemplate?: string
}

/** `…:apis/ID/types/TYPE/resolvers/FIELD`; the API calls the ARN `resolverArn`. */
export interface Resolver extends Resource {
  apiId: string
  typeName: string
  fieldName: string
  dataSourceName?: string
  kind: 'UNIT' | 'PIPELINE'
  pipelineConfig?: { functions?: string[] }
  requestMappingTemplate?: string
  responseMappingTemplate?: string
  code?: string
  runtime?: AppSyncRuntime
  cachingConfig?: { ttl: number; cachingKeys?: string[] }
  syncConfig?: SyncConfig
  maxBatchSize?: number
  metricsConfig?: 'ENABLED' | 'DISABLED'
  sourceFiles?: SourceFiles
}

/** `…:apis/ID/functions/FUNCTION_ID`; the API calls the ARN `functionArn`. */
export interface AppSyncFunction extends Resource {
  apiId: string
  functionId: string
  name: string
  description?: string
  dataSourceName: string
  functionVersion?: string
  requestMappingTemplate?: string
  responseMappingTemplate?: string
  code?: string
  runtime?: AppSyncRuntime
  syncConfig?: SyncConfig
  maxBatchSize?: number
  sourceFiles?: SourceFiles
}

/** `…:apis/ID/apicache` */
export interface ApiCache extends Resource {
  apiId: string
  /** Seconds, 1–3600. */
  ttl: number
  apiCachingBehavior: 'FULL_REQUEST_CACHING' | 'PER_RESOLVER_CACHING' | 'OPERATION_LEVEL_CACHING'
  transitEncryptionEnabled?: boolean
  atRestEncryptionEnabled?: boolean
  type: string
  status?: string
  healthMetricsConfig?: 'ENABLED' | 'DISABLED'
}

/** `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME`: DynamoDB's TableDescription plus TTL and tags. */
export interface Table extends Resource {
  tableName: string
  /** TableDescription of DescribeTable as DynamoDB words it (PascalCase members). */
  description: Record<string, unknown>
  timeToLive?: { AttributeName: string; Enabled: boolean }
  tags?: Record<string, string>
}

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:VERSION]`: FunctionConfiguration plus where the code is. */
export interface LambdaFunction extends Resource {
  functionName: string
  /** `$LATEST` or a number. */
  version: string
  /** Absent for functions of any runtime that ship a `bootstrap`: `provided.al2023` etc. are values too. */
  runtime: string
  handler: string
  role?: string
  description?: string
  /** Absolute folder (or .zip file) with the code. */
  codePath: string
  /** The project folder that `codePath` must stay in. */
  projectRoot?: string
  /** Seconds, 1–900. @default 3 */
  timeout: number
  /** MB. @default 128 */
  memorySize: number
  environment?: Record<string, string>
  layers?: string[]
  reservedConcurrentExecutions?: number
  deadLetterConfig?: { targetArn: string }
  codeSha256?: string
  codeSize?: number
  lastModified?: string
  tags?: Record<string, string>
}

/** `…:function:NAME:ALIAS` */
export interface LambdaAlias extends Resource {
  functionName: string
  name: string
  functionVersion: string
  description?: string
  routingConfig?: { AdditionalVersionWeights?: Record<string, number> }
}

/** `arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION` */
export interface LayerVersion extends Resource {
  layerName: string
  version: number
  contentPath: string
  compatibleRuntimes?: string[]
}

/** A queue or stream that invokes a function; `arn:aws:lambda:REGION:ACCOUNT:event-source-mapping:UUID`. */
export interface EventSourceMapping extends Resource {
  uuid: string
  functionArn: string
  eventSourceArn: string
  batchSize?: number
  enabled?: boolean
  startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  filterCriteria?: unknown
}

/** `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME` */
export interface StateMachine extends Resource {
  name: string
  /** Amazon States Language, JSON text, as created. */
  definition: string
  roleArn: string
  type: 'STANDARD' | 'EXPRESS'
  /** Milliseconds since the epoch. */
  creationDate: number
  updateDate?: number
  revisionId?: string
  description?: string
  label?: string
  status: 'ACTIVE' | 'DELETING'
  /** Highest number that a version ever had; numbers are never used again. */
  lastVersion?: number
  loggingConfiguration?: Record<string, unknown>
  tracingConfiguration?: Record<string, unknown>
  encryptionConfiguration?: Record<string, unknown>
  tags?: Record<string, string>
  sourceFile?: string
}

/** `…:stateMachine:NAME:VERSION` */
export interface StateMachineVersion extends Resource {
  stateMachineArn: string
  version: number
  definition: string
  roleArn: string
  type: 'STANDARD' | 'EXPRESS'
  revisionId?: string
  description?: string
  creationDate: number
  loggingConfiguration?: Record<string, unknown>
  tracingConfiguration?: Record<string, unknown>
  encryptionConfiguration?: Record<string, unknown>
}

/** `…:stateMachine:NAME:ALIAS` */
export interface StateMachineAlias extends Resource {
  stateMachineArn: string
  name: string
  description?: string
  routingConfiguration: { stateMachineVersionArn: string; weight: number }[]
  creationDate: number
  updateDate: number
}

/** `arn:aws:states:REGION:ACCOUNT:activity:NAME` */
export interface Activity extends Resource {
  name: string
  creationDate: number
  encryptionConfiguration?: Record<string, unknown>
  tags?: Record<string, string>
}

/** `arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID` */
export interface UserPool extends Resource {
  id: string
  name: string
  /** CloudFormation properties as declared. */
  properties: Record<string, unknown>
  local: boolean
}

/** `…:userpool/ID/client/CLIENT_ID` */
export interface UserPoolClient extends Resource {
  userPoolId: string
  clientId: string
  clientName: string
  clientSecret?: string
  explicitAuthFlows?: string[]
  properties: Record<string, unknown>
}

/** `…:userpool/ID/group/NAME` */
export interface UserPoolGroup extends Resource {
  userPoolId: string
  groupName: string
  precedence?: number
  roleArn?: string
}

/** `arn:aws:cognito-identity:REGION:ACCOUNT:identitypool/ID` */
export interface IdentityPool extends Resource {
  identityPoolId: string
  name: string
  allowUnauthenticatedIdentities: boolean
  authenticatedRoleArn?: string
  unauthenticatedRoleArn?: string
  cognitoIdentityProviders?: { clientId: string; providerName: string }[]
  properties: Record<string, unknown>
}

export interface PolicyDocument {
  Version?: string
  Statement: unknown
}

/** `arn:aws:iam::ACCOUNT:role/NAME` */
export interface Role extends Resource {
  roleName: string
  assumeRolePolicyDocument?: PolicyDocument
  policies: { policyName: string; policyDocument: PolicyDocument }[]
  managedPolicyArns: string[]
}

/** `arn:aws:iam::ACCOUNT:policy/NAME` */
export interface ManagedPolicy extends Resource {
  policyName: string
  policyDocument: PolicyDocument
  /** Names of the roles, users and groups that it is attached to. */
  roles: string[]
  users: string[]
}

/** A declared resource of a type that is kept but not run, for example `AWS::SQS::Queue`. */
export interface KeptResource extends Resource {
  logicalId: string
  type: string
  properties: Record<string, unknown>
}

/** The catalog's collections, by CloudFormation's type names. */
export interface ResourceTypes {
  'AWS::AppSync::GraphQLApi': GraphqlApi
  'AWS::AppSync::ApiKey': ApiKey
  'AWS::AppSync::GraphQLSchema': GraphqlSchema
  'AWS::AppSync::DataSource': DataSource
  'AWS::AppSync::Resolver': Resolver
  'AWS::AppSync::FunctionConfiguration': AppSyncFunction
  'AWS::AppSync::ApiCache': ApiCache
  'AWS::DynamoDB::Table': Table
  'AWS::Lambda::Function': LambdaFunction
  'AWS::Lambda::Alias': LambdaAlias
  'AWS::Lambda::LayerVersion': LayerVersion
  'AWS::Lambda::EventSourceMapping': EventSourceMapping
  'AWS::StepFunctions::StateMachine': StateMachine
  'AWS::StepFunctions::StateMachineVersion': StateMachineVersion
  'AWS::StepFunctions::StateMachineAlias': StateMachineAlias
  'AWS::StepFunctions::Activity': Activity
  'AWS::Cognito::UserPool': UserPool
  'AWS::Cognito::UserPoolClient': UserPoolClient
  'AWS::Cognito::UserPoolGroup': UserPoolGroup
  'AWS::Cognito::IdentityPool': IdentityPool
  'AWS::IAM::Role': Role
  'AWS::IAM::ManagedPolicy': ManagedPolicy
  'AWS::CloudFormation::Kept': KeptResource
}

export type ResourceType = keyof ResourceTypes
