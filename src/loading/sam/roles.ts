import { asText } from '../cloudformation/values.ts'
import { didYouMean } from '../nearestName.ts'
import { isObject, member, type PlainObject } from '../source/document.ts'
import type { SamResource } from './expand.ts'
import { policyTemplate, policyTemplateNames } from './policyTemplates.ts'

/** A trust policy for one AWS service. */
export function trustOf(service: string): PlainObject {
  return {
    Version: '2012-10-17',
    Statement: [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service: [service] } }],
  }
}

export function managedPolicy(name: string): PlainObject {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/${name}` }
}

export function inlinePolicy(name: string, statements: readonly PlainObject[]): PlainObject {
  return { PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement: statements } }
}

/**
 * Adds the role that SAM makes for a function or state machine that names none, of its `Policies`: names of managed
 * policies, policy templates and statements.
 * @returns the value for the `Role` property.
 */
export function addRole(resource: SamResource, service: string, managed: readonly PlainObject[]): PlainObject {
  const { declared, properties } = resource
  const logicalId = `${declared.logicalId}Role`
  const policies = member(properties, 'Policies')
  const managedPolicies: unknown[] = [...managed]
  const inline: PlainObject[] = []
  for (const [index, policy] of (Array.isArray(policies)
    ? policies
    : policies === undefined
      ? []
      : [policies]
  ).entries()) {
    const at = Array.isArray(policies) ? ['Policies', index] : ['Policies']
    const name = asText(policy)
    if (name !== undefined) {
      managedPolicies.push(name.startsWith('arn:') ? name : managedPolicy(name))
    } else if (isObject(policy) && policy['Statement'] !== undefined) {
      const statement = policy['Statement']
      inline.push(
        inlinePolicy(`${logicalId}Policy${index}`, Array.isArray(statement) ? statement : [statement as PlainObject]),
      )
    } else if (isObject(policy) && isReference(policy)) {
      managedPolicies.push(policy)
    } else if (isObject(policy)) {
      for (const [template, parameters] of Object.entries(policy)) {
        const statements = policyTemplate(template, isObject(parameters) ? parameters : {})
        if (statements === undefined)
          resource.report(
            'warning',
            [...at, template],
            `the policy template ${template} is not known here: it allows nothing`,
            didYouMean(template, policyTemplateNames).hint,
          )
        else inline.push(inlinePolicy(`${logicalId}Policy${index}`, statements))
      }
    }
  }
  resource.add({
    logicalId,
    type: 'AWS::IAM::Role',
    properties: {
      AssumeRolePolicyDocument: member(properties, 'AssumeRolePolicyDocument') ?? trustOf(service),
      ManagedPolicyArns: managedPolicies,
      Policies: inline.length === 0 ? undefined : inline,
      Path: member(properties, 'RolePath'),
      PermissionsBoundary: member(properties, 'PermissionsBoundary'),
    },
  })
  return { 'Fn::GetAtt': [logicalId, 'Arn'] }
}

function isReference(value: PlainObject): boolean {
  const [key] = Object.keys(value)
  return key === 'Ref' || key?.startsWith('Fn::') === true
}
