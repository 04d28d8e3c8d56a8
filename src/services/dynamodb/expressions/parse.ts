import type {
  Comparator,
  ConditionAst,
  ConditionNode,
  Operand,
  PathStep,
  ProjectionAst,
  SetValue,
  UpdateAction,
  UpdateAst,
} from './ast.ts'
import { ExpressionError, syntaxError, type Token, tokenize } from './tokens.ts'

/** Parsed expressions that are kept, of each kind. The oldest goes first. */
const MAX_CACHED = 1_000

/** Parentheses and NOTs inside each other: more operators than DynamoDB allows cannot need more. */
const MAX_DEPTH = 600

export const parseCondition = cached((text): ConditionAst => new Parser(text).condition())
export const parseUpdate = cached((text): UpdateAst => new Parser(text).update())
export const parseProjection = cached((text): ProjectionAst => new Parser(text).projection())

function cached<T>(parse: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    let ast = known.get(text)
    if (ast === undefined) {
      ast = parse(text)
      if (known.size >= MAX_CACHED) for (const oldest of known.keys()) if (known.delete(oldest)) break
      known.set(text, ast)
    }
    return ast
  }
}

const COMPARATORS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>='])
const CONDITION_KEYWORDS: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT', 'BETWEEN', 'IN'])
const SECTIONS: ReadonlySet<string> = new Set(['SET', 'REMOVE', 'ADD', 'DELETE'])

/** What stands between parentheses or operators: a condition, or an operand that one is still made of. */
type Part = { condition: ConditionNode; inParentheses: boolean } | { operand: Operand; inParentheses: boolean }

class Parser {
  readonly #text: string
  readonly #tokens: Token[]
  #index = 0
  #depth = 0
  #redundantParentheses = false
  #operators = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
    if (this.#tokens.length === 1) throw new ExpressionError('The expression can not be empty;')
  }

  condition(): ConditionAst {
    const node = this.#conditionOf(this.#or())
    this.#expectEnd()
    return { node, redundantParentheses: this.#redundantParentheses, operators: this.#operators }
  }

  update(): UpdateAst {
    const actions: UpdateAction[] = []
    const seen = new Set<string>()
    let repeatedSection: string | undefined
    while (this.#token.type !== 'end') {
      const section = this.#token.text.toUpperCase()
      if (this.#token.type !== 'word' || !SECTIONS.has(section)) throw this.#unexpected()
      this.#index++
      if (seen.has(section)) repeatedSection ??= section
      seen.add(section)
      do actions.push(this.#action(section as UpdateAction['type']))
      while (this.#accept(','))
    }
    return { actions, repeatedSection, operators: this.#operators }
  }

  projection(): ProjectionAst {
    const paths: PathStep[][] = []
    do paths.push(this.#path())
    while (this.#accept(','))
    this.#expectEnd()
    return { paths }
  }

  get #token(): Token {
    return this.#tokens[this.#index] as Token
  }

  #unexpected(): ExpressionError {
    return syntaxError(this.#text, this.#tokens, this.#index)
  }

  #accept(sign: string): boolean {
    if (this.#token.type !== 'sign' || this.#token.text !== sign) return false
    this.#index++
    return true
  }

  #expect(sign: string): void {
    if (!this.#accept(sign)) throw this.#unexpected()
  }

  #isKeyword(keyword: string): boolean {
    return this.#token.type === 'word' && this.#token.text.toUpperCase() === keyword
  }

  #acceptKeyword(keyword: string): boolean {
    if (!this.#isKeyword(keyword)) return false
    this.#index++
    return true
  }

  #expectEnd(): void {
    if (this.#token.type !== 'end') throw this.#unexpected()
  }

  /** A bare operand is no condition: what should follow it is missing. */
  #conditionOf(part: Part): ConditionNode {
    if ('condition' in part) return part.condition
    if (part.operand.type === 'function') return { type: 'call', call: part.operand }
    throw this.#unexpected()
  }

  #or(): Part {
    let left = this.#and()
    while (this.#isKeyword('OR')) {
      const condition = this.#conditionOf(left)
      this.#index++
      this.#operators++
      left = {
        condition: { type: 'or', left: condition, right: this.#conditionOf(this.#and()) },
        inParentheses: false,
      }
    }
    return left
  }

  #and(): Part {
    let left = this.#not()
    while (this.#isKeyword('AND')) {
      const condition = this.#conditionOf(left)
      this.#index++
      this.#operators++
      left = {
        condition: { type: 'and', left: condition, right: this.#conditionOf(this.#not()) },
        inParentheses: false,
      }
    }
    return left
  }

  #not(): Part {
    if (!this.#acceptKeyword('NOT')) return this.#comparison()
    this.#operators++
    this.#deeper()
    const condition = this.#conditionOf(this.#not())
    this.#depth--
    return { condition: { type: 'not', condition }, inParentheses: false }
  }

  #deeper(): void {
    if (++this.#depth > MAX_DEPTH) throw new ExpressionError('The expression has redundant parentheses;')
  }

  #comparison(): Part {
    const part = this.#primary()
    if ('condition' in part) return part
    const operand = part.operand
    const { type, text } = this.#token
    if (type === 'sign' && COMPARATORS.has(text)) {
      this.#index++
      this.#operators++
      return this.#made({ type: 'compare', comparator: text as Comparator, left: operand, right: this.#operand() })
    }
    if (this.#acceptKeyword('BETWEEN')) {
      this.#operators++
      const lower = this.#operand()
      if (!this.#acceptKeyword('AND')) throw this.#unexpected()
      return this.#made({ type: 'between', operand, lower, upper: this.#operand() })
    }
    if (this.#acceptKeyword('IN')) {
      this.#operators++
      this.#expect('(')
      const list: Operand[] = []
      do list.push(this.#operand())
      while (this.#accept(','))
      this.#expect(')')
      return this.#made({ type: 'in', operand, list })
    }
    return part
  }

  #made(condition: ConditionNode): Part {
    return { condition, inParentheses: false }
  }

  #primary(): Part {
    if (!this.#accept('(')) return { operand: this.#bareOperand(), inParentheses: false }
    this.#deeper()
    const inner = this.#or()
    this.#expect(')')
    this.#depth--
    if (inner.inParentheses) this.#redundantParentheses = true
    return { ...inner, inParentheses: true }
  }

  #operand(): Operand {
    const part = this.#primary()
    if ('operand' in part) return part.operand
    throw this.#unexpected()
  }

  #bareOperand(): Operand {
    const { type, text } = this.#token
    if (type === 'value') {
      this.#index++
      return { type: 'value', placeholder: text }
    }
    if (type === 'word' && this.#tokens[this.#index + 1]?.text === '(' && !CONDITION_KEYWORDS.has(text.toUpperCase())) {
      this.#index += 2
      this.#operators++
      this.#deeper()
      const args: Operand[] = []
      do args.push(this.#operand())
      while (this.#accept(','))
      this.#expect(')')
      this.#depth--
      return { type: 'function', name: text, args }
    }
    if (type === 'word' && CONDITION_KEYWORDS.has(text.toUpperCase())) throw this.#unexpected()
    return { type: 'path', steps: this.#path() }
  }

  #path(): PathStep[] {
    const steps: PathStep[] = [this.#pathName()]
    for (;;) {
      if (this.#accept('.')) steps.push(this.#pathName())
      else if (this.#accept('[')) {
        if (this.#token.type !== 'number') throw this.#unexpected()
        const index = Number(this.#token.text)
        if (index > Number.MAX_SAFE_INTEGER)
          throw new ExpressionError(`List index is not within the allowable range; index: [${this.#token.text}]`)
        this.#index++
        this.#expect(']')
        steps.push(index)
      } else return steps
    }
  }

  #pathName(): PathStep {
    const { type, text } = this.#token
    if (type !== 'word' && type !== 'name') throw this.#unexpected()
    this.#index++
    return type === 'word' ? { name: text } : { placeholder: text }
  }

  #action(type: UpdateAction['type']): UpdateAction {
    if (this.#token.type === 'word' && SECTIONS.has(this.#token.text.toUpperCase())) throw this.#unexpected()
    const path = this.#path()
    switch (type) {
      case 'REMOVE':
        return { type, path }
      case 'ADD':
      case 'DELETE': {
        if (this.#token.type !== 'value') throw this.#unexpected()
        return { type, path, value: this.#bareOperand() }
      }
      case 'SET':
        this.#operators++
        this.#expect('=')
        return { type, path, value: this.#setValue() }
      default:
        return type satisfies never
    }
  }

  #setValue(): SetValue {
    const left = this.#setOperand()
    const sign = this.#token.text
    if (this.#token.type !== 'sign' || (sign !== '+' && sign !== '-')) return left
    // A sum is no operand of another one.
    if ('left' in left) throw this.#unexpected()
    this.#index++
    this.#operators++
    return { type: sign, left, right: this.#operand() }
  }

  /** An operand, or a whole sum in parentheses. */
  #setOperand(): SetValue {
    if (!this.#accept('(')) return this.#operand()
    this.#deeper()
    const value = this.#setValue()
    this.#expect(')')
    this.#depth--
    return value
  }
}
