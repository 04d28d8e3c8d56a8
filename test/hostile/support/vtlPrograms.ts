import type { UtilTable } from '../../../src/runtime/util/environment.ts'
import { extensions, vtlUtil } from '../../../src/runtime/util/index.ts'
import { iteratorMethods, listMethods } from '../../../src/runtime/vtl/methods/list.ts'
import { entryMethods, mapMethods } from '../../../src/runtime/vtl/methods/map.ts'
import { booleanMethods, numberMethods } from '../../../src/runtime/vtl/methods/number.ts'
import { stringMethods } from '../../../src/runtime/vtl/methods/string.ts'

/** A repeatable source of chance (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** Paths of all utilities of a table: `time.nowISO8601`. */
export function utilityPaths(table: UtilTable, prefix = ''): string[] {
  return Object.entries(table).flatMap(([name, member]) =>
    typeof member === 'function' ? [prefix + name] : utilityPaths(member, `${prefix}${name}.`),
  )
}

export const UTILITIES = [
  ...utilityPaths(vtlUtil).map((path) => `util.${path}`),
  ...utilityPaths(extensions).map((path) => `extensions.${path}`),
]

const METHODS = [
  ...new Set(
    [stringMethods, listMethods, iteratorMethods, mapMethods, entryMethods, numberMethods, booleanMethods].flatMap(
      Object.keys,
    ),
  ),
]

/** Names through which programs get out of badly made interpreters. */
const BAIT = [
  'constructor',
  '__proto__',
  'prototype',
  'class',
  'getClass',
  'caller',
  'callee',
  'arguments',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '__lookupGetter__',
  'apply',
  'call',
  'bind',
  'forName',
  'exec',
  'process',
  'globalThis',
  'require',
  'mainModule',
  'length',
  'then',
  'toJSON',
  'map',
  'filter',
  'push',
  'budget',
  'table',
  'backing',
]
const PROPERTIES = [
  'a',
  'b',
  'args',
  'input',
  'list',
  'key',
  'value',
  'x-y',
  'stash',
  'result',
  'items',
  'n',
  'empty',
  ...BAIT,
]
const VARIABLES = ['a', 'b', 'c', 'x', 'y', 'ctx', 'context', 'foreach', 'velocityCount', 'item', 'none', 'util']
const STRINGS = [
  '',
  'a',
  'abc',
  '1',
  '12.5',
  'true',
  'a,b,c',
  '(a+)+$',
  '[a-z]*',
  '(?=a).*',
  '(',
  'yyyy-MM-dd',
  "yyyy-MM-dd''T''HH:mm:ss",
  '2018-02-01T17:21:05.180Z',
  'Europe/Berlin',
  '{}',
  '[1,2]',
  "<a b=''c''>1<d/></a>",
  'eq',
  'nfc',
  'UTC',
  '%s %05d',
  'é😀\ud800',
  'constructor',
  '__proto__',
  '${ctx}',
  '#set($x = 1)',
  '\\\\',
  'K',
  '-',
  ' ',
  '$1',
  '{"sqlStatementResults":[{"records":[[{"stringValue":"x"}]],"columnMetadata":[{"label":"l"}]}]}',
]
const NUMBERS = [
  '0',
  '1',
  '-1',
  '2',
  '7',
  '1000',
  '2147483647',
  '-2147483648',
  '9007199254740993',
  '99999999999999999999',
  '1517943695758',
]
const FLOATS = ['0.5', '3.0', '-1.5', '1.0E10', '1e-5', '.5']
const OPERATORS = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
  'and',
  'or',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
]

/** Writes templates by the grammar, and counts what it wrote. */
export class VtlProgramWriter {
  readonly hits = new Map<string, number>()
  private readonly random: () => number
  private depth = 0
  private left = 0

  constructor(seed: number) {
    this.random = chance(seed)
  }

  template(): string {
    this.depth = 0
    this.left = 3 + Math.floor(this.random() * 25)
    let text = ''
    if (this.random() < 0.15) text += this.macro()
    const count = 1 + Math.floor(this.random() * 5)
    for (let index = 0; index < count; index++) text += this.statement()
    // Some texts are broken on purpose: what does not parse must be refused, nothing else.
    if (this.random() < 0.08) return this.broken(text)
    return text
  }

  private hit(production: string): void {
    this.hits.set(production, (this.hits.get(production) ?? 0) + 1)
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T
  }

  private broken(text: string): string {
    this.hit('broken')
    const at = Math.floor(this.random() * (text.length + 1))
    return this.pick([
      () => text.slice(0, at),
      () =>
        text.slice(0, at) +
        this.pick(['#end', '#if(', '${', '$x[', '"', '#[[', '#*', ')', '#foreach($x in ', '\u0000', '\r', '#else']) +
        text.slice(at),
    ])()
  }

  private block(): string {
    this.depth++
    const count = Math.floor(this.random() * 3)
    let text = ''
    for (let index = 0; index <= count; index++) text += this.statement()
    this.depth--
    return text
  }

  private statement(): string {
    if (--this.left < 0 || this.depth > 4) return this.text()
    const statements: (() => string)[] = [
      () => this.text(),
      () => this.printed(),
      () => this.printed(),
      () => this.set(),
      () => this.set(),
      () => this.set(),
      () => this.utility(),
      () => this.utility(),
      () => this.quietCall(),
      () => this.condition(),
      () => this.foreach(),
      () => this.small(),
    ]
    return this.pick(statements)()
  }

  private text(): string {
    this.hit('text')
    return this.pick([
      'x',
      ' ',
      '\n',
      '{"a":1}',
      '$',
      '#',
      '$5',
      '#fff',
      '\\',
      '"',
      '{',
      '}',
      '[',
      ',',
      '\r\n',
      '\t',
      '\u0000',
      'é',
    ])
  }

  private small(): string {
    const random = this.random()
    if (random < 0.15) return this.counted('comment', '## text $x #if(\n')
    if (random < 0.3) return this.counted('blockComment', '#* $x #end *#')
    if (random < 0.45) return this.counted('unparsed', '#[[ $x #set($y = 1) ]]#')
    if (random < 0.55) return this.counted('escaped', `${this.pick(['\\', '\\\\', '\\\\\\'])}${this.reference()}`)
    if (random < 0.62) return this.counted('escapedDirective', '\\#set($x = 1)')
    if (random < 0.7) return this.counted('define', `#define($${this.pick(['a', 'b', 'c'])})${this.block()}#end`)
    if (random < 0.76) return this.counted('break', '#break')
    if (random < 0.8) return this.counted('stop', '#stop')
    if (random < 0.86) return this.counted('return', this.random() < 0.3 ? '#return' : `#return(${this.expression()})`)
    if (random < 0.9)
      return this.counted('refusedDirective', this.pick(['#evaluate("x")', '#include("x")', '#parse("x")']))
    return this.counted('macroCall', `#${this.pick(['m', 'n'])}(${this.expression()} ${this.simple()})`)
  }

  private counted(production: string, text: string): string {
    this.hit(production)
    return text
  }

  private macro(): string {
    this.hit('macro')
    return `#macro(m $a $b)${this.block()}#end${this.random() < 0.3 ? '#macro(n)#m(1 2)#n()#end' : ''}`
  }

  private printed(): string {
    this.hit('reference')
    return this.reference()
  }

  private set(): string {
    this.hit('set')
    const target = this.pick([
      () => this.counted('setVariable', `$${this.pick(['a', 'b', 'c', 'x', 'y'])}`),
      () =>
        this.counted(
          'setProperty',
          `$${this.pick(['a', 'b', 'ctx.args', 'ctx.stash', 'ctx'])}.${this.pick(PROPERTIES)}`,
        ),
      () => this.counted('setIndex', `$${this.pick(['a', 'b', 'ctx.args.list'])}[${this.simple()}]`),
    ])()
    return `#set(${target} = ${this.expression()})`
  }

  private quietCall(): string {
    this.hit('quietCall')
    return `$util.qr(${this.reference()})`
  }

  private condition(): string {
    this.hit('if')
    let text = `#if(${this.expression()})${this.block()}`
    if (this.random() < 0.3) {
      this.hit('elseif')
      text += `#elseif(${this.expression()})${this.block()}`
    }
    if (this.random() < 0.4) {
      this.hit('else')
      text += `${this.pick(['#else', '#{else}'])} ${this.block()}`
    }
    return `${text}#end`
  }

  private foreach(): string {
    this.hit('foreach')
    const list =
      this.random() < 0.7
        ? this.pick([
            '$ctx.args.list',
            '$ctx.args.input',
            '$a',
            '$ctx.args.input.entrySet()',
            '[1..5]',
            '[1..2000]',
            '[$a..$b]',
          ])
        : this.expression()
    let body = this.block()
    if (this.random() < 0.5) {
      body += this.counted(
        'loopVariable',
        this.pick([
          '$foreach.index',
          '$foreach.count',
          '$foreach.hasNext',
          '$foreach.first',
          '$foreach.last',
          '$foreach.parent.index',
          '$velocityCount',
          '$foreach.hasNext()',
        ]),
      )
    }
    if (this.random() < 0.2) body += this.counted('foreachElse', `#else${' '}${this.block()}`)
    return `#foreach($${this.pick(['item', 'x', 'y'])} in ${list})${body}#end`
  }

  private reference(): string {
    const isFormal = this.random() < 0.25
    const isQuiet = this.random() < 0.15
    if (isQuiet) this.hit('quiet')
    if (isFormal) this.hit('formal')
    const body = this.pick(VARIABLES) + this.path()
    if (!isFormal) return `$${isQuiet ? '!' : ''}${body}`
    const alternate = this.random() < 0.3 ? this.counted('alternate', `|${this.simple()}`) : ''
    return `$${isQuiet ? '!' : ''}{${body}${alternate}}`
  }

  private path(): string {
    let path = ''
    const length = Math.floor(this.random() * 4)
    for (let step = 0; step < length; step++) {
      const random = this.random()
      if (random < 0.45) path += this.counted('property', `.${this.pick(PROPERTIES)}`)
      else if (random < 0.6) path += this.counted('index', `[${this.simple()}]`)
      else path += this.method()
    }
    return path
  }

  private method(): string {
    this.hit('method')
    const name = this.random() < 0.85 ? this.pick(METHODS) : this.pick(BAIT)
    this.hit(`method ${name}`)
    const count = this.pick([0, 0, 1, 1, 1, 2, 2, 3])
    return `.${name}(${Array.from({ length: count }, () => this.simple()).join(', ')})`
  }

  private utility(): string {
    this.hit('utility')
    const path = this.pick(UTILITIES)
    this.hit(path)
    const count = this.pick([0, 1, 1, 1, 2, 2, 3, 4])
    const args = Array.from({ length: count }, () => (this.random() < 0.7 ? this.simple() : this.expression()))
    return `$${path}(${args.join(', ')})`
  }

  private simple(): string {
    const random = this.random()
    if (random < 0.3) return this.counted('singleQuoted', `'${this.pick(STRINGS)}'`)
    if (random < 0.5) return this.counted('integer', this.pick(NUMBERS))
    if (random < 0.55) return this.counted('float', this.pick(FLOATS))
    if (random < 0.6) return this.counted('boolean', this.pick(['true', 'false']))
    if (random < 0.63) return this.counted('null', 'null')
    if (random < 0.8)
      return `$${this.pick(['ctx.args', 'ctx.args.input', 'ctx.args.list', 'ctx.args.text', 'a', 'b', 'ctx.result', 'ctx.stash'])}`
    if (random < 0.9) return this.counted('mapLiteral', '{"a": {"eq": 1}, "or": [{"b": {"gt": "x"}}]}')
    return this.counted('listLiteral', '["a", 1, {"b": null}]')
  }

  private expression(): string {
    if (--this.left < 0 || this.depth > 5) return this.simple()
    this.depth++
    const made = this.pick([
      () => this.simple(),
      () => this.reference(),
      () => this.utility(),
      () =>
        this.counted(
          'interpolated',
          `"${this.pick(['', 'x', '""'])}${this.reference().replaceAll('"', '""')}${this.pick(['', '-', ' $b'])}"`,
        ),
      () => this.counted('list', `[${this.expression()}, ${this.expression()}]`),
      () =>
        this.counted('range', `[${this.pick(['1', '5', '$a', '-3'])}..${this.pick(['3', '1', '$b', '1000000000'])}]`),
      () => this.counted('map', `{${this.simple()}: ${this.expression()}, "b": ${this.expression()}}`),
      () => this.counted('not', `${this.pick(['!', 'not '])}${this.simple()}`),
      () => this.counted('minus', `(-$${this.pick(['a', 'b', 'x'])})`),
      () => this.counted('parentheses', `(${this.expression()})`),
      () => this.binary(),
      () => this.binary(),
    ])()
    this.depth--
    return made
  }

  private binary(): string {
    const operator = this.pick(OPERATORS)
    this.hit(`operator ${operator}`)
    return `${this.simple()} ${operator} ${this.expression()}`
  }
}
