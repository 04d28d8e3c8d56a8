import type { Budget } from '../emit/budget.ts'
import { FloatNumber, isNumber, numberOf } from '../util/values.ts'
import { bigOf, floatOf, integerOf, textOf, type VtlValue } from './values.ts'

/** Digits that an integer may have. */
const MAX_INTEGER_BITS = 10_000

function isFloat(value: unknown): boolean {
  return value instanceof FloatNumber || (typeof value === 'number' && !Number.isInteger(value))
}

/** `a + b`: numbers are added; when one is a string, the texts are joined. */
export function add(budget: Budget, a: VtlValue, b: VtlValue, sourceA: string, sourceB: string): VtlValue {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(sum)) return sum
  }
  if (typeof a === 'string' || typeof b === 'string') {
    const text = (value: VtlValue, source: string) =>
      value === null || value === undefined ? source : textOf(value, budget)
    const [left, right] = [text(a, sourceA), text(b, sourceB)]
    budget.allocate(left.length + right.length)
    return left + right
  }
  return numeric(budget, a, b, '+')
}

export function subtract(budget: Budget, a: VtlValue, b: VtlValue): VtlValue {
  return numeric(budget, a, b, '-')
}

export function multiply(budget: Budget, a: VtlValue, b: VtlValue): VtlValue {
  return numeric(budget, a, b, '*')
}

/** Integers divide as Java's do, towards zero; by zero gives null, as Velocity has it. */
export function divide(budget: Budget, a: VtlValue, b: VtlValue): VtlValue {
  return numeric(budget, a, b, '/')
}

export function remainder(budget: Budget, a: VtlValue, b: VtlValue): VtlValue {
  return numeric(budget, a, b, '%')
}

/** Integer arithmetic is exact, whatever the size: Velocity widens a result that overflows. Else null. */
function numeric(budget: Budget, a: VtlValue, b: VtlValue, operator: '+' | '-' | '*' | '/' | '%'): VtlValue {
  if (!isNumber(a) || !isNumber(b)) return null
  if (isFloat(a) || isFloat(b)) return floatOf(float(numberOf(a) as number, numberOf(b) as number, operator))
  const [left, right] = [bigOf(a), bigOf(b)]
  if (left === undefined || right === undefined) return null
  if (right === 0n && (operator === '/' || operator === '%')) return null
  if (typeof a === 'number' && typeof b === 'number') {
    const quick = operator === '/' ? Math.trunc(a / b) : float(a, b, operator)
    if (Number.isSafeInteger(quick) && Number.isSafeInteger(a) && Number.isSafeInteger(b)) return quick + 0
  }
  const result = big(left, right, operator)
  const bits = result.toString(16).length * 4
  if (bits > MAX_INTEGER_BITS) budget.allocate(Number.POSITIVE_INFINITY)
  budget.charge(bits >> 3)
  return integerOf(result)
}

function float(a: number, b: number, operator: string): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    default:
      return a % b
  }
}

function big(a: bigint, b: bigint, operator: string): bigint {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    default:
      return a % b
  }
}

/** `-a`; null for what is no number. */
export function negate(budget: Budget, a: VtlValue): VtlValue {
  if (a instanceof FloatNumber) return new FloatNumber(-a.value)
  return subtract(budget, 0, a)
}
