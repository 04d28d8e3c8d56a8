import { RE2JS } from 're2js'
import type { Log } from '../../observability/log.ts'

const MAX_PATTERNS = 500
const patterns = new Map<string, RE2JS | undefined>()

/**
 * Whether the whole of a text matches a regular expression from a configuration, in linear time whatever it is.
 * A pattern that is none matches nothing, and is named in the log.
 */
export function matchesWhole(pattern: string, text: string, log: Log): boolean {
  if (!patterns.has(pattern)) {
    if (patterns.size >= MAX_PATTERNS) patterns.clear()
    patterns.set(pattern, compile(pattern, log))
  }
  return patterns.get(pattern)?.matches(text) === true
}

function compile(pattern: string, log: Log): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    log('error', 'a regular expression of an authentication provider cannot be read; it matches nothing', {
      pattern,
      problem: (error as Error).message,
    })
    return undefined
  }
}
