import { createHash } from 'node:crypto'

const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * An id that looks like AWS's random ones, but stays the same from start to start: a project's API keeps its URL, its
 * tables keep their data.
 */
export function stableId(length: number, ...parts: readonly string[]): string {
  const digest = createHash('sha512').update(JSON.stringify(parts)).digest()
  let id = ''
  for (let index = 0; index < length; index += 1) id += LETTERS_AND_DIGITS[(digest[index] ?? 0) & 31]
  return id
}

/** Length of AppSync's API and function ids. */
export const APPSYNC_ID_LENGTH = 26
