import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import {
  type CompiledStep,
  type Outcome,
  type ResolverContext,
  ResolverSyntaxError,
} from '../../src/runtime/context.ts'
import { inheritsNothing } from '../../src/runtime/emit/fromHost.ts'
import { closeWorkers } from '../../src/runtime/emit/worker/pool.ts'
import { bundleCode } from '../../src/runtime/js/bundle.ts'
import { type CompileOptions, compileCode } from '../../src/runtime/js/compile.ts'
import { compileTemplate, evaluateTemplate } from '../../src/runtime/vtl/compile.ts'
import { emitTemplate } from '../../src/runtime/vtl/emit.ts'
import { parseTemplate } from '../../src/runtime/vtl/parse.ts'
import { runtime, type VtlRuntime } from '../../src/runtime/vtl/runtime.ts'

/**
 * The families of escape that vm2 catalogues (https://github.com/patriksimek/vm2/blob/main/docs/ATTACKS.md, by its
 * numbers; 28 of them when this project began, 32 now), said anew in both resolver languages. vm2 guards a boundary
 * between two sets of JavaScript objects; here programs have no objects of the host at all, so that many families
 * have no expression. Their rows say why, and try what comes nearest.
 */

interface Attempts {
  /** Why the family cannot be said in this language; the attempts are then the nearest thing. */
  why?: string
  /** Not even loaded. */
  refused?: string[]
  /** Loaded and run to an end, where they reach nothing. */
  run?: string[]
}

interface Family {
  number: number
  name: string
  js: Attempts
  vtl: Attempts
}

const folder = mkdtempSync(join(tmpdir(), 'sidestage-escapes-'))
const MARKER = join(folder, 'marker')

/** What every attempt wants to have run; programs find it as `ctx.args.payload`. */
const PAYLOAD = `globalThis.escapedFromResolver = true; process.getBuiltinModule("node:fs").writeFileSync(${JSON.stringify(MARKER)}, "x"); return globalThis`

function givenContext(): ResolverContext {
  return {
    arguments: { payload: PAYLOAD, text: 'text', n: 3, list: [3, 1, 2], map: { a: { b: 1 } } },
    identity: { sub: 's', claims: { groups: ['g'] } },
    source: { id: '1' },
    stash: { kept: [1] },
    result: { items: [{ id: '1' }] },
    error: { message: 'failed', type: 'DynamoDB:Failed' },
    request: { headers: { host: 'h' }, domainName: null },
  }
}

const families: Family[] = [
  {
    number: 1,
    name: 'constructors lead to Function',
    js: {
      run: [
        'return ctx.constructor.constructor(ctx.args.payload)()',
        'const key = "con" + "structor"; const make = ctx.args.list[key]; return make[key](ctx.args.payload)()',
        'const f = () => 1; return f.constructor(ctx.args.payload)()',
        'return ctx.args.text["constructor"]["constructor"](ctx.args.payload)()',
        'return ctx.error.constructor.constructor(ctx.args.payload)()',
        'const list = ctx.args.list.constructor; const Make = list.constructor; return Make(ctx.args.payload)()',
        'const { constructor: list } = ctx.args.list; const { constructor: Make } = list ?? {}; return Make(ctx.args.payload)()',
        'const { constructor: first } = ctx.args; return first?.constructor(ctx.args.payload)()',
        'return [ctx.args.n.constructor, true.constructor, `${1}`.constructor, (() => 1).constructor]',
      ],
      refused: ['return util.autoId.constructor(ctx.args.payload)()', 'return Function(ctx.args.payload)()'],
    },
    vtl: {
      run: [
        '$ctx.constructor.constructor($ctx.args.payload)',
        '#set($key = "constructor")$ctx.args.list[$key][$key] $ctx.args.text.get($key)',
        '$ctx.args.text.constructor($ctx.args.payload) $ctx.args.n.constructor.constructor($ctx.args.payload)',
        '$util.constructor($ctx.args.payload) $util.toJson.constructor($ctx.args.payload)',
        '$ctx.class.forName("java.lang.Runtime").getRuntime().exec($ctx.args.payload)',
      ],
    },
  },
  {
    number: 2,
    name: 'prototypes are climbed, changed and shared',
    js: {
      run: [
        'ctx.args["__proto__"].polluted = 1; return {}.polluted',
        'const key = "__proto__"; const map = {}; map[key] = { polluted: 1 }; return [map.polluted, {}.polluted]',
        'return JSON.parse("{\\"__proto__\\": {\\"polluted\\": 1}}").polluted',
        'return { ...ctx.args.map, ["__proto__"]: { polluted: 1 } }.polluted',
        'ctx.args.list.__proto__.polluted = 1',
        'const o = { f: () => ctx }; ctx.args.map.__defineGetter__("a", o.f)',
      ],
      refused: ['return Object.setPrototypeOf(ctx.args, null)', 'return Object.getPrototypeOf(ctx.args)'],
    },
    vtl: {
      run: [
        '#set($ctx.args.map.__proto__.polluted = 1)#set($ctx.args.list.__proto__.polluted = 1)$ctx.args.list.polluted',
        '#set($map = {"__proto__": {"polluted": 1}})$map.polluted $util.toJson($map)',
        '$util.qr($ctx.args.map.put("__proto__", {"polluted": 1}))$util.qr($ctx.stash.putAll({"__proto__": {"polluted": 1}}))x',
        '$util.parseJson(\'{"__proto__": {"polluted": 1}}\').polluted',
        '$ctx.args.map.__defineGetter__("a", $ctx) $ctx.args.map.__lookupGetter__("__proto__")',
      ],
    },
  },
  {
    number: 3,
    name: 'well-known symbols redirect what the engine does',
    js: {
      why: 'there are no symbols, so that keys that look like theirs are members',
      run: [
        'const list = [1]; list["Symbol(Symbol.species)"] = ctx; return list.map((each) => each)',
        'const map = { "@@toPrimitive": () => "constructor", toString: () => "constructor" }; return [[][map], `${map}`, map + ""]',
        'return [...Object.keys({ "Symbol(Symbol.iterator)": () => 1 })]',
      ],
      refused: [
        'return ctx.args.list[Symbol.iterator]',
        'return { [Symbol.hasInstance]: () => true }',
        'return ctx.args.map instanceof ctx.args.map',
      ],
    },
    vtl: {
      why: 'there are no symbols, so that keys that look like theirs are members',
      run: [
        '$Symbol.species $ctx.args.list["Symbol(Symbol.iterator)"]',
        '#set($map = {"@@toPrimitive": "x", "Symbol.hasInstance": true})"$map" #if($map == "x")y#end',
        '#foreach($each in {"@@iterator": $ctx.args.list})$each #end',
      ],
    },
  },
  {
    number: 4,
    name: 'errors carry stacks and objects of the host',
    js: {
      why: 'programs neither make nor catch errors; what ends one is told in words',
      run: [
        'util.error({ toString: () => ctx }, { name: ctx }, ctx, ctx)',
        'util.appendError(ctx.args.payload, "type", { f: () => 1 }, { stack: ctx }); return ctx.outErrors',
        'const o = { f: (depth, self) => self.f(depth + 1, self) }; return o.f(0, o)',
        'return [ctx.error.stack, ctx.error.cause, ctx.error.constructor]',
        'return null.x',
        'return JSON.parse("{")',
      ],
      refused: [
        'Error.prepareStackTrace = (error, frames) => frames',
        'try { null.x } catch (error) { return error.constructor }',
        'const error = new Error(); return error.stack',
      ],
    },
    vtl: {
      why: 'templates neither make nor catch errors; what ends one is told in words',
      run: [
        '$util.error($ctx, $ctx.args.list, $ctx.args, $util)',
        '$util.appendError($ctx.args.payload, "type", $util, $ctx)$util.toJson($ctx.outErrors)',
        '$ctx.error.stack $ctx.error.cause $ctx.error.constructor.prepareStackTrace',
        '#macro(again $x)#again("$x$x")#end#again("a")',
        '$util.parseJson("{")',
        '$ctx.args.list.get(99)',
      ],
    },
  },
  {
    number: 5,
    name: 'functions tell who called them',
    js: {
      run: [
        'const look = { f: (self) => [self.caller, self.callee, self.arguments] }; return look.f(look.f)',
        'return ctx.args.list.map((each, index, all) => [all.callee, all.caller, index.caller])',
        'const f = () => 1; return [f.caller, f.arguments, f.length, f.name, f.prototype]',
      ],
      refused: ['return arguments.callee.caller', 'return new.target', 'return this'],
    },
    vtl: {
      run: [
        '#macro(look $x)$x.caller $look.caller $arguments.callee $macro.caller#end#look($ctx)',
        '#define($block)$block.caller $block.arguments#end$block',
        '#foreach($each in [1])$foreach.caller $foreach.parent.caller $foreach.constructor#end',
      ],
    },
  },
  {
    number: 6,
    name: 'proxies run code when the host looks',
    js: {
      why: 'there is no Proxy; members named like traps are never called',
      run: [
        'return util.dynamodb.toMapValues({ m: { get: () => ctx, has: () => true, ownKeys: () => ["x"] } })',
        'return { getPrototypeOf: { apply: 1 }, construct: "x", ...{ getOwnPropertyDescriptor: 1 } }',
        'console.log({ get: () => ctx, getPrototypeOf: () => ctx }); return 1',
      ],
      refused: ['return new Proxy(ctx, {})', 'return Proxy.revocable(ctx, {})', 'return Reflect.get(ctx, "args")'],
    },
    vtl: {
      why: 'there is no Proxy; members named like traps are members',
      run: [
        '$Proxy $Proxy.revocable($ctx, {}) $Reflect.get($ctx, "args")',
        '$util.dynamodb.toMapValuesJson({"m": {"get": $util.toJson, "ownKeys": [], "has": true}})',
        '$util.toJson({"getPrototypeOf": {"apply": 1}, "construct": "x"})',
      ],
    },
  },
  {
    number: 7,
    name: 'promises hand values on unseen',
    js: {
      why: 'there are no promises and no asynchronous functions; a member named then is data',
      run: [
        'return { then: (resolve) => resolve(ctx.args.payload) }',
        'return [{ then: 1, catch: () => ctx, finally: "x" }]',
        'ctx.stash.promise = { then: (resolve) => resolve(1) }; return ctx.stash',
        'runtime.earlyReturn({ then: (resolve) => resolve(ctx) })',
      ],
      refused: [
        'return Promise.resolve(ctx)',
        'const f = async () => 1; return f()',
        'return Promise.all.call({}, [])',
        'for await (const each of ctx.args.list) { }',
      ],
    },
    vtl: {
      why: 'there are no promises; a member named then is data',
      run: [
        '#return({"then": "x", "catch": $util.toJson})',
        '{"then": {"then": "$ctx.args.text"}}',
        '$util.qr($ctx.stash.put("then", $util))$Promise.resolve($ctx).then($util.toJson)',
      ],
    },
  },
  {
    number: 8,
    name: 'registered symbols of the host are found on its objects',
    js: {
      why: 'there are no symbols and no objects of the host to search',
      run: [
        'const { payload, ...rest } = ctx.args; return Object.keys(rest)',
        'console.log({ "nodejs.util.inspect.custom": (depth, options, inspect) => inspect.constructor(ctx.args.payload)() })',
        'return Object.assign({}, ctx, { "nodejs.util.promisify.custom": () => 1 })["nodejs.util.promisify.custom"]',
      ],
      refused: [
        'return Symbol.for("nodejs.util.inspect.custom")',
        'return Object.getOwnPropertySymbols(ctx)',
        'return Object.getOwnPropertyDescriptors(ctx)',
        'return Reflect.ownKeys(util)',
        'return Buffer.prototype',
      ],
    },
    vtl: {
      why: 'there are no symbols and no objects of the host to search',
      run: [
        '$util.log.info("{}", {"nodejs.util.inspect.custom": $util.toJson}) $Symbol.for("nodejs.rejection")',
        '$ctx.keySet() $util.keySet() $ctx.args.list.getOwnPropertySymbols()',
      ],
    },
  },
  {
    number: 9,
    name: 'inspecting shows what is behind an object',
    js: {
      run: [
        'console.log({ showProxy: true, seen: [ctx], stylize: (text) => text, inspect: () => ctx.args.payload }, ctx)',
        'console.error("%o %O %j %s", ctx, { subarray: () => ctx, slice: () => ctx }); return 1',
        'return JSON.stringify({ toJSON: () => ctx, inspect: () => ctx })',
      ],
      refused: ['return util.inspect(ctx, { showProxy: true })', 'return util.format("%o", ctx)'],
    },
    vtl: {
      run: [
        '$util.inspect($ctx, {"showProxy": true}) $util.format("%o", $ctx)',
        '$util.log.error("{} %o", {"inspect": $util, "seen": [$ctx]})',
        '$ctx.toString() $ctx.args.list.toString() $util.toString() $util.toJson($util)',
      ],
    },
  },
  {
    number: 10,
    name: 'built-in functions are conduits',
    js: {
      run: [
        'return ctx.args.list.map.apply(ctx, [ctx.args.payload])',
        'const { map, constructor } = ctx.args.list; return [map, constructor]',
        'return util.base64Encode({ length: 4, valueOf: () => ctx, toString: () => ctx.args.payload })',
        'const o = { f: (a, b) => ({ valueOf: () => ctx }) }; return ctx.args.list.sort(o.f)',
        'const o = { f: (match, at, whole) => whole.constructor }; return "x".replace("x", o.f)',
      ],
      refused: [
        'return Buffer.from("x")',
        'return util.autoId.apply(ctx, [])',
        'return Object.create(ctx)',
        'return Array.from.call(util, ctx)',
      ],
    },
    vtl: {
      run: [
        '$util.toJson.apply($ctx, [$ctx.args.payload]) $util.error.call("x") $util.qr.bind($ctx)',
        '$util.base64Encode({"length": 4, "toString": $util.toJson}) $Buffer.from("x")',
        '$ctx.args.list.map($util.toJson) $ctx.args.list.apply($ctx) $ctx.args.list.reduce($util.toJson)',
        '$ctx.args.text.replaceAll("(t)", "$1$&\\constructor") $ctx.args.text.format("%s", $ctx)',
      ],
    },
  },
  {
    number: 11,
    name: 'what others call is replaced',
    js: {
      run: [
        'const o = { f: () => ctx }; ctx.args.list.map = o.f; return ctx.args.list.map((each) => each)',
        'const text = "x"; text.length = 9; text.trim = 1; return [text.length, text.trim()]',
        'const o = { f: () => 1, g: () => ctx }; o.f.call = o.g; o.f.apply = ctx; return o.f()',
      ],
      refused: [
        'util.autoId = () => "x"; return util.autoId()',
        'Object.keys = () => ctx',
        'JSON.stringify = 1',
        'Function.prototype.call = () => ctx',
        'Array.prototype.map = () => ctx',
      ],
    },
    vtl: {
      run: [
        '#set($util.toJson = "x")$util.toJson(1) #set($util.time = {})$util.time.nowEpochSeconds()',
        '$util.put("toJson", 1) $util.remove("toJson") $util.qr($util.clear())$util.toJson(1)',
        '#macro(set $x)y#end#macro(foreach)y#end#set($a = 1)$a',
        '#set($util = {"toJson": 1})#set($ctx = {})#set($utils = 1)$utils.toJson(1)',
      ],
    },
  },
  {
    number: 12,
    name: 'the rewriting of the program is got round',
    js: {
      run: [
        'const $get = 1, b = 2, h = 3, $see = 4, v1 = 5; return [$get, b, h, $see, v1]',
        'return ctx.c\\u006fnstructor["c\\u{6f}nstructor"]',
        'const \\u0061bc = ctx; return abc.__pr\\u006fto__',
        'return "\\u2028\\u2029*/}})();globalThis.escapedFromResolver=1//"',
        'return { "a\\"]=1;globalThis.escapedFromResolver=1;x[\\"": 1, "`${globalThis.escapedFromResolver=1}`": 2 }',
      ],
      refused: [
        'return $get',
        'return h[0]',
        'b.steps = 1e9',
        'return eval(ctx.args.payload)',
        'with (ctx) { return args }',
        'using x = ctx',
        'return (0, eval)("1")',
      ],
    },
    vtl: {
      run: [
        '$R.halt("x") $K[0] $r.context $o $v0 #set($R = "x")#set($r = {"steps": 1})#set($K = 1)$R',
        '*/ globalThis.escapedFromResolver = 1 /* `; globalThis.escapedFromResolver = 1; ` \\u0022 \u2028 \u2029 "; //',
        `#set($x = 'a"]; globalThis.escapedFromResolver = 1; //')$x #set($m = {"""]=1;globalThis.escapedFromResolver=1;//": 1})$m.size()`,
        '#[[ `${globalThis.escapedFromResolver = 1}`; \\` ]]# ## \u2028 globalThis.escapedFromResolver = 1',
      ],
      refused: ['#evaluate($ctx.args.payload)'],
    },
  },
  {
    number: 13,
    name: 'modules are loaded',
    js: {
      refused: [
        'return import("node:fs")',
        'return import.meta.url',
        'return require("../../package.json")',
        'return module.exports',
        'import fs from "node:fs"; export function request(ctx) { return fs }',
        'import "../../package.json"; export function request(ctx) { return 1 }',
        'import { x } from "@aws-appsync/utils/../../fs"; export function request(ctx) { return x }',
        'export * from "node:fs"; export function request(ctx) { return 1 }',
        'export { readFileSync } from "node:fs"; export function request(ctx) { return 1 }',
      ],
    },
    vtl: {
      run: ['$import("node:fs") $require("node:fs") $module.exports $__dirname $import.meta'],
      refused: ['#include("/etc/passwd")', '#parse("../../package.json")', '#include($ctx.args.payload)'],
    },
  },
  {
    number: 14,
    name: 'asking whether a member exists runs code',
    js: {
      why: 'the operator in is refused; asking is Object.keys and comparing with undefined',
      run: [
        'const o = { has: () => ctx, hasOwnProperty: () => ctx }; return [o.missing === undefined, Object.keys(o)]',
        'return [ctx.args.list.includes("constructor"), ctx.args.list["has"], ctx.hasOwnProperty("constructor")]',
      ],
      refused: ['return "constructor" in ctx.args.list', 'Object.prototype.has = (target) => target.constructor'],
    },
    vtl: {
      why: 'there is no operator in; asking is containsKey, contains and #if',
      run: [
        '$ctx.args.map.containsKey("constructor") $ctx.args.list.contains("has") $ctx.containsKey("__proto__")',
        '#if($ctx.args.list.constructor)reached#end#if($ctx.args.map.__proto__)reached#end#if($util.constructor)reached#end',
        '#set($ctx.args.map.has = $util)$ctx.args.map.containsKey("x")',
      ],
    },
  },
  {
    number: 15,
    name: 'descriptors and entries hold what reading is refused',
    js: {
      run: [
        'return Object.entries(ctx.args.list.constructor ?? {})',
        'return [Object.entries(ctx.args.text), Object.values(ctx.args.list), Object.keys({ f: () => 1 }.f)]',
        'const { value } = ctx.args.map; return value',
      ],
      refused: [
        'return Object.getOwnPropertyDescriptor(ctx.args.list, "constructor")',
        'return Object.getOwnPropertyDescriptors(util)',
        'return Object.entries(util)',
        'return Object.values(Math)',
      ],
    },
    vtl: {
      run: [
        '$util.entrySet() $util.time.values() $util.dynamodb.keySet()',
        '#foreach($each in $util)$each.key $each.value#end#foreach($each in $util.time)$each#end',
        '#foreach($each in $ctx.args.entrySet())$each.value.constructor $each.getClass() $each.__proto__#end',
        '$util.map.copyAndRetainAllKeys($util, ["toJson", "constructor"]) $util.toJson($util.list.copyAndRetainAll($util, [1]))',
      ],
    },
  },
  {
    number: 16,
    name: 'one error hides another',
    js: {
      why: 'there is nothing to dispose of and no catch; several errors are those that util.appendError adds',
      run: [
        'util.appendError("first", "a", ctx); util.appendError("second"); util.error("third", "b", { suppressed: ctx, error: () => 1 })',
        'return [ctx.error.suppressed, ctx.error.error, ctx.error.errors, ctx.outErrors.constructor]',
        'const o = { "Symbol(Symbol.dispose)": () => ctx, dispose: () => ctx }; return Object.keys(o)',
      ],
      refused: ['using x = { dispose: () => 1 }', 'const stack = new DisposableStack()', 'await using x = ctx'],
    },
    vtl: {
      why: 'there is nothing to dispose of; several errors are those that $util.appendError adds',
      run: [
        '$util.appendError("first", "a", $ctx)$util.appendError("second")$util.error("third", "b", {"suppressed": $util})',
        '$ctx.error.suppressed.constructor $ctx.error.errors $ctx.outErrors.constructor $DisposableStack',
      ],
    },
  },
  {
    number: 17,
    name: 'WebAssembly catches what JavaScript threw',
    js: {
      why: 'there is no WebAssembly; bytes are attribute values',
      run: ['return util.dynamodb.toBinary("AGFzbQEAAAA=")', 'return ctx["WebAssembly"] ?? ctx.args.WebAssembly'],
      refused: [
        'return WebAssembly.JSTag',
        'return new WebAssembly.Module(new Uint8Array([0, 97, 115, 109]))',
        'return WebAssembly.compileStreaming(ctx)',
      ],
    },
    vtl: {
      why: 'there is no WebAssembly; bytes are attribute values',
      run: ['$WebAssembly.JSTag $util.dynamodb.toBinaryJson("AGFzbQEAAAA=") $util.base64Decode("AGFzbQEAAAA=").buffer'],
    },
  },
  {
    number: 18,
    name: 'lists make others of a kind that the program chose',
    js: {
      run: [
        'const list = [1, 2]; list.constructor = { species: () => list }; return [list.map((x) => x), list.filter((x) => x > 1), list.concat([3])]',
        'const list = [[1], 2]; const o = { f: () => ctx }; list["constructor"] = o.f; return [list.slice(0), list.flat(), list.splice(0, 1), list]',
        'const make = { f: (size) => ctx }; ctx.args.list.constructor = make.f; return ctx.args.list.map((x) => x)',
        'return Object.assign([1, 2], { constructor: { x: 1 } }).flatMap((x) => [x, x])',
      ],
    },
    vtl: {
      run: [
        '#set($list = [1, 2])#set($list.constructor = $ctx)$list.subList(0, 1) $list.constructor $list',
        '$util.list.copyAndRemoveAll($ctx.args.list, [1]) $util.list.sortList($ctx.args.list, false, "constructor")',
        '#set($ctx.args.list["constructor"] = $util)$ctx.args.list.size()',
      ],
    },
  },
  {
    number: 19,
    name: 'stacks are printed by the host, on promises of the host',
    js: {
      why: 'there is no Array.fromAsync, no stack and no promise',
      run: [
        'return ctx.args.list.map((each) => each.stack ?? each.constructor)',
        'return [ctx.error.stack, ctx.error["st" + "ack"], null?.stack]',
      ],
      refused: [
        'return Array.fromAsync([0], () => ctx)',
        'Error.prepareStackTrace = undefined',
        'return Error.captureStackTrace(ctx)',
      ],
    },
    vtl: {
      why: 'there are neither stacks nor promises',
      run: [
        '$Error.prepareStackTrace #set($Error.prepareStackTrace = $ctx)$Error.captureStackTrace($ctx) $ctx.error.stack',
      ],
    },
  },
  {
    number: 20,
    name: "the host's own prototypes are written to",
    js: {
      run: [
        'ctx.args.list.constructor.prototype.polluted = 1',
        'delete ctx.args.map.__proto__.hasOwnProperty; return ctx.args.map',
        'const key = "prototype"; ctx.args.list["constructor"][key].polluted = 1',
        'return Object.assign(ctx.args.map.__proto__, { polluted: 1 })',
        'util.http.addResponseHeader("__proto__", "polluted"); util.http.addResponseHeaders({ constructor: { prototype: { polluted: 1 } } })',
        'ctx.stash.__proto__ = { polluted: 1 }; ctx.stash["constructor"] = { prototype: { polluted: 1 } }; return ctx.stash',
        'return util.dynamodb.toMapValues(JSON.parse("{\\"__proto__\\": {\\"polluted\\": 1}}"))',
      ],
      refused: [
        'Object.prototype.polluted = 1',
        'return Object.freeze(Object.prototype)',
        'delete Object.prototype.toString',
      ],
    },
    vtl: {
      run: [
        '#set($ctx.args.list.constructor.prototype.polluted = 1)#set($ctx["constructor"]["prototype"]["polluted"] = 1)x',
        '$util.qr($ctx.args.map.__proto__.remove("hasOwnProperty"))$util.qr($ctx.args.map.remove("__proto__"))x',
        '$util.http.addResponseHeader("__proto__", "polluted")$util.http.addResponseHeaders({"constructor": {"prototype": {"polluted": 1}}})',
        '$util.qr($ctx.stash.put("__proto__", {"polluted": 1}))$util.qr($ctx.stash.put("constructor", {"prototype": {"polluted": 1}}))x',
        '$util.dynamodb.toMapValuesJson($util.parseJson(\'{"__proto__": {"polluted": 1}}\'))',
      ],
    },
  },
  {
    number: 21,
    name: 'a module that is allowed loads one that is not',
    js: {
      run: ['return [ctx.args.mainModule, ctx["binding"], ctx.env?.PATH, ctx.args.list.require]'],
      refused: [
        ...[
          'module',
          'worker_threads',
          'vm',
          'child_process',
          'inspector',
          'wasi',
          'cluster',
          'repl',
          'trace_events',
        ].map((name) => `import * as host from "${name}"; export function request(ctx) { return host }`),
        'import { _load } from "@aws-appsync/utils"; export function request(ctx) { return _load("fs") }',
        'import { constructor } from "@aws-appsync/utils/rds"; export function request(ctx) { return constructor }',
        'import * as ddb from "@aws-appsync/utils/dynamodb"; export function request(ctx) { return ddb.__proto__ }',
        'import utils from "@aws-appsync/utils"; export function request(ctx) { return utils.constructor }',
        'return process.mainModule.require("fs")',
        'return process.getBuiltinModule("fs")',
        'return process.binding("fs")',
      ],
    },
    vtl: {
      run: [
        '$util.module._load("child_process") $util.require("fs") $process.mainModule $process.binding("fs")',
        '$ctx.env.PATH $util.env $process.env.PATH',
      ],
    },
  },
  {
    number: 22,
    name: 'a promise that nobody awaits ends the process',
    js: {
      why: 'there are no promises; what is returned may look like one that rejects',
      run: [
        'return { then: (resolve, reject) => reject(ctx.args.payload) }',
        'return [{ then: (resolve, reject) => util.error("x") }]',
        'ctx.stash.later = { then: (resolve, reject) => null.x }; util.error("x", "y", { then: (resolve, reject) => null.x })',
      ],
      refused: [
        'const f = async () => null.x; f()',
        'const g = async function* () { null.x }; g().next()',
        'return new Promise((resolve, reject) => reject(1))',
        'await null.x',
      ],
    },
    vtl: {
      why: 'there are no promises; what is returned may look like one that rejects',
      run: [
        '#return({"then": $util.error})',
        '$util.error("x", "y", {"then": "z"})',
        '$Promise.reject($ctx) $async $await',
      ],
    },
  },
  {
    number: 23,
    name: 'one call takes all memory',
    js: {
      run: [
        'const list = []; list.length = 4e9; return list.length',
        'const list = []; list[4e9] = 1; return list.length',
        'let s = "xxxxxxxxxxxxxxxx"; for (const a of "x".split("").concat([1, 2, 3], [1, 2, 3])) { for (const b of "123456789") { s = s + s } } return s.length',
        'let list = [1]; for (const a of "123456789") { for (const b of "123456789") { list = list.concat(list) } } return list.length',
        'let s = "x"; for (const a of "123456789") { for (const b of "123456789") { s = [s, s, s].join(s) } } return s.length',
      ],
      refused: [
        'return "x".repeat(1e9)',
        'return "x".padEnd(1e9)',
        'return Array.from({ length: 1e9 })',
        'return Buffer.alloc(1e9)',
        'return new Uint8Array(1e9)',
        'return new SharedArrayBuffer(1e9)',
        'return new Array(1e9)',
      ],
    },
    vtl: {
      run: [
        '#set($list = [1..1000000000])$list.size()',
        '$ctx.args.text.format("%999999999d", 1) $ctx.args.text.format("%.999999999f", 1.5)',
        '$util.str.repeat("x", 1000000000) $ctx.args.text.repeat(1000000000)',
        '#set($s = "xxxxxxxxxxxxxxxx")#foreach($i in [1..60])#set($s = "$s$s")#end$s.length()',
      ],
    },
  },
  {
    number: 24,
    name: 'links lead out of the folder',
    // The files themselves are a test of their own below: `bundleCode` reads before anything is compiled.
    js: {
      why: 'a program reads no files: its imports are resolved before it is compiled (the test below)',
      refused: [
        'import { x } from "./link.js"; export function request(ctx) { return x }',
        'import { x } from "/etc/passwd"; export function request(ctx) { return x }',
        'import { x } from "file:///etc/passwd"; export function request(ctx) { return x }',
      ],
    },
    vtl: {
      why: 'a template reads no files: the directives that would are refused',
      refused: ['#include("./link.vtl")', '#parse("./link.vtl")', '#parse("$ctx.args.text")'],
    },
  },
  {
    number: 25,
    name: 'a sandbox makes another with fewer guards',
    js: {
      refused: [
        'import { evaluate } from "sidestage/testing"; export function request(ctx) { return evaluate({ code: "" }) }',
        'import sidestage from "sidestage"; export function request(ctx) { return sidestage }',
        'return util.evaluateCode({ code: ctx.args.payload })',
        'return runtime.evaluate(ctx.args.payload)',
        'return new ShadowRealm()',
      ],
      run: ['return JSON.parse(JSON.stringify(ctx.args.payload))'],
    },
    vtl: {
      run: [
        '#set($text = \'$ctx.args.list.constructor #set($x = 1)\')$text "$text" #define($late)$text#end$late',
        '$util.evaluate($ctx.args.payload) $velocity.evaluate("x") $util.parseJson($util.toJson("$ctx.args"))',
        '#macro(again $x)$x#end#again(\'#evaluate("x")\')',
      ],
      refused: ['#evaluate("$ctx.args.payload")', '#{evaluate}("x")'],
    },
  },
  {
    number: 26,
    name: 'a map without prototype is written through to the host',
    js: {
      run: [
        'const o = { f: () => ctx }; ctx.args.map.f = o.f; ctx.args.map.polluted = 1; return ctx.args.map.f.constructor',
        'const o = { __proto__: null }; o.f = ctx.args; return o.f.constructor',
        'ctx.identity.claims.groups.push("admins"); ctx.result.items[0].id = ctx; ctx.request.headers.host = "x"; return 1',
        'ctx.stash.f = ctx.args.list; ctx.stash.kept.push(ctx.args.map); return ctx.stash.f.constructor',
      ],
    },
    vtl: {
      run: [
        '#set($ctx.args.map.f = $util)#set($ctx.args.map.polluted = 1)$ctx.args.map.f.constructor',
        '$util.qr($ctx.identity.claims.groups.add("admins"))#set($ctx.result.items[0].id = $ctx)#set($ctx.request.headers.host = "x")x',
        '$util.qr($ctx.stash.put("f", $ctx.args.list))$util.qr($ctx.stash.kept.add($ctx.args.map))$ctx.stash.f.constructor',
      ],
    },
  },
  {
    number: 27,
    name: 'internal names are read by computed keys',
    js: {
      run: [
        'return ["$get", "$see", "$own", "h", "b", "run", "budget", "steps", "EmptyMap"].map((name) => ctx[name])',
        'const key = "bud" + "get"; return [ctx[key], ctx.args[key], (() => 1)[key]]',
        'return Object.keys(ctx)',
      ],
      refused: ['return globalThis["$get"]', 'return global["process"]', 'return self', 'return globalThis'],
    },
    vtl: {
      run: [
        '#foreach($name in ["run", "budget", "steps", "context", "environment", "R", "K"])$ctx[$name] $util[$name] $ctx.get($name)#end',
        '$globalThis["R"] $global.process $self $util.run $util.environment $foreach.run $evaluate.R',
        '$ctx.keySet()',
      ],
    },
  },
  {
    number: 28,
    name: 'accessors on numbers of lists see what the host keeps in lists',
    js: {
      run: [
        'const list = []; const o = { f: (value) => ctx }; list.__defineSetter__(0, o.f)',
        'ctx.args.list["__proto__"][0] = ctx; return [[], [undefined][0]]',
        'const list = { "0": 1, length: 4e9, join: () => ctx }; return [`${list}`, Object.keys(list)]',
      ],
      refused: [
        'Object.defineProperty(ctx.args.list, 0, { set: (value) => value })',
        'return { set 0(value) { } }',
        'return { get length() { return ctx } }',
        'Array.prototype[0] = ctx',
      ],
    },
    vtl: {
      run: [
        '#set($ctx.args.list.__proto__[0] = $ctx)#set($empty = [])$empty[0] $empty.size()',
        '$ctx.args.list.__defineSetter__(0, $util) #set($ctx.args.list["0"] = $util)$ctx.args.list.size()',
        '#set($map = {"0": 1, "length": 4000000000, "join": $util})$map $map.size()',
      ],
    },
  },
  {
    number: 29,
    name: 'iterators hand errors back as values',
    js: {
      why: 'there are no generators; a map with next and return is no iterator',
      run: [
        'const all = []; for (const each of { next: () => ({ value: ctx, done: false }) }) { all.push(each) } return all',
        'return [...{ "Symbol(Symbol.iterator)": () => ({ next: () => ctx }) }]',
        'const [first] = { next: () => ctx, length: 1 }; return first',
        'return ctx.args.list.entries().next?.constructor',
      ],
      refused: [
        'const f = function* () { yield 1 }; return f()',
        'const f = async function* () { yield* ctx }; return f()',
      ],
    },
    vtl: {
      why: 'there are no generators; the iterators of lists have the methods of Java alone',
      run: [
        '#foreach($each in {"next": $util, "return": $util.error})$each #end',
        '#set($it = $ctx.args.list.iterator())$it.return($ctx) $it.throw("x") $it.constructor $it.next().constructor $it.__proto__',
        '$ctx.args.map.entrySet().iterator().next().constructor $ctx.args.list.entries()',
      ],
    },
  },
  {
    number: 30,
    name: 'setters of the host are applied to its objects',
    js: {
      run: [
        'const set = ctx.__lookupSetter__("__proto__"); return set.call(ctx, null)',
        'return ctx.args.list.push.call.call(ctx.args.list.push, ctx, 1)',
        'const name = "__lookupSetter__"; return ctx.args.map[name]("__proto__")',
        'const f = () => 1; return [f.call(ctx), f.bind(ctx)]',
      ],
      refused: ['return util.autoId.call.call(ctx)', 'return Reflect.apply(Object.setPrototypeOf, ctx, [ctx, null])'],
    },
    vtl: {
      run: [
        '$ctx.args.map.__lookupSetter__("__proto__").call($ctx.args.map, null)',
        '$util.toJson.call.call($util.toJson, $ctx) $util.qr.apply($util, [$ctx]) $Reflect.apply($util.toJson, $ctx, [])',
      ],
    },
  },
  {
    number: 31,
    name: 'a subclass takes the errors that depth brings',
    js: {
      why: 'there are no classes; depth ends in the words of the engine, which nothing catches',
      run: [
        'const o = { f: (depth, self) => depth > 1e6 ? ctx : [self.f(depth + 1, self)] }; return o.f(0, o)',
        'let deep = {}; for (const a of "1234567890") { for (const b of "1234567890") { for (const c of "12345678901") { deep = { deep } } } } return deep',
        'let deep = []; for (const a of "1234567890") { for (const b of "1234567890") { for (const c of "12345678901234567890") { deep = [deep] } } } return JSON.stringify(deep)',
      ],
      refused: ['class Fake extends Promise { }', 'const f = (n) => f(n + 1); return f(0)'],
    },
    vtl: {
      why: 'there are no classes; depth ends in an error that nothing catches',
      run: [
        '#macro(a $x)#b($x)#end#macro(b $x)#a($x)#end#a(1)',
        '#set($deep = {})#foreach($i in [1..1000])#set($deep = {"deep": $deep})#end#set($deep = [[$deep]])$util.toJson($deep)',
        '#define($late)$late#end$late',
      ],
    },
  },
  {
    number: 32,
    name: "what inherits from the host's objects writes to them",
    js: {
      why: 'nothing inherits: maps are copies, and other prototypes cannot be given',
      run: [
        'const child = { __proto__: ctx.args }; child.text = "changed"; return [child, ctx.args.text]',
        'const child = { ...ctx }; child.args.text = "changed"; child.identity.sub = "changed"; return 1',
        'return Object.assign(ctx.args.map, { a: "changed", constructor: 1 }).a',
      ],
      refused: [
        'return Object.create(ctx.args)',
        'return Reflect.set(ctx.args, "text", "changed", {})',
        'return Object.assign(util, { autoId: 1 })',
        'return { ...util }',
      ],
    },
    vtl: {
      why: 'nothing inherits: maps are copies',
      run: [
        '#set($child = $ctx.args)#set($child.text = "changed")#set($child.map.a = "changed")$ctx.args.text',
        '#set($child = $util)#set($child.toJson = "x")$child.toJson(1) $child.constructor',
        '#set($child = {})$util.qr($child.putAll($ctx.args))#set($child.list[0] = "changed")$child.list',
      ],
    },
  },
]

interface Ending {
  isLoaded: boolean
  outcomes: Outcome[]
}

async function ending(load: () => (CompiledStep | undefined)[]): Promise<Ending> {
  let steps: (CompiledStep | undefined)[]
  try {
    steps = load()
  } catch (error) {
    if (!(error instanceof ResolverSyntaxError)) throw error
    return { isLoaded: false, outcomes: [] }
  }
  const outcomes: Outcome[] = []
  for (const step of steps) {
    const given = givenContext()
    const outcome = await step?.run(given)
    if (outcome !== undefined) outcomes.push(outcome)
    // What a program changes is its own.
    expect(given).toEqual(givenContext())
  }
  return { isLoaded: true, outcomes }
}

function loadJs(source: string, options?: CompileOptions): (CompiledStep | undefined)[] {
  const code = /^(import|export) ?[^(.]/.test(source)
    ? source
    : `import { runtime, util } from '@aws-appsync/utils'\nexport function request(ctx) {\n${source}\n}`
  return [compileCode(code, options).request]
}

function loadVtl(source: string): (CompiledStep | undefined)[] {
  return (['request', 'response'] as const).map((side) => compileTemplate(source, { side }))
}

/** Everything in an answer that is not plain data of its own. */
function foreign(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return [value]
  if (typeof value !== 'object') return []
  if (Array.isArray(value)) {
    const isPlain = Object.getPrototypeOf(value) === Array.prototype && Object.keys(value).length === value.length
    return [...(isPlain ? [] : [value]), ...value.flatMap(foreign)]
  }
  const isPlain = inheritsNothing(value) || Object.getPrototypeOf(value) === Object.prototype
  const hasAccessors = Object.values(Object.getOwnPropertyDescriptors(value)).some(({ get, set }) => get ?? set)
  return [...(isPlain && !hasAccessors ? [] : [value]), ...Object.values(value).flatMap(foreign)]
}

const intrinsics: object[] = [Object, Array, Function, String, Number, Boolean, Error, Promise, Map, RegExp, Date]
  .flatMap((each): object[] => [each, each.prototype as object])
  .concat([JSON, Math, Reflect, globalThis])

/** What the host's own objects hold: names, values and whether they can be changed. */
function snapshot(): unknown[][] {
  return intrinsics.map((each) => [
    Object.getPrototypeOf(each),
    Object.isExtensible(each),
    // Descriptors of globals are read lazily by the test runner; their names are enough.
    ...(each === globalThis
      ? Reflect.ownKeys(each)
      : Reflect.ownKeys(each).flatMap((key) => {
          const { value, get, set, ...rest } = Object.getOwnPropertyDescriptor(each, key) as PropertyDescriptor
          return [key, value, get, set, ...Object.values(rest)]
        })),
  ])
}

const before = snapshot()
const unhandled: unknown[] = []
const noteUnhandled = (reason: unknown): void => {
  unhandled.push(reason)
}
process.on('unhandledRejection', noteUnhandled)

const HOST_TEXT = /\[native code\]|node:internal|file:\/\/|\/src\/runtime\/|EmptyMap|VtlRun|UtilError|=>|function ?\(/

function expectNothingReached(outcomes: readonly Outcome[]): void {
  expect(existsSync(MARKER)).toBe(false)
  expect('escapedFromResolver' in globalThis).toBe(false)
  const after = snapshot()
  for (const [index, held] of before.entries()) {
    expect(after[index]?.length).toBe(held.length)
    expect(held.every((each, at) => Object.is(each, after[index]?.[at]))).toBe(true)
  }
  for (const outcome of outcomes) {
    expect(foreign(outcome)).toEqual([])
    expect(JSON.stringify(outcome).replaceAll(JSON.stringify(PAYLOAD).slice(1, -1), '')).not.toMatch(HOST_TEXT)
  }
}

afterEach(() => {
  rmSync(MARKER, { force: true })
  Reflect.deleteProperty(globalThis, 'escapedFromResolver')
})

afterAll(async () => {
  process.off('unhandledRejection', noteUnhandled)
  rmSync(folder, { recursive: true, force: true })
  await closeWorkers()
})

const languages = [
  { language: 'APPSYNC_JS', member: 'js', load: loadJs },
  { language: 'VTL', member: 'vtl', load: loadVtl },
] as const

const rows = families.flatMap((family) =>
  languages.map(({ language, member, load }) => {
    const { why, refused = [], run = [] } = family[member]
    const title = `${family.number} ${family.name}, in ${language}${why === undefined ? '' : ` (nearest thing: ${why})`}`
    return { title, load, refused, run }
  }),
)

describe('the families of escape reach nothing', () => {
  it('has both languages of each family, and attempts in each', () => {
    expect(families.map(({ number }) => number)).toEqual(Array.from({ length: 32 }, (_, index) => index + 1))
    expect(rows.filter(({ refused, run }) => refused.length + run.length === 0)).toEqual([])
  })

  it.each(rows)('$title', { timeout: 30_000 }, async ({ load, refused, run }) => {
    for (const source of refused) {
      const { isLoaded, outcomes } = await ending(() => load(source))
      expect({ source, isLoaded }).toEqual({ source, isLoaded: false })
      expectNothingReached(outcomes)
    }
    for (const source of run) {
      const started = performance.now()
      const { isLoaded, outcomes } = await ending(() => load(source))
      expect({ source, isLoaded }).toEqual({ source, isLoaded: true })
      expect(outcomes).not.toEqual([])
      expect(performance.now() - started).toBeLessThan(5_000)
      expectNothingReached(outcomes)
    }
    // What would run later has had its turn.
    await new Promise((resolve) => setImmediate(resolve))
    expectNothingReached([])
    expect(unhandled).toEqual([])
  })

  it('24 links lead out of the folder, among the files of a program', async () => {
    const root = join(folder, 'project')
    mkdirSync(root)
    writeFileSync(join(folder, 'outside.js'), 'export const secret = "of the host"')
    symlinkSync(join(folder, 'outside.js'), join(root, 'link.js'))
    symlinkSync(folder, join(root, 'linked'))
    for (const way of ['./link.js', './linked/outside.js', '../outside.js', join(folder, 'outside.js')]) {
      const file = join(root, 'resolver.js')
      writeFileSync(file, `import { secret } from ${JSON.stringify(way)}\nexport const request = () => secret`)
      await expect(bundleCode(file, { root })).rejects.toThrow(ResolverSyntaxError)
    }
    await expect(bundleCode(join(root, 'link.js'), { root })).rejects.toThrow(ResolverSyntaxError)
  })
})

describe('an escape would be noticed', () => {
  it('when the emitter of APPSYNC_JS lets members be inherited', async () => {
    // Only the attempts that call what they reach: one that writes would change the prototypes of this process.
    const [constructors] = families
    let found = 0
    for (const source of constructors?.js.run ?? []) {
      await ending(() => loadJs(source, { inspection: { inheritedReads: true } }))
      try {
        expectNothingReached([])
      } catch {
        found++
      }
      rmSync(MARKER, { force: true })
      Reflect.deleteProperty(globalThis, 'escapedFromResolver')
    }
    expect(found).toBeGreaterThan(0)
  })

  it('when the runtime of VTL lets members be inherited', () => {
    type Anything = Record<string, (...args: unknown[]) => never> | null | undefined
    const leaky: VtlRuntime = {
      ...runtime,
      property: (run, base, name) =>
        runtime.property(run, base, name) ?? ((base as unknown as Anything)?.[name] as never),
      call: (run, base, selector, args, at) =>
        typeof base === 'function'
          ? (base as unknown as NonNullable<Anything>)[selector.name]?.(...args)
          : runtime.call(run, base, selector, args, at),
    }
    const template = '$ctx.args.list.constructor.constructor($ctx.args.payload).call("x")'
    const render = emitTemplate(parseTemplate(template, 't'), template, 't', leaky)
    try {
      evaluateTemplate(render, 'response', givenContext(), 20_000, {})
    } catch {
      // What it ends with does not matter: it has written by then.
    }
    expect(() => expectNothingReached([])).toThrow()
    expect(existsSync(MARKER)).toBe(true)
  })
})
