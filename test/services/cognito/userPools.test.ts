import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { openDataFolder } from '../../../src/storage/dataFolder.ts'
import { createCognitoFixture, PASSWORD, PEOPLE, POOL, secretHash, tokensOf } from '../../support/cognitoFixture.ts'

const WRONG = ['NotAuthorizedException', 'Incorrect username or password.']

describe('USER_PASSWORD_AUTH', () => {
  it('gives tokens as Cognito forms them', async () => {
    const { signIn, cognito } = createCognitoFixture()
    const step = await signIn()
    const { AccessToken, IdToken, RefreshToken, ...rest } = tokensOf(step)
    expect(rest).toEqual({ ExpiresIn: 3600, TokenType: 'Bearer' })
    expect(RefreshToken.length).toBeGreaterThan(40)
    const { keys } = (await cognito.issuers.wellKnown(`/${POOL}/.well-known/jwks.json`)) as {
      keys: Record<string, string>[]
    }
    expect(decodeProtectedHeader(AccessToken)).toEqual({ alg: 'RS256', kid: keys[0]?.['kid'] })
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const seconds = Date.parse('2026-01-15T12:00:00Z') / 1000
    const shared = {
      iss: `http://127.0.0.1:4000/${POOL}`,
      sub: uuid,
      'cognito:groups': ['Editors'],
      origin_jti: uuid,
      event_id: uuid,
      auth_time: seconds,
      iat: seconds,
      exp: seconds + 3600,
      jti: uuid,
    }
    expect(decodeJwt(AccessToken)).toEqual({
      ...shared,
      client_id: 'webclient',
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin',
      username: 'ada',
    })
    expect(decodeJwt(IdToken)).toEqual({
      ...shared,
      aud: 'webclient',
      token_use: 'id',
      'cognito:username': 'ada',
      email: 'ada@example.com',
      email_verified: true,
    })
  })

  it('tells a wrong password from an unknown user only where the client lets it', async () => {
    const { signIn, catalog } = createCognitoFixture()
    expect([await signIn('ada', 'wrong'), await signIn('eve')]).toEqual([
      WRONG,
      ['UserNotFoundException', 'User does not exist.'],
    ])
    const client = catalog.collection('AWS::Cognito::UserPoolClient').list()[0]!
    catalog
      .collection('AWS::Cognito::UserPoolClient')
      .put({ ...client, properties: { PreventUserExistenceErrors: 'ENABLED' } })
    expect(await signIn('eve')).toEqual(WRONG)
  })

  it('makes a user wait after five wrong passwords, the longer the more', async () => {
    const { signIn, clock } = createCognitoFixture()
    for (let attempt = 0; attempt < 5; attempt++) expect(await signIn('ada', 'wrong')).toEqual(WRONG)
    const locked = ['NotAuthorizedException', 'Password attempts exceeded']
    expect(await signIn()).toEqual(locked)
    clock.advance(1000)
    expect(await signIn('ada', 'wrong')).toEqual(WRONG)
    clock.advance(1000)
    expect(await signIn()).toEqual(locked)
    clock.advance(1000)
    expect(tokensOf(await signIn()).TokenType).toBe('Bearer')
    expect(await signIn('ada', 'wrong')).toEqual(WRONG)
    expect(tokensOf(await signIn()).TokenType).toBe('Bearer')
  })

  it('is open only to clients that allow the flow, and that show their secret', async () => {
    const { signIn, call, catalog } = createCognitoFixture()
    const clients = catalog.collection('AWS::Cognito::UserPoolClient')
    const client = clients.list()[0]!
    const { explicitAuthFlows: _, ...withoutFlows } = client
    clients.put(withoutFlows)
    expect(await signIn()).toEqual(['InvalidParameterException', 'USER_PASSWORD_AUTH flow not enabled for this client'])
    clients.put({ ...client, clientSecret: 'very secret' })
    expect(await signIn()).toEqual([
      'NotAuthorizedException',
      'Client webclient is configured with secret but SECRET_HASH was not received',
    ])
    const withHash = (SECRET_HASH: string) =>
      call('InitiateAuth', {
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: 'webclient',
        AuthParameters: { USERNAME: 'ada', PASSWORD, SECRET_HASH },
      })
    expect(await withHash('AAAA')).toEqual([
      'NotAuthorizedException',
      'Unable to verify secret hash for client webclient',
    ])
    expect(tokensOf(await withHash(secretHash('very secret', 'ada', 'webclient'))).TokenType).toBe('Bearer')
    expect(await signIn('ada', PASSWORD, 'nobody')).toEqual([
      'ResourceNotFoundException',
      'User pool client nobody does not exist.',
    ])
  })

  it('says what is missing, and never what was sent', async () => {
    const { call } = createCognitoFixture()
    expect(
      await call('InitiateAuth', {
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: 'webclient',
        AuthParameters: { USERNAME: 'ada' },
      }),
    ).toEqual(['InvalidParameterException', 'Missing required parameter PASSWORD'])
    expect(await call('InitiateAuth', { ClientId: 'webclient' })).toEqual([
      'InvalidParameterException',
      "1 validation error detected: Value null at 'authFlow' failed to satisfy constraint: Member must not be null",
    ])
    expect(JSON.stringify(await call('InitiateAuth', { AuthFlow: 'my-secret', ClientId: 'my-secret!' }))).not.toContain(
      'my-secret',
    )
    expect(await call('InitiateAuth', { AuthFlow: 1, ClientId: 'c' })).toEqual([
      'SerializationException',
      'authFlow has the wrong type.',
    ])
    expect(await call('InitiateAuth', { AuthFlow: 'CUSTOM_AUTH', ClientId: 'webclient' })).toEqual([
      'InvalidParameterException',
      'CUSTOM_AUTH flow not enabled for this client',
    ])
    expect(await call('SignUp', {})).toEqual([
      'UnsupportedOperationException',
      'The operation SignUp is not supported by local user pools.',
    ])
    expect(await call('__proto__', {})).toEqual(['UnknownOperationException', 'Unknown operation __proto__.'])
  })
})

describe('refresh tokens', () => {
  it('give new tokens of the same session until they are revoked or end', async () => {
    const { call, signIn, clock } = createCognitoFixture()
    const first = tokensOf(await signIn())
    clock.advance(10_000)
    const refresh = (token: string) =>
      call('InitiateAuth', {
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        ClientId: 'webclient',
        AuthParameters: { REFRESH_TOKEN: token },
      })
    const second = tokensOf(await refresh(first.RefreshToken))
    expect(Object.keys(second).sort()).toEqual(['AccessToken', 'ExpiresIn', 'IdToken', 'TokenType'])
    const [before, after] = [decodeJwt(first.AccessToken), decodeJwt(second.AccessToken)]
    expect([after['origin_jti'], after['auth_time'], after.iat]).toEqual([
      before['origin_jti'],
      before['auth_time'],
      before.iat! + 10,
    ])
    expect(
      await call('GetTokensFromRefreshToken', { ClientId: 'webclient', RefreshToken: first.RefreshToken }),
    ).toMatchObject({
      AuthenticationResult: { TokenType: 'Bearer' },
    })
    expect(await call('RevokeToken', { ClientId: 'webclient', Token: first.RefreshToken })).toEqual({})
    expect(await refresh(first.RefreshToken)).toEqual(['NotAuthorizedException', 'Invalid Refresh Token'])
    const third = tokensOf(await signIn())
    clock.advance(30 * 24 * 3600_000)
    expect(await refresh(third.RefreshToken)).toEqual(['NotAuthorizedException', 'Refresh Token has expired'])
    expect(await refresh('invented')).toEqual(['NotAuthorizedException', 'Invalid Refresh Token'])
  })
})

describe('access tokens', () => {
  it("open the user's own operations until they end or the user signs out everywhere", async () => {
    const { call, signIn, clock } = createCognitoFixture()
    const { AccessToken, IdToken, RefreshToken } = tokensOf(await signIn())
    expect(await call('GetUser', { AccessToken })).toEqual({
      Username: 'ada',
      UserAttributes: [
        { Name: 'sub', Value: decodeJwt(AccessToken).sub },
        { Name: 'email', Value: 'ada@example.com' },
        { Name: 'email_verified', Value: 'true' },
      ],
    })
    const invalid = ['NotAuthorizedException', 'Invalid Access Token']
    expect(await call('GetUser', { AccessToken: IdToken })).toEqual(invalid)
    expect(await call('GetUser', { AccessToken: `${AccessToken.slice(0, -4)}AAAA` })).toEqual(invalid)
    expect(await call('GetUser', { AccessToken: 'a.b.c' })).toEqual(invalid)
    expect(await call('GlobalSignOut', { AccessToken })).toEqual({})
    expect(await call('GetUser', { AccessToken })).toEqual(['NotAuthorizedException', 'Access Token has been revoked'])
    expect(
      await call('InitiateAuth', {
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        ClientId: 'webclient',
        AuthParameters: { REFRESH_TOKEN: RefreshToken },
      }),
    ).toEqual(['NotAuthorizedException', 'Invalid Refresh Token'])
    clock.advance(1000)
    const again = tokensOf(await signIn())
    expect(await call('GetUser', { AccessToken: again.AccessToken })).toMatchObject({ Username: 'ada' })
    clock.advance(3_600_000)
    expect(await call('GetUser', { AccessToken: again.AccessToken })).toEqual([
      'NotAuthorizedException',
      'Access Token has expired',
    ])
  })
})

describe('administration', () => {
  const inPool = { UserPoolId: POOL, Username: 'grace' }

  it('makes users, who then choose their password', async () => {
    const { call, signIn } = createCognitoFixture({ properties: { Schema: [{ Name: 'email', Required: true }] } })
    expect(
      await call('AdminCreateUser', {
        ...inPool,
        TemporaryPassword: 'Temporary-1',
        UserAttributes: [{ Name: 'name', Value: 'Grace' }],
      }),
    ).toEqual({
      User: {
        Username: 'grace',
        Attributes: [
          { Name: 'sub', Value: expect.any(String) },
          { Name: 'name', Value: 'Grace' },
        ],
        UserCreateDate: 1768478400,
        UserLastModifiedDate: 1768478400,
        Enabled: true,
        UserStatus: 'FORCE_CHANGE_PASSWORD',
      },
    })
    expect(await call('AdminCreateUser', inPool)).toEqual(['UsernameExistsException', 'User account already exists'])
    const step = (await signIn('grace', 'Temporary-1')) as { Session: string }
    expect(step).toEqual({
      ChallengeName: 'NEW_PASSWORD_REQUIRED',
      Session: expect.any(String),
      ChallengeParameters: {
        USER_ID_FOR_SRP: 'grace',
        requiredAttributes: '["userAttributes.email"]',
        userAttributes: '{"name":"Grace"}',
      },
    })
    const answer = (more: Record<string, string>, Session = step.Session) =>
      call('RespondToAuthChallenge', {
        ChallengeName: 'NEW_PASSWORD_REQUIRED',
        ClientId: 'webclient',
        Session,
        ChallengeResponses: { USERNAME: 'grace', NEW_PASSWORD: 'Hopper-1906!', ...more },
      })
    expect(await answer({ NEW_PASSWORD: 'short' })).toEqual([
      'InvalidPasswordException',
      'Password did not conform with policy: Password not long enough',
    ])
    expect(await answer({}, 'forged'.repeat(20))).toEqual(['NotAuthorizedException', 'Invalid session for the user.'])
    expect(tokensOf(await answer({ 'userAttributes.email': 'grace@example.com' })).TokenType).toBe('Bearer')
    expect(await answer({ 'userAttributes.email': 'grace@example.com' })).toEqual([
      'NotAuthorizedException',
      'Invalid session for the user, session can only be used once.',
    ])
    expect(await signIn('grace', 'Temporary-1')).toEqual(WRONG)
    expect(tokensOf(await signIn('grace', 'Hopper-1906!')).TokenType).toBe('Bearer')
  })

  it('sets passwords and groups', async () => {
    const { call, signIn } = createCognitoFixture()
    await call('AdminCreateUser', inPool)
    expect(await call('AdminSetUserPassword', { ...inPool, Password: 'weak', Permanent: true })).toMatchObject([
      'InvalidPasswordException',
      expect.any(String),
    ])
    expect(await call('AdminSetUserPassword', { ...inPool, Password: 'Hopper-1906!', Permanent: true })).toEqual({})
    expect(await call('AdminAddUserToGroup', { ...inPool, GroupName: 'Nobodies' })).toEqual([
      'ResourceNotFoundException',
      'Group not found.',
    ])
    expect(await call('CreateGroup', { UserPoolId: POOL, GroupName: 'Nobodies', Precedence: 0 })).toEqual({
      Group: { GroupName: 'Nobodies', UserPoolId: POOL, Precedence: 0 },
    })
    for (const GroupName of ['Admins', 'Editors', 'Nobodies'])
      expect(await call('AdminAddUserToGroup', { ...inPool, GroupName })).toEqual({})
    expect(decodeJwt(tokensOf(await signIn('grace', 'Hopper-1906!')).AccessToken)['cognito:groups']).toEqual([
      'Nobodies',
      'Editors',
      'Admins',
    ])
    await call('AdminRemoveUserFromGroup', { ...inPool, GroupName: 'Nobodies' })
    expect(await call('AdminListGroupsForUser', inPool)).toEqual({
      Groups: [
        { GroupName: 'Editors', UserPoolId: POOL, Precedence: 1 },
        { GroupName: 'Admins', UserPoolId: POOL },
      ],
    })
    expect(await call('AdminGetUser', { ...inPool, Username: 'eve' })).toEqual([
      'UserNotFoundException',
      'User does not exist.',
    ])
    expect(await call('AdminGetUser', { ...inPool, UserPoolId: 'us-east-1_None' })).toEqual([
      'ResourceNotFoundException',
      'User pool us-east-1_None does not exist.',
    ])
    expect(
      ((await call('ListUsers', { UserPoolId: POOL })) as { Users: { Username: string }[] }).Users.map(
        ({ Username }) => Username,
      ),
    ).toEqual(['ada', 'grace'])
    await call('AdminDisableUser', inPool)
    expect(await signIn('grace', 'Hopper-1906!')).toEqual(['NotAuthorizedException', 'User is disabled.'])
    await call('AdminDeleteUser', inPool)
    expect(await signIn('grace', 'Hopper-1906!')).toEqual(['UserNotFoundException', 'User does not exist.'])
  })

  it('refuses what it would leave out, and warns of it in templates', async () => {
    const { call } = createCognitoFixture()
    expect(await call('CreateUserPool', { PoolName: 'p', MfaConfiguration: 'ON' })).toEqual([
      'InvalidParameterException',
      'MfaConfiguration ON is not supported by local user pools.',
    ])
    const logged: unknown[] = []
    createCognitoFixture({
      properties: { LambdaConfig: { PreTokenGeneration: 'arn' } },
      log: (...line) => void logged.push(line),
    })
    expect(logged).toEqual([
      [
        'warn',
        'a local user pool leaves out what it declares',
        { pool: POOL, features: ['LambdaConfig.PreTokenGeneration'] },
      ],
    ])
  })

  it('shows pools and clients', async () => {
    const { call, catalog } = createCognitoFixture()
    const clients = catalog.collection('AWS::Cognito::UserPoolClient')
    const client = clients.list()[0]!
    clients.put({ ...client, arn: `${client.arn}2`, clientId: 'second', clientName: 'second' })
    expect(await call('ListUserPools', { MaxResults: 10 })).toEqual({ UserPools: [{ Id: POOL, Name: 'people' }] })
    expect(await call('DescribeUserPool', { UserPoolId: POOL })).toMatchObject({
      UserPool: { Id: POOL, Arn: `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${POOL}` },
    })
    const first = await call('ListUserPoolClients', { UserPoolId: POOL, MaxResults: 1 })
    expect(first).toEqual({
      UserPoolClients: [{ ClientId: 'second', UserPoolId: POOL, ClientName: 'second' }],
      NextToken: 'second',
    })
    expect(await call('ListUserPoolClients', { UserPoolId: POOL, MaxResults: 1, NextToken: 'second' })).toEqual({
      UserPoolClients: [{ ClientId: 'webclient', UserPoolId: POOL, ClientName: 'web' }],
    })
    expect(await call('DescribeUserPoolClient', { UserPoolId: POOL, ClientId: 'webclient' })).toMatchObject({
      UserPoolClient: { ClientId: 'webclient', ClientName: 'web', UserPoolId: POOL },
    })
  })

  it('lets an e-mail address stand for the username where the pool does', async () => {
    const { call, signIn } = createCognitoFixture({
      properties: { UsernameAttributes: ['email'], UsernameConfiguration: { CaseSensitive: false } },
    })
    const created = (await call('AdminCreateUser', { UserPoolId: POOL, Username: 'Grace@Example.com' })) as {
      User: { Username: string }
    }
    expect(created.User.Username).toMatch(/^[0-9a-f-]{36}$/)
    await call('AdminSetUserPassword', {
      UserPoolId: POOL,
      Username: 'grace@example.com',
      Password: 'Hopper-1906!',
      Permanent: true,
    })
    expect(decodeJwt(tokensOf(await signIn('GRACE@example.com', 'Hopper-1906!')).IdToken)).toMatchObject({
      'cognito:username': created.User.Username,
      email: 'grace@example.com',
    })
  })
})

describe('a data folder', () => {
  it('keeps users and keys, and no password in clear', async () => {
    const path = mkdtempSync(join(tmpdir(), 'sidestage-cognito-'))
    try {
      const run = async (use: (fixture: ReturnType<typeof createCognitoFixture>) => Promise<void>): Promise<void> => {
        const folder = openDataFolder(path)
        const fixture = createCognitoFixture({ folder })
        await use(fixture)
        fixture.cognito.close()
        folder.close()
      }
      let token = ''
      await run(async ({ call, signIn }) => {
        await call('AdminCreateUser', { UserPoolId: POOL, Username: 'grace', TemporaryPassword: 'Temporary-1' })
        await call('AdminSetUserPassword', {
          UserPoolId: POOL,
          Username: 'grace',
          Password: 'Hopper-1906!',
          Permanent: true,
        })
        token = tokensOf(await signIn()).AccessToken
      })
      const bytes = readdirSync(path)
        .map((name) => readFileSync(join(path, name)).toString('latin1'))
        .join()
      for (const secret of [PASSWORD, 'Temporary-1', 'Hopper-1906!', token]) expect(bytes).not.toContain(secret)
      await run(async ({ call, signIn }) => {
        expect(await call('GetUser', { AccessToken: token })).toMatchObject({ Username: 'ada' })
        expect(tokensOf(await signIn('grace', 'Hopper-1906!')).TokenType).toBe('Bearer')
      })
    } finally {
      rmSync(path, { recursive: true, force: true })
    }
  })

  it('takes a password of the settings that was changed', async () => {
    const { openMemoryFolder } = await import('../../../src/storage/dataFolder.ts')
    const memory = openMemoryFolder()
    const database = memory.database('cognito')
    const folder = { ...memory, database: () => database }
    expect(tokensOf(await createCognitoFixture({ folder }).signIn()).TokenType).toBe('Bearer')
    const changed = { ...PEOPLE, users: [{ ...PEOPLE.users[0]!, password: 'Analytical-1' }] }
    const { signIn } = createCognitoFixture({ folder, userPools: [changed] })
    expect(await signIn()).toEqual(WRONG)
    expect(tokensOf(await signIn('ada', 'Analytical-1')).TokenType).toBe('Bearer')
  })
})

describe('minting', () => {
  it('makes tokens of users and of anybody', async () => {
    const { cognito, signIn } = createCognitoFixture()
    const ada = decodeJwt(tokensOf(await signIn()).AccessToken)
    expect(decodeJwt(await cognito.mintToken({ pool: 'people', username: 'ada' }))).toMatchObject({
      sub: ada.sub,
      client_id: 'webclient',
      token_use: 'access',
      'cognito:groups': ['Editors'],
    })
    expect(
      decodeJwt(
        await cognito.mintToken({
          pool: POOL,
          use: 'id',
          sub: 's-1',
          groups: ['Other'],
          claims: { tenant: 'acme' },
          expiresIn: 60,
        }),
      ),
    ).toMatchObject({
      sub: 's-1',
      aud: 'webclient',
      'cognito:groups': ['Other'],
      'cognito:username': 's-1',
      tenant: 'acme',
    })
    expect(decodeJwt(await cognito.mintToken({ oidc: true, sub: 's-2', clientId: 'c' }))).toMatchObject({
      iss: 'http://127.0.0.1:4000/oidc',
      sub: 's-2',
      aud: 'c',
    })
    await expect(cognito.mintToken({ pool: 'nobody' })).rejects.toThrow('No local user pool is called nobody.')
    await expect(cognito.mintToken({ oidc: 'https://elsewhere.example' })).rejects.toThrow(
      'is not played by this server',
    )
  })

  it('is described where OpenID Connect looks', async () => {
    const { cognito } = createCognitoFixture()
    expect(await cognito.issuers.wellKnown('/oidc/.well-known/openid-configuration')).toMatchObject({
      issuer: 'http://127.0.0.1:4000/oidc',
      jwks_uri: 'http://127.0.0.1:4000/oidc/.well-known/jwks.json',
    })
    expect([
      await cognito.issuers.wellKnown(`/${POOL}/.well-known/openid-configuration`),
      cognito.issuers.wellKnown('/us-east-1_None/.well-known/jwks.json'),
      cognito.issuers.wellKnown('/__proto__/.well-known/jwks.json'),
      cognito.issuers.wellKnown(`/${POOL}/.well-known/private`),
    ]).toEqual([expect.objectContaining({ issuer: `http://127.0.0.1:4000/${POOL}` }), undefined, undefined, undefined])
  })
})
