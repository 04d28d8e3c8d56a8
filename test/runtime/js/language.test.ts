import { describe, expect, it } from 'vitest'
import type { ResolverContext } from '../../../src/runtime/context.ts'
import { compileCode } from '../../../src/runtime/js/compile.ts'

const args = {
  list: [3, 1, 2],
  texts: ['b', 'a', 'c'],
  people: [
    { name: 'Ann', age: 31, tags: ['x', 'y'] },
    { name: 'Bob', age: 27, tags: [] },
  ],
  text: 'Hello, World',
  unicode: 'a😀é',
  nested: { a: { b: { c: 1 } }, none: null },
  n: 7,
  zero: 0,
  empty: '',
  yes: true,
}

/** What JavaScript itself makes of a body; programs are JSON in, JSON out. */
function native(body: string): unknown {
  const value = new Function('ctx', `"use strict";${body}`)({ args: structuredClone(args), stash: {} })
  return value === undefined ? null : JSON.parse(JSON.stringify(value))
}

async function ours(body: string): Promise<unknown> {
  const context: ResolverContext = { arguments: args, stash: {} }
  const outcome = await compileCode(`export function request(ctx) {${body}\n}`).request?.run(context)
  expect(outcome).toMatchObject({ type: 'value' })
  return outcome?.type === 'value' ? JSON.parse(JSON.stringify(outcome.value)) : undefined
}

const expressions = [
  // operators
  '1 + 2 * 3 - 4 / 5 % 6',
  '2 ** 10',
  '"a" + 1 + true + null + undefined',
  '1 + true',
  '1 + null',
  'undefined + 1',
  '[] + {}',
  '[1, [2, 3]] + ""',
  '({}) + 1',
  '"5" * "4"',
  '"x" * 2',
  '-"3"',
  '+[]',
  '+[7]',
  '+{}',
  '7 & 3 | 8 ^ 2',
  '1 << 4 >> 2 >>> 1',
  '-1 >>> 28',
  '1 < 2',
  '"b" > "a"',
  '"10" < 9',
  'null >= 0',
  'undefined > 0',
  '[2] > 1',
  '1 == "1"',
  'null == undefined',
  'null == 0',
  '[1] == 1',
  '"" == 0',
  '1 === "1"',
  'NaN === NaN',
  'NaN !== NaN',
  '"a" !== "b"',
  '[] == []',
  'ctx.args.list == ctx.args.list',
  'typeof 1 + typeof "" + typeof true + typeof {} + typeof [] + typeof null + typeof undefined',
  'void 0 ?? "none"',
  'ctx.args.zero || "or"',
  'ctx.args.zero ?? "nullish"',
  'ctx.args.yes && "and"',
  '!ctx.args.empty',
  'ctx.args.n > 5 ? "big" : "small"',
  '(1, 2, 3)',
  'Infinity - Infinity',
  '-0',
  '1e21 + ""',
  '0.1 + 0.2',
  // members
  'ctx.args.nested.a.b.c',
  'ctx.args["nested"]["a"]',
  'ctx.args.nested?.a?.b',
  'ctx.args.missing?.a.b.c.d',
  'ctx.args.missing?.[0]',
  'ctx.args.nested.none?.x',
  'ctx.args.list[0] + ctx.args.list["1"]',
  'ctx.args.list[9]',
  'ctx.args.list[-1]',
  'ctx.args.list.length + ctx.args.text.length',
  'ctx.args.text[1] + ctx.args.text[99]',
  'ctx.args.unicode.length',
  '[..."a😀é"].length',
  // literals
  '({ a: 1, "b c": 2, 3: 4, [ctx.args.text]: 5, ["x" + 1]: 6 })',
  '({ ...ctx.args.nested, a: 1 })',
  '({ a: 1, ...{ a: 2, b: 3 }, ...null, ..."hi", ...[7] })',
  '[1, ...ctx.args.list, ..."ab", 2]',
  '[1, , 3].length',
  '({ ["__proto__"]: 1 })',
  'JSON.stringify({ ["__proto__"]: { polluted: 1 } })',
  '`${ctx.args.n} of ${ctx.args.list} ${ctx.args.nested.none} ${undefined}`',
  '`a${1}${2}b`',
  '`line\nbreak\\n`',
  '"\\u2028 \\u0000 \\x41"',
  '({ a: undefined, b: () => 1, c: [undefined, NaN] })',
  // strings
  'ctx.args.text.toUpperCase() + ctx.args.text.toLowerCase()',
  'ctx.args.text.split(", ")',
  'ctx.args.text.split("")',
  'ctx.args.text.split()',
  'ctx.args.text.split("l", 2)',
  'ctx.args.text.slice(-5, -1) + ctx.args.text.slice(2) + ctx.args.text.slice()',
  'ctx.args.text.substring(4, 1) + ctx.args.text.substr(-3, 2)',
  'ctx.args.text.indexOf("o") + ctx.args.text.lastIndexOf("o") + ctx.args.text.indexOf("o", 5)',
  'ctx.args.text.lastIndexOf("o", 5)',
  'ctx.args.text.includes("World") && ctx.args.text.startsWith("Hello") && ctx.args.text.endsWith("d")',
  'ctx.args.text.startsWith("World", 7) && ctx.args.text.endsWith("Hello", 5)',
  '"  x ".trim() + "|" + "  x ".trimStart() + "|" + "  x ".trimEnd() + "|"',
  'ctx.args.text.charAt(4) + ctx.args.text.at(-1)',
  'ctx.args.unicode.codePointAt(1)',
  '"a".concat("b", 1, null)',
  '"aXbXc".replace("X", "-") + "aXbXc".replaceAll("X", "-")',
  '"abc".replaceAll("", "-")',
  '"é".normalize("NFD").length',
  '(12.345).toFixed(1) + (255).toString(16) + true.toString() + (0.000001234).toPrecision(2) + (5).toExponential()',
  '"a,b".split(",").map((part) => part + "!").join(";")',
  'String.raw`a\\n${1}b`',
  // arrays
  '[3, 1, 10, 2].sort()',
  'ctx.args.texts.sort()',
  '[undefined, "b", null, "a"].sort()',
  'ctx.args.list.reverse()',
  'ctx.args.list.map((n, i, all) => n * i + all.length)',
  'ctx.args.list.filter((n) => n > 1)',
  'ctx.args.list.find((n) => n < 3) + ctx.args.list.findIndex((n) => n < 3)',
  'ctx.args.list.findLast((n) => n > 1) + ctx.args.list.findLastIndex((n) => n > 2)',
  'ctx.args.list.find((n) => n > 99)',
  'ctx.args.list.some((n) => n > 2) && ctx.args.list.every((n) => n > 0)',
  'ctx.args.list.reduce((sum, n) => sum + n)',
  'ctx.args.list.reduce((sum, n, i) => sum + n * i, 100)',
  'ctx.args.texts.reduceRight((all, each) => all + each)',
  'ctx.args.texts.reduceRight((all, each, i) => all + each + i, ">")',
  '[[1, [2, [3]]], 4].flat()',
  '[[1, [2, [3]]], 4].flat(Infinity)',
  'ctx.args.people.flatMap((p) => p.tags)',
  '[1, 2].concat(3, [4, [5]])',
  '[1, 2, 3, 4].fill(0, 1, -1)',
  '[1, 2, 3, 2].indexOf(2) + [1, 2, 3, 2].lastIndexOf(2) + [1, 2].indexOf(9)',
  '[1, NaN].includes(NaN)',
  '[1, 2, 3].includes(2, 2)',
  '[[1, 2], null, undefined, {}].join("-")',
  '[1, 2, 3].slice(1) + [1, 2, 3].slice(-2, -1)',
  '[5, 6].at(-1)',
  // built-ins
  'Object.keys(ctx.args.nested).concat(Object.keys("ab"), Object.keys([7]))',
  'Object.entries({ a: 1, b: [2] })',
  'Object.values({ a: 1, b: [2] })',
  'Object.values("ab")',
  'Object.fromEntries([["a", 1], ["b", 2]])',
  'Object.assign({ a: 1 }, { b: 2 }, null, "x")',
  'Object.hasOwn({ a: 1 }, "a") && !Object.hasOwn({}, "toString") && !Object.hasOwn({}, "__proto__")',
  'Math.max(1, 3, 2) + Math.min(4, -1) + Math.round(2.5) + Math.floor(-0.5) + Math.ceil(0.2) + Math.abs(-3)',
  'Math.max()',
  'Math.max(...ctx.args.list)',
  'Math.PI + Number.MAX_SAFE_INTEGER',
  'Number.isNaN(NaN) && Number.isFinite(1) && !Number.isFinite("1") && Number.isInteger(3)',
  'Number("12px") + Number("") + Number(true)',
  'parseInt("12px") + parseInt("ff", 16) + parseFloat("1.5e3x")',
  'isNaN("x") && isFinite("5") && Boolean("x") && !Boolean("")',
  'Array.isArray([]) && !Array.isArray({})',
  'JSON.parse(JSON.stringify(ctx.args.people))',
  'JSON.stringify({ a: [1, undefined, () => 1], b: undefined, c: NaN, d: "é\\n" })',
  'JSON.stringify(ctx.args.people, null, 2)',
  'JSON.stringify({ a: { b: 1 }, c: 2 }, ["a"], "--")',
  'JSON.stringify([])+JSON.stringify({}, null, 2)+JSON.stringify("x")',
]

const bodies = [
  'let total = 0; for (const n of ctx.args.list) { total += n } return total',
  'const seen = []; for (const key in ctx.args.nested) { seen.push(key) } return seen',
  'const seen = []; for (const key in ctx.args.list) { seen.push(key) } for (const key in "ab") { seen.push(key) } return seen',
  'for (const n of ctx.args.list) { if (n === 1) { break } ctx.stash.n = n } return ctx.stash',
  'let x = 1; let y = 2; [x, y] = [y, x]; return [x, y]',
  'const { list: [first, ...others], missing = 5, nested: { a: { b } }, ...rest } = ctx.args; return { first, others, missing, b, keys: Object.keys(rest) }',
  'const key = "n"; const { [key]: value } = ctx.args; return value',
  'const f = ({ a, b = 2 }, [c] = [3], ...more) => a + b + c + more.length; return f({ a: 1 }) + f({ a: 1, b: 1 }, [1], 1, 1)',
  'function add(a, b = a) { return a + b } return add(2) + add(2, 3)',
  'return twice(4); function twice(n) { return n * 2 }',
  'const o = { a: 1 }; o.b = 2; o["c" + 1] = 3; o.a += 5; o.d ??= 7; o.a ||= 9; o.b &&= 8; delete o.c1; return o',
  'const l = [1]; l[1] = 2; l[l.length] = 3; l.length = 2; l.push(4, 5); l.unshift(0); const p = l.pop() + l.shift(); return [l, p]',
  'const l = [1, 2, 3, 4]; const cut = l.splice(1, 2, "a", "b", "c"); return [l, cut, l.splice(-1)]',
  'let s = ""; switch (ctx.args.n) { case 1: s += "one"; case 7: s += "seven"; case 8: s += "eight"; break; default: s += "none" } return s',
  'let s = ""; switch ("zz") { case "a": s = "a"; break; default: s = "default"; case "b": s += "b" } return s',
  'switch (typeof ctx.args.n) { case "number": { const x = 1; return x } } return 0',
  'var a = 1; if (a) { var a = 2; var b } return [a, b]',
  'let a = 1; { let a = 2; ctx.stash.inner = a } return [a, ctx.stash]',
  'const fs = [1, 2, 3].map((n) => ({ get: n })); let i = 5; i -= 2; i *= 3; i **= 2; i %= 7; i <<= 2; i |= 1; i ^= 3; i &= 15; i >>= 1; return [fs, i]',
  'if (ctx.args.missing) return 1; else if (ctx.args.zero) return 2; else return 3',
  'const counter = { n: 0 }; ctx.args.list.forEach((n) => { counter.n += n }); return counter',
  'const o = { run: (n) => n + 1, deep: { run: (n) => n + 2 } }; return o.run(1) + o.deep.run(1) + o["run"](5) + (o.none?.(1) ?? 100)',
  'const nothing = null; return nothing?.a(1).b ?? "skipped"',
  'const text = "abc"; return text?.slice?.(1)',
  'return (() => 5)() + (function () { return 6 })()',
  'let a; let b = a?.x; a = { x: { y: [1, { z: 2 }] } }; return [b, a?.x.y[1].z, a.x?.y?.[0]]',
  'const { a = 1, b: { c = 2 } = {} } = {}; return [a, c]',
  'for (const { name, age } of ctx.args.people) { ctx.stash[name] = age } return ctx.stash',
  'for (const [key, value] of Object.entries(ctx.args.nested.a)) { ctx.stash[key] = value } return ctx.stash',
  'let last; for (last of ctx.args.list) { } return last',
  'const list = [1, 2, 3]; for (const n of list) { if (list.length < 6) { list.push(n) } } return list',
  'const a = [1, 2, 3]; a.forEach((n, i) => { if (i === 0) { a.pop() } }); return a',
  'const l = [1, 2]; return [...l, l.pop(), ...l]',
  'const l = [1, 2, 3]; return l.map(() => l.pop())',
  'return { ..."😀" }',
  'function f() { var inner = 1; return inner } var inner = 5; return f() + inner',
  'return "a,b".split(undefined, 0)',
  'return',
  '',
]

describe('APPSYNC_JS means what JavaScript means', () => {
  it.each(expressions)('%s', async (expression) => {
    expect(await ours(`return ${expression}`)).toEqual(native(`return ${expression}`))
  })

  it.each(bodies)('%s', async (body) => {
    expect(await ours(body)).toEqual(native(body))
  })
})

describe('where AppSync differs from JavaScript', () => {
  it.each([
    ['JSON.parse gives an empty text for what is not JSON', 'return [JSON.parse("{"), JSON.parse("{}")]', ['', {}]],
    ['replace reads a pattern as Java does', 'return "a1b22".replace("[0-9]+", "#")', 'a#b22'],
    ['replaceAll reads a pattern as Java does', 'return "a1b22".replaceAll("([0-9]+)", "<$1>")', 'a<1>b<22>'],
    ['an own member called like a method is data', 'return { map: 1, length: 2 }.length', 2],
    [
      'nothing is inherited',
      'return [{}.toString, [].map, "".length, "".at, {}.__proto__, [].constructor]',
      [null, null, 0, null, null, null],
    ],
    ['a method is no value', 'const { map } = []; return map ?? "none"', 'none'],
  ])('%s', async (_, body, expected) => {
    expect(await ours(body)).toEqual(expected)
  })
})
