import fc from 'fast-check'
import {
  buildSchema as buildBareSchema,
  execute,
  type GraphQLError,
  type GraphQLObjectType,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import type { CompiledStep } from '../../src/runtime/context.ts'
import { createGraphqlFixture } from '../support/graphqlFixture.ts'

const SCHEMA = `
  interface Named { name: String! friend: Named }
  type Dog implements Named { name: String! friend: Named barks: Boolean age(unit: Unit = YEARS, factor: Int): Int owner: Person }
  type Person implements Named { name: String! friend: Named dogs: [Dog!]! tags: [String] strict: [Int!] }
  union Any = Dog | Person
  enum Unit { YEARS MONTHS }
  type Query { dog: Dog person: Person any: [Any!] named: Named missing: Person }
`

const dog: Record<string, unknown> = { __typename: 'Dog', name: 'Rex', barks: true, age: 7 }
const person: Record<string, unknown> = { __typename: 'Person', name: 'Ada', tags: ['x', null], strict: [1, null] }
dog['owner'] = person
dog['friend'] = person
person['dogs'] = [dog, dog]
person['friend'] = dog
const roots: Record<string, unknown> = { dog, person, any: [dog, person], named: person, missing: null }

/** A step that hands on what it is told, so that both executors read the very same data. */
const step = (value: (field: string, context: { result?: unknown }) => unknown): CompiledStep => ({
  run: (context) => ({
    type: 'value',
    value: value(context.info?.fieldName ?? '', context),
    stash: {},
    appendedErrors: [],
    logs: [],
    effects: {},
  }),
})
const ours = createGraphqlFixture({
  schema: SCHEMA,
  compileCode: () => ({ request: step((payload) => ({ payload })), response: step((_field, { result }) => result) }),
  createDataSource: () => ({
    invoke: ({ request }) => ({ type: 'result', result: roots[(request as { payload: string }).payload] ?? null }),
  }),
  resolvers: Object.fromEntries(Object.keys(roots).map((name) => [`Query.${name}`, { code: 'given' }])),
})

const bare = buildBareSchema(SCHEMA)
for (const [name, value] of Object.entries(roots)) {
  ;(bare.getQueryType() as GraphQLObjectType).getFields()[name]!.resolve = () => value
}

const FIELDS: Record<string, Record<string, string | undefined>> = {
  Query: { dog: 'Dog', person: 'Person', any: 'Any', named: 'Named', missing: 'Person' },
  Dog: { name: undefined, friend: 'Named', barks: undefined, age: undefined, owner: 'Person' },
  Person: { name: undefined, friend: 'Named', dogs: 'Dog', tags: undefined, strict: undefined },
  Named: { name: undefined, friend: 'Named' },
  Any: {},
}
const INSIDE: Record<string, string[]> = {
  Query: ['Query'],
  Dog: ['Dog', 'Named', 'Any'],
  Person: ['Person', 'Named', 'Any'],
  Named: ['Dog', 'Person', 'Named'],
  Any: ['Dog', 'Person', 'Named'],
}
const DIRECTIVES = [
  '',
  '',
  '',
  ' @include(if: $yes)',
  ' @skip(if: $yes)',
  ' @include(if: $no)',
  ' @skip(if: true)',
  ' @include(if: true)',
]

interface Choice {
  integer(max: number): number
}

/** Writes a selection set on a type. With `wild`, now and then something that does not belong there. */
function writeSelection(type: string, depth: number, choice: Choice, fragments: string[], wild: boolean): string {
  const parts: string[] = []
  const count = 1 + choice.integer(3)
  for (let index = 0; index < count; index++) {
    const directive = DIRECTIVES[choice.integer(DIRECTIVES.length - 1)] ?? ''
    const kind = choice.integer(9)
    if (kind === 0) parts.push(`__typename${directive}`)
    else if (kind <= 2 && depth > 0) {
      const targets = INSIDE[type] ?? []
      const target = wild && choice.integer(9) === 0 ? 'Unit' : (targets[choice.integer(targets.length - 1)] ?? type)
      const body = writeSelection(target in FIELDS ? target : 'Dog', depth - 1, choice, fragments, wild)
      if (choice.integer(1) === 0) parts.push(`... on ${target}${directive} ${body}`)
      else {
        const name = `F${fragments.length}`
        fragments.push(`fragment ${name} on ${target} ${body}`)
        parts.push(`...${name}${directive}`)
        if (choice.integer(3) === 0) parts.push(`...${name}`)
      }
    } else {
      const names = Object.keys(FIELDS[type] ?? {})
      if (names.length === 0) {
        parts.push(`__typename${directive}`)
        continue
      }
      const name = wild && choice.integer(14) === 0 ? 'nothing' : (names[choice.integer(names.length - 1)] ?? 'name')
      const below = FIELDS[type]?.[name]
      if (below !== undefined && depth === 0) {
        parts.push('__typename')
        continue
      }
      const variant = name === 'age' ? choice.integer(3) : 0
      const arguments_ = ['', '(unit: MONTHS)', '(factor: $n)', wild ? '(unit: DAYS)' : '(factor: 3)'][variant]
      // Tame documents give one key to one field only: what differs has another name.
      const alias = wild
        ? ['', '', `a${choice.integer(2)}: `][choice.integer(2)]
        : ['', `${name}${variant}: `][variant > 0 ? 1 : choice.integer(1)]
      const drop = wild && choice.integer(19) === 0
      const selection =
        below === undefined || drop ? '' : ` ${writeSelection(below, depth - 1, choice, fragments, wild)}`
      parts.push(`${alias}${name}${arguments_}${directive}${selection}`)
    }
  }
  return `{ ${parts.join(' ')} }`
}

const documents = (wild: boolean) =>
  fc.array(fc.nat({ max: 1_000_000 }), { minLength: 20, maxLength: 200 }).map((numbers) => {
    let at = 0
    const choice: Choice = { integer: (max) => (numbers[at++ % numbers.length] ?? 0) % (max + 1) }
    const fragments: string[] = []
    const body = writeSelection('Query', 4, choice, fragments, wild)
    const text = `${body} ${fragments.join(' ')}`
    const uses = (name: string, type: string): string => (text.includes(`$${name}`) ? `$${name}: ${type} ` : '')
    const variables = `${uses('yes', 'Boolean!')}${uses('no', 'Boolean = false')}${uses('n', 'Int')}`
    return `query Q${variables === '' ? '' : `(${variables})`} ${text}`
  })

/** `$no` has a default, which graphql-js wants of a variable in a place that takes no null. */
const VARIABLES = { yes: true, n: 2 }
const RUNS = Number(process.env['SIDESTAGE_FUZZ_RUNS'] ?? 800)

describe('beside graphql-js', () => {
  it('valid documents give the same data, and as many errors', async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(documents(false), async (query) => {
        const document = parse(query)
        if (validate(bare, document, specifiedRules).length > 0) return
        compared++
        const theirs = execute({ schema: bare, document, variableValues: VARIABLES })
        if (theirs instanceof Promise) throw new Error('nothing here waits')
        const { body } = await ours.run(query, VARIABLES)
        expect(body.data).toEqual(JSON.parse(JSON.stringify(theirs.data)))
        expect(body.errors === undefined).toBe(theirs.errors === undefined)
      }),
      { numRuns: RUNS },
    )
    expect(compared).toBeGreaterThan(RUNS / 4)
  })

  it('the same documents are valid', async () => {
    const outcomes = { valid: 0, invalid: 0 }
    await fc.assert(
      fc.asyncProperty(documents(true), async (query) => {
        const errors = validate(bare, parse(query), specifiedRules)
        outcomes[errors.length === 0 ? 'valid' : 'invalid']++
        const { body } = await ours.run(query, VARIABLES)
        const isInvalid = body.errors?.[0]?.message?.startsWith('Validation error of type ') === true
        if (isInvalid !== errors.length > 0) {
          const theirs = errors.map((error: GraphQLError) => error.message).join('; ')
          throw new Error(
            `${query}\nours: ${JSON.stringify(body.errors?.map(({ message }) => message))}\ntheirs: ${theirs}`,
          )
        }
      }),
      { numRuns: RUNS },
    )
    expect(Math.min(outcomes.valid, outcomes.invalid)).toBeGreaterThan(RUNS / 20)
  })
})
