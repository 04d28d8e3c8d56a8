import { RE2JS } from 're2js'
import { isObject, jsonEquals } from '../asl/json.ts'
import { type Cursor, readQuoted, readSegments, skipBlanks } from './parsePath.ts'
import { type Path, PathSyntaxError } from './path.ts'

/** A filter's condition, `[?( … )]`. */
export type FilterExpression =
  | { type: 'or' | 'and'; operands: readonly FilterExpression[] }
  | { type: 'not'; operand: FilterExpression }
  | { type: 'exists'; operand: Operand }
  | { type: 'comparison'; operator: Operator; left: Operand; right: Operand }

type Operand =
  | { type: 'path'; root: '@' | '$'; path: Path }
  | { type: 'literal'; value: unknown }
  | { type: 'pattern'; pattern: RE2JS }

const OPERATORS = [
  '===',
  '!==',
  '==',
  '!=',
  '<=',
  '>=',
  '=~',
  '<',
  '>',
  'in',
  'nin',
  'subsetof',
  'anyof',
  'noneof',
  'contains',
  'size',
  'empty',
  'type',
] as const
type Operator = (typeof OPERATORS)[number]

/** Conditions nest by counting, not by the stack. */
const MAX_FILTER_DEPTH = 64

/** Gives the values that a path selects below a node; undefined for a definite path without a match. */
export type Select = (path: Path, root: unknown) => unknown

/** Parses from behind `?(` to before the closing parenthesis. */
export function parseFilter(cursor: Cursor): FilterExpression {
  return readOr(cursor, 0)
}

function readOr(cursor: Cursor, depth: number): FilterExpression {
  const operands = [readAnd(cursor, depth)]
  while (take(cursor, '||')) operands.push(readAnd(cursor, depth))
  return operands.length === 1 ? operands[0]! : { type: 'or', operands }
}

function readAnd(cursor: Cursor, depth: number): FilterExpression {
  const operands = [readNot(cursor, depth)]
  while (take(cursor, '&&')) operands.push(readNot(cursor, depth))
  return operands.length === 1 ? operands[0]! : { type: 'and', operands }
}

function readNot(cursor: Cursor, depth: number): FilterExpression {
  if (depth > MAX_FILTER_DEPTH) throw new PathSyntaxError(`Filter is nested too deeply: ${cursor.text.slice(0, 80)}`)
  skipBlanks(cursor)
  if (cursor.text[cursor.at] === '!' && cursor.text[cursor.at + 1] !== '=') {
    cursor.at += 1
    return { type: 'not', operand: readNot(cursor, depth + 1) }
  }
  if (cursor.text[cursor.at] === '(') {
    cursor.at += 1
    const inner = readOr(cursor, depth + 1)
    if (!take(cursor, ')')) throw new PathSyntaxError(`Filter is not closed: ${cursor.text}`)
    return inner
  }
  return readComparison(cursor)
}

function readComparison(cursor: Cursor): FilterExpression {
  const left = readOperand(cursor)
  skipBlanks(cursor)
  const operator = OPERATORS.find((name) => cursor.text.startsWith(name, cursor.at) && isWhole(cursor, name))
  if (operator === undefined) {
    if (left.type !== 'path') throw new PathSyntaxError(`Expected a path: ${cursor.text}`)
    return { type: 'exists', operand: left }
  }
  cursor.at += operator.length
  return { type: 'comparison', operator, left, right: readOperand(cursor) }
}

/** An operator that is a word must not be the start of a longer one. */
function isWhole(cursor: Cursor, name: string): boolean {
  return !/^[a-z]/.test(name) || !/[\w$]/.test(cursor.text[cursor.at + name.length] ?? '')
}

function take(cursor: Cursor, token: string): boolean {
  skipBlanks(cursor)
  if (!cursor.text.startsWith(token, cursor.at)) return false
  cursor.at += token.length
  return true
}

const endsName = (character: string): boolean => '=!<>~&|,'.includes(character)

function readOperand(cursor: Cursor): Operand {
  skipBlanks(cursor)
  const { text } = cursor
  const character = text[cursor.at] ?? ''
  if (character === '@' || character === '$') {
    cursor.at += 1
    return { type: 'path', root: character, path: readSegments(cursor, endsName) }
  }
  if (character === "'" || character === '"') return { type: 'literal', value: readQuoted(cursor) }
  if (character === '/') return readPattern(cursor)
  if (character === '[' || character === '{') return readJson(cursor)
  const word = /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/.exec(text.slice(cursor.at, cursor.at + 40))
  if (!word) throw new PathSyntaxError(`Unexpected character at position ${cursor.at}: ${text}`)
  cursor.at += word[0].length
  return { type: 'literal', value: JSON.parse(word[0]) }
}

function readPattern(cursor: Cursor): Operand {
  const { text } = cursor
  let end = cursor.at + 1
  while (end < text.length && text[end] !== '/') end += text[end] === '\\' ? 2 : 1
  if (end >= text.length) throw new PathSyntaxError(`Pattern is not closed: ${text}`)
  const source = text.slice(cursor.at + 1, end).replaceAll('\\/', '/')
  let flags = 0
  for (end += 1; end < text.length && /[a-zA-Z]/.test(text[end]!); end += 1) {
    if (text[end] === 'i') flags |= RE2JS.CASE_INSENSITIVE
    else if (text[end] === 'm') flags |= RE2JS.MULTILINE
    else if (text[end] === 's') flags |= RE2JS.DOTALL
    else throw new PathSyntaxError(`Unknown pattern flag: ${text}`)
  }
  cursor.at = end
  try {
    return { type: 'pattern', pattern: RE2JS.compile(source, flags) }
  } catch (error) {
    throw new PathSyntaxError(`Pattern cannot be used: ${source}`, { cause: error })
  }
}

function readJson(cursor: Cursor): Operand {
  const { text } = cursor
  let depth = 0
  let quote = ''
  for (let at = cursor.at; at < text.length; at += 1) {
    const character = text[at]!
    if (quote !== '') {
      if (character === '\\') at += 1
      else if (character === quote) quote = ''
    } else if (character === "'" || character === '"') quote = character
    else if (character === '[' || character === '{') depth += 1
    else if (character === ']' || character === '}') {
      depth -= 1
      if (depth > 0) continue
      const source = text.slice(cursor.at, at + 1)
      cursor.at = at + 1
      try {
        return { type: 'literal', value: JSON.parse(withDoubleQuotes(source)) }
      } catch (error) {
        throw new PathSyntaxError(`Not JSON: ${source}`, { cause: error })
      }
    }
  }
  throw new PathSyntaxError(`List is not closed: ${text}`)
}

function withDoubleQuotes(source: string): string {
  let out = ''
  const cursor: Cursor = { text: source, at: 0 }
  while (cursor.at < source.length) {
    const character = source[cursor.at]!
    if (character === "'" || character === '"') out += JSON.stringify(readQuoted(cursor))
    else {
      out += character
      cursor.at += 1
    }
  }
  return out
}

/** Whether a node fulfils a filter's condition. */
export function accepts(expression: FilterExpression, node: unknown, root: unknown, select: Select): boolean {
  switch (expression.type) {
    case 'or':
      return expression.operands.some((operand) => accepts(operand, node, root, select))
    case 'and':
      return expression.operands.every((operand) => accepts(operand, node, root, select))
    case 'not':
      return !accepts(expression.operand, node, root, select)
    case 'exists':
      return operandValue(expression.operand, node, root, select) !== undefined
    case 'comparison':
      return compare(
        expression.operator,
        operandValue(expression.left, node, root, select),
        expression.right.type === 'pattern'
          ? expression.right.pattern
          : operandValue(expression.right, node, root, select),
        expression.left.type === 'pattern' ? expression.left.pattern : undefined,
      )
    default:
      return expression satisfies never
  }
}

function operandValue(operand: Operand, node: unknown, root: unknown, select: Select): unknown {
  if (operand.type === 'literal') return operand.value
  if (operand.type === 'pattern') return undefined
  const value = select(operand.path, operand.root === '@' ? node : root)
  return Array.isArray(value) && value.length === 0 && !operand.path.definite ? undefined : value
}

function compare(operator: Operator, left: unknown, right: unknown, leftPattern: RE2JS | undefined): boolean {
  switch (operator) {
    case '==':
      return equal(left, right)
    case '!=':
      return !equal(left, right)
    case '===':
      return typeof left === typeof right && equal(left, right)
    case '!==':
      return typeof left !== typeof right || !equal(left, right)
    case '<':
      return order(left, right, (sign) => sign < 0)
    case '<=':
      return order(left, right, (sign) => sign <= 0)
    case '>':
      return order(left, right, (sign) => sign > 0)
    case '>=':
      return order(left, right, (sign) => sign >= 0)
    case '=~': {
      const pattern = right instanceof RE2JS ? right : leftPattern
      const subject = right instanceof RE2JS ? left : right
      return pattern !== undefined && typeof subject === 'string' && pattern.matches(subject)
    }
    case 'in':
      return Array.isArray(right) && right.some((item) => equal(left, item))
    case 'nin':
      return !(Array.isArray(right) && right.some((item) => equal(left, item)))
    case 'contains':
      if (typeof left === 'string') return typeof right === 'string' && left.includes(right)
      return Array.isArray(left) && left.some((item) => equal(item, right))
    case 'subsetof':
      return isList(left) && isList(right) && left.every((item) => right.some((other) => equal(item, other)))
    case 'anyof':
      return isList(left) && isList(right) && left.some((item) => right.some((other) => equal(item, other)))
    case 'noneof':
      return isList(left) && isList(right) && !left.some((item) => right.some((other) => equal(item, other)))
    case 'size':
      return sizeOf(left) !== undefined && sizeOf(left) === (Array.isArray(right) ? right.length : right)
    case 'empty':
      return sizeOf(left) !== undefined && (sizeOf(left) === 0) === right
    case 'type':
      return false
    default:
      return operator satisfies never
  }
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value)

function sizeOf(value: unknown): number | undefined {
  if (Array.isArray(value) || typeof value === 'string') return value.length
  return isObject(value) ? Object.keys(value).length : undefined
}

/** What Java's `BigDecimal` reads. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

function equal(left: unknown, right: unknown): boolean {
  if (left === undefined || right === undefined) return false
  if (typeof left === 'number' && typeof right === 'string') return DECIMAL.test(right) && Number(right) === left
  if (typeof left === 'string' && typeof right === 'number') return String(right) === left
  return jsonEquals(left, right)
}

function order(left: unknown, right: unknown, accept: (sign: number) => boolean): boolean {
  if (typeof left === 'number' && typeof right === 'number') return accept(left - right)
  if (typeof left === 'string' && typeof right === 'string') return accept(left < right ? -1 : left > right ? 1 : 0)
  return false
}
