import type { MaybePromise } from '../../aws/service.ts'
import { compileJsonataTemplate, type Evaluate, type Offered } from '../jsonata/template.ts'
import { compilePathOrIntrinsic, compileTemplate } from '../jsonpath/payloadTemplate.ts'
import { MAX_VARIABLE_NAME_LENGTH, type Read, VARIABLE_NAME } from '../jsonpath/statePath.ts'
import { has, objectField, type Place, problem } from './check.ts'
import { andThen } from './json.ts'
import { StatesError } from './statesError.ts'

/** Bytes of one variable, and of everything that one `Assign` sets. */
export const MAX_VARIABLE_BYTES = 262_144

type Assigned = ReadonlyMap<string, unknown>

/** Compiles `Assign` of a JSONPath state; undefined where there is none. */
export function compileAssign(
  place: Place,
): ((environment: Parameters<Read>[0], data: unknown) => Assigned) | undefined {
  const fields = assignFields(place)
  if (fields === undefined) return undefined
  const reads = Object.entries(fields).map(([key, value]): [string, Read] => {
    if (!key.endsWith('.$'))
      return [key, compileTemplate({ ...place, location: `${place.location}/Assign` }, key, value)]
    const read = typeof value === 'string' ? compilePathOrIntrinsic(place, key, value) : undefined
    if (read === undefined) {
      problem(
        place,
        `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`,
        'Assign',
      )
    }
    return [key.slice(0, -2), read ?? (() => null)]
  })
  return (environment, data) =>
    withinLimit(new Map(reads.map(([name, read]) => [name, read(environment, data)])), place)
}

/** Compiles `Assign` of a JSONata state; undefined where there is none. */
export function compileJsonataAssign(
  place: Place,
  offered: readonly Offered[],
): ((...args: Parameters<Evaluate>) => MaybePromise<Assigned>) | undefined {
  const fields = assignFields(place)
  if (fields === undefined) return undefined
  const evaluate = compileJsonataTemplate(place, 'Assign', fields, offered)
  return (environment, states) =>
    andThen(evaluate(environment, states), (values) =>
      withinLimit(new Map(Object.entries(values as Record<string, unknown>)), place),
    )
}

function assignFields(place: Place): Record<string, unknown> | undefined {
  if (!has(place, 'Assign')) return undefined
  const fields = objectField(place, 'Assign')
  if (fields === undefined) return undefined
  for (const key of Object.keys(fields)) {
    const name = place.language === 'JSONPath' && key.endsWith('.$') ? key.slice(0, -2) : key
    if (name === 'states') {
      problem(place, "The variable name 'states' is reserved", 'Assign')
    } else if (!VARIABLE_NAME.test(name) || name.length > MAX_VARIABLE_NAME_LENGTH) {
      problem(place, `The variable name '${name}' is not valid`, 'Assign')
    }
  }
  return fields
}

function withinLimit(assigned: Assigned, place: Place): Assigned {
  let total = 0
  for (const value of assigned.values()) {
    if (typeof value !== 'object' && typeof value !== 'string') continue
    total += Buffer.byteLength(JSON.stringify(value))
    if (total > MAX_VARIABLE_BYTES) {
      throw new StatesError(
        'States.DataLimitExceeded',
        `The variables assigned by the state/task '${place.stateName}' have a size exceeding the maximum number of bytes service limit.`,
      )
    }
  }
  return assigned
}
