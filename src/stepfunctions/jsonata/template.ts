import type { MaybePromise } from '../../aws/service.ts'
import { type Place, problem, refersTo } from '../asl/check.ts'
import { andThen, isPromise, jsonType, setMember } from '../asl/json.ts'
import type { EvaluationEnvironment } from '../asl/program.ts'
import { StatesError } from '../asl/statesError.ts'
import { BUILT_IN_FUNCTIONS } from './builtIns.ts'
import { JsonataEvaluationError, JsonataSyntaxError } from './errors.ts'
import { evaluateExpression, parseExpression, readDirectly } from './evaluate.ts'
import type { Expression } from './expression.ts'
import { UnsupportedResultError } from './plainValue.ts'

/** The parts of `$states` beside `context`, at one point of a state's life. */
export interface States {
  input: unknown
  result?: unknown
  errorOutput?: unknown
}

/** Evaluates a field against `$states` and the variables. */
export type Evaluate = (environment: EvaluationEnvironment, states: States) => MaybePromise<unknown>

/** A part of `$states` that only some fields may read. */
export type Offered = 'errorOutput'

const MAX_TEMPLATE_DEPTH = 400

/** Whether a text is an expression: `{%` first and `%}` last, with nothing around them. */
export function isExpression(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 4 && value.startsWith('{%') && value.endsWith('%}')
}

/**
 * Compiles a field whose texts may be expressions, at any depth.
 *
 * @param field name of the field below the state's object, for example `Output`
 */
export function compileJsonataTemplate(
  place: Place,
  field: string,
  template: unknown,
  offered: readonly Offered[] = [],
): Evaluate {
  const name = place.field === '' ? field : `${place.field}/${field}`
  const part = compilePart({ place, offered }, `${place.location}/${field}`, name, template, 0)
  return typeof part === 'function' ? part : () => part.constant
}

interface Compiling {
  place: Place
  offered: readonly Offered[]
}

type Part = Evaluate | { constant: unknown }

function compilePart(compiling: Compiling, location: string, name: string, template: unknown, depth: number): Part {
  if (isExpression(template)) return compileField(compiling, location, name, template)
  if (typeof template !== 'object' || template === null) return { constant: template }
  if (depth > MAX_TEMPLATE_DEPTH) {
    problem(compiling.place, 'The template is nested too deeply')
    return { constant: null }
  }
  if (Array.isArray(template)) {
    const parts = template.map((item, at) =>
      compilePart(compiling, `${location}[${at}]`, `${name}[${at}]`, item, depth + 1),
    )
    if (parts.every((part) => typeof part !== 'function')) return { constant: template }
    return (environment, states) => {
      const built: unknown[] = []
      const fill = (from: number): MaybePromise<unknown> => {
        for (let at = from; at < parts.length; at += 1) {
          const value = valueOfPart(parts[at]!, environment, states)
          if (isPromise(value)) {
            return value.then((settled) => {
              built.push(settled)
              return fill(at + 1)
            })
          }
          built.push(value)
        }
        return built
      }
      return fill(0)
    }
  }
  const parts = Object.entries(template).map(
    ([key, value]) => [key, compilePart(compiling, `${location}/${key}`, `${name}/${key}`, value, depth + 1)] as const,
  )
  if (parts.every(([, part]) => typeof part !== 'function')) return { constant: template }
  return (environment, states) => {
    const built: Record<string, unknown> = {}
    // Without a turn of the event loop for members that need none.
    const fill = (from: number): MaybePromise<unknown> => {
      for (let at = from; at < parts.length; at += 1) {
        const [key, part] = parts[at]!
        const value = valueOfPart(part, environment, states)
        if (isPromise(value)) {
          return value.then((settled) => {
            setMember(built, key, settled)
            return fill(at + 1)
          })
        }
        setMember(built, key, value)
      }
      return built
    }
    return fill(0)
  }
}

function valueOfPart(part: Part, environment: EvaluationEnvironment, states: States): MaybePromise<unknown> {
  return typeof part === 'function' ? part(environment, states) : part.constant
}

function compileField(compiling: Compiling, location: string, name: string, template: string): Part {
  const { place } = compiling
  const text = template.slice(2, -2).trim()
  let expression: Expression
  try {
    expression = parseExpression(text)
    if (expression.analysis.states.has('errorOutput') && !compiling.offered.includes('errorOutput')) {
      throw new JsonataSyntaxError(
        'UNSUPPORTED_JSONATA_EXPRESSION',
        "Reference to '$states.errorOutput' is only supported in a Catch.",
      )
    }
  } catch (error) {
    if (!(error instanceof JsonataSyntaxError)) throw error
    place.scope.report({ severity: 'ERROR', code: error.code, message: error.message, location })
    return { constant: null }
  }
  const variables = [...expression.analysis.free].filter((variable) => variable !== 'states')
  refersTo(
    place,
    variables.filter((variable) => !BUILT_IN_FUNCTIONS.has(variable)),
  )
  return (environment, states) => {
    const direct = readDirectly(expression, (variable) =>
      variable === 'states' ? { ...states, context: environment.context } : environment.variables.get(variable),
    )
    return direct === undefined ? evaluateField(expression, name, variables, environment, states) : direct
  }
}

async function evaluateField(
  expression: Expression,
  name: string,
  variables: readonly string[],
  environment: EvaluationEnvironment,
  states: States,
): Promise<unknown> {
  const bindings: Record<string, unknown> = Object.create(null)
  bindings['states'] = { ...states, context: environment.context }
  for (const variable of variables) {
    const value = environment.variables.get(variable)
    if (value !== undefined) bindings[variable] = value
  }
  const sentence = `The JSONata expression '${expression.text}' specified for the field '${name}'`
  let value: unknown
  try {
    value = await evaluateExpression(expression, bindings, environment)
  } catch (error) {
    if (error instanceof UnsupportedResultError) fail(`${sentence} returned an unsupported result type.`, name)
    if (error instanceof JsonataEvaluationError) {
      // A message with a code is a sentence of its own; the service's own limits have none.
      const reason = error.code === undefined ? `: ${error.message}` : `. ${error.code}: ${error.message}`
      fail(`${sentence} threw an error during evaluation${reason}`, name)
    }
    throw error
  }
  if (value === undefined) fail(`${sentence} returned nothing (undefined).`, name)
  return value
}

function fail(cause: string, location: string): never {
  throw new StatesError('States.QueryEvaluationError', cause, location)
}

/** Compiles a field that must give a value of one JSON type, or a literal that was checked before. */
export function compileTyped<T>(
  place: Place,
  field: string,
  value: unknown,
  type: 'array' | 'boolean' | 'number' | 'string',
  offered: readonly Offered[] = [],
): (environment: EvaluationEnvironment, states: States) => MaybePromise<T> {
  const name = place.field === '' ? field : `${place.field}/${field}`
  const evaluate = compileJsonataTemplate(place, field, value, offered)
  if (!isExpression(value)) return evaluate as (environment: EvaluationEnvironment, states: States) => MaybePromise<T>
  const text = value.slice(2, -2).trim()
  const checked = (result: unknown): T => {
    const actual = jsonType(result)
    if (actual !== type) {
      fail(
        `The JSONata expression '${text}' specified for the field '${name}' returned an unexpected result type. Expected '${type}', but was '${actual}' for value: ${JSON.stringify(result)}`,
        name,
      )
    }
    return result as T
  }
  return (environment, states) => andThen(evaluate(environment, states), checked)
}
