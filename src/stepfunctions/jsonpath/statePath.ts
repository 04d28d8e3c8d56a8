import type { EvaluationEnvironment } from '../asl/program.ts'
import { evaluatePath } from './evaluatePath.ts'
import { parseSegments } from './parsePath.ts'
import { type Path, PathNotFoundError, PathSyntaxError } from './path.ts'

/** Reads one value, with `data` as what `$` stands for at this point of the data flow. */
export type Read = (environment: EvaluationEnvironment, data: unknown) => unknown

/** A path with its root: `$…` reads the data, `$$…` the context object, `$name…` a variable. */
export interface StatePath {
  text: string
  root: 'data' | 'context' | 'variable'
  /** Name of the variable where the root is one. */
  variable: string | undefined
  path: Path
  /** Throws `PathNotFoundError`. */
  read: Read
}

/** Names of variables: an identifier of at most 80 characters. */
export const VARIABLE_NAME = /^[\p{ID_Start}_][\p{ID_Continue}_]*$/u
export const MAX_VARIABLE_NAME_LENGTH = 80

/** Compiles a path. Throws `PathSyntaxError`. */
export function compileStatePath(text: string): StatePath {
  if (!text.startsWith('$')) throw new PathSyntaxError("Reference path didn't start with '$'")
  if (text.startsWith('$$')) {
    const path = parseSegments(text, 2)
    const read: Read = (environment) => evaluatePath(path, environment.context)
    return { text, root: 'context', variable: undefined, path, read }
  }
  const name = /^[\p{ID_Start}_][\p{ID_Continue}_]*/u.exec(text.slice(1, 2 + MAX_VARIABLE_NAME_LENGTH))?.[0]
  if (name !== undefined) {
    const path = parseSegments(text, 1 + name.length)
    const read: Read = (environment) => {
      const value = environment.variables.get(name)
      if (value === undefined) throw new PathNotFoundError(`No results for path: $${name}`)
      return evaluatePath(path, value)
    }
    return { text, root: 'variable', variable: name, path, read }
  }
  const path = parseSegments(text, 1)
  const read: Read = path.segments.length === 0 ? (_, data) => data : (_, data) => evaluatePath(path, data)
  return { text, root: 'data', variable: undefined, path, read }
}
