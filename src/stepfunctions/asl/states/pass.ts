import { checkFields, has, type Place } from '../check.ts'
import { compileInput, compileLeave } from '../dataFlow.ts'
import { member } from '../json.ts'
import type { PassState } from '../program.ts'
import { compileTransition } from './transition.ts'

export function compilePass(place: Place): PassState {
  checkFields(place, {
    both: ['Type', 'QueryLanguage', 'Next', 'End', 'Assign'],
    JSONPath: ['InputPath', 'OutputPath', 'Parameters', 'Result', 'ResultPath'],
    JSONata: ['Output'],
  })
  const jsonPath = place.language === 'JSONPath'
  const input = compileInput(place, { template: jsonPath })
  const literal = jsonPath && has(place, 'Result') ? { value: member(place.fields, 'Result') } : undefined
  return {
    type: 'Pass',
    name: place.stateName,
    queryLanguage: place.language,
    transition: compileTransition(place),
    input,
    // The input is evaluated in any case: a wrong path fails the state even where its value is not used.
    result: (environment) => {
      const value = input(environment)
      return literal === undefined ? value : literal.value
    },
    leave: compileLeave(place, { result: false, resultPath: true }),
  }
}
