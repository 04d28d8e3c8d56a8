import { partitionOf } from '../../../aws/arn.ts'
import type { PolicyDocument, Role } from '../../../resources.ts'
import { plain } from '../../source/document.ts'
import { stableId } from '../../stableId.ts'
import type { ResourceView } from '../stack.ts'
import { asList, asObject, asText, asTextList } from '../values.ts'
import type { TypeHandlers } from './handler.ts'
import { keep } from './kept.ts'

function iamArn(resource: ResourceView, kind: string, name: string): string {
  const { scope } = resource.stack
  const path = resource.text('Path') ?? '/'
  return `arn:${partitionOf(scope.region)}:iam::${scope.accountId}:${kind}${path}${name}`
}

const roleName = (resource: ResourceView): string => resource.physicalName('RoleName')
const roleArn = (resource: ResourceView): string => iamArn(resource, 'role', roleName(resource))
const policyArn = (resource: ResourceView): string =>
  iamArn(resource, 'policy', resource.physicalName('ManagedPolicyName', 128))
const userArn = (resource: ResourceView): string => iamArn(resource, 'user', resource.physicalName('UserName'))
const groupArn = (resource: ResourceView): string => iamArn(resource, 'group', resource.physicalName('GroupName', 128))

function documentOf(value: unknown): PolicyDocument | undefined {
  const document = plain(value)
  return asObject(document)?.['Statement'] === undefined ? undefined : (document as unknown as PolicyDocument)
}

/** Adds an inline policy to the roles that it names, once all roles are known. */
function attach(resource: ResourceView, policyName: string, document: PolicyDocument, roles: readonly string[]): void {
  const { project } = resource.stack
  project.afterwards.push(() => {
    for (const name of roles) {
      const role = project.resources.find(
        (one): one is { type: 'AWS::IAM::Role'; resource: Role } =>
          one.type === 'AWS::IAM::Role' && one.resource.roleName === name,
      )?.resource
      if (role === undefined) continue
      project.replace('AWS::IAM::Role', {
        ...role,
        policies: [...role.policies, { policyName, policyDocument: document }],
      })
    }
  })
}

function inlinePolicy(nameProperty: string) {
  return {
    ref: (resource: ResourceView) => resource.physicalName(nameProperty, 128),
    attributes: { Id: (resource: ResourceView) => resource.physicalName(nameProperty, 128) },
    load(resource: ResourceView): void {
      const document = documentOf(resource.get('PolicyDocument'))
      if (document === undefined) {
        resource.report('error', ['PolicyDocument'], 'PolicyDocument must have a Statement')
        return
      }
      const roles = [...asTextList(resource.get('Roles')), ...asTextList(resource.get('RoleName'))]
      attach(resource, resource.physicalName(nameProperty, 128), document, roles)
      if (asTextList(resource.get('Users')).length + asTextList(resource.get('Groups')).length > 0)
        keep(resource, iamArn(resource, 'inline-policy', resource.logicalId))
    },
  }
}

export const iamTypes: TypeHandlers = {
  'AWS::IAM::Role': {
    ref: roleName,
    attributes: { Arn: roleArn, RoleId: (resource) => `AROA${stableId(17, roleArn(resource)).toUpperCase()}` },
    load(resource) {
      const trust = documentOf(resource.get('AssumeRolePolicyDocument'))
      if (trust === undefined)
        resource.report('error', ['AssumeRolePolicyDocument'], 'AssumeRolePolicyDocument is required')
      const policies = asList(resource.get('Policies')).flatMap((policy, index) => {
        const policyDocument = documentOf(asObject(policy)?.['PolicyDocument'])
        if (policyDocument === undefined) {
          resource.report('error', ['Policies', index], 'a policy needs PolicyName and PolicyDocument')
          return []
        }
        return [{ policyName: asText(asObject(policy)?.['PolicyName']) ?? '', policyDocument }]
      })
      resource.stack.project.add(
        'AWS::IAM::Role',
        {
          arn: roleArn(resource),
          roleName: roleName(resource),
          ...(trust === undefined ? {} : { assumeRolePolicyDocument: trust }),
          policies,
          managedPolicyArns: asTextList(resource.get('ManagedPolicyArns')),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },
  'AWS::IAM::Policy': inlinePolicy('PolicyName'),
  'AWS::IAM::RolePolicy': inlinePolicy('PolicyName'),
  'AWS::IAM::ManagedPolicy': {
    ref: policyArn,
    attributes: {
      PolicyArn: policyArn,
      PolicyId: (resource) => `ANPA${stableId(17, policyArn(resource)).toUpperCase()}`,
    },
    load(resource) {
      const policyDocument = documentOf(resource.get('PolicyDocument'))
      if (policyDocument === undefined) {
        resource.report('error', ['PolicyDocument'], 'PolicyDocument must have a Statement')
        return
      }
      resource.stack.project.add(
        'AWS::IAM::ManagedPolicy',
        {
          arn: policyArn(resource),
          policyName: resource.physicalName('ManagedPolicyName', 128),
          policyDocument,
          roles: asTextList(resource.get('Roles')),
          users: asTextList(resource.get('Users')),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },
  'AWS::IAM::User': {
    ref: (resource) => resource.physicalName('UserName'),
    attributes: { Arn: userArn },
    load: (resource) => keep(resource, userArn(resource)),
  },
  'AWS::IAM::Group': {
    ref: (resource) => resource.physicalName('GroupName', 128),
    attributes: { Arn: groupArn },
    load: (resource) => keep(resource, groupArn(resource)),
  },
  'AWS::IAM::InstanceProfile': {
    ref: (resource) => resource.physicalName('InstanceProfileName'),
    attributes: {
      Arn: (resource) => iamArn(resource, 'instance-profile', resource.physicalName('InstanceProfileName')),
    },
    load: (resource) =>
      keep(resource, iamArn(resource, 'instance-profile', resource.physicalName('InstanceProfileName'))),
  },
  'AWS::IAM::ServiceLinkedRole': {
    ref: (resource) => resource.physicalName('CustomSuffix'),
    attributes: {},
    load: (resource) =>
      keep(resource, iamArn(resource, 'role', `aws-service-role/${resource.text('AWSServiceName') ?? ''}`)),
  },
}
