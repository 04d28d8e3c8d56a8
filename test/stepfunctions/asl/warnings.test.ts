import { describe, expect, it } from 'vitest'
import { warningsOf } from '../../../src/stepfunctions/asl/warnings.ts'

describe('warnings of a definition', () => {
  it('tells texts that look like paths and function calls without `.$`, at any depth', () => {
    const state = {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:getItem',
      Parameters: { Key: { id: { S: '$.id' } }, 'Name.$': '$.name', Id: 'States.UUID()', Price: '$5' },
      End: true,
    }
    expect(warnings({ StartAt: 'A', States: { A: state } })).toEqual([
      'NO_DOLLAR /States/A/Parameters',
      'NO_DOLLAR /States/A/Parameters',
    ])
  })

  it('tells paths in fields that take none, also in rules of rules and in branches', () => {
    const inner = { StartAt: 'F', States: { F: { Type: 'Fail', Error: '$.error', CausePath: '$.cause' } } }
    const choice = {
      Type: 'Choice',
      Choices: [
        { And: [{ Not: { Variable: '$.a', StringEquals: '$.b' } }, { Variable: '$.a', IsNull: true }], Next: 'P' },
      ],
      Default: 'P',
    }
    const parallel = { Type: 'Parallel', Branches: [inner], End: true }
    expect(warnings({ StartAt: 'C', States: { C: choice, P: parallel } })).toEqual([
      'NO_PATH /States/C/Choices[0]/And[0]/Not/StringEquals',
      'NO_PATH /States/P/Branches[0]/States/F/Error',
    ])
  })

  it('tells a path in the result of a Pass state', () => {
    expect(warnings({ StartAt: 'A', States: { A: { Type: 'Pass', Result: { a: ['$.b'] }, End: true } } })).toEqual([
      'PASS_RESULT_IS_STATIC /States/A/Result',
    ])
  })

  it.each([
    [
      'of JSONata states',
      { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Pass', Assign: { a: '$.b' } } } },
    ],
    ['of a definition that is none', []],
  ])('has none %s', (_, definition) => {
    expect(warnings(definition)).toEqual([])
  })
})

it('warnings of a definition as large as allowed are as many as it needs', () => {
  const state = { Type: 'Pass', Parameters: { a: Array(160_000).fill('$.a') }, End: true }
  expect(warnings({ StartAt: 'A', States: { A: state } })).toHaveLength(160_000)
})

function warnings(definition: unknown): string[] {
  return warningsOf(JSON.stringify(definition)).map(({ code, location }) => `${code} ${location}`)
}
