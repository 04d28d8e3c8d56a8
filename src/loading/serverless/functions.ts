import { asText } from '../cloudformation/values.ts'
import { tagList } from '../sam/tags.ts'
import { isObject, member, type Path, type PlainObject } from '../source/document.ts'
import { entriesOf, normalized, type Service } from './service.ts'

/** Seconds and MB that the framework sets where nobody else does. */
const DEFAULT_TIMEOUT_SECONDS = 6
const DEFAULT_MEMORY_MB = 1_024
const ROLE = 'IamRoleLambdaExecution'

/** Logical id of a function of the service. */
export function functionLogicalId(name: string): string {
  return `${normalized(name)}LambdaFunction`
}

/** `functions:` and `layers:` with the provider's defaults, and the role that they share. */
export function addFunctions(service: Service): void {
  const { config } = service
  const provider = member(config, 'provider')
  const functions = entriesOf(member(config, 'functions'), ['functions'])
  if (functions.length > 0) addRole(service, provider)
  for (const { key, value, at } of functions) addFunction(service, provider, key, value, at)
  for (const { key, value, at } of entriesOf(member(config, 'layers'), ['layers'])) {
    service.add({
      logicalId: `${normalized(key)}LambdaLayer`,
      type: 'AWS::Lambda::LayerVersion',
      properties: {
        Content: member(value, 'path'),
        LayerName: member(value, 'name') ?? key,
        CompatibleRuntimes: member(value, 'compatibleRuntimes'),
      },
      at,
      written: { Content: ['path'] },
    })
  }
}

/** A function of `functions:`, or one that the AppSync plugin takes inside a data source. */
export function addFunction(service: Service, provider: unknown, name: string, declared: unknown, at: Path): void {
  const own = (property: string): unknown => member(declared, property)
  const either = (property: string): unknown => own(property) ?? member(provider, property)
  const logicalId = functionLogicalId(name)
  const environment = { ...asMapping(member(provider, 'environment')), ...asMapping(own('environment')) }
  const tags = { ...asMapping(member(provider, 'tags')), ...asMapping(own('tags')) }
  service.add({
    logicalId,
    type: 'AWS::Lambda::Function',
    properties: {
      FunctionName: own('name') ?? `${service.name}-${service.stage}-${name}`,
      Handler: own('handler'),
      Runtime: either('runtime') ?? 'nodejs22.x',
      Code: own('image') === undefined ? './' : { ImageUri: own('image') },
      Timeout: either('timeout') ?? DEFAULT_TIMEOUT_SECONDS,
      MemorySize: either('memorySize') ?? DEFAULT_MEMORY_MB,
      Description: own('description'),
      Environment: Object.keys(environment).length === 0 ? undefined : { Variables: environment },
      Layers: either('layers'),
      Role: roleOf(own('role') ?? member(member(member(provider, 'iam'), 'role'), 'arn') ?? asReference(provider)),
      ReservedConcurrentExecutions: own('reservedConcurrency'),
      Tags: Object.keys(tags).length === 0 ? undefined : tagList(tags),
    },
    at,
    written: {
      Handler: ['handler'],
      Runtime: ['runtime'],
      Environment: ['environment'],
      Timeout: ['timeout'],
      Layers: ['layers'],
    },
  })
  addEvents(service, logicalId, own('events'), [...at, 'events'])
}

function asMapping(value: unknown): PlainObject {
  return isObject(value) ? value : {}
}

/** `provider.iam.role` or `provider.role` may be an ARN or a logical id; mappings of settings are none. */
function asReference(provider: unknown): unknown {
  const role = member(member(provider, 'iam'), 'role') ?? member(provider, 'role')
  if (asText(role) !== undefined) return role
  return isObject(role) && Object.keys(role).some((key) => key.startsWith('Fn::') || key === 'Ref') ? role : undefined
}

function roleOf(role: unknown): unknown {
  const text = asText(role)
  if (role === undefined) return { 'Fn::GetAtt': [ROLE, 'Arn'] }
  return text !== undefined && !text.startsWith('arn:') ? { 'Fn::GetAtt': [text, 'Arn'] } : role
}

function addRole(service: Service, provider: unknown): void {
  const role = member(member(provider, 'iam'), 'role')
  const statements = member(role, 'statements') ?? member(provider, 'iamRoleStatements')
  const managed = member(role, 'managedPolicies') ?? member(provider, 'iamManagedPolicies')
  const logs = {
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:CreateLogGroup', 'logs:PutLogEvents'],
    Resource: ['*'],
  }
  service.add({
    logicalId: ROLE,
    type: 'AWS::IAM::Role',
    properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: ['lambda.amazonaws.com'] }, Action: ['sts:AssumeRole'] }],
      },
      ManagedPolicyArns: managed,
      Policies: [
        {
          PolicyName: `${service.name}-${service.stage}-lambda`,
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [logs, ...(Array.isArray(statements) ? statements : [])],
          },
        },
      ],
    },
    at: ['provider'],
  })
}

/** Events of streams, queues and schedules become resources; others are said once. */
function addEvents(service: Service, functionId: string, events: unknown, at: Path): void {
  if (!Array.isArray(events)) return
  for (const [index, event] of events.entries()) {
    const [type = ''] = isObject(event) ? Object.keys(event) : [asText(event) ?? '']
    const given = member(event, type)
    const logicalId = `${functionId}Event${index}`
    if (type === 'stream' || type === 'sqs') {
      service.add({
        logicalId,
        type: 'AWS::Lambda::EventSourceMapping',
        properties: {
          FunctionName: { Ref: functionId },
          EventSourceArn: member(given, 'arn') ?? given,
          BatchSize: member(given, 'batchSize'),
          StartingPosition: member(given, 'startingPosition') ?? (type === 'stream' ? 'TRIM_HORIZON' : undefined),
          Enabled: member(given, 'enabled'),
          FilterCriteria: Array.isArray(member(given, 'filterPatterns'))
            ? {
                Filters: (member(given, 'filterPatterns') as unknown[]).map((pattern) => ({
                  Pattern: JSON.stringify(pattern),
                })),
              }
            : undefined,
        },
        at: [...at, index],
        written: { EventSourceArn: [type, 'arn'] },
      })
    } else if (type === 'schedule' || type === 'eventBridge') {
      service.add({
        logicalId,
        type: 'AWS::Events::Rule',
        properties: {
          ScheduleExpression: type === 'schedule' ? (member(given, 'rate') ?? given) : member(given, 'schedule'),
          EventPattern: member(given, 'pattern'),
          EventBusName: member(given, 'eventBus'),
          Targets: [{ Arn: { 'Fn::GetAtt': [functionId, 'Arn'] }, Id: logicalId, Input: member(given, 'input') }],
        },
        at: [...at, index],
      })
    } else {
      const { unknownTypes } = service.project
      const key = `event ${type} of functions`
      unknownTypes.set(key, (unknownTypes.get(key) ?? 0) + 1)
    }
  }
}
