import { type Budget, BudgetSpent, ELEMENT_SIZE, MAX_EVALUATED_SIZE, MAX_NESTING } from '../emit/budget.ts'
import { ProgramError, typeError } from './programError.ts'

/*
 * How values of a program turn into one another. A program's values are primitives, arrays, maps without prototype and
 * its own closures. JavaScript's rules hold, except that no method of the program's is ever called to convert a value.
 */

export type Closure = (...args: unknown[]) => unknown
export type ProgramMap = Record<string, unknown>

/** What a program may know about a function: not its text. */
const FUNCTION_TEXT = '[Function]'

/** Characters of text that count as one step when they are copied or compared. */
export const CHARACTERS_PER_STEP = 64

export function isMap(value: unknown): value is ProgramMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toText(budget: Budget, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) return textOfObject(budget, value, 0)
  return typeof value === 'function' ? FUNCTION_TEXT : String(value)
}

function textOfObject(budget: Budget, value: object, depth: number): string {
  if (!Array.isArray(value)) return '[object Object]'
  return joinText(budget, value, ',', depth)
}

/** `Array.prototype.join`; a list that holds itself is refused by its depth. */
export function joinText(budget: Budget, list: readonly unknown[], separator: string, depth = 0): string {
  if (depth >= MAX_NESTING) throw new BudgetSpent('nesting')
  const parts: string[] = new Array(list.length)
  let length = 0
  for (let index = 0; index < list.length; index++) {
    const element = list[index]
    const text =
      element === null || element === undefined
        ? ''
        : typeof element === 'string'
          ? element
          : typeof element === 'object'
            ? textOfObject(budget, element, depth + 1)
            : toText(budget, element)
    parts[index] = text
    length += text.length + separator.length
    if (length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
    if (--budget.steps < 0) budget.stepsSpent()
  }
  budget.allocate(length)
  budget.charge(length / CHARACTERS_PER_STEP)
  return parts.join(separator)
}

export function toPrimitive(budget: Budget, value: unknown): string | number | boolean | null | undefined {
  if (typeof value === 'object' && value !== null) return textOfObject(budget, value, 0)
  if (typeof value === 'function') return FUNCTION_TEXT
  return value as string | number | boolean | null | undefined
}

export function toNumber(budget: Budget, value: unknown): number {
  if (typeof value === 'number') return value
  const primitive = toPrimitive(budget, value)
  if (typeof primitive === 'string') budget.charge(primitive.length / CHARACTERS_PER_STEP)
  return Number(primitive)
}

/** ToIntegerOrInfinity. */
export function toInteger(budget: Budget, value: unknown): number {
  const number = toNumber(budget, value)
  return Number.isNaN(number) ? 0 : Math.trunc(number)
}

/** A property key, made once: what is checked is what is used. */
export function toKey(budget: Budget, value: unknown): string | number {
  return typeof value === 'string' || typeof value === 'number' ? value : toText(budget, value)
}

/** A text that was made: counted, and never longer than the largest result. */
export function madeText(budget: Budget, text: string): string {
  if (text.length > MAX_EVALUATED_SIZE) throw new BudgetSpent('size')
  budget.allocate(text.length)
  budget.charge(text.length / CHARACTERS_PER_STEP)
  return text
}

/** A list that was made. */
export function madeList<T>(budget: Budget, list: T[]): T[] {
  budget.allocate(list.length * ELEMENT_SIZE)
  return list
}

export function asClosure(value: unknown, described = describe(value)): Closure {
  if (typeof value !== 'function') throw typeError(`${described} is not a function`)
  return value as Closure
}

/** A value as it is named in an error message. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[object Array]' : '#<Object>'
  return typeof value === 'function' ? FUNCTION_TEXT : String(value)
}

export function rangeError(message: string): ProgramError {
  return new ProgramError('RangeError', message)
}
