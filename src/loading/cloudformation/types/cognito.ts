import { CUSTOM_ID_TAG } from '../../../aws/appsync.ts'
import { formatArn } from '../../../aws/arn.ts'
import { plain } from '../../source/document.ts'
import { stableId } from '../../stableId.ts'
import type { ResourceView } from '../stack.ts'
import { asBoolean, asList, asNumber, asObject, asTags, asText, asTextList } from '../values.ts'
import type { TypeHandlers } from './handler.ts'
import { keep, keptArn } from './kept.ts'

/** `us-east-1_` and nine characters: what Cognito's ids look like. */
const POOL_ID = /^[\w-]+_[0-9a-zA-Z]+$/

function poolId(resource: ResourceView): string {
  const { scope, project, name } = resource.stack
  const custom = asTags(resource.get('UserPoolTags'))?.[CUSTOM_ID_TAG]
  if (custom !== undefined && POOL_ID.test(custom)) return custom
  return `${scope.region}_${stableId(9, 'userpool', scope.accountId, project.files.root, name, resource.logicalId)}`
}

const poolArn = (resource: ResourceView, id: string): string =>
  formatArn({ service: 'cognito-idp', ...resource.stack.scope, resource: `userpool/${id}` })

function clientId(resource: ResourceView): string {
  const { project, name, scope } = resource.stack
  return stableId(26, 'client', scope.accountId, project.files.root, name, resource.logicalId)
}

function clientSecret(resource: ResourceView): string | undefined {
  if (asBoolean(resource.get('GenerateSecret')) !== true) return undefined
  return stableId(51, resource.stack.project.seed, 'client-secret', resource.stack.name, resource.logicalId)
}

function identityPoolId(resource: ResourceView): string {
  const { scope, project, name } = resource.stack
  const hex = Buffer.from(stableId(32, 'identitypool', project.files.root, name, resource.logicalId)).toString('hex')
  return `${scope.region}:${[hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')}`
}

const identityPoolArn = (resource: ResourceView, id: string): string =>
  formatArn({ service: 'cognito-identity', ...resource.stack.scope, resource: `identitypool/${id}` })

const properties = (resource: ResourceView): Record<string, unknown> => plain(resource.all()) as Record<string, unknown>

export const cognitoTypes: TypeHandlers = {
  'AWS::Cognito::UserPool': {
    ref: poolId,
    attributes: {
      Arn: (resource) => poolArn(resource, poolId(resource)),
      UserPoolId: poolId,
      ProviderName: (resource) => `cognito-idp.${resource.stack.scope.region}.amazonaws.com/${poolId(resource)}`,
      // The issuer of the tokens that this server makes for the pool.
      ProviderURL: (resource) => `${resource.stack.project.baseUrl}/${poolId(resource)}`,
    },
    load(resource) {
      const id = poolId(resource)
      resource.stack.project.add(
        'AWS::Cognito::UserPool',
        {
          arn: poolArn(resource, id),
          id,
          name: resource.physicalName('UserPoolName', 128),
          properties: { ...properties(resource), LogicalId: resource.logicalId },
          local: true,
        },
        (message) => resource.report('error', [], message),
      )
    },
  },

  'AWS::Cognito::UserPoolClient': {
    ref: clientId,
    attributes: {
      ClientId: clientId,
      Name: (resource) => resource.physicalName('ClientName', 128),
      ClientSecret: (resource) => clientSecret(resource) ?? '',
    },
    load(resource) {
      const userPoolId = resource.text('UserPoolId')
      if (userPoolId === undefined) {
        resource.report('error', [], 'UserPoolId is required')
        return
      }
      const secret = clientSecret(resource)
      const flows = asTextList(resource.get('ExplicitAuthFlows'))
      resource.stack.project.add(
        'AWS::Cognito::UserPoolClient',
        {
          arn: `${poolArn(resource, userPoolId)}/client/${clientId(resource)}`,
          userPoolId,
          clientId: clientId(resource),
          clientName: resource.physicalName('ClientName', 128),
          ...(secret === undefined ? {} : { clientSecret: secret }),
          ...(flows.length === 0 ? {} : { explicitAuthFlows: flows }),
          properties: properties(resource),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },

  'AWS::Cognito::UserPoolGroup': {
    ref: (resource) => resource.physicalName('GroupName', 128),
    attributes: {},
    load(resource) {
      const userPoolId = resource.text('UserPoolId') ?? ''
      const groupName = resource.physicalName('GroupName', 128)
      const precedence = asNumber(resource.get('Precedence'))
      const roleArn = resource.text('RoleArn')
      resource.stack.project.add(
        'AWS::Cognito::UserPoolGroup',
        {
          arn: `${poolArn(resource, userPoolId)}/group/${groupName}`,
          userPoolId,
          groupName,
          ...(precedence === undefined ? {} : { precedence }),
          ...(roleArn === undefined ? {} : { roleArn }),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },

  'AWS::Cognito::IdentityPool': {
    ref: identityPoolId,
    attributes: { Name: (resource) => resource.physicalName('IdentityPoolName', 128) },
    load(resource) {
      const id = identityPoolId(resource)
      const providers = asList(resource.get('CognitoIdentityProviders')).flatMap((provider) => {
        const client = asText(asObject(provider)?.['ClientId'])
        const providerName = asText(asObject(provider)?.['ProviderName'])
        return client === undefined || providerName === undefined ? [] : [{ clientId: client, providerName }]
      })
      resource.stack.project.add(
        'AWS::Cognito::IdentityPool',
        {
          arn: identityPoolArn(resource, id),
          identityPoolId: id,
          name: resource.physicalName('IdentityPoolName', 128),
          allowUnauthenticatedIdentities: asBoolean(resource.get('AllowUnauthenticatedIdentities')) ?? false,
          ...(providers.length === 0 ? {} : { cognitoIdentityProviders: providers }),
          properties: properties(resource),
        },
        (message) => resource.report('error', [], message),
      )
    },
  },

  'AWS::Cognito::IdentityPoolRoleAttachment': {
    ref: keptArn,
    attributes: { Id: keptArn },
    load(resource) {
      const { project } = resource.stack
      project.afterwards.push(() => {
        const arn = identityPoolArn(resource, resource.text('IdentityPoolId') ?? '')
        const pool = project.find('AWS::Cognito::IdentityPool', arn)
        if (pool === undefined) {
          resource.report(
            'error',
            ['IdentityPoolId'],
            `no identity pool has the id ${resource.text('IdentityPoolId') ?? ''}`,
          )
          return
        }
        const roles = asObject(resource.get('Roles'))
        const authenticated = asText(roles?.['authenticated'])
        const unauthenticated = asText(roles?.['unauthenticated'])
        project.replace('AWS::Cognito::IdentityPool', {
          ...pool,
          ...(authenticated === undefined ? {} : { authenticatedRoleArn: authenticated }),
          ...(unauthenticated === undefined ? {} : { unauthenticatedRoleArn: unauthenticated }),
        })
      })
    },
  },

  'AWS::Cognito::UserPoolDomain': {
    ref: (resource) => resource.text('Domain'),
    attributes: { CloudFrontDistribution: (resource) => resource.text('Domain') },
    load: (resource) => keep(resource, keptArn(resource)),
  },
  'AWS::Cognito::UserPoolResourceServer': {
    ref: (resource) => resource.text('Identifier'),
    attributes: {},
    load: (resource) => keep(resource, keptArn(resource)),
  },
  'AWS::Cognito::UserPoolUser': {
    ref: (resource) => resource.text('Username'),
    attributes: {},
    load: (resource) => keep(resource, keptArn(resource)),
  },
  'AWS::Cognito::UserPoolUserToGroupAttachment': {
    ref: keptArn,
    attributes: {},
    load: (resource) => keep(resource, keptArn(resource)),
  },
  'AWS::Cognito::UserPoolIdentityProvider': {
    ref: (resource) => resource.text('ProviderName'),
    attributes: {},
    load: (resource) => keep(resource, keptArn(resource)),
  },
}
