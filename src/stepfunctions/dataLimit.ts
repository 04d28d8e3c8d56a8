import { MAX_DATA_BYTES } from './engine.ts'

/**
 * Whether a value's JSON text is longer than Step Functions carries, in bytes of UTF-8. Looks only as far as it must.
 */
export function exceedsDataLimit(value: unknown, limit: number = MAX_DATA_BYTES): boolean {
  return measure(value, limit) < 0
}

/** What is left of `budget` after the value's JSON text; negative once it is used up. */
function measure(value: unknown, budget: number): number {
  if (typeof value === 'string') return budget - textBytes(value, budget)
  if (typeof value !== 'object' || value === null) return budget - scalarBytes(value)
  if (Array.isArray(value)) {
    let left = budget - 2 - Math.max(0, value.length - 1)
    for (let index = 0; index < value.length && left >= 0; index++) left = measure(value[index], left)
    return left
  }
  let left = budget - 1
  for (const key in value) {
    if (left < 0) return left
    left = measure((value as Record<string, unknown>)[key], left - textBytes(key, left) - 2)
  }
  return left
}

function scalarBytes(value: unknown): number {
  return typeof value === 'number' ? String(value).length : value === false ? 5 : 4
}

function textBytes(text: string, budget: number): number {
  // Three bytes a character and an escape's six are the most; short texts need no closer look.
  if (text.length * 6 + 2 < budget) return text.length + 2
  return Buffer.byteLength(JSON.stringify(text))
}
