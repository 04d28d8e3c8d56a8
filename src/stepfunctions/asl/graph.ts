import { type Place, problem } from './check.ts'
import type { CompiledState } from './program.ts'

/** Where a state leads, with the place of each lead inside the state. */
export interface Lead {
  /** For example `Next`, `Choices[0]/Next`, `Catch[0]/Next`. */
  field: string
  next: string
}

/** Reports leads to states that are not there, and either a block that never ends or the states that nothing leads to. */
export function checkGraph(
  block: Place,
  startAt: string | undefined,
  states: ReadonlyMap<string, CompiledState>,
  leads: ReadonlyMap<string, readonly Lead[]>,
): void {
  const report = (message: string, location?: string): void =>
    problem(block, message, location, 'MISSING_TRANSITION_TARGET')
  if (startAt !== undefined && !states.has(startAt)) report(`Missing 'StartAt' target: ${startAt}`, 'StartAt')
  for (const [name, outgoing] of leads) {
    for (const { field, next } of outgoing) {
      if (next === '' || states.has(next)) continue
      // The service says `Next` of a Default too, and names the place.
      report(`Missing 'Next' target: ${next}`, `States/${name}/${field}`)
    }
  }
  if (states.size > 0 && ![...states.values()].some(isTerminal)) {
    block.scope.report({ severity: 'ERROR', code: 'MISSING_END_STATE', message: 'Workflow has no terminal state' })
    return
  }
  const reached = new Set<string>()
  const pending = startAt === undefined ? [] : [startAt]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (reached.has(name) || !states.has(name)) continue
    reached.add(name)
    for (const { next } of leads.get(name) ?? []) pending.push(next)
  }
  for (const name of states.keys()) {
    if (!reached.has(name)) report(`State "${name}" is not reachable.`, `States/${name}`)
  }
}

function isTerminal(state: CompiledState): boolean {
  return state.type === 'Succeed' || state.type === 'Fail' || ('transition' in state && 'end' in state.transition)
}
