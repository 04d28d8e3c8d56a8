import { createHash } from 'node:crypto'

const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'
const LETTERS = 26

/**
 * An id that looks like AWS's random ones, but stays the same from start to start: a project's API keeps its URL, its
 * tables keep their data. The first is a letter: a function's id has the form of a GraphQL name.
 */
export function stableId(length: number, ...parts: readonly string[]): string {
  const digest = createHash('sha512').update(JSON.stringify(parts)).digest()
  let id = ''
  for (let index = 0; index < length; index += 1) {
    const byte = digest[index] ?? 0
    id += LETTERS_AND_DIGITS[index === 0 ? byte % LETTERS : byte & 31]
  }
  return id
}

/** Length of AppSync's API and function ids. */
export const APPSYNC_ID_LENGTH = 26
