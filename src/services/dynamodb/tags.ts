import { validationError } from './errors.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TaggingOperations.html */
const MAX_TAGS = 50

/** Reads a list of tags and adds it to those that are there; undefined without a list. */
export function checkTags(
  given: unknown,
  current: Readonly<Record<string, string>> = {},
): Record<string, string> | undefined {
  if (given === undefined || given === null) return undefined
  const tags = new Map(Object.entries(current))
  const seen = new Set<string>()
  for (const { Key, Value } of given as { Key: string; Value: string }[]) {
    if (seen.has(Key)) throw validationError(`Duplicate tag keys found: ${Key}`)
    seen.add(Key)
    tags.set(Key, Value)
  }
  if (tags.size > MAX_TAGS) throw validationError(`Too many tags: a table can have ${MAX_TAGS} tags`)
  return Object.fromEntries(tags)
}
