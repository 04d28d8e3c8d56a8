import type { FilterExpression } from './filter.ts'

/** One step of a path. */
export type Segment =
  | { type: 'property'; name: string }
  | { type: 'properties'; names: readonly string[] }
  | { type: 'index'; index: number }
  | { type: 'indexes'; indexes: readonly number[] }
  | { type: 'slice'; start: number | undefined; end: number | undefined }
  | { type: 'wildcard' }
  | { type: 'scan'; of: Segment }
  | { type: 'filter'; expression: FilterExpression }
  | { type: 'function'; name: PathFunction }

export type PathFunction = 'length' | 'min' | 'max' | 'avg' | 'sum' | 'keys'

/** A parsed path, without its root (`$`, `$$`, `$variable`, `@`). */
export interface Path {
  segments: readonly Segment[]
  /** At most one value can match, so a missing one is an error and a found one is no list. */
  definite: boolean
  /** Only names and single indexes that are not negative: a reference path. */
  reference: boolean
}

/** The text is no path. */
export class PathSyntaxError extends Error {
  override readonly name = 'PathSyntaxError'
}

/** A definite path that leads nowhere. Worded as the service's JSONPath library words it. */
export class PathNotFoundError extends Error {
  override readonly name = 'PathNotFoundError'
}
