/** A word, sign or number of an expression. */
export interface Token {
  /** `word`: attribute name, keyword or function; `name`: `#placeholder`; `value`: `:placeholder`. */
  type: 'word' | 'name' | 'value' | 'number' | 'sign' | 'illegal' | 'end'
  text: string
  start: number
  end: number
}

/** What is wrong with an expression, without the `Invalid …Expression: ` in front. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
}

const TOKEN =
  /\s*(?:([A-Za-z][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|([0-9]+)|(<>|<=|>=|[=<>()[\],.+-])|(\S))/gy

const TYPES = ['word', 'name', 'value', 'number', 'sign', 'illegal'] as const

/** Splits an expression; characters that no expression has become tokens of type `illegal`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const end = match.index + match[0].length
    for (const [index, type] of TYPES.entries()) {
      const found = match[index + 1]
      if (found !== undefined) tokens.push({ type, text: found, start: end - found.length, end })
    }
  }
  tokens.push({ type: 'end', text: '<EOF>', start: text.length, end: text.length })
  return tokens
}

/** DynamoDB's words for a token that does not fit: itself, and the text from the token before to the one after. */
export function syntaxError(text: string, tokens: readonly Token[], index: number): ExpressionError {
  const token = tokens[index] as Token
  const before = tokens[index - 1] ?? token
  const next = tokens[index + 1]
  const end = token.type === 'end' ? before.end : next === undefined || next.type === 'end' ? token.end : next.end
  return new ExpressionError(`Syntax error; token: "${token.text}", near: "${text.slice(before.start, end)}"`)
}
