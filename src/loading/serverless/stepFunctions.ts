import { asText } from '../cloudformation/values.ts'
import { tagList } from '../sam/tags.ts'
import { isObject, member } from '../source/document.ts'
import { entriesOf, normalized, type Service } from './service.ts'

const ROLE = 'IamRoleStateMachineExecution'

/**
 * What the plugin's generated role may do. The plugin lists the resources that each definition uses; here it is every
 * resource of the services that run in this process.
 */
const ACTIONS = ['lambda:InvokeFunction', 'dynamodb:*', 'states:*', 'sqs:SendMessage', 'sns:Publish', 'events:*']

/** serverless-step-functions: `stepFunctions.stateMachines` and `.activities`. */
export function addStateMachines(service: Service): void {
  const section = member(service.config, 'stepFunctions')
  let needsRole = false
  for (const { key, value, at } of entriesOf(member(section, 'stateMachines'), ['stepFunctions', 'stateMachines'])) {
    const name = asText(member(value, 'name'))
    const role = member(value, 'role')
    needsRole ||= role === undefined
    const tracing = member(value, 'tracingConfig')
    const logging = member(value, 'loggingConfig')
    service.add({
      logicalId:
        asText(member(value, 'id')) ??
        (name === undefined ? `${normalized(key)}StepFunctionsStateMachine` : normalized(name)),
      type: 'AWS::StepFunctions::StateMachine',
      properties: {
        StateMachineName: member(value, 'name'),
        StateMachineType: member(value, 'type'),
        ...(isObject(member(value, 'definition'))
          ? { Definition: member(value, 'definition') }
          : { DefinitionString: member(value, 'definition') }),
        RoleArn: roleArn(role),
        TracingConfiguration: isObject(tracing) ? { Enabled: member(tracing, 'enabled') } : undefined,
        LoggingConfiguration: isObject(logging)
          ? {
              Level: member(logging, 'level'),
              IncludeExecutionData: member(logging, 'includeExecutionData'),
              Destinations: (Array.isArray(member(logging, 'destinations'))
                ? (member(logging, 'destinations') as unknown[])
                : []
              ).map((LogGroupArn) => ({ CloudWatchLogsLogGroup: { LogGroupArn } })),
            }
          : undefined,
        Tags: tagList(member(value, 'tags')),
      },
      at,
      written: {
        Definition: ['definition'],
        DefinitionString: ['definition'],
        StateMachineName: ['name'],
        StateMachineType: ['type'],
        RoleArn: ['role'],
      },
    })
    if (Array.isArray(member(value, 'events')) && (member(value, 'events') as unknown[]).length > 0) {
      const { unknownTypes } = service.project
      unknownTypes.set('events of state machines', (unknownTypes.get('events of state machines') ?? 0) + 1)
    }
  }
  const activities = member(section, 'activities')
  for (const [index, name] of (Array.isArray(activities) ? activities : []).entries()) {
    service.add({
      logicalId: `${normalized(asText(name) ?? '')}StepFunctionsActivity`,
      type: 'AWS::StepFunctions::Activity',
      properties: { Name: name },
      at: ['stepFunctions', 'activities', index],
    })
  }
  if (!needsRole) return
  service.add({
    logicalId: ROLE,
    type: 'AWS::IAM::Role',
    properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: ['states.amazonaws.com'] }, Action: ['sts:AssumeRole'] }],
      },
      Policies: [
        {
          PolicyName: `${service.name}-${service.stage}-statemachine`,
          PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ACTIONS, Resource: ['*'] }] },
        },
      ],
    },
    at: ['stepFunctions'],
  })
}

function roleArn(role: unknown): unknown {
  const text = asText(role)
  if (role === undefined) return { 'Fn::GetAtt': [ROLE, 'Arn'] }
  return text !== undefined && !text.startsWith('arn:') ? { 'Fn::GetAtt': [text, 'Arn'] } : role
}
