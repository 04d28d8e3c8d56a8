import { validationError } from './errors.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TaggingOperations.html */
const MAX_TAGS = 50

/** Reads a list of tags, or undefined without one. */
export function checkTags(given: unknown): Record<string, string> | undefined {
  if (given === undefined || given === null) return undefined
  const tags: Record<string, string> = Object.create(null) as Record<string, string>
  for (const { Key, Value } of given as { Key: string; Value: string }[]) {
    if (Object.hasOwn(tags, Key)) throw validationError(`Duplicate tag keys found: ${Key}`)
    tags[Key] = Value
  }
  if (Object.keys(tags).length > MAX_TAGS) throw validationError(`Too many tags: a table can have ${MAX_TAGS} tags`)
  return Object.assign(Object.create(null), tags) as Record<string, string>
}
