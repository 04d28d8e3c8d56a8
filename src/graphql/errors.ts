/** One entry of `errors`, with the members (and their order) that AppSync gives to errors of its kind. */
export interface GraphqlErrorObject {
  path?: readonly (string | number)[] | null
  data?: unknown
  errorType?: string | null
  errorInfo?: unknown
  locations?: readonly SourcePosition[] | null
  message?: string
}

/** Lines and columns count from 1. */
export interface SourcePosition {
  line: number
  column: number
  sourceName: null
}
