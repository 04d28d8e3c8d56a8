import { AwsError } from '../../aws/errors.ts'
import { optionalText } from './input.ts'

/** Tags of one resource (Step Functions quotas). */
export const MAX_TAGS = 50

/** Reads a list of tags; a key may be there once. */
export function readTags(tags: readonly Record<string, unknown>[]): Record<string, string> {
  const read: Record<string, string> = Object.create(null)
  for (const tag of tags) {
    const key = optionalText(tag, 'key')
    if (key === undefined) throw new AwsError('ValidationException', 'Tag key must not be null')
    if (Object.hasOwn(read, key)) throw new AwsError('ValidationException', `Duplicate tag key: '${key}'`)
    read[key] = optionalText(tag, 'value') ?? ''
  }
  return read
}

export function checkTagCount(tags: Record<string, string>, resourceName: string): Record<string, string> {
  if (Object.keys(tags).length > MAX_TAGS) {
    throw new AwsError('TooManyTags', `Too many tags: the limit is ${MAX_TAGS}`, { details: { resourceName } })
  }
  return tags
}

export function listTags(tags: Record<string, string> | undefined): { key: string; value: string }[] {
  return Object.entries(tags ?? {}).map(([key, value]) => ({ key, value }))
}
