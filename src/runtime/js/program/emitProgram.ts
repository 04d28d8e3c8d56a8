import type { Program } from 'acorn'
import type { Binding, Names } from '../names.ts'
import { hoistedVariables } from './functions.ts'
import { type FunctionState, type Inspection, type Report, type State, temporaries, variable } from './state.ts'
import { statements } from './statements.ts'

/** A program as JavaScript, and the host functions that it calls, by position. */
export interface EmittedProgram {
  /** The body of a function of the operators and `h` (host functions) that returns `(b) => handlers`. */
  code: string
  hostFunctions: unknown[]
  /** Where the user's own errors are raised (`util.error`, `util.unauthorized`): their messages get no place. */
  ownErrors: ReadonlySet<number>
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
  const result = [...handlers].map(([name, binding]) => `${name}:${variable(binding)}`)
  const temps = temporaries(state.functions[0] as FunctionState)
  const host = state.hostFunctions.map((_, index) => `const h${index}=h[${index}];`).join('')
  const shapes = state.shapes.map((code, index) => `const s${index}=${code};`).join('')
  return {
    code: `"use strict";${host}${shapes}return (b)=>{${temps}${hoisted}${body}return {__proto__:null,${result.join(',')}};}`,
    hostFunctions: state.hostFunctions,
    ownErrors: state.ownErrors,
  }
}
