import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/auth/caller.ts'
import { compileFieldRules, schemaWarnings } from '../../src/auth/fieldRules.ts'
import type { GraphqlApi } from '../../src/resources.ts'

const DECLARATIONS = `directive @aws_api_key on OBJECT | FIELD_DEFINITION
  directive @aws_iam on OBJECT | FIELD_DEFINITION
  directive @aws_oidc on OBJECT | FIELD_DEFINITION
  directive @aws_cognito_user_pools(cognito_groups: [String]) on OBJECT | FIELD_DEFINITION
  directive @aws_lambda on OBJECT | FIELD_DEFINITION
  directive @aws_auth(cognito_groups: [String]) on FIELD_DEFINITION`

const API: GraphqlApi = {
  arn: 'arn:aws:appsync:us-east-1:000000000000:apis/a',
  apiId: 'a',
  name: 'a',
  uris: {},
  authenticationType: 'AWS_LAMBDA',
  additionalAuthenticationProviders: [{ authenticationType: 'AWS_IAM' }],
}

describe('the rules of fields', () => {
  const schema = buildSchema(`${DECLARATIONS}
    type Query { post: Post @aws_iam @aws_lambda }
    type Post @aws_iam @aws_lambda { id: ID secret: String }
    type User { id: ID secret: String }`)
  const rules = compileFieldRules(schema, API)

  it('let everyone ask for __typename and for the schema', () => {
    const caller: Caller = { mode: 'AWS_IAM', identity: null }
    expect([
      rules.allows(caller, 'Post', '__typename'),
      rules.allows(caller, 'Query', '__schema'),
      rules.allows(caller, '__Type', 'name'),
    ]).toEqual([true, true, true])
  })

  it('know no field of another name, of Object.prototype for example', () => {
    const caller: Caller = { mode: 'AWS_LAMBDA', identity: null }
    expect([rules.allows(caller, 'constructor', 'toString'), rules.allows(caller, 'Query', 'toString')]).toEqual([
      false,
      false,
    ])
  })

  it('ask IAM for the fields of operations, and below them for explicit denials only', () => {
    const caller: Caller = {
      mode: 'AWS_IAM',
      identity: null,
      mayUse: (type, field) => `${type}.${field}` === 'Query.post',
      denies: (_, field) => field === 'secret',
    }
    expect([
      rules.allows(caller, 'Query', 'post'),
      rules.allows({ ...caller, mayUse: () => false }, 'Query', 'post'),
      rules.allows(caller, 'Post', 'id'),
      rules.allows(caller, 'Post', 'secret'),
    ]).toEqual([true, false, true, false])
  })

  it.each([
    ['Post.secret', true],
    ['arn:aws:appsync:us-east-1:000000000000:apis/a/types/Post/fields/secret', true],
    ['arn:aws:appsync:us-east-1:000000000000:apis/b/types/Post/fields/secret', false],
    ['post.secret', false],
    ['Post.Secret', false],
    ['User.secret', false],
    ['Post.*', false],
    ['*', false],
    ['secret', false],
  ])('a Lambda authorizer that denies %s denies Post.secret: %s', (denied, expected) => {
    const caller: Caller = { mode: 'AWS_LAMBDA', identity: null, deniedFields: [denied] }
    expect([rules.allows(caller, 'Post', 'secret'), rules.allows(caller, 'Post', 'id')]).toEqual([!expected, true])
  })

  it('are decided by the mode alone where groups, policies and authorizers have no say', () => {
    expect([
      rules.decide('API_KEY', 'Query', 'post'),
      rules.decide('AWS_IAM', 'Query', 'post'),
      rules.decide('AWS_LAMBDA', 'User', 'id'),
      rules.decide('AWS_IAM', 'User', 'id'),
      rules.decide('AWS_IAM', 'User', '__typename'),
    ]).toEqual(['deny', 'ask', 'ask', 'deny', 'allow'])
  })
})

describe('warnings of a schema', () => {
  it('name fields whose type is closed to a mode that may ask for them', () => {
    const schema = buildSchema(`${DECLARATIONS}
      type Query { post: Post @aws_iam @aws_lambda  found: [Found!]! @aws_iam }
      type Post { id: ID }
      type Open @aws_iam { id: ID }
      union Found = Post | Open`)
    expect(schemaWarnings(schema, API)).toEqual([
      {
        message: "Query.post is open to AWS_IAM, but no field of Post is: add the mode's directive to type Post",
        typeName: 'Query',
        fieldName: 'post',
        location: { line: 7, column: 20 },
      },
    ])
  })

  it('name directives that do nothing', () => {
    const schema = buildSchema(`${DECLARATIONS}
      type Query @aws_oidc { post: Post @aws_lambda @aws_auth(cognito_groups: ["a"]) }
      type Post { id: ID }`)
    expect(schemaWarnings(schema, API).map(({ message }) => message)).toEqual([
      '@aws_oidc on type Query lets nobody in: the API has no authentication provider of type OPENID_CONNECT',
      "@aws_auth on Query.post does nothing: it works only where user pools are the API's single mode; use @aws_cognito_user_pools",
    ])
  })

  it('are silent for a schema that is meant so', () => {
    const schema = buildSchema('type Query { post: Post } type Post { id: ID comments: [Post] }')
    expect(schemaWarnings(schema, API)).toEqual([])
  })
})
