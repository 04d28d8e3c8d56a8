import { existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Outcome, type ResolverContext, ResolverSyntaxError } from '../../src/runtime/context.ts'
import { inheritsNothing } from '../../src/runtime/emit/fromHost.ts'
import { closeWorkers } from '../../src/runtime/emit/worker/pool.ts'
import { type CompileOptions, compileCode } from '../../src/runtime/js/compile.ts'

const MARKER = join(tmpdir(), `sidestage-escaped-${process.pid}`)

/** What an escaped program would do, as text for whatever turns text into code. */
const PAYLOAD = `globalThis.escapedFromAppsyncJs = true; process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(MARKER)}, 'x')`
const TEXT = JSON.stringify(PAYLOAD)

const context: ResolverContext = {
  arguments: { a: 1, text: 'text', list: [1, 2, 3], map: { x: 1 }, payload: PAYLOAD },
  stash: {},
  identity: { sub: 'x' },
}

afterAll(closeWorkers)

type Result = { refused: string[] } | { outcome: Outcome }

async function attempt(body: string, options: CompileOptions = {}): Promise<Result> {
  try {
    const step = compileCode(
      `import { util } from '@aws-appsync/utils'\nexport function request(ctx) {\n${body}\n}`,
      options,
    ).request
    return { outcome: (await step?.run(context)) as Outcome }
  } catch (error) {
    if (!(error instanceof ResolverSyntaxError)) throw error
    return { refused: error.problems.map(({ value }) => value) }
  }
}

/** What of the host a value holds. */
function foreign(value: unknown): unknown[] {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return [value]
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(foreign)
  return [...(inheritsNothing(value) ? [] : [value]), ...Object.values(value).flatMap(foreign)]
}

function expectNoEscape(result: Result): void {
  const isMarked = existsSync(MARKER) || 'escapedFromAppsyncJs' in globalThis
  rmSync(MARKER, { force: true })
  Reflect.deleteProperty(globalThis, 'escapedFromAppsyncJs')
  expect(isMarked).toBe(false)
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  if ('outcome' in result && result.outcome.type !== 'error') expect(foreign(result.outcome.value)).toEqual([])
}

/** The families of escape that vm2 documents, and those that look at emitters. */
const families: Record<string, string[]> = {
  'constructor chains': [
    `return ctx.constructor.constructor(${TEXT})()`,
    `return [].constructor.constructor(${TEXT})()`,
    `const A = [].constructor; const F = A.constructor; return F(${TEXT})()`,
    `return "".constructor.constructor(${TEXT})()`,
    `return (1).constructor.constructor(${TEXT})()`,
    `const f = () => 1; const F = f.constructor; return F(${TEXT})()`,
    `return util.error.constructor(${TEXT})()`,
    `return util.constructor.constructor(${TEXT})()`,
    `return Math.max.constructor(${TEXT})()`,
    `return JSON.constructor.constructor(${TEXT})()`,
    `return ctx["const" + "ructor"]["const" + "ructor"](${TEXT})()`,
    `return ctx.args.list["map"]["constructor"](${TEXT})()`,
    `return ctx\u{2e}constructor.constructor(${TEXT})()`,
    `return ctx.c\\u006fnstructor.c\\u{6f}nstructor(${TEXT})()`,
    `const { constructor } = []; const { constructor: F } = constructor ?? {}; return F?.(${TEXT})`,
    `const { constructor: { constructor: F } } = []; return F(${TEXT})()`,
    `for (const k of ["constructor"]) { const c = [][k]; ctx.stash.c = c } return ctx.stash`,
  ],
  'prototype chains': [
    'return ctx.__proto__.polluted = 1',
    'return [].__proto__.polluted = 1',
    'ctx.args["__proto__"].polluted = 1; return {}.polluted',
    'ctx.args.__proto__ = { polluted: 1 }; return ctx.args.polluted',
    'const o = {}; o["__proto__"] = { polluted: 1 }; return [o.polluted, o]',
    'const o = { __proto__: { polluted: 1 } }; return o.polluted',
    'const o = { "__proto__": [] }; return o.map',
    'const p = "__proto__"; const o = { [p]: { polluted: 1 } }; return o.polluted',
    'return Object.assign({}, JSON.parse(\'{"__proto__":{"polluted":1}}\')).polluted',
    'return { ...JSON.parse(\'{"__proto__":{"polluted":1}}\') }.polluted',
    'return Object.fromEntries([["__proto__", { polluted: 1 }]]).polluted',
    'Object.prototype.polluted = 1',
    'Object.setPrototypeOf(ctx, null)',
    'return Object.getPrototypeOf([])',
    'const key = ["__proto__"]; ctx.args[key].polluted = 1',
    'const o = {}; o[["__proto__"]] = { polluted: 1 }; return o.polluted',
    'delete [].__proto__; delete ctx.args.constructor; return [].map((x) => x)',
  ],
  'host errors and stacks': [
    `null.x.constructor.constructor(${TEXT})()`,
    'Error.prepareStackTrace = (e, frames) => frames',
    `const e = new Error(); return e.constructor.constructor(${TEXT})()`,
    `try { null.x } catch (e) { e.constructor.constructor(${TEXT})() }`,
    `const f = (n) => g(n + 1); const g = (n) => f(n); return f(0)`,
    'const o = { f: (n, self) => self.f(n + 1, self) }; return o.f(0, o)',
    'using x = ctx',
    'throw ctx',
  ],
  'symbols, proxies, reflection': [
    'return ctx[Symbol.iterator]',
    'return Symbol.for("nodejs.util.inspect.custom")',
    'return new Proxy({}, {})',
    'return Reflect.construct(Array, [])',
    'return Reflect.ownKeys(ctx)',
    'const o = { ["@@iterator"]: () => 1 }; return [...o]',
  ],
  'species, accessors, implicit conversions': [
    'const a = [1]; a.constructor = { x: 1 }; return a.map((x) => x)',
    'const a = [1]; a["constructor"] = 1; return a.concat([2])',
    'return { get a() { return 1 } }',
    'return { set a(x) { } }',
    'Object.defineProperty(ctx, "x", { get() { return 1 } })',
    'ctx.__defineGetter__("x", () => 1)',
    'return ctx.args.__lookupGetter__("x")',
    'const o = { toString: () => "constructor", valueOf: () => 1 }; return [[][o], o + 1, `${o}`, 1 + o * 2]',
    'const o = { toString: () => ctx.stash.n = (ctx.stash.n ?? 0) + 1 }; const a = {}; a[o] = 1; return [a, ctx.stash]',
    'const o = { toJSON: () => ctx, x: 1 }; return [JSON.stringify(o), o]',
    'const o = { then: (f) => f(1) }; return o',
    'return [3, 1].sort({ call: 1 })',
    'return JSON.parse("{}", (k, v) => v)',
    'return "x".replace("x", () => ctx)',
    'return ctx.args.list.map(util.error)',
    'return ctx.args.list.map(Math.max)',
    'return ctx.args.list.map("constructor")',
    'return ctx.args.list.find({}.constructor)',
  ],
  'names of the host': [
    'return process',
    'return globalThis',
    'return global',
    'return window',
    'return require("fs")',
    'return module.exports',
    'return Buffer.from("x")',
    'return this',
    'return arguments',
    'return arguments.callee',
    'return eval("1")',
    `return Function(${TEXT})()`,
    `return (async () => {}).constructor(${TEXT})()`,
    `return (function* () {}).constructor(${TEXT})()`,
    'return import("node:fs")',
    'return import.meta.url',
    'return new.target',
    'return WebAssembly',
    'return setTimeout(() => 1, 0)',
    'return queueMicrotask',
    'return Promise.resolve(1)',
    'return new SharedArrayBuffer(1)',
    'return Atomics',
    'return Intl',
    'return Date.now()',
    'return RegExp("x")',
    'return structuredClone(ctx)',
    'return console.constructor',
    'return console.log.constructor("return 1")()',
    'return v1',
    'return b',
    'return h',
    'return $get',
    'return h0',
    'b.steps = 1e9',
    'with (ctx) { a }',
  ],
  'text that wants to become code': [
    `return "\\u2028"; ${PAYLOAD.replaceAll('"', "'")}`,
    `const o = { ['"];${PAYLOAD.replaceAll("'", '`')};["']: 1 }; return o`,
    'return `${"`"}${"${"}`',
    'return { "a\\"]:1}};globalThis.escapedFromAppsyncJs=1;({[\\"b": 1 }',
    'const { "x\\"];globalThis.escapedFromAppsyncJs=1;[\\"": y } = ctx.args; return y',
    'return ctx["\\\\\\"];globalThis.escapedFromAppsyncJs=1;[\\""]',
    'return ctx.args["a\\n\\r\\u2028\\u2029"]',
    'return "*/ globalThis.escapedFromAppsyncJs = 1 /*"',
    'return [1][`constructor`]',
    'const \\u{63}tx2 = ctx; return ctx2.constructor',
    'const ünïcödé = 1; const $ = 2; const _ = 3; return ünïcödé + $ + _',
    'return 1e999 + -1e999 + 0x10 + 0b11 + 1_000',
  ],
  'names that meet the emitter': [
    'const b = 1, h = 2, v1 = 3, t0 = 4, u0 = 5, $get = 6, s0 = 7; return [b, h, v1, t0, u0, $get, s0]',
    'const undefined2 = undefined; return undefined2',
    'const hasOwnProperty = 1; return hasOwnProperty',
    'const o = { then: 1, get: 2, set: 3, async: 4, static: 5, let: 6 }; return o',
    'const f = (constructor, prototype, __proto__) => [constructor, prototype, __proto__]; return f(1, 2, 3)',
  ],
}

describe('programs that want out', () => {
  for (const [family, programs] of Object.entries(families)) {
    it.each(programs)(`${family}: %s`, async (body) => {
      expectNoEscape(await attempt(body))
    })
  }

  it('would be noticed: a hole planted in the emitter is found by the same attacks', async () => {
    let escapes = 0
    for (const body of families['constructor chains'] ?? []) {
      await attempt(body, { inspection: { inheritedReads: true } })
      if (existsSync(MARKER) || 'escapedFromAppsyncJs' in globalThis) escapes++
      rmSync(MARKER, { force: true })
      Reflect.deleteProperty(globalThis, 'escapedFromAppsyncJs')
    }
    expect(escapes).toBeGreaterThan(0)
  })
})

describe('programs that want everything', () => {
  const errorOf = async (body: string): Promise<string | undefined> => {
    const started = performance.now()
    const result = await attempt(body)
    expect(performance.now() - started).toBeLessThan(5_000)
    if (!('outcome' in result)) return result.refused.join('\n')
    return result.outcome.type === 'error' ? result.outcome.error.message : undefined
  }

  const BIG = 'let s = "xxxxxxxxxxxxxxxx"; for (const a of "12345678901234567") { s = s + s }'
  const LIST = 'let l = [1]; for (const a of "12345678901234567") { l = [...l, ...l] }'

  it.each([
    [
      'nested loops over a long list',
      `${LIST} let n = 0; for (const a of l) { for (const b of l) { n += 1 } } return n`,
    ],
    ['callbacks in callbacks', `${LIST} return l.map((a) => l.map((b) => l.map((c) => 1)))`],
    [
      'a doubling text',
      'let s = "x"; for (const a of Array.isArray([]) ? "1234567890123456789012345678901234567890" : "") { s = s + s } return s',
    ],
    [
      'a doubling list',
      'let l = [1]; for (const a of "1234567890123456789012345678901234567890") { l = l.concat(l) } return l',
    ],
    [
      'a list that spreads itself',
      'let l = [1]; for (const a of "1234567890123456789012345678901234567890") { l = [...l, ...l] } return l',
    ],
    [
      'a list that pushes itself',
      'const l = [1]; for (const a of "1234567890123456789012345678901234567890") { l.push(...l) } return l',
    ],
    ['a loop over a list that grows', 'const l = [1]; for (const x of l) { l.push(x) } return l'],
    [
      'a map that grows',
      `${LIST} const o = {}; for (const a of l) { for (const b of l) { o[Object.keys(o).length] = a } } return o`,
    ],
    [
      'templates that double',
      'let s = "x"; for (const a of "1234567890123456789012345678901234567890") { s = `${s}${s}` } return s',
    ],
    [
      'texts joined',
      'let s = "x"; for (const a of "1234567890123456789012345678901234567890") { s = [s, s].join("") } return s',
    ],
    ['texts replaced', `${BIG} return s.replaceAll("x", s)`],
    [
      'texts concatenated',
      'let s = "x"; for (const a of "1234567890123456789012345678901234567890") { s = s.concat(s, s) } return s',
    ],
    [
      'a thousand searches in a long text',
      `${BIG} let n = 0; for (const a of s) { if (s.includes("y")) { n += 1 } } return n`,
    ],
    [
      'long texts compared',
      `${BIG} const t = s + "a"; const u = s + "b"; let n = 0; for (const a of s) { if (t < u || t === u) { n += 1 } } return n`,
    ],
    [
      'long texts in a switch',
      `${BIG} const t = s + "a"; const u = s + "b"; let n = 0; for (const a of s) { switch (t) { case u: n += 1; break; default: n += 2 } } return n`,
    ],
    [
      'a text made flat again and again',
      `${BIG} let n = 0; for (const a of s) { s = s + "y"; n += s[5] === "x" ? 1 : 0 } return n`,
    ],
    [
      'json printed again and again',
      `${LIST} let n = 0; for (const a of l) { n += JSON.stringify(l).length } return n`,
    ],
    [
      'json of a shared tree',
      'let v = "x"; for (const a of "12345678901234567890123456789012345678901234567890") { v = [v, v] } return JSON.stringify(v)',
    ],
    [
      'a shared tree returned',
      'let v = "x"; for (const a of "12345678901234567890123456789012345678901234567890") { v = { a: v, b: v } } return v',
    ],
    [
      'a shared tree in the stash',
      'let v = "x"; for (const a of "12345678901234567890123456789012345678901234567890") { v = [v, v] } ctx.stash.v = v; return 1',
    ],
    [
      'a shared tree logged',
      'let v = "x"; for (const a of "12345678901234567890123456789012345678901234567890") { v = [v, v] } console.log(v)',
    ],
    [
      'a shared tree as an error',
      'let v = "x"; for (const a of "12345678901234567890123456789012345678901234567890") { v = [v, v] } util.appendError("x", "y", v)',
    ],
    [
      'a shared tree made flat',
      'let v = ["x"]; for (const a of "12345678901234567890123456789012345678901234567890") { v = [v, v] } return v.flat(99)',
    ],
    [
      'a shared tree as text',
      'let v = ["x"]; for (const a of "12345678901234567890123456789012345678901234567890") { v = [v, v] } return "" + v',
    ],
    ['a value that holds itself', 'const o = {}; o.o = o; return o'],
    ['a list that holds itself, as text', 'const l = []; l.push(l); return "" + l'],
    ['deep json', `${BIG} return JSON.parse(s.replaceAll("x", "["))`],
    [
      'logs without end',
      `${LIST} for (const a of l) { for (const b of l) { console.log("xxxxxxxxxxxxxxxxxxxxxxxxx", l) } }`,
    ],
    [
      'errors without end',
      `${LIST} for (const a of l) { for (const b of l) { util.appendError("xxxxxxxxxxxxxxxxxxxxxxxxx") } }`,
    ],
    ['sorting again and again', `${LIST} for (const a of l) { l.sort() } return 1`],
    ['a length that is no number', 'const l = [1]; l.length = 4294967295; return l.length'],
    ['an index far away', 'const l = [1]; l[4294967290] = 1; return l.length'],
    ['a recursion that no check sees', 'const o = { f: (n, self) => self.f(n + 1, self) + 1 }; return o.f(0, o)'],
    ['the whole of a large result', `${BIG} return [s, s, s, s]`],
  ])('are ended: %s', async (_, body) => {
    expect(await errorOf(body)).toEqual(expect.any(String))
  })

  it('matches patterns in linear time', async () => {
    const started = performance.now()
    const result = await attempt(
      `${BIG} return [util.matches("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), s.slice(0, 10000).replace("(x+x+)+y", "").length]`,
    )
    expect(result).toMatchObject({ outcome: { type: 'value', value: [false, 10_000] } })
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('does not let a count that is no number switch the budget off', async () => {
    for (const count of ['{}', 'NaN', '"x"', '-1', 'Infinity', '-Infinity', '1e308', '[]', 'null']) {
      const body = `const n = ${count}; const l = [1, 2, 3]; l.fill(0, n, n); l.slice(n, n); l.splice(n, n, 1); "abc".slice(n, n); "a,b".split(",", n); [[1]].flat(n); (1).toFixed(n === -1 || n > 100 || n < 0 ? 1 : n); ${BIG} return [s, s, s, s]`
      expect(await errorOf(body)).toEqual(expect.any(String))
    }
  })

  it('leaves the next request as it was', async () => {
    const own =
      'const seen = { n: 0 }\nexport function request(ctx) { seen.n += 1; ctx.args.x = 1; ctx.identity.sub = "changed"; ctx.stash.kept = seen.n; return [seen.n, ctx.args] }'
    const step = compileCode(own).request
    for (let turn = 0; turn < 3; turn++) {
      expect(await step?.run(context)).toMatchObject({ type: 'value', value: [1, { a: 1, x: 1 }], stash: { kept: 1 } })
    }
    expect(context).toMatchObject({ arguments: { a: 1 }, identity: { sub: 'x' }, stash: {} })
    expect(context.arguments).not.toHaveProperty('x')
  })
})
