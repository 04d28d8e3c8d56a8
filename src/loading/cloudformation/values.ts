import { isObject, NumberText, type PlainObject } from '../source/document.ts'

/** Text of a scalar, as CloudFormation makes text of numbers and booleans; undefined of anything else. */
export function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof NumberText) return value.source
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return undefined
}

/** A number, also when it is written as text; undefined of anything else. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (value instanceof NumberText) return value.value
  if (typeof value !== 'string' || !/^[-+]?\d+(?:\.\d+)?$/.test(value.trim())) return undefined
  return Number(value)
}

/** A boolean, also when it is written as text; undefined of anything else. */
export function asBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 'True' || value === 'TRUE') return true
  if (value === 'false' || value === 'False' || value === 'FALSE') return false
  return undefined
}

export function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

export function asTextList(value: unknown): string[] {
  return asList(value).flatMap((item) => asText(item) ?? [])
}

export function asObject(value: unknown): PlainObject | undefined {
  return isObject(value) ? value : undefined
}

/** Tags of either form, `[{Key, Value}]` or `{key: value}`; undefined when there are none. */
export function asTags(value: unknown): Record<string, string> | undefined {
  const tags = new Map<string, string>()
  if (Array.isArray(value)) {
    for (const tag of value) {
      const key = asText(asObject(tag)?.['Key'])
      if (key !== undefined) tags.set(key, asText(asObject(tag)?.['Value']) ?? '')
    }
  } else if (isObject(value)) {
    for (const [key, text] of Object.entries(value)) tags.set(key, asText(text) ?? '')
  }
  return tags.size === 0 ? undefined : Object.fromEntries(tags)
}
