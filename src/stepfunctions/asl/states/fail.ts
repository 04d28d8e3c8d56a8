import type { MaybePromise } from '../../../aws/service.ts'
import { compileTyped, isExpression } from '../../jsonata/template.ts'
import { compilePathOrIntrinsic } from '../../jsonpath/payloadTemplate.ts'
import { checkFields, has, oneOf, type Place, problem, textField } from '../check.ts'
import { andThen, member } from '../json.ts'
import type { Evaluator, FailState } from '../program.ts'
import { StatesError } from '../statesError.ts'

export function compileFail(place: Place): FailState {
  checkFields(place, {
    both: ['Type', 'QueryLanguage', 'Error', 'Cause'],
    JSONPath: ['ErrorPath', 'CausePath'],
  })
  const error = compileText(place, 'Error')
  const cause = compileText(place, 'Cause')
  return {
    type: 'Fail',
    name: place.stateName,
    queryLanguage: place.language,
    failure: (environment): MaybePromise<{ error?: string; cause?: string }> =>
      andThen(error?.(environment), (name) =>
        andThen(cause?.(environment), (text) => ({
          ...(name === undefined ? {} : { error: name }),
          ...(text === undefined ? {} : { cause: text }),
        })),
      ),
  }
}

function compileText(place: Place, field: 'Error' | 'Cause'): Evaluator<string> | undefined {
  oneOf(place, [field, `${field}Path`])
  if (place.language === 'JSONPath' && has(place, `${field}Path`)) return compileTextPath(place, `${field}Path`)
  if (!has(place, field)) return undefined
  const value = member(place.fields, field)
  if (place.language === 'JSONata' && isExpression(value)) {
    const evaluate = compileTyped<string>(place, field, value, 'string')
    return (environment) => evaluate(environment, { input: environment.input })
  }
  const text = textField(place, field)
  return text === undefined ? undefined : () => text
}

function compileTextPath(place: Place, field: string): Evaluator<string> | undefined {
  const text = textField(place, field)
  if (text === undefined) return undefined
  const read = compilePathOrIntrinsic(place, field, text)
  if (read === undefined) {
    problem(
      place,
      `The value for the field '${field}' must be a valid JSONPath or a valid intrinsic function call`,
      field,
    )
    return undefined
  }
  return (environment) => {
    const value = read(environment, environment.input)
    if (typeof value === 'string') return value
    throw new StatesError(
      'States.Runtime',
      `The ${field} field refers to value "${JSON.stringify(value)}" which is not a string: ${text}`,
    )
  }
}
