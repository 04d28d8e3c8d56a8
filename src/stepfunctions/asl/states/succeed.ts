import { checkFields, type Place } from '../check.ts'
import { compileInput, compileLeave } from '../dataFlow.ts'
import type { SucceedState } from '../program.ts'

export function compileSucceed(place: Place): SucceedState {
  checkFields(place, {
    both: ['Type', 'QueryLanguage'],
    JSONPath: ['InputPath', 'OutputPath'],
    JSONata: ['Output'],
  })
  return {
    type: 'Succeed',
    name: place.stateName,
    queryLanguage: place.language,
    input: compileInput(place),
    leave: compileLeave(place, { result: false, resultPath: false }),
  }
}
