import { asText } from '../cloudformation/values.ts'
import { isObject, member } from '../source/document.ts'
import { addEvents } from './events.ts'
import type { SamResource } from './expand.ts'
import { addRole, managedPolicy } from './roles.ts'
import { tagList } from './tags.ts'

const PROPERTIES = [
  'AutoPublishAlias',
  'Definition',
  'DefinitionSubstitutions',
  'DefinitionUri',
  'DeploymentPreference',
  'Events',
  'Logging',
  'Name',
  'PermissionsBoundary',
  'Policies',
  'PropagateTags',
  'Role',
  'RolePath',
  'Tags',
  'Tracing',
  'Type',
  'UseAliasAsEventTarget',
]

/** `AWS::Serverless::StateMachine`: the state machine, its role, and its events. */
export function expandStateMachine(resource: SamResource): void {
  const { declared, properties, template } = resource
  const { logicalId } = declared
  resource.checkNames(PROPERTIES)
  const property = (name: string): unknown => member(properties, name)
  const definition = property('Definition')
  const uri = property('DefinitionUri')
  if (definition === undefined && uri === undefined)
    resource.report('error', [], "Either 'Definition' or 'DefinitionUri' property must be specified.")
  if (definition !== undefined && uri !== undefined)
    resource.report('error', ['DefinitionUri'], "Specify either 'Definition' or 'DefinitionUri' property and not both.")
  const traced = member(property('Tracing'), 'Enabled')
  resource.add({
    logicalId,
    type: 'AWS::StepFunctions::StateMachine',
    properties: {
      Definition: definition,
      DefinitionS3Location:
        isObject(uri) && uri['Key'] !== undefined ? { Bucket: uri['Bucket'], Key: uri['Key'] } : uri,
      DefinitionSubstitutions: property('DefinitionSubstitutions'),
      StateMachineName: property('Name'),
      StateMachineType: property('Type'),
      LoggingConfiguration: property('Logging'),
      TracingConfiguration: property('Tracing'),
      RoleArn:
        property('Role') ??
        addRole(resource, 'states.amazonaws.com', traced === true ? [managedPolicy('AWSXrayWriteOnlyAccess')] : []),
      Tags: tagList(property('Tags')),
    },
    written: {
      DefinitionS3Location: ['DefinitionUri'],
      StateMachineName: ['Name'],
      StateMachineType: ['Type'],
      LoggingConfiguration: ['Logging'],
      TracingConfiguration: ['Tracing'],
      RoleArn: ['Role'],
    },
  })
  const alias = asText(property('AutoPublishAlias'))
  if (alias !== undefined) {
    const versionId = `${logicalId}Version`
    const aliasId = `${logicalId}Alias${alias.replaceAll(/[^A-Za-z0-9]/g, '')}`
    resource.add({
      logicalId: versionId,
      type: 'AWS::StepFunctions::StateMachineVersion',
      properties: { StateMachineArn: { Ref: logicalId } },
      at: ['AutoPublishAlias'],
    })
    resource.add({
      logicalId: aliasId,
      type: 'AWS::StepFunctions::StateMachineAlias',
      properties: { Name: alias, RoutingConfiguration: [{ StateMachineVersionArn: { Ref: versionId }, Weight: 100 }] },
      at: ['AutoPublishAlias'],
    })
    template.aliases.set(`${logicalId}.Version`, versionId)
    template.aliases.set(`${logicalId}.Alias`, aliasId)
  }
  addEvents(resource, { Ref: logicalId })
}
