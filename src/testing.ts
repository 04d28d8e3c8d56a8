import { readFile } from 'node:fs/promises'
import { ResolverSyntaxError } from './runtime/context.ts'
import { evaluateCode } from './runtime/evaluateCode.ts'
import { evaluateMappingTemplate } from './runtime/evaluateMappingTemplate.ts'
import { bundleCode } from './runtime/js/bundle.ts'

/** What `evaluate` runs, and on what. One of `file`, `code` and `template` is given. */
export interface EvaluateOptions {
  /** A file of APPSYNC_JS or TypeScript, whose imports are bundled, or of VTL when its name ends with `.vtl`. */
  file?: string
  /** The folder that imports of `file` do not leave. @default the file's folder */
  root?: string
  /** The text of a code of runtime APPSYNC_JS 1.0.0. */
  code?: string
  /** The text of a VTL mapping template. */
  template?: string
  /** Which handler of a code runs. @default 'request' */
  function?: 'request' | 'response'
  /** `ctx`; members that are not given are as in a request without them. @default {} */
  context?: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch, for `util.time`. @default Date.now */
  now?: () => number
  /** 0 ≤ x < 1, for ids and random numbers. @default the operating system's source of randomness */
  random?: () => number
}

/** How the evaluation ended. */
export interface EvaluateResult {
  /** What the handler returned, or what the template printed: its JSON, or its text when it is not JSON. */
  result: unknown
  /** The error that ended it: `util.error`, a failing utility, or what is wrong with the code. */
  error:
    | {
        message: string
        codeErrors?: readonly {
          errorType: string
          value: string
          location: { line: number; column: number; span: number }
        }[]
      }
    | undefined
  /** Lines of `console.log` and `$util.log`. */
  logs: string[]
  stash: Record<string, unknown>
  /** Errors that `util.appendError` added. */
  outErrors: unknown[]
}

/**
 * Runs one handler or template of a resolver on a context, without a server, exactly as the service evaluates it.
 *
 * @example
 * ```ts
 * import { evaluate } from 'sidestage/testing'
 * import { expect, it } from 'vitest'
 *
 * it('asks DynamoDB for the order', async () => {
 *   const { result, error } = await evaluate({
 *     file: 'resolvers/getOrder.js',
 *     function: 'request',
 *     context: { arguments: { id: 'order-1' } },
 *   })
 *   expect(error).toBeUndefined()
 *   expect(result).toEqual({ operation: 'GetItem', key: { id: { S: 'order-1' } } })
 * })
 * ```
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluateResult> {
  const { file, code, template, context = {} } = options
  const given = [file, code, template].filter((each) => each !== undefined)
  if (given.length !== 1) throw new TypeError('evaluate() needs one of file, code and template')
  const run = {
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.random === undefined ? {} : { random: options.random }),
  }
  const isTemplate = template !== undefined || file?.endsWith('.vtl') === true
  if (isTemplate) {
    const text = template ?? (await readFile(file as string, 'utf8'))
    return resultOf(await evaluateMappingTemplate({ template: text, context, run }))
  }
  try {
    const text =
      code ?? (await bundleCode(file as string, options.root === undefined ? {} : { root: options.root })).code
    return resultOf(await evaluateCode({ code: text, function: options.function ?? 'request', context }, run))
  } catch (error) {
    if (!(error instanceof ResolverSyntaxError)) throw error
    return resultOf({ error: { message: error.message, codeErrors: error.problems }, logs: [] })
  }
}

interface Evaluation {
  evaluationResult?: string
  error?: NonNullable<EvaluateResult['error']>
  logs: string[]
  stash?: string
  outErrors?: string
}

function resultOf({ evaluationResult, error, logs, stash, outErrors }: Evaluation): EvaluateResult {
  return {
    result: evaluationResult === undefined ? undefined : parsed(evaluationResult),
    error,
    logs,
    stash: (stash === undefined ? {} : JSON.parse(stash)) as Record<string, unknown>,
    outErrors: (outErrors === undefined ? [] : JSON.parse(outErrors)) as unknown[],
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
