import { describe, expect, it } from 'vitest'
import { evaluateCode } from '../../src/runtime/evaluateCode.ts'

const imports = "import { util, runtime } from '@aws-appsync/utils'\n"

describe('EvaluateCode', () => {
  it('answers with the result, the logs, the stash and the appended errors', async () => {
    const code = `${imports}export function request(ctx) {
  ctx.stash.seen = ctx.args.id
  console.log('this is', { a: [1, null] }, undefined)
  console.error(ctx.args === ctx.arguments)
  util.appendError('careful', 'Warning', { a: 1 }, { b: 2 })
  util.appendError('again')
  return { id: ctx.args.id, none: undefined }
}`
    expect(
      await evaluateCode({ code, function: 'request', context: '{"arguments":{"id":1},"stash":{"old":true}}' }),
    ).toEqual({
      evaluationResult: '{"id":1}',
      logs: ['INFO - code.js:4:3: "this is" {"a":[1,null]} undefined', 'ERROR - code.js:5:3: true'],
      stash: '{"old":true,"seen":1}',
      outErrors:
        '[{"message":"careful","type":"Warning","data":{"a":1},"errorInfo":{"b":2}},{"message":"again","type":null}]',
    })
  })

  it('gives an error of the user as it was raised', async () => {
    const code = `${imports}export function request() {\n  util.error('no', 'MyType', { a: 1 })\n}`
    expect(await evaluateCode({ code, context: {} })).toEqual({
      error: { message: 'no' },
      logs: [],
      stash: '{}',
      outErrors: '[]',
    })
  })

  it.each([
    ['util.unauthorized()', 'Unauthorized'],
    ['ctx.result.items', "code.js:3:10: TypeError: Cannot read properties of undefined (reading 'items')"],
    ['ctx.args.f()', 'code.js:3:10: TypeError: f is not a function'],
    ['[].reduce((a) => a)', 'code.js:3:10: TypeError: Reduce of empty array with no initial value'],
    ['[1].map(ctx.args.f)', 'code.js:3:10: TypeError: undefined is not a function'],
    ['[...ctx.args.f]', 'code.js:3:10: TypeError: undefined is not iterable'],
    ['(1).toFixed(101)', 'code.js:3:10: RangeError: toFixed() argument must be between 0 and 100'],
    ["util.time.parseISO8601ToEpochMilliSeconds('x')", /^code\.js:3:10: /],
  ])('%s ends with its place', async (expression, message) => {
    const { error } = await evaluateCode({
      code: `${imports}export function request(ctx) {\n  return ${expression}\n}`,
      context: {},
    })
    if (typeof message === 'string') expect(error).toEqual({ message })
    else expect(error?.message).toMatch(message)
  })

  it('lists what is wrong with a code', async () => {
    expect(await evaluateCode({ code: 'export function request() {\n  let a = 0; a++\n}', context: {} })).toEqual({
      error: {
        message: 'The code contains one or more errors.',
        codeErrors: [
          {
            errorType: 'LINT_ERROR',
            value: 'The operator ++ is not supported',
            location: { line: 2, column: 14, span: 3 },
          },
        ],
      },
      logs: [],
    })
  })

  it('answers an early return with its value', async () => {
    const code = `${imports}export function request(ctx) {\n  ctx.stash.a = 1\n  runtime.earlyReturn({ early: [1] }, { skipTo: 'END' })\n}`
    expect(await evaluateCode({ code, context: {} })).toEqual({
      evaluationResult: '{"early":[1]}',
      logs: [],
      stash: '{"a":1}',
      outErrors: '[]',
    })
  })

  it.each(['response', 'constructor', '__proto__', ''])('says that a handler is missing: %s', async (name) => {
    expect(await evaluateCode({ code: 'export const request = () => 1', function: name, context: {} })).toEqual({
      error: { message: `The code has no exported function named '${name}'.` },
      logs: [],
    })
  })

  it('runs the handlers of Events channels too', async () => {
    const code =
      'export const onPublish = (ctx) => ctx.events.map((event) => ({ id: event.id, payload: ctx.info.channel.path }))'
    const context = { events: [{ id: '1', payload: 1 }], info: { channel: { path: '/a/b' } } }
    const { evaluationResult } = await evaluateCode({ code, function: 'onPublish', context })
    expect(JSON.parse(evaluationResult ?? '')).toEqual([{ id: '1', payload: '/a/b' }])
  })

  it('gives a handler its context, with arguments under both names', async () => {
    const code = 'export const response = (context) => context'
    const context = {
      args: { a: 1 },
      source: { s: 1 },
      identity: null,
      result: [1],
      prev: { result: 2 },
      env: { E: 'x' },
    }
    const { evaluationResult } = await evaluateCode({ code, function: 'response', context })
    expect(JSON.parse(evaluationResult ?? '')).toEqual({
      ...context,
      arguments: { a: 1 },
      stash: {},
      outErrors: [],
    })
  })

  it('refuses a context that is no JSON object', async () => {
    const code = 'export const request = () => 1'
    await expect(evaluateCode({ code, context: '[1]' })).rejects.toThrow('The context must be a JSON object.')
    await expect(evaluateCode({ code, context: '{' })).rejects.toThrow('The context is not valid JSON.')
  })
})
