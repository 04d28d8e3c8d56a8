import type { Budget } from '../../emit/budget.ts'
import { rangeError, toInteger } from '../coerce.ts'
import { methodTable } from './methodTable.ts'

export type NumberMethod = (budget: Budget, value: number, args: readonly unknown[]) => unknown

function digits(budget: Budget, value: unknown, method: string, lowest: number, highest: number): number {
  const count = toInteger(budget, value)
  if (count < lowest || count > highest)
    throw rangeError(`${method}() argument must be between ${lowest} and ${highest}`)
  return count
}

export const numberMethods = methodTable<NumberMethod>({
  toExponential: (budget, value, [count]) =>
    value.toExponential(count === undefined ? undefined : digits(budget, count, 'toExponential', 0, 100)),
  toFixed: (budget, value, [count]) => value.toFixed(digits(budget, count, 'toFixed', 0, 100)),
  toPrecision: (budget, value, [count]) =>
    count === undefined ? String(value) : value.toPrecision(digits(budget, count, 'toPrecision', 1, 100)),
  toString: (budget: Budget, value: number, [radix]: readonly unknown[]) =>
    value.toString(radix === undefined ? 10 : digits(budget, radix, 'toString', 2, 36)),
  valueOf: (_: Budget, value: number) => value,
})

export const booleanMethods = methodTable<(budget: Budget, value: boolean) => unknown>({
  toString: (_: Budget, value: boolean) => String(value),
  valueOf: (_: Budget, value: boolean) => value,
})
