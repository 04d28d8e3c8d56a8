import { describe, expect, it } from 'vitest'
import { compilePolicies, intersect, PolicySyntaxError, trusts } from '../../../src/auth/iam/policy.ts'
import { matchesWildcard } from '../../../src/auth/iam/wildcard.ts'
import { silentLog } from '../../../src/observability/log.ts'

const FIELD = 'arn:aws:appsync:us-east-1:000000000000:apis/a/types/Query/fields/post'

function decide(
  statements: unknown,
  request: { action?: string; resource?: string; context?: Record<string, string | string[]> } = {},
) {
  return compilePolicies([{ Statement: statements }], silentLog).decide({
    action: request.action ?? 'appsync:GraphQL',
    resource: request.resource ?? FIELD,
    context: new Map(Object.entries(request.context ?? {})),
  })
}
const allow = { Effect: 'Allow', Action: 'appsync:GraphQL', Resource: '*' }

describe('a policy', () => {
  it.each<[string, unknown, 'Allow' | 'Deny' | undefined]>([
    ['no statement that applies decides nothing', [], undefined],
    ['one statement need not be in a list', allow, 'Allow'],
    ['actions ignore case', { ...allow, Action: 'APPSYNC:graphql' }, 'Allow'],
    ['actions may end in a star', { ...allow, Action: ['dynamodb:*', 'appsync:Graph*'] }, 'Allow'],
    ['another action does not count', { ...allow, Action: 'appsync:GetType' }, undefined],
    ['NotAction is everything else', { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }, 'Allow'],
    ['NotAction leaves out what it names', { Effect: 'Allow', NotAction: 'appsync:*', Resource: '*' }, undefined],
    ['resources may name fields', { ...allow, Resource: FIELD }, 'Allow'],
    ['resources heed case', { ...allow, Resource: FIELD.replace('post', 'Post') }, undefined],
    ['resources may have stars', { ...allow, Resource: 'arn:aws:appsync:*:*:apis/*/types/Query/*' }, 'Allow'],
    ['a question mark is one character', { ...allow, Resource: FIELD.replace('post', 'p??t') }, 'Allow'],
    [
      'a resource of another type does not count',
      { ...allow, Resource: FIELD.replace('Query', 'Mutation') },
      undefined,
    ],
    ['NotResource is everything else', { Effect: 'Allow', Action: '*', NotResource: `${FIELD}x` }, 'Allow'],
    ['NotResource leaves out what it names', { Effect: 'Allow', Action: '*', NotResource: FIELD }, undefined],
    ['Deny beats Allow, before', [{ ...allow, Effect: 'Deny' }, allow], 'Deny'],
    ['Deny beats Allow, after', [allow, { ...allow, Effect: 'Deny', Resource: FIELD }], 'Deny'],
    ['Deny elsewhere does not', [allow, { ...allow, Effect: 'Deny', Resource: `${FIELD}2` }], 'Allow'],
  ])('%s', (_, statements, expected) => {
    expect(decide(statements)).toBe(expected)
  })

  it('replaces variables, whose stars are no wildcards', () => {
    const own = { ...allow, Resource: 'arn:aws:s3:::home/${aws:username}/*' }
    const resource = 'arn:aws:s3:::home/ada/x'
    expect([
      decide(own, { resource, context: { 'aws:username': 'ada' } }),
      decide(own, { resource, context: { 'aws:username': 'bob' } }),
      decide(own, { resource, context: { 'aws:username': '*' } }),
      decide(own, { resource }),
      decide({ ...allow, Resource: "home/${aws:username, 'ada'}" }, { resource: 'home/ada' }),
      decide(
        { ...allow, Resource: 'home/${ aws:username }' },
        { resource: 'home/ada', context: { 'aws:username': 'ada' } },
      ),
      decide({ ...allow, Resource: 'home/${*}' }, { resource: 'home/*' }),
      decide({ ...allow, Resource: 'home/${*}' }, { resource: 'home/ada' }),
    ]).toEqual(['Allow', undefined, undefined, undefined, 'Allow', 'Allow', 'Allow', undefined])
  })

  it.each<[string, unknown]>([
    ['Statement[0] is no object', [null]],
    ['Statement[0].Effect is neither Allow nor Deny', [{ ...allow, Effect: 'allow' }]],
    ['Statement[0] has no Action', [{ Effect: 'Allow', Resource: '*' }]],
    ['Statement[0] has no Resource', [{ Effect: 'Allow', Action: '*' }]],
    ['Statement[0] has Action and NotAction', [{ ...allow, NotAction: 'x' }]],
    ['Statement[0].Condition.StringEqual is no condition operator', [{ ...allow, Condition: { StringEqual: {} } }]],
    ['Statement[0]: an identity policy has no Principal', [{ ...allow, Principal: '*' }]],
    ['Statement[0].Action is neither a string nor a list of strings', [{ ...allow, Action: [{}] }]],
  ])('is refused with “%s”', (message, statements) => {
    expect(() => decide(statements)).toThrow(new PolicySyntaxError(message))
  })

  it('says which condition keys it cannot know', () => {
    const lines: unknown[] = []
    compilePolicies(
      [{ Statement: { ...allow, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o', 'aws:SourceIp': '::1' } } } }],
      (...line) => void lines.push(line),
    )
    expect(lines).toEqual([
      ['warn', 'a policy has condition keys that are unknown here; they never match', { keys: ['aws:principalorgid'] }],
    ])
  })

  it('under a session policy allows what both allow', () => {
    const compile = (statement: unknown) => compilePolicies([{ Statement: statement }], silentLog)
    const request = { action: 'appsync:GraphQL', resource: FIELD, context: new Map() }
    const other = { ...allow, Action: 'dynamodb:*' }
    expect([
      intersect([compile(allow), compile(allow)]).decide(request),
      intersect([compile(allow), compile(other)]).decide(request),
      intersect([compile(allow), compile({ ...allow, Effect: 'Deny' })]).decide(request),
    ]).toEqual(['Allow', undefined, 'Deny'])
  })
})

describe('a condition', () => {
  it.each<[string, Record<string, unknown>, Record<string, string | string[]>, boolean]>([
    ['StringEquals', { 'aws:userid': 'a' }, { 'aws:userid': 'a' }, true],
    ['StringEquals', { 'aws:userid': ['x', 'a'] }, { 'aws:userid': 'a' }, true],
    ['StringEquals', { 'aws:userid': 'A' }, { 'aws:userid': 'a' }, false],
    ['StringEquals', { 'AWS:UserId': 'a' }, { 'aws:userid': 'a' }, true],
    ['StringEquals', { 'aws:userid': 'a', 'aws:username': 'b' }, { 'aws:userid': 'a' }, false],
    ['StringEqualsIfExists', { 'aws:username': 'b' }, {}, true],
    ['StringEqualsIfExists', { 'aws:username': 'b' }, { 'aws:username': 'c' }, false],
    ['StringNotEquals', { 'aws:userid': ['a', 'b'] }, { 'aws:userid': 'b' }, false],
    ['StringNotEquals', { 'aws:userid': 'a' }, {}, true],
    ['StringNotEquals', { 'aws:PrincipalOrgID': 'o' }, {}, false],
    ['StringEqualsIgnoreCase', { 'aws:userid': 'A' }, { 'aws:userid': 'a' }, true],
    ['StringLike', { 'aws:useragent': 'aws-*/6.?' }, { 'aws:useragent': 'aws-amplify/6.2' }, true],
    ['StringNotLike', { 'aws:useragent': 'curl/*' }, { 'aws:useragent': 'curl/8' }, false],
    ['Bool', { 'aws:securetransport': true }, { 'aws:securetransport': 'true' }, true],
    ['Bool', { 'aws:securetransport': 'true' }, { 'aws:securetransport': 'false' }, false],
    ['NumericLessThan', { 'aws:epochtime': '100' }, { 'aws:epochtime': '99' }, true],
    ['NumericLessThan', { 'aws:epochtime': '100' }, { 'aws:epochtime': 'x' }, false],
    ['NumericGreaterThanEquals', { 'aws:epochtime': 100 }, { 'aws:epochtime': '100' }, true],
    [
      'DateGreaterThan',
      { 'aws:currenttime': '2026-01-01T00:00:00Z' },
      { 'aws:currenttime': '2026-01-15T12:00:00Z' },
      true,
    ],
    ['DateLessThan', { 'aws:currenttime': '1767225600' }, { 'aws:currenttime': '2026-01-15T12:00:00Z' }, false],
    ['IpAddress', { 'aws:sourceip': ['10.0.0.0/8', '127.0.0.1'] }, { 'aws:sourceip': '10.2.3.4' }, true],
    ['IpAddress', { 'aws:sourceip': '10.0.0.0/8' }, { 'aws:sourceip': '11.0.0.1' }, false],
    ['IpAddress', { 'aws:sourceip': '2001:db8::/32' }, { 'aws:sourceip': '2001:db8::1' }, true],
    ['IpAddress', { 'aws:sourceip': '10.0.0.0/99' }, { 'aws:sourceip': '10.0.0.1' }, false],
    ['NotIpAddress', { 'aws:sourceip': '10.0.0.0/8' }, { 'aws:sourceip': '11.0.0.1' }, true],
    [
      'ArnLike',
      { 'aws:principalarn': 'arn:aws:iam::*:role/R*' },
      { 'aws:principalarn': 'arn:aws:iam::1:role/Reader' },
      true,
    ],
    [
      'ArnEquals',
      { 'aws:principalarn': 'arn:aws:*:role/Reader' },
      { 'aws:principalarn': 'arn:aws:iam::1:role/Reader' },
      false,
    ],
    ['Null', { 'aws:tokenissuetime': 'true' }, {}, true],
    ['Null', { 'aws:tokenissuetime': 'false' }, {}, false],
    [
      'ForAnyValue:StringLike',
      { 'cognito-identity.amazonaws.com:amr': 'auth*' },
      { 'cognito-identity.amazonaws.com:amr': ['x', 'authenticated'] },
      true,
    ],
    ['ForAnyValue:StringLike', { 'cognito-identity.amazonaws.com:amr': 'auth*' }, {}, false],
    [
      'ForAllValues:StringEquals',
      { 'cognito-identity.amazonaws.com:amr': ['a', 'b'] },
      { 'cognito-identity.amazonaws.com:amr': ['a', 'c'] },
      false,
    ],
    [
      'ForAllValues:StringEquals',
      { 'cognito-identity.amazonaws.com:amr': ['a', 'b'] },
      { 'cognito-identity.amazonaws.com:amr': ['a', 'b'] },
      true,
    ],
    ['StringEquals', { 'aws:userid': '${aws:username}' }, { 'aws:userid': 'ada', 'aws:username': 'ada' }, true],
  ])('%s %j of %j: %s', (operator, block, context, expected) => {
    expect(decide({ ...allow, Condition: { [operator]: block } }, { context }) === 'Allow').toBe(expected)
  })
})

describe('a trust policy', () => {
  const ada = { type: 'AWS', name: 'arn:aws:iam::000000000000:user/ada', accountId: '000000000000' } as const
  const request = { action: 'sts:AssumeRole', context: new Map<string, string>() }
  const trust = (Principal: unknown, party: Parameters<typeof trusts>[1] = ada, Effect = 'Allow') =>
    trusts({ Statement: [{ Effect, Principal, Action: 'sts:AssumeRole' }] }, party, request, silentLog)

  it('lets in whom it names: by ARN, account, role of a session, service', () => {
    const session = {
      type: 'AWS',
      name: 'arn:aws:sts::000000000000:assumed-role/R/s',
      accountId: '000000000000',
    } as const
    expect([
      trust({ AWS: ada.name }),
      trust({ AWS: ['x', '000000000000'] }),
      trust({ AWS: 'arn:aws:iam::000000000000:root' }),
      trust({ AWS: 'arn:aws:iam::111111111111:root' }),
      trust('*'),
      trust({ AWS: 'arn:aws:iam::000000000000:role/R' }, session),
      trust({ Service: 'lambda.amazonaws.com' }),
      trust({ Service: 'lambda.amazonaws.com' }, { type: 'Service', name: 'lambda.amazonaws.com' }),
      trust({ AWS: ada.name }, ada, 'Deny'),
    ]).toEqual([true, true, true, false, true, true, false, true, false])
  })
})

describe('a wildcard', () => {
  it('is matched in bounded time', () => {
    expect(matchesWildcard(`${'*a'.repeat(500)}b`, 'a'.repeat(10_000))).toBe(false)
    expect(matchesWildcard('*'.repeat(10_000), '')).toBe(true)
    expect([
      matchesWildcard('', ''),
      matchesWildcard('', 'a'),
      matchesWildcard('?', ''),
      matchesWildcard('a.c', 'abc'),
    ]).toEqual([true, false, false, false])
  })
})
