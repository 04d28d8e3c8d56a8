import { asText, asTextList } from '../cloudformation/values.ts'
import { isObject, member, type PlainObject } from '../source/document.ts'
import type { SamResource } from './expand.ts'
import { inlinePolicy } from './roles.ts'

const READ_TABLE = ['GetItem', 'Query', 'Scan', 'BatchGetItem', 'ConditionCheckItem', 'PartiQLSelect'].map(
  (name) => `dynamodb:${name}`,
)
const WRITE_TABLE = [
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'PartiQLDelete',
  'PartiQLInsert',
  'PartiQLUpdate',
].map((name) => `dynamodb:${name}`)

/** Actions that a connector allows on its destination, by the destination's type. */
const ACTIONS: Readonly<
  Record<string, { Read?: readonly string[]; Write?: readonly string[]; suffixes?: readonly string[] }>
> = {
  'AWS::DynamoDB::Table': { Read: READ_TABLE, Write: WRITE_TABLE, suffixes: ['', '/index/*'] },
  'AWS::Lambda::Function': { Write: ['lambda:InvokeAsync', 'lambda:InvokeFunction'] },
  'AWS::StepFunctions::StateMachine': {
    Read: [
      'states:DescribeStateMachine',
      'states:ListExecutions',
      'states:DescribeExecution',
      'states:GetExecutionHistory',
    ],
    Write: ['states:StartExecution', 'states:StartSyncExecution', 'states:StopExecution'],
  },
  'AWS::SQS::Queue': {
    Read: ['sqs:ReceiveMessage', 'sqs:GetQueueAttributes'],
    Write: ['sqs:DeleteMessage', 'sqs:SendMessage', 'sqs:ChangeMessageVisibility', 'sqs:PurgeQueue'],
  },
  'AWS::SNS::Topic': { Write: ['sns:Publish'] },
  'AWS::Events::EventBus': { Write: ['events:PutEvents'] },
}

const CLOUDFORMATION_TYPES: Readonly<Record<string, string>> = {
  'AWS::Serverless::Function': 'AWS::Lambda::Function',
  'AWS::Serverless::SimpleTable': 'AWS::DynamoDB::Table',
  'AWS::Serverless::StateMachine': 'AWS::StepFunctions::StateMachine',
}

/** Statements of a connector with these permissions on a destination; undefined when its type is not known here. */
export function connectorStatements(
  type: string,
  arn: unknown,
  permissions: readonly string[],
): PlainObject[] | undefined {
  const known = Object.hasOwn(ACTIONS, type) ? ACTIONS[type] : undefined
  if (known === undefined) return undefined
  return permissions.flatMap((permission) => {
    const actions = permission === 'Read' ? known.Read : known.Write
    if (actions === undefined) return []
    const resources = (known.suffixes ?? ['']).map((suffix) =>
      suffix === '' ? arn : { 'Fn::Sub': [`\${Arn}${suffix}`, { Arn: arn }] },
    )
    return [{ Effect: 'Allow', Action: actions, Resource: resources }]
  })
}

/** `AWS::Serverless::Connector`: a policy on the source's role. */
export function expandConnector(resource: SamResource): void {
  const { declared, properties, template } = resource
  resource.checkNames(['Source', 'Destination', 'Permissions', 'SourceReference'])
  const source = member(properties, 'Source')
  const destinations = member(properties, 'Destination')
  const permissions = asTextList(member(properties, 'Permissions'))
  const role = member(source, 'RoleName') ?? roleOf(template, asText(member(source, 'Id')))
  for (const [index, destination] of (Array.isArray(destinations) ? destinations : [destinations]).entries()) {
    const at = Array.isArray(destinations) ? ['Destination', index] : ['Destination']
    const id = asText(member(destination, 'Id'))
    const declaredType = id === undefined ? asText(member(destination, 'Type')) : template.resources.get(id)?.type
    const type = declaredType === undefined ? undefined : (CLOUDFORMATION_TYPES[declaredType] ?? declaredType)
    const arn =
      id === undefined
        ? member(destination, 'Arn')
        : type === 'AWS::SNS::Topic'
          ? { Ref: id }
          : { 'Fn::GetAtt': [id, 'Arn'] }
    const statements = type === undefined ? undefined : connectorStatements(type, arn, permissions)
    if (statements === undefined || role === undefined) {
      resource.report('warning', at, `the connector ${declared.logicalId} is not understood here: it allows nothing`)
      continue
    }
    const suffix = Array.isArray(destinations) ? String(index) : ''
    const { PolicyName, PolicyDocument } = inlinePolicy(`${declared.logicalId}Policy${suffix}`, statements)
    resource.add({
      logicalId: `${declared.logicalId}Policy${suffix}`,
      type: 'AWS::IAM::Policy',
      properties: { PolicyName, PolicyDocument, Roles: [role] },
      at,
    })
  }
}

/** Name of the role that a function or state machine of the template runs with. */
function roleOf(template: SamResource['template'], logicalId: string | undefined): unknown {
  const declared = logicalId === undefined ? undefined : template.resources.get(logicalId)
  if (declared === undefined) return undefined
  if (template.resources.has(`${logicalId}Role`)) return { Ref: `${logicalId}Role` }
  const generated = ['AWS::Serverless::Function', 'AWS::Serverless::StateMachine'].includes(declared.type)
  const role =
    member(declared.properties, 'Role') ??
    member(declared.properties, 'RoleArn') ??
    member(declared.properties, 'ServiceRoleArn')
  if (role === undefined) return generated ? { Ref: `${logicalId}Role` } : undefined
  if (isObject(role) && Array.isArray(role['Fn::GetAtt'])) return { Ref: role['Fn::GetAtt'][0] }
  const text = isObject(role) ? asText(role['Fn::GetAtt']) : undefined
  return text === undefined ? undefined : { Ref: text.split('.')[0] }
}
