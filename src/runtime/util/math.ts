import { mismatch, type UtilEnvironment, type UtilFunction } from './environment.ts'
import { isNumber, numberOf } from './values.ts'

function chosen(isBetter: (a: number, b: number) => boolean): UtilFunction {
  return (environment, args) => {
    const [a, b] = args
    if (args.length !== 2 || !isNumber(a) || !isNumber(b)) return mismatch(environment)
    return isBetter(numberOf(a) as number, numberOf(b) as number) ? a : b
  }
}

/** Java's Math.round: to the nearest integer, halves upwards. */
const roundNum: UtilFunction = (environment, args) => {
  const value = numberOf(args[0])
  if (args.length !== 1 || value === undefined) return mismatch(environment)
  return Number.isNaN(value) ? 0 : Math.round(value) + 0
}

/** An integer from the lower to the upper bound. */
const randomWithinRange: UtilFunction = (environment, args) => {
  const [low, high] = [numberOf(args[0]), numberOf(args[1])]
  if (args.length !== 2 || low === undefined || high === undefined) return mismatch(environment)
  const from = Math.ceil(Math.min(low, high))
  const to = Math.floor(Math.max(low, high))
  return from + Math.floor(environment.random() * Math.max(1, to - from))
}

export const math = {
  roundNum,
  minVal: chosen((a, b) => a <= b),
  maxVal: chosen((a, b) => a >= b),
  randomDouble: (environment: UtilEnvironment) => environment.random(),
  randomWithinRange,
} satisfies Record<string, UtilFunction>
