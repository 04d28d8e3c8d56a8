import { describe, expect, it } from 'vitest'
import { type Outcome, type ResolverContext, ResolverSyntaxError } from '../../../src/runtime/context.ts'
import { compileTemplate } from '../../../src/runtime/vtl/compile.ts'

function context(rest: Partial<ResolverContext> = {}): ResolverContext {
  return { arguments: { id: '1' }, stash: {}, ...rest }
}

function run(side: 'request' | 'response', template: string, given = context()): Outcome {
  const outcome = compileTemplate(template, { side }).run(given)
  if (outcome instanceof Promise) throw new Error('moved to a worker')
  return outcome
}

const untouched = { stash: {}, appendedErrors: [], logs: [], effects: {} }

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function messageOf(side: 'request' | 'response', template: string): string {
  const outcome = run(side, template)
  if (outcome.type !== 'error') throw new Error(`no error but ${JSON.stringify(outcome)}`)
  expect(outcome.error.errorType).toBe('MappingTemplate')
  return outcome.error.message
}

describe('a request template', () => {
  it('gives its document', () => {
    const template =
      '{"version": "2018-05-29", "operation": "GetItem", "key": {"id": $util.dynamodb.toDynamoDBJson($ctx.args.id)}}'
    expect(plain(run('request', template))).toEqual({
      ...untouched,
      type: 'value',
      value: { version: '2018-05-29', operation: 'GetItem', key: { id: { S: '1' } } },
    })
  })

  it('may have commas before closing brackets', () => {
    expect(plain(run('request', '{"a": [1, 2,], "b": {"c": "}\\",",},}'))).toEqual({
      ...untouched,
      type: 'value',
      value: { a: [1, 2], b: { c: '}",' } },
    })
  })

  it('skips the data source with #return', () => {
    expect(plain(run('request', '#return({"a": [$ctx.args.id, 3.0]}) {'))).toEqual({
      ...untouched,
      type: 'earlyReturn',
      value: { a: ['1', 3] },
      skipTo: 'NEXT',
    })
    expect(plain(run('request', '#return'))).toEqual({ ...untouched, type: 'earlyReturn', value: null, skipTo: 'NEXT' })
  })

  it("is refused with the service's words when it is no JSON", () => {
    expect(messageOf('request', ' \n ')).toBe('Template transformation yielded an empty response.')
    expect(messageOf('request', '{} )')).toBe('Trailing characters at the end of the JSON string are not allowed.')
    expect(messageOf('request', '{\n    {"a": 1}')).toBe(
      'Unable to parse the JSON document: \'Unexpected character (\'{\' (code 123)): was expecting double-quote to start field name\n at [Source: (String)"{\n    {"a": 1}"; line: 2, column: 6]\'',
    )
    expect(messageOf('request', '{"a": $nothing}')).toMatch(
      /^Unable to parse the JSON document: 'Unexpected character \('\$' \(code 36\)\)/,
    )
    expect(messageOf('request', '{"a": "x\ny"}')).toMatch(/Illegal unquoted character \(\(CTRL-CHAR, code 10\)\)/)
    expect(messageOf('request', '{"a": tru}')).toMatch(/Unrecognized token 'tru'/)
    expect(messageOf('request', '{"a": 1')).toMatch(/Unexpected end-of-input/)
  })
})

describe('a response template', () => {
  it('gives the value of its text', () => {
    expect(plain(run('response', '$util.toJson($ctx.result)', context({ result: { a: [1, null] } })))).toEqual({
      ...untouched,
      type: 'value',
      value: { a: [1, null] },
    })
    expect(plain(run('response', '"$ctx.args.id"'))).toEqual({ ...untouched, type: 'value', value: '1' })
    expect(plain(run('response', 'null'))).toEqual({ ...untouched, type: 'value', value: null })
    expect(plain(run('response', '#return("text")'))).toEqual({ ...untouched, type: 'value', value: 'text' })
  })

  it("is refused with the service's words when its text is none", () => {
    expect(messageOf('response', '#set($x = 1)')).toBe('Template transformation yielded an empty response.')
    expect(messageOf('response', '# a comment')).toBe('Unable to convert # a comment to Object.')
  })
})

describe('errors', () => {
  it('of util.error end the template with exactly what it was given', () => {
    expect(plain(run('response', '$util.error("boom", "MyType", {"a": 1}, [2])'))).toEqual({
      ...untouched,
      type: 'error',
      error: { message: 'boom', errorType: 'MyType', data: { a: 1 }, errorInfo: [2] },
    })
    expect(plain(run('response', '$util.error("boom")'))).toEqual({
      ...untouched,
      type: 'error',
      error: { message: 'boom', errorType: null },
    })
  })

  it('of util.unauthorized are marked for the engine', () => {
    expect(plain(run('response', '$util.unauthorized()'))).toEqual({
      ...untouched,
      type: 'error',
      error: { message: 'Unauthorized', errorType: 'Unauthorized', isUnauthorized: true },
    })
  })

  it('of util.validate have its own type', () => {
    expect(plain(run('response', '$util.validate(false, "no")'))).toMatchObject({
      type: 'error',
      error: { message: 'no', errorType: 'CustomTemplateException' },
    })
  })

  it('that are appended keep their order, also when another one ends the template', () => {
    expect(plain(run('response', '$util.appendError("a", "A")$util.appendError("b")$util.error("c")'))).toEqual({
      ...untouched,
      type: 'error',
      error: { message: 'c', errorType: null },
      appendedErrors: [
        { message: 'a', errorType: 'A' },
        { message: 'b', errorType: null },
      ],
    })
  })
})

describe('the context', () => {
  const info = {
    fieldName: 'f',
    parentTypeName: 'Query',
    variables: { v: 1 },
    selectionSetList: ['id', 'a/b'],
    selectionSetGraphQL: '{ id }',
  }

  it('serialises as a direct Lambda resolver gets it', () => {
    const outcome = run('response', '$util.toJson($ctx)', context({ info, env: { SECRET: 'x' }, outErrors: [1] }))
    expect(plain(outcome.type === 'value' && outcome.value)).toEqual({
      arguments: { id: '1' },
      identity: null,
      source: null,
      request: null,
      prev: null,
      info: { fieldName: 'f', parentTypeName: 'Query', variables: { v: 1 } },
      stash: {},
    })
  })

  it('has its hidden members for those who name them', () => {
    const template =
      '[$util.toJson($ctx.info.selectionSetList), "$ctx.info.selectionSetGraphQL", "$ctx.env.KEY", $util.toJson($ctx.outErrors), "$ctx.args.id", $ctx.containsKey("args"), "$ctx.info.fieldName"]'
    const outcome = run('response', template, context({ info, env: { KEY: 'value' } }))
    expect(plain(outcome.type === 'value' && outcome.value)).toEqual([
      ['id', 'a/b'],
      '{ id }',
      'value',
      [],
      '1',
      true,
      'f',
    ])
  })
})

describe('what a template leaves behind', () => {
  it("is the stash, which the caller's is a copy of", () => {
    const given = context({ stash: { kept: 1, list: [1] } })
    const outcome = run(
      'response',
      '$util.qr($ctx.stash.put("a", {"b": 2}))$util.qr($ctx.stash.list.add(2))#set($ctx.stash.c = 3.0){}',
      given,
    )
    expect(plain(outcome.stash)).toEqual({ kept: 1, list: [1, 2], a: { b: 2 }, c: 3 })
    expect(given).toEqual(context({ stash: { kept: 1, list: [1] } }))
  })

  it('is never a change of the context', () => {
    const given = context({ arguments: { m: { a: 1 }, l: [1] }, result: { items: [{ id: 1 }] } })
    const before = structuredClone(given)
    run(
      'response',
      '#set($ctx.args.m.a = 2)$util.qr($ctx.args.l.clear())$util.qr($ctx.result.items.get(0).put("id", 9))#set($ctx.result = 1){}',
      given,
    )
    expect(given).toEqual(before)
  })

  it('are logs and effects', () => {
    const outcome = run(
      'response',
      '$util.log.info("a {} b", $ctx.args.id)$util.log.error("x")$extensions.evictFromApiCache("Query", "f", {"context.arguments.id": "1"})$util.http.addResponseHeader("x", 7)$extensions.setSubscriptionFilter($util.transform.toSubscriptionFilter({"a": {"eq": 1}})){}',
    )
    expect(plain(outcome)).toEqual({
      ...untouched,
      type: 'value',
      value: {},
      logs: ['INFO - a 1 b', 'ERROR - x'],
      effects: {
        evictFromApiCache: [{ typeName: 'Query', fieldName: 'f', keys: { 'context.arguments.id': '1' } }],
        responseHeaders: { x: '7' },
        subscriptionFilter: { filterGroup: [{ filters: [{ fieldName: 'a', operator: 'eq', value: 1 }] }] },
      },
    })
  })
})

describe('a template that takes more than a slice', () => {
  it('starts again in a worker and gives all that it makes there', { timeout: 20_000 }, async () => {
    const template =
      '#set($n = 0)#foreach($i in [1..1000])#foreach($j in [1..60])#set($n = $n + 1)#end#end' +
      '$util.qr($ctx.stash.put("n", $n))$util.appendError("once")$util.log.info("once"){"n": $n}'
    const step = compileTemplate(template, { side: 'request' })
    const moved = step.run(context({ stash: { a: 1 } }))
    expect(moved).toBeInstanceOf(Promise)
    expect(await moved).toEqual({
      type: 'value',
      value: { n: 60_000 },
      stash: { a: 1, n: 60_000 },
      appendedErrors: [{ message: 'once', errorType: null }],
      logs: ['INFO - once'],
      effects: {},
    })
  })
})

describe('a template that does not parse', () => {
  it.each([
    ['#if($x', 1, 7],
    ['{\n  "a": #if(true) 1\n', 3, 1],
    ['a\n #foreach($x of [1])#end', 2, 14],
    ['#set($x = )', 1, 11],
    ['x\r\n\r\n#set(x = 1)', 3, 6],
    ['#[[ open', 1, 1],
    ['#* open', 1, 1],
    ['${', 1, 1],
    ['a #end', 1, 7],
    ['#set($x = "open)', 1, 11],
    ['#evaluate("x")', 1, 1],
  ])('is refused with its place: %s', (template, line, column) => {
    try {
      compileTemplate(template, { side: 'request', name: 'Query.f.req.vtl' })
    } catch (error) {
      expect(error).toBeInstanceOf(ResolverSyntaxError)
      const { problems, message } = error as ResolverSyntaxError
      expect(problems).toHaveLength(1)
      expect(problems[0]!.location).toEqual({ line, column, span: 1 })
      expect(message).toMatch(new RegExp(` at Query\\.f\\.req\\.vtl\\[line ${line}, column ${column}\\](\n|$)`))
      return
    }
    throw new Error('was accepted')
  })
})
