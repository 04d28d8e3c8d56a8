/** Something in a project's files that is wrong, or that the user should know. */
export interface Problem {
  /**
   * `error`: what the file asks for cannot be had as written. `warning`: it runs, but not as it would on AWS.
   * `info`: something that is kept but not run here.
   */
  severity: 'error' | 'warning' | 'info'
  /** Relative to the project's folder, with `/`. */
  file: string
  /** From 1. */
  line: number
  /** From 1. */
  column: number
  message: string
  /** What would be right. */
  hint?: string
  /** Only the named part cannot run: a field, function or workflow whose file is missing. The rest can be served. */
  partial?: true
  /** Logical id and property path inside a template, for example `Api.SchemaUri`. */
  path?: string
}

/** From 1. */
export interface Position {
  line: number
  column: number
}

/** Takes the problems of one load; the same problem is kept once. */
export interface ProblemList {
  add(problem: Problem): void
  readonly all: readonly Problem[]
  readonly hasErrors: boolean
  /** Whether an error is among them that is not `partial`. */
  readonly cannotServe: boolean
}

/** Problems beyond this many are counted, not kept: a broken generator must not fill the memory. */
const MAX_PROBLEMS = 1_000

export function createProblemList(): ProblemList {
  const problems: Problem[] = []
  const seen = new Set<string>()
  let errors = 0
  let wholeErrors = 0
  return {
    add(problem) {
      const key = formatProblem(problem)
      if (seen.has(key)) return
      if (problem.severity === 'error') {
        errors += 1
        if (problem.partial !== true) wholeErrors += 1
      }
      if (problems.length >= MAX_PROBLEMS) return
      seen.add(key)
      problems.push(problem)
    },
    get all() {
      return problems
    },
    get hasErrors() {
      return errors > 0
    },
    get cannotServe() {
      return wholeErrors > 0
    },
  }
}

/** One line: `FILE:LINE:COLUMN: severity: message (hint)`. */
export function formatProblem(problem: Problem): string {
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${oneLine(problem.message)}${oneLine(hint)}`
}

/** Control characters of a hostile file name or value must not reach a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ')
}
