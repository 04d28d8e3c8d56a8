import { isEvaluatorFunction } from './evaluatorFunction.ts'

/** Levels that are looked into; data nested deeper counts as too heavy. */
const MAX_DEPTH = 500

export interface Scales {
  /** How many values JSON text of this value would hold; a value that is there twice counts twice. */
  weigh(value: unknown): number
}

/** Remembers what every list and object weighs, so that each is walked once. Stops counting beyond `limit`. */
export function createScales(limit: number): Scales {
  const known = new WeakMap<object, number>()
  const weigh = (value: unknown, depth: number): number => {
    if (typeof value === 'string') return 1 + value.length / 64
    if (typeof value !== 'object' || value === null) return 1
    // A function knows its surroundings, which are no part of the data.
    if (isEvaluatorFunction(value)) return 1
    const before = known.get(value)
    // A list may have grown since (JSONata appends to its sequences); a length that differs is weighed again.
    if (before !== undefined && !Array.isArray(value)) return before
    if (depth > MAX_DEPTH) return Number.POSITIVE_INFINITY
    const inner = Array.isArray(value) ? value : Object.values(value)
    if (before !== undefined && before >= inner.length) return before
    let sum = 1
    for (const item of inner) {
      sum += weigh(item, depth + 1)
      if (sum > limit) break
    }
    known.set(value, sum)
    return sum
  }
  return { weigh: (value) => weigh(value, 0) }
}
