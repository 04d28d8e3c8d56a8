import { describe, expect, it } from 'vitest'
import { type CodeProblem, ResolverSyntaxError } from '../../../src/runtime/context.ts'
import { compileCode } from '../../../src/runtime/js/compile.ts'

function problemsOf(code: string): readonly CodeProblem[] {
  try {
    compileCode(code)
  } catch (error) {
    if (error instanceof ResolverSyntaxError) {
      expect(error.message).toBe('The code contains one or more errors.')
      return error.problems
    }
    throw error
  }
  return []
}

/** The problems of statements inside a request handler, whose second line they are. */
function problemsIn(body: string): readonly CodeProblem[] {
  return problemsOf(`export function request(ctx) {\n${body}\n}`)
}

const LINT = 'LINT_ERROR'
const SYNTAX = 'UNSUPPORTED_SYNTAX_TYPE'
const PARSE = 'PARSE_ERROR'
const CALL = 'INVALID_FUNCTION_INVOCATION'

describe('a program is refused before it runs', () => {
  it.each([
    ['for (let i = 0; i < 3; i += 1) {}', LINT, 'For loops are not supported', 1, 33],
    ['while (true) {}', LINT, 'While loops are not supported', 1, 15],
    ['do {} while (true)', LINT, 'While loops are not supported', 1, 18],
    ['try { } catch { }', LINT, 'Try statements are not supported', 1, 17],
    ['throw 1', LINT, 'Throw statements are not supported', 1, 7],
    ['for (const x of []) { continue }', LINT, 'Continue statements are not supported', 23, 8],
    ['class A {}', LINT, 'Classes are not supported', 1, 10],
    ['return this', LINT, 'The `this` keyword is not supported', 8, 4],
    ['let a = 1; a++', LINT, 'The operator ++ is not supported', 12, 3],
    ['let a = 1; --a', LINT, 'The operator -- is not supported', 12, 3],
    ['return ~1', LINT, 'The operator ~ is not supported', 8, 2],
    ['return "a" in {}', LINT, 'The operator in is not supported', 8, 9],
    ['return [] instanceof ctx', LINT, 'The operator instanceof is not supported', 8, 17],
    ['return /a/', LINT, 'Regex literals are not supported', 8, 3],
    ['return new Set()', SYNTAX, 'Unsupported syntax type: NewExpression', 8, 9],
    ['return new Promise()', LINT, 'Promise is not supported', 8, 13],
    ['const f = async () => 1', LINT, 'Async functions are not supported', 11, 13],
    ['function* f() { }', LINT, 'Generators are not supported', 1, 17],
    ['return 1n', SYNTAX, 'Unsupported syntax type: BigIntLiteral', 8, 2],
    ['return import("fs")', SYNTAX, 'Unsupported syntax type: ImportExpression', 8, 12],
    ['return { get a() { return 1 } }', SYNTAX, 'Unsupported syntax type: accessor', 10, 20],
    ['debugger', SYNTAX, 'Unsupported syntax type: DebuggerStatement', 1, 8],
    ['return String(1)', CALL, 'Invalid function: String', 8, 9],
    ['return eval("1")', CALL, 'Invalid function: eval', 8, 9],
    ['return Function("return 1")', CALL, 'Invalid function: Function', 8, 20],
    ['const m = Math.max', CALL, 'Invalid function: Math.max', 11, 8],
    ['const u = util; return u', CALL, 'Invalid function: util', 24, 1],
    ['return [1].filter(Boolean)', CALL, 'Invalid function: Boolean', 19, 7],
    ['return ctx.args`x`', SYNTAX, 'Unsupported syntax type: TaggedTemplateExpression', 8, 11],
    ['const f = (x) => f(x)', LINT, 'Recursive function calls not supported. Detected cycle in f <-f', 18, 1],
    ['return () => 1', LINT, 'returning a function is not allowed', 1, 14],
    ['const f = () => 1; const g = f', LINT, 're-assigning function is not allowed', 26, 5],
    ['let f = () => 1; f = 2', LINT, 're-assigning function is not allowed', 18, 5],
    ['const f = (g) => g; return f(() => 1)', LINT, 'Functions can not be passed as an argument', 28, 10],
    ['return [2, 1].sort((a, b) => a - b)', LINT, 'Functions can not be passed as an argument', 8, 28],
    [
      'return Object.freeze({})',
      PARSE,
      "code.js(2,15): error TS2339: Property 'freeze' does not exist on type 'Object'.\n",
      15,
      6,
    ],
    ['return [].keys()', LINT, 'Method Array.keys is not implemented', 8, 7],
    ['const t = "a"; return t.padStart(3)', LINT, 'Method String.padStart is not implemented', 23, 10],
    [
      'return util.toJson({})',
      PARSE,
      "code.js(2,13): error TS2339: Property 'toJson' does not exist on type 'Util'.\n",
      13,
      6,
    ],
    [
      'return util.time.sync()',
      PARSE,
      "code.js(2,18): error TS2339: Property 'sync' does not exist on type 'TimeUtils'.\n",
      18,
      4,
    ],
    ['return missing', PARSE, "code.js(2,8): error TS2304: Cannot find name 'missing'.\n", 8, 7],
    ['return process.env', PARSE, "code.js(2,8): error TS2304: Cannot find name 'process'.\n", 8, 7],
    ['return globalThis', PARSE, "code.js(2,8): error TS2304: Cannot find name 'globalThis'.\n", 8, 10],
    ['missing()', PARSE, "code.js(2,1): error TS2304: Cannot find name 'missing'.\n", 1, 7],
    [
      'const a = 1; a = 2',
      PARSE,
      "code.js(2,14): error TS2588: Cannot assign to 'a' because it is a constant.\n",
      14,
      1,
    ],
    [
      'util.time = 1',
      PARSE,
      "code.js(2,1): error TS2540: Cannot assign to 'time' because it is a read-only property.\n",
      1,
      9,
    ],
    ['ctx = 1', LINT, 'ctx is readonly and re-assignment is not supported.', 1, 3],
    ['ctx.args = 1', LINT, 'ctx is readonly. Adding/Updating args is not supported.', 1, 8],
    ['ctx["stash"] = 1', LINT, 'ctx is readonly. Adding/Updating stash is not supported.', 1, 12],
    ['delete ctx.args', LINT, 'ctx is readonly. Adding/Updating args is not supported.', 8, 8],
    ['[ctx.args] = [1]', LINT, 'ctx is readonly. Adding/Updating args is not supported.', 2, 8],
    ['const x = ;', PARSE, 'code.js(2,11): error TS1005: Unexpected token.\n', 11, 1],
  ])('%s', (body, errorType, value, column, span) => {
    expect(problemsIn(body)).toEqual([{ errorType, value, location: { line: 2, column, span } }])
  })

  it('finds recursion through several functions', () => {
    const problems = problemsIn(
      'const a = () => b()\nconst b = () => [1].map((n) => c(n))\nfunction c(n) { return a() }',
    )
    expect(problems.map(({ value }) => value)).toEqual([
      'Recursive function calls not supported. Detected cycle in a <-b <-c <-a',
    ])
  })

  it('reports every problem, in the order of the text', () => {
    expect(problemsIn('let a = 1\na++\nreturn util.nope() + new Map()').map(({ location }) => location)).toEqual([
      { line: 3, column: 1, span: 3 },
      { line: 4, column: 13, span: 4 },
      { line: 4, column: 22, span: 9 },
    ])
  })

  it.each([
    [
      "import fs from 'fs'",
      "code.js(1,16): error TS2307: Cannot find module 'fs' or its corresponding type declarations.\n",
    ],
    [
      "import { x } from './x.js'",
      "code.js(1,19): error TS2307: Cannot find module './x.js' or its corresponding type declarations.\n",
    ],
    [
      "import { utils } from '@aws-appsync/utils'",
      `code.js(1,10): error TS2305: Module '"@aws-appsync/utils"' has no exported member 'utils'.\n`,
    ],
    [
      "import { sync } from '@aws-appsync/utils/dynamodb'",
      `code.js(1,10): error TS2305: Module '"@aws-appsync/utils/dynamodb"' has no exported member 'sync'.\n`,
    ],
    [
      "import u from '@aws-appsync/utils'",
      `code.js(1,8): error TS2305: Module '"@aws-appsync/utils"' has no exported member 'default'.\n`,
    ],
    [
      "import * as ddb from '@aws-appsync/utils/dynamodb'\nexport const request = () => ddb.sync({})",
      `code.js(2,34): error TS2339: Property 'sync' does not exist on type 'typeof import("@aws-appsync/utils/dynamodb")'.\n`,
    ],
    [
      "export { request } from './other.js'",
      "code.js(1,25): error TS2307: Cannot find module './other.js' or its corresponding type declarations.\n",
    ],
  ])('%s', (code, value) => {
    expect(problemsOf(code).map((problem) => problem.value)).toEqual([value])
  })

  it('refuses a code of more than 32,768 characters', () => {
    const code = 'export function request() {}'
    expect(problemsOf(code.padEnd(32_768))).toEqual([])
    expect(problemsOf(code.padEnd(32_769))).toEqual([
      {
        errorType: PARSE,
        value: 'The code has 32769 characters; at most 32768 are allowed.',
        location: { line: 1, column: 1, span: 0 },
      },
    ])
  })

  it.each([
    ['brackets', '('.repeat(1_000) + ')'.repeat(1_000)],
    ['operators', `return ${'!'.repeat(30_000)}1`],
    ['members', `return ctx${'.a'.repeat(15_000)}`],
    ['sums', `return 1${'+1'.repeat(15_000)}`],
    ['conditions', `return ${'1?1:'.repeat(7_000)}1`],
    ['arrows', `const f = ${'x=>'.repeat(10_000)}1`],
    ['statements', `${'if(1)'.repeat(6_000)}return`],
  ])('answers for code nested without end: %s', (_, body) => {
    const code = `export function request(ctx) {${body}}`
    try {
      compileCode(code)
    } catch (error) {
      expect(error).toBeInstanceOf(ResolverSyntaxError)
    }
  })
})

describe('a program is accepted', () => {
  it.each([
    [
      'names of namespaces',
      "import { util } from '@aws-appsync/utils'\nconst { time, math: m } = util\nconst d = util.dynamodb\nconst { toMapValues } = d\nexport const request = () => [toMapValues({}), time.nowEpochSeconds() > 0, m.minVal(1, 2), d.toNumber(3)]",
    ],
    [
      'functions given to callbacks by name',
      'export function request() { const double = (n) => n * 2; return [1].map(double) }',
    ],
    [
      'names that shadow the language',
      'export function request(ctx) { const Math = { max: (a) => a }; const util = 1; return Math.max(util) }',
    ],
    [
      'handlers exported by name',
      'function a() { return 1 }\nconst b = () => 2\nexport { a as request, b as response }',
    ],
    [
      'a context that is shadowed',
      'export function request(ctx) { if (true) { let ctx = {}; ctx = { a: 1 }; ctx.b = 2 } return 1 }',
    ],
    [
      'changes inside of the context',
      'export function request(ctx) { ctx.args.a = 1; ctx.stash.b = 2; delete ctx.args.a; return ctx.args }',
    ],
    [
      'types that only its comments name',
      "import { util, Context } from '@aws-appsync/utils'\n/** @param {Context} ctx */\nexport const request = (ctx) => util.autoId()",
    ],
    ['globals without an import', 'export const request = () => runtime.earlyReturn(util.autoId())'],
  ])('with %s', (_, code) => {
    expect(problemsOf(code)).toEqual([])
  })
})
