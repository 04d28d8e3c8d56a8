import { createHmac } from 'node:crypto'
import type { AwsError } from '../../src/aws/errors.ts'
import type { CallContext } from '../../src/aws/service.ts'
import { createCatalog } from '../../src/catalog.ts'
import type { Log } from '../../src/observability/log.ts'
import { createCognito } from '../../src/services/cognito/createCognito.ts'
import type { IssueTemporary } from '../../src/services/cognito/identityPoolService.ts'
import type { UserPoolSetting } from '../../src/services/cognito/poolDirectory.ts'
import { type DataFolder, openMemoryFolder } from '../../src/storage/dataFolder.ts'
import { createManualClock } from './authFixture.ts'

export const POOL = 'us-east-1_People'
export const BASE_URL = 'http://127.0.0.1:4000'
export const PASSWORD = 'Lovelace-1815'

const CONTEXT: CallContext = {
  accountId: '000000000000',
  region: 'us-east-1',
  principalArn: 'arn:aws:iam::000000000000:root',
}

/** The settings of most tests: a pool with a user, and a client that may use every flow. */
export const PEOPLE: UserPoolSetting = {
  name: 'people',
  id: POOL,
  clients: [{ name: 'web', id: 'webclient' }],
  users: [{ username: 'ada', password: PASSWORD, email: 'ada@example.com', groups: ['Editors'], attributes: {} }],
  groups: [{ name: 'Editors', precedence: 1 }, { name: 'Admins' }],
}

/** Local pools at a standing time. */
export function createCognitoFixture(
  options: {
    folder?: DataFolder
    userPools?: readonly UserPoolSetting[]
    issueTemporary?: IssueTemporary
    properties?: Record<string, unknown>
    log?: Log
  } = {},
) {
  const catalog = createCatalog()
  const clock = createManualClock()
  if (options.properties !== undefined)
    catalog.collection('AWS::Cognito::UserPool').put({
      arn: `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${POOL}`,
      id: POOL,
      name: 'People of the template',
      properties: options.properties,
      local: true,
    })
  const cognito = createCognito({
    catalog,
    clock,
    folder: options.folder ?? openMemoryFolder(),
    userPools: options.userPools ?? [PEOPLE],
    baseUrl: () => BASE_URL,
    ...(options.log !== undefined && { log: options.log }),
    issueTemporary:
      options.issueTemporary ??
      (() => {
        throw new Error('not expected')
      }),
  })
  const { userPools, identityPools } = cognito
  /** The answer, or the error's name and message. */
  const outcome = async (
    service: typeof userPools,
    operation: string,
    input: unknown,
  ): Promise<Record<string, unknown> | [string, string]> => {
    try {
      return (await service.call(operation, input, CONTEXT)) as Record<string, unknown>
    } catch (error) {
      const { code, message } = error as AwsError
      return [code, message]
    }
  }
  return {
    catalog,
    clock,
    cognito,
    call: (operation: string, input: unknown) => outcome(userPools, operation, input),
    identity: (operation: string, input: unknown) => outcome(identityPools, operation, input),
    /** Signs in by password. */
    async signIn(username = 'ada', password = PASSWORD, ClientId = 'webclient') {
      const AuthParameters = { USERNAME: username, PASSWORD: password }
      return outcome(userPools, 'InitiateAuth', { AuthFlow: 'USER_PASSWORD_AUTH', ClientId, AuthParameters })
    },
  }
}

export interface Tokens {
  AccessToken: string
  IdToken: string
  RefreshToken: string
  ExpiresIn: number
  TokenType: string
}

export function tokensOf(step: unknown): Tokens {
  return (step as { AuthenticationResult: Tokens }).AuthenticationResult
}

export function secretHash(secret: string, username: string, clientId: string): string {
  return createHmac('sha256', secret)
    .update(username + clientId)
    .digest('base64')
}
