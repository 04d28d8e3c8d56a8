import { builtinFunctions, builtinTables } from '../../src/runtime/js/builtins/index.ts'
import { arrayMethods, CALLBACK_METHODS } from '../../src/runtime/js/methods/array.ts'
import { numberMethods } from '../../src/runtime/js/methods/number.ts'
import { stringMethods } from '../../src/runtime/js/methods/string.ts'
import { modules } from '../../src/runtime/js/modules/index.ts'
import { type MemberList, members } from '../../src/runtime/js/utilMembers.ts'
import type { UtilTable } from '../../src/runtime/util/environment.ts'

/** A seeded source of chance (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function leaves(list: MemberList, path: string): string[] {
  return Object.keys(list).flatMap((name) => {
    const below = list[name]
    return typeof below === 'object' ? leaves(below, `${path}.${name}`) : [`${path}.${name}`]
  })
}

function exportsOf(table: UtilTable, path: string): string[] {
  return Object.keys(table).flatMap((name) => {
    const member = table[name]
    return typeof member === 'object' ? exportsOf(member, `${path}.${name}`) : [`${path}.${name}`]
  })
}

/** Every utility that a program can call, as it writes it. */
export const UTILITIES: readonly string[] = [
  ...leaves(members.util, 'util'),
  ...leaves(members.extensions, 'extensions'),
  'runtime.earlyReturn',
  ...Object.keys(modules).flatMap((name) => exportsOf(modules[name] as UtilTable, name)),
]

/** Every function of the language. */
export const BUILTINS: readonly string[] = [
  ...Object.keys(builtinTables).flatMap((table) =>
    Object.keys(builtinTables[table] ?? {})
      .filter((name) => typeof builtinTables[table]?.[name] === 'function')
      .map((name) => `${table}.${name}`),
  ),
  ...Object.keys(builtinFunctions),
]

/** Every method, by the type that has it. */
export const METHODS: readonly string[] = [
  ...Object.keys(stringMethods).map((name) => `String.${name}`),
  ...Object.keys(arrayMethods).map((name) => `Array.${name}`),
  ...Object.keys(numberMethods).map((name) => `Number.${name}`),
]

const BINARY = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '**',
  '==',
  '!=',
  '===',
  '!==',
  '<',
  '<=',
  '>',
  '>=',
  '&',
  '|',
  '^',
  '<<',
  '>>',
  '>>>',
]
const ASSIGNMENTS = [
  '=',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '**=',
  '&=',
  '|=',
  '^=',
  '<<=',
  '>>=',
  '>>>=',
  '&&=',
  '||=',
  '??=',
]
const UNARY = ['!', '-', '+', 'typeof ', 'void ']

/** Member names: data, and everything that an escape would ask for. */
const ALL_NAMES = [
  'a',
  'b',
  'c',
  'id',
  'list',
  'length',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'toJSON',
  'hasOwnProperty',
  '__defineGetter__',
  '__lookupSetter__',
  'caller',
  'callee',
  'arguments',
  'name',
  'then',
  'map',
  'call',
  'apply',
  'bind',
  '0',
  '1',
  '-1',
  'Symbol.iterator',
]

const ALL_STRINGS = [
  '""',
  '"a"',
  '"constructor"',
  '"__proto__"',
  '"x y"',
  '"2020-01-01T00:00:00Z"',
  '"yyyy-MM-dd"',
  '"[a-z]+"',
  '"{\\"a\\":[1]}"',
  '"<a><b>1</b></a>"',
  '"é😀"',
  '"\\u2028\\\\\\""',
  '"(("',
  '"NFC"',
  '"UTC"',
  '"aGVsbG8="',
  '"/*"',
  '"${a}"',
  "'`'",
]

const ALL_CONTEXT = [
  'ctx.args',
  'ctx.args.list',
  'ctx.args.text',
  'ctx.args.map',
  'ctx.stash',
  'ctx.identity',
  'ctx.source',
  'ctx.result',
  'ctx.info',
  'ctx.request',
  'ctx.env',
  'ctx',
]

/** What the language has not; a program with one of these is refused. */
const FORBIDDEN = [
  'while (true) {}',
  'for (;;) {}',
  'try { } catch (e) { }',
  'throw ctx',
  'class A {}',
  'new Set()',
  'x0++',
  'this.x',
  'async () => 1',
  'function* g() { }',
  'label: if (1) { }',
  '/x/',
  '1n',
  'import("fs")',
  'eval("1")',
  'process.exit()',
  'ctx.args = 1',
  'delete ctx.stash',
  '"a" in ctx',
  'ctx instanceof Object',
  '~1',
  'debugger',
  'const r = () => r()',
  'return () => 1',
  'util.nope()',
  'Object.create(null)',
]

export interface Generator {
  /** A program with a request handler. */
  program(): string
  /** How often each production, utility, built-in and method was written. */
  hits: ReadonlyMap<string, number>
}

export interface GeneratorOptions {
  /** Writes only what means the same to JavaScript itself: the handler's body can run there too. @default false */
  isPlain?: boolean
}

/** What JavaScript does otherwise, or what it has and the runtime has not. */
const NOT_PLAIN = new Set([
  'anyMethod',
  'callComputed',
  'callMember',
  'deletion',
  'log',
  'optionalCall',
  'sql',
  'utility',
  'forOfAssigned',
])
const NOT_PLAIN_BUILTINS = new Set([
  'JSON.parse',
  'Math.random',
  'Object.assign',
  'Object.fromEntries',
  'console.log',
  'console.error',
])
const NOT_PLAIN_METHODS = new Set(['replace', 'replaceAll'])
const PLAIN_NAMES = ['a', 'b', 'c', 'id', 'list']
const PLAIN_STRINGS = [
  '""',
  '"a"',
  '"b"',
  '"x y"',
  '"a,b,c"',
  '"é😀"',
  '"12.5"',
  '" pad "',
  '"\\u2028\\\\\\""',
  '"${a}"',
]

/** Writes programs of APPSYNC_JS by its grammar. */
export function createGenerator(seed: number, { isPlain = false }: GeneratorOptions = {}): Generator {
  const random = seeded(seed)
  const NAMES = isPlain ? PLAIN_NAMES : ALL_NAMES
  const STRINGS = isPlain ? PLAIN_STRINGS : ALL_STRINGS
  const CONTEXT = isPlain ? ALL_CONTEXT.slice(0, 4) : ALL_CONTEXT
  const hits = new Map<string, number>()
  let variables: string[] = []
  let writable: string[] = []
  let functions: string[] = []
  let unique = 0
  let depth = 0
  let isInLoop = false
  let budget = 0

  const hit = (name: string): void => {
    hits.set(name, (hits.get(name) ?? 0) + 1)
  }
  const chance = (probability: number): boolean => random() < probability
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const times = (most: number, write: () => string, separator: string): string =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, write).join(separator)

  /** One of the productions; deep inside only those that end. */
  function produce(productions: Readonly<Record<string, () => string>>, ending: readonly string[]): string {
    budget--
    const names = Object.keys(productions)
    let name = depth > 4 || budget < 0 ? pick(ending) : pick(names)
    while (isPlain && NOT_PLAIN.has(name)) name = pick(names)
    hit(name)
    depth++
    const text = productions[name]?.() ?? '0'
    depth--
    return text
  }

  function fresh(list: string[]): string {
    const name = `x${unique++}`
    list.push(name)
    return name
  }

  /** Names that are declared while `write` runs are gone afterwards. */
  function scoped<T>(write: () => T): T {
    const before = [variables, writable, functions]
    variables = [...variables]
    writable = [...writable]
    functions = [...functions]
    const result = write()
    ;[variables, writable, functions] = before as [string[], string[], string[]]
    return result
  }

  const expression = (): string => produce(expressions, endings)
  const value = (): string => (variables.length > 0 && chance(0.5) ? pick(variables) : expression())
  const args = (most: number): string => times(most, () => (chance(0.08) ? `...${listValue()}` : expression()), ', ')
  const name = (): string => pick(NAMES)
  const identifier = (): string => pick(NAMES.filter((each) => /^[A-Za-z_]+$/.test(each)))
  const text = (): string => (chance(0.7) ? pick(STRINGS) : 'ctx.args.text')
  const listValue = (): string => (chance(0.5) ? 'ctx.args.list' : `[${times(3, expression, ', ')}]`)
  const mapValue = (): string => (chance(0.4) ? 'ctx.args.map' : objectLiteral())

  function closure(): string {
    return scoped(() => {
      const parameters = [fresh(variables)]
      if (chance(0.3)) parameters.push(fresh(variables))
      if (chance(0.1)) parameters.push(`{ a: ${fresh(variables)} = ${pick(STRINGS)} } = {}`)
      if (chance(0.1)) parameters.push(`...${fresh(variables)}`)
      const outer = isInLoop
      isInLoop = false
      const body = chance(0.7) ? `(${expression()})` : `{ ${statements(2)}\nreturn ${expression()} }`
      isInLoop = outer
      return chance(0.2)
        ? `function (${parameters.join(', ')}) ${body.startsWith('{') ? body : `{ return ${body} }`}`
        : `(${parameters.join(', ')}) => ${body}`
    })
  }

  function objectLiteral(): string {
    hit('object')
    return `({ ${times(
      3,
      () =>
        pick([
          () => `${identifier()}: ${expression()}`,
          () => `${pick(STRINGS.slice(0, 5))}: ${expression()}`,
          () => `[${expression()}]: ${expression()}`,
          () => `...${value()}`,
          () => (variables.length > 0 ? pick(variables) : 'a: 1'),
        ])(),
      ', ',
    )} })`
  }

  function method(
    type: 'String' | 'Array' | 'Number',
    table: Readonly<Record<string, unknown>>,
    owner: string,
  ): string {
    let which = pick(Object.keys(table))
    while (isPlain && NOT_PLAIN_METHODS.has(which)) which = pick(Object.keys(table))
    hit(`${type}.${which}`)
    const optional = chance(0.1) ? '?' : ''
    if (CALLBACK_METHODS.has(which) && type === 'Array') {
      const more = chance(0.5) ? `, ${expression()}` : ''
      return `(${owner})${optional ? '?.' : '.'}${which}(${closure()}${more})`
    }
    const given =
      chance(0.6) && type !== 'Array'
        ? times(2, () => (chance(0.5) ? text() : pick(['0', '1', '2', '-1'])), ', ')
        : args(2)
    if (which === 'sort') return `(${owner}).sort()`
    return `(${owner})${optional ? '?.' : '.'}${which}(${given})`
  }

  function utility(): string {
    const which = pick(UTILITIES)
    hit(which)
    const given = pick([
      () => args(3),
      () => text(),
      () => `${text()}, ${text()}`,
      () => `${text()}, ${text()}, ${text()}`,
      () => mapValue(),
      () => listValue(),
      () => '1600000000000, "yyyy-MM-dd", "UTC"',
      () =>
        '{ key: { id: "a" }, item: { a: 1 }, update: { a: 1 }, query: { id: { eq: 1 } }, condition: { a: { gt: 1 } } }',
      () => '{ table: "t", values: { a: 1 }, where: { a: { between: [1, 2] } }, columns: ["a"], limit: 1 }',
      () => `{ ${pick(['eq', 'and', 'or', 'title', 'table', 'tables', 'items', 'filterGroup'])}: ${expression()} }`,
    ])()
    return `${which}(${given})`
  }

  const endings = ['number', 'text', 'constant', 'context', 'variable']

  const expressions: Record<string, () => string> = {
    number: () => pick(['0', '1', '2', '-1', '1.5', '1e21', '0x10', '1e999']),
    text: () => pick(STRINGS),
    constant: () => pick(['true', 'false', 'null', 'undefined', 'NaN', 'Infinity']),
    context: () => pick(CONTEXT),
    variable: () => (variables.length > 0 ? pick(variables) : 'ctx.stash'),
    template: () => `\`${times(3, () => `t\${${expression()}}`, '')}\``,
    array: () =>
      `[${times(4, () => (!isPlain && chance(0.1) ? '' : chance(0.1) ? `...${listValue()}` : expression()), ', ')}]`,
    object: () => objectLiteral(),
    member: () => `(${value()}).${identifier()}`,
    computedMember: () => `(${value()})[${chance(0.6) ? JSON.stringify(name()) : expression()}]`,
    optionalMember: () => `(${value()})?.${identifier()}${chance(0.5) ? `.${identifier()}` : `?.[${expression()}]`}`,
    optionalCall: () => `(${value()})?.${identifier()}?.(${args(2)})`,
    callMember: () => `(${value()}).${identifier()}(${args(2)})`,
    callComputed: () => `(${value()})[${JSON.stringify(name())}](${args(2)})`,
    callVariable: () => (variables.length > 0 ? `${pick(variables)}(${args(2)})` : '1'),
    callFunction: () => (functions.length > 0 ? `${pick(functions)}(${args(2)})` : '1'),
    callClosure: () => `(${closure()})(${args(2)})`,
    stringMethod: () => method('String', stringMethods, text()),
    arrayMethod: () => method('Array', arrayMethods, listValue()),
    numberMethod: () => method('Number', numberMethods, pick(['1', '2.5', '(-3)', '255'])),
    anyMethod: () => method('Array', arrayMethods, value()),
    builtin: () => {
      let which = pick(BUILTINS)
      while (isPlain && NOT_PLAIN_BUILTINS.has(which)) which = pick(BUILTINS)
      hit(which)
      return `${which}(${chance(0.5) ? pick([mapValue, listValue, text])() : args(2)})`
    },
    utility,
    unary: () => {
      const operator = pick(UNARY)
      hit(`unary ${operator.trim()}`)
      return `(${operator}(${expression()}))`
    },
    binary: () => {
      const operator = pick(BINARY)
      hit(`binary ${operator}`)
      return `((${expression()}) ${operator} (${expression()}))`
    },
    logical: () => {
      const operator = pick(['&&', '||', '??'])
      hit(`logical ${operator}`)
      return `((${expression()}) ${operator} (${expression()}))`
    },
    conditional: () => `((${expression()}) ? (${expression()}) : (${expression()}))`,
    sequence: () => `(${expression()}, ${expression()})`,
    assignment: () => assignment(),
    deletion: () => `(delete (${value()})[${JSON.stringify(name())}])`,
    sql: () => `rds.sql\`select \${${expression()}} from t\``,
    raw: () => `String.raw\`a\\n\${${expression()}}\``,
  }

  function assignment(): string {
    const operator = pick(ASSIGNMENTS)
    hit(`assign ${operator}`)
    if (writable.length > 0 && chance(0.4)) return `(${pick(writable)} ${operator} (${expression()}))`
    const owner = pick(
      isPlain
        ? ['ctx.stash', 'ctx.args.map']
        : ['ctx.stash', 'ctx.args.map', 'ctx.args', 'ctx.args.list', ...variables],
    )
    return `(${owner}[${isPlain || chance(0.5) ? JSON.stringify(name()) : expression()}] ${operator} (${expression()}))`
  }

  const statement = (): string => produce(statementProductions, ['expressionStatement', 'constStatement'])
  const statements = (most: number): string => times(most, statement, '\n')
  const block = (most: number): string => scoped(() => `{ ${statements(most)} }`)

  function loopBlock(declared: string): string {
    return scoped(() => {
      if (declared !== '') variables.push(declared)
      const outer = isInLoop
      isInLoop = true
      const body = `{ ${statements(2)} }`
      isInLoop = outer
      return body
    })
  }

  const statementProductions: Record<string, () => string> = {
    expressionStatement: () => `;(${expression()})`,
    constStatement: () => {
      const initial = expression()
      return `const ${fresh(variables)} = (${initial})`
    },
    letStatement: () => {
      const initial = expression()
      const declared = fresh(variables)
      writable.push(declared)
      return chance(0.8) ? `let ${declared} = (${initial})` : `let ${declared}`
    },
    varStatement: () => {
      const initial = expression()
      const declared = fresh(variables)
      writable.push(declared)
      return `var ${declared} = (${initial})`
    },
    objectPattern: () => {
      const source = value()
      return `const { ${identifier()}: ${fresh(variables)}, ${identifier()}: { a: ${fresh(variables)} } = {}, ["${name()}"]: ${fresh(variables)} = ${pick(STRINGS)}, ...${fresh(variables)} } = (${source}) ?? {}`
    },
    arrayPattern: () => {
      const source = listValue()
      return `const [${fresh(variables)}, , [${fresh(variables)}] = [], ...${fresh(variables)}] = ${source}`
    },
    patternAssignment: () =>
      writable.length > 0 ? `;[${pick(writable)}, ctx.stash.p] = ${listValue()}` : ';({ a: ctx.stash.q } = ctx.args)',
    functionStatement: () => {
      const body = closure()
      return `const ${fresh(functions)} = ${body}`
    },
    functionDeclaration: () =>
      scoped(() => {
        const parameter = fresh(variables)
        const outer = isInLoop
        isInLoop = false
        const declared = `f${unique++}`
        const body = `function ${declared}(${parameter}) { ${statements(2)}\nreturn ${expression()} }\n;(${declared}(${expression()}))`
        isInLoop = outer
        return body
      }),
    ifStatement: () => `if (${expression()}) ${block(2)}${chance(0.4) ? ` else ${block(2)}` : ''}`,
    forOf: () => {
      const source = pick([listValue, text])()
      const declared = `x${unique++}`
      return `for (const ${declared} of ${source}) ${loopBlock(declared)}`
    },
    forOfPattern: () => {
      const declared = `x${unique++}`
      return `for (const [k${unique}, ${declared}] of Object.entries(${mapValue()})) ${loopBlock(declared)}`
    },
    forIn: () => {
      const source = value()
      const declared = `x${unique++}`
      return `for (const ${declared} in (${source})) ${loopBlock(declared)}`
    },
    forOfAssigned: () =>
      writable.length > 0
        ? `for (${pick(writable)} of ${listValue()}) ${loopBlock('')}`
        : `for (ctx.stash.i of ${listValue()}) ${loopBlock('')}`,
    switchStatement: () =>
      `switch (${expression()}) { ${times(3, () => `case ${expression()}: ${block(1)}${chance(0.6) ? ' break' : ''}`, '\n')}\ndefault: ${block(1)} }`,
    breakStatement: () => (isInLoop ? 'break' : ';(0)'),
    blockStatement: () => block(3),
    assignmentStatement: () => `;${assignment()}`,
    log: () => `console.log(${args(3)})`,
    earlyEnd: () => `if (${expression()}) { return ${expression()} }`,
    stash: () => `ctx.stash.${identifier()} = (${expression()})`,
  }

  return {
    hits,
    program() {
      variables = []
      writable = []
      functions = []
      unique = 0
      depth = 0
      budget = 60
      isInLoop = false
      const body = Array.from({ length: 1 + Math.floor(random() * 4) }, statement).join('\n')
      const forbidden = !isPlain && chance(0.04)
      if (forbidden) hit('forbidden')
      const end = `return ${expression()}`
      return [
        "import { util, extensions, runtime } from '@aws-appsync/utils'",
        "import * as dynamodb from '@aws-appsync/utils/dynamodb'",
        "import * as rds from '@aws-appsync/utils/rds'",
        "import * as ai from '@aws-appsync/utils/ai'",
        'export function request(ctx) {',
        body,
        ...(forbidden ? [pick(FORBIDDEN)] : []),
        end,
        '}',
      ].join('\n')
    },
  }
}

/** Every production by name; filled by writing a few programs. */
export function productionsOf(generator: Generator): string[] {
  return [...generator.hits.keys()]
}
