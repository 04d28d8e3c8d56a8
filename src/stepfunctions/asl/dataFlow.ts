import type { MaybePromise } from '../../aws/service.ts'
import { compileJsonataTemplate, type Offered } from '../jsonata/template.ts'
import { insertAt } from '../jsonpath/evaluatePath.ts'
import { type Path, PathNotFoundError } from '../jsonpath/path.ts'
import { compilePathField, compileTemplate } from '../jsonpath/payloadTemplate.ts'
import { compileStatePath, type Read } from '../jsonpath/statePath.ts'
import { compileAssign, compileJsonataAssign } from './assign.ts'
import { has, type Place, problem, textField } from './check.ts'
import { andThen, member } from './json.ts'
import type { Departure, EvaluationEnvironment, Evaluator, Leave } from './program.ts'
import { StatesError } from './statesError.ts'

/** `InputPath`, `OutputPath`: a path, or null for an empty object. Undefined where the field leaves everything as it is. */
export function compileFilterPath(place: Place, field: 'InputPath' | 'OutputPath'): Read | undefined {
  if (!has(place, field)) return undefined
  if (member(place.fields, field) === null) return () => ({})
  const text = textField(place, field)
  return text === undefined || text === '$' ? undefined : compilePathField(place, field, text)
}

/** What a state starts from: the input after InputPath and Parameters, or the Arguments. */
export function compileInput(place: Place, options: { template?: boolean } = {}): Evaluator {
  if (place.language === 'JSONata') return compileArguments(place, options.template === true)
  const inputPath = compileFilterPath(place, 'InputPath')
  const parameters =
    options.template === true && has(place, 'Parameters')
      ? compileTemplate(place, 'Parameters', member(place.fields, 'Parameters'))
      : undefined
  return (environment) => {
    const effective = inputPath === undefined ? environment.input : inputPath(environment, environment.input)
    environment.inspect?.('afterInputPath', effective)
    const result = parameters === undefined ? effective : parameters(environment, effective)
    if (options.template === true) environment.inspect?.('afterParameters', result)
    return result
  }
}

function compileArguments(place: Place, template: boolean): Evaluator {
  if (!template || !has(place, 'Arguments')) {
    return (environment) => {
      if (template) environment.inspect?.('afterArguments', environment.input)
      return environment.input
    }
  }
  const evaluate = compileJsonataTemplate(place, 'Arguments', member(place.fields, 'Arguments'))
  return (environment) =>
    andThen(evaluate(environment, { input: environment.input }), (value) => {
      environment.inspect?.('afterArguments', value)
      return value
    })
}

export interface LeaveOptions {
  /** The state has a result that ResultSelector and `$states.result` see. */
  result: boolean
  /** ResultPath is a field of the state. */
  resultPath: boolean
  /** Output where JSONata gives none. @default the result of a state that has one, else the input */
  fallback?: 'input' | 'result'
}

/** A state's way out. */
export function compileLeave(place: Place, options: LeaveOptions): Leave {
  return place.language === 'JSONata' ? compileJsonataLeave(place, options) : compileJsonPathLeave(place, options)
}

function compileJsonPathLeave(place: Place, options: LeaveOptions): Leave {
  const selector =
    options.result && has(place, 'ResultSelector')
      ? compileTemplate(place, 'ResultSelector', member(place.fields, 'ResultSelector'))
      : undefined
  const resultPath = options.resultPath ? compileResultPath(place) : undefined
  const assign = compileAssign(place)
  const outputPath = compileFilterPath(place, 'OutputPath')
  return (environment, result) => {
    if (options.result) environment.inspect?.('result', result)
    const selected = selector === undefined ? result : selector(environment, result)
    if (options.result || options.resultPath) environment.inspect?.('afterResultSelector', selected)
    const merged = resultPath === undefined ? selected : resultPath(environment.input, selected)
    if (options.result || options.resultPath) environment.inspect?.('afterResultPath', merged)
    const assigned = assign?.(environment, selected)
    const output = outputPath === undefined ? merged : outputPath(environment, merged)
    return assigned === undefined ? { output } : { output, assigned }
  }
}

function compileJsonataLeave(place: Place, options: LeaveOptions, offered: readonly Offered[] = []): Leave {
  const assign = compileJsonataAssign(place, offered)
  const output = has(place, 'Output')
    ? compileJsonataTemplate(place, 'Output', member(place.fields, 'Output'), offered)
    : undefined
  return (environment, result): MaybePromise<Departure> => {
    if (options.result) environment.inspect?.('result', result)
    const states = options.result ? { input: environment.input, result } : { input: environment.input }
    const finish = (assigned: ReadonlyMap<string, unknown> | undefined): MaybePromise<Departure> => {
      const value = output === undefined ? (options.result ? result : environment.input) : output(environment, states)
      return andThen(value, (out) => (assigned === undefined ? { output: out } : { output: out, assigned }))
    }
    return assign === undefined ? finish(undefined) : andThen(assign(environment, states), finish)
  }
}

/** Puts a result into the raw input; undefined where the result takes the input's place. */
export function compileResultPath(place: Place): ((input: unknown, result: unknown) => unknown) | undefined {
  if (!has(place, 'ResultPath')) return undefined
  if (member(place.fields, 'ResultPath') === null) return (input) => input
  const text = textField(place, 'ResultPath')
  if (text === undefined || text === '$') return undefined
  const path = referencePath(place, 'ResultPath', text)
  if (path === undefined) return undefined
  return (input, result) => {
    try {
      return insertAt(path, input, result)
    } catch (error) {
      if (!(error instanceof PathNotFoundError)) throw error
      throw new StatesError(
        'States.ResultPathMatchFailure',
        `Unable to apply ReferencePath ${text} to input ${JSON.stringify(input)}`,
      )
    }
  }
}

function referencePath(place: Place, field: string, text: string): Path | undefined {
  try {
    const { path, root } = compileStatePath(text)
    if (root === 'data' && path.reference) return path
    problem(place, 'Value is not a Reference Path', field)
  } catch (error) {
    problem(place, `Value is not a Reference Path: ${error instanceof Error ? error.message : ''}`, field)
  }
  return undefined
}

/** A catcher's or a choice rule's way on, over data that takes the result's place. */
export function compileCatchLeave(
  place: Place,
): (environment: EvaluationEnvironment, errorOutput: unknown) => MaybePromise<Departure> {
  if (place.language === 'JSONata') {
    const assign = compileJsonataAssign(place, ['errorOutput'])
    const output = has(place, 'Output')
      ? compileJsonataTemplate(place, 'Output', member(place.fields, 'Output'), ['errorOutput'])
      : undefined
    return (environment, errorOutput): MaybePromise<Departure> => {
      const states = { input: environment.input, errorOutput }
      const finish = (assigned: ReadonlyMap<string, unknown> | undefined): MaybePromise<Departure> =>
        andThen(output === undefined ? errorOutput : output(environment, states), (out) =>
          assigned === undefined ? { output: out } : { output: out, assigned },
        )
      return assign === undefined ? finish(undefined) : andThen(assign(environment, states), finish)
    }
  }
  const resultPath = compileResultPath(place)
  const assign = compileAssign(place)
  return (environment, errorOutput) => {
    const output = resultPath === undefined ? errorOutput : resultPath(environment.input, errorOutput)
    const assigned = assign?.(environment, errorOutput)
    return assigned === undefined ? { output } : { output, assigned }
  }
}
