import type { Place } from './check.ts'
import { isObject, type JsonObject, member } from './json.ts'

/**
 * Reports a variable that is assigned both inside of a Parallel's branch or a Map's processor and around it: an inner
 * scope cannot assign to a name of an outer one.
 * https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-scope
 */
export function checkVariables(root: Place): void {
  visit(root, root.fields, '', new Set())
}

function visit(root: Place, block: JsonObject, location: string, outer: ReadonlySet<string>): void {
  const states = member(block, 'States')
  if (!isObject(states)) return
  const own = new Set<string>()
  for (const [name, state] of Object.entries(states)) {
    if (!isObject(state)) continue
    for (const variable of assignedBy(state)) {
      own.add(variable)
      if (outer.has(variable)) {
        root.scope.report({
          severity: 'ERROR',
          code: 'SCHEMA_VALIDATION_FAILED',
          message: `The variable '${variable}' is already assigned in an outer scope`,
          location: `${location}/States/${name}/Assign`,
        })
      }
    }
  }
  const around = new Set([...outer, ...own])
  for (const [name, state] of Object.entries(states)) {
    if (!isObject(state)) continue
    const branches = member(state, 'Branches')
    if (Array.isArray(branches)) {
      for (const [at, branch] of branches.entries()) {
        if (isObject(branch)) visit(root, branch, `${location}/States/${name}/Branches[${at}]`, around)
      }
    }
    for (const field of ['ItemProcessor', 'Iterator']) {
      const processor = member(state, field)
      if (!isObject(processor)) continue
      const config = member(processor, 'ProcessorConfig')
      // A child execution has variables of its own.
      const distributed = isObject(config) && member(config, 'Mode') === 'DISTRIBUTED'
      visit(root, processor, `${location}/States/${name}/${field}`, distributed ? new Set() : around)
    }
  }
}

function assignedBy(state: JsonObject): Set<string> {
  const names = new Set<string>()
  const add = (holder: unknown): void => {
    const assign = isObject(holder) ? member(holder, 'Assign') : undefined
    if (!isObject(assign)) return
    for (const key of Object.keys(assign)) names.add(key.endsWith('.$') ? key.slice(0, -2) : key)
  }
  add(state)
  for (const field of ['Catch', 'Choices']) {
    const list = member(state, field)
    if (Array.isArray(list)) for (const entry of list) add(entry)
  }
  return names
}
