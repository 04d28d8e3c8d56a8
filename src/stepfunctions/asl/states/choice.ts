import type { MaybePromise } from '../../../aws/service.ts'
import { compileChoiceRule } from '../../choice/choiceRule.ts'
import { compileJsonataTemplate, compileTyped, type Evaluate } from '../../jsonata/template.ts'
import type { Read } from '../../jsonpath/statePath.ts'
import { compileAssign, compileJsonataAssign } from '../assign.ts'
import { arrayField, below, checkFields, has, type Place, problem, requireFields, textField } from '../check.ts'
import { compileFilterPath, compileInput } from '../dataFlow.ts'
import { andThen, isObject, member } from '../json.ts'
import type { ChoiceState, Departure, EvaluationEnvironment, Evaluator } from '../program.ts'
import { StatesError } from '../statesError.ts'

type Chosen = Departure & { next: string }

/** One way out of the state; `undefined` when its rule does not hold. */
type Way = (environment: EvaluationEnvironment, data: unknown) => MaybePromise<Chosen | undefined>

export interface CompiledChoice extends ChoiceState {
  /** States that it may go to, with the place of each. */
  targets: { field: string; next: string }[]
}

export function compileChoice(place: Place): CompiledChoice {
  checkFields(place, {
    both: ['Type', 'QueryLanguage', 'Choices', 'Default', 'Assign'],
    JSONPath: ['InputPath', 'OutputPath'],
    JSONata: ['Output'],
  })
  requireFields(place, ['Choices'])
  const rules = arrayField(place, 'Choices') ?? []
  if (has(place, 'Choices') && rules.length === 0) problem(place, 'Value cannot be empty', 'Choices')
  const targets: { field: string; next: string }[] = []
  const outputPath = place.language === 'JSONPath' ? compileFilterPath(place, 'OutputPath') : undefined
  const ways: Way[] = rules.flatMap((rule, at): Way[] => {
    if (!isObject(rule)) {
      problem(place, 'Expected value of type Object', `Choices[${at}]`)
      return []
    }
    const inner = below(place, `Choices[${at}]`, rule)
    requireFields(inner, ['Next'])
    const next = textField(inner, 'Next') ?? ''
    targets.push({ field: `Choices[${at}]/Next`, next })
    return [place.language === 'JSONata' ? jsonataWay(inner, next) : jsonPathWay(inner, next, outputPath)]
  })
  const otherwise = textField(place, 'Default')
  if (otherwise !== undefined) {
    targets.push({ field: 'Default', next: otherwise })
    ways.push(
      place.language === 'JSONata' ? leaveJsonata(place, otherwise) : leaveJsonPath(place, otherwise, outputPath),
    )
  }
  return {
    type: 'Choice',
    name: place.stateName,
    queryLanguage: place.language,
    choose: chooser(compileInput(place), ways),
    targets,
  }
}

function chooser(input: Evaluator, ways: readonly Way[]): Evaluator<Chosen> {
  const from = (environment: EvaluationEnvironment, data: unknown, at: number): MaybePromise<Chosen> => {
    for (let index = at; index < ways.length; index += 1) {
      const chosen = ways[index]!(environment, data)
      if (chosen instanceof Promise) {
        return chosen.then((found) => found ?? from(environment, data, index + 1))
      }
      if (chosen !== undefined) return chosen
    }
    throw new StatesError(
      'States.NoChoiceMatched',
      'Failed to transition out of the state. The state does not point to a next state.',
    )
  }
  return (environment) => andThen(input(environment), (data) => from(environment, data, 0))
}

function jsonPathWay(inner: Place, next: string, outputPath: Read | undefined): Way {
  const test = compileChoiceRule(inner, ['Next', 'Assign'])
  const leave = leaveJsonPath(inner, next, outputPath)
  return (environment, data) => (test(environment, data) ? leave(environment, data) : undefined)
}

function leaveJsonPath(place: Place, next: string, outputPath: Read | undefined): Way {
  const assign = compileAssign(place)
  return (environment, data) => {
    const assigned = assign?.(environment, data)
    const output = outputPath === undefined ? data : outputPath(environment, data)
    return assigned === undefined ? { next, output } : { next, output, assigned }
  }
}

function jsonataWay(inner: Place, next: string): Way {
  checkFields(inner, { both: ['Next', 'Assign', 'Condition', 'Output'] })
  requireFields(inner, ['Condition'])
  const value = member(inner.fields, 'Condition')
  const condition = compileTyped<boolean>(inner, 'Condition', value, 'boolean')
  if (has(inner, 'Condition') && typeof value !== 'string' && typeof value !== 'boolean') {
    problem(inner, 'Expected value of type Boolean', 'Condition')
  }
  const leave = leaveJsonata(inner, next)
  return (environment, data) =>
    andThen(condition(environment, { input: environment.input }), (holds) =>
      holds === true ? leave(environment, data) : undefined,
    )
}

function leaveJsonata(place: Place, next: string): Way {
  const assign = compileJsonataAssign(place, [])
  const output: Evaluate | undefined = has(place, 'Output')
    ? compileJsonataTemplate(place, 'Output', member(place.fields, 'Output'))
    : undefined
  return (environment) => {
    const states = { input: environment.input }
    const finish = (assigned: ReadonlyMap<string, unknown> | undefined): MaybePromise<Chosen> =>
      andThen(output === undefined ? environment.input : output(environment, states), (out) =>
        assigned === undefined ? { next, output: out } : { next, output: out, assigned },
      )
    return assign === undefined ? finish(undefined) : andThen(assign(environment, states), finish)
  }
}
