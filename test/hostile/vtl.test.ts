import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Outcome, type ResolverContext, ResolverSyntaxError } from '../../src/runtime/context.ts'
import { evaluateMappingTemplate } from '../../src/runtime/evaluateMappingTemplate.ts'
import { compileTemplate } from '../../src/runtime/vtl/compile.ts'

const marker = join(mkdtempSync(join(tmpdir(), 'sidestage-vtl-')), 'marker')

async function textOf(template: string, args: Record<string, unknown> = {}): Promise<string> {
  const { evaluationResult, error } = await evaluateMappingTemplate({ template, context: { arguments: args } })
  return evaluationResult ?? `error: ${error?.message}`
}

async function run(template: string, given: Partial<ResolverContext> = {}): Promise<Outcome> {
  return await compileTemplate(template, { side: 'response' }).run({ arguments: {}, stash: {}, ...given })
}

/** Runs, and says how long it took. */
async function timed(
  template: string,
  args: Record<string, unknown> = {},
): Promise<{ text: string; milliseconds: number }> {
  const start = performance.now()
  const text = await textOf(template, args)
  return { text, milliseconds: performance.now() - start }
}

function nothingEscaped(): void {
  expect(existsSync(marker)).toBe(false)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined()
}

describe('row 29: names of the host are absent keys', () => {
  it.each([
    '$ctx.class',
    '$ctx.getClass()',
    '$ctx.class.forName("java.lang.Runtime")',
    '$ctx.args.constructor.constructor("return process")()',
    '$ctx.args.s.constructor',
    '$ctx.args.s.getClass().forName("x")',
    '$ctx.args.l.constructor',
    '$ctx.args.l.__proto__',
    '$ctx.args.l.map',
    '$ctx.args.l.push(1)',
    '$ctx.args.n.constructor',
    '$ctx.args.__proto__',
    '$ctx.args.hasOwnProperty("s")',
    '$util.class.forName("x")',
    '$util.constructor',
    '$util.time.constructor.constructor("x")',
    '$util.toJson.constructor("x")',
    '$util.error.call("x")',
    '$extensions.__proto__',
    '$ctx.args["__proto__"]',
    '$ctx.args.l["constructor"]',
    '$ctx.args.s["length"]',
    '$foreach.constructor',
    '$process.exit(1)',
    '$globalThis',
    '$R.halt()',
    '$K[0]',
    '$r.budget',
  ])('%s prints as it is written', async (reference) => {
    expect(await textOf(reference, { s: 'x', l: [1], n: 1 })).toBe(reference)
  })

  it.each([
    '#evaluate("$x")',
    '#include("/etc/passwd")',
    '#parse("/etc/passwd")',
    '#{parse}("x")',
    'x #evaluate($ctx.args.s)',
  ])('%s is refused when it is loaded', (template) => {
    expect(() => compileTemplate(template, { side: 'request' })).toThrow(ResolverSyntaxError)
  })
})

describe('row 30: keys of the host are plain keys', () => {
  it('in maps', async () => {
    expect(
      await textOf(
        '#set($m = {})$util.qr($m.put("__proto__", {"polluted": 1}))$util.qr($m.put("constructor", 2))#set($m.toString = 3)#set($m["hasOwnProperty"] = 4)$util.toJson($m)',
      ),
    ).toBe('{"__proto__":{"polluted":1},"constructor":2,"toString":3,"hasOwnProperty":4}')
    nothingEscaped()
  })

  it('in arguments, results, the stash and returned values', async () => {
    const args = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}') as Record<
      string,
      unknown
    >
    expect(
      await textOf(
        '#set($ctx.args.__proto__.x = 1)#set($ctx.args.constructor.prototype.polluted = 2)$util.toJson($ctx.args)',
        args,
      ),
    ).toBe('{"__proto__":{"polluted":1,"x":1},"constructor":{"prototype":{"polluted":2}}}')
    const outcome = await run(
      '$util.qr($ctx.stash.put("__proto__", {"polluted": 1}))#return({"__proto__": {"polluted": 1}})',
    )
    expect(JSON.stringify(outcome)).toContain('"stash":{"__proto__":{"polluted":1}}')
    expect(JSON.stringify(outcome)).toContain('"value":{"__proto__":{"polluted":1}}')
    const printed = await run('{"__proto__": {"polluted": 1}, "a": {"constructor": 1}}')
    expect(JSON.stringify(printed.type === 'value' && printed.value)).toBe(
      '{"__proto__":{"polluted":1},"a":{"constructor":1}}',
    )
    nothingEscaped()
  })
})

describe('row 31: loops end', () => {
  it('after a thousand turns, whatever the list', async () => {
    expect(await textOf('#foreach($i in $ctx.args.l)x#end', { l: Array(1_001).fill(1) })).toBe('x'.repeat(1_000))
    const { text, milliseconds } = await timed('#foreach($i in [1..1000000000])x#end')
    expect(text).toBe('x'.repeat(1_000))
    expect(milliseconds).toBeLessThan(1_000)
  })

  it('and ranges are never made larger than the size budget', async () => {
    expect(await textOf('#set($l = [1..1000000000])$l.size()')).toBe(
      'error: The evaluation made more data than allowed and was stopped.',
    )
    expect(await textOf('#set($l = [-99999999999999999999..99999999999999999999])')).toMatch(/^error: /)
  })

  it('nested ones by the step budget, in the worker, while this thread goes on', { timeout: 20_000 }, async () => {
    const loop = '#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])#set($x = $i)#end#end#end'
    let turns = 0
    const timer = setInterval(() => turns++, 20)
    const start = performance.now()
    const text = await textOf(loop)
    clearInterval(timer)
    expect(text).toMatch(/^error: The evaluation took (more steps than allowed|too long) and was stopped\.$/)
    expect(performance.now() - start).toBeLessThan(5_000)
    expect(turns).toBeGreaterThan(3)
    expect(await textOf('still here')).toBe('still here')
  })
})

describe('row 32: macros and texts are bounded', () => {
  it.each([
    ['#macro(r)#r()#end#r()', "error: Max calling depth of 20 was exceeded in macro 'r'"],
    ['#macro(a)#b()#end#macro(b)#a()#end#a()', "error: Max calling depth of 20 was exceeded in macro 'a'"],
    ['#define($d)$d#end$d', "error: Max calling depth of 20 was exceeded in macro '#define'"],
    ['#macro(w)#foreach($i in [1..1000])#w()#end#end#w()', "error: Max calling depth of 20 was exceeded in macro 'w'"],
  ])('%s', async (template, expected) => {
    expect(await textOf(template)).toBe(expected)
  })

  it.each([
    '#set($a = "xxxxxxxxxx")#foreach($i in [1..40])#set($a = "$a$a")#end$a.length()',
    '#set($a = "xxxxxxxxxx")#foreach($i in [1..40])#set($a = $a + $a)#end$a.length()',
    '#set($a = "xxxxxxxxxx")#foreach($i in [1..40])#set($a = $a.concat($a))#end$a.length()',
    '#set($a = "x")#set($b = $a.repeat(2000000000))',
    '#set($a = "xx")#foreach($i in [1..40])#set($a = $a.replace("x", $a))#end',
    '#set($a = "xx")#foreach($i in [1..40])#set($a = $a.replaceAll("x", $a))#end',
    '#set($l = [1])#foreach($i in [1..40])$util.qr($l.addAll($l))#end',
    '#set($m = {})#foreach($i in [1..40])#set($m = {"a": $m, "b": $m})#end$util.toJson($m)',
    '#set($m = {})#foreach($i in [1..40])#set($m = [$m, $m])#end$m',
    '#set($m = {})#foreach($i in [1..40])#set($m = [$m, $m])#end#return($m)',
    '#set($m = {})#foreach($i in [1..40])#set($m = [$m, $m])#end#set($ctx.stash.m = $m)x',
    '#set($m = {})#set($n = {})#foreach($i in [1..40])#set($m = [$m, $m])#set($n = [$n, $n])#end#if($m == $n)x#end',
    '#set($l = [])$util.qr($l.add($l))$l',
    '#set($m = {})$util.qr($m.put("m", $m))$util.toJson($m)',
    '#set($m = {})$util.qr($m.put("m", $m))#return($m)',
    '#set($n = 9)#foreach($i in [1..1000])#set($n = $n * $n)#end',
    '#set($s = "a")$s.format("%999999999s", "x")',
  ])('%s ends with an error, soon', async (template) => {
    const { text, milliseconds } = await timed(template)
    expect(text).toMatch(/^error: /)
    expect(milliseconds).toBeLessThan(3_000)
  })
})

describe('row 33: patterns match in linear time', () => {
  it.each(['^(a+)+$', '^(a|a)*$', '^(.*)*x$'])('%s on ten thousand characters', async (pattern) => {
    await textOf('$util.matches("x", "x")')
    const { text, milliseconds } = await timed(`$util.matches("${pattern}", $ctx.args.s)`, {
      s: `${'a'.repeat(10_000)}!`,
    })
    expect(text).toBe('false')
    expect(milliseconds).toBeLessThan(200)
  })

  it('refuse what does not parse, and look around in bounds', async () => {
    expect(await textOf('$util.matches("(?<!x)y", "y")')).toBe('true')
    expect(await textOf('$util.matches("(?<!x*)y", "y")')).toMatch(
      /^error: Look-behind group does not have an obvious maximum length/,
    )
    expect(await textOf('$util.matches("(", "y")')).toMatch(/^error: Unclosed group near index 1/)
    expect(await textOf('$util.matches("((((a{1000}){1000}){1000}){1000})", "y")')).toMatch(/^error: Pattern too large/)
    const { text } = await timed('$util.matches("(?=(a+)+$).*(?=(a+)+b)", $ctx.args.s)', { s: 'a'.repeat(20_000) })
    expect(text).toMatch(/^(false|error: The evaluation took)/)
  })
})

describe('row 34: sizes and unfinished templates', () => {
  it('refuses a template of more than 64 KB', () => {
    expect(() => compileTemplate('x'.repeat(65_537), { side: 'request' })).toThrow(ResolverSyntaxError)
    expect(() => compileTemplate('x'.repeat(65_536), { side: 'request' })).not.toThrow()
  })

  it('refuses an output of more than 5 MB', async () => {
    const fill = '#set($s = "x")#set($s = $s.repeat(52429))#foreach($i in [1..100])$s#end'
    expect(await textOf(fill)).toBe('error: The evaluation made more data than allowed and was stopped.')
    expect((await textOf(fill.replace('100', '99'))).length).toBe(52_429 * 99)
  })

  it.each([
    '#if(true)',
    '#[[',
    '${',
    '#foreach($i in [1])',
    '#set($x = "',
    '#macro(a)',
    '#set($x = {',
    '$x[',
    '$x.y(',
    '#*',
    '#if(',
  ])('refuses %s with line and column', (template) => {
    try {
      compileTemplate(`{\r\r\n${template}`, { side: 'request' })
    } catch (error) {
      expect(error).toBeInstanceOf(ResolverSyntaxError)
      expect((error as ResolverSyntaxError).problems[0]!.location.line).toBe(3)
      return
    }
    throw new Error('was accepted')
  })

  it.each([
    ['#if(true)'.repeat(5_000), 'directives'],
    [`#set($x = ${'('.repeat(20_000)}`, 'parentheses'],
    [`#set($x = ${'['.repeat(20_000)}`, 'lists'],
    [`#set($x = ${'!'.repeat(20_000)}$y)`, 'operators'],
    [`#set($x = ${'-'.repeat(20_000)}$y)`, 'signs'],
    [`$x${'[$x'.repeat(10_000)}`, 'indexes'],
    [`#set($x = 1${' + 1'.repeat(15_000)})`, 'sums'],
    [`#if(1)${'#elseif(1)'.repeat(6_000)}#end`, 'branches'],
    [`$x${'.a()'.repeat(15_000)}`, 'calls'],
    [`${'$x'.repeat(30_000)}`, 'references'],
    [`#set($x = "${'$x'.repeat(30_000)}")`, 'interpolated references'],
    ['#set($x = "#set($x = ""#set($x = """"', 'quotes'],
  ])('takes or refuses thousands of nested parts, without anything else: %#', async (template) => {
    const start = performance.now()
    try {
      await compileTemplate(template, { side: 'response' }).run({ arguments: {}, stash: {} })
    } catch (error) {
      expect(error).toBeInstanceOf(ResolverSyntaxError)
    }
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  it('takes NUL and lone carriage returns as text', async () => {
    expect(await textOf('a\u0000b\rc')).toBe('a\u0000b\rc')
  })
})

describe('row 35: what users send is data', () => {
  it('never evaluated again, and well-formed through $util.toJson', async () => {
    const args = { s: '$ctx.identity #set($x = 1) "quoted" ${a} #end \\ \n </script>' }
    expect(await textOf('$ctx.args.s', args)).toBe(args.s)
    expect(await textOf('#set($y = "$ctx.args.s")$y', args)).toBe(args.s)
    expect(JSON.parse(await textOf('{"s": $util.toJson($ctx.args.s)}', args))).toEqual(args)
    expect(JSON.parse(await textOf('{"s": $util.dynamodb.toDynamoDBJson($ctx.args.s)}', args))).toEqual({
      s: { S: args.s },
    })
    expect(await textOf('"$util.escapeJavaScript($ctx.args.s)"', args)).not.toContain('"quoted"')
  })
})

describe('row 36: errors keep their order', () => {
  it('the first ends the template, appended ones stay', async () => {
    const outcome = await run('$util.appendError("a")$util.error("first")$util.error("second")', {
      error: { message: 'failed', type: 'DynamoDB:X' },
    })
    expect(outcome).toMatchObject({
      type: 'error',
      error: { message: 'first' },
      appendedErrors: [{ message: 'a', errorType: null }],
    })
  })
})

/**
 * The families of escapes that vm2's ATTACKS.md documents, as far as they can be said in VTL: each ends in a call that
 * would write the marker file, or in a reference that would be of the host.
 */
const host = `require("fs").writeFileSync("${marker}", "x")`
const families: [family: string, template: string][] = [
  ['constructor chain', `$ctx.constructor.constructor('${host.replaceAll("'", "''")}')()`],
  ['constructor of a list', `$ctx.args.l.constructor.constructor('x').call()`],
  ['constructor of a text', `$ctx.args.s.constructor.fromCharCode(97)`],
  ['constructor of a number', `$ctx.args.n.constructor.constructor('x')`],
  ['constructor of a method', `$ctx.args.s.replace.constructor('x')`],
  ['constructor of a utility', `$util.toJson.constructor('x')`],
  [
    'prototype pollution by assignment',
    `#set($ctx.args.__proto__.polluted = 1)#set($ctx.__proto__.polluted = 1)#set($ctx.args.l.__proto__.polluted = 1)x`,
  ],
  [
    'prototype pollution by index',
    `#set($ctx.args["__proto__"]["polluted"] = 1)#set($ctx.args["constructor"]["prototype"]["polluted"] = 1)x`,
  ],
  ['prototype pollution by put', `$util.qr($ctx.args.put("__proto__", {"polluted": 1}))x`],
  ['prototype pollution by parseJson', `$util.parseJson('{"__proto__": {"polluted": 1}}')`],
  [
    'prototype pollution by copies',
    `$util.map.copyAndRetainAllKeys($util.parseJson('{"__proto__": {"polluted": 1}}'), ["__proto__"])`,
  ],
  [
    'getters and setters',
    `$ctx.args.__defineGetter__("polluted", $util.toJson)$ctx.args.__lookupGetter__("__proto__")`,
  ],
  ['species', `#set($ctx.args.l.constructor = {"Symbol.species": 1})$ctx.args.l.subList(0, 1)`],
  ['toString tricks', `#set($m = {"toString": "x", "valueOf": "y"})$m.toString() $m.valueOf() #set($x = "" + $m)$x`],
  ['toJSON tricks', `#set($m = {"toJSON": $util.toJson})$util.toJson($m)`],
  ['then tricks', `#return({"then": "x", "constructor": "y"})`],
  ['error objects', `$ctx.error.constructor $ctx.error.stack.constructor`],
  ['stack traces', `$ctx.args.l.get(99).stack`],
  ['prepareStackTrace', `#set($Error.prepareStackTrace = "x")$Error`],
  ['stack overflow', `#macro(r $x)#r("$x$x")#end#r("a")`],
  ['array iterators', `$ctx.args.l.iterator().constructor $ctx.args.l.entries()`],
  ['arguments and callers', `$arguments.callee $caller $this.constructor`],
  ['proxies', `$Proxy $Reflect.get($ctx, "x")`],
  ['symbols', `$Symbol.iterator $ctx.args["@@iterator"]`],
  ['promises', `$Promise.resolve().constructor $async`],
  ['imports', `$import("fs") $require("fs") $module $exports`],
  [
    'names of the emitted program',
    `$R.halt("x") $K[0] $r.context $c $o $v0 #set($R = "x")#set($K = "y")#set($r = 1)#set($c = 2)#set($o = 3)#set($v0 = 4)x`,
  ],
  ['text of the emitted program', `"; ${host}; // \`\${${host}}\` */ \\u0022; ${host} //\u2028${host}\u2029`],
  ['names in quotes', `#set($x = "\\"); ${host}; //")$x #set($y = '\\'');${host}//')$y`],
  ['keys in quotes', `#set($m = {"\\"]=1;${host};//": 1})$util.toJson($m)`],
  ['utilities as values', `#set($f = $util.toJson)$f("x") #set($u = $util)$u.constructor $u.time.nowISO8601.call("x")`],
  ['buffers', `$Buffer.from("x") $util.base64Decode("eA==").constructor $util.base64Decode("eA==").buffer`],
]

describe('the families of escapes', () => {
  it.each(families)('%s reaches nothing', async (_family, template) => {
    const outcomes: string[] = []
    for (const side of ['request', 'response'] as const) {
      try {
        const step = compileTemplate(template, { side })
        const outcome = await step.run({
          arguments: { s: 'x', l: [1, 2], n: 1 },
          stash: {},
          error: { message: 'm', type: 't' },
        })
        outcomes.push(JSON.stringify(outcome))
      } catch (error) {
        expect(error).toBeInstanceOf(ResolverSyntaxError)
      }
    }
    for (const outcome of outcomes) expect(outcome).not.toMatch(/\[native code\]|function |EmptyMap|node:internal/)
    nothingEscaped()
  })
})
