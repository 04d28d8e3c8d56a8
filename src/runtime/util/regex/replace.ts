import { failure } from '../environment.ts'
import { PatternSyntaxError } from './parse.ts'
import { compilePattern, type Match, type MatchBudget, type Pattern } from './pattern.ts'

/** What replacing and splitting may spend. */
export interface TextBudget extends MatchBudget {
  allocate(size: number): void
}

/** As `compilePattern`, with the error of a utility for a pattern that does not parse. */
export function patternOf(source: string): Pattern {
  try {
    return compilePattern(source)
  } catch (error) {
    if (error instanceof PatternSyntaxError) throw failure(error.message)
    throw error
  }
}

/** `String.replaceAll` and `replaceFirst`: in the replacement `$1`, `${name}` and backslashes have a meaning. */
export function replaceMatches(
  text: string,
  source: string,
  replacement: string,
  isAll: boolean,
  budget: TextBudget,
): string {
  const pattern = patternOf(source)
  const find = pattern.finder(text, budget)
  let result = ''
  let done = 0
  let from = 0
  while (from <= text.length) {
    const match = find(from)
    if (match === undefined) break
    const [start, end] = [match[0] as number, match[1] as number]
    const made = text.slice(done, start) + expand(replacement, text, match, pattern)
    budget.allocate(made.length)
    result += made
    done = end
    from = end === start ? end + 1 : end
    if (!isAll) break
  }
  return result + text.slice(done)
}

function expand(replacement: string, text: string, match: Match, pattern: Pattern): string {
  if (!/[\\$]/.test(replacement)) return replacement
  let result = ''
  for (let index = 0; index < replacement.length; index++) {
    const character = replacement[index] as string
    if (character === '\\') {
      if (++index === replacement.length) throw failure('character to be escaped is missing')
      result += replacement[index]
    } else if (character === '$') {
      const [group, length] = groupReference(replacement.slice(index + 1, index + 100), pattern)
      index += length
      const start = match[group * 2] as number
      if (start >= 0) result += text.slice(start, match[group * 2 + 1] as number)
    } else result += character
  }
  return result
}

function groupReference(rest: string, pattern: Pattern): [group: number, length: number] {
  const named = /^\{([a-zA-Z][a-zA-Z0-9]*)\}/.exec(rest)
  if (named !== null) {
    const index = pattern.names.get(named[1] as string)
    if (index === undefined) throw failure(`No group with name {${named[1]}}`)
    return [index, named[0].length]
  }
  const digits = /^\d+/.exec(rest)?.[0]
  if (digits === undefined) throw failure('Illegal group reference')
  let group = Number(digits[0])
  if (group > pattern.groups) throw failure(`No group ${group}`)
  let length = 1
  // As in Java: further digits count as long as such a group exists.
  while (length < digits.length && group * 10 + Number(digits[length]) <= pattern.groups) {
    group = group * 10 + Number(digits[length++])
  }
  return [group, length]
}

/** `String.split(regex, limit)`: with limit 0, empty texts at the end are dropped. */
export function splitMatches(text: string, source: string, limit: number, budget: TextBudget): string[] {
  const find = patternOf(source).finder(text, budget)
  const parts: string[] = []
  let done = 0
  let from = 0
  while (from <= text.length && (limit <= 0 || parts.length < limit - 1)) {
    const match = find(from)
    if (match === undefined) break
    const [start, end] = [match[0] as number, match[1] as number]
    from = end === start ? end + 1 : end
    // A match without width at the beginning makes no empty first part; one at the end splits nothing.
    if (end === 0 || (start === end && start === text.length)) continue
    budget.allocate(start - done + 8)
    parts.push(text.slice(done, start))
    done = end
  }
  if (done === 0 && parts.length === 0) return [text]
  parts.push(text.slice(done))
  if (limit === 0) while (parts.length > 0 && parts.at(-1) === '') parts.pop()
  return parts
}
