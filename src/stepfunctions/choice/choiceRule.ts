import { checkFields, has, type Place, problem, refersTo, textField } from '../asl/check.ts'
import { isObject, member } from '../asl/json.ts'
import type { EvaluationEnvironment } from '../asl/program.ts'
import { StatesError } from '../asl/statesError.ts'
import { parseTimestamp } from '../asl/timestamp.ts'
import { PathNotFoundError } from '../jsonpath/path.ts'
import { compileStatePath, type StatePath } from '../jsonpath/statePath.ts'
import { COMPARATORS, type Comparator, compileWildcard, TYPE_TESTS } from './comparison.ts'

/** Whether a rule holds for the state's effective input. */
export type Test = (environment: EvaluationEnvironment, data: unknown) => boolean

/** Rules nest by counting, not by the stack. */
const MAX_RULE_DEPTH = 200

/**
 * Compiles a choice rule of JSONPath: a comparison, or `And`, `Or`, `Not` of such.
 *
 * @param extra fields that the rule has beside its test, for example `Next` of a rule that is not nested
 */
export function compileChoiceRule(place: Place, extra: readonly string[], depth = 0): Test {
  const never: Test = () => false
  if (depth > MAX_RULE_DEPTH) {
    problem(place, 'The rule is nested too deeply')
    return never
  }
  const operators = Object.keys(place.fields).filter(
    (field) => field !== 'Variable' && field !== 'Comment' && !extra.includes(field),
  )
  const [operator] = operators
  if (operator === undefined || operators.length > 1) {
    const unknown = operators.find((field) => !isOperator(field))
    problem(
      place,
      unknown === undefined ? 'Exactly one comparison operator is required' : `Field '${unknown}' is not supported`,
    )
    return never
  }
  if (operator === 'And' || operator === 'Or') return compileList(place, operator, depth)
  if (operator === 'Not') {
    const inner = member(place.fields, 'Not')
    if (!isObject(inner)) {
      problem(place, 'Expected value of type Object', 'Not')
      return never
    }
    const test = compileChoiceRule(nested(place, 'Not', inner), [], depth + 1)
    return (environment, data) => !test(environment, data)
  }
  if (!isOperator(operator)) {
    checkFields(place, { both: ['Variable', ...extra] })
    return never
  }
  if (!has(place, 'Variable')) {
    problem(place, 'These fields are required: [Variable]')
    return never
  }
  const variable = compileReference(place, 'Variable')
  return variable === undefined ? never : compileComparison(place, variable, operator)
}

function isOperator(name: string): boolean {
  return (
    COMPARATORS.has(name) ||
    (name.endsWith('Path') && COMPARATORS.has(name.slice(0, -4))) ||
    TYPE_TESTS.has(name) ||
    ['IsPresent', 'StringMatches', 'And', 'Or', 'Not'].includes(name)
  )
}

function nested(place: Place, step: string, fields: Place['fields']): Place {
  return { ...place, fields, location: `${place.location}/${step}`, field: `${place.field}/${step}` }
}

function compileList(place: Place, operator: 'And' | 'Or', depth: number): Test {
  const list = member(place.fields, operator)
  if (!Array.isArray(list)) {
    problem(place, 'Expected value of type Array', operator)
    return () => false
  }
  if (list.length === 0) problem(place, 'Value cannot be empty', operator)
  const tests = list.map((rule, at): Test => {
    if (isObject(rule)) return compileChoiceRule(nested(place, `${operator}[${at}]`, rule), [], depth + 1)
    problem(place, 'Expected value of type Object', `${operator}[${at}]`)
    return () => false
  })
  return operator === 'And'
    ? (environment, data) => tests.every((test) => test(environment, data))
    : (environment, data) => tests.some((test) => test(environment, data))
}

function compileReference(place: Place, field: string): StatePath | undefined {
  const text = textField(place, field)
  if (text === undefined) return undefined
  try {
    const path = compileStatePath(text)
    if (!path.path.definite) problem(place, 'Value is not a Reference Path', field)
    if (path.variable !== undefined) refersTo(place, [path.variable])
    return path
  } catch (error) {
    problem(place, `Value is not a Reference Path: ${error instanceof Error ? error.message : ''}`, field)
    return undefined
  }
}

function compileComparison(place: Place, variable: StatePath, operator: string): Test {
  const operand = member(place.fields, operator)
  if (operator === 'IsPresent') {
    const expected = flag(place, operator, operand)
    return (environment, data) => isPresent(variable, environment, data) === expected
  }
  const typeTest = TYPE_TESTS.get(operator)
  if (typeTest !== undefined) {
    const expected = flag(place, operator, operand)
    return (environment, data) => typeTest(readVariable(variable, environment, data)) === expected
  }
  if (operator === 'StringMatches') {
    if (typeof operand !== 'string') {
      problem(place, 'Expected value of type String', operator)
      return () => false
    }
    const matches = compileWildcard(operand)
    return (environment, data) => {
      const value = readVariable(variable, environment, data)
      return typeof value === 'string' && matches(value)
    }
  }
  const comparator = COMPARATORS.get(operator)
  if (comparator !== undefined) {
    checkOperand(place, operator, comparator, operand)
    return (environment, data) => comparator.holds(readVariable(variable, environment, data), operand)
  }
  const byPath = COMPARATORS.get(operator.slice(0, -4))
  const other = compileReference(place, operator)
  if (byPath === undefined || other === undefined) return () => false
  return (environment, data) =>
    byPath.holds(readVariable(variable, environment, data), readVariable(other, environment, data))
}

function flag(place: Place, operator: string, operand: unknown): boolean {
  if (typeof operand !== 'boolean') problem(place, 'Expected value of type Boolean', operator)
  return operand === true
}

function checkOperand(place: Place, operator: string, comparator: Comparator, operand: unknown): void {
  switch (comparator.operand) {
    case 'timestamp':
      if (typeof operand !== 'string') problem(place, 'Expected value of type String', operator)
      else if (parseTimestamp(operand) === undefined)
        problem(place, 'String does not match RFC3339 timestamp', operator)
      return
    case 'string':
      if (typeof operand !== 'string') problem(place, 'Expected value of type String', operator)
      return
    case 'number':
      if (typeof operand !== 'number') problem(place, 'Expected value of type Number', operator)
      return
    case 'boolean':
      if (typeof operand !== 'boolean') problem(place, 'Expected value of type Boolean', operator)
      return
    default:
      comparator.operand satisfies never
  }
}

function isPresent(path: StatePath, environment: EvaluationEnvironment, data: unknown): boolean {
  try {
    path.read(environment, data)
    return true
  } catch (error) {
    if (error instanceof PathNotFoundError) return false
    throw error
  }
}

function readVariable(path: StatePath, environment: EvaluationEnvironment, data: unknown): unknown {
  try {
    return path.read(environment, data)
  } catch (error) {
    if (!(error instanceof PathNotFoundError)) throw error
    throw new StatesError(
      'States.Runtime',
      `Invalid path '${path.text}': The choice state's condition path references an invalid value.`,
    )
  }
}
