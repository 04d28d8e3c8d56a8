import { randomBytes } from 'node:crypto'
import type { ManagementApiOptions } from './options.ts'

const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz234567'
const LETTERS = 26
/** Length of API and function ids, and of what follows `da2-` in API keys. */
const ID_LENGTH = 26

/** A new random id as AppSync makes them. The first is a letter: a function's id has the form of a GraphQL name. */
export function newId(options: Pick<ManagementApiOptions, 'randomId'>): string {
  if (options.randomId !== undefined) return options.randomId(ID_LENGTH)
  return Array.from(
    randomBytes(ID_LENGTH),
    (byte, index) => LETTERS_AND_DIGITS[index === 0 ? byte % LETTERS : byte & 31],
  ).join('')
}
