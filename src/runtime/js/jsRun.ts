import type { ResolverContext } from '../context.ts'
import { Run, type RunOptions } from '../emit/run.ts'
import type { SourceText } from './sourceText.ts'

/** One run of a handler: what every run has, and where its program's text is, for messages and log lines. */
export class JsRun extends Run {
  readonly text: SourceText

  constructor(text: SourceText, context: ResolverContext, options: RunOptions, steps?: number) {
    super('APPSYNC_JS', context, options, steps)
    this.text = text
  }

  /** `code.js:LINE:COLUMN` of the expression that is being evaluated. */
  get place(): string {
    const { line, column } = this.text.locate(this.at)
    return `code.js:${line}:${column}`
  }
}
