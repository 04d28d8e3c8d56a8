import { setMember } from '../asl/json.ts'
import { memoryError } from './errors.ts'
import { isEvaluatorFunction } from './evaluatorFunction.ts'

/** An expression's result has a part that JSON has no form for: a function. */
export class UnsupportedResultError extends Error {
  override readonly name = 'UnsupportedResultError'
}

const MAX_DEPTH = 1_000

/**
 * Brings a result into plain JSON data: JSONata's marks on its lists go, and numbers that JSON cannot write become
 * the texts `Infinity`, `-Infinity` and `NaN`. What is plain already is handed on as it is.
 */
export function plainValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'function') throw new UnsupportedResultError()
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) throw memoryError()
  if (Array.isArray(value)) {
    let plain: unknown[] | undefined = isMarked(value) ? [] : undefined
    for (let at = 0; at < value.length; at += 1) {
      const item: unknown = value[at]
      const inner = plainValue(item, depth + 1)
      if (plain === undefined && inner !== item) plain = value.slice(0, at)
      plain?.push(inner)
    }
    return plain ?? value
  }
  if (isEvaluatorFunction(value)) throw new UnsupportedResultError()
  let plain: Record<string, unknown> | undefined
  const keys = Object.keys(value)
  for (let at = 0; at < keys.length; at += 1) {
    const key = keys[at]!
    const item = (value as Record<string, unknown>)[key]
    const inner = plainValue(item, depth + 1)
    if (plain === undefined && inner !== item) {
      plain = {}
      for (const before of keys.slice(0, at)) setMember(plain, before, (value as Record<string, unknown>)[before])
    }
    if (plain !== undefined) setMember(plain, key, inner)
  }
  return plain ?? value
}

function isMarked(list: unknown[]): boolean {
  return Object.keys(list).length !== list.length || Object.getOwnPropertyNames(list).length !== list.length + 1
}
