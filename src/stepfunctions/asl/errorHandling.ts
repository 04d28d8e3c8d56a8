import {
  arrayField,
  below,
  checkFields,
  checkNumber,
  has,
  type Place,
  problem,
  requireFields,
  textField,
} from './check.ts'
import { compileCatchLeave } from './dataFlow.ts'
import { isObject, member } from './json.ts'
import type { Catcher, Retrier } from './program.ts'

/** Largest IntervalSeconds, MaxDelaySeconds' and MaxAttempts' value of the language. */
const MAX_ATTEMPTS = 99_999_999
const MAX_INTERVAL_SECONDS = 99_999_999
const MAX_DELAY_SECONDS = 31_622_400

export function compileRetry(place: Place): Retrier[] {
  return entries(place, 'Retry').map((entry, at, all) => {
    checkFields(entry, {
      both: ['ErrorEquals', 'IntervalSeconds', 'MaxAttempts', 'BackoffRate', 'MaxDelaySeconds', 'JitterStrategy'],
    })
    requireFields(entry, ['ErrorEquals'])
    const number = (field: string, fallback: number, limits: Parameters<typeof checkNumber>[3]): number =>
      has(entry, field) ? (checkNumber(entry, field, member(entry.fields, field), limits) ?? fallback) : fallback
    const jitter = textField(entry, 'JitterStrategy')
    if (jitter !== undefined && jitter !== 'FULL' && jitter !== 'NONE') {
      problem(entry, 'Value must be one of [FULL, NONE]', 'JitterStrategy')
    }
    const intervalSeconds = number('IntervalSeconds', 1, { minimum: 1, maximum: MAX_INTERVAL_SECONDS })
    const maxDelaySeconds = has(entry, 'MaxDelaySeconds')
      ? number('MaxDelaySeconds', MAX_DELAY_SECONDS, { minimum: 1, maximum: MAX_DELAY_SECONDS })
      : undefined
    if (maxDelaySeconds !== undefined && maxDelaySeconds <= intervalSeconds) {
      problem(entry, 'MaxDelaySeconds must be greater than IntervalSeconds', 'MaxDelaySeconds')
    }
    return {
      errorEquals: errorEquals(entry, at === all.length - 1),
      intervalSeconds,
      maxAttempts: number('MaxAttempts', 3, { minimum: 0, maximum: MAX_ATTEMPTS }),
      backoffRate: number('BackoffRate', 2, { minimum: 1, fraction: true }),
      jitterStrategy: jitter === 'FULL' ? 'FULL' : 'NONE',
      ...(maxDelaySeconds === undefined ? {} : { maxDelaySeconds }),
    }
  })
}

export function compileCatch(place: Place): Catcher[] {
  return entries(place, 'Catch').map((entry, at, all) => {
    checkFields(entry, { both: ['ErrorEquals', 'Next', 'Assign'], JSONPath: ['ResultPath'], JSONata: ['Output'] })
    requireFields(entry, ['ErrorEquals', 'Next'])
    return {
      errorEquals: errorEquals(entry, at === all.length - 1),
      next: textField(entry, 'Next') ?? '',
      leave: compileCatchLeave(entry),
    }
  })
}

function entries(place: Place, field: 'Retry' | 'Catch'): Place[] {
  const list = arrayField(place, field) ?? []
  return list.flatMap((entry, at) => {
    if (isObject(entry)) return [below(place, `${field}[${at}]`, entry)]
    problem(place, 'Expected value of type Object', `${field}[${at}]`)
    return []
  })
}

function errorEquals(entry: Place, last: boolean): string[] {
  const names = arrayField(entry, 'ErrorEquals')
  if (names === undefined) return []
  if (names.length === 0) problem(entry, 'Value cannot be empty', 'ErrorEquals')
  const texts = names.filter((name) => typeof name === 'string')
  if (texts.length < names.length) problem(entry, 'Expected value of type String', 'ErrorEquals')
  if (texts.includes('States.ALL')) {
    if (texts.length > 1) problem(entry, 'States.ALL must appear alone', 'ErrorEquals')
    else if (!last) problem(entry, 'States.ALL must be the last', 'ErrorEquals')
  }
  return texts
}
