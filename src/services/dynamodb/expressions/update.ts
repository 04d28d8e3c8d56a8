import {
  type AttributeType,
  type AttributeValue,
  attributeOf,
  cloneValue,
  type Item,
  setAttribute,
  sortSet,
  typeOf,
} from '../attributeValue.ts'
import { validationError } from '../errors.ts'
import { addNumbers, subtractNumbers } from '../number.ts'
import type { Operand, SetValue, UpdateAst } from './ast.ts'
import { type Bindings, immediateType, MAX_OPERATORS, Problems, resolvePath } from './bindings.ts'
import { type Path, pathProblem, valueAt } from './path.ts'
import { ExpressionError } from './tokens.ts'

/** An update with its placeholders resolved and checked. */
export interface BoundUpdate {
  /**
   * Changes `item`, which nobody else may hold. Values are computed from the item as it was.
   * Throws DynamoDB's ValidationException.
   */
  apply(item: Item): void
  /** The paths it changes, in the order of the text. */
  paths: readonly Path[]
  /** The types of top-level attributes that are set to values known before any item is read. */
  knownTypes: readonly { name: string; type: AttributeType }[]
}

type Kind =
  | 'reserved'
  | 'unknownFunction'
  | 'section'
  | 'undefined'
  | 'undefinedValue'
  | 'overlap'
  | 'conflict'
  | 'operand'
  | 'type'

const ORDER: readonly Kind[] = [
  'reserved',
  'unknownFunction',
  'section',
  'undefined',
  'undefinedValue',
  'overlap',
  'conflict',
  'operand',
  'type',
]

const WRONG_TYPE = 'An operand in the update expression has an incorrect data type'
const INVALID_PATH = 'The document path provided in the update expression is invalid for update'
const MISSING_ATTRIBUTE = 'The provided expression refers to an attribute that does not exist in the item'

const TYPE_WORDS: Partial<Record<AttributeType, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  NULL: 'NULL',
  BOOL: 'BOOLEAN',
  L: 'LIST',
  M: 'MAP',
}

type ReadValue = (item: Item) => AttributeValue

interface BoundValue {
  read: ReadValue
  /** For `if_not_exists`: undefined where a path leads nowhere. */
  path?: Path
  value?: AttributeValue
  type: AttributeType | undefined
}

type Change =
  | { type: 'SET'; path: Path; read: ReadValue }
  | { type: 'REMOVE'; path: Path }
  | { type: 'ADD' | 'DELETE'; path: Path; value: AttributeValue }

/** Resolves and checks a parsed update. Throws `ExpressionError` with DynamoDB's words. */
export function bindUpdate(ast: UpdateAst, bindings: Bindings): BoundUpdate {
  const problems = new Problems<Kind>()
  if (ast.repeatedSection !== undefined)
    problems.note('section', `The "${ast.repeatedSection}" section can only be used once in an update expression;`)
  const paths: Path[] = []
  const changes: Change[] = []
  const knownTypes: { name: string; type: AttributeType }[] = []
  for (const action of ast.actions) {
    const path = resolvePath(action.path, bindings, (kind, message) => problems.note(kind, message))
    for (const other of paths) {
      const problem = pathProblem(other, path)
      if (problem !== undefined) problems.note(problem.type, problem.message)
    }
    paths.push(path)
    if (action.type === 'REMOVE') {
      changes.push({ type: 'REMOVE', path })
      continue
    }
    const bound = bindValue(action.value, bindings, problems)
    if (bound.type !== undefined && path.length === 1) knownTypes.push({ name: path[0], type: bound.type })
    if (action.type === 'SET') changes.push({ type: 'SET', path, read: bound.read })
    else {
      const type = bound.type
      const word = type === undefined ? undefined : TYPE_WORDS[type]
      if (word !== undefined && !(action.type === 'ADD' && type === 'N'))
        problems.note(
          'operand',
          `Incorrect operand type for operator or function; operator: ${action.type}, operand type: ${word}`,
        )
      if (bound.value !== undefined) changes.push({ type: action.type, path, value: bound.value })
    }
  }
  problems.throwFirst(ORDER)
  if (ast.operators > MAX_OPERATORS)
    throw new ExpressionError(
      `The expression contains more than ${MAX_OPERATORS} operators; operator count: ${ast.operators}`,
    )
  return { apply: (item) => applyChanges(changes, item), paths, knownTypes }
}

function bindValue(value: SetValue, bindings: Bindings, problems: Problems<Kind>): BoundValue {
  if ('left' in value) {
    const left = bindOperand(value.left, bindings, problems)
    const right = bindOperand(value.right, bindings, problems)
    for (const { value: known } of [left, right]) {
      const type = immediateType(known)
      if (type !== undefined && type !== 'N') wrongOperand(problems, value.type, type)
    }
    const compute = value.type === '+' ? addNumbers : subtractNumbers
    return {
      read: (item) => {
        const one = left.read(item)
        const two = right.read(item)
        if (!('N' in one) || !('N' in two)) throw validationError(WRONG_TYPE)
        return { N: compute(one.N, two.N) }
      },
      type: 'N',
    }
  }
  return bindOperand(value, bindings, problems)
}

function wrongOperand(problems: Problems<Kind>, operator: string, type: AttributeType): void {
  problems.note(
    'type',
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  )
}

function bindOperand(operand: Operand, bindings: Bindings, problems: Problems<Kind>): BoundValue {
  switch (operand.type) {
    case 'path': {
      const path = resolvePath(operand.steps, bindings, (kind, message) => problems.note(kind, message))
      return {
        read: (item) => {
          const value = valueAt(item, path)
          if (value === undefined) throw validationError(MISSING_ATTRIBUTE)
          return value
        },
        path,
        type: undefined,
      }
    }
    case 'value': {
      const value = bindings.value(operand.placeholder)
      if (value === undefined) {
        problems.note(
          'undefinedValue',
          `An expression attribute value used in expression is not defined; attribute value: ${operand.placeholder}`,
        )
        return { read: unreadable, type: undefined }
      }
      return { read: () => value, value, type: typeOf(value) }
    }
    case 'function':
      return bindFunction(operand, bindings, problems)
    default:
      return operand satisfies never
  }
}

function unreadable(): never {
  throw new TypeError('an expression with problems is not evaluated')
}

function bindFunction(call: Operand & { type: 'function' }, bindings: Bindings, problems: Problems<Kind>): BoundValue {
  const args = call.args.map((argument) => bindOperand(argument, bindings, problems))
  const unusable: BoundValue = { read: unreadable, type: undefined }
  if (call.name !== 'if_not_exists' && call.name !== 'list_append') {
    problems.note('unknownFunction', `Invalid function name; function: ${call.name}`)
    return unusable
  }
  const [first, second] = args
  if (args.length !== 2 || first === undefined || second === undefined) {
    problems.note(
      'type',
      `Incorrect number of operands for operator or function; operator or function: ${call.name}, number of operands: ${args.length}`,
    )
    return unusable
  }
  if (call.name === 'if_not_exists') {
    const path = first.path
    if (path === undefined) {
      problems.note('type', 'Operator or function requires a document path; operator or function: if_not_exists')
      return unusable
    }
    return { read: (item) => valueAt(item, path) ?? second.read(item), type: second.type }
  }
  for (const { value } of args) {
    const type = immediateType(value)
    if (type !== undefined && type !== 'L') wrongOperand(problems, call.name, type)
  }
  return {
    read: (item) => {
      const one = first.read(item)
      const two = second.read(item)
      if (!('L' in one) || !('L' in two)) throw validationError(WRONG_TYPE)
      return { L: [...one.L, ...two.L] }
    },
    type: 'L',
  }
}

function applyChanges(changes: readonly Change[], item: Item): void {
  // Everything is read before anything is written; what is read may be written to twice, so it is copied.
  const values = changes.map((change) => (change.type === 'SET' ? cloneValue(change.read(item)) : undefined))
  const removals: { list: AttributeValue[]; index: number }[] = []
  const additions: { list: AttributeValue[]; index: number; value: AttributeValue }[] = []
  for (const [index, change] of changes.entries()) {
    const parent = parentOf(item, change.path)
    const step = change.path.at(-1) as string | number
    const current = typeof step === 'number' ? listOf(parent)[step] : attributeOf(mapOf(parent), step)
    const write = (value: AttributeValue): void => {
      if (typeof step === 'string') return setAttribute(mapOf(parent), step, value)
      const list = listOf(parent)
      if (step < list.length) list[step] = value
      else additions.push({ list, index: step, value })
    }
    const remove = (): void => {
      if (typeof step === 'string') delete mapOf(parent)[step]
      else if (step < listOf(parent).length) removals.push({ list: listOf(parent), index: step })
    }
    switch (change.type) {
      case 'SET':
        write(values[index] as AttributeValue)
        break
      case 'REMOVE':
        remove()
        break
      case 'ADD':
        write(added(current, change.value))
        break
      case 'DELETE':
        deleteMembers(current, change.value, write, remove)
        break
      default:
        change satisfies never
    }
  }
  // List indexes are those of the list as it was: members go from the end, new ones come behind the last.
  for (const { list, index } of removals.sort((one, two) => two.index - one.index)) list.splice(index, 1)
  for (const { list, value } of additions.sort((one, two) => one.index - two.index)) list.push(value)
}

type Container = { M: Item } | { L: AttributeValue[] }

function parentOf(item: Item, path: Path): Container {
  if (path.length === 1) return { M: item }
  const parent = valueAt(item, path.slice(0, -1) as unknown as Path)
  const step = path.at(-1)
  if (parent === undefined) throw validationError(INVALID_PATH)
  if (typeof step === 'number' ? 'L' in parent : 'M' in parent) return parent as Container
  throw validationError(INVALID_PATH)
}

function mapOf(container: Container): Item {
  if ('M' in container) return container.M
  throw validationError(INVALID_PATH)
}

function listOf(container: Container): AttributeValue[] {
  if ('L' in container) return container.L
  throw validationError(INVALID_PATH)
}

/** What ADD leaves: a sum, or a union of sets. */
function added(current: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (current === undefined) return cloneValue(value)
  if ('N' in value && 'N' in current) return { N: addNumbers(current.N, value.N) }
  if ('SS' in value && 'SS' in current) return { SS: union('SS', current.SS, value.SS) }
  if ('NS' in value && 'NS' in current) return { NS: union('NS', current.NS, value.NS) }
  if ('BS' in value && 'BS' in current) return { BS: union('BS', current.BS, value.BS) }
  throw validationError(WRONG_TYPE)
}

function union(type: 'SS' | 'NS' | 'BS', current: string[], more: string[]): string[] {
  return sortSet(type, [...new Set([...current, ...more])])
}

/** DELETE takes members out of a set; a set without members goes. */
function deleteMembers(
  current: AttributeValue | undefined,
  value: AttributeValue,
  write: (value: AttributeValue) => void,
  remove: () => void,
): void {
  if (current === undefined) return
  const settle = (members: string[], made: (members: string[]) => AttributeValue): void =>
    members.length === 0 ? remove() : write(made(members))
  if ('SS' in value && 'SS' in current) settle(without(current.SS, value.SS), (SS) => ({ SS }))
  else if ('NS' in value && 'NS' in current) settle(without(current.NS, value.NS), (NS) => ({ NS }))
  else if ('BS' in value && 'BS' in current) settle(without(current.BS, value.BS), (BS) => ({ BS }))
  else throw validationError(WRONG_TYPE)
}

function without(current: string[], members: string[]): string[] {
  const gone = new Set(members)
  return current.filter((member) => !gone.has(member))
}
