import type { AnyNode } from 'acorn'
import { isRefused } from '../check.ts'
import { expression } from './expressions.ts'
import { functionCode, STEP } from './functions.ts'
import { hostOf } from './hostNames.ts'
import { bound, destructure, pattern } from './patterns.ts'
import { type State, uniqueName, variable } from './state.ts'

export function statements(body: readonly AnyNode[], state: State): string {
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
    case 'EmptyStatement':
    case 'ImportDeclaration':
      return ''
    case 'FunctionDeclaration':
      // Made at the top of its block.
      return ''
    default:
      if (!isRefused(node.type)) {
        state.report(0, `Unsupported syntax type: ${node.type}`, node, 'UNSUPPORTED_SYNTAX_TYPE')
      }
      return ''
  }
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
