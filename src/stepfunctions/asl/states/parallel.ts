import { arrayField, below, checkFields, has, type Place, problem, requireFields } from '../check.ts'
import { compileInput, compileLeave } from '../dataFlow.ts'
import { compileCatch, compileRetry } from '../errorHandling.ts'
import { isObject } from '../json.ts'
import type { Block, ParallelState } from '../program.ts'
import { compileTransition } from './transition.ts'

export function compileParallel(place: Place, compileBlock: (block: Place) => Block): ParallelState {
  checkFields(place, {
    both: ['Type', 'QueryLanguage', 'Branches', 'Next', 'End', 'Retry', 'Catch', 'Assign'],
    JSONPath: ['InputPath', 'OutputPath', 'Parameters', 'ResultSelector', 'ResultPath'],
    JSONata: ['Arguments', 'Output'],
  })
  requireFields(place, ['Branches'])
  const branches = arrayField(place, 'Branches') ?? []
  if (has(place, 'Branches') && branches.length === 0) problem(place, 'Value cannot be empty', 'Branches')
  return {
    type: 'Parallel',
    name: place.stateName,
    queryLanguage: place.language,
    transition: compileTransition(place),
    input: compileInput(place, { template: true }),
    leave: compileLeave(place, { result: true, resultPath: true }),
    branches: branches.flatMap((branch, at) => {
      if (!isObject(branch)) {
        problem(place, 'Expected value of type Object', `Branches[${at}]`)
        return []
      }
      const inner = below(place, `Branches[${at}]`, branch)
      checkFields(inner, { both: ['StartAt', 'States'] })
      return [compileBlock(inner)]
    }),
    retry: compileRetry(place),
    catch: compileCatch(place),
  }
}
