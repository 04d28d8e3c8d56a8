import { Amplify } from 'aws-amplify'
import { confirmSignIn, fetchAuthSession, getCurrentUser, signIn, signOut } from 'aws-amplify/auth'
import { cognitoUserPoolsTokenProvider } from 'aws-amplify/auth/cognito'
import { ConsoleLogger } from 'aws-amplify/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCatalog } from '../../../src/catalog.ts'
import { type Cognito, createCognito } from '../../../src/services/cognito/createCognito.ts'
import { openMemoryFolder } from '../../../src/storage/dataFolder.ts'
import { serveJsonServices } from '../../support/jsonServiceServer.ts'

const IDENTITY_POOL = 'us-east-1:11111111-2222-4333-8444-555555555555'
const memory = new Map<string, string>()

describe('aws-amplify with a local user pool', () => {
  let cognito: Cognito
  let server: Awaited<ReturnType<typeof serveJsonServices>>
  const issued: unknown[] = []

  beforeAll(async () => {
    const catalog = createCatalog()
    let url = ''
    cognito = createCognito({
      catalog,
      folder: openMemoryFolder(),
      userPools: [
        {
          name: 'people',
          id: 'us-east-1_People',
          clients: [{ name: 'web', id: 'webclient' }],
          users: [
            {
              username: 'ada',
              password: 'Lovelace-1815',
              email: 'ada@example.com',
              groups: ['Editors'],
              attributes: { 'custom:tenant': 'acme' },
            },
          ],
          groups: [{ name: 'Editors', precedence: 1, roleArn: 'arn:aws:iam::000000000000:role/Editor' }],
        },
      ],
      baseUrl: () => url,
      issueTemporary(request) {
        issued.push(request)
        return { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', expiration: Date.now() + 3_600_000 }
      },
    })
    catalog.collection('AWS::Cognito::IdentityPool').put({
      arn: `arn:aws:cognito-identity:us-east-1:000000000000:identitypool/${IDENTITY_POOL}`,
      identityPoolId: IDENTITY_POOL,
      name: 'people',
      allowUnauthenticatedIdentities: true,
      authenticatedRoleArn: 'arn:aws:iam::000000000000:role/Reader',
      unauthenticatedRoleArn: 'arn:aws:iam::000000000000:role/Guest',
      cognitoIdentityProviders: [
        { providerName: 'cognito-idp.us-east-1.amazonaws.com/us-east-1_People', clientId: 'webclient' },
      ],
      properties: {},
    })
    server = await serveJsonServices([cognito.userPools, cognito.identityPools], (path) =>
      cognito.issuers.wellKnown(path),
    )
    url = server.url
    cognitoUserPoolsTokenProvider.setKeyValueStorage({
      setItem: async (key, value) => void memory.set(key, value),
      getItem: async (key) => memory.get(key) ?? null,
      removeItem: async (key) => void memory.delete(key),
      clear: async () => memory.clear(),
    })
    // It warns that the endpoints are custom ones, which is what is being tested.
    ConsoleLogger.LOG_LEVEL = 'ERROR'
    Amplify.configure({
      Auth: {
        Cognito: {
          userPoolId: 'us-east-1_People',
          userPoolClientId: 'webclient',
          userPoolEndpoint: url,
          identityPoolId: IDENTITY_POOL,
          identityPoolEndpoint: url,
          allowGuestAccess: true,
        },
      },
    })
  })
  afterAll(async () => {
    await server.close()
    cognito.close()
  })

  it('signs in by SRP, refuses a wrong password, and brings groups and attributes along', async () => {
    await expect(signIn({ username: 'ada', password: 'wrong' })).rejects.toMatchObject({
      name: 'NotAuthorizedException',
      message: 'Incorrect username or password.',
    })
    expect(await signIn({ username: 'ada', password: 'Lovelace-1815' })).toEqual({
      isSignedIn: true,
      nextStep: { signInStep: 'DONE' },
    })
    const { tokens } = await fetchAuthSession()
    expect(tokens?.accessToken.payload).toMatchObject({
      iss: `${server.url}/us-east-1_People`,
      client_id: 'webclient',
      token_use: 'access',
      username: 'ada',
      'cognito:groups': ['Editors'],
    })
    expect(tokens?.idToken?.payload).toMatchObject({
      aud: 'webclient',
      token_use: 'id',
      'cognito:username': 'ada',
      email: 'ada@example.com',
      email_verified: true,
      'custom:tenant': 'acme',
      'cognito:preferred_role': 'arn:aws:iam::000000000000:role/Editor',
    })
    expect((await getCurrentUser()).username).toBe('ada')
  })

  it('gets credentials of the identity pool, refreshes its tokens, and signs out', async () => {
    const session = await fetchAuthSession({ forceRefresh: true })
    expect(session.credentials?.accessKeyId).toBe('ASIA')
    expect(issued.at(-1)).toMatchObject({
      roleArn: 'arn:aws:iam::000000000000:role/Reader',
      sessionName: 'CognitoIdentityCredentials',
      cognitoIdentity: { cognitoIdentityAuthType: 'authenticated', cognitoIdentityId: session.identityId },
    })
    await signOut({ global: true })
    expect((await fetchAuthSession()).tokens).toBeUndefined()
  })

  it('asks for a new password where an administrator made the user', async () => {
    await cognito.userPools.call(
      'AdminCreateUser',
      { UserPoolId: 'us-east-1_People', Username: 'grace', TemporaryPassword: 'Temporary-1' },
      { accountId: '000000000000', region: 'us-east-1', principalArn: 'arn:aws:iam::000000000000:root' },
    )
    const step = await signIn({ username: 'grace', password: 'Temporary-1' })
    expect(step.nextStep.signInStep).toBe('CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED')
    expect(await confirmSignIn({ challengeResponse: 'Hopper-1906!' })).toMatchObject({ isSignedIn: true })
    await signOut()
    expect(await signIn({ username: 'grace', password: 'Hopper-1906!' })).toMatchObject({ isSignedIn: true })
    await signOut()
  })
})
