/** A pattern of java.util.regex, parsed. Back-references are refused: they have no matcher in linear time. */
export type Node =
  | { type: 'set'; test: CharTest }
  | { type: 'cat'; parts: Node[] }
  | { type: 'alt'; options: Node[] }
  | { type: 'repeat'; node: Node; min: number; max: number; mode: 'greedy' | 'lazy' | 'possessive' }
  | { type: 'group'; node: Node; index: number }
  | { type: 'atomic'; node: Node }
  | { type: 'look'; node: Node; behind: boolean; negative: boolean }
  | { type: 'assert'; kind: AssertKind }

export type CharTest = (codePoint: number) => boolean

export type AssertKind =
  | 'start'
  | 'end'
  | 'endBeforeTerminator'
  | 'endBeforeNewline'
  | 'lineStart'
  | 'lineEnd'
  | 'lineStartUnix'
  | 'lineEndUnix'
  | 'wordBoundary'
  | 'notWordBoundary'

export interface ParsedPattern {
  node: Node
  /** Capturing groups, the whole match not counted. */
  groups: number
  names: ReadonlyMap<string, number>
}

/** As java.util.regex.PatternSyntaxException words it. */
export class PatternSyntaxError extends Error {
  constructor(description: string, pattern: string, index: number) {
    super(`${description} near index ${index}\n${pattern}\n${' '.repeat(Math.max(0, index))}^`)
  }
}

interface Flags {
  ignoreCase: boolean
  unicodeCase: boolean
  multiline: boolean
  dotAll: boolean
  unixLines: boolean
  comments: boolean
}

const MAX_REPEAT = 1_000
const MAX_DEPTH = 200

export function parsePattern(pattern: string): ParsedPattern {
  return new PatternParser(pattern).parse()
}

class PatternParser {
  private readonly text: string
  private position = 0
  private depth = 0
  private groups = 0
  private readonly names = new Map<string, number>()
  private flags: Flags = {
    ignoreCase: false,
    unicodeCase: false,
    multiline: false,
    dotAll: false,
    unixLines: false,
    comments: false,
  }

  constructor(text: string) {
    this.text = text
  }

  parse(): ParsedPattern {
    const node = this.alternatives()
    if (this.position < this.text.length) this.fail("Unmatched closing ')'", this.position - 1)
    return { node, groups: this.groups, names: this.names }
  }

  private fail(description: string, index = this.position): never {
    throw new PatternSyntaxError(description, this.text, index)
  }

  private peek(): string {
    return this.text[this.position] ?? ''
  }

  private alternatives(): Node {
    if (++this.depth > MAX_DEPTH) this.fail('Pattern nested too deeply')
    const options = [this.sequence()]
    while (this.peek() === '|') {
      this.position++
      options.push(this.sequence())
    }
    this.depth--
    return options.length === 1 ? (options[0] as Node) : { type: 'alt', options }
  }

  private sequence(): Node {
    const parts: Node[] = []
    for (;;) {
      this.skipComments()
      const character = this.peek()
      if (character === '' || character === '|' || character === ')') break
      if (this.text.startsWith('\\Q', this.position)) {
        const quoted = this.quotation()
        const last = quoted.pop()
        parts.push(...quoted)
        // A quantifier after a quotation is for its last character.
        if (last !== undefined) parts.push(this.quantified(last))
        continue
      }
      const atom = this.atom()
      if (atom === undefined) continue
      parts.push(this.quantified(atom))
    }
    return parts.length === 1 ? (parts[0] as Node) : { type: 'cat', parts }
  }

  private skipComments(): void {
    if (!this.flags.comments) return
    for (;;) {
      const character = this.peek()
      if (character !== '' && ' \t\n\f\r\v'.includes(character)) this.position++
      else if (character === '#') {
        while (this.position < this.text.length && this.peek() !== '\n') this.position++
      } else return
    }
  }

  private quantified(atom: Node): Node {
    let node = atom
    for (;;) {
      this.skipComments()
      const character = this.peek()
      let min: number
      let max: number
      if (character === '*') [min, max] = [0, Number.POSITIVE_INFINITY]
      else if (character === '+') [min, max] = [1, Number.POSITIVE_INFINITY]
      else if (character === '?') [min, max] = [0, 1]
      else if (character === '{') [min, max] = this.counts()
      else return node
      if (character !== '{') this.position++
      let mode: 'greedy' | 'lazy' | 'possessive' = 'greedy'
      if (this.peek() === '?') mode = 'lazy'
      else if (this.peek() === '+') mode = 'possessive'
      if (mode !== 'greedy') this.position++
      node = { type: 'repeat', node, min, max, mode }
    }
  }

  private counts(): [number, number] {
    const found = /^\{(\d+)(,(\d*))?\}/.exec(this.text.slice(this.position, this.position + 30))
    if (found === null) this.fail('Illegal repetition')
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3])
    if (max < min) this.fail('Illegal repetition range', this.position + found[0].length - 1)
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Number.POSITIVE_INFINITY)) {
      this.fail(`Repetition of more than ${MAX_REPEAT}`)
    }
    this.position += found[0].length
    return [min, max]
  }

  private atom(): Node | undefined {
    const character = this.peek()
    switch (character) {
      case '(':
        return this.group()
      case '[':
        this.position++
        return { type: 'set', test: this.charClass() }
      case '.':
        this.position++
        return { type: 'set', test: this.dot() }
      case '^':
        this.position++
        if (!this.flags.multiline) return { type: 'assert', kind: 'start' }
        return { type: 'assert', kind: this.flags.unixLines ? 'lineStartUnix' : 'lineStart' }
      case '$':
        this.position++
        if (this.flags.multiline) return { type: 'assert', kind: this.flags.unixLines ? 'lineEndUnix' : 'lineEnd' }
        return { type: 'assert', kind: this.flags.unixLines ? 'endBeforeNewline' : 'endBeforeTerminator' }
      case '\\':
        return this.escape()
      case '*':
      case '+':
      case '?':
        return this.fail(`Dangling meta character '${character}'`)
      default:
        return this.literal(this.codePoint())
    }
  }

  private dot(): CharTest {
    if (this.flags.dotAll) return () => true
    if (this.flags.unixLines) return (code) => code !== 10
    return (code) => code !== 10 && code !== 13 && code !== 0x85 && code !== 0x2028 && code !== 0x2029
  }

  private codePoint(): number {
    const code = this.text.codePointAt(this.position) as number
    this.position += code > 0xffff ? 2 : 1
    return code
  }

  private literal(code: number): Node {
    return { type: 'set', test: this.folded((candidate) => candidate === code) }
  }

  private folded(test: CharTest): CharTest {
    if (!this.flags.ignoreCase) return test
    const unicode = this.flags.unicodeCase
    return (code) => {
      if (test(code)) return true
      if (code < 128) {
        if (code >= 65 && code <= 90) return test(code + 32)
        return code >= 97 && code <= 122 && test(code - 32)
      }
      if (!unicode) return false
      const character = String.fromCodePoint(code)
      return (
        test(character.toLowerCase().codePointAt(0) as number) || test(character.toUpperCase().codePointAt(0) as number)
      )
    }
  }

  private group(): Node | undefined {
    const start = this.position
    this.position++
    const outer = this.flags
    if (this.peek() !== '?') {
      const index = ++this.groups
      return { type: 'group', node: this.groupBody(start, outer), index }
    }
    this.position++
    const rest = this.text.slice(this.position, this.position + 2)
    if (rest[0] === ':') return this.afterHead(1, start, outer)
    if (rest[0] === '>') return { type: 'atomic', node: this.afterHead(1, start, outer) }
    if (rest[0] === '=') return this.look(1, false, false, start, outer)
    if (rest[0] === '!') return this.look(1, false, true, start, outer)
    if (rest === '<=') return this.look(2, true, false, start, outer)
    if (rest === '<!') return this.look(2, true, true, start, outer)
    if (rest[0] === '<') return this.namedGroup(start, outer)
    return this.flagGroup(start, outer)
  }

  private look(skip: number, behind: boolean, negative: boolean, start: number, outer: Flags): Node {
    return { type: 'look', node: this.afterHead(skip, start, outer), behind, negative }
  }

  private afterHead(skip: number, start: number, outer: Flags): Node {
    this.position += skip
    return this.groupBody(start, outer)
  }

  private groupBody(_start: number, outer: Flags): Node {
    this.flags = { ...this.flags }
    const node = this.alternatives()
    if (this.peek() !== ')') this.fail('Unclosed group')
    this.position++
    this.flags = outer
    return node
  }

  private namedGroup(start: number, outer: Flags): Node {
    const found = /^<([a-zA-Z][a-zA-Z0-9]*)>/.exec(this.text.slice(this.position, this.position + 100))
    if (found === null) this.fail("named capturing group is missing trailing '>'")
    const name = found[1] as string
    if (this.names.has(name)) this.fail(`Named capturing group <${name}> is already defined`)
    this.position += found[0].length
    const index = ++this.groups
    this.names.set(name, index)
    return { type: 'group', node: this.groupBody(start, outer), index }
  }

  private flagGroup(start: number, outer: Flags): Node | undefined {
    const flags = { ...this.flags }
    let on = true
    for (;;) {
      const character = this.peek()
      this.position++
      if (character === '-') on = false
      else if (character === 'i') flags.ignoreCase = on
      else if (character === 'u') flags.unicodeCase = on
      else if (character === 'm') flags.multiline = on
      else if (character === 's') flags.dotAll = on
      else if (character === 'd') flags.unixLines = on
      else if (character === 'x') flags.comments = on
      else if (character === ')') {
        this.flags = flags
        return undefined
      } else if (character === ':') {
        this.flags = flags
        return this.groupBody(start, outer)
      } else this.fail(character === '' ? 'Unknown inline modifier' : 'Unknown inline modifier', this.position - 1)
    }
  }

  private escape(): Node | undefined {
    const start = this.position
    this.position++
    const character = this.peek()
    switch (character) {
      case '':
        return this.fail('Unexpected internal error')
      case 'b':
      case 'B':
        this.position++
        return { type: 'assert', kind: character === 'b' ? 'wordBoundary' : 'notWordBoundary' }
      case 'A':
      case 'G':
        this.position++
        return { type: 'assert', kind: 'start' }
      case 'z':
        this.position++
        return { type: 'assert', kind: 'end' }
      case 'Z':
        this.position++
        return { type: 'assert', kind: this.flags.unixLines ? 'endBeforeNewline' : 'endBeforeTerminator' }
      case 'R':
        this.position++
        return {
          type: 'alt',
          options: [
            { type: 'cat', parts: [this.literal(13), this.literal(10)] },
            { type: 'set', test: verticalSpace },
          ],
        }
      case 'k':
        return this.fail('Back-references are not supported', start)
      default:
        if (character >= '1' && character <= '9') this.fail('Back-references are not supported', start)
        return { type: 'set', test: this.escapedSet() }
    }
  }

  private quotation(): Node[] {
    this.position += 2
    let end = this.text.indexOf('\\E', this.position)
    const next = end < 0 ? this.text.length : end + 2
    if (end < 0) end = this.text.length
    const parts: Node[] = []
    while (this.position < end) parts.push(this.literal(this.codePoint()))
    this.position = next
    return parts
  }

  /** After the backslash: a class such as `\d`, or one escaped character. */
  private escapedSet(): CharTest {
    const character = this.peek()
    const fixed = escapedClasses.get(character)
    if (fixed !== undefined) {
      this.position++
      return fixed
    }
    if (character === 'p' || character === 'P') {
      const test = this.property()
      const folded = this.folded(test)
      return character === 'p' ? folded : (code) => !folded(code)
    }
    const code = this.escapedCode()
    return this.folded((candidate) => candidate === code)
  }

  private escapedCode(): number {
    const character = this.peek()
    const simple = simpleEscapes.get(character)
    if (simple !== undefined) {
      this.position++
      return simple
    }
    if (character === '0') return this.digits(/^0([0-3]?[0-7]{1,2})/, 8, 'Illegal octal escape sequence')
    if (character === 'x')
      return this.digits(/^x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/, 16, 'Illegal hexadecimal escape sequence')
    if (character === 'u') return this.digits(/^u([0-9a-fA-F]{4})/, 16, 'Illegal Unicode escape sequence')
    if (character === 'c') {
      this.position += 2
      return (this.text.charCodeAt(this.position - 1) || 0) ^ 64
    }
    if (/[a-zA-Z]/.test(character)) this.fail('Illegal/unsupported escape sequence')
    return this.codePoint()
  }

  private digits(form: RegExp, base: number, description: string): number {
    const found = form.exec(this.text.slice(this.position, this.position + 10))
    if (found === null) this.fail(description)
    this.position += found[0].length
    const code = Number.parseInt((found[1] ?? found[2]) as string, base)
    if (code > 0x10ffff) this.fail(description)
    return code
  }

  private property(): CharTest {
    this.position++
    let name: string
    if (this.peek() === '{') {
      const end = this.text.indexOf('}', this.position)
      if (end < 0) this.fail('Unclosed character family')
      name = this.text.slice(this.position + 1, end)
      this.position = end + 1
    } else {
      name = this.peek()
      this.position++
    }
    const test = propertyTest(name)
    if (test === undefined) this.fail(`Unknown character property name {${name.slice(0, 40)}}`, this.position - 1)
    return test
  }

  /** After the opening bracket. */
  private charClass(): CharTest {
    if (++this.depth > MAX_DEPTH) this.fail('Pattern nested too deeply')
    const negated = this.peek() === '^'
    if (negated) this.position++
    let tests: CharTest[] = []
    const operands: CharTest[] = []
    let isFirst = true
    for (;;) {
      const character = this.peek()
      if (character === '') this.fail('Unclosed character class', this.text.length - 1)
      if (character === ']' && !isFirst) {
        this.position++
        break
      }
      if (character === '[') {
        this.position++
        tests.push(this.charClass())
      } else if (this.text.startsWith('&&', this.position)) {
        this.position += 2
        while (this.text.startsWith('&&', this.position)) this.position += 2
        operands.push(anyOf(tests))
        tests = []
        isFirst = true
        if (this.peek() === ']') this.fail('Bad class syntax', this.position)
        continue
      } else tests.push(this.classItem())
      isFirst = false
    }
    operands.push(anyOf(tests))
    this.depth--
    const all =
      operands.length === 1 ? (operands[0] as CharTest) : (code: number) => operands.every((test) => test(code))
    return negated ? (code) => !all(code) : all
  }

  private classItem(): CharTest {
    let from: number
    if (this.peek() === '\\') {
      this.position++
      const character = this.peek()
      if (character === '') this.fail('Unclosed character class', this.text.length - 1)
      if (character === 'Q') return this.quotedClass()
      if (escapedClasses.has(character) || character === 'p' || character === 'P') return this.escapedSet()
      from = this.escapedCode()
    } else from = this.codePoint()
    const next = this.text[this.position + 1]
    if (this.peek() !== '-' || next === ']' || next === '[' || next === undefined) {
      return this.folded((code) => code === from)
    }
    this.position++
    let to: number
    if (this.peek() === '\\') {
      this.position++
      if (escapedClasses.has(this.peek()) || 'pPQ'.includes(this.peek())) this.fail('Illegal character range')
      to = this.escapedCode()
    } else to = this.codePoint()
    if (to < from) this.fail('Illegal character range', this.position - 1)
    return this.folded((code) => code >= from && code <= to)
  }

  private quotedClass(): CharTest {
    this.position++
    let end = this.text.indexOf('\\E', this.position)
    const next = end < 0 ? this.text.length : end + 2
    if (end < 0) end = this.text.length
    const codes = new Set<number>()
    while (this.position < end) codes.add(this.codePoint())
    this.position = next
    return this.folded((code) => codes.has(code))
  }
}

function anyOf(tests: CharTest[]): CharTest {
  if (tests.length === 1) return tests[0] as CharTest
  return (code) => {
    for (const test of tests) if (test(code)) return true
    return false
  }
}

const isDigit: CharTest = (code) => code >= 48 && code <= 57
const isUpper: CharTest = (code) => code >= 65 && code <= 90
const isLower: CharTest = (code) => code >= 97 && code <= 122
export const isWord: CharTest = (code) => isLower(code) || isUpper(code) || isDigit(code) || code === 95
const isSpace: CharTest = (code) => code === 32 || (code >= 9 && code <= 13)
const horizontalSpace: CharTest = (code) =>
  code === 32 ||
  code === 9 ||
  code === 0xa0 ||
  code === 0x1680 ||
  code === 0x180e ||
  (code >= 0x2000 && code <= 0x200a) ||
  code === 0x202f ||
  code === 0x205f ||
  code === 0x3000
const verticalSpace: CharTest = (code) =>
  (code >= 10 && code <= 13) || code === 0x85 || code === 0x2028 || code === 0x2029
const isPunct: CharTest = (code) => code > 32 && code < 127 && !isUpper(code) && !isLower(code) && !isDigit(code)

function not(test: CharTest): CharTest {
  return (code) => !test(code)
}

const escapedClasses = new Map<string, CharTest>([
  ['d', isDigit],
  ['D', not(isDigit)],
  ['w', isWord],
  ['W', not(isWord)],
  ['s', isSpace],
  ['S', not(isSpace)],
  ['h', horizontalSpace],
  ['H', not(horizontalSpace)],
  ['v', verticalSpace],
  ['V', not(verticalSpace)],
])

const simpleEscapes = new Map([
  ['t', 9],
  ['n', 10],
  ['r', 13],
  ['f', 12],
  ['a', 7],
  ['e', 27],
])

const asciiProperties = new Map<string, CharTest>([
  ['Lower', isLower],
  ['Upper', isUpper],
  ['ASCII', (code) => code < 128],
  ['Alpha', (code) => isLower(code) || isUpper(code)],
  ['Digit', isDigit],
  ['Alnum', (code) => isLower(code) || isUpper(code) || isDigit(code)],
  ['Punct', isPunct],
  ['Graph', (code) => code > 32 && code < 127],
  ['Print', (code) => code >= 32 && code < 127],
  ['Blank', (code) => code === 32 || code === 9],
  ['Cntrl', (code) => code < 32 || code === 127],
  ['XDigit', (code) => isDigit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102)],
  ['Space', isSpace],
])

/** Unicode properties by their Java name; the expressions are ours, no text of a user gets into them. */
const unicodeProperties = new Map<string, RegExp>()
for (const category of 'L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Co Cs Cn'.split(
  ' ',
)) {
  for (const name of [category, `Is${category}`, `gc=${category}`, `general_category=${category}`]) {
    unicodeProperties.set(name, new RegExp(`^\\p{${category}}$`, 'u'))
  }
}
for (const [name, property] of [
  ['Alphabetic', 'Alphabetic'],
  ['Ideographic', 'Ideographic'],
  ['Letter', 'L'],
  ['Lowercase', 'Lowercase'],
  ['Uppercase', 'Uppercase'],
  ['Titlecase', 'Lt'],
  ['Punctuation', 'P'],
  ['Control', 'Cc'],
  ['White_Space', 'White_Space'],
  ['Digit', 'Nd'],
  ['Hex_Digit', 'Hex_Digit'],
  ['Emoji', 'Emoji'],
] as const) {
  unicodeProperties.set(`Is${name}`, new RegExp(`^\\p{${property}}$`, 'u'))
}
for (const [name, property] of [
  ['javaLowerCase', 'Lowercase'],
  ['javaUpperCase', 'Uppercase'],
  ['javaWhitespace', 'White_Space'],
  ['javaLetter', 'L'],
  ['javaDigit', 'Nd'],
  ['javaAlphabetic', 'Alphabetic'],
] as const) {
  unicodeProperties.set(name, new RegExp(`^\\p{${property}}$`, 'u'))
}
for (const script of 'Latin Greek Cyrillic Armenian Hebrew Arabic Devanagari Bengali Thai Hangul Hiragana Katakana Han Georgian Common'.split(
  ' ',
)) {
  for (const name of [`Is${script}`, `script=${script}`, `sc=${script}`]) {
    unicodeProperties.set(name, new RegExp(`^\\p{Script=${script}}$`, 'u'))
  }
}

function propertyTest(name: string): CharTest | undefined {
  const ascii = asciiProperties.get(name)
  if (ascii !== undefined) return ascii
  const expression = unicodeProperties.get(name)
  return expression === undefined ? undefined : (code) => expression.test(String.fromCodePoint(code))
}
