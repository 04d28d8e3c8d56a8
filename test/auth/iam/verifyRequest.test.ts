import { describe, expect, it } from 'vitest'
import { mayAssumeRole } from '../../../src/auth/iam/assumeRole.ts'
import { createCredentialStore } from '../../../src/auth/iam/credentialStore.ts'
import { verifyAwsRequest } from '../../../src/auth/iam/verifyRequest.ts'
import type { AwsError } from '../../../src/aws/errors.ts'
import { signRequest } from '../../../src/aws/sigv4.ts'
import { createCatalog } from '../../../src/catalog.ts'
import { silentLog } from '../../../src/observability/log.ts'
import { createStsService } from '../../../src/services/sts.ts'
import { NOW } from '../../support/authFixture.ts'

const ADA = {
  accessKeyId: 'AKIDADA',
  secretAccessKey: 'secret-of-ada',
  arn: 'arn:aws:iam::111122223333:user/ada',
}
const request = { method: 'POST', target: '/', headers: [['host', 'localhost:4000']] as const, body: '{}' }
const catalog = createCatalog()
const credentials = createCredentialStore({ catalog, configured: [ADA], clock: { now: () => NOW } })
const signedBy = (
  key: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  service = 'states',
) => ({
  ...request,
  headers: signRequest({ ...request, credentials: key, region: 'eu-central-1', service, now: NOW }).headers,
})
const refusal = (given: Parameters<typeof verifyAwsRequest>[0], protocol: 'json' | 'rest' | 'query'): unknown => {
  try {
    return verifyAwsRequest(given, { credentials, requireSigned: true, now: NOW, services: ['states'], protocol })
  } catch (error) {
    const { code, statusCode } = error as AwsError
    return [code, statusCode]
  }
}

describe('calls to AWS APIs, where signatures are required', () => {
  it('are told by whom and whereto', () => {
    expect(refusal(signedBy(ADA), 'json')).toMatchObject({
      accountId: '111122223333',
      region: 'eu-central-1',
      principalArn: ADA.arn,
      accessKeyId: 'AKIDADA',
      credential: { userName: 'ada' },
    })
  })

  it('are refused in the words and with the status of their protocol', () => {
    const wrong = { ...signedBy(ADA), body: '{"a":1}' }
    const unknown = signedBy({ accessKeyId: 'AKIDX', secretAccessKey: 'x' })
    expect([
      refusal(request, 'json'),
      refusal(wrong, 'json'),
      refusal(unknown, 'rest'),
      refusal(signedBy(ADA, 'dynamodb'), 'rest'),
    ]).toEqual([
      ['MissingAuthenticationTokenException', 400],
      ['InvalidSignatureException', 400],
      ['UnrecognizedClientException', 403],
      ['InvalidSignatureException', 403],
    ])
    expect([refusal(request, 'query'), refusal(wrong, 'query'), refusal(unknown, 'query')]).toEqual([
      ['MissingAuthenticationToken', 403],
      ['SignatureDoesNotMatch', 403],
      ['InvalidClientTokenId', 403],
    ])
  })
})

describe('calls to AWS APIs, where signatures are not required', () => {
  const open = (given: Parameters<typeof verifyAwsRequest>[0]) =>
    verifyAwsRequest(given, { credentials, requireSigned: false, now: NOW })

  it('go to the region of the signature, and to the account of a known key', () => {
    expect([
      open(request),
      open(signedBy({ accessKeyId: 'AKIDX', secretAccessKey: 'x' })),
      open({ ...signedBy(ADA), body: 'altered' }),
      open({ ...request, headers: [['authorization', 'AWS4-HMAC-SHA256 garbage']] }),
    ]).toMatchObject([
      { accountId: '000000000000', region: 'us-east-1', principalArn: 'arn:aws:iam::000000000000:root' },
      { accountId: '000000000000', region: 'eu-central-1' },
      { accountId: '111122223333', region: 'eu-central-1', principalArn: ADA.arn },
      { accountId: '000000000000', region: 'us-east-1' },
    ])
  })
})

describe('credentials', () => {
  it('are test and test for the administrator where only this machine can connect and none are configured', () => {
    const find = (loopbackOnly: boolean, configured: (typeof ADA)[] = []) =>
      createCredentialStore({ catalog, configured, loopbackOnly }).find('test', undefined)
    expect(find(true)).toMatchObject({ type: 'found', credential: { principalArn: 'arn:aws:iam::000000000000:root' } })
    expect([find(false), find(true, [ADA])]).toEqual([{ type: 'unknown' }, { type: 'unknown' }])
  })

  it('of a role or user have the policies that the project has for them, and say so where it has none', () => {
    const project = createCatalog()
    const logged: string[] = []
    const store = createCredentialStore({
      catalog: project,
      log: (_, message) => void logged.push(message),
      configured: [ADA, { ...ADA, accessKeyId: 'AKIDROLE', arn: 'arn:aws:iam::111122223333:role/Reader' }],
    })
    const decide = (accessKeyId: string) => {
      const found = store.find(accessKeyId, undefined)
      return found.type === 'found'
        ? found.credential.policy.decide({ action: 'states:StartExecution', resource: '*', context: new Map() })
        : found.type
    }
    expect([decide('AKIDADA'), decide('AKIDROLE'), decide('AKIDROLE')]).toEqual(['Allow', 'Allow', 'Allow'])
    expect(logged).toEqual(Array(2).fill('the project has no policies of a configured identity: it may do everything'))
    project.collection('AWS::IAM::Role').put({
      arn: 'arn:aws:iam::111122223333:role/Reader',
      roleName: 'Reader',
      policies: [],
      managedPolicyArns: ['arn:aws:iam::aws:policy/AWSStepFunctionsReadOnlyAccess'],
    })
    project.collection('AWS::IAM::ManagedPolicy').put({
      arn: 'arn:aws:iam::111122223333:policy/P',
      policyName: 'P',
      policyDocument: { Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] },
      roles: [],
      users: ['ada'],
    })
    expect([decide('AKIDADA'), decide('AKIDROLE')]).toEqual(['Deny', undefined])
  })

  it('that are temporary outlive a restart with the same secret, and no other', () => {
    const secret = Buffer.alloc(32, 7)
    const store = (key: Uint8Array) => createCredentialStore({ catalog, secret: key })
    const issued = store(secret).issueTemporary({
      roleArn: 'arn:aws:iam::000000000000:role/path/R',
      sessionName: 'session',
    })
    expect(store(secret).find(issued.accessKeyId, issued.sessionToken)).toMatchObject({
      type: 'found',
      credential: {
        secretAccessKey: issued.secretAccessKey,
        principalArn: 'arn:aws:sts::000000000000:assumed-role/R/session',
      },
    })
    expect(store(Buffer.alloc(32, 8)).find(issued.accessKeyId, issued.sessionToken)).toEqual({ type: 'unknown' })
  })
})

describe('STS', () => {
  const roles = createCatalog()
  const store = createCredentialStore({
    catalog: roles,
    configured: [ADA, { ...ADA, accessKeyId: 'AKIDBOB', arn: 'arn:aws:iam::111122223333:user/bob', policies: [] }],
    clock: { now: () => NOW },
  })
  const put = (roleName: string, principal: unknown) =>
    roles.collection('AWS::IAM::Role').put({
      arn: `arn:aws:iam::111122223333:role/${roleName}`,
      roleName,
      policies: [],
      managedPolicyArns: [],
      assumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }] },
    })
  put('OfAccount', { AWS: 'arn:aws:iam::111122223333:root' })
  put('OfBob', { AWS: 'arn:aws:iam::111122223333:user/bob' })
  put('OfLambda', { Service: 'lambda.amazonaws.com' })
  const sts = createStsService<ReturnType<typeof verifyAwsRequest>>({
    mayAssume: (caller, roleArn) => mayAssumeRole(roles, caller, roleArn, { now: NOW, log: silentLog }),
    issueTemporary: (given) => store.issueTemporary(given),
  })
  const call = (accessKeyId: string, form: Record<string, string>) => {
    const signed = signedBy({ ...ADA, accessKeyId }, 'sts')
    const caller = verifyAwsRequest(signed, { credentials: store, requireSigned: true, now: NOW, services: ['sts'] })
    return sts.handle(new URLSearchParams({ Version: '2011-06-15', ...form }), caller)
  }
  const assume = (accessKeyId: string, roleName: string, more: Record<string, string> = {}) => {
    const form = {
      Action: 'AssumeRole',
      RoleArn: `arn:aws:iam::111122223333:role/${roleName}`,
      RoleSessionName: 'session',
    }
    const { status, body } = call(accessKeyId, { ...form, ...more })!
    return [status, /<Code>(\w+)<\/Code>/.exec(String(body))?.[1]]
  }

  it('says who is calling', () => {
    const { status, body, headers } = call('AKIDADA', { Action: 'GetCallerIdentity' })!
    expect([status, headers?.['content-type']]).toEqual([200, 'text/xml'])
    expect(String(body).replace(/<RequestId>[^<]+/, '<RequestId>')).toBe(
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/ada</Arn><UserId>${/<UserId>([^<]+)/.exec(String(body))?.[1]}</UserId><Account>111122223333</Account></GetCallerIdentityResult><ResponseMetadata><RequestId></RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
    )
  })

  it('gives credentials of a role that is open to the caller, which the server then accepts', () => {
    const { body } = call('AKIDADA', {
      Action: 'AssumeRole',
      RoleArn: 'arn:aws:iam::111122223333:role/OfAccount',
      RoleSessionName: 'ada@work',
      DurationSeconds: '900',
    })!
    const text = (name: string): string => new RegExp(`<${name}>([^<]+)`).exec(String(body))?.[1] ?? ''
    const temporary = {
      accessKeyId: text('AccessKeyId'),
      secretAccessKey: text('SecretAccessKey'),
      sessionToken: text('SessionToken'),
    }
    expect(text('Expiration')).toBe('2026-01-15T12:15:00.000Z')
    expect(
      verifyAwsRequest(signedBy(temporary), { credentials: store, requireSigned: true, now: NOW }).principalArn,
    ).toBe('arn:aws:sts::111122223333:assumed-role/OfAccount/ada@work')
  })

  it('asks the trust policy and, where it names the account, the policies of the caller', () => {
    expect([
      assume('AKIDADA', 'OfAccount'),
      assume('AKIDBOB', 'OfAccount'),
      assume('AKIDBOB', 'OfBob'),
      assume('AKIDADA', 'OfBob'),
      assume('AKIDADA', 'OfLambda'),
      assume('AKIDADA', 'Missing'),
    ]).toEqual([
      [200, undefined],
      [403, 'AccessDenied'],
      [200, undefined],
      [403, 'AccessDenied'],
      [403, 'AccessDenied'],
      [403, 'AccessDenied'],
    ])
  })

  it('refuses what is wrong, and leaves the forms of other services alone', () => {
    expect([
      assume('AKIDADA', 'OfAccount', { RoleSessionName: 'a b' }),
      assume('AKIDADA', 'OfAccount', { DurationSeconds: '10' }),
      assume('AKIDADA', 'OfAccount', { Policy: '{' }),
      assume('AKIDADA', 'OfAccount', { Policy: 'x'.repeat(3000) }),
      call('AKIDADA', { Action: '<script>' })?.status,
      call('AKIDADA', { Action: 'Publish', Version: '2010-03-31' }),
    ]).toEqual([
      [400, 'ValidationError'],
      [400, 'ValidationError'],
      [400, 'MalformedPolicyDocument'],
      [400, 'PackedPolicyTooLarge'],
      400,
      undefined,
    ])
  })
})
