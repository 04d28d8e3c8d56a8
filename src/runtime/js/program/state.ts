import type { AnyNode } from 'acorn'
import type { HostValue } from '../hostValues.ts'
import type { Binding, Names } from '../names.ts'

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

export interface FunctionState {
  /** Temporaries that the function declares. */
  temps: number
}

export interface State {
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

export function variable(binding: Binding): string {
  return `v${binding.id}`
}

export function temporary(state: State): string {
  const current = state.functions.at(-1) as FunctionState
  return `t${current.temps++}`
}

export function temporaries({ temps }: FunctionState): string {
  return temps === 0 ? '' : `let ${Array.from({ length: temps }, (_, index) => `t${index}`).join(',')};`
}

export function uniqueName(state: State): string {
  return `u${state.unique++}`
}

export function hostFunction(value: unknown, state: State): string {
  let index = state.hostIndex.get(value)
  if (index === undefined) {
    index = state.hostFunctions.push(value) - 1
    state.hostIndex.set(value, index)
  }
  return `h${index}`
}
