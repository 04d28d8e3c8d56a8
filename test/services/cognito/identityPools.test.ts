import { describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../../src/auth/authenticator.ts'
import type { Caller } from '../../../src/auth/caller.ts'
import { createCredentialStore } from '../../../src/auth/iam/credentialStore.ts'
import { createCatalog } from '../../../src/catalog.ts'
import type { IdentityPool } from '../../../src/resources.ts'
import { apiWith, createAuthFixture, NOW, outcomeOf, signedRequest } from '../../support/authFixture.ts'
import { createCognitoFixture, POOL, tokensOf } from '../../support/cognitoFixture.ts'

const POOL_ID = 'us-east-1:11111111-2222-4333-8444-555555555555'
const PROVIDER = `127.0.0.1:4000/${POOL}`

const identityPool: IdentityPool = {
  arn: `arn:aws:cognito-identity:us-east-1:000000000000:identitypool/${POOL_ID}`,
  identityPoolId: POOL_ID,
  name: 'people',
  allowUnauthenticatedIdentities: false,
  authenticatedRoleArn: 'arn:aws:iam::000000000000:role/Reader',
  cognitoIdentityProviders: [{ providerName: `cognito-idp.us-east-1.amazonaws.com/${POOL}`, clientId: 'webclient' }],
  properties: {},
}

function fixtureOf(pool: Partial<IdentityPool> = {}, roles = createCatalog()) {
  const store = createCredentialStore({ catalog: roles, clock: { now: () => NOW } })
  const fixture = createCognitoFixture({ issueTemporary: (request) => store.issueTemporary(request) })
  fixture.catalog.collection('AWS::Cognito::IdentityPool').put({ ...identityPool, ...pool })
  return { ...fixture, store }
}

describe('an identity pool', () => {
  it('gives a user one identity, and credentials that a signed request to an API is accepted with', async () => {
    const { identity, signIn, store, cognito } = fixtureOf()
    const { IdToken } = tokensOf(await signIn())
    const Logins = { [PROVIDER]: IdToken }
    const { IdentityId } = (await identity('GetId', { IdentityPoolId: POOL_ID, Logins })) as { IdentityId: string }
    expect(IdentityId).toMatch(/^us-east-1:[0-9a-f-]{36}$/)
    expect(await identity('GetId', { IdentityPoolId: POOL_ID, Logins })).toEqual({ IdentityId })
    const answer = (await identity('GetCredentialsForIdentity', { IdentityId, Logins })) as {
      Credentials: { AccessKeyId: string; SecretKey: string; SessionToken: string; Expiration: number }
    }
    expect(answer).toEqual({
      IdentityId,
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
        SecretKey: expect.stringMatching(/^.{40}$/),
        SessionToken: expect.any(String),
        Expiration: NOW / 1000 + 3600,
      },
    })
    const { AccessKeyId, SecretKey, SessionToken } = answer.Credentials
    const authenticator = createAuthenticator({
      catalog: createCatalog(),
      credentials: store,
      clock: createAuthFixture().clock,
      lambda: { invoke: () => Promise.reject() },
      localIssuers: cognito.issuers,
    })
    const request = signedRequest({ accessKeyId: AccessKeyId, secretAccessKey: SecretKey, sessionToken: SessionToken })
    const caller = (await outcomeOf({ authenticator }, apiWith({ authenticationType: 'AWS_IAM' }), request)) as Caller
    const sub = /CognitoSignIn:([0-9a-f-]+)/.exec(String(caller.identity?.['cognitoIdentityAuthProvider']))?.[1]
    expect(caller.identity).toMatchObject({
      cognitoIdentityId: IdentityId,
      cognitoIdentityPoolId: POOL_ID,
      cognitoIdentityAuthType: 'authenticated',
      cognitoIdentityAuthProvider: `"${PROVIDER}","${PROVIDER}:CognitoSignIn:${sub}"`,
      userArn: 'arn:aws:sts::000000000000:assumed-role/Reader/CognitoIdentityCredentials',
    })
  })

  it('lets guests in only where it says so, each with an identity of their own', async () => {
    const closed = fixtureOf()
    expect(await closed.identity('GetId', { IdentityPoolId: POOL_ID })).toEqual([
      'NotAuthorizedException',
      'Unauthenticated access is not supported for this identity pool.',
    ])
    const open = fixtureOf({
      allowUnauthenticatedIdentities: true,
      unauthenticatedRoleArn: 'arn:aws:iam::000000000000:role/Guest',
    })
    const first = (await open.identity('GetId', { IdentityPoolId: POOL_ID })) as { IdentityId: string }
    const second = await open.identity('GetId', { IdentityPoolId: POOL_ID })
    expect(first).not.toEqual(second)
    expect(await open.identity('GetCredentialsForIdentity', first)).toMatchObject({
      Credentials: { AccessKeyId: expect.any(String) },
    })
  })

  it('gives nobody the identity of another', async () => {
    const { identity, signIn, call } = fixtureOf({
      allowUnauthenticatedIdentities: true,
      unauthenticatedRoleArn: 'arn:aws:iam::000000000000:role/Guest',
    })
    const ada = { [PROVIDER]: tokensOf(await signIn()).IdToken }
    await call('AdminCreateUser', { UserPoolId: POOL, Username: 'eve' })
    await call('AdminSetUserPassword', { UserPoolId: POOL, Username: 'eve', Password: 'Password-1!', Permanent: true })
    const eve = { [PROVIDER]: tokensOf(await signIn('eve', 'Password-1!')).IdToken }
    const { IdentityId } = (await identity('GetId', { IdentityPoolId: POOL_ID, Logins: ada })) as { IdentityId: string }
    const forbidden = ['NotAuthorizedException', `Access to Identity '${IdentityId}' is forbidden.`]
    expect(await identity('GetCredentialsForIdentity', { IdentityId, Logins: eve })).toEqual(forbidden)
    expect(await identity('GetCredentialsForIdentity', { IdentityId })).toEqual(forbidden)
  })

  it('refuses logins that are forged, ended, of another app, or of a provider it has not', async () => {
    const { identity, signIn, cognito, clock } = fixtureOf()
    const { IdToken, AccessToken } = tokensOf(await signIn())
    const getId = (token: string, provider = PROVIDER) =>
      identity('GetId', { IdentityPoolId: POOL_ID, Logins: { [provider]: token } })
    expect(await getId(`${IdToken.slice(0, -4)}AAAA`)).toEqual([
      'NotAuthorizedException',
      'Invalid login token. Token signature invalid.',
    ])
    expect(await getId(AccessToken)).toEqual([
      'NotAuthorizedException',
      'Invalid login token. Not a valid OpenId Connect identity token.',
    ])
    expect(await getId(await cognito.mintToken({ pool: 'people', use: 'id', clientId: 'other' }))).toEqual([
      'NotAuthorizedException',
      'Invalid login token. Incorrect token audience.',
    ])
    expect(await getId(IdToken, 'accounts.google.com')).toEqual([
      'NotAuthorizedException',
      'Token is not from a supported provider of this identity pool.',
    ])
    clock.advance(3_600_000)
    expect(await getId(IdToken)).toEqual(['NotAuthorizedException', 'Invalid login token. Token expired'])
  })

  it('is made through the API, as are user pools, clients and groups', async () => {
    const { identity, call, signIn } = fixtureOf()
    const { UserPool } = (await call('CreateUserPool', { PoolName: 'made' })) as { UserPool: { Id: string } }
    expect(UserPool.Id).toMatch(/^us-east-1_[0-9A-Za-z]{9}$/)
    const { UserPoolClient } = (await call('CreateUserPoolClient', {
      UserPoolId: UserPool.Id,
      ClientName: 'app',
      ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'],
    })) as { UserPoolClient: { ClientId: string } }
    await call('AdminCreateUser', { UserPoolId: UserPool.Id, Username: 'grace' })
    await call('AdminSetUserPassword', {
      UserPoolId: UserPool.Id,
      Username: 'grace',
      Password: 'Hopper-1906!',
      Permanent: true,
    })
    const { IdToken } = tokensOf(await signIn('grace', 'Hopper-1906!', UserPoolClient.ClientId))
    const made = (await identity('CreateIdentityPool', {
      IdentityPoolName: 'made',
      AllowUnauthenticatedIdentities: false,
      CognitoIdentityProviders: [
        { ClientId: UserPoolClient.ClientId, ProviderName: `cognito-idp.us-east-1.amazonaws.com/${UserPool.Id}` },
      ],
    })) as { IdentityPoolId: string }
    const Roles = { authenticated: 'arn:aws:iam::000000000000:role/Reader' }
    expect(await identity('SetIdentityPoolRoles', { IdentityPoolId: made.IdentityPoolId, Roles })).toEqual({})
    expect(await identity('GetIdentityPoolRoles', { IdentityPoolId: made.IdentityPoolId })).toEqual({
      IdentityPoolId: made.IdentityPoolId,
      Roles,
    })
    const Logins = { [`127.0.0.1:4000/${UserPool.Id}`]: IdToken }
    const id = (await identity('GetId', { IdentityPoolId: made.IdentityPoolId, Logins })) as { IdentityId: string }
    expect(await identity('GetCredentialsForIdentity', { ...id, Logins })).toMatchObject({
      Credentials: { AccessKeyId: expect.any(String) },
    })
    expect(await call('DeleteUserPool', { UserPoolId: UserPool.Id })).toEqual({})
    expect(await call('AdminGetUser', { UserPoolId: UserPool.Id, Username: 'grace' })).toEqual([
      'ResourceNotFoundException',
      expect.any(String),
    ])
    expect(await identity('DeleteIdentityPool', { IdentityPoolId: made.IdentityPoolId })).toEqual({})
    expect(await identity('GetCredentialsForIdentity', { ...id, Logins })).toEqual([
      'ResourceNotFoundException',
      expect.any(String),
    ])
  })

  it('is listed and described', async () => {
    const { identity, catalog } = fixtureOf()
    catalog
      .collection('AWS::Cognito::IdentityPool')
      .put({ ...identityPool, arn: `${identityPool.arn}9`, identityPoolId: `${POOL_ID}9`, name: 'second' })
    expect(await identity('ListIdentityPools', { MaxResults: 1 })).toEqual({
      IdentityPools: [{ IdentityPoolId: POOL_ID, IdentityPoolName: 'people' }],
      NextToken: POOL_ID,
    })
    expect(await identity('ListIdentityPools', { MaxResults: 1, NextToken: POOL_ID })).toEqual({
      IdentityPools: [{ IdentityPoolId: `${POOL_ID}9`, IdentityPoolName: 'second' }],
    })
    expect(await identity('DescribeIdentityPool', { IdentityPoolId: POOL_ID })).toEqual({
      IdentityPoolId: POOL_ID,
      IdentityPoolName: 'people',
      AllowUnauthenticatedIdentities: false,
      CognitoIdentityProviders: [
        { ClientId: 'webclient', ProviderName: `cognito-idp.us-east-1.amazonaws.com/${POOL}` },
      ],
    })
  })

  it('gives only roles that trust it, and who logged in', async () => {
    const roles = createCatalog()
    const trust = (
      condition: Record<string, unknown>,
      principal: unknown = { Federated: 'cognito-identity.amazonaws.com' },
    ) =>
      roles.collection('AWS::IAM::Role').put({
        arn: 'arn:aws:iam::000000000000:role/Reader',
        roleName: 'Reader',
        policies: [],
        managedPolicyArns: [],
        assumeRolePolicyDocument: {
          Statement: [
            { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRoleWithWebIdentity', Condition: condition },
          ],
        },
      })
    const { identity, signIn } = fixtureOf({}, roles)
    const Logins = { [PROVIDER]: tokensOf(await signIn()).IdToken }
    const id = (await identity('GetId', { IdentityPoolId: POOL_ID, Logins })) as { IdentityId: string }
    const answer = async () => {
      const outcome = await identity('GetCredentialsForIdentity', { ...id, Logins })
      return Array.isArray(outcome) ? outcome[0] : 'given'
    }
    const amr = 'cognito-identity.amazonaws.com:amr'
    const aud = 'cognito-identity.amazonaws.com:aud'
    const outcomes: string[] = []
    for (const change of [
      () => trust({ StringEquals: { [aud]: POOL_ID }, 'ForAnyValue:StringLike': { [amr]: 'authenticated' } }),
      () => trust({ 'ForAnyValue:StringLike': { [amr]: `*:CognitoSignIn:*` } }),
      () => trust({ 'ForAnyValue:StringLike': { [amr]: 'unauthenticated' } }),
      () => trust({ StringEquals: { [aud]: 'us-east-1:other' } }),
      () => trust({}, { Service: 'lambda.amazonaws.com' }),
    ]) {
      change()
      outcomes.push(await answer())
    }
    const refused = 'InvalidIdentityPoolConfigurationException'
    expect(outcomes).toEqual(['given', 'given', refused, refused, refused])
  })

  it('says what it lacks', async () => {
    const { identity, signIn } = fixtureOf({ authenticatedRoleArn: 'no role' })
    const Logins = { [PROVIDER]: tokensOf(await signIn()).IdToken }
    const id = await identity('GetId', { IdentityPoolId: POOL_ID, Logins })
    expect(await identity('GetCredentialsForIdentity', { ...id, Logins })).toEqual([
      'InvalidIdentityPoolConfigurationException',
      'Invalid identity pool configuration. Check assigned IAM roles for this pool.',
    ])
    expect(await identity('GetId', { IdentityPoolId: 'us-east-1:11111111-0000-4000-8000-000000000000' })).toMatchObject(
      ['ResourceNotFoundException', expect.any(String)],
    )
    expect(await identity('GetId', {})).toMatchObject(['InvalidParameterException', expect.any(String)])
    expect(await identity('ListIdentities', {})).toMatchObject(['UnsupportedOperationException', expect.any(String)])
    expect(await identity('Nothing', {})).toMatchObject(['UnknownOperationException', expect.any(String)])
  })
})
