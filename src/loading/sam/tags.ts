import { isObject } from '../source/document.ts'

/** SAM's mapping of tags as CloudFormation's list. */
export function tagList(tags: unknown): unknown {
  if (!isObject(tags)) return tags
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
