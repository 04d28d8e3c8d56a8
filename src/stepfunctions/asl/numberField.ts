import { compileTyped, isExpression } from '../jsonata/template.ts'
import { compilePathField } from '../jsonpath/payloadTemplate.ts'
import { checkNumber, has, type NumberLimits, oneOf, type Place, textField } from './check.ts'
import { andThen, member } from './json.ts'
import type { Evaluator } from './program.ts'
import { StatesError } from './statesError.ts'

/** How a number outside of its limits is refused while a state runs. */
export interface NumberRules extends NumberLimits {
  /** Sentence for a number that is out of its limits. */
  outOfRange: string
}

/**
 * A field that is a number, or `…Path` to one in JSONPath, or an expression in JSONata. Undefined where the state has
 * neither.
 */
export function compileNumberField(place: Place, field: string, rules: NumberRules): Evaluator<number> | undefined {
  oneOf(place, [field, `${field}Path`])
  if (place.language === 'JSONPath' && has(place, `${field}Path`)) return compileNumberPath(place, field, rules)
  if (!has(place, field)) return undefined
  const value = member(place.fields, field)
  if (place.language === 'JSONata' && isExpression(value)) {
    const evaluate = compileTyped<number>(place, field, value, 'number')
    const name = place.field === '' ? field : `${place.field}/${field}`
    return (environment) =>
      andThen(evaluate(environment, { input: environment.input }), (number) => {
        if (!rules.fraction && !Number.isInteger(number)) {
          throw new StatesError(
            'States.QueryEvaluationError',
            `The JSONata expression '${value.slice(2, -2).trim()}' specified for the field '${name}' returned an unexpected result type. Expected 'integer', but was 'number' for value: ${number}`,
            name,
          )
        }
        if (!within(number, rules)) throw new StatesError('States.QueryEvaluationError', rules.outOfRange, name)
        return number
      })
  }
  const number = checkNumber(place, field, value, rules)
  return number === undefined ? undefined : () => number
}

function compileNumberPath(place: Place, field: string, rules: NumberRules): Evaluator<number> | undefined {
  const text = textField(place, `${field}Path`)
  if (text === undefined) return undefined
  const read = compilePathField(place, `${field}Path`, text, true)
  return (environment) => {
    const value = read(environment, environment.input)
    const number = numberOf(value, rules)
    if (number === undefined) {
      const shown = typeof value === 'string' ? value : JSON.stringify(value)
      throw new StatesError(
        'States.Runtime',
        `The ${field}Path field refers to value "${shown}" which is not a valid ${rules.fraction ? 'float' : 'integer'}: ${text}`,
      )
    }
    if (!within(number, rules)) throw new StatesError('States.Runtime', rules.outOfRange)
    return number
  }
}

/** The number that a value is, or that a text holds. */
export function numberOf(value: unknown, rules: NumberLimits): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && /^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(value)
        ? Number(value)
        : undefined
  return number !== undefined && (rules.fraction || Number.isInteger(number)) ? number : undefined
}

function within(number: number, { minimum, maximum }: NumberLimits): boolean {
  return (minimum === undefined || number >= minimum) && (maximum === undefined || number <= maximum)
}
