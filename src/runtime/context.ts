/** What a resolver's templates or handlers see as `ctx`; shaped as AppSync documents it. */
export interface ResolverContext {
  /** `ctx.arguments`, `ctx.args`. */
  arguments: Record<string, unknown>
  identity?: unknown
  source?: unknown
  /** Shared by all steps of one field. */
  stash: Record<string, unknown>
  result?: unknown
  prev?: { result?: unknown }
  error?: { message: string; type: string } | undefined
  request?: { headers: Record<string, string>; domainName: string | null }
  info?: {
    fieldName: string
    parentTypeName: string
    variables: Record<string, unknown>
    selectionSetList: string[]
    selectionSetGraphQL: string
  }
  env?: Record<string, string>
  /** Errors appended so far, `{message, type, data?, errorInfo?}`. */
  outErrors?: unknown[]
}

/** An error that ends the field (`util.error`, `util.unauthorized`, a failing utility, a spent budget). */
export interface ResolverError {
  message: string
  /** GraphQL `errorType`; null when none was given. */
  errorType: string | null
  data?: unknown
  errorInfo?: unknown
  /** Raised by `util.unauthorized()`: a GraphQL answer says `Not Authorized to access FIELD on type TYPE` instead of the message. */
  isUnauthorized?: true
}

/** What a step asked of the engines, by `extensions.*` and `util.http.*`. */
export interface Effects {
  evictFromApiCache?: { typeName: string; fieldName: string; keys: Record<string, unknown> }[]
  subscriptionFilter?: unknown
  subscriptionInvalidationFilter?: unknown
  invalidateSubscriptions?: unknown[]
  responseHeaders?: Record<string, string>
}

/** How one template or handler ended. */
export type Outcome = {
  /** The stash afterwards (the object given in is not changed). */
  stash: Record<string, unknown>
  /** Errors appended by this step, in order. */
  appendedErrors: ResolverError[]
  /** `console.log`/`console.error` and `$util.log` lines. */
  logs: string[]
  effects: Effects
} & (
  | {
      type: 'value'
      /** Plain data. For VTL request templates: the parsed document; for VTL response templates: the parsed output. */
      value: unknown
    }
  | {
      /** `#return(value)` or `runtime.earlyReturn(value)`: the data source is skipped. */
      type: 'earlyReturn'
      value: unknown
      /** `runtime.earlyReturn(…, { skipTo })`; `#return` in a pipeline function is NEXT. */
      skipTo: 'NEXT' | 'END' | undefined
    }
  | { type: 'error'; error: ResolverError }
)

/** One side of a resolver or function, compiled once per source text and safe to run on any input. */
export interface CompiledStep {
  /** Synchronous in the usual case; a promise when the attempt outlasted its slice and moved to a worker. */
  run(context: ResolverContext): Outcome | Promise<Outcome>
}

/** A problem in code or a template, found when it is loaded. */
export class ResolverSyntaxError extends Error {
  override readonly name = 'ResolverSyntaxError'
  /** In the order of the text. Lines and columns count from 1. */
  readonly problems: readonly CodeProblem[]

  constructor(message: string, problems: readonly CodeProblem[]) {
    super(message)
    this.problems = problems
  }
}

/** As in EvaluateCode's `error.codeErrors`. */
export interface CodeProblem {
  errorType: string
  value: string
  location: { line: number; column: number; span: number }
}
