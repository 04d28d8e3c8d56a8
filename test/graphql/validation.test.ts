import { describe, expect, it } from 'vitest'
import { createGraphqlFixture } from '../support/graphqlFixture.ts'

const api = createGraphqlFixture({
  schema: `
    interface Named { name: String }
    type Dog implements Named { name: String barks: Boolean owner(of: ID!): Person }
    type Person implements Named { name: String dogs: [Dog!]! }
    union Any = Dog | Person
    enum Size { SMALL BIG }
    input Nested { name: String! size: Size }
    input In { text: String! nested: Nested list: [Int!] }
    type Query {
      dog: Dog
      any: [Any]
      named: Named
      person(id: ID!): Person
      make(input: In!, n: Int, when: AWSDateTime, size: Size = SMALL): String
      count(required: Int! = 3): Int
    }
  `,
})

const position = (line: number, column: number) => ({ line, column, sourceName: null })
const messagesOf = async (query: string, variables?: Record<string, unknown>): Promise<unknown> => {
  const { body } = await api.run(query, variables)
  return body.errors?.map(({ message, locations }) => [
    message?.replace(/^Validation error of type /, ''),
    ...(locations ?? [null]).map((at) => at && `${at.line}:${at.column}`),
  ])
}

describe('a document is refused in graphql-java’s words', () => {
  it.each<[string, unknown[][]]>([
    ['{ cat }', [["FieldUndefined: Field 'cat' in type 'Query' is undefined @ 'cat'", '1:3']]],
    [
      '{ dog { name { x } } }',
      [["SubSelectionNotAllowed: Sub selection not allowed on leaf type String @ 'dog/name'", '1:9']],
    ],
    ['{ dog }', [["SubSelectionRequired: Sub selection required for type Dog of field dog @ 'dog'", '1:3']]],
    ['{ any }', [["SubSelectionRequired: Sub selection required for type null of field any @ 'any'", '1:3']]],
    ['{ person { name } }', [["MissingFieldArgument: Missing field argument id @ 'person'", '1:3']]],
    ['{ dog { name(a: 1) } }', [["UnknownArgument: Unknown field argument a @ 'dog/name'", '1:14']]],
    ['{ dog @no { name } }', [["UnknownDirective: Unknown directive no @ 'dog'", '1:7']]],
    ['query @skip(if: true) { dog { name } }', [['MisplacedDirective: Directive skip not allowed here', '1:7']]],
    ['{ dog @include { name } }', [["MissingDirectiveArgument: Missing directive argument if @ 'dog'", '1:7']]],
    ['{ dog { ... on Cat { name } } }', [["UnknownType: Unknown type Cat @ 'dog'", '1:16']]],
    [
      '{ dog { ... on Size { x } } }',
      [
        [
          "InlineFragmentTypeConditionInvalid: Inline fragment type condition is invalid, must be on Object/Interface/Union @ 'dog'",
          '1:9',
        ],
      ],
    ],
    [
      '{ dog { ... on Person { name } } }',
      [
        [
          "InvalidFragmentType: Fragment cannot be spread here as objects of type Dog can never be of type Person @ 'dog'",
          '1:9',
        ],
      ],
    ],
    [
      '{ dog { ...P } } fragment P on Person { name }',
      [
        [
          "InvalidFragmentType: Fragment P cannot be spread here as objects of type Dog can never be of type Person @ 'dog'",
          '1:9',
        ],
      ],
    ],
    ['{ dog { name } } fragment P on Person { name }', [['UnusedFragment: Unused fragment P', '1:18']]],
    ['query Q($a: Int) { dog { name } }', [['UnusedVariable: Unused variable a', '1:9']]],
    ['{ make(input: {text: $a}) }', [["UndefinedVariable: Undefined variable a @ 'make'", '1:22']]],
    ['query Q($a: Cat) { person(id: $a) { name } }', [['UnknownType: Unknown type Cat', '1:13']]],
    ['query Q($a: Dog) { person(id: $a) { name } }', [['NonInputTypeOnVariable: Wrong type for a variable', '1:9']]],
    [
      'query Q($a: String!) { person(id: $a) { name } }',
      [["VariableTypeMismatch: Variable type 'String!' doesn't match expected type 'ID!' @ 'person'", '1:35']],
    ],
    [
      'query Q($a: ID) { person(id: $a) { name } }',
      [["VariableTypeMismatch: Variable type 'ID' doesn't match expected type 'ID!' @ 'person'", '1:30']],
    ],
    [
      'query Q($a: Int = "x") { make(input: {text: ""}, n: $a) }',
      [["BadValueForDefaultArg: Bad default value StringValue{value='x'} for type Int", '1:9']],
    ],
    [
      '{ make(input: {}) }',
      [
        [
          "WrongType: argument 'input' with value 'ObjectValue{objectFields=[]}' is missing required fields '[text]' @ 'make'",
          '1:8',
        ],
      ],
    ],
    [
      '{ make(input: {text: 1}) }',
      [["WrongType: argument 'input.text' with value 'IntValue{value=1}' is not a valid 'String' @ 'make'", '1:8']],
    ],
    [
      '{ make(input: {text: "", other: 1}) }',
      [
        [
          "WrongType: argument 'input' with value 'ObjectValue{objectFields=[ObjectField{name='text', value=StringValue{value=''}}, ObjectField{name='other', value=IntValue{value=1}}]}' contains a field not in 'In': 'other' @ 'make'",
          '1:8',
        ],
      ],
    ],
    [
      '{ make(input: {text: "", list: [1, null]}) }',
      [["WrongType: argument 'input.list[1]' with value 'NullValue{}' must not be null @ 'make'", '1:8']],
    ],
    [
      '{ make(input: 3) }',
      [["WrongType: argument 'input' with value 'IntValue{value=3}' must be an object type @ 'make'", '1:8']],
    ],
    [
      '{ make(input: {text: ""}, size: MIDDLE) }',
      [["WrongType: argument 'size' with value 'EnumValue{name='MIDDLE'}' is not a valid 'Size' @ 'make'", '1:27']],
    ],
    [
      '{ make(input: {text: ""}, when: "now") }',
      [
        [
          "WrongType: argument 'when' with value 'StringValue{value='now'}' is not a valid 'AWSDateTime' @ 'make'",
          '1:27',
        ],
      ],
    ],
    [
      '{ dog { a: name a: barks } }',
      [["FieldsConflict: a: name and barks are different fields @ 'dog'", '1:9', '1:17']],
    ],
    [
      '{ person(id: 1) { name } person(id: 2) { name } }',
      [['FieldsConflict: person: they have differing arguments', '1:3', '1:26']],
    ],
    [
      '{ any { ... on Dog { x: barks } ... on Person { x: name } } }',
      [["FieldsConflict: x: they return differing types Boolean and String @ 'any'", '1:22', '1:49']],
    ],
    [
      'query A { dog { name } } query A { dog { name } }',
      [["DuplicateOperationName: There can be only one operation named 'A'", '1:26']],
    ],
    [
      'query A { dog { name } } { dog { name } }',
      [['LoneAnonymousOperationViolation: Anonymous operation with other operations.', '1:26']],
    ],
    [
      '{ person(id: 1, id: 2) { name } }',
      [["DuplicateArgumentNames: There can be only one argument named 'id' @ 'person'", '1:17']],
    ],
    ['{ dog { name } } type X { a: Int }', [['NonExecutableDefinition: The X definition is not executable.', '1:18']]],
    [
      '{ dog { ...F } } fragment F on Dog { nothing owner { name } }',
      [
        ["FieldUndefined: Field 'nothing' in type 'Dog' is undefined @ 'F/nothing'", '1:38'],
        ["MissingFieldArgument: Missing field argument of @ 'F/owner'", '1:46'],
      ],
    ],
  ])('%s', async (query, messages) => {
    expect(await messagesOf(query)).toEqual(messages)
  })

  it('with complete error objects', async () => {
    expect(await api.run('{\n  cat\n}')).toEqual({
      status: 200,
      body: {
        data: null,
        errors: [
          {
            path: null,
            locations: [position(2, 3)],
            message: "Validation error of type FieldUndefined: Field 'cat' in type 'Query' is undefined @ 'cat'",
          },
        ],
      },
    })
  })
})

describe('a document is taken', () => {
  it.each([
    'query Q($a: Int = 4) { count(required: $a) }',
    'query Q($a: Int) { count(required: $a) }',
    '{ any { ... on Dog { x: name } ... on Person { x: name } } }',
    '{ any { ... on Dog { y: owner(of: 1) { name } } ... on Person { z: dogs { name } } } }',
    '{ named { name ... on Dog { barks } } }',
    '{ dog { name } dog { barks } }',
    'query Q($n: Nested) { make(input: {text: "", nested: $n}) }',
  ])('%s', async (query) => {
    expect(await messagesOf(query, {})).toBeUndefined()
  })
})

describe('variables are refused', () => {
  it.each<[string, Record<string, unknown>, unknown[][]]>([
    [
      'query Q($i: In!) { make(input: $i) }',
      {},
      [["Variable 'i' has coerced Null value for NonNull type 'In!'", '1:9']],
    ],
    [
      'query Q($i: In!) { make(input: $i) }',
      { i: {} },
      [["Variable 'i' has coerced Null value for NonNull type 'String!'", '1:9']],
    ],
    [
      'query Q($i: In!) { make(input: $i) }',
      { i: { text: 'x', nested: {} } },
      [["Variable 'i' has coerced Null value for NonNull type 'String!'", '1:9']],
    ],
    [
      'query Q($i: In!) { make(input: $i) }',
      { i: { text: 'x', other: 1 } },
      [["The variables input contains a field that is not defined for input object type 'In' ", null]],
    ],
    [
      'query Q($i: In!) { make(input: $i) }',
      { i: 'x' },
      [
        [
          "Variable 'i' has an invalid value. Expected type 'Map' but was 'String'. Variables for input objects must be an instance of type 'Map'.",
          '1:9',
        ],
      ],
    ],
    [
      'query Q($n: Int) { make(input: {text: ""}, n: $n) }',
      { n: 'x' },
      [["Variable 'n' has an invalid value. Expected type 'Int' but was 'String'.", '1:9']],
    ],
    [
      'query Q($s: Size) { make(input: {text: ""}, size: $s) }',
      { s: 'MIDDLE' },
      [["Variable 's' has an invalid value. Invalid input for Enum 'Size'. No value found for name 'MIDDLE'", '1:9']],
    ],
  ])('%s with %j', async (query, variables, messages) => {
    expect(await messagesOf(query, variables)).toEqual(messages)
  })
})

describe('which operation is meant', () => {
  it('is asked for where there are several', async () => {
    const two = 'query A { count } query B { dog { name } }'
    expect(await api.run(two)).toEqual({
      status: 400,
      errorType: 'BadRequestException',
      body: { errors: [{ errorType: 'BadRequestException', message: 'Missing operation name.' }] },
    })
    expect((await api.run(two, {}, { operationName: 'B' })).body).toEqual({ data: { dog: null } })
    expect((await api.run(two, {}, { operationName: 'C' })).status).toBe(400)
  })

  it('cannot be one that the schema has no type for', async () => {
    expect((await api.run('mutation { x }')).body.data).toBeNull()
  })
})
