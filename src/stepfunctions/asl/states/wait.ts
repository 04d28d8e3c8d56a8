import { compileTyped, isExpression } from '../../jsonata/template.ts'
import { PathNotFoundError } from '../../jsonpath/path.ts'
import { compileStatePath, type Read } from '../../jsonpath/statePath.ts'
import { checkFields, checkNumber, has, oneOf, type Place, problem, refersTo, textField } from '../check.ts'
import { compileInput, compileLeave } from '../dataFlow.ts'
import { andThen, member } from '../json.ts'
import type { EvaluationEnvironment, Evaluator, WaitState } from '../program.ts'
import { StatesError } from '../statesError.ts'
import { parseTimestamp } from '../timestamp.ts'
import { compileTransition } from './transition.ts'

/** Largest literal Seconds. */
const MAX_SECONDS = 99_999_999
/** Longest wait until a moment, in seconds: 24,855 days are accepted, 24,856 are not. */
const MAX_DELAY_SECONDS = 2 ** 31 - 1

export function compileWait(place: Place): WaitState {
  checkFields(place, {
    both: ['Type', 'QueryLanguage', 'Next', 'End', 'Seconds', 'Timestamp', 'Assign'],
    JSONPath: ['InputPath', 'OutputPath', 'SecondsPath', 'TimestampPath'],
    JSONata: ['Output'],
  })
  oneOf(
    place,
    place.language === 'JSONPath' ? ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'] : ['Seconds', 'Timestamp'],
    true,
  )
  const input = compileInput(place)
  return {
    type: 'Wait',
    name: place.stateName,
    queryLanguage: place.language,
    transition: compileTransition(place),
    input,
    until: compileUntil(place, input),
    leave: compileLeave(place, { result: false, resultPath: false }),
  }
}

function compileUntil(place: Place, input: Evaluator): Evaluator<number> {
  if (has(place, 'Seconds')) return compileSeconds(place)
  if (has(place, 'Timestamp')) return compileTimestamp(place)
  if (has(place, 'SecondsPath')) {
    return compilePath(place, 'SecondsPath', input, (environment, value, shown) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      if (!/^[+-]?\d{1,18}$/.test(text)) {
        throw new StatesError('States.Runtime', `The SecondsPath parameter cannot be parsed as a long value: ${shown}`)
      }
      const seconds = Number(text)
      if (seconds < 0)
        throw new StatesError('States.Runtime', `The SecondsPath parameter references a negative value: ${shown}`)
      return after(environment, seconds)
    })
  }
  return compilePath(place, 'TimestampPath', input, (environment, value, shown) => {
    const instant = typeof value === 'string' ? parseTimestamp(value) : undefined
    if (instant === undefined) {
      throw new StatesError(
        'States.Runtime',
        `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${shown}`,
      )
    }
    return at(environment, instant.milliseconds)
  })
}

function after(environment: EvaluationEnvironment, seconds: number): number {
  if (seconds > MAX_DELAY_SECONDS) throw new StatesError('States.Runtime', 'Wait state delay is too long.')
  return environment.now() + seconds * 1000
}

function at(environment: EvaluationEnvironment, milliseconds: number): number {
  if ((milliseconds - environment.now()) / 1000 > MAX_DELAY_SECONDS) {
    throw new StatesError('States.Runtime', 'Wait state delay is too long.')
  }
  return milliseconds
}

function compileSeconds(place: Place): Evaluator<number> {
  const value = member(place.fields, 'Seconds')
  if (place.language === 'JSONata' && isExpression(value)) {
    const evaluate = compileTyped<number>(place, 'Seconds', value, 'number')
    return (environment) =>
      andThen(evaluate(environment, { input: environment.input }), (seconds) => {
        if (!Number.isInteger(seconds)) {
          throw new StatesError(
            'States.QueryEvaluationError',
            `The JSONata expression '${value.slice(2, -2).trim()}' specified for the field 'Seconds' returned an unexpected result type. Expected 'integer', but was 'number' for value: ${seconds}`,
            'Seconds',
          )
        }
        if (seconds < 0) {
          throw new StatesError(
            'States.QueryEvaluationError',
            `The Seconds field references a negative value: ${seconds}`,
            'Seconds',
          )
        }
        return after(environment, seconds)
      })
  }
  const seconds = checkNumber(place, 'Seconds', value, { minimum: 0, maximum: MAX_SECONDS }) ?? 0
  return (environment) => environment.now() + seconds * 1000
}

function compileTimestamp(place: Place): Evaluator<number> {
  const value = member(place.fields, 'Timestamp')
  if (place.language === 'JSONata' && isExpression(value)) {
    const evaluate = compileTyped<string>(place, 'Timestamp', value, 'string')
    return (environment) =>
      andThen(evaluate(environment, { input: environment.input }), (text) => {
        const instant = parseTimestamp(text)
        if (instant === undefined) {
          throw new StatesError(
            'States.QueryEvaluationError',
            `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
            'Timestamp',
          )
        }
        return at(environment, instant.milliseconds)
      })
  }
  const text = textField(place, 'Timestamp')
  const instant = text === undefined ? undefined : parseTimestamp(text)
  if (text !== undefined && instant === undefined)
    problem(place, 'String does not match RFC3339 timestamp', 'Timestamp')
  return (environment) => at(environment, instant?.milliseconds ?? 0)
}

function compilePath(
  place: Place,
  field: 'SecondsPath' | 'TimestampPath',
  input: Evaluator,
  until: (environment: EvaluationEnvironment, value: unknown, shown: string) => number,
): Evaluator<number> {
  const text = textField(place, field)
  let read: Read
  try {
    const path = compileStatePath(text ?? '$')
    if (!path.path.definite) problem(place, 'Value is not a Reference Path', field)
    if (path.variable !== undefined) refersTo(place, [path.variable])
    read = path.read
  } catch (error) {
    problem(place, `Value is not a Reference Path: ${error instanceof Error ? error.message : ''}`, field)
    return () => 0
  }
  return (environment) =>
    andThen(input(environment), (data) => {
      let value: unknown
      try {
        value = read(environment, data)
      } catch (error) {
        if (!(error instanceof PathNotFoundError)) throw error
        throw new StatesError('States.Runtime', `The ${field} parameter does not reference an input value: ${text}`)
      }
      return until(environment, value, `${text} == ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    })
}
