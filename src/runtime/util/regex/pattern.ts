import { type AssertKind, isWord, parsePattern } from './parse.ts'
import { compileProgram, type Instruction, type Program } from './program.ts'

/** What a matcher may spend; `UtilEnvironment` and `Budget` fit. */
export interface MatchBudget {
  charge(steps: number): void
}

/** Start and end of the whole match and then of each group, in UTF-16 units; -1 where a group took no part. */
export type Match = Int32Array

/**
 * A pattern with the syntax and meaning of java.util.regex, matched without exponential backtracking: no state of the
 * pattern is tried twice at one position, so the work is bounded by (size of the pattern) × (length of the text), and all
 * of it is charged. Back-references, which cannot be matched so, are a syntax error.
 */
export interface Pattern {
  readonly groups: number
  readonly names: ReadonlyMap<string, number>
  /** Whether the whole text matches (`Matcher.matches`). */
  matches(text: string, budget: MatchBudget): boolean
  /** Finds in one text, again and again: the leftmost match that starts at or after `from` (`Matcher.find`). */
  finder(text: string, budget: MatchBudget): (from: number) => Match | undefined
}

const cache = new Map<string, Pattern>()
const CACHED_PATTERNS = 500
/** Bits of the table of tried states: 16 MB. */
const MAX_STATES = 128 * 1024 * 1024

/** Compiles a pattern, or answers with the one compiled before. Throws `PatternSyntaxError`. */
export function compilePattern(source: string): Pattern {
  const known = cache.get(source)
  if (known !== undefined) return known
  const parsed = parsePattern(source)
  const program = compileProgram(parsed.node, source)
  const pattern: Pattern = {
    groups: parsed.groups,
    names: parsed.names,
    matches(text, budget) {
      const matcher = new Matcher(text, budget, parsed.groups)
      return matcher.run(program, 0, text.length) >= 0
    },
    finder(text, budget) {
      const matcher = new Matcher(text, budget, parsed.groups)
      const tried = matcher.table(program)
      // Words of the table that are not zero: cleared after each search, so that searching costs what it visits.
      const touched: number[] = []
      return (from) => {
        try {
          for (let start = from; start <= text.length; start++) {
            const end = matcher.run(program, start, -1, tried, touched)
            if (end < 0) continue
            matcher.captures[0] = start
            matcher.captures[1] = end
            return matcher.captures.slice()
          }
          return undefined
        } finally {
          for (const word of touched) tried[word] = 0
          touched.length = 0
          matcher.captures.fill(-1)
        }
      }
    },
  }
  if (cache.size >= CACHED_PATTERNS) cache.delete(cache.keys().next().value as string)
  cache.set(source, pattern)
  return pattern
}

/** Four tried states are one step: they take some 15 ns each. */
const STATE_COST = 2

class Matcher {
  readonly captures: Int32Array
  private readonly text: string
  private readonly budget: MatchBudget

  constructor(text: string, budget: MatchBudget, groups: number) {
    this.text = text
    this.budget = budget
    this.captures = new Int32Array((groups + 1) * 2).fill(-1)
  }

  /** A table of tried states for one program: one bit for each instruction at each position. */
  table(program: Program): Uint32Array {
    const bits = program.length * (this.text.length + 1)
    this.budget.charge(bits >>> 9)
    if (bits > MAX_STATES) this.budget.charge(Number.POSITIVE_INFINITY)
    return new Uint32Array((bits >>> 5) + 1)
  }

  /**
   * Where the preferred match from `start` ends (at `mustEnd`, unless that is -1), or -1. States that `tried` already has
   * failed before and fail again.
   */
  run(program: Program, start: number, mustEnd: number, given?: Uint32Array, touched?: number[]): number {
    const tried = given ?? this.table(program)
    const width = this.text.length + 1
    const { text, captures } = this
    // Pairs of (instruction, position); a negative instruction -1-slot restores the capture `slot` to the second value.
    const stack: number[] = [0, start]
    let steps = 0
    while (stack.length > 0) {
      let position = stack.pop() as number
      let at = stack.pop() as number
      if (at < 0) {
        captures[-1 - at] = position
        continue
      }
      for (;;) {
        if (++steps > 1_000) {
          this.budget.charge(steps >> STATE_COST)
          steps = 0
        }
        const state = at * width + position
        const bit = 1 << (state & 31)
        const word = tried[state >>> 5] as number
        if ((word & bit) !== 0) break
        if (word === 0) touched?.push(state >>> 5)
        tried[state >>> 5] = word | bit
        const instruction = program[at] as Instruction
        if (instruction.op === 'set') {
          if (position >= text.length) break
          let code = text.charCodeAt(position)
          let size = 1
          if (code >= 0xd800 && code <= 0xdbff) {
            code = text.codePointAt(position) as number
            if (code > 0xffff) size = 2
          }
          if (code < 128 ? instruction.ascii[code] === 0 : !instruction.test(code)) break
          position += size
          at++
        } else if (instruction.op === 'split') {
          stack.push(instruction.second, position)
          at = instruction.first
        } else if (instruction.op === 'jump') at = instruction.to
        else if (instruction.op === 'save') {
          stack.push(-1 - instruction.slot, captures[instruction.slot] as number)
          captures[instruction.slot] = position
          at++
        } else if (instruction.op === 'match') {
          if (mustEnd >= 0 && position !== mustEnd) break
          this.budget.charge(steps >> STATE_COST)
          return position
        } else {
          const next = this.zeroWidthOrAtomic(instruction, position)
          if (next < 0) break
          position = next
          at++
        }
      }
    }
    this.budget.charge((steps >> STATE_COST) + 1)
    return -1
  }

  private zeroWidthOrAtomic(instruction: Instruction, position: number): number {
    if (instruction.op === 'assert') return this.holds(instruction.kind, position) ? position : -1
    if (instruction.op === 'atomic') return this.run(instruction.program, position, -1)
    if (instruction.op !== 'look') return -1
    let isThere = false
    if (instruction.behind) {
      for (let length = instruction.min; length <= instruction.max && length <= position && !isThere; length++) {
        isThere = this.run(instruction.program, position - length, position) >= 0
      }
    } else isThere = this.run(instruction.program, position, -1) >= 0
    return isThere !== instruction.negative ? position : -1
  }

  private holds(kind: AssertKind, position: number): boolean {
    const { text } = this
    const before = position > 0 ? text.charCodeAt(position - 1) : -1
    const after = position < text.length ? text.charCodeAt(position) : -1
    switch (kind) {
      case 'start':
        return position === 0
      case 'end':
        return after === -1
      case 'endBeforeNewline':
        return after === -1 || (after === 10 && position === text.length - 1)
      case 'endBeforeTerminator':
        if (after === -1) return true
        if (after === 13 && position === text.length - 2) return text.charCodeAt(position + 1) === 10
        if (position !== text.length - 1 || !isTerminator(after)) return false
        return !(after === 10 && before === 13)
      case 'lineStart':
        if (position === 0) return true
        return after !== -1 && isTerminator(before) && !(before === 13 && after === 10)
      case 'lineEnd':
        return after === -1 || (isTerminator(after) && !(after === 10 && before === 13))
      case 'lineStartUnix':
        return position === 0 || (before === 10 && after !== -1)
      case 'lineEndUnix':
        return after === -1 || after === 10
      case 'wordBoundary':
        return (before !== -1 && isWord(before)) !== (after !== -1 && isWord(after))
      case 'notWordBoundary':
        return (before !== -1 && isWord(before)) === (after !== -1 && isWord(after))
    }
  }
}

function isTerminator(code: number): boolean {
  return code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029
}
