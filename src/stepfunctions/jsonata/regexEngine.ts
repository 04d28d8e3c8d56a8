import { RE2JS } from 're2js'
import { Handover } from './errors.ts'
import { IN_PROCESS_CHARACTERS } from './limits.ts'

/** Compiles a pattern to an engine whose time is linear in the text. Throws where it has look-around or back-references. */
export function compilePattern(pattern: RegExp): RE2JS {
  let flags = 0
  if (pattern.ignoreCase) flags |= RE2JS.CASE_INSENSITIVE
  if (pattern.multiline) flags |= RE2JS.MULTILINE
  if (pattern.dotAll) flags |= RE2JS.DOTALL
  return RE2JS.compile(pattern.source, flags)
}

const compiled = new WeakMap<RegExp, RE2JS>()

/**
 * A `RegExp` as JSONata uses one: constructed with the pattern of the expression, asked with `exec` from `lastIndex`.
 * `bounded` sends long texts to the worker.
 */
export function regexEngine(bounded: boolean): RegExpConstructor {
  class LinearRegex {
    lastIndex = 0
    readonly source: string
    readonly #pattern: RE2JS

    constructor(pattern: RegExp) {
      this.source = pattern.source
      let known = compiled.get(pattern)
      if (known === undefined) {
        known = compilePattern(pattern)
        compiled.set(pattern, known)
      }
      this.#pattern = known
    }

    exec(text: string): (Array<string | undefined> & { index: number }) | null {
      if (bounded && text.length > IN_PROCESS_CHARACTERS) throw new Handover()
      const matcher = this.#pattern.matcher(text)
      if (this.lastIndex > text.length || !matcher.find(this.lastIndex)) {
        this.lastIndex = 0
        return null
      }
      const groups: (string | undefined)[] = []
      for (let at = 0; at <= matcher.groupCount(); at += 1) groups.push(matcher.group(at) ?? undefined)
      this.lastIndex = matcher.end()
      return Object.assign(groups, { index: matcher.start() })
    }
  }
  // JSONata constructs it and calls `exec`; nothing else of a RegExp is used.
  return LinearRegex as unknown as RegExpConstructor
}
