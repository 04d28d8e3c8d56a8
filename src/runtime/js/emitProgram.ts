import type {
  AnyNode,
  ArrayExpression,
  AssignmentExpression,
  BinaryExpression,
  CallExpression,
  Expression,
  Identifier,
  MemberExpression,
  ObjectExpression,
  Pattern,
  Program,
  SpreadElement,
  TaggedTemplateExpression,
} from 'acorn'
import { ELEMENT_SIZE, PROPERTY_SIZE } from '../emit/budget.ts'
import { type HostValue, hostMember, resolveHostName } from './hostValues.ts'
import type { Binding, Names } from './names.ts'
import { type FunctionNode, staticKey } from './nodes.ts'

/** A program as JavaScript, and the host functions that it calls, by position. */
export interface EmittedProgram {
  /** The body of a function of the operators and `h` (host functions) that returns `(b) => handlers`. */
  code: string
  hostFunctions: unknown[]
  /** Where the user's own errors are raised (`util.error`, `util.unauthorized`): their messages get no place. */
  ownErrors: ReadonlySet<number>
}

/** How problems are reported that show only when names are resolved to host values. */
export type Report = (code: number, message: string, node: AnyNode, errorType?: string) => void

/** How the tests watch the emitter. Nothing else uses it. */
export interface Inspection {
  /** Is shown the value of every member that is read and of every call. */
  see?: (value: unknown) => void
  /** Is shown every function that the program makes. */
  own?: (closure: unknown) => void
  /** Leaves out the guard of member reads: the planted hole that the tests must find. */
  inheritedReads?: boolean
}

/** The operators by the names that emitted programs call them. */
export const OPERATOR_NAMES = {
  $get: 'get',
  $set: 'set',
  $del: 'remove',
  $made: 'made',
  $add: 'add',
  $num: 'number',
  $less: 'less',
  $upto: 'lessOrEqual',
  $same: 'same',
  $eq: 'equal',
  $iter: 'iterate',
  $snap: 'snapshot',
  $cat: 'concatenate',
  $spread: 'spread',
  $define: 'define',
  $rest: 'rest',
  $open: 'destructurable',
  $keys: 'keys',
  $call: 'call',
  $host: 'host',
  $key: 'toKey',
  $text: 'toText',
  $method: 'callMethod',
  $at: 'callComputed',
  $has: 'hasMethod',
  $shape: 'shape',
  $Map: 'EmptyMap',
} as const

interface FunctionState {
  /** Temporaries that the function declares. */
  temps: number
}

interface State {
  names: Names
  report: Report
  inspection: Inspection
  hostFunctions: unknown[]
  hostIndex: Map<unknown, number>
  functions: FunctionState[]
  unique: number
  hostBindings: Map<Binding, HostValue | undefined>
  ownErrors: Set<number>
  /** Constructors of the maps that literals make. */
  shapes: string[]
}

/** Arithmetic and bit operators: both sides become numbers. */
const NUMERIC = new Set(['-', '*', '/', '%', '**', '|', '&', '^', '<<', '>>', '>>>'])

/** A loop turn and a call cost a step. */
const STEP = 'if(--b.steps<0)b.stepsSpent();'

export function emitProgram(
  program: Program,
  names: Names,
  handlers: ReadonlyMap<string, Binding>,
  report: Report,
  inspection: Inspection = {},
): EmittedProgram {
  const state: State = {
    names,
    report,
    inspection,
    hostFunctions: [],
    hostIndex: new Map(),
    functions: [{ temps: 0 }],
    unique: 0,
    hostBindings: new Map(),
    ownErrors: new Set(),
    shapes: [],
  }
  const body = statements(program.body, state)
  const hoisted = hoistedVariables(program, state)
  const result = ['request', 'response']
    .filter((name) => handlers.has(name))
    .map((name) => `${name}:${variable(handlers.get(name) as Binding)}`)
  const temps = temporaries(state.functions[0] as FunctionState)
  const host = state.hostFunctions.map((_, index) => `const h${index}=h[${index}];`).join('')
  const shapes = state.shapes.map((code, index) => `const s${index}=${code};`).join('')
  return {
    code: `"use strict";${host}${shapes}return (b)=>{${temps}${hoisted}${body}return {__proto__:null,${result.join(',')}};}`,
    hostFunctions: state.hostFunctions,
    ownErrors: state.ownErrors,
  }
}

function variable(binding: Binding): string {
  return `v${binding.id}`
}

function temporary(state: State): string {
  const current = state.functions.at(-1) as FunctionState
  return `t${current.temps++}`
}

function temporaries({ temps }: FunctionState): string {
  return temps === 0 ? '' : `let ${Array.from({ length: temps }, (_, index) => `t${index}`).join(',')};`
}

function uniqueName(state: State): string {
  return `u${state.unique++}`
}

function hoistedVariables(node: AnyNode, state: State): string {
  const list = state.names.hoistedBy(node).filter((binding) => hostOf(binding, state) === undefined)
  return list.length === 0 ? '' : `let ${list.map(variable).join(',')};`
}

function hostFunction(value: unknown, state: State): string {
  let index = state.hostIndex.get(value)
  if (index === undefined) {
    index = state.hostFunctions.push(value) - 1
    state.hostIndex.set(value, index)
  }
  return `h${index}`
}

// --- names of the host -----------------------------------------------------------------------------------------------

/** What a binding means when it stands for something of the host: an import, or a `const` that renames one. */
function hostOf(binding: Binding, state: State): HostValue | undefined {
  if (state.hostBindings.has(binding)) return state.hostBindings.get(binding)
  // Known as nothing while it is looked at, so that names which rename each other come to an end.
  state.hostBindings.set(binding, undefined)
  const host = findHost(binding, state)
  state.hostBindings.set(binding, host)
  return host
}

function findHost(binding: Binding, state: State): HostValue | undefined {
  if (binding.imported !== undefined) return resolveHostName(binding.imported.module, binding.imported.name)
  if (binding.isReassigned || binding.kind !== 'const') return undefined
  const { initial, member } = binding
  if (member !== undefined) {
    const owner = hostValue(member.source, state)
    return owner === undefined ? undefined : hostMember(owner, member.key)
  }
  if (initial === undefined) return undefined
  if (initial.type !== 'Identifier' && initial.type !== 'MemberExpression') return undefined
  const host = hostValue(initial, state)
  return host?.kind === 'table' ? host : undefined
}

/** What an expression means when it names something of the host, such as `util.time` or `Math.max`. */
function hostValue(node: AnyNode, state: State): HostValue | undefined {
  if (node.type === 'Identifier') {
    const binding = state.names.bindingOf(node)
    return binding === undefined ? resolveHostName(undefined, node.name) : hostOf(binding, state)
  }
  if (node.type === 'ChainExpression') return hostValue(node.expression, state)
  if (node.type !== 'MemberExpression' || node.object.type === 'Super') return undefined
  const owner = hostValue(node.object, state)
  if (owner === undefined || owner.kind !== 'table') return undefined
  const key = staticKey(node as never)
  return key === undefined ? undefined : hostMember(owner, key)
}

/** Reports a host name that stands where a value is needed. */
function hostAsValue(host: HostValue, node: AnyNode, state: State): string {
  if (host.kind === 'constant') return numberText(host.value)
  state.report(0, `Invalid function: ${host.path}`, node, 'INVALID_FUNCTION_INVOCATION')
  return 'void 0'
}

// --- statements ------------------------------------------------------------------------------------------------------

function statements(body: readonly AnyNode[], state: State): string {
  const hoisted: string[] = []
  for (const statement of body) {
    const node =
      statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement
    if (node.type !== 'FunctionDeclaration' || !node.id) continue
    const binding = state.names.bindingOf(node.id)
    if (binding?.definition === node) hoisted.push(`const ${variable(binding)}=${functionCode(node, state)};`)
  }
  return hoisted.join('') + body.map((statement) => statementCode(statement, state)).join('')
}

function statementCode(node: AnyNode, state: State): string {
  switch (node.type) {
    case 'ExpressionStatement':
      return `${expression(node.expression, state)};`
    case 'VariableDeclaration':
      return node.declarations
        .map((declarator) => {
          if (declarator.id.type === 'Identifier') {
            const binding = state.names.bindingOf(declarator.id)
            if (binding !== undefined && hostOf(binding, state) !== undefined) return ''
          }
          const keyword = node.kind === 'var' ? '' : node.kind
          if (declarator.id.type === 'Identifier') {
            if (!declarator.init) return keyword === '' ? '' : `${keyword} ${bound(declarator.id, state)};`
            return `${keyword} ${bound(declarator.id, state)}=${expression(declarator.init, state)};`
          }
          return destructure(declarator, keyword, state)
        })
        .join('')
    case 'ReturnStatement':
      return node.argument ? `return ${expression(node.argument, state)};` : 'return;'
    case 'IfStatement': {
      const otherwise = node.alternate ? ` else {${statementCode(node.alternate, state)}}` : ''
      return `if(${expression(node.test, state)}){${statementCode(node.consequent, state)}}${otherwise}`
    }
    case 'BlockStatement':
      return `{${statements(node.body, state)}}`
    case 'ForOfStatement':
    case 'ForInStatement':
      return loop(node, state)
    case 'SwitchStatement':
      return switchCode(node, state)
    case 'BreakStatement':
      return 'break;'
    case 'ExportNamedDeclaration':
      return node.declaration ? statementCode(node.declaration, state) : ''
    default:
      // Imports and function declarations are done; the rest is refused by the checks.
      return ''
  }
}

function bound(identifier: Identifier, state: State): string {
  const binding = state.names.bindingOf(identifier)
  return binding === undefined ? 'v0' : variable(binding)
}

function destructure(
  declarator: { id: Pattern; init?: Expression | null | undefined },
  keyword: string,
  state: State,
): string {
  const { init } = declarator
  const host = init ? hostValue(init, state) : undefined
  if (host?.kind === 'table' && declarator.id.type === 'ObjectPattern' && keyword === 'const') {
    for (const property of declarator.id.properties) {
      const binding =
        property.type === 'Property' && property.value.type === 'Identifier'
          ? state.names.bindingOf(property.value)
          : undefined
      if (binding !== undefined && hostOf(binding, state) !== undefined) continue
      const key = property.type === 'Property' && property.key.type === 'Identifier' ? property.key.name : undefined
      if (key === undefined) state.report(0, `Invalid function: ${host.path}`, property, 'INVALID_FUNCTION_INVOCATION')
      else state.report(2339, `Property '${key}' does not exist on type '${host.typeName}'.`, property)
    }
    return ''
  }
  const source = uniqueName(state)
  const value = init ? expression(init, state) : 'void 0'
  return `const ${source}=${value};${pattern(declarator.id, source, keyword, state)}`
}

/** Statements that take `value` (a name) apart into a pattern; `keyword` declares, none assigns. */
function pattern(target: Pattern, value: string, keyword: string, state: State): string {
  switch (target.type) {
    case 'Identifier':
      return keyword === ''
        ? `${assignIdentifier(target, value, state)};`
        : `${keyword} ${bound(target, state)}=${value};`
    case 'MemberExpression':
      return `${assignMember(target, value, state)};`
    case 'AssignmentPattern': {
      const name = uniqueName(state)
      const fallback = expression(target.right, state)
      return `const ${name}=${value}===void 0?${fallback}:${value};${pattern(target.left, name, keyword, state)}`
    }
    case 'ArrayPattern': {
      const list = uniqueName(state)
      const parts = target.elements.map((element, index) => {
        if (element === null) return ''
        const name = uniqueName(state)
        if (element.type === 'RestElement') {
          return `const ${name}=$method(b,${list},"slice",[${index}],${target.start});${pattern(element.argument, name, keyword, state)}`
        }
        return `const ${name}=$get(b,${list},${index},${target.start});${pattern(element, name, keyword, state)}`
      })
      return `const ${list}=$iter(b,${value},${target.start});${parts.join('')}`
    }
    case 'ObjectPattern': {
      const keys: string[] = []
      const parts = target.properties.map((property) => {
        const name = uniqueName(state)
        if (property.type === 'RestElement') {
          return `const ${name}=$rest(b,${value},[${keys.join(',')}]);${pattern(property.argument, name, keyword, state)}`
        }
        let key: string
        let before = ''
        if (property.computed) {
          key = uniqueName(state)
          before = `const ${key}=$text(b,${expression(property.key, state)});`
        } else key = literalKey(property.key)
        keys.push(key)
        return `${before}const ${name}=$get(b,${value},${key},${property.start});${pattern(property.value, name, keyword, state)}`
      })
      return `$open(b,${value},${target.start});${parts.join('')}`
    }
    case 'RestElement':
      return pattern(target.argument, value, keyword, state)
  }
}

function literalKey(key: AnyNode): string {
  if (key.type === 'Identifier') return text(key.name)
  return key.type === 'Literal' ? text(String(key.value)) : '""'
}

function loop(node: Extract<AnyNode, { type: 'ForOfStatement' | 'ForInStatement' }>, state: State): string {
  const item = uniqueName(state)
  const right = expression(node.right, state)
  const source = node.type === 'ForOfStatement' ? `$iter(b,${right},${node.right.start})` : `$keys(b,${right})`
  let head: string
  if (node.left.type === 'VariableDeclaration') {
    const target = node.left.declarations[0]?.id
    head = target === undefined ? '' : pattern(target, item, node.left.kind === 'var' ? '' : node.left.kind, state)
  } else head = pattern(node.left, item, '', state)
  return `for(const ${item} of ${source}){${STEP}${head}${statementCode(node.body, state)}}`
}

function switchCode(node: Extract<AnyNode, { type: 'SwitchStatement' }>, state: State): string {
  const subject = uniqueName(state)
  const cases = node.cases.map((switchCase) => {
    const label = switchCase.test ? `case $same(b,${subject},${expression(switchCase.test, state)})` : 'default'
    return `${label}:${switchCase.consequent.map((statement) => statementCode(statement, state)).join('')}`
  })
  const declarations = node.cases.flatMap((switchCase) => switchCase.consequent)
  const hoisted: string[] = []
  for (const declaration of declarations) {
    if (declaration.type !== 'FunctionDeclaration' || !declaration.id) continue
    const binding = state.names.bindingOf(declaration.id)
    if (binding?.definition === declaration)
      hoisted.push(`const ${variable(binding)}=${functionCode(declaration, state)};`)
  }
  const discriminant = expression(node.discriminant, state)
  return `{const ${subject}=${discriminant};${hoisted.join('')}switch(true){${cases.join('')}}}`
}

// --- functions -------------------------------------------------------------------------------------------------------

/** Every function becomes an arrow function: no `this`, no `arguments`, no prototype, not constructible. */
function functionCode(node: FunctionNode, state: State): string {
  const own: FunctionState = { temps: 0 }
  state.functions.push(own)
  const parameters: string[] = []
  let opening = ''
  for (const parameter of node.params) {
    const name = uniqueName(state)
    if (parameter.type === 'RestElement') {
      parameters.push(`...${name}`)
      opening += `$made(b,${name},${name}.length*${ELEMENT_SIZE});${pattern(parameter.argument, name, 'let', state)}`
    } else {
      parameters.push(name)
      opening += pattern(parameter, name, 'let', state)
    }
  }
  const body =
    node.body.type === 'BlockStatement' ? statements(node.body.body, state) : `return ${expression(node.body, state)};`
  const hoisted = hoistedVariables(node, state)
  state.functions.pop()
  // A function expression may know itself by a name of its own; calling it is recursion, which the checks refuse.
  const named = node.type === 'FunctionExpression' && node.id ? `const ${bound(node.id, state)}=void 0;` : ''
  const code = `((${parameters.join(',')})=>{${STEP}${temporaries(own)}${named}${opening}${hoisted}${body}})`
  return state.inspection.own === undefined ? code : `$own(${code})`
}

// --- expressions -----------------------------------------------------------------------------------------------------

function expression(node: AnyNode, state: State): string {
  const code = expressionCode(node, state)
  const isSeen = node.type === 'MemberExpression' || node.type === 'CallExpression' || node.type === 'ChainExpression'
  return isSeen && state.inspection.see !== undefined ? `$see(${code})` : code
}

function expressionCode(node: AnyNode, state: State): string {
  switch (node.type) {
    case 'Literal':
      return literal(node.value)
    case 'Identifier':
      return identifier(node, state)
    case 'TemplateLiteral':
      return template(node, state)
    case 'ArrayExpression':
      return array(node, state)
    case 'ObjectExpression':
      return object(node, state)
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return functionCode(node, state)
    case 'UnaryExpression':
      return unary(node, state)
    case 'BinaryExpression':
      return binary(node, state)
    case 'LogicalExpression':
      return `(${expression(node.left, state)}${node.operator}${expression(node.right, state)})`
    case 'ConditionalExpression':
      return `(${expression(node.test, state)}?${expression(node.consequent, state)}:${expression(node.alternate, state)})`
    case 'SequenceExpression':
      return `(${node.expressions.map((each) => expression(each, state)).join(',')})`
    case 'ParenthesizedExpression':
      return expression(node.expression, state)
    case 'AssignmentExpression':
      return assignment(node, state)
    case 'ChainExpression':
    case 'MemberExpression':
    case 'CallExpression':
      return chain(node, state, (code) => code)
    case 'TaggedTemplateExpression':
      return taggedTemplate(node, state)
    default:
      // Refused by the checks; never run.
      return 'void 0'
  }
}

function text(value: string): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (mark) => (mark === '\u2028' ? '\\u2028' : '\\u2029'))
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return '(0/0)'
  if (!Number.isFinite(value)) return value > 0 ? '(1/0)' : '(-1/0)'
  return Object.is(value, -0) ? '(-0)' : value < 0 ? `(${value})` : String(value)
}

function literal(value: unknown): string {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') return numberText(value)
  return typeof value === 'boolean' ? String(value) : 'null'
}

/** The constants of the language. */
const CONSTANTS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  undefined: '(void 0)',
  NaN: '(0/0)',
  Infinity: '(1/0)',
})

/** Functions that TypeScript knows and the runtime has not. */
const LANGUAGE_GLOBALS = new Set([
  'Array',
  'BigInt',
  'Date',
  'Error',
  'Function',
  'Object',
  'RegExp',
  'String',
  'Symbol',
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'escape',
  'eval',
  'unescape',
])

function identifier(node: Identifier, state: State): string {
  const binding = state.names.bindingOf(node)
  if (binding === undefined) {
    const constant = CONSTANTS[node.name]
    if (constant !== undefined) return constant
    const host = resolveHostName(undefined, node.name)
    if (host !== undefined) return hostAsValue(host, node, state)
    state.report(2304, `Cannot find name '${node.name}'.`, node)
    return 'void 0'
  }
  const host = hostOf(binding, state)
  return host === undefined ? variable(binding) : hostAsValue(host, node, state)
}

function template(node: Extract<AnyNode, { type: 'TemplateLiteral' }>, state: State): string {
  let code = text(node.quasis[0]?.value.cooked ?? '')
  for (const [index, part] of node.expressions.entries()) {
    code = `$add(b,${code},${expression(part, state)})`
    const after = node.quasis[index + 1]?.value.cooked ?? ''
    if (after !== '') code = `$add(b,${code},${text(after)})`
  }
  return code
}

function array(node: ArrayExpression, state: State): string {
  return list(node.elements, node.start, state)
}

/** A list of expressions and spreads, as elements or arguments. */
function list(elements: readonly (Expression | SpreadElement | null)[], site: number, state: State): string {
  if (!elements.some((element) => element?.type === 'SpreadElement')) {
    const codes = elements.map((element) => (element === null ? 'void 0' : expression(element, state)))
    return codes.length === 0 ? '[]' : `$made(b,[${codes.join(',')}],${codes.length * ELEMENT_SIZE})`
  }
  const parts: string[] = []
  let plain: string[] = []
  for (const element of elements) {
    if (element?.type === 'SpreadElement') {
      if (plain.length > 0) parts.push(`[${plain.join(',')}]`)
      plain = []
      const isLast = element === elements.at(-1)
      parts.push(`${isLast ? '$iter' : '$snap'}(b,${expression(element.argument, state)},${site})`)
    } else plain.push(element === null ? 'void 0' : expression(element, state))
  }
  if (plain.length > 0) parts.push(`[${plain.join(',')}]`)
  return `$cat(b,[${parts.join(',')}])`
}

function object(node: ObjectExpression, state: State): string {
  const isSimple = node.properties.every((property) => property.type === 'Property' && !property.computed)
  if (isSimple) {
    const properties = node.properties.filter((property) => property.type === 'Property')
    const members = properties.map((property) => literalKey(property.key))
    const values = properties.map((property) => expression(property.value, state))
    const size = (members.length + 1) * PROPERTY_SIZE
    if (members.length === 0) return `$made(b,new $Map(),${size})`
    return `$made(b,new ${shape(members, state)}(${values.join(',')}),${size})`
  }
  let code = `$made(b,new $Map(),${PROPERTY_SIZE})`
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') code = `$spread(b,${code},${expression(property.argument, state)})`
    else {
      const key = property.computed ? expression(property.key, state) : literalKey(property.key)
      code = `$define(b,${code},${key},${expression(property.value, state)})`
    }
  }
  return code
}

/** The constructor of the maps that a literal makes, as V8 likes them best: every member set in order. */
function shape(members: readonly string[], state: State): string {
  const parameters = members.map((_, index) => `a${index}`)
  const body = members.map((member, index) => `this[${member}]=a${index};`).join('')
  const code = `$shape(function(${parameters.join(',')}){${body}})`
  let index = state.shapes.indexOf(code)
  if (index < 0) index = state.shapes.push(code) - 1
  return `s${index}`
}

function unary(node: Extract<AnyNode, { type: 'UnaryExpression' }>, state: State): string {
  const { argument } = node
  switch (node.operator) {
    case 'typeof':
      return `(typeof ${expression(argument, state)})`
    case '!':
      return `(!${expression(argument, state)})`
    case 'void':
      return `(void ${expression(argument, state)})`
    case '-':
      return `(-$num(b,${expression(argument, state)}))`
    case '+':
      return `(+$num(b,${expression(argument, state)}))`
    case 'delete': {
      const target = argument.type === 'ChainExpression' ? argument.expression : argument
      if (target.type !== 'MemberExpression') {
        state.report(2703, "The operand of a 'delete' operator must be a property reference.", node)
        return 'void 0'
      }
      return chain(target.object as AnyNode, state, (owner) => {
        const key = keyOf(target, state)
        if (!target.optional) return `$del(b,${owner},${key},${node.start})`
        const name = temporary(state)
        return `((${name}=${owner})==null?true:$del(b,${name},${key},${node.start}))`
      })
    }
    default:
      return 'void 0'
  }
}

/** Whether comparing with this expression costs the same however long the other side is. */
function isShort(node: AnyNode): boolean {
  if (node.type === 'Literal') return typeof node.value !== 'string' || node.value.length <= 64
  if (node.type === 'Identifier') return Object.hasOwn(CONSTANTS, node.name)
  return node.type === 'UnaryExpression' && (node.operator === 'typeof' || node.operator === 'void')
}

function binary(node: BinaryExpression, state: State): string {
  const { operator } = node
  const left = expression(node.left, state)
  const right = expression(node.right, state)
  if (NUMERIC.has(operator)) return `($num(b,${left})${operator}$num(b,${right}))`
  const isCheap = isShort(node.left) || isShort(node.right)
  switch (operator) {
    case '+':
      return `$add(b,${left},${right})`
    case '<':
      return `$less(b,${left},${right})`
    case '<=':
      return `$upto(b,${left},${right})`
    case '>':
      return swapped('$less', left, right, state)
    case '>=':
      return swapped('$upto', left, right, state)
    case '===':
      return isCheap ? `(${left}===${right})` : `$same(b,${left},${right})`
    case '!==':
      return isCheap ? `(${left}!==${right})` : `(!$same(b,${left},${right}))`
    case '==':
      return `$eq(b,${left},${right})`
    case '!=':
      return `(!$eq(b,${left},${right}))`
    default:
      return 'void 0'
  }
}

/** `a > b` is `b < a`, but `a` is evaluated first. */
function swapped(operator: string, left: string, right: string, state: State): string {
  const first = temporary(state)
  const second = temporary(state)
  return `(${first}=${left},${second}=${right},${operator}(b,${second},${first}))`
}

function keyOf(node: MemberExpression, state: State): string {
  const key = staticKey(node as never)
  if (
    key !== undefined &&
    (!node.computed || node.property.type !== 'Literal' || typeof node.property.value === 'string')
  ) {
    return text(key)
  }
  return expression(node.property, state)
}

function read(owner: string, key: string, site: number, state: State): string {
  if (state.inspection.inheritedReads === true) return `(${owner})[${key}]`
  return `$get(b,${owner},${key},${site})`
}

// --- calls and members, with `?.` ------------------------------------------------------------------------------------

/**
 * A chain of members and calls. `rest` continues with the code of the value; where `?.` meets null or undefined, the
 * whole rest of the chain is skipped.
 */
function chain(node: AnyNode, state: State, rest: (code: string) => string): string {
  if (node.type === 'ChainExpression') return rest(chain(node.expression, state, (code) => code))
  if (node.type === 'MemberExpression') {
    const host = hostValue(node, state)
    if (host !== undefined) return rest(hostAsValue(host, node, state))
    const owner = hostValue(node.object, state)
    if (owner !== undefined) return rest(unknownMember(node, owner, state))
    return chain(node.object, state, (object) => {
      const key = keyOf(node, state)
      if (!node.optional) return rest(read(object, key, node.start, state))
      const name = temporary(state)
      return `((${name}=${object})==null?void 0:${rest(read(name, key, node.start, state))})`
    })
  }
  if (node.type === 'CallExpression') return callChain(node, state, rest)
  return rest(expression(node, state))
}

function unknownMember(node: MemberExpression, owner: HostValue, state: State): string {
  const key = staticKey(node as never)
  if (owner.kind === 'table' && key !== undefined) {
    state.report(2339, `Property '${key}' does not exist on type '${owner.typeName}'.`, node.property)
  } else if (owner.kind === 'constant') return read(numberText(owner.value), keyOf(node, state), node.start, state)
  else state.report(0, `Invalid function: ${owner.path}`, node, 'INVALID_FUNCTION_INVOCATION')
  return 'void 0'
}

function callChain(node: CallExpression, state: State, rest: (code: string) => string): string {
  const { callee } = node
  const host = hostValue(callee, state)
  if (host !== undefined) {
    const called = host.kind === 'constant' ? undefined : host.call
    if (called === undefined) {
      state.report(2349, 'This expression is not callable.', callee)
      return rest('void 0')
    }
    if (host.path === 'util.error' || host.path === 'util.unauthorized') state.ownErrors.add(node.start)
    return rest(`$host(b,${node.start},${hostFunction(called, state)},${list(node.arguments, node.start, state)})`)
  }
  if (callee.type === 'Identifier') {
    const binding = state.names.bindingOf(callee)
    if (binding === undefined) {
      if (CONSTANTS[callee.name] === undefined) {
        if (LANGUAGE_GLOBALS.has(callee.name)) {
          state.report(0, `Invalid function: ${callee.name}`, node, 'INVALID_FUNCTION_INVOCATION')
        } else state.report(2304, `Cannot find name '${callee.name}'.`, callee)
      }
      return rest('void 0')
    }
    if (binding.definition !== undefined && !binding.isReassigned) {
      return rest(`${variable(binding)}(${spreadArguments(node, state)})`)
    }
    return rest(closureCall(variable(binding), callee.name, node, state))
  }
  if (callee.type === 'MemberExpression' && callee.object.type !== 'Super') {
    const owner = hostValue(callee.object, state)
    if (owner !== undefined && owner.kind !== 'constant') return rest(unknownMember(callee, owner, state))
    return chain(callee.object, state, (object) => {
      const call = (receiver: string): string => {
        const key = keyOf(callee, state)
        const args = list(node.arguments, node.start, state)
        const name = staticKey(callee as never)
        checkMethod(callee, name, state)
        const code =
          name === undefined
            ? `$at(b,${receiver},${key},${args},${node.start})`
            : `$method(b,${receiver},${text(name)},${args},${node.start})`
        if (!node.optional) return rest(code)
        return name === undefined ? rest(code) : `($has(${receiver},${text(name)})?${rest(code)}:void 0)`
      }
      if (!callee.optional && !node.optional) return call(object)
      const name = temporary(state)
      if (!callee.optional) return `(${name}=${object},${call(name)})`
      return `((${name}=${object})==null?void 0:${call(name)})`
    })
  }
  return chain(callee, state, (code) => rest(closureCall(code, 'expression', node, state)))
}

function closureCall(callee: string, name: string, node: CallExpression, state: State): string {
  const args = list(node.arguments, node.start, state)
  if (!node.optional) return `$call(b,${callee},${args},${node.start},${text(name)})`
  const held = temporary(state)
  return `((${held}=${callee})==null?void 0:$call(b,${held},${args},${node.start},${text(name)}))`
}

function spreadArguments(node: CallExpression, state: State): string {
  if (!node.arguments.some((argument) => argument.type === 'SpreadElement')) {
    return node.arguments.map((argument) => expression(argument, state)).join(',')
  }
  return `...${list(node.arguments, node.start, state)}`
}

/** A tagged template: `sql` of the rds module, and `String.raw`. */
function taggedTemplate(node: TaggedTemplateExpression, state: State): string {
  const host = hostValue(node.tag, state)
  const isRaw =
    node.tag.type === 'MemberExpression' &&
    node.tag.object.type === 'Identifier' &&
    state.names.bindingOf(node.tag.object) === undefined &&
    node.tag.object.name === 'String' &&
    staticKey(node.tag as never) === 'raw'
  const parts = node.quasi.quasis.map((quasi) => (isRaw ? quasi.value.raw : (quasi.value.cooked ?? '')))
  const values = node.quasi.expressions.map((each) => expression(each, state))
  if (isRaw) {
    return values.reduce(
      (code, value, index) => `$add(b,$add(b,${code},${value}),${text(parts[index + 1] ?? '')})`,
      text(parts[0] ?? ''),
    )
  }
  if (host?.kind !== 'function') {
    state.report(0, 'Unsupported syntax type: TaggedTemplateExpression', node, 'UNSUPPORTED_SYNTAX_TYPE')
    return 'void 0'
  }
  const strings = `$made(b,[${parts.map(text).join(',')}],${parts.length * ELEMENT_SIZE})`
  return `$host(b,${node.start},${hostFunction(host.call, state)},[${[strings, ...values].join(',')}])`
}

// --- assignments -----------------------------------------------------------------------------------------------------

function assignment(node: AssignmentExpression, state: State): string {
  const { left, operator } = node
  if (operator === '=') {
    if (left.type === 'Identifier') return assignIdentifier(left, expression(node.right, state), state)
    if (left.type === 'MemberExpression') {
      if (hostValue(left.object, state) !== undefined) return hostTarget(left, state)
      const owner = expression(left.object, state)
      return `$set(b,${owner},${keyOf(left, state)},${expression(node.right, state)},${node.start})`
    }
    // Statements in an expression: taken apart by an immediately called arrow function.
    const value = temporary(state)
    const own: FunctionState = { temps: 0 }
    const right = expression(node.right, state)
    state.functions.push(own)
    const source = uniqueName(state)
    const body = pattern(left, source, '', state)
    state.functions.pop()
    return `(${value}=${right},((${source})=>{${temporaries(own)}${body}})(${value}),${value})`
  }
  const symbol = operator.slice(0, -1)
  const isLogical = symbol === '&&' || symbol === '||' || symbol === '??'
  const combine = (current: string): string => {
    const right = expression(node.right, state)
    if (NUMERIC.has(symbol)) return `($num(b,${current})${symbol}$num(b,${right}))`
    return `$add(b,${current},${right})`
  }
  if (left.type === 'Identifier') {
    const current = identifier(left, state)
    if (isLogical) return `(${current}${symbol}(${assignIdentifier(left, expression(node.right, state), state)}))`
    return assignIdentifier(left, combine(current), state)
  }
  if (left.type !== 'MemberExpression') return 'void 0'
  if (hostValue(left.object, state) !== undefined) return hostTarget(left, state)
  const owner = temporary(state)
  const key = temporary(state)
  const opening = `${owner}=${expression(left.object, state)},${key}=$key(b,${keyOf(left, state)})`
  const current = `$get(b,${owner},${key},${left.start})`
  if (isLogical) {
    return `(${opening},${current}${symbol}$set(b,${owner},${key},${expression(node.right, state)},${node.start}))`
  }
  return `(${opening},$set(b,${owner},${key},${combine(current)},${node.start}))`
}

function hostTarget(node: MemberExpression, state: State): string {
  state.report(
    2540,
    `Cannot assign to '${staticKey(node as never) ?? 'a member'}' because it is a read-only property.`,
    node,
  )
  return 'void 0'
}

function assignIdentifier(target: Identifier, value: string, state: State): string {
  const binding = state.names.bindingOf(target)
  if (binding === undefined) {
    state.report(2304, `Cannot find name '${target.name}'.`, target)
    return 'void 0'
  }
  if (binding.kind === 'const') {
    state.report(2588, `Cannot assign to '${target.name}' because it is a constant.`, target)
    return 'void 0'
  }
  if (binding.kind === 'import') {
    state.report(2632, `Cannot assign to '${target.name}' because it is an import.`, target)
    return 'void 0'
  }
  if (binding.kind === 'function') {
    state.report(0, 're-assigning function is not allowed', target, 'LINT_ERROR')
    return 'void 0'
  }
  return `(${variable(binding)}=${value})`
}

function assignMember(target: MemberExpression, value: string, state: State): string {
  if (hostValue(target.object, state) !== undefined) return hostTarget(target, state)
  return `$set(b,${expression(target.object, state)},${keyOf(target, state)},${value},${target.start})`
}

// --- methods that a literal has not -----------------------------------------------------------------------------------

/** Methods that the service refuses before running, where the value's type can be seen. */
function checkMethod(callee: MemberExpression, name: string | undefined, state: State): void {
  if (name === undefined || name === 'sort') return
  const type = typeOf(callee.object as AnyNode, state, 0)
  if (type === undefined) return
  if (DENIED[type].has(name)) {
    state.report(0, `Method ${type}.${name} is not implemented`, callee, 'LINT_ERROR')
  }
}

const DENIED: Readonly<Record<'Array' | 'String', ReadonlySet<string>>> = {
  Array: new Set([
    'copyWithin',
    'entries',
    'from',
    'group',
    'groupToMap',
    'keys',
    'of',
    'toLocaleString',
    'toString',
    'values',
  ]),
  String: new Set([
    'charCodeAt',
    'fromCharCode',
    'fromCodePoint',
    'localeCompare',
    'matchAll',
    'padEnd',
    'padStart',
    'repeat',
    'search',
    'toLocaleLowerCase',
    'toLocaleUpperCase',
    'valueOf',
  ]),
}

const LIST_METHODS = new Set([
  'map',
  'filter',
  'concat',
  'slice',
  'flat',
  'flatMap',
  'split',
  'reverse',
  'sort',
  'splice',
])
const TEXT_METHODS = new Set([
  'toLowerCase',
  'toUpperCase',
  'trim',
  'trimEnd',
  'trimStart',
  'replace',
  'replaceAll',
  'join',
])

function typeOf(node: AnyNode, state: State, depth: number): 'Array' | 'String' | undefined {
  if (depth > 8) return undefined
  switch (node.type) {
    case 'ArrayExpression':
      return 'Array'
    case 'TemplateLiteral':
      return 'String'
    case 'Literal':
      return typeof node.value === 'string' ? 'String' : undefined
    case 'Identifier': {
      const binding = state.names.bindingOf(node)
      if (binding?.kind !== 'const' || binding.initial === undefined) return undefined
      return typeOf(binding.initial, state, depth + 1)
    }
    case 'CallExpression': {
      if (node.callee.type !== 'MemberExpression') return undefined
      const name = staticKey(node.callee as never) ?? ''
      const owner = typeOf(node.callee.object as AnyNode, state, depth + 1)
      if (owner === undefined) return undefined
      if (owner === 'Array' && name === 'join') return 'String'
      if (LIST_METHODS.has(name)) return name === 'slice' || name === 'concat' ? owner : 'Array'
      return TEXT_METHODS.has(name) && owner === 'String' ? 'String' : undefined
    }
    default:
      return undefined
  }
}
