import type { AnyNode, CallExpression, Identifier, Program } from 'acorn'
import type { CodeProblem } from '../context.ts'
import { CALLBACK_METHODS } from './methods/array.ts'
import type { Binding, Names } from './names.ts'
import { childrenOf, type FunctionNode, isFunctionNode, staticKey } from './nodes.ts'
import { problem } from './parse.ts'
import type { SourceText } from './sourceText.ts'

/**
 * What APPSYNC_JS has not, refused before a program runs: the constructs of the documentation's page "Supported runtime
 * features", in the words of AWS's linter for the runtime.
 */
export function checkLanguage(program: Program, names: Names, text: SourceText): CodeProblem[] {
  const problems: CodeProblem[] = []
  const report = (errorType: string, value: string, node: AnyNode): void => {
    problems.push(problem(text, errorType, value, node.start, node.end))
  }
  const visit = (node: AnyNode): void => {
    checkSyntax(node, report)
    checkFunctions(node, names, report)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(program)
  checkContexts(program, names, report)
  checkRecursion(names, report)
  return problems
}

type Report = (errorType: string, value: string, node: AnyNode) => void

const LINT = 'LINT_ERROR'
const UNSUPPORTED = 'UNSUPPORTED_SYNTAX_TYPE'

/** Kinds of syntax that the runtime has not. */
const unsupported: Partial<Record<AnyNode['type'], string>> = {
  AwaitExpression: 'The `await` keyword is not supported',
  ClassDeclaration: 'Classes are not supported',
  ClassExpression: 'Classes are not supported',
  ContinueStatement: 'Continue statements are not supported',
  DebuggerStatement: 'Unsupported syntax type: DebuggerStatement',
  DoWhileStatement: 'While loops are not supported',
  ExportAllDeclaration: 'Unsupported syntax type: ExportAllDeclaration',
  ExportDefaultDeclaration: 'Unsupported syntax type: ExportDefaultDeclaration',
  ForStatement: 'For loops are not supported',
  ImportExpression: 'Unsupported syntax type: ImportExpression',
  LabeledStatement: 'Labels are not supported',
  MetaProperty: 'Unsupported syntax type: MetaProperty',
  NewExpression: 'Unsupported syntax type: NewExpression',
  Super: 'Classes are not supported',
  ThisExpression: 'The `this` keyword is not supported',
  ThrowStatement: 'Throw statements are not supported',
  TryStatement: 'Try statements are not supported',
  UpdateExpression: '',
  WhileStatement: 'While loops are not supported',
  WithStatement: 'Unsupported syntax type: WithStatement',
  YieldExpression: 'Yield statements are not supported',
}

/** Whether the checks refuse every node of a kind, so that the emitter need not know it. */
export function isRefused(type: AnyNode['type']): boolean {
  return Object.hasOwn(unsupported, type)
}

function checkSyntax(node: AnyNode, report: Report): void {
  switch (node.type) {
    case 'UpdateExpression':
      report(LINT, `The operator ${node.operator} is not supported`, node)
      return
    case 'UnaryExpression':
      if (node.operator === '~') report(LINT, 'The operator ~ is not supported', node)
      return
    case 'BinaryExpression':
      if (node.operator === 'in' || node.operator === 'instanceof') {
        report(LINT, `The operator ${node.operator} is not supported`, node)
      }
      return
    case 'NewExpression':
      if (node.callee.type === 'Identifier' && node.callee.name === 'Promise') {
        report(LINT, 'Promise is not supported', node)
        return
      }
      break
    case 'Literal':
      if (node.regex) report(LINT, 'Regex literals are not supported', node)
      else if (typeof node.bigint === 'string') report(UNSUPPORTED, 'Unsupported syntax type: BigIntLiteral', node)
      return
    case 'ForOfStatement':
      if (node.await) report(LINT, 'The `await` keyword is not supported', node)
      return
    case 'Property':
      if (node.kind !== 'init') report(UNSUPPORTED, 'Unsupported syntax type: accessor', node)
      return
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
    case 'FunctionDeclaration':
      if (node.async) report(LINT, 'Async functions are not supported', node)
      if (node.generator) report(LINT, 'Generators are not supported', node)
      return
    default:
  }
  const message = unsupported[node.type]
  if (message === undefined) return
  report(message.startsWith('Unsupported syntax type') ? UNSUPPORTED : LINT, message, node)
}

/** Whether an expression is a function: written there, or a name bound to one. */
function isFunctionValue(node: AnyNode | null | undefined, names: Names): boolean {
  if (isFunctionNode(node)) return true
  return node?.type === 'Identifier' && names.bindingOf(node)?.definition !== undefined
}

function checkFunctions(node: AnyNode, names: Names, report: Report): void {
  switch (node.type) {
    case 'ReturnStatement':
      if (isFunctionValue(node.argument, names)) report(LINT, 'returning a function is not allowed', node)
      return
    case 'ArrowFunctionExpression':
      if (node.body.type !== 'BlockStatement' && isFunctionValue(node.body, names)) {
        report(LINT, 'returning a function is not allowed', node)
      }
      return
    case 'VariableDeclarator':
      if (node.init?.type === 'Identifier' && isFunctionValue(node.init, names)) {
        report(LINT, 're-assigning function is not allowed', node)
      }
      return
    case 'AssignmentExpression':
      if (isFunctionValue(node.right, names)) report(LINT, 're-assigning function is not allowed', node)
      else if (node.left.type === 'Identifier' && isFunctionValue(node.left, names)) {
        report(LINT, 're-assigning function is not allowed', node)
      }
      return
    case 'CallExpression':
      checkArguments(node, names, report)
      return
    default:
  }
}

function checkArguments(node: CallExpression, names: Names, report: Report): void {
  const { callee } = node
  for (const [index, argument] of node.arguments.entries()) {
    if (!isFunctionValue(argument, names)) continue
    const isCallback =
      index === 0 && callee.type === 'MemberExpression' && CALLBACK_METHODS.has(staticKey(callee as never) ?? '')
    if (!isCallback) report(LINT, 'Functions can not be passed as an argument', node)
  }
}

/** The functions that are handlers when they are exported: of resolvers and functions, and of Events channels. */
export const HANDLER_NAMES = ['request', 'response', 'onPublish', 'onSubscribe'] as const

export type HandlerName = (typeof HANDLER_NAMES)[number]

function isHandlerName(name: string): name is HandlerName {
  return (HANDLER_NAMES as readonly string[]).includes(name)
}

/** The handlers that a program exports, by name. */
export function exportedHandlers(program: Program, names: Names): Map<HandlerName, Binding> {
  const handlers = new Map<HandlerName, Binding>()
  const add = (exported: string, local: Identifier): void => {
    const binding = names.bindingOf(local)
    if (binding?.definition !== undefined && isHandlerName(exported)) handlers.set(exported, binding)
  }
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration') continue
    const { declaration } = statement
    if (declaration?.type === 'FunctionDeclaration') add(declaration.id.name, declaration.id)
    else if (declaration?.type === 'VariableDeclaration') {
      for (const { id } of declaration.declarations) if (id.type === 'Identifier') add(id.name, id)
    }
    for (const { local, exported } of statement.specifiers) {
      if (local.type !== 'Identifier') continue
      add(exported.type === 'Identifier' ? exported.name : String(exported.value), local)
    }
  }
  return handlers
}

/** The context and its members can be read, and what they hold changed, but not be replaced. */
function checkContexts(program: Program, names: Names, report: Report): void {
  const contexts = new Set<Binding>()
  for (const handler of exportedHandlers(program, names).values()) {
    const [parameter] = handler.definition?.params ?? []
    if (parameter?.type !== 'Identifier') continue
    const binding = names.bindingOf(parameter)
    if (binding !== undefined) contexts.add(binding)
  }
  if (contexts.size === 0) return

  const target = (node: AnyNode): void => {
    switch (node.type) {
      case 'Identifier': {
        const binding = names.bindingOf(node)
        if (binding !== undefined && contexts.has(binding)) {
          report(LINT, `${node.name} is readonly and re-assignment is not supported.`, node)
        }
        return
      }
      case 'MemberExpression': {
        if (node.object.type !== 'Identifier') return
        const binding = names.bindingOf(node.object)
        if (binding === undefined || !contexts.has(binding)) return
        const key = staticKey(node as never)
        report(
          LINT,
          key === undefined
            ? `${node.object.name} is readonly adding/modifying properties is not supported.`
            : `${node.object.name} is readonly. Adding/Updating ${key} is not supported.`,
          node,
        )
        return
      }
      case 'ObjectPattern':
        for (const property of node.properties) {
          target(property.type === 'RestElement' ? property.argument : property.value)
        }
        return
      case 'ArrayPattern':
        for (const element of node.elements) if (element !== null) target(element)
        return
      case 'AssignmentPattern':
        target(node.left)
        return
      case 'RestElement':
        target(node.argument)
        return
      default:
    }
  }
  const visit = (node: AnyNode): void => {
    if (node.type === 'AssignmentExpression') target(node.left)
    else if (node.type === 'UnaryExpression' && node.operator === 'delete') {
      target(node.argument.type === 'ChainExpression' ? node.argument.expression : node.argument)
    } else if (
      (node.type === 'ForOfStatement' || node.type === 'ForInStatement') &&
      node.left.type !== 'VariableDeclaration'
    ) {
      target(node.left)
    }
    for (const child of childrenOf(node)) visit(child)
  }
  visit(program)
}

/** No function may reach itself, neither directly nor through others. */
function checkRecursion(names: Names, report: Report): void {
  const callees = new Map<FunctionNode, Map<FunctionNode, Identifier>>()
  const bindings = names.all.filter((binding) => binding.definition !== undefined)
  const labels = new Map(bindings.map(({ definition, name }) => [definition as FunctionNode, name]))
  for (const binding of bindings) {
    const definition = binding.definition as FunctionNode
    for (const identifier of binding.references) {
      for (const caller of labels.keys()) {
        if (identifier.start < caller.start || identifier.end > caller.end) continue
        const known = callees.get(caller) ?? new Map<FunctionNode, Identifier>()
        if (!known.has(definition)) known.set(definition, identifier)
        callees.set(caller, known)
      }
    }
  }
  const finished = new Set<FunctionNode>()
  const follow = (definition: FunctionNode, path: FunctionNode[]): void => {
    if (finished.has(definition)) return
    for (const [callee, identifier] of callees.get(definition) ?? []) {
      const start = path.indexOf(callee)
      if (start >= 0) {
        const cycle = [...path.slice(start), callee].map((each) => labels.get(each) ?? 'Anonymous Function')
        report(LINT, `Recursive function calls not supported. Detected cycle in ${cycle.join(' <-')}`, identifier)
      } else follow(callee, [...path, callee])
    }
    finished.add(definition)
  }
  for (const definition of labels.keys()) follow(definition, [definition])
}
