import { AwsError } from '../../aws/errors.ts'
import type { PageTokens } from '../../aws/pagination.ts'
import { optionalNumber, optionalText } from './input.ts'

/** Results of a page where the request names no number, or 0. */
export const DEFAULT_PAGE_SIZE = 100

/** Where a page starts and how long it is. */
export interface PageRequest {
  after: number | undefined
  maxResults: number
}

/** Reads `maxResults` and `nextToken`. A token that was not made for the same request is refused. */
export function readPage(input: Record<string, unknown>, tokens: PageTokens, purpose: string): PageRequest {
  const maxResults = optionalNumber(input, 'maxResults') ?? 0
  const token = optionalText(input, 'nextToken')
  const after = token === undefined ? undefined : tokens.open(token, purpose)
  if (token !== undefined && typeof after !== 'number') {
    throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'")
  }
  return {
    after: typeof after === 'number' ? after : undefined,
    maxResults: maxResults === 0 ? DEFAULT_PAGE_SIZE : maxResults,
  }
}

/** Cuts a page out of a whole list. */
export function cutPage<T>(
  items: readonly T[],
  input: Record<string, unknown>,
  tokens: PageTokens,
  purpose: string,
): { items: T[]; nextToken?: string } {
  const { after = 0, maxResults } = readPage(input, tokens, purpose)
  const end = after + maxResults
  const page = { items: items.slice(after, end) }
  return end < items.length ? { ...page, nextToken: tokens.seal(end, purpose) } : page
}
