import {
  type AttributeType,
  type AttributeValue,
  compareValues,
  equalValues,
  type Item,
  typeOf,
} from '../attributeValue.ts'
import type { Comparator, ConditionAst, ConditionNode, Operand } from './ast.ts'
import { type Bindings, type ItemTest, MAX_OPERATORS, Problems, resolvePath } from './bindings.ts'
import { type Path, pathText, valueAt } from './path.ts'
import { ExpressionError } from './tokens.ts'

/** A condition or filter with its placeholders resolved and checked, ready to be asked of items. */
export interface BoundCondition {
  test: ItemTest
  /** Every document path in it. */
  paths: readonly Path[]
}

type Kind = 'unknownFunction' | 'misusedFunction' | 'reserved' | 'undefined' | 'operand' | 'distinct' | 'type' | 'leaf'

type ReadOperand = (item: Item) => AttributeValue | undefined

interface BoundOperand {
  read: ReadOperand
  /** Set for paths. */
  path?: Path
  /** Set for values. */
  value?: AttributeValue
  /** Known before any item is read. */
  type: AttributeType | undefined
  operand: Operand
}

const LEAF_ORDER: readonly Kind[] = ['undefined', 'operand', 'distinct', 'type']
const ORDER: readonly Kind[] = ['unknownFunction', 'misusedFunction', 'reserved', 'leaf']

const FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ['attribute_exists', 1],
  ['attribute_not_exists', 1],
  ['attribute_type', 2],
  ['begins_with', 2],
  ['contains', 2],
  ['size', 1],
])

const TYPE_NAMES: ReadonlySet<string> = new Set(['S', 'N', 'B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'NS', 'M'])

/** Resolves and checks a parsed condition. Throws `ExpressionError` with DynamoDB's words. */
export function bindCondition(ast: ConditionAst, bindings: Bindings, forKeys = false): BoundCondition {
  const binder = new ConditionBinder(bindings)
  const test = binder.bind(ast.node)
  // Key conditions may have parentheses around parentheses.
  if (ast.redundantParentheses && !forKeys) throw new ExpressionError('The expression has redundant parentheses;')
  binder.problems.throwFirst(ORDER)
  if (ast.operators > MAX_OPERATORS)
    throw new ExpressionError(
      `The expression contains more than ${MAX_OPERATORS} operators; operator count: ${ast.operators}`,
    )
  return { test, paths: binder.paths }
}

class ConditionBinder {
  readonly problems = new Problems<Kind>()
  readonly paths: Path[] = []
  readonly #bindings: Bindings
  readonly #leaf = new Problems<Kind>()

  constructor(bindings: Bindings) {
    this.#bindings = bindings
  }

  bind(node: ConditionNode): ItemTest {
    switch (node.type) {
      case 'and': {
        const left = this.bind(node.left)
        const right = this.bind(node.right)
        return (item) => left(item) && right(item)
      }
      case 'or': {
        const left = this.bind(node.left)
        const right = this.bind(node.right)
        return (item) => left(item) || right(item)
      }
      case 'not': {
        const inner = this.bind(node.condition)
        return (item) => !inner(item)
      }
      default: {
        const test = this.#bindLeaf(node)
        const message = this.#leaf.first(LEAF_ORDER)
        if (message !== undefined) this.problems.note('leaf', message)
        return test
      }
    }
  }

  #bindLeaf(node: Exclude<ConditionNode, { type: 'and' | 'or' | 'not' }>): ItemTest {
    switch (node.type) {
      case 'compare': {
        const left = this.#operand(node.left)
        const right = this.#operand(node.right)
        this.#checkMisused([left, right])
        this.#checkDistinct(node.comparator, left, right)
        if (node.comparator !== '=' && node.comparator !== '<>') this.#checkOrdered(node.comparator, [left, right])
        return comparison(node.comparator, left.read, right.read)
      }
      case 'between': {
        const operand = this.#operand(node.operand)
        const lower = this.#operand(node.lower)
        const upper = this.#operand(node.upper)
        this.#checkMisused([operand, lower, upper])
        this.#checkOrdered('BETWEEN', [operand, lower, upper])
        this.#checkBounds(lower, upper)
        return (item) => {
          const value = operand.read(item)
          const from = lower.read(item)
          const to = upper.read(item)
          if (value === undefined || from === undefined || to === undefined) return false
          const low = compareValues(value, from)
          const high = compareValues(value, to)
          return low !== undefined && high !== undefined && low >= 0 && high <= 0
        }
      }
      case 'in': {
        const operand = this.#operand(node.operand)
        const list = node.list.map((member) => this.#operand(member))
        this.#checkMisused([operand, ...list])
        if (list.length > 100)
          this.#leaf.note(
            'operand',
            `Incorrect number of operands for operator or function; operator or function: IN, number of operands: ${list.length + 1}`,
          )
        return (item) => {
          const value = operand.read(item)
          if (value === undefined) return false
          return list.some((member) => {
            const other = member.read(item)
            return other !== undefined && equalValues(value, other)
          })
        }
      }
      case 'call': {
        const bound = this.#call(node.call)
        if (node.call.name === 'size')
          this.problems.note(
            'misusedFunction',
            'The function is not allowed to be used this way in an expression; function: size',
          )
        return bound.test
      }
      default:
        return node satisfies never
    }
  }

  #operand(operand: Operand): BoundOperand {
    switch (operand.type) {
      case 'path': {
        const path = resolvePath(operand.steps, this.#bindings, (kind, message) =>
          kind === 'reserved' ? this.problems.note('reserved', message) : this.#leaf.note('undefined', message),
        )
        this.paths.push(path)
        const name = path[0]
        const read: ReadOperand =
          path.length === 1
            ? (item) => (Object.hasOwn(item, name) ? item[name] : undefined)
            : (item) => valueAt(item, path)
        return { read, path, type: undefined, operand }
      }
      case 'value': {
        const value = this.#bindings.value(operand.placeholder)
        if (value === undefined) {
          this.#leaf.note(
            'undefined',
            `An expression attribute value used in expression is not defined; attribute value: ${operand.placeholder}`,
          )
          return { read: () => undefined, type: undefined, operand }
        }
        return { read: () => value, value, type: typeOf(value), operand }
      }
      case 'function': {
        const bound = this.#call(operand)
        return { read: bound.read, type: bound.type, operand }
      }
      default:
        return operand satisfies never
    }
  }

  #call(call: Operand & { type: 'function' }): { test: ItemTest; read: ReadOperand; type: AttributeType | undefined } {
    const args = call.args.map((argument) => this.#operand(argument))
    this.#checkMisused(args)
    const unusable = { test: () => false, read: () => undefined, type: undefined }
    const arity = FUNCTIONS.get(call.name)
    if (arity === undefined) {
      this.problems.note('unknownFunction', `Invalid function name; function: ${call.name}`)
      return unusable
    }
    if (args.length !== arity) {
      this.#leaf.note(
        'operand',
        `Incorrect number of operands for operator or function; operator or function: ${call.name}, number of operands: ${args.length}`,
      )
      return unusable
    }
    const [first, second] = args as [BoundOperand, BoundOperand]
    if (second !== undefined) this.#checkDistinct(call.name, first, second)
    const wrongType = (type: string): void =>
      this.#leaf.note(
        'type',
        `Incorrect operand type for operator or function; operator or function: ${call.name}, operand type: ${type}`,
      )
    const needsPath = (): void => {
      if (first.path === undefined)
        this.#leaf.note('type', `Operator or function requires a document path; operator or function: ${call.name}`)
    }
    switch (call.name) {
      case 'attribute_exists':
        needsPath()
        return boolean((item) => first.read(item) !== undefined)
      case 'attribute_not_exists':
        needsPath()
        return boolean((item) => first.read(item) === undefined)
      case 'attribute_type': {
        if (second.value === undefined || !('S' in second.value)) {
          wrongType(second.type ?? '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}')
          return unusable
        }
        const type = second.value.S
        if (!TYPE_NAMES.has(type))
          this.#leaf.note(
            'type',
            `Invalid attribute type name found; type: ${type}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`,
          )
        return boolean((item) => {
          const value = first.read(item)
          return value !== undefined && typeOf(value) === type
        })
      }
      case 'begins_with':
        for (const { type } of args) if (type !== undefined && type !== 'S' && type !== 'B') wrongType(type)
        return boolean((item) => beginsWith(first.read(item), second.read(item)))
      case 'contains':
        return boolean((item) => contains(first.read(item), second.read(item)))
      default: {
        const type = first.type
        if (type === 'N' || type === 'BOOL' || type === 'NULL') wrongType(type)
        return {
          test: () => false,
          read: (item) => {
            const value = first.read(item)
            const size = value === undefined ? undefined : sizeOf(value)
            return size === undefined ? undefined : { N: String(size) }
          },
          type: 'N',
        }
      }
    }
  }

  /** Only `size` is a function whose result another operator or function can take. */
  #checkMisused(operands: readonly BoundOperand[]): void {
    for (const { operand } of operands)
      if (operand.type === 'function' && operand.name !== 'size')
        this.problems.note(
          'misusedFunction',
          `The function is not allowed to be used this way in an expression; function: ${operand.name}`,
        )
  }

  #checkDistinct(operator: string, left: BoundOperand, right: BoundOperand): void {
    const one = left.path
    const two = right.path
    if (one === undefined || two === undefined || one.length !== two.length) return
    if (one.every((step, index) => step === two[index]))
      this.#leaf.note(
        'distinct',
        `The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}, first operand: ${pathText(one)}`,
      )
  }

  #checkOrdered(operator: string, operands: readonly BoundOperand[]): void {
    for (const { type } of operands)
      if (type !== undefined && type !== 'S' && type !== 'N' && type !== 'B')
        this.#leaf.note(
          'type',
          `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
        )
  }

  #checkBounds(lower: BoundOperand, upper: BoundOperand): void {
    if (lower.value === undefined || upper.value === undefined) return
    const bounds = `lower bound operand: AttributeValue: ${valueText(lower.value)}, upper bound operand: AttributeValue: ${valueText(upper.value)}`
    if (lower.type !== upper.type)
      this.#leaf.note('type', `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`)
    else if ((compareValues(lower.value, upper.value) ?? 0) > 0)
      this.#leaf.note(
        'type',
        `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
      )
  }
}

function boolean(test: ItemTest): { test: ItemTest; read: ReadOperand; type: AttributeType | undefined } {
  return { test, read: () => undefined, type: 'BOOL' }
}

function valueText(value: AttributeValue): string {
  const [type, content] = Object.entries(value)[0] as [string, unknown]
  return `{${type}:${typeof content === 'string' ? content : JSON.stringify(content)}}`
}

function comparison(comparator: Comparator, left: ReadOperand, right: ReadOperand): ItemTest {
  if (comparator === '=' || comparator === '<>') {
    const wanted = comparator === '='
    return (item) => {
      const one = left(item)
      const two = right(item)
      // Something that is not there equals nothing, not even another thing that is not there.
      const equal = one !== undefined && two !== undefined && equalValues(one, two)
      return equal === wanted
    }
  }
  const holds = ORDERINGS[comparator]
  return (item) => {
    const one = left(item)
    const two = right(item)
    if (one === undefined || two === undefined) return false
    const order = compareValues(one, two)
    return order !== undefined && holds(order)
  }
}

const ORDERINGS: Record<Exclude<Comparator, '=' | '<>'>, (order: number) => boolean> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function beginsWith(value: AttributeValue | undefined, prefix: AttributeValue | undefined): boolean {
  if (value === undefined || prefix === undefined) return false
  if ('S' in value) return 'S' in prefix && value.S.startsWith(prefix.S)
  if (!('B' in value) || !('B' in prefix)) return false
  const start = Buffer.from(prefix.B, 'base64')
  return Buffer.from(value.B, 'base64').subarray(0, start.length).equals(start)
}

function contains(value: AttributeValue | undefined, part: AttributeValue | undefined): boolean {
  if (value === undefined || part === undefined) return false
  if ('S' in value) return 'S' in part && value.S.includes(part.S)
  if ('B' in value) return 'B' in part && Buffer.from(value.B, 'base64').includes(Buffer.from(part.B, 'base64'))
  if ('SS' in value) return 'S' in part && value.SS.includes(part.S)
  if ('NS' in value) return 'N' in part && value.NS.includes(part.N)
  if ('BS' in value) return 'B' in part && value.BS.includes(part.B)
  if ('L' in value) return value.L.some((member) => equalValues(member, part))
  return false
}

/** What `size` answers; undefined for types that have no size. */
function sizeOf(value: AttributeValue): number | undefined {
  if ('S' in value) return Buffer.byteLength(value.S)
  if ('B' in value) return Buffer.byteLength(value.B, 'base64')
  if ('SS' in value) return value.SS.length
  if ('NS' in value) return value.NS.length
  if ('BS' in value) return value.BS.length
  if ('L' in value) return value.L.length
  if ('M' in value) return Object.keys(value.M).length
  return undefined
}
