import type { BinaryOperator, Block, Expression, Reference, Statement, Step } from './syntax.ts'
import { syntaxError } from './syntaxError.ts'

/** How deep directives, expressions and interpolated strings may be nested. */
const MAX_NESTING = 100

const REFUSED = new Map([
  ['evaluate', 'The directive #evaluate is not supported'],
  ['include', 'The directive #include is not supported'],
  ['parse', 'The directive #parse is not supported'],
])

const LETTER = /[a-zA-Z_]/
const NAME_CHARACTER = /[a-zA-Z0-9_]/

export interface ParsedTemplate {
  body: Block
  macros: ReadonlySet<string>
}

/**
 * Parses a Velocity template as AppSync takes it. Throws `ResolverSyntaxError` with the line and column of the first
 * problem.
 */
export function parseTemplate(text: string, name: string): ParsedTemplate {
  const macros = new Set<string>()
  // Macros may be called before they are defined, so their names are needed before anything is parsed.
  for (const [, macro] of text.matchAll(/#\{?macro\}?\s*\(\s*([a-zA-Z_][a-zA-Z0-9_-]{0,200})/g))
    macros.add(macro as string)
  const parser = new TemplateParser(text, name, macros, { at: 0, end: text.length, depth: 0 })
  return { body: parser.template(), macros }
}

interface Range {
  at: number
  end: number
  depth: number
  /** Where the text itself stands, when it is a copy of a quoted text with its doubled quotes undone. */
  origin?: { parser: TemplateParser; at: number }
}

type Ending = 'end' | 'else' | 'elseif' | 'text'

class TemplateParser {
  private readonly text: string
  private readonly name: string
  private readonly macros: ReadonlySet<string>
  private readonly end: number
  private readonly origin: Range['origin']
  private readonly begin: number
  /** Where directives begin that have a line of their own. */
  private readonly ownLines = new Set<number>()
  /** Where the #end, #else or #elseif begins that ended the last block. */
  private endingAt = 0
  private at: number
  private depth: number

  constructor(text: string, name: string, macros: ReadonlySet<string>, range: Range) {
    this.text = text
    this.name = name
    this.macros = macros
    this.begin = range.at
    this.at = range.at
    this.end = range.end
    this.depth = range.depth
    this.origin = range.origin
  }

  private fail(problem: string, at = this.at, expected: readonly string[] = []): never {
    this.origin?.parser.fail(problem, this.origin.at, expected)
    throw syntaxError(this.name, this.text, at, problem, expected)
  }

  /** Worded as Velocity's parser does: the token that is there, its place, and what could have been. */
  private failExpecting(...expected: string[]): never {
    const rest = this.text.slice(this.at, Math.min(this.end, this.at + 100))
    const found = rest === '' ? '<EOF>' : ((/^\w+/.exec(rest)?.[0] ?? rest[0]) as string)
    this.fail(`Encountered ${JSON.stringify(found)}`, this.at, expected)
  }

  private enter(): void {
    if (++this.depth > MAX_NESTING) this.fail('The template is nested too deeply')
  }

  private peek(offset = 0): string {
    const at = this.at + offset
    return at < this.end ? (this.text[at] as string) : ''
  }

  private startsWith(part: string): boolean {
    return this.at + part.length <= this.end && this.text.startsWith(part, this.at)
  }

  template(): Block {
    const [body, ending] = this.block()
    if (ending !== 'text') this.fail(`Encountered "#${ending}" without a directive that it belongs to`, this.at)
    return body
  }

  /** Statements up to #end, #else or #elseif (of which the name has been read), or to the end of the text. */
  private block(): [body: Block, ending: Ending] {
    this.enter()
    const body: Statement[] = []
    let text = ''
    const flush = () => {
      if (text !== '') body.push({ type: 'text', text })
      text = ''
    }
    const finish = (ending: Ending): [Block, Ending] => {
      flush()
      this.depth--
      return [body, ending]
    }
    while (this.at < this.end) {
      const character = this.text[this.at] as string
      if (character === '$') {
        const reference = this.reference(true)
        if (reference === undefined) {
          text += '$'
          this.at++
          continue
        }
        flush()
        body.push({ type: 'reference', reference, backslashes: 0 })
      } else if (character === '#') {
        const start = this.at
        if (this.startsWith('##')) {
          if (this.lineComment(start)) text = withoutIndentation(text)
          continue
        }
        if (this.skipComment()) continue
        const unparsed = this.unparsed()
        if (unparsed !== undefined) {
          text += unparsed
          continue
        }
        const word = this.directiveName()
        if (word === undefined) {
          text += '#'
          this.at++
          continue
        }
        if (word === 'end' || word === 'else' || word === 'elseif') {
          this.endingAt = start
          if (word !== 'elseif' && this.endOfHead(start)) text = withoutIndentation(text)
          return finish(word)
        }
        const statement = this.directive(word, start)
        if (this.ownLines.has(start)) text = withoutIndentation(text)
        flush()
        body.push(statement)
      } else if (character === '\\') {
        const count = this.backslashes()
        if (this.peek() === '$') {
          const reference = this.reference(true)
          if (reference === undefined) {
            text += '\\'.repeat(count)
            continue
          }
          flush()
          body.push({ type: 'reference', reference, backslashes: count })
        } else if (this.peek() === '#' && this.isDirectiveAhead()) {
          text += '\\'.repeat(count >> 1)
          if ((count & 1) === 1) {
            text += '#'
            this.at++
          }
        } else text += '\\'.repeat(count)
      } else {
        const next = this.nextSpecial()
        text += this.text.slice(this.at, next)
        this.at = next
      }
    }
    return finish('text')
  }

  private nextSpecial(): number {
    let next = this.at + 1
    while (next < this.end) {
      const code = this.text.charCodeAt(next)
      // $ # and backslash
      if (code === 36 || code === 35 || code === 92) break
      next++
    }
    return next
  }

  private backslashes(): number {
    const start = this.at
    while (this.peek() === '\\') this.at++
    return this.at - start
  }

  private skipComment(): boolean {
    if (this.startsWith('#*')) {
      const close = this.text.indexOf('*#', this.at + 2)
      if (close < 0 || close + 2 > this.end) this.fail('Encountered "<EOF>"', this.at, ['"*#"'])
      this.at = close + 2
      return true
    }
    return false
  }

  private unparsed(): string | undefined {
    if (!this.startsWith('#[[')) return undefined
    const close = this.text.indexOf(']]#', this.at + 3)
    if (close < 0 || close + 3 > this.end) this.fail('Encountered "<EOF>"', this.at, ['"]]#"'])
    const text = this.text.slice(this.at + 3, close)
    this.at = close + 3
    return text
  }

  /** The name after `#` (also `#{name}`), read, when it is a directive or a macro. */
  private directiveName(): string | undefined {
    const isBraced = this.peek(1) === '{'
    const start = this.at + (isBraced ? 2 : 1)
    let stop = start
    while (
      stop < this.end &&
      (NAME_CHARACTER.test(this.text[stop] as string) || (stop > start && this.text[stop] === '-'))
    )
      stop++
    if (isBraced && this.text[stop] !== '}') return undefined
    const word = this.text.slice(start, stop)
    const known = this.knownWord(word)
    if (known === undefined || (isBraced && known !== word)) return undefined
    this.at = isBraced ? stop + 1 : start + known.length
    return known
  }

  private knownWord(word: string): string | undefined {
    if (DIRECTIVES.has(word) || REFUSED.has(word) || this.macros.has(word)) return word
    // `#end-x`, `#else-x`: a hyphen ends the name of a directive.
    const head = word.split('-', 1)[0] as string
    return head !== word && (DIRECTIVES.has(head) || REFUSED.has(head)) ? head : undefined
  }

  private isDirectiveAhead(): boolean {
    const start = this.at
    const word = this.directiveName()
    this.at = start
    return word !== undefined
  }

  /**
   * After the head of a directive that begins at `start`: when nothing else stands in its line, the line vanishes
   * (Velocity's space gobbling "lines"). Says so, and the caller takes the indentation away.
   */
  private endOfHead(start: number): boolean {
    if (!this.isLineStart(start)) return false
    let next = this.at
    while (next < this.end && (this.text[next] === ' ' || this.text[next] === '\t')) next++
    if (next < this.end && !isLineEnd(this.text[next] as string)) return false
    this.at = next
    this.eatOneLineEnd()
    this.ownLines.add(start)
    return true
  }

  private isLineStart(start: number): boolean {
    let before = start
    while (before > this.begin && (this.text[before - 1] === ' ' || this.text[before - 1] === '\t')) before--
    if (before > this.begin) return isLineEnd(this.text[before - 1] as string)
    return this.begin === 0 && this.origin === undefined
  }

  /** `##` to the end of the line, which goes with it when nothing else stands there. */
  private lineComment(start: number): boolean {
    while (this.at < this.end && !isLineEnd(this.text[this.at] as string)) this.at++
    return this.endOfHead(start)
  }

  private eatOneLineEnd(): void {
    if (this.peek() === '\r') this.at++
    if (this.peek() === '\n') this.at++
  }

  private directive(word: string, start: number): Statement {
    const refused = REFUSED.get(word)
    if (refused !== undefined) this.fail(refused, start)
    switch (word) {
      case 'set':
        return this.set(start)
      case 'if':
        return this.condition(start)
      case 'foreach':
        return this.foreach(start)
      case 'break':
        this.optionalArgument()
        this.endOfHead(start)
        return { type: 'break' }
      case 'stop':
        this.optionalArgument()
        return { type: 'stop' }
      case 'return':
        return { type: 'return', value: this.optionalArgument() }
      case 'macro':
        return this.macro(start)
      case 'define':
        return this.define(start)
      default:
        return this.call(word, start)
    }
  }

  private set(start: number): Statement {
    this.open()
    const at = this.at
    const target = this.peek() === '$' ? this.reference(false) : undefined
    if (target === undefined) this.failExpecting('<REFERENCE>')
    if (target.path.at(-1)?.type === 'method' || target.alternate !== undefined)
      this.fail('A method cannot be assigned to', at)
    this.skipSpace()
    if (this.peek() !== '=') this.failExpecting('"="')
    this.at++
    const value = this.expression()
    this.close()
    this.endOfHead(start)
    return { type: 'set', target, value, at }
  }

  private condition(ifStart: number): Statement {
    let start = ifStart
    const branches: { condition: Expression; body: Block }[] = []
    let otherwise: Block | undefined
    this.open()
    let condition = this.expression()
    this.close()
    this.endOfHead(start)
    for (;;) {
      const [body, ending] = this.block()
      if (otherwise !== undefined) otherwise = body
      else branches.push({ condition, body })
      if (ending === 'end') return { type: 'if', branches, otherwise }
      if (ending === 'text') this.failExpecting('<END>')
      if (otherwise !== undefined) this.fail(`Encountered "#${ending}" after #else`)
      if (ending === 'else') otherwise = []
      else {
        start = this.endingAt
        this.open()
        condition = this.expression()
        this.close()
        if (this.endOfHead(start)) {
          const last = branches.at(-1)
          if (last !== undefined) last.body = trimmed(last.body)
        }
      }
    }
  }

  private foreach(at: number): Statement {
    this.open()
    const variable = this.variable()
    this.skipSpace()
    if (!this.startsWith('in') || NAME_CHARACTER.test(this.peek(2))) this.failExpecting('"in"')
    this.at += 2
    const list = this.expression()
    this.close()
    this.endOfHead(at)
    const [body, ending] = this.block()
    if (ending === 'end') return { type: 'foreach', variable, list, body, otherwise: undefined, at }
    if (ending !== 'else') this.failExpecting('<END>')
    const [otherwise, last] = this.block()
    if (last !== 'end') this.failExpecting('<END>')
    return { type: 'foreach', variable, list, body, otherwise, at }
  }

  private macro(start: number): Statement {
    this.open()
    const name = this.identifier()
    if (name === undefined) this.failExpecting('<WORD>')
    const parameters: string[] = []
    for (;;) {
      this.skipSpace()
      if (this.peek() === ',') {
        this.at++
        continue
      }
      if (this.peek() === ')') break
      parameters.push(this.variable())
    }
    this.close()
    this.endOfHead(start)
    return { type: 'macro', name, parameters, body: this.body() }
  }

  private define(start: number): Statement {
    this.open()
    const variable = this.variable()
    this.close()
    this.endOfHead(start)
    return { type: 'define', variable, body: this.body() }
  }

  private body(): Block {
    const [body, ending] = this.block()
    if (ending !== 'end') this.failExpecting('<END>')
    return body
  }

  private call(name: string, start: number): Statement {
    const args: Expression[] = []
    if (this.peek() === '(') {
      this.at++
      for (;;) {
        this.skipSpace()
        if (this.peek() === ',') {
          this.at++
          continue
        }
        if (this.peek() === ')') break
        args.push(this.primary())
      }
      this.at++
    }
    return { type: 'call', name, args, source: this.text.slice(start, this.at), at: start }
  }

  private optionalArgument(): Expression | undefined {
    if (this.peek() !== '(') return undefined
    this.at++
    this.skipSpace()
    if (this.peek() === ')') {
      this.at++
      return undefined
    }
    const value = this.expression()
    this.close()
    return value
  }

  private variable(): string {
    if (this.peek() !== '$') this.failExpecting('<REFERENCE>')
    this.at++
    if (this.peek() === '!') this.at++
    const isBraced = this.peek() === '{'
    if (isBraced) this.at++
    const name = this.identifier()
    if (name === undefined) this.failExpecting('<IDENTIFIER>')
    if (isBraced) {
      if (this.peek() !== '}') this.failExpecting('"}"')
      this.at++
    }
    return name
  }

  /** The opening parenthesis of a directive; blanks may stand before it. */
  private open(): void {
    while (this.peek() === ' ' || this.peek() === '\t') this.at++
    if (this.peek() !== '(') this.failExpecting('"("')
    this.at++
    this.skipSpace()
  }

  private close(): void {
    this.skipSpace()
    if (this.peek() !== ')') this.failExpecting(...AFTER_EXPRESSION)
    this.at++
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (this.at < this.end && (code === 32 || (code >= 9 && code <= 13))) this.at++
      else return
    }
  }

  /**
   * Letters, digits, underscores, and hyphens before a letter (`$headers.x-api-key`, as Velocity 1 has it; a hyphen before
   * anything else is an operator or text).
   */
  private identifier(): string | undefined {
    if (!LETTER.test(this.peek())) return undefined
    const start = this.at
    let stop = start + 1
    while (stop < this.end) {
      const character = this.text[stop] as string
      if (NAME_CHARACTER.test(character)) stop++
      else if (character === '-') {
        let next = stop
        while (next < this.end && this.text[next] === '-') next++
        if (next >= this.end || !LETTER.test(this.text[next] as string)) break
        stop = next + 1
      } else break
    }
    this.at = stop
    return this.text.slice(start, stop)
  }

  /** At a `$`: the reference, or undefined (and nothing read) when none begins here. */
  private reference(isInText: boolean): Reference | undefined {
    const start = this.at
    this.at++
    const isQuiet = this.peek() === '!'
    if (isQuiet) this.at++
    const isBraced = this.peek() === '{'
    if (isBraced) this.at++
    const name = this.identifier()
    if (name === undefined) {
      if (isBraced && this.at >= this.end) this.fail('Encountered "<EOF>"', start, ['<IDENTIFIER>'])
      this.at = start
      return undefined
    }
    this.enter()
    const path = this.path()
    let alternate: Expression | undefined
    if (isBraced) {
      this.skipBracedSpace()
      if (this.peek() === '|') {
        this.at++
        alternate = this.expression()
        this.skipSpace()
      }
      if (this.peek() !== '}') {
        if (isInText && this.at < this.end && path.length === 0) {
          this.at = start
          this.depth--
          return undefined
        }
        this.failExpecting('"}"')
      }
      this.at++
    }
    this.depth--
    const source = this.text.slice(start, this.at)
    const shorter = isInText && !isBraced ? shortened(name, path) : undefined
    return { name, path, isQuiet, alternate, source, at: start, ...(shorter === undefined ? {} : { shorter }) }
  }

  private skipBracedSpace(): void {
    const start = this.at
    this.skipSpace()
    if (this.peek() !== '}' && this.peek() !== '|') this.at = start
  }

  private path(): Step[] {
    const path: Step[] = []
    for (;;) {
      const at = this.at
      if (this.peek() === '.' && LETTER.test(this.peek(1))) {
        this.at++
        const name = this.identifier() as string
        if (this.peek() === '(') path.push({ type: 'method', name, args: this.arguments(), at: at + 1 })
        else path.push({ type: 'property', name, at: at + 1 })
      } else if (this.peek() === '[') {
        this.at++
        const index = this.expression()
        this.skipSpace()
        if (this.peek() !== ']') this.failExpecting('"]"')
        this.at++
        path.push({ type: 'index', index, at })
      } else return path
    }
  }

  private arguments(): Expression[] {
    this.at++
    const args: Expression[] = []
    this.skipSpace()
    if (this.peek() === ')') {
      this.at++
      return args
    }
    for (;;) {
      args.push(this.expression())
      this.skipSpace()
      if (this.peek() === ',') {
        this.at++
        continue
      }
      if (this.peek() !== ')') this.failExpecting('","', '")"')
      this.at++
      return args
    }
  }

  private expression(): Expression {
    this.enter()
    const result = this.binary(0)
    this.depth--
    return result
  }

  private binary(level: number): Expression {
    const operators = LEVELS[level]
    if (operators === undefined) return this.unary()
    let left = this.binary(level + 1)
    for (;;) {
      this.skipSpace()
      const at = this.at
      const operator = this.operator(operators)
      if (operator === undefined) return left
      left = { type: 'binary', operator, left, right: this.binary(level + 1), at }
    }
  }

  private operator(operators: readonly (readonly [string, BinaryOperator])[]): BinaryOperator | undefined {
    for (const [text, operator] of operators) {
      if (!this.startsWith(text)) continue
      // A word must end here; `..` belongs to a range.
      if (LETTER.test(text) && NAME_CHARACTER.test(this.peek(text.length))) continue
      this.at += text.length
      return operator
    }
    return undefined
  }

  private unary(): Expression {
    this.skipSpace()
    this.enter()
    let result: Expression
    if (this.peek() === '!') {
      this.at++
      result = { type: 'not', operand: this.unary() }
    } else if (this.startsWith('not') && !NAME_CHARACTER.test(this.peek(3))) {
      this.at += 3
      result = { type: 'not', operand: this.unary() }
    } else if (this.peek() === '-' && !/[0-9.]/.test(this.peek(1))) {
      this.at++
      result = { type: 'minus', operand: this.unary() }
    } else result = this.primary()
    this.depth--
    return result
  }

  private primary(): Expression {
    this.skipSpace()
    const character = this.peek()
    switch (character) {
      case '$': {
        const reference = this.reference(false)
        if (reference === undefined) this.failExpecting('<REFERENCE>')
        return { type: 'reference', reference }
      }
      case "'":
        return this.singleQuoted()
      case '"':
        return this.doubleQuoted()
      case '[':
        return this.list()
      case '{':
        return this.map()
      case '(': {
        this.at++
        const inner = this.expression()
        this.close()
        return inner
      }
      default:
        return this.word()
    }
  }

  private word(): Expression {
    const number = /^-?(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?/.exec(
      this.text.slice(this.at, Math.min(this.end, this.at + 400)),
    )
    if (number !== null) {
      let text = number[0]
      // `1..5` is a range and `1.` before something else is the number 1 with a point behind it.
      if (text.endsWith('.')) text = text.slice(0, -1)
      this.at += text.length
      return /^-?\d+$/.test(text) ? { type: 'integer', text } : { type: 'float', text }
    }
    for (const [text, expression] of WORDS) {
      if (this.startsWith(text) && !NAME_CHARACTER.test(this.peek(text.length))) {
        this.at += text.length
        return expression
      }
    }
    this.failExpecting('<EXPRESSION>')
  }

  private singleQuoted(): Expression {
    const start = this.at
    const close = this.closingQuote("'")
    this.at = close + 1
    return { type: 'text', value: this.text.slice(start + 1, close).replaceAll("''", "'") }
  }

  private doubleQuoted(): Expression {
    const start = this.at
    const close = this.closingQuote('"')
    this.at = close + 1
    const raw = this.text.slice(start + 1, close)
    if (!/[$#]/.test(raw)) return { type: 'text', value: raw.replaceAll('""', '"') }
    const { name, macros, depth } = this
    const inner = raw.includes('""')
      ? new TemplateParser(raw.replaceAll('""', '"'), name, macros, {
          at: 0,
          end: raw.replaceAll('""', '"').length,
          depth,
          origin: { parser: this, at: start },
        })
      : new TemplateParser(this.text, name, macros, { at: start + 1, end: close, depth })
    return { type: 'interpolated', body: inner.template() }
  }

  /** The offset of the quote that closes the text which begins here; doubled quotes are part of it. */
  private closingQuote(quote: string): number {
    let next = this.at + 1
    for (;;) {
      const at = this.text.indexOf(quote, next)
      if (at < 0 || at >= this.end) this.fail('Encountered "<EOF>"', this.at, [JSON.stringify(quote)])
      if (this.text[at + 1] !== quote || at + 1 >= this.end) return at
      next = at + 2
    }
  }

  private list(): Expression {
    this.at++
    const elements: Expression[] = []
    this.skipSpace()
    if (this.peek() === ']') {
      this.at++
      return { type: 'list', elements }
    }
    for (;;) {
      elements.push(this.expression())
      this.skipSpace()
      if (this.startsWith('..') && elements.length === 1) {
        this.at += 2
        const to = this.expression()
        this.skipSpace()
        if (this.peek() !== ']') this.failExpecting('"]"')
        this.at++
        return { type: 'range', from: elements[0] as Expression, to }
      }
      if (this.peek() === ',') {
        this.at++
        continue
      }
      if (this.peek() !== ']') this.failExpecting('","', '"]"')
      this.at++
      return { type: 'list', elements }
    }
  }

  private map(): Expression {
    this.at++
    const entries: { key: Expression; value: Expression }[] = []
    this.skipSpace()
    if (this.peek() === '}') {
      this.at++
      return { type: 'map', entries }
    }
    for (;;) {
      this.skipSpace()
      const key = this.expression()
      this.skipSpace()
      if (this.peek() !== ':') this.failExpecting('":"')
      this.at++
      entries.push({ key, value: this.expression() })
      this.skipSpace()
      if (this.peek() === ',') {
        this.at++
        continue
      }
      if (this.peek() !== '}') this.failExpecting('","', '"}"')
      this.at++
      return { type: 'map', entries }
    }
  }
}

/** What may stand where an expression in parentheses could end, in the order in which the service lists it. */
const AFTER_EXPRESSION = [
  '<RPAREN>',
  '"-"',
  '"+"',
  '"*"',
  '"/"',
  '"%"',
  '<LOGICAL_AND>',
  '<LOGICAL_OR>',
  '<LOGICAL_LT>',
  '<LOGICAL_LE>',
  '<LOGICAL_GT>',
  '<LOGICAL_GE>',
  '<LOGICAL_EQUALS>',
  '<LOGICAL_NOT_EQUALS>',
]

const DIRECTIVES = new Set([
  'set',
  'if',
  'elseif',
  'else',
  'end',
  'foreach',
  'break',
  'stop',
  'return',
  'macro',
  'define',
])

const WORDS: readonly (readonly [string, Expression])[] = [
  ['true', { type: 'boolean', value: true }],
  ['false', { type: 'boolean', value: false }],
  ['null', { type: 'null' }],
]

/** From the weakest to the strongest. */
const LEVELS: readonly (readonly (readonly [string, BinaryOperator])[])[] = [
  [
    ['||', '||'],
    ['or', '||'],
  ],
  [
    ['&&', '&&'],
    ['and', '&&'],
  ],
  [
    ['==', '=='],
    ['!=', '!='],
    ['eq', '=='],
    ['ne', '!='],
  ],
  [
    ['<=', '<='],
    ['>=', '>='],
    ['<', '<'],
    ['>', '>'],
    ['le', '<='],
    ['ge', '>='],
    ['lt', '<'],
    ['gt', '>'],
  ],
  [
    ['+', '+'],
    ['-', '-'],
  ],
  [
    ['*', '*'],
    ['/', '/'],
    ['%', '%'],
  ],
]

function isLineEnd(character: string): boolean {
  return character === '\n' || character === '\r'
}

/** Without the blanks at the end: the indentation of a directive. */
function withoutIndentation(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  return text.slice(0, end)
}

/** A block without the indentation of the directive that follows it. */
function trimmed(block: Block): Block {
  const last = block.at(-1)
  if (last?.type !== 'text') return block
  return [...block.slice(0, -1), { type: 'text', text: withoutIndentation(last.text) }]
}

/** A reference whose last name has a hyphen, up to that hyphen. */
function shortened(name: string, path: readonly Step[]): Reference['shorter'] {
  const last = path.at(-1)
  const end = last === undefined ? name : last.type === 'property' ? last.name : ''
  const hyphen = end.indexOf('-')
  if (hyphen < 0) return undefined
  const head = end.slice(0, hyphen)
  const rest = end.slice(hyphen)
  if (last?.type !== 'property') return { name: head, path, rest }
  return { name, path: [...path.slice(0, -1), { ...last, name: head }], rest }
}
