import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../src/auth/caller.ts'
import { compileFieldRules } from '../../src/auth/fieldRules.ts'
import type { AuthenticationType, GraphqlApi } from '../../src/resources.ts'

const MODES: readonly AuthenticationType[] = [
  'API_KEY',
  'AWS_IAM',
  'OPENID_CONNECT',
  'AMAZON_COGNITO_USER_POOLS',
  'AWS_LAMBDA',
]
const DIRECTIVES = [
  '',
  '@aws_api_key',
  '@aws_iam',
  '@aws_oidc',
  '@aws_cognito_user_pools',
  '@aws_cognito_user_pools(cognito_groups: ["Editors"])',
  '@aws_lambda',
  '@aws_api_key @aws_iam',
] as const
type Directive = (typeof DIRECTIVES)[number]

const DECLARATIONS = `
  directive @aws_api_key on OBJECT | FIELD_DEFINITION
  directive @aws_iam on OBJECT | FIELD_DEFINITION
  directive @aws_oidc on OBJECT | FIELD_DEFINITION
  directive @aws_cognito_user_pools(cognito_groups: [String]) on OBJECT | FIELD_DEFINITION
  directive @aws_lambda on OBJECT | FIELD_DEFINITION
  directive @aws_auth(cognito_groups: [String]) on FIELD_DEFINITION
`

const MODES_OF: Record<Directive, readonly AuthenticationType[]> = {
  '': [],
  '@aws_api_key': ['API_KEY'],
  '@aws_iam': ['AWS_IAM'],
  '@aws_oidc': ['OPENID_CONNECT'],
  '@aws_cognito_user_pools': ['AMAZON_COGNITO_USER_POOLS'],
  '@aws_cognito_user_pools(cognito_groups: ["Editors"])': ['AMAZON_COGNITO_USER_POOLS'],
  '@aws_lambda': ['AWS_LAMBDA'],
  '@aws_api_key @aws_iam': ['API_KEY', 'AWS_IAM'],
}

/**
 * The documented rules, said a second time: “the field's directives, else its type's, else the default mode”; groups
 * restrict user pools only; what a field returns is judged by its own type.
 */
function documented(
  mode: AuthenticationType,
  groups: readonly string[],
  defaultMode: AuthenticationType,
  ofType: Directive,
  ofField: Directive,
): boolean {
  const effective = ofField !== '' ? ofField : ofType
  if (effective === '') return mode === defaultMode
  if (!MODES_OF[effective].includes(mode)) return false
  return !effective.includes('cognito_groups') || groups.includes('Editors')
}

function apiOf(defaultMode: AuthenticationType): GraphqlApi {
  return {
    arn: 'arn:aws:appsync:us-east-1:000000000000:apis/a',
    apiId: 'a',
    name: 'a',
    uris: {},
    authenticationType: defaultMode,
    additionalAuthenticationProviders: MODES.filter((mode) => mode !== defaultMode).map((authenticationType) => ({
      authenticationType,
    })),
  }
}

const CALLERS: readonly Caller[] = [
  ...MODES.map((mode): Caller => ({ mode, identity: null, mayUse: () => true })),
  { mode: 'AMAZON_COGNITO_USER_POOLS', identity: null, groups: ['Readers', 'Editors'] },
  { mode: 'AMAZON_COGNITO_USER_POOLS', identity: null, groups: ['editors', 'Readers'] },
]
const nameOf = (caller: Caller): string => `${caller.mode}${caller.groups ? ` in ${caller.groups.join(' and ')}` : ''}`

const PLACES = [
  { nesting: 'on a field of Query', typeName: 'Query' },
  { nesting: 'on an object below it', typeName: 'Post' },
  { nesting: 'on an object in a list below that', typeName: 'Comment' },
] as const

describe.each(PLACES)('with several modes, $nesting', ({ typeName }) => {
  for (const defaultMode of MODES) {
    describe(`of an API whose default is ${defaultMode}`, () => {
      for (const ofType of DIRECTIVES) {
        for (const ofField of DIRECTIVES) {
          const at = (type: string, text: string): string => (typeName === type ? text : '')
          const schema = buildSchema(`${DECLARATIONS}
            type Query ${at('Query', ofType)} { post: Post  target: String ${at('Query', ofField)} }
            type Post ${at('Post', ofType)} { comments: [Comment]  target: String ${at('Post', ofField)} }
            type Comment ${at('Comment', ofType)} { target: String ${at('Comment', ofField)} }
          `)
          const rules = compileFieldRules(schema, apiOf(defaultMode))
          it(`type "${ofType}", field "${ofField}"`, () => {
            const cells = CALLERS.map((caller) => [nameOf(caller), rules.allows(caller, typeName, 'target')])
            const expected = CALLERS.map((caller) => [
              nameOf(caller),
              documented(caller.mode, caller.groups ?? [], defaultMode, ofType, ofField),
            ])
            expect(cells).toEqual(expected)
          })
        }
      }
    })
  }
})

describe('where user pools are the single mode', () => {
  const schema = buildSchema(`${DECLARATIONS}
    type Query {
      open: Post
      editors: Post @aws_auth(cognito_groups: ["Editors"])
      any: Post @aws_auth
      pools: Post @aws_cognito_user_pools(cognito_groups: ["Editors"])
    }
    type Post { plain: String  marked: String @aws_auth(cognito_groups: ["Editors"]) strict: String @aws_cognito_user_pools(cognito_groups: ["Editors"]) }
  `)
  const api = (defaultAction: 'ALLOW' | 'DENY'): GraphqlApi => ({
    ...apiOf('AMAZON_COGNITO_USER_POOLS'),
    additionalAuthenticationProviders: [],
    userPoolConfig: { userPoolId: 'us-east-1_a', awsRegion: 'us-east-1', defaultAction },
  })
  const reader: Caller = { mode: 'AMAZON_COGNITO_USER_POOLS', identity: null, groups: ['Readers'] }
  const editor: Caller = { ...reader, groups: ['Editors'] }
  const table = (caller: Caller, action: 'ALLOW' | 'DENY') => {
    const rules = compileFieldRules(schema, api(action))
    return Object.fromEntries(
      ['Query.open', 'Query.editors', 'Query.any', 'Query.pools', 'Post.plain', 'Post.marked', 'Post.strict'].map(
        (name) => [name, rules.allows(caller, name.split('.')[0] ?? '', name.split('.')[1] ?? '')],
      ),
    )
  }

  it('@aws_auth restricts the fields of operations to groups, and nothing below them', () => {
    expect([table(reader, 'ALLOW'), table(editor, 'ALLOW')]).toEqual([
      {
        'Query.open': true,
        'Query.editors': false,
        'Query.any': true,
        'Query.pools': false,
        'Post.plain': true,
        'Post.marked': true,
        'Post.strict': false,
      },
      {
        'Query.open': true,
        'Query.editors': true,
        'Query.any': true,
        'Query.pools': true,
        'Post.plain': true,
        'Post.marked': true,
        'Post.strict': true,
      },
    ])
  })

  it('a default action of DENY closes the operations without @aws_auth', () => {
    expect(table(editor, 'DENY')).toEqual({
      'Query.open': false,
      'Query.editors': true,
      'Query.any': true,
      'Query.pools': false,
      'Post.plain': true,
      'Post.marked': true,
      'Post.strict': true,
    })
  })
})
