import type { AnyNode } from 'acorn'
import { ELEMENT_SIZE } from '../../emit/budget.ts'
import type { FunctionNode } from '../nodes.ts'
import { expression } from './expressions.ts'
import { hostOf } from './hostNames.ts'
import { bound, pattern } from './patterns.ts'
import { type FunctionState, type State, temporaries, uniqueName, variable } from './state.ts'
import { statements } from './statements.ts'

/** A loop turn and a call cost a step. */
export const STEP = 'if(--b.steps<0)b.stepsSpent();'

/** Every function becomes an arrow function: no `this`, no `arguments`, no prototype, not constructible. */
export function functionCode(node: FunctionNode, state: State): string {
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

export function hoistedVariables(node: AnyNode, state: State): string {
  const list = state.names.hoistedBy(node).filter((binding) => hostOf(binding, state) === undefined)
  return list.length === 0 ? '' : `let ${list.map(variable).join(',')};`
}
