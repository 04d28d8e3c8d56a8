import { MAX_NESTING } from '../../emit/budget.ts'
import { attributeValue } from '../../util/dynamodb.ts'
import { type UtilEnvironment, UtilError } from '../../util/environment.ts'
import { isMap, newMap, type PlainMap } from '../../util/values.ts'

interface Builder {
  environment: UtilEnvironment
  sets: Change[]
  removals: string[][]
}

/** One attribute's change; its aliases are numbered when the expression is printed. */
interface Change {
  path: string[]
  render: (path: string, bind: (value: unknown) => string) => string
}

/**
 * The update expression of `update({update: {…}})`: `SET #expName_1 = :expValue_1`, then what is removed. `add` is a SET
 * as well, as the service was recorded. Names and values count from 1 in the order in which they are printed. A plain
 * object sets its members one by one, below the attribute; `operations.replace` sets it as a whole.
 */
export function updateExpression(environment: UtilEnvironment, update: PlainMap): PlainMap {
  const builder: Builder = { environment, sets: [], removals: [] }
  collect(builder, update, [])
  const names = newMap()
  const values = newMap()
  const aliases = new Map<string, string>()
  const aliasOf = (segment: string): string => {
    let alias = aliases.get(segment)
    if (alias === undefined) {
      alias = `#expName_${aliases.size + 1}`
      aliases.set(segment, alias)
      names[alias] = segment
    }
    return alias
  }
  const pathOf = (path: readonly string[]): string => path.map(aliasOf).join('.')
  let bound = 0
  const bind = (value: unknown): string => {
    const name = `:expValue_${++bound}`
    values[name] = attributeValue(environment, value)
    return name
  }
  const clauses: string[] = []
  if (builder.sets.length > 0) {
    clauses.push(`SET ${builder.sets.map((change) => change.render(pathOf(change.path), bind)).join(', ')}`)
  }
  if (builder.removals.length > 0) clauses.push(`REMOVE ${builder.removals.map(pathOf).join(', ')}`)
  const result = newMap()
  result['expression'] = clauses.join(' ')
  result['expressionNames'] = names
  result['expressionValues'] = values
  return result
}

function collect(builder: Builder, update: PlainMap, above: readonly string[]): void {
  if (above.length >= MAX_NESTING) throw new UtilError({ message: 'The update is nested too deeply.', errorType: null })
  for (const name of Object.keys(update)) {
    builder.environment.charge(4)
    builder.environment.allocate(64)
    const value = update[name]
    if (value === undefined) continue
    const path = [...above, name]
    const type = isMap(value) ? (value as PlainMap)['type'] : undefined
    if (isMap(value) && typeof type === 'string' && Object.hasOwn(changes, type)) {
      const operation = value as PlainMap
      if (type === 'OPERATION_REMOVE') builder.removals.push(path)
      else builder.sets.push({ path, render: (at, bind) => changes[type]?.(at, bind, operation) ?? '' })
    } else if (isMap(value) && Object.keys(value).length > 0) collect(builder, value as PlainMap, path)
    else builder.sets.push({ path, render: (at, bind) => `${at} = ${bind(value)}` })
  }
}

type Render = (path: string, bind: (value: unknown) => string, operation: PlainMap) => string

const set: Render = (path, bind, operation) => `${path} = ${bind(operation['value'])}`

/** What each operation of `operations` does to its attribute. */
const changes: Readonly<Record<string, Render>> = Object.assign(Object.create(null), {
  OPERATION_ADD: set,
  OPERATION_REPLACE: set,
  OPERATION_APPEND: (path, bind, operation) => `${path} = list_append(${path}, ${bind(operation['items'])})`,
  OPERATION_PREPEND: (path, bind, operation) => `${path} = list_append(${bind(operation['items'])}, ${path})`,
  OPERATION_INCREMENT: (path, bind, operation) => `${path} = ${path} + ${bind(operation['by'] ?? 1)}`,
  OPERATION_DECREMENT: (path, bind, operation) => `${path} = ${path} - ${bind(operation['by'] ?? 1)}`,
  OPERATION_REMOVE: () => '',
} satisfies Record<string, Render>)
