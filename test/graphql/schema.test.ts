import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, printSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { buildSchema, SchemaError } from '../../src/graphql/schema/buildSchema.ts'
import { createGraphqlFixture } from '../support/graphqlFixture.ts'

function problemsOf(definition: string): unknown {
  try {
    buildSchema(definition)
    return 'none'
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    return error.problems
  }
}

describe('a schema document', () => {
  it.each<[string, string, unknown]>([
    ['without a query', 'type Other { a: Int }', [{ message: 'There is no top level schema object defined.' }]],
    [
      'whose schema has no query',
      'schema { mutation: M } type M { a: Int }',
      [{ message: "A schema MUST have a 'query' operation defined." }],
    ],
    [
      'with a scalar of its own',
      'type Query { a: Money }\nscalar Money',
      [{ message: "Custom scalar types are not supported: 'Money'.", location: { line: 2, column: 1 } }],
    ],
    [
      'with a directive definition',
      'directive @mine on FIELD_DEFINITION type Query { a: Int }',
      [{ message: 'Directive definitions are not supported.', location: { line: 1, column: 1 } }],
    ],
    [
      'with an interface of interfaces',
      'interface A { a: Int } interface B implements A { a: Int } type Query { a: Int }',
      [
        {
          message: "Failed to parse schema document - ensure it's a valid SDL-formatted document.",
          location: { line: 1, column: 24 },
        },
      ],
    ],
    [
      'with a type that is not there',
      'type Query { a: Zzzzzzzz }',
      [{ message: 'Unknown type "Zzzzzzzz".', location: { line: 1, column: 17 } }],
    ],
    [
      'with an unknown directive',
      'type Query { a: Int @model }',
      [{ message: 'Unknown directive "@model".', location: { line: 1, column: 21 } }],
    ],
    [
      'above 1 MB',
      `type Query { a: Int } # ${'x'.repeat(1_048_576)}`,
      [{ message: 'Schema document size exceeds the limit of 1 MB.' }],
    ],
  ])('%s is refused', (_name, definition, problems) => {
    expect(JSON.parse(JSON.stringify(problemsOf(definition)))).toEqual(problems)
  })

  it('that is no SDL is refused with its place', () => {
    expect(problemsOf('type Query {')).toEqual([
      {
        message: expect.stringMatching(
          /^Failed to parse schema document - ensure it's a valid SDL-formatted document\./,
        ),
        location: { line: 1, column: 13 },
      },
    ])
  })

  it('may use AWS’s scalars and directives anywhere', () => {
    const { subscribedMutations, publishedMutations } = buildSchema(`
      type Query @aws_iam @aws_api_key { a(b: AWSJSON): AWSDate @aws_auth(cognito_groups: ["A"]) @aws_lambda @aws_oidc }
      type Mutation { add: Int other: Int }
      type Subscription {
        onAdd: Int @aws_subscribe(mutations: ["add", "nothing"])
        onAny: Int @aws_subscribe(mutations: ["add", "other"])
        onNone: Int
      }
      input In @aws_cognito_user_pools(cognito_groups: ["A"]) { a: Int }
    `)
    expect([...subscribedMutations]).toEqual([
      ['onAdd', ['add']],
      ['onAny', ['add', 'other']],
      ['onNone', []],
    ])
    expect([...publishedMutations]).toEqual(['add', 'other'])
  })
})

describe('introspection', () => {
  const api = createGraphqlFixture({
    schema: `
      # A thing
      # of two lines
      type Thing @aws_iam {
        "described" id: ID!
        # commented
        when: AWSDateTime
      }
      type Query { thing(limit: Int = 3): Thing @aws_api_key }
      type Subscription { onThing: Thing @aws_subscribe(mutations: []) }
    `,
  })

  it('shows what AppSync shows: its directives, the scalars in use, comments as descriptions, no applied directives', async () => {
    const body = (await api.query(getIntrospectionQuery())) as { data: IntrospectionQuery; errors?: unknown }
    expect(body.errors).toBeUndefined()
    const { types, directives } = body.data.__schema
    expect(types.map(({ name }) => name).filter((name) => name.startsWith('AWS'))).toEqual(['AWSDateTime'])
    expect(types.find(({ name }) => name === 'AWSDateTime')?.description).toMatch(
      /^The `AWSDateTime` scalar type provided by AWS AppSync, represents a valid \*\*\*extended\*\*\* /,
    )
    expect(directives.map(({ name }) => name).sort()).toEqual([
      'aws_api_key',
      'aws_auth',
      'aws_cognito_user_pools',
      'aws_iam',
      'aws_lambda',
      'aws_oidc',
      'aws_publish',
      'aws_subscribe',
      'defer',
      'deprecated',
      'include',
      'skip',
    ])
    const printed = printSchema(buildClientSchema(body.data))
    expect(printed).toContain('" A thing\\n of two lines"\ntype Thing {')
    expect(printed).toContain('""" commented"""\n  when: AWSDateTime')
    expect(printed).toContain('thing(limit: Int = 3): Thing')
    expect(printed).not.toMatch(/(?<!directive |use )@aws/)
  })
})
